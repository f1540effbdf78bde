/* The base64 encoder: fed in any pieces it writes what a decoder of a few lines reads back.
 *
 * Input: a byte for the pieces, the bytes to encode. */
#include "core/base64.h"

#include "fuzz.h"

static int meaning(char digit)
{
    if (digit >= 'A' && digit <= 'Z')
        return digit - 'A';
    if (digit >= 'a' && digit <= 'z')
        return digit - 'a' + 26;
    if (digit >= '0' && digit <= '9')
        return digit - '0' + 52;
    return digit == '+' ? 62 : digit == '/' ? 63 : -1;
}

/* Bit by bit; the padding must be what RFC 4648 asks for, and unused bits zero. */
static void check(struct sim_text encoded, struct sim_text expected)
{
    unsigned bits = 0, held = 0;
    size_t digits = encoded.length, length = 0;

    CHECK(encoded.length == (expected.length + 2) / 3 * 4);
    while (digits > 0 && encoded.data[digits - 1] == '=')
        digits--;
    CHECK(encoded.length - digits == (3 - expected.length % 3) % 3);
    for (size_t i = 0; i < digits; i++) {
        CHECK(meaning(encoded.data[i]) >= 0);
        bits = bits << 6 | (unsigned)meaning(encoded.data[i]);
        held += 6;
        if (held >= 8) {
            held -= 8;
            CHECK(length < expected.length);
            CHECK((unsigned char)expected.data[length] == (bits >> held & 0xFF));
            length++;
        }
        bits &= (1U << held) - 1;
    }
    CHECK(length == expected.length && bits == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    size_t most = fuzz_byte(&input), at = 0, number = most;
    struct sim_text bytes = fuzz_rest(&input);
    struct sim_base64 encoder = {{0}, 0};
    struct sim_buffer out, full;

    sim_buffer_init(&out, SIZE_MAX);
    while (at < bytes.length) {
        size_t length = number % (most + 1);
        struct sim_text piece;
        number = number * 1103515245 + 12345 + 1;
        if (length > bytes.length - at)
            length = bytes.length - at;
        piece = fuzz_copy(bytes.data + at, length);
        /* What has no room changes nothing, so the same piece may come again. */
        sim_buffer_init(&full, 3);
        if ((encoder.held_length + length) / 3 > 0)
            CHECK(sim_base64_feed(&encoder, piece.data, length, &full) == SIM_LIMIT);
        sim_buffer_fini(&full);
        CHECK(sim_base64_feed(&encoder, piece.data, length, &out) == SIM_OK);
        fuzz_free(piece);
        at += length;
        if (most == 0)
            most = 7;
    }
    CHECK(sim_base64_finish(&encoder, &out) == SIM_OK);
    CHECK(encoder.held_length == 0);
    check((struct sim_text){out.data, out.length}, bytes);
    sim_buffer_fini(&out);
    fuzz_free(bytes);
    return 0;
}
