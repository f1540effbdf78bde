#include "core/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void encode_three(const unsigned char *bytes, char *place)
{
    place[0] = alphabet[bytes[0] >> 2];
    place[1] = alphabet[(bytes[0] & 0x03) << 4 | bytes[1] >> 4];
    place[2] = alphabet[(bytes[1] & 0x0F) << 2 | bytes[2] >> 6];
    place[3] = alphabet[bytes[2] & 0x3F];
}

enum sim_status sim_base64_feed(struct sim_base64 *encoder, const void *bytes, size_t length,
                                struct sim_buffer *out)
{
    const unsigned char *in = bytes;
    size_t groups = (encoder->held_length + length) / 3;
    char *place = NULL, *start;
    enum sim_status status = sim_buffer_reserve(out, groups * 4, &place);

    if (status != SIM_OK)
        return status;
    start = place;
    if (groups > 0 && encoder->held_length > 0) {
        while (encoder->held_length < 3) {
            encoder->held[encoder->held_length++] = *in++;
            length--;
        }
        encode_three(encoder->held, place);
        place += 4;
        encoder->held_length = 0;
    }
    if (groups > 0) {
        for (; length >= 3; length -= 3, in += 3, place += 4)
            encode_three(in, place);
        sim_buffer_commit(out, (size_t)(place - start));
    }
    while (length-- > 0)
        encoder->held[encoder->held_length++] = *in++;
    return SIM_OK;
}

enum sim_status sim_base64_finish(struct sim_base64 *encoder, struct sim_buffer *out)
{
    char *place = NULL;
    enum sim_status status;

    if (encoder->held_length == 0)
        return SIM_OK;
    status = sim_buffer_reserve(out, 4, &place);
    if (status != SIM_OK)
        return status;
    for (size_t i = encoder->held_length; i < 3; i++)
        encoder->held[i] = 0;
    encode_three(encoder->held, place);
    for (size_t i = encoder->held_length + 1; i < 4; i++)
        place[i] = '=';
    sim_buffer_commit(out, 4);
    encoder->held_length = 0;
    return SIM_OK;
}
