/* JSON documents: what the strict walk takes, what it refuses, and the exact scalars. */
#include "core/json.h"

#include <cjson/cJSON.h>

#include "check.h"
#include "core/escapes.h"

static enum sim_status append(struct sim_buffer *out, const char *before,
                              const struct sim_json_value *value, const char *after)
{
    enum sim_status status = sim_buffer_append_text(out, before);

    if (status == SIM_OK)
        status = sim_buffer_append(out, value->text, value->length);
    return status == SIM_OK ? sim_buffer_append_text(out, after) : status;
}

static enum sim_status write_string(const struct sim_json_value *value, struct sim_buffer *out)
{
    enum sim_status status;

    if (!value->has_escapes)
        return append(out, "'", value, "'");
    status = sim_buffer_append_text(out, "~");
    if (status == SIM_OK)
        status = sim_escapes_decode((struct sim_text){value->text, value->length}, out);
    return status == SIM_OK ? sim_buffer_append_text(out, "~") : status;
}

/* Writes the value at `*at` as it is understood, and moves on behind it: strings in '', those with
 * escapes in ~~, integers as #digits, floats as %g. */
static enum sim_status write_value(const struct sim_json *document, size_t *at,
                                   struct sim_buffer *out)
{
    static const char *const words[] = {"null", "false", "true"};
    const struct sim_json_value *value = &document->values[*at];
    const bool is_object = value->kind == SIM_JSON_OBJECT;
    enum sim_status status;
    char number[32];

    if (!CHECK(*at < document->count))
        return SIM_BAD_INPUT;
    (*at)++;
    switch ((enum sim_json_kind)value->kind) {
    case SIM_JSON_NULL:
    case SIM_JSON_FALSE:
    case SIM_JSON_TRUE:
        return sim_buffer_append_text(out, words[value->kind - SIM_JSON_NULL]);
    case SIM_JSON_INTEGER:
        return append(out, "#", value, "");
    case SIM_JSON_FLOAT:
        (void)snprintf(number, sizeof number, "%g", value->number);
        return sim_buffer_append_text(out, number);
    case SIM_JSON_STRING:
        return write_string(value, out);
    case SIM_JSON_ARRAY:
    case SIM_JSON_OBJECT:
        break;
    }
    status = sim_buffer_append_text(out, is_object ? "{" : "[");
    for (size_t i = 0; i < value->length && status == SIM_OK; i++) {
        if (i > 0)
            status = sim_buffer_append_char(out, ',');
        if (status == SIM_OK && is_object) {
            CHECK_INT(document->values[*at].kind, SIM_JSON_STRING);
            status = write_string(&document->values[(*at)++], out);
            if (status == SIM_OK)
                status = sim_buffer_append_char(out, ':');
        }
        if (status == SIM_OK)
            status = write_value(document, at, out);
    }
    return status == SIM_OK ? sim_buffer_append_text(out, is_object ? "}" : "]") : status;
}

/* Parses a document that ends where its memory ends, and writes it as it is understood. */
static enum sim_status understand(struct sim_text text, struct sim_buffer *out)
{
    struct sim_error error = {SIM_OK, ""};
    struct sim_json document = {0};
    char *copy = sim_alloc(text.length);
    enum sim_status status = SIM_NO_MEMORY;
    size_t at = 0;

    if (copy != NULL) {
        if (text.length > 0)
            memcpy(copy, text.data, text.length);
        status = sim_json_parse((struct sim_text){copy, text.length}, &document, &error);
        CHECK_STATUS(error.status, status);
    }
    CHECK_INT(document.count > 0, status == SIM_OK);
    if (status == SIM_OK) {
        status = write_value(&document, &at, out);
        CHECK_INT(at, status == SIM_OK ? document.count : at);
    }
    sim_json_fini(&document);
    sim_json_fini(&document);
    sim_free(copy);
    return status;
}

static void check_understanding(struct sim_text text, enum sim_status expected)
{
    struct sim_buffer out;

    sim_buffer_init(&out, SIZE_MAX);
    CHECK_STATUS(understand(text, &out), expected);
    sim_buffer_fini(&out);
}

static void documents_are_understood_exactly(void)
{
    static const struct {
        struct sim_text text;
        const char *meaning;
    } rows[] = {
        {TEXT("null"), "null"},
        {TEXT(" \t\r\n true \n"), "true"},
        {TEXT("false"), "false"},
        {TEXT("[0]"), "[#0]"},
        {TEXT("[-0]"), "[#-0]"},
        {TEXT("[-0.0]"), "[-0]"},
        {TEXT("[9007199254740993]"), "[#9007199254740993]"},
        {TEXT("[123456789012345678901234567890]"), "[#123456789012345678901234567890]"},
        {TEXT("[1.0]"), "[1]"},
        {TEXT("[1e2]"), "[100]"},
        {TEXT("[1E+2]"), "[100]"},
        {TEXT("[25e-1]"), "[2.5]"},
        {TEXT("[-1.5e3]"), "[-1500]"},
        {TEXT("[1e999]"), "[inf]"},
        {TEXT("\"\""), "''"},
        {TEXT("\"a b\""), "'a b'"},
        {TEXT("\"\xC3\xA9\""), "'\xC3\xA9'"},
        {TEXT("\"a\\n\\\"\\\\\\/\\b\\f\\r\\t\""), "~a\n\"\\/\b\f\r\t~"},
        {TEXT("\"\\u0041\\u00e9\\u20AC\""), "~A\xC3\xA9\xE2\x82\xAC~"},
        {TEXT("\"\\ud83d\\uDE00\""), "~\xF0\x9F\x98\x80~"},
        {TEXT("\"\\uFFFF\""), "~\xEF\xBF\xBF~"},
        {TEXT("[]"), "[]"},
        {TEXT("{}"), "{}"},
        {TEXT("[ ]"), "[]"},
        {TEXT("[1,[2,[]],{}]"), "[#1,[#2,[]],{}]"},
        {TEXT("{\"a\":1,\"A\":2,\"a\":3}"), "{'a':#1,'A':#2,'a':#3}"},
        {TEXT("{ \"a\" : { \"b\" : [ null ] } , \"c\\u0064\" : 1 }"), "{'a':{'b':[null]},~cd~:#1}"},
        {TEXT("\xEF\xBB\xBF[1]"), "[#1]"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_buffer out;
        check_row = rows[i].text.data;
        sim_buffer_init(&out, SIZE_MAX);
        CHECK_STATUS(understand(rows[i].text, &out), SIM_OK);
        CHECK_BUFFER(out, rows[i].meaning);
        sim_buffer_fini(&out);
    }
}

/* What cJSON takes for such a number depends on the locale, and it does not say what it left. */
static void a_number_alone_is_for_the_caller_to_ask_about(void)
{
    static const struct sim_text rows[] = {TEXT("0"), TEXT("-7"), TEXT("2.75"), TEXT(" 1e3\n")};

    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row = rows[i].data;
        check_understanding(rows[i], SIM_NOT_JSON);
    }
}

/* The tree of many short values takes fifty times the text. */
static void very_many_short_values_are_for_the_caller_to_ask_about(void)
{
    static const struct {
        const char *value;
        enum sim_status status;
    } rows[] = {{"0,", SIM_NOT_JSON},         {"[],", SIM_NOT_JSON}, {"[[0]],", SIM_NOT_JSON},
                {"{},", SIM_NOT_JSON},        {"12345678,", SIM_OK}, {"[12345678901234],", SIM_OK},
                {"\"[,{[,{[,{[,{\",", SIM_OK}};
    enum { MEMBERS = 1200 * 1000 };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_json document = {0};
        struct sim_buffer text;
        check_row = rows[i].value;
        sim_buffer_init(&text, SIZE_MAX);
        CHECK_STATUS(sim_buffer_append_char(&text, '['), SIM_OK);
        for (long member = 0; member < MEMBERS; member++)
            if (sim_buffer_append_text(&text, rows[i].value) != SIM_OK)
                break;
        text.data[text.length - 1] = ']';
        CHECK_STATUS(sim_json_parse(sim_buffer_text(&text), &document, NULL), rows[i].status);
        sim_json_fini(&document);
        sim_buffer_fini(&text);
    }
}

static void a_nul_in_a_string_does_not_end_it(void)
{
    struct sim_buffer out;

    sim_buffer_init(&out, SIZE_MAX);
    CHECK_STATUS(understand(TEXT("\"a\\u0000b\""), &out), SIM_OK);
    CHECK_BYTES(out.data, out.length, "~a\0b~", 5);
    sim_buffer_fini(&out);
}

/* Some of these cJSON takes, and the walk does not. */
static void what_is_no_document_is_refused(void)
{
    static const struct sim_text rows[] = {
        TEXT(""),
        TEXT(" "),
        TEXT("\xEF\xBB\xBF"),
        TEXT("nul"),
        TEXT("nulll"),
        TEXT("True"),
        TEXT("[01]"),
        TEXT("[-]"),
        TEXT("[-01]"),
        TEXT("[+1]"),
        TEXT("[1.]"),
        TEXT("[.5]"),
        TEXT("[1e]"),
        TEXT("[1e+]"),
        TEXT("[0x10]"),
        TEXT("[NaN]"),
        TEXT("[Infinity]"),
        TEXT("[-Infinity]"),
        TEXT("1 2"),
        TEXT("[1] x"),
        TEXT("[1"),
        TEXT("[1,]"),
        TEXT("[,1]"),
        TEXT("[1 2]"),
        TEXT("[1}"),
        TEXT("{\"a\"}"),
        TEXT("{\"a\":}"),
        TEXT("{\"a\":1,}"),
        TEXT("{a:1}"),
        TEXT("{1:1}"),
        TEXT("{\"a\" 1}"),
        TEXT("{\"a\":1"),
        TEXT("\"a"),
        TEXT("\"a\\\""),
        TEXT("\"a\\"),
        TEXT("\"a\nb\""),
        TEXT("\"a\tb\""),
        TEXT("\"a\0b\""),
        TEXT("\"\\x\""),
        TEXT("\"\\u12\""),
        TEXT("\"\\u12g4\""),
        TEXT("\"\\uD800\""),
        TEXT("\"\\uD800x\""),
        TEXT("\"\\uD800\\n\""),
        TEXT("\"\\uD800\\u0041\""),
        TEXT("\"\\uDC00\\uD800\""),
        TEXT("'a'"),
        TEXT("[1\x0B]"),
        TEXT("[1]\0"),
        TEXT("/**/1"),
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row = rows[i].data;
        check_understanding(rows[i], SIM_NOT_JSON);
    }
}

static void every_cut_of_a_document_is_refused(void)
{
    static const struct sim_text whole =
        TEXT("{\"key\\u0041\":[1,-2.5e3,true,false,null,\"\\ud83d\\ude00\",{\"a\":{}}]}");

    for (size_t length = 0; length <= whole.length; length++)
        check_understanding((struct sim_text){whole.data, length},
                            length < whole.length ? SIM_NOT_JSON : SIM_OK);
}

static void a_string_says_what_it_needs(void)
{
    static const struct {
        struct sim_text text;
        bool has_escapes, is_ascii;
    } rows[] = {
        {TEXT("\"plain\""), false, true},
        {TEXT("\"\xC3\xA9\""), false, false},
        {TEXT("\"\\u00e9\""), true, true},
        {TEXT("\"\\n\xC3\xA9\""), true, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_json document;
        check_row = rows[i].text.data;
        CHECK_STATUS(sim_json_parse(rows[i].text, &document, NULL), SIM_OK);
        CHECK_INT(document.count, 1);
        CHECK_INT(document.values[0].has_escapes, rows[i].has_escapes);
        CHECK_INT(document.values[0].is_ascii, rows[i].is_ascii);
        sim_json_fini(&document);
    }
}

/* Eight characters are looked at together: the one that counts may be any of them. */
static void a_string_ends_where_it_ends(void)
{
    enum { LONGEST = 40 };
    static const char specials[] = {'"', '\\', '\x1F', '\n', (char)0x80, ' ', '!', '#', '[', ']'};

    for (size_t length = 1; length <= LONGEST; length++) {
        for (size_t place = 0; place < length; place++) {
            for (size_t i = 0; i < sizeof specials; i++) {
                struct sim_json document;
                char text[LONGEST + 3];
                const char special = specials[i];
                const bool is_control = (unsigned char)special < ' ';
                enum sim_status expected = SIM_OK;
                memset(text, 'a', sizeof text);
                text[0] = text[length + 1] = '"';
                text[place + 1] = special;
                if (special == '\\' && place + 1 < length)
                    text[place + 2] = 'n';
                if (is_control || special == '"' || (special == '\\' && place + 1 == length))
                    expected = SIM_NOT_JSON;
                CHECK_STATUS(sim_json_parse((struct sim_text){text, length + 2}, &document, NULL),
                             expected);
                if (expected == SIM_OK) {
                    CHECK_INT(document.values[0].length, length);
                    CHECK_INT(document.values[0].has_escapes, special == '\\');
                    CHECK_INT(document.values[0].is_ascii, (unsigned char)special < 0x80);
                }
                sim_json_fini(&document);
            }
        }
    }
}

/* More values than a document of this size commonly has. */
static void the_list_grows(void)
{
    enum { VALUES = 3000 };
    struct sim_json document;
    char text[2 * VALUES + 2];

    for (size_t i = 0; i < VALUES; i++) {
        text[2 * i] = i == 0 ? '[' : ',';
        text[2 * i + 1] = '1';
    }
    text[2 * VALUES] = ']';
    CHECK_STATUS(sim_json_parse((struct sim_text){text, 2 * VALUES + 1}, &document, NULL), SIM_OK);
    CHECK_INT(document.count, VALUES + 1);
    CHECK_INT(document.values[0].length, VALUES);
    for (size_t i = 1; i <= VALUES; i++)
        CHECK(document.values[i].kind == SIM_JSON_INTEGER && document.values[i].text[0] == '1');
    sim_json_fini(&document);
}

/* cJSON has a limit of its own, and what it refuses someone else may take. */
static void nesting_is_bounded(void)
{
    for (size_t depth = CJSON_NESTING_LIMIT - 1; depth <= CJSON_NESTING_LIMIT + 1; depth++) {
        struct sim_buffer text, out;
        sim_buffer_init(&text, SIZE_MAX);
        sim_buffer_init(&out, SIZE_MAX);
        for (size_t i = 0; i < depth * 2; i++)
            CHECK_STATUS(sim_buffer_append_char(&text, i < depth ? '[' : ']'), SIM_OK);
        CHECK_STATUS(understand((struct sim_text){text.data, text.length}, &out),
                     depth <= CJSON_NESTING_LIMIT ? SIM_OK : SIM_NOT_JSON);
        sim_buffer_fini(&text);
        sim_buffer_fini(&out);
    }
}

/* Enough values to make the list grow. */
static enum sim_status understand_much(void)
{
    struct sim_buffer out;
    enum sim_status status;

    sim_buffer_init(&out, SIZE_MAX);
    status = understand(
        TEXT("{\"a\":[1,2.5,\"x\\n\",{\"b\":null},1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}"), &out);
    if (status == SIM_OK)
        CHECK_BUFFER(out, "{'a':[#1,2.5,~x\n~,{'b':null},#1,#1,#1,#1,#1,#1,#1,#1,#1,#1,#1,#1,#1,#1,"
                          "#1,#1,#1]}");
    sim_buffer_fini(&out);
    return status;
}

static void without_memory_there_is_no_document(void)
{
    CHECK(check_every_refusal(understand_much) > 2);
}

/* A tree that no arena has room for without an allocation. cJSON does not say why it has none:
 * SIM_NOT_JSON here, and the caller's reader decides. */
static enum sim_status understand_by_cjson(void)
{
    enum { VALUES = 200 };
    struct sim_json document;
    struct sim_buffer text;
    enum sim_status status = SIM_OK;

    sim_buffer_init(&text, SIZE_MAX);
    for (int i = 0; i < VALUES && status == SIM_OK; i++)
        status = sim_buffer_append_text(&text, i == 0 ? "[" : "{\"key\":\"value\"},");
    if (status == SIM_OK)
        status = sim_buffer_append_text(&text, "1]");
    if (status == SIM_OK) {
        status = sim_json_parse((struct sim_text){text.data, text.length}, &document, NULL);
        CHECK(status != SIM_OK || document.values[0].length == VALUES);
        sim_json_fini(&document);
    }
    sim_buffer_fini(&text);
    return status == SIM_NOT_JSON && sim_memory_has_failed() != 0 ? SIM_NO_MEMORY : status;
}

static void without_memory_cjson_leaves_nothing_behind(void)
{
    const long before = sim_memory_live();
#ifdef SIM_PRIVATE_CJSON
    CHECK(check_every_refusal(understand_by_cjson) > 5);
#else
    cJSON_Hooks hooks = {sim_alloc, sim_free};

    cJSON_InitHooks(&hooks);
    CHECK(check_every_refusal(understand_by_cjson) > 500);
    cJSON_InitHooks(NULL);
#endif
    CHECK_INT(sim_memory_live() - before, 0);
}

/* Reads a document that ends where its memory ends without a tree, and compares its meaning; NULL
 * stands for what is left to sim_json_parse(). */
static void check_flat(struct sim_text text, size_t most, const char *meaning)
{
    struct sim_json_value *values = sim_alloc(most * sizeof *values);
    char *copy = sim_alloc(text.length);
    struct sim_json document = {values, 0, most};
    struct sim_buffer out;
    size_t at = 0;

    check_row = text.data;
    sim_buffer_init(&out, SIZE_MAX);
    if (CHECK(values != NULL && copy != NULL)) {
        if (text.length > 0)
            memcpy(copy, text.data, text.length);
        document.count = sim_json_read_flat((struct sim_text){copy, text.length}, values, most);
        CHECK_INT(document.count > 0, meaning != NULL);
        if (document.count > 0 && meaning != NULL) {
            CHECK_STATUS(write_value(&document, &at, &out), SIM_OK);
            CHECK_INT(at, document.count);
            CHECK_BUFFER(out, meaning);
        }
    }
    sim_buffer_fini(&out);
    sim_free(copy);
    sim_free(values);
}

static void flat_objects_are_read_without_a_tree(void)
{
    static const char sample[] =
        " {\"a\" : \"x\\n\", \"b\":-12 , \"c\":null,\"d\":true,\"e\":false} ";
    static const struct {
        struct sim_text text;
        const char *meaning;
    } rows[] = {
        {TEXT("{\"a\":\"\xC3\xA9\",\"a\":\"\"}"), "{'a':'\xC3\xA9','a':''}"},
        {TEXT("{\"\\u0061\":12345678901234567890}"), "{~a~:#12345678901234567890}"},
        {TEXT("{}"), NULL},
        {TEXT(""), NULL},
        {TEXT("[]"), NULL},
        {TEXT("\"a\""), NULL},
        {TEXT("{\"a\":1.5}"), NULL},
        {TEXT("{\"a\":1e3}"), NULL},
        {TEXT("{\"a\":01}"), NULL},
        {TEXT("{\"a\":-}"), NULL},
        {TEXT("{\"a\":nul}"), NULL},
        {TEXT("{\"a\":NaN}"), NULL},
        {TEXT("{\"a\":[]}"), NULL},
        {TEXT("{\"a\":{}}"), NULL},
        {TEXT("{\"a\":1,}"), NULL},
        {TEXT("{\"a\" 1}"), NULL},
        {TEXT("{\"a\":1 \"b\":2}"), NULL},
        {TEXT("{a:1}"), NULL},
        {TEXT("{'a':1}"), NULL},
        {TEXT("{\"a\":\"\n\"}"), NULL},
        {TEXT("{\"a\":1}}"), NULL},
        {TEXT("{\"a\":1} x"), NULL},
        {TEXT("{\"a\":1}\0"), NULL},
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        check_flat(rows[i].text, 8, rows[i].meaning);
    for (size_t length = 0; length < sizeof sample - 2; length++)
        check_flat((struct sim_text){sample, length}, 11, NULL);
    for (size_t most = 1; most < 16; most++)
        check_flat((struct sim_text){sample, sizeof sample - 1}, most,
                   most < 11 ? NULL : "{'a':~x\n~,'b':#-12,'c':null,'d':true,'e':false}");
}

static const struct check_test tests[] = {
    TEST(documents_are_understood_exactly),
    TEST(a_number_alone_is_for_the_caller_to_ask_about),
    TEST(very_many_short_values_are_for_the_caller_to_ask_about),
    TEST(a_nul_in_a_string_does_not_end_it),
    TEST(what_is_no_document_is_refused),
    TEST(every_cut_of_a_document_is_refused),
    TEST(a_string_says_what_it_needs),
    TEST(a_string_ends_where_it_ends),
    TEST(the_list_grows),
    TEST(nesting_is_bounded),
    TEST(flat_objects_are_read_without_a_tree),
    TEST(without_memory_there_is_no_document),
    TEST(without_memory_cjson_leaves_nothing_behind),
};

CHECK_MAIN(tests)
