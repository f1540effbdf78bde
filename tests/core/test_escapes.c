/* What the escapes in a JSON string stand for. */
#include "core/escapes.h"

#include "check.h"

static void escapes_are_decoded(void)
{
    static const struct {
        struct sim_text text;
        const char *meaning;
    } rows[] = {
        {TEXT(""), ""},
        {TEXT("plain caf\xC3\xA9"), "plain caf\xC3\xA9"},
        {TEXT("\\\"\\\\\\/\\b\\f\\n\\r\\t"), "\"\\/\b\f\n\r\t"},
        {TEXT("a\\u0041b\\u007f"), "aAb\x7F"},
        {TEXT("\\u0080\\u07FF\\u0800\\uffff"), "\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF"},
        {TEXT("\\uD83D\\uDE00\\udbff\\udfff"), "\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF"},
    };
    struct sim_buffer out;

    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row = rows[i].text.data;
        sim_buffer_init(&out, SIZE_MAX);
        CHECK_STATUS(sim_escapes_decode(rows[i].text, &out), SIM_OK);
        CHECK_BUFFER(out, rows[i].meaning);
        sim_buffer_fini(&out);
    }
    sim_buffer_init(&out, SIZE_MAX);
    CHECK_STATUS(sim_escapes_decode(TEXT("a\\u0000b"), &out), SIM_OK);
    CHECK_BYTES(out.data, out.length, "a\0b", 3);
    sim_buffer_fini(&out);
}

static void escapes_that_are_none_are_refused(void)
{
    static const struct sim_text rows[] = {
        TEXT("\\"),        TEXT("\\x"),         TEXT("\\u"),          TEXT("\\u12"),
        TEXT("\\\0"),      TEXT("\\u 123"),     TEXT("\\ud800"),      TEXT("\\udc00"),
        TEXT("\\ud800\\"), TEXT("\\ud800\\u"),  TEXT("\\ud800\\u12"), TEXT("\\ud800\\udbff"),
        TEXT("\\u00G0"),   TEXT("\\ud800xxxx"), TEXT("\\U0041"),      TEXT("plain\\x"),
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_buffer out;
        check_row = rows[i].data;
        sim_buffer_init(&out, SIZE_MAX);
        CHECK_STATUS(sim_buffer_append_text(&out, "kept"), SIM_OK);
        CHECK_STATUS(sim_escapes_decode(rows[i], &out), SIM_NOT_JSON);
        CHECK_BYTES(out.data, out.length + 1, "kept", 5);
        sim_buffer_fini(&out);
    }
}

static void decoding_obeys_the_buffers_limit(void)
{
    for (size_t limit = 5; limit <= 6; limit++) {
        struct sim_buffer out;
        sim_buffer_init(&out, limit);
        CHECK_STATUS(sim_escapes_decode(TEXT("\\u0041"), &out), limit < 6 ? SIM_LIMIT : SIM_OK);
        sim_buffer_fini(&out);
    }
}

static enum sim_status decode_one(void)
{
    struct sim_buffer out;
    enum sim_status status;

    sim_buffer_init(&out, SIZE_MAX);
    status = sim_escapes_decode(TEXT("\\n"), &out);
    sim_buffer_fini(&out);
    return status;
}

static void without_memory_nothing_is_decoded(void)
{
    CHECK_INT(check_every_refusal(decode_one), 1);
}

static const struct check_test tests[] = {
    TEST(escapes_are_decoded),
    TEST(escapes_that_are_none_are_refused),
    TEST(decoding_obeys_the_buffers_limit),
    TEST(without_memory_nothing_is_decoded),
};

CHECK_MAIN(tests)
