#include "core/json.h"

#include <stdbool.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "core/memory.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif
#ifdef SIM_PRIVATE_CJSON
#include <pthread.h>

#include "core/arena.h"
#endif

/* Of a document with more values than this, each is to have so many bytes: a tree takes a hundred
 * for a value, which may be written in two. */
enum { MANY_VALUES = 1024 * 1024, BYTES_TO_EACH = 8 };

/* A way through the text beside the tree. */
struct walk {
    const char *at, *end;
    struct sim_json *out;
};

/* ---- what cJSON allocates ----
 *
 * Its hooks are process-wide, so they are set only where cJSON is a copy of our own. A whole tree
 * is released at once then, after the walk. */

#ifdef SIM_PRIVATE_CJSON
/* Of the thread that is parsing; the hooks are called without a context. */
static _Thread_local struct sim_arena *current_arena;
static pthread_once_t hooks_once = PTHREAD_ONCE_INIT;

static void *alloc_in_arena(size_t size)
{
    return sim_arena_alloc(current_arena, size);
}

static void leave_to_arena(void *place)
{
    (void)place;
}

static void set_hooks(void)
{
    cJSON_Hooks hooks = {alloc_in_arena, leave_to_arena};

    cJSON_InitHooks(&hooks);
}
#endif

static bool copy_skeleton(struct sim_text text, char *place, size_t *length);
static enum sim_status walk_value(struct walk *walk, const cJSON *node);
static enum sim_status walk_document(struct sim_text text, const cJSON *tree,
                                     struct sim_json *document);

static enum sim_status parse_text(struct sim_text text, struct sim_text skeleton,
                                  struct sim_json *document)
{
    cJSON *tree = cJSON_ParseWithLengthOpts(skeleton.data, skeleton.length, NULL, 0);
    enum sim_status status = tree != NULL ? walk_document(text, tree, document) : SIM_NOT_JSON;

#ifndef SIM_PRIVATE_CJSON
    cJSON_Delete(tree);
#endif
    return status;
}

/* The tree lives no longer than this call. */
static enum sim_status parse(struct sim_text text, struct sim_text skeleton,
                             struct sim_json *document)
{
#ifdef SIM_PRIVATE_CJSON
    struct sim_arena arena;
    enum sim_status status;

    (void)pthread_once(&hooks_once, set_hooks);
    sim_arena_init(&arena);
    current_arena = &arena;
    status = parse_text(text, skeleton, document);
    current_arena = NULL;
    sim_arena_fini(&arena);
    return status;
#else
    return parse_text(text, skeleton, document);
#endif
}

/* Every value but the root comes behind one of these. */
static bool is_crowded(struct sim_text text, struct sim_text skeleton)
{
    size_t count = 0;

    if (skeleton.length < MANY_VALUES)
        return false;
    for (size_t i = 0; i < skeleton.length; i++)
        count += skeleton.data[i] == ',' || skeleton.data[i] == '[' || skeleton.data[i] == '{';
    return count > MANY_VALUES && count > text.length / BYTES_TO_EACH;
}

static enum sim_status parse_with_skeleton(struct sim_text text, struct sim_json *document)
{
    struct sim_text skeleton = {NULL, 0};
    char *place = sim_alloc_large(text.length);
    enum sim_status status = SIM_NOT_JSON;

    if (place == NULL)
        return SIM_NO_MEMORY;
    skeleton.data = place;
    if (copy_skeleton(text, place, &skeleton.length) && !is_crowded(text, skeleton))
        status = parse(text, skeleton, document);
    sim_free_large(place, text.length);
    return status;
}

enum sim_status sim_json_parse(struct sim_text text, struct sim_json *document,
                               struct sim_error *error)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF";
    enum sim_status status;

    *document = (struct sim_json){0};
    if (text.length >= 3 && memcmp(text.data, byte_order_mark, 3) == 0) {
        text.data += 3;
        text.length -= 3;
    }
    status = parse_with_skeleton(text, document);
    if (status == SIM_OK)
        return SIM_OK;
    sim_json_fini(document);
    return sim_fail(error, status,
                    status == SIM_NO_MEMORY ? "No memory for a JSON document"
                                            : "The text is no JSON document");
}

void sim_json_fini(struct sim_json *document)
{
    sim_free_large(document->values, document->capacity * sizeof *document->values);
    *document = (struct sim_json){0};
}

/* A new value at the end of the list, NULL without memory; invalid after the next call. */
static struct sim_json_value *add_value(struct walk *walk, enum sim_json_kind kind)
{
    struct sim_json *out = walk->out;
    struct sim_json_value *value;

    if (out->count == out->capacity) {
        size_t capacity = out->capacity + out->capacity / 2;
        struct sim_json_value *values;
        if (capacity > SIZE_MAX / sizeof *values)
            return NULL;
        values = sim_realloc_large(out->values, out->capacity * sizeof *values,
                                   capacity * sizeof *values);
        if (values == NULL)
            return NULL;
        out->values = values;
        out->capacity = capacity;
    }
    value = &out->values[out->count++];
    *value = (struct sim_json_value){.kind = kind};
    return value;
}

/* The field holds the length of any text that fits into memory. */
static void set_length(struct sim_json_value *value, size_t length)
{
    value->length = length & ((UINT64_C(1) << 56) - 1);
}

/* ---- lexing ---- */

static void skip_space(struct walk *walk)
{
    while (walk->at < walk->end &&
           (*walk->at == ' ' || *walk->at == '\n' || *walk->at == '\r' || *walk->at == '\t'))
        walk->at++;
}

static bool take(struct walk *walk, char character)
{
    skip_space(walk);
    if (walk->at == walk->end || *walk->at != character)
        return false;
    walk->at++;
    return true;
}

static enum sim_status lex_word(struct walk *walk, const char *word, enum sim_json_kind kind)
{
    size_t length = strlen(word);

    if ((size_t)(walk->end - walk->at) < length || memcmp(walk->at, word, length) != 0)
        return SIM_NOT_JSON;
    walk->at += length;
    return add_value(walk, kind) != NULL ? SIM_OK : SIM_NO_MEMORY;
}

/* ---- strings ----
 *
 * Most of a document is strings, so they are looked through many characters at once for what a
 * string does not hold as it is: quotes, backslashes, control characters. */

#ifdef __SSE2__
enum { CHUNK = 16 };

/* How many plain characters a chunk begins with; `*is_ascii` turns false where one is not. */
static size_t count_plain(const char *chunk, bool *is_ascii)
{
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)chunk);
    const __m128i last_control = _mm_set1_epi8(' ' - 1);
    __m128i special = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                   _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    unsigned stops, high = (unsigned)_mm_movemask_epi8(bytes);

    special = _mm_or_si128(special, _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes));
    stops = (unsigned)_mm_movemask_epi8(special) | 1U << CHUNK;
    if ((high & (stops ^ (stops - 1))) != 0)
        *is_ascii = false;
    return (size_t)__builtin_ctz(stops);
}
#else
enum { CHUNK = 8 };

static size_t count_plain(const char *chunk, bool *is_ascii)
{
    const uint64_t ones = 0x0101010101010101, highs = ones << 7;
    uint64_t word = 0, quote, backslash, special;
    size_t plain = 0;

    memcpy(&word, chunk, sizeof word);
    quote = word ^ ones * '"';
    backslash = word ^ ones * '\\';
    /* Not zero where there is such a character; which one it is, is another question. */
    special = (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) |
               ((word - ones * ' ') & ~word)) &
              highs;
    if (special == 0) {
        *is_ascii = *is_ascii && (word & highs) == 0;
        return CHUNK;
    }
    for (; (unsigned char)chunk[plain] >= ' ' && chunk[plain] != '"' && chunk[plain] != '\\';
         plain++)
        *is_ascii = *is_ascii && (unsigned char)chunk[plain] < 0x80;
    return plain;
}
#endif

/* From behind the opening quote to the closing one; NULL where a control character or the text's
 * end comes first. `*has_escapes` may turn true and `*is_ascii` false. */
static const char *find_string_end(const char *at, const char *end, bool *has_escapes,
                                   bool *is_ascii)
{
    for (;; at++) {
        size_t plain = CHUNK;
        while (plain == CHUNK && end - at >= CHUNK) {
            plain = count_plain(at, is_ascii);
            at += plain;
        }
        /* Where less than a chunk is left. */
        for (; at < end && (unsigned char)*at >= ' ' && *at != '"' && *at != '\\'; at++)
            *is_ascii = *is_ascii && (unsigned char)*at < 0x80;
        if (at == end || (unsigned char)*at < ' ')
            return NULL;
        if (*at == '"')
            return at;
        *has_escapes = true;
        if (++at == end)
            return NULL;
        *is_ascii = *is_ascii && (unsigned char)*at < 0x80;
    }
}

/* From the opening quote past the closing one. */
static enum sim_status lex_string(struct walk *walk)
{
    const char *start = walk->at + 1, *end;
    struct sim_json_value *value;
    bool has_escapes = false, is_ascii = true;

    end = find_string_end(start, walk->end, &has_escapes, &is_ascii);
    if (end == NULL)
        return SIM_NOT_JSON;
    value = add_value(walk, SIM_JSON_STRING);
    if (value == NULL)
        return SIM_NO_MEMORY;
    value->text = start;
    set_length(value, (size_t)(end - start));
    value->has_escapes = has_escapes;
    value->is_ascii = is_ascii;
    walk->at = end + 1;
    return SIM_OK;
}

/* The text with nothing in its strings, into as much room as it has itself; false where a string
 * has no end. */
static bool copy_skeleton(struct sim_text text, char *place, size_t *length)
{
    const char *at = text.data, *end = text.data + text.length;
    char *start = place;
    bool ignored = false;

    while (at < end) {
        const char *near = end - at > CHUNK ? at + CHUNK : end, *quote;
        while (at < near && *at != '"')
            *place++ = *at++;
        /* More between two strings than is usual. */
        if (at == near) {
            quote = memchr(at, '"', (size_t)(end - at));
            near = quote != NULL ? quote : end;
            memcpy(place, at, (size_t)(near - at));
            place += near - at;
            at = near;
        }
        if (at == end)
            break;
        quote = find_string_end(at + 1, end, &ignored, &ignored);
        if (quote == NULL)
            return false;
        *place++ = '"';
        *place++ = '"';
        at = quote + 1;
    }
    *length = (size_t)(place - start);
    return true;
}

/* Consumes digits; false where there is none. */
static bool lex_digits(struct walk *walk)
{
    const char *start = walk->at;

    while (walk->at < walk->end && *walk->at >= '0' && *walk->at <= '9')
        walk->at++;
    return walk->at > start;
}

static bool lex_optional(struct walk *walk, char one, char other)
{
    if (walk->at == walk->end || (*walk->at != one && *walk->at != other))
        return false;
    walk->at++;
    return true;
}

static enum sim_status lex_number(struct walk *walk, double number)
{
    const char *start = walk->at;
    struct sim_json_value *value;
    bool is_float = false;

    (void)lex_optional(walk, '-', '-');
    if (!lex_optional(walk, '0', '0') && !lex_digits(walk))
        return SIM_NOT_JSON;
    if (lex_optional(walk, '.', '.')) {
        is_float = true;
        if (!lex_digits(walk))
            return SIM_NOT_JSON;
    }
    if (lex_optional(walk, 'e', 'E')) {
        is_float = true;
        (void)lex_optional(walk, '+', '-');
        if (!lex_digits(walk))
            return SIM_NOT_JSON;
    }
    value = add_value(walk, is_float ? SIM_JSON_FLOAT : SIM_JSON_INTEGER);
    if (value == NULL)
        return SIM_NO_MEMORY;
    if (is_float)
        value->number = number;
    else {
        value->text = start;
        set_length(value, (size_t)(walk->at - start));
    }
    return SIM_OK;
}

/* ---- walking ---- */

static enum sim_status walk_key(struct walk *walk)
{
    enum sim_status status;

    skip_space(walk);
    if (walk->at == walk->end || *walk->at != '"')
        return SIM_NOT_JSON;
    status = lex_string(walk);
    return status == SIM_OK && !take(walk, ':') ? SIM_NOT_JSON : status;
}

/* cJSON bounds how deep this calls itself: it refuses what is nested deeper. */
static enum sim_status walk_container(struct walk *walk, const cJSON *child,
                                      enum sim_json_kind kind)
{
    size_t place = walk->out->count, length = 0;

    if (!take(walk, kind == SIM_JSON_ARRAY ? '[' : '{'))
        return SIM_NOT_JSON;
    if (add_value(walk, kind) == NULL)
        return SIM_NO_MEMORY;
    for (; child != NULL; child = child->next, length++) {
        enum sim_status status = SIM_OK;
        if (length > 0 && !take(walk, ','))
            return SIM_NOT_JSON;
        if (kind == SIM_JSON_OBJECT)
            status = walk_key(walk);
        if (status == SIM_OK)
            status = walk_value(walk, child);
        if (status != SIM_OK)
            return status;
    }
    set_length(&walk->out->values[place], length);
    return take(walk, kind == SIM_JSON_ARRAY ? ']' : '}') ? SIM_OK : SIM_NOT_JSON;
}

static enum sim_status walk_value(struct walk *walk, const cJSON *node)
{
    skip_space(walk);
    switch (node->type & 0xFF) {
    case cJSON_NULL:
        return lex_word(walk, "null", SIM_JSON_NULL);
    case cJSON_False:
        return lex_word(walk, "false", SIM_JSON_FALSE);
    case cJSON_True:
        return lex_word(walk, "true", SIM_JSON_TRUE);
    case cJSON_Number:
        return lex_number(walk, node->valuedouble);
    case cJSON_String:
        return walk->at < walk->end && *walk->at == '"' ? lex_string(walk) : SIM_NOT_JSON;
    case cJSON_Array:
        return walk_container(walk, node->child, SIM_JSON_ARRAY);
    case cJSON_Object:
        return walk_container(walk, node->child, SIM_JSON_OBJECT);
    default:
        return SIM_NOT_JSON;
    }
}

static enum sim_status walk_document(struct sim_text text, const cJSON *tree,
                                     struct sim_json *document)
{
    struct walk walk = {text.data, text.data + text.length, document};
    enum sim_status status;

    /* To cJSON a number may end before it does: at the point, where the locale has a comma. In a
     * list or an object it misses the next token then; behind a number alone it looks for none. */
    if (cJSON_IsNumber(tree))
        return SIM_NOT_JSON;
    /* A value for every sixteen bytes, as in documents with long strings; others grow. */
    document->capacity = text.length / 16 + 16;
    if (document->capacity > SIZE_MAX / sizeof *document->values)
        return SIM_NO_MEMORY;
    document->values = sim_alloc_large(document->capacity * sizeof *document->values);
    if (document->values == NULL)
        return SIM_NO_MEMORY;
    status = walk_value(&walk, tree);
    skip_space(&walk);
    return status == SIM_OK && walk.at != walk.end ? SIM_NOT_JSON : status;
}

/* ---- without a tree ---- */

static enum sim_status walk_flat_value(struct walk *walk)
{
    skip_space(walk);
    if (walk->at == walk->end)
        return SIM_NOT_JSON;
    switch (*walk->at) {
    case '"':
        return lex_string(walk);
    case 'n':
        return lex_word(walk, "null", SIM_JSON_NULL);
    case 'f':
        return lex_word(walk, "false", SIM_JSON_FALSE);
    case 't':
        return lex_word(walk, "true", SIM_JSON_TRUE);
    default:
        return lex_number(walk, 0);
    }
}

size_t sim_json_read_flat(struct sim_text text, struct sim_json_value *values, size_t most)
{
    struct sim_json list = {values, 0, most};
    struct walk walk = {text.data, text.data + text.length, &list};
    size_t length = 0;

    if (!take(&walk, '{'))
        return 0;
    (void)add_value(&walk, SIM_JSON_OBJECT);
    do {
        /* Room for a member: the list is not ours to grow. A fraction is cJSON's to read. */
        if (most - list.count < 2 || walk_key(&walk) != SIM_OK ||
            walk_flat_value(&walk) != SIM_OK || values[list.count - 1].kind == SIM_JSON_FLOAT)
            return 0;
        length++;
    } while (take(&walk, ','));
    if (!take(&walk, '}'))
        return 0;
    skip_space(&walk);
    set_length(&values[0], length);
    return walk.at == walk.end ? list.count : 0;
}
