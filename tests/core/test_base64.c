/* The base64 encoder, fed in pieces. */
#include "core/base64.h"

#include "check.h"

static const struct {
    const char *text, *encoded;
} vectors[] = {
    /* RFC 4648, 10 */
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xFB\xFF\xFE", "+//+"}, /* the alphabet's last two */
};

static void the_standards_vectors_hold(void)
{
    for (size_t i = 0; i < COUNT(vectors); i++) {
        struct sim_base64 encoder = {{0}, 0};
        struct sim_buffer out;
        check_row = vectors[i].encoded;
        sim_buffer_init(&out, SIZE_MAX);
        CHECK_STATUS(sim_base64_feed(&encoder, vectors[i].text, strlen(vectors[i].text), &out),
                     SIM_OK);
        CHECK_STATUS(sim_base64_finish(&encoder, &out), SIM_OK);
        CHECK_BUFFER(out, vectors[i].encoded);
        sim_buffer_fini(&out);
    }
}

static void every_byte_value_has_its_place(void)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct sim_base64 encoder = {{0}, 0};
    struct sim_buffer out;
    unsigned char bytes[48];

    /* The 64 values of six bits in their order. */
    for (unsigned group = 0; group < 16; group++) {
        unsigned first = group * 4, value = first << 18 | (first + 1) << 12 | (first + 2) << 6;
        value |= first + 3;
        bytes[group * 3] = (unsigned char)(value >> 16);
        bytes[group * 3 + 1] = (unsigned char)(value >> 8);
        bytes[group * 3 + 2] = (unsigned char)value;
    }
    sim_buffer_init(&out, SIZE_MAX);
    CHECK_STATUS(sim_base64_feed(&encoder, bytes, sizeof bytes, &out), SIM_OK);
    CHECK_BUFFER(out, alphabet);
    sim_buffer_fini(&out);
}

static void the_split_does_not_matter(void)
{
    static const char text[] = "any carnal pleas";
    static const char encoded[] = "YW55IGNhcm5hbCBwbGVhcw==";
    const size_t length = sizeof text - 1;

    for (size_t first = 0; first <= length; first++) {
        for (size_t second = first; second <= length; second++) {
            struct sim_base64 encoder = {{0}, 0};
            struct sim_buffer out;
            sim_buffer_init(&out, SIZE_MAX);
            CHECK_STATUS(sim_base64_feed(&encoder, text, first, &out), SIM_OK);
            CHECK_STATUS(sim_base64_feed(&encoder, text + first, second - first, &out), SIM_OK);
            CHECK_STATUS(sim_base64_feed(&encoder, text + second, length - second, &out), SIM_OK);
            CHECK_STATUS(sim_base64_finish(&encoder, &out), SIM_OK);
            CHECK_BUFFER(out, encoded);
            sim_buffer_fini(&out);
        }
    }
}

static void a_finished_encoder_begins_anew(void)
{
    struct sim_base64 encoder = {{0}, 0};
    struct sim_buffer out;

    sim_buffer_init(&out, SIZE_MAX);
    CHECK_STATUS(sim_base64_feed(&encoder, "fo", 2, &out), SIM_OK);
    CHECK_STATUS(sim_base64_finish(&encoder, &out), SIM_OK);
    CHECK_STATUS(sim_base64_finish(&encoder, &out), SIM_OK);
    CHECK_STATUS(sim_base64_feed(&encoder, "foo", 3, &out), SIM_OK);
    CHECK_BUFFER(out, "Zm8=Zm9v");
    sim_buffer_fini(&out);
}

static void on_failure_encoder_and_output_are_as_they_were(void)
{
    static const struct {
        size_t limit;
        enum sim_status fed, finished;
        const char *out;
    } rows[] = {
        {3, SIM_LIMIT, SIM_LIMIT, ""},
        {4, SIM_OK, SIM_LIMIT, "Zm9v"},
        {7, SIM_OK, SIM_LIMIT, "Zm9v"},
        {8, SIM_OK, SIM_OK, "Zm9vYg=="},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_base64 encoder = {{0}, 0};
        struct sim_buffer out;
        sim_buffer_init(&out, rows[i].limit);
        CHECK_STATUS(sim_base64_feed(&encoder, "f", 1, &out), SIM_OK);
        CHECK_STATUS(sim_base64_feed(&encoder, "oob", 3, &out), rows[i].fed);
        CHECK_INT(encoder.held_length, 1);
        CHECK_INT(encoder.held[0], rows[i].fed == SIM_OK ? 'b' : 'f');
        CHECK_STATUS(sim_base64_finish(&encoder, &out), rows[i].finished);
        CHECK_TEXT(((struct sim_text){out.data != NULL ? out.data : "", out.length}), rows[i].out);
        sim_buffer_fini(&out);
    }
}

static enum sim_status encode_much(void)
{
    struct sim_base64 encoder = {{0}, 0};
    struct sim_buffer out;
    enum sim_status status = SIM_OK;
    char piece[1000];

    memset(piece, 'p', sizeof piece);
    sim_buffer_init(&out, SIZE_MAX);
    for (int i = 0; i < 4 && status == SIM_OK; i++)
        status = sim_base64_feed(&encoder, piece, sizeof piece, &out);
    if (status == SIM_OK)
        status = sim_base64_finish(&encoder, &out);
    sim_buffer_fini(&out);
    return status;
}

static enum sim_status encode_one(void)
{
    struct sim_base64 encoder = {{0}, 0};
    struct sim_buffer out;
    enum sim_status status;

    sim_buffer_init(&out, SIZE_MAX);
    status = sim_base64_feed(&encoder, "f", 1, &out);
    if (status == SIM_OK)
        status = sim_base64_finish(&encoder, &out);
    sim_buffer_fini(&out);
    return status;
}

static void without_memory_nothing_is_encoded(void)
{
    CHECK(check_every_refusal(encode_much) > 1);
    CHECK(check_every_refusal(encode_one) > 0);
}

static const struct check_test tests[] = {
    TEST(the_standards_vectors_hold),
    TEST(every_byte_value_has_its_place),
    TEST(the_split_does_not_matter),
    TEST(a_finished_encoder_begins_anew),
    TEST(on_failure_encoder_and_output_are_as_they_were),
    TEST(without_memory_nothing_is_encoded),
};

CHECK_MAIN(tests)
