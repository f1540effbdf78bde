#include "core/json.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "core/memory.h"

struct sim_json {
    cJSON *tree;
    struct sim_text text;
};

enum sim_status sim_json_parse(struct sim_text text, struct sim_json **document,
                               struct sim_error *error)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF";
    struct sim_json *made = NULL;

    *document = NULL;
    if (text.length >= 3 && memcmp(text.data, byte_order_mark, 3) == 0) {
        text.data += 3;
        text.length -= 3;
    }
    made = sim_alloc_zeroed(1, sizeof *made);
    if (made == NULL)
        return sim_fail(error, SIM_NO_MEMORY, "No memory for a JSON document");
    made->text = text;
    made->tree = cJSON_ParseWithLengthOpts(text.data, text.length, NULL, 0);
    if (made->tree == NULL) {
        sim_free(made);
        return sim_fail(error, SIM_NOT_JSON, "The text is no JSON document");
    }
    *document = made;
    return SIM_OK;
}

void sim_json_free(struct sim_json *document)
{
    if (document == NULL)
        return;
    cJSON_Delete(document->tree);
    sim_free(document);
}

void sim_json_begin(const struct sim_json *document, struct sim_json_cursor *cursor)
{
    *cursor = (struct sim_json_cursor){document->text.data,
                                       document->text.data + document->text.length, document->tree};
}

/* ---- lexing ---- */

static void skip_space(struct sim_json_cursor *cursor)
{
    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\n' ||
                                        *cursor->at == '\r' || *cursor->at == '\t'))
        cursor->at++;
}

static bool take(struct sim_json_cursor *cursor, char character)
{
    skip_space(cursor);
    if (cursor->at == cursor->end || *cursor->at != character)
        return false;
    cursor->at++;
    return true;
}

static bool take_word(struct sim_json_cursor *cursor, const char *word)
{
    size_t length = strlen(word);

    if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, word, length) != 0)
        return false;
    cursor->at += length;
    return true;
}

/* From the opening quote past the closing one. */
static enum sim_status lex_string(struct sim_json_cursor *cursor, struct sim_json_value *value)
{
    const char *at = cursor->at + 1, *start = at;
    unsigned char seen = 0;

    value->kind = SIM_JSON_STRING;
    value->has_escapes = false;
    for (; at < cursor->end && *at != '"'; at++) {
        seen |= (unsigned char)*at;
        if ((unsigned char)*at < ' ')
            return SIM_NOT_JSON;
        if (*at == '\\') {
            value->has_escapes = true;
            if (++at == cursor->end)
                return SIM_NOT_JSON;
        }
    }
    if (at >= cursor->end)
        return SIM_NOT_JSON;
    value->text = (struct sim_text){start, (size_t)(at - start)};
    value->is_ascii = seen < 0x80;
    cursor->at = at + 1;
    return SIM_OK;
}

/* Consumes digits; false where there is none. */
static bool lex_digits(struct sim_json_cursor *cursor)
{
    const char *start = cursor->at;

    while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9')
        cursor->at++;
    return cursor->at > start;
}

static bool lex_optional(struct sim_json_cursor *cursor, const char *characters)
{
    if (cursor->at == cursor->end || *cursor->at == '\0' || strchr(characters, *cursor->at) == NULL)
        return false;
    cursor->at++;
    return true;
}

static enum sim_status lex_number(struct sim_json_cursor *cursor, struct sim_json_value *value)
{
    const char *start = cursor->at;

    value->kind = SIM_JSON_INTEGER;
    (void)lex_optional(cursor, "-");
    if (!lex_optional(cursor, "0") && !lex_digits(cursor))
        return SIM_NOT_JSON;
    if (lex_optional(cursor, ".")) {
        value->kind = SIM_JSON_FLOAT;
        if (!lex_digits(cursor))
            return SIM_NOT_JSON;
    }
    if (lex_optional(cursor, "eE")) {
        value->kind = SIM_JSON_FLOAT;
        (void)lex_optional(cursor, "+-");
        if (!lex_digits(cursor))
            return SIM_NOT_JSON;
    }
    value->text = (struct sim_text){start, (size_t)(cursor->at - start)};
    value->number = ((const cJSON *)cursor->node)->valuedouble;
    return SIM_OK;
}

/* ---- walking ---- */

static enum sim_status read_word(struct sim_json_cursor *cursor, const char *word,
                                 enum sim_json_kind kind, struct sim_json_value *value)
{
    value->kind = kind;
    return take_word(cursor, word) ? SIM_OK : SIM_NOT_JSON;
}

enum sim_status sim_json_read(struct sim_json_cursor *cursor, struct sim_json_value *value,
                              struct sim_json_cursor *after)
{
    const cJSON *node = cursor->node;
    enum sim_status status = SIM_OK;

    skip_space(cursor);
    if (node == NULL || cursor->at == cursor->end)
        return SIM_NOT_JSON;
    switch (node->type & 0xFF) {
    case cJSON_NULL:
        status = read_word(cursor, "null", SIM_JSON_NULL, value);
        break;
    case cJSON_False:
        status = read_word(cursor, "false", SIM_JSON_FALSE, value);
        break;
    case cJSON_True:
        status = read_word(cursor, "true", SIM_JSON_TRUE, value);
        break;
    case cJSON_Number:
        status = lex_number(cursor, value);
        break;
    case cJSON_String:
        status = *cursor->at == '"' ? lex_string(cursor, value) : SIM_NOT_JSON;
        break;
    case cJSON_Array:
    case cJSON_Object:
        value->kind = (node->type & 0xFF) == cJSON_Array ? SIM_JSON_ARRAY : SIM_JSON_OBJECT;
        if (!take(cursor, value->kind == SIM_JSON_ARRAY ? '[' : '{'))
            return SIM_NOT_JSON;
        after->node = node->next;
        cursor->node = node->child;
        return SIM_OK;
    default:
        return SIM_NOT_JSON;
    }
    cursor->node = node->next;
    return status;
}

enum sim_status sim_json_next(struct sim_json_cursor *cursor, enum sim_json_kind container,
                              bool is_first, const struct sim_json_cursor *after, bool *more)
{
    *more = cursor->node != NULL;
    if (*more)
        return is_first || take(cursor, ',') ? SIM_OK : SIM_NOT_JSON;
    if (!take(cursor, container == SIM_JSON_ARRAY ? ']' : '}'))
        return SIM_NOT_JSON;
    cursor->node = after->node;
    return SIM_OK;
}

enum sim_status sim_json_key(struct sim_json_cursor *cursor, struct sim_json_value *key)
{
    enum sim_status status;

    skip_space(cursor);
    if (cursor->at == cursor->end || *cursor->at != '"')
        return SIM_NOT_JSON;
    status = lex_string(cursor, key);
    return status == SIM_OK && !take(cursor, ':') ? SIM_NOT_JSON : status;
}

enum sim_status sim_json_finish(struct sim_json_cursor *cursor)
{
    skip_space(cursor);
    return cursor->at == cursor->end ? SIM_OK : SIM_NOT_JSON;
}

/* ---- strings ---- */

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

/* "\uXXXX", or the pair of them that is one character; `*at` stands behind the "u". */
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

enum sim_status sim_json_unescape(struct sim_text text, struct sim_buffer *out)
{
    static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *at = text.data, *end = text.data + text.length;
    char *place = NULL, *start;
    /* No escape stands for more bytes than it is written with. */
    enum sim_status status = sim_buffer_reserve(out, text.length, &place);

    if (status != SIM_OK)
        return status;
    start = place;
    while (at < end) {
        const char *escape = memchr(at, '\\', (size_t)(end - at)), *name;
        size_t plain = (size_t)((escape != NULL ? escape : end) - at);
        unsigned code = 0;
        memcpy(place, at, plain);
        place += plain;
        at += plain;
        if (escape == NULL)
            break;
        at += 2;
        if (at > end)
            return SIM_NOT_JSON;
        if (at[-1] == 'u') {
            if (!read_unicode_escape(&at, end, &code))
                return SIM_NOT_JSON;
            place += encode_utf8(code, place);
            continue;
        }
        name = at[-1] != '\0' ? strchr(names, at[-1]) : NULL;
        if (name == NULL)
            return SIM_NOT_JSON;
        *place++ = meanings[name - names];
    }
    sim_buffer_commit(out, (size_t)(place - start));
    return SIM_OK;
}
