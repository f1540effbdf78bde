#include "core/escapes.h"

#include <stdbool.h>
#include <string.h>

static bool read_hex(const char *digits, const char *end, unsigned *number)
{
    unsigned value = 0;

    if (end - digits < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char digit = digits[i];
        value <<= 4;
        if (digit >= '0' && digit <= '9')
            value |= (unsigned)(digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            value |= (unsigned)(digit - 'a' + 10);
        else if (digit >= 'A' && digit <= 'F')
            value |= (unsigned)(digit - 'A' + 10);
        else
            return false;
    }
    *number = value;
    return true;
}

static size_t encode_utf8(unsigned code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

/* Four hex digits, or the pair of such escapes that is one character; `*at` stands behind "u". */
static bool read_unicode_escape(const char **at, const char *end, unsigned *code)
{
    unsigned low = 0;

    if (!read_hex(*at, end, code))
        return false;
    *at += 4;
    if (*code < 0xD800 || *code > 0xDFFF)
        return true;
    if (*code > 0xDBFF || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u' ||
        !read_hex(*at + 2, end, &low) || low < 0xDC00 || low > 0xDFFF)
        return false;
    *at += 6;
    *code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
    return true;
}

/* Writes to `*place` and moves it on; false for what is no escape. */
static bool decode(struct sim_text text, char **place)
{
    static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *at = text.data, *end = text.data + text.length;

    while (at < end) {
        const char *escape = memchr(at, '\\', (size_t)(end - at)), *name;
        size_t plain = (size_t)((escape != NULL ? escape : end) - at);
        unsigned code = 0;
        memcpy(*place, at, plain);
        *place += plain;
        at += plain;
        if (escape == NULL)
            break;
        at += 2;
        if (at > end)
            return false;
        if (at[-1] == 'u') {
            if (!read_unicode_escape(&at, end, &code))
                return false;
            *place += encode_utf8(code, *place);
            continue;
        }
        name = at[-1] != '\0' ? strchr(names, at[-1]) : NULL;
        if (name == NULL)
            return false;
        *(*place)++ = meanings[name - names];
    }
    return true;
}

enum sim_status sim_escapes_decode(struct sim_text text, struct sim_buffer *out)
{
    char *place = NULL, *start;
    bool is_whole;
    /* No escape stands for more bytes than it is written with. */
    enum sim_status status = sim_buffer_reserve(out, text.length, &place);

    if (status != SIM_OK)
        return status;
    start = place;
    is_whole = decode(text, &place);
    sim_buffer_commit(out, is_whole ? (size_t)(place - start) : 0);
    return is_whole ? SIM_OK : SIM_NOT_JSON;
}
