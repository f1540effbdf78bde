/* The event-stream parser: the rules of WHATWG, at any split, within its limit. */
#include "core/sse.h"

#include "check.h"

enum { EVENT_LIMIT = 64 };

/* Feeds a stream in pieces of `step` bytes, each in a heap block of its own, and writes the events
 * down as "type|data;". */
static enum sim_status transcribe(struct sim_text stream, size_t step, struct sim_buffer *out)
{
    struct sim_sse parser;
    enum sim_status status = SIM_OK;

    sim_sse_init(&parser, EVENT_LIMIT);
    for (size_t at = 0; at < stream.length && status == SIM_OK; at += step) {
        size_t length = stream.length - at < step ? stream.length - at : step;
        char *piece = sim_alloc(length);
        bool found = true;
        if (piece == NULL) {
            status = SIM_NO_MEMORY;
            break;
        }
        memcpy(piece, stream.data + at, length);
        sim_sse_feed(&parser, (struct sim_text){piece, length});
        while (status == SIM_OK && found) {
            struct sim_sse_event event;
            status = sim_sse_next(&parser, &event, &found, NULL);
            if (status != SIM_OK || !found)
                continue;
            status = sim_buffer_append(out, event.type.data, event.type.length);
            if (status == SIM_OK)
                status = sim_buffer_append_char(out, '|');
            if (status == SIM_OK)
                status = sim_buffer_append(out, event.data.data, event.data.length);
            if (status == SIM_OK)
                status = sim_buffer_append_char(out, ';');
        }
        sim_free(piece);
    }
    sim_sse_fini(&parser);
    sim_sse_fini(&parser);
    return status;
}

static void streams_mean_the_same_at_any_split(void)
{
    static const struct {
        struct sim_text stream;
        const char *events;
    } rows[] = {
        {TEXT(""), ""},
        {TEXT("data: a\n\n"), "|a;"},
        {TEXT("data:a\n\n"), "|a;"},
        {TEXT("data:  a \n\n"), "| a ;"}, /* one space is dropped */
        {TEXT("data: a\r\n\r\n"), "|a;"},
        {TEXT("data: a\r\r"), "|a;"},
        {TEXT("data: a\r\n\ndata: b\n\r\n"), "|a;|b;"},
        {TEXT("data: a\n\rdata: b\r\n\r"), "|a;|b;"},
        {TEXT("data: a\ndata: b\n\n"), "|a\nb;"},
        {TEXT("data\n\n"), "|;"},
        {TEXT("data\ndata\n\n"), "|\n;"},
        {TEXT("data:\ndata: x\n\n"), "|\nx;"},
        {TEXT("data: a\n"), ""}, /* void at the end of the stream */
        {TEXT("data: a"), ""},
        {TEXT(": a comment\n\n"), ""},
        {TEXT(":\ndata: a\n\n"), "|a;"},
        {TEXT("event: e\ndata: a\n\n"), "e|a;"},
        {TEXT("event: e\nevent: f\ndata: a\n\n"), "f|a;"},
        {TEXT("event: e\n\ndata: a\n\n"), "|a;"}, /* a type without data is void */
        {TEXT("event\ndata: a\n\n"), "|a;"},
        {TEXT("id: 7\nretry: 10\ndata: a\n\n"), "|a;"},
        {TEXT("datum: x\nDATA: y\ndata: a\n\n"), "|a;"},
        {TEXT(" data: x\ndata: a\n\n"), "|a;"},
        {TEXT("data: a: b:c\n\n"), "|a: b:c;"},
        {TEXT("\n\n\ndata: a\n\n\n\ndata: b\n\n"), "|a;|b;"},
        {TEXT("\xEF\xBB\xBF"
              "data: a\n\n"),
         "|a;"},
        {TEXT("\xEF\xBB"
              "data: a\n\ndata: b\n\n"),
         "|b;"}, /* half a mark makes the first line another field */
        {TEXT("data: a\n\n\xEF\xBB\xBF"
              "data: b\n\n"),
         "|a;"}, /* a mark counts at the beginning only */
        {TEXT("\xEF\xBB\xBF\xEF\xBB\xBF"
              "data: a\n\n"),
         ""},
        {TEXT("\n\xEF\xBB\xBF"
              "data: a\n\n"),
         ""},
        {TEXT("data: \xC3\xA9\xFF\n\n"), "|\xC3\xA9\xFF;"}, /* bytes are not looked into */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row = rows[i].stream.data;
        for (size_t step = 1; step <= rows[i].stream.length + 1; step++) {
            struct sim_buffer out;
            sim_buffer_init(&out, SIZE_MAX);
            CHECK_STATUS(sim_buffer_append_text(&out, ""), SIM_OK);
            CHECK_STATUS(transcribe(rows[i].stream, step, &out), SIM_OK);
            CHECK_BUFFER(out, rows[i].events);
            sim_buffer_fini(&out);
        }
    }
}

static void a_nul_is_a_character_like_others(void)
{
    static const struct sim_text stream = TEXT("data: a\0b\n\nda\0ta: x\n\n");
    struct sim_buffer out;

    sim_buffer_init(&out, SIZE_MAX);
    CHECK_STATUS(transcribe(stream, stream.length, &out), SIM_OK);
    CHECK_BYTES(out.data, out.length, "|a\0b;", 5);
    sim_buffer_fini(&out);
}

/* "data: " and `length` characters, in `lines` lines of equal length. */
static void write_event(struct sim_buffer *out, size_t lines, size_t length)
{
    for (size_t line = 0; line < lines; line++) {
        CHECK_STATUS(sim_buffer_append_text(out, "data: "), SIM_OK);
        for (size_t i = 0; i < length; i++)
            CHECK_STATUS(sim_buffer_append_char(out, 'x'), SIM_OK);
        CHECK_STATUS(sim_buffer_append_char(out, '\n'), SIM_OK);
    }
    CHECK_STATUS(sim_buffer_append_char(out, '\n'), SIM_OK);
}

static void an_event_and_a_line_have_a_limit(void)
{
    static const struct {
        const char *name;
        size_t lines, length;
        enum sim_status status;
    } rows[] = {
        {"data as long as the limit", 1, EVENT_LIMIT, SIM_OK},
        {"longer data", 1, EVENT_LIMIT + 1, SIM_LIMIT},
        {"lines that add up to the limit", 13, 4, SIM_OK}, /* 13 x 4, and 12 line feeds */
        {"lines that add up to more", 11, 5, SIM_LIMIT},   /* 11 x 5, and 10 */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row = rows[i].name;
        for (size_t step = 1; step < 200; step += 7) {
            struct sim_buffer stream, out;
            sim_buffer_init(&stream, SIZE_MAX);
            sim_buffer_init(&out, SIZE_MAX);
            write_event(&stream, rows[i].lines, rows[i].length);
            CHECK_STATUS(transcribe((struct sim_text){stream.data, stream.length}, step, &out),
                         rows[i].status);
            CHECK(out.length > 0 || rows[i].status == SIM_LIMIT);
            sim_buffer_fini(&stream);
            sim_buffer_fini(&out);
        }
    }
}

static void a_long_line_without_end_is_not_collected(void)
{
    struct sim_sse parser;
    struct sim_sse_event event;
    struct sim_error error = {SIM_OK, ""};
    enum sim_status status = SIM_OK;
    bool found = false;

    sim_sse_init(&parser, EVENT_LIMIT);
    for (int i = 0; i < 1000 && status == SIM_OK; i++) {
        sim_sse_feed(&parser, TEXT(": keep-alive "));
        status = sim_sse_next(&parser, &event, &found, &error);
    }
    CHECK_STATUS(status, SIM_LIMIT);
    CHECK_TEXT(text_of(error.message), "An event of the stream exceeds 64 bytes");
    sim_sse_fini(&parser);
}

static void views_hold_until_the_next_call(void)
{
    struct sim_sse parser;
    struct sim_sse_event event = {{"", 0}, {"", 0}};
    bool found = false;

    sim_sse_init(&parser, EVENT_LIMIT);
    sim_sse_feed(&parser, TEXT("event: e\ndata: one\n\ndata: two\n\n"));
    CHECK_STATUS(sim_sse_next(&parser, &event, &found, NULL), SIM_OK);
    CHECK(found);
    CHECK_TEXT(event.data, "one");
    CHECK_TEXT(event.type, "e");
    CHECK_STATUS(sim_sse_next(&parser, &event, &found, NULL), SIM_OK);
    CHECK(found);
    CHECK_TEXT(event.data, "two");
    CHECK_TEXT(event.type, "");
    CHECK_STATUS(sim_sse_next(&parser, &event, &found, NULL), SIM_OK);
    CHECK(!found);
    sim_sse_fini(&parser);
}

/* A line end is looked for in growing windows: lines of about their sizes. */
static void lines_of_any_length_end_where_they_end(void)
{
    enum { LONGEST = 2100 };
    static const char *const ends[] = {"\n", "\r", "\r\n"};

    for (size_t e = 0; e < COUNT(ends); e++) {
        for (size_t length = 1; length < LONGEST; length += length < 240 || length > 260 ? 83 : 1) {
            struct sim_sse parser;
            struct sim_sse_event event = {{"", 0}, {"", 0}};
            struct sim_buffer stream;
            bool found = false;
            sim_buffer_init(&stream, SIZE_MAX);
            CHECK_STATUS(sim_buffer_append_text(&stream, "data:"), SIM_OK);
            for (size_t i = 0; i < length; i++)
                CHECK_STATUS(sim_buffer_append_char(&stream, 'x'), SIM_OK);
            CHECK_STATUS(sim_buffer_append_text(&stream, ends[e]), SIM_OK);
            CHECK_STATUS(sim_buffer_append_text(&stream, ends[e]), SIM_OK);
            sim_sse_init(&parser, LONGEST + 5);
            sim_sse_feed(&parser, (struct sim_text){stream.data, stream.length});
            CHECK_STATUS(sim_sse_next(&parser, &event, &found, NULL), SIM_OK);
            CHECK(found);
            CHECK_INT(event.data.length, length);
            sim_sse_fini(&parser);
            sim_buffer_fini(&stream);
        }
    }
}

static enum sim_status parse_with_what_memory_there_is(void)
{
    struct sim_buffer out;
    enum sim_status status;

    sim_buffer_init(&out, SIZE_MAX);
    status = transcribe(TEXT("\xEF\xBB\xBF"
                             "event: a\ndata: one\ndata: two\n\ndata: three\n\n"),
                        5, &out);
    if (status == SIM_OK)
        CHECK_BUFFER(out, "a|one\ntwo;|three;");
    sim_buffer_fini(&out);
    return status;
}

static enum sim_status parse_half_a_mark(void)
{
    struct sim_buffer out;
    enum sim_status status;

    sim_buffer_init(&out, SIZE_MAX);
    status = transcribe(TEXT("\xEF"
                             "data: one\n\n"),
                        1, &out);
    sim_buffer_fini(&out);
    return status;
}

static void without_memory_the_parser_can_be_ended(void)
{
    CHECK(check_every_refusal(parse_with_what_memory_there_is) > 10);
    CHECK(check_every_refusal(parse_half_a_mark) > 10);
}

static const struct check_test tests[] = {
    TEST(streams_mean_the_same_at_any_split),     TEST(a_nul_is_a_character_like_others),
    TEST(an_event_and_a_line_have_a_limit),       TEST(a_long_line_without_end_is_not_collected),
    TEST(views_hold_until_the_next_call),         TEST(lines_of_any_length_end_where_they_end),
    TEST(without_memory_the_parser_can_be_ended),
};

CHECK_MAIN(tests)
