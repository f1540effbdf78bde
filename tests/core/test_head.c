/* Status line and header fields of an answer. */
#include "core/head.h"

#include "check.h"

static enum sim_status add(struct sim_head *head, const char *line)
{
    return sim_head_add_line(head, text_of(line), NULL);
}

static void add_all(struct sim_head *head, const char *const *lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        CHECK_STATUS(add(head, lines[i]), SIM_OK);
}

static void fields_are_found_by_name(void)
{
    static const char *const lines[] = {
        "HTTP/1.1 200 OK\r\n",
        "Content-Type: text/plain\r\n",
        "X-Empty:\r\n",
        "X-Space: \t two words \t\r\n",
        "\t and a line more\r\n",
        "x-twice: first\n",
        "X-Twice: second\n",
        "X-Colon: a:b\r\n",
        "\r\n",
    };
    static const struct {
        const char *name, *value; /* NULL: not there */
    } rows[] = {
        {"content-type", "text/plain"},
        {"CONTENT-TYPE", "text/plain"},
        {"x-empty", ""},
        {"x-space", "two words"},
        {"X-Twice", "first"},
        {"x-colon", "a:b"},
        {"content", NULL},
        {"content-type-x", NULL},
        {" and a line more", NULL},
        {"HTTP/1.1 200 OK", NULL},
        {"", NULL},
    };
    struct sim_head head;

    sim_head_init(&head);
    add_all(&head, lines, COUNT(lines));
    CHECK(head.is_complete);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_text value = {"untouched", 9};
        check_row = rows[i].name;
        CHECK_INT(sim_head_find(&head, rows[i].name, &value), rows[i].value != NULL);
        CHECK_TEXT(value, rows[i].value != NULL ? rows[i].value : "untouched");
    }
    sim_head_fini(&head);
}

static void a_media_type_is_compared_without_its_parameters(void)
{
    static const struct {
        const char *line, *type;
        bool has_type;
    } rows[] = {
        {"Content-Type: text/event-stream", "text/event-stream", true},
        {"Content-Type: Text/Event-Stream ; charset=utf-8", "text/event-stream", true},
        {"Content-Type: text/event-stream;", "text/event-stream", true},
        {"Content-Type: text/event-streams", "text/event-stream", false},
        {"Content-Type: text/event", "text/event-stream", false},
        {"Content-Type:", "text/event-stream", false},
        {"X-Type: text/event-stream", "text/event-stream", false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_head head;
        check_row = rows[i].line;
        sim_head_init(&head);
        CHECK_STATUS(add(&head, "HTTP/1.1 200 OK"), SIM_OK);
        CHECK_STATUS(add(&head, rows[i].line), SIM_OK);
        CHECK(!sim_head_has_type(&head, rows[i].type)); /* more fields may follow */
        CHECK_STATUS(add(&head, ""), SIM_OK);
        CHECK_INT(sim_head_has_type(&head, rows[i].type), rows[i].has_type);
        sim_head_fini(&head);
    }
}

static void status_and_reason_are_what_the_server_wrote(void)
{
    static const struct {
        const char *line;
        long http_status;
        const char *reason;
    } rows[] = {
        {"HTTP/1.1 404 Not Found\r\n", 404, "Not Found"},
        {"HTTP/1.0 404 \r\n", 404, ""},
        {"HTTP/1.1 404\r\n", 404, ""},
        {"HTTP/2 404 \r\n", 404, ""},
        {"http/3 099\r\n", 99, ""},
        {"HTTP/1.1 500  Oh  no \r\n", 500, "Oh  no"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_head head;
        check_row = rows[i].line;
        sim_head_init(&head);
        CHECK_TEXT(sim_head_reason(&head), "");
        CHECK_INT(head.http_status, 0);
        CHECK_STATUS(add(&head, rows[i].line), SIM_OK);
        CHECK_INT(head.http_status, rows[i].http_status);
        CHECK_TEXT(sim_head_reason(&head), rows[i].reason);
        sim_head_fini(&head);
    }
}

static void a_new_head_forgets_the_one_before(void)
{
    static const char *const lines[] = {
        "HTTP/1.1 100 Continue\r\n", "X-Old: yes\r\n",        "Content-Length: 5\r\n", "\r\n",
        "HTTP/1.1 200 Fine\r\n",     "Content-Length: 7\r\n",
    };
    struct sim_text value;
    struct sim_head head;

    sim_head_init(&head);
    add_all(&head, lines, COUNT(lines));
    CHECK(!head.is_complete);
    CHECK(!sim_head_find(&head, "x-old", &value));
    CHECK_TEXT(sim_head_reason(&head), "Fine");
    CHECK_INT(head.content_length, 7);
    sim_head_reset(&head);
    CHECK_INT(head.total, 0);
    CHECK(!head.has_length);
    CHECK_TEXT(sim_head_reason(&head), "");
    sim_head_fini(&head);
    sim_head_fini(&head);
}

static void trailers_are_dropped(void)
{
    static const char *const lines[] = {
        "HTTP/1.1 200 OK\r\n", "X-Mine: head\r\n",      "\r\n",
        "X-Trailer: late\r\n", "Content-Length: 9\r\n", "HTTP/1.1 404 Not: found\r\n",
    };
    struct sim_text value;
    struct sim_head head;

    sim_head_init(&head);
    add_all(&head, lines, COUNT(lines));
    CHECK(sim_head_find(&head, "x-mine", &value));
    CHECK(!sim_head_find(&head, "x-trailer", &value));
    CHECK(!head.has_length);
    CHECK_INT(head.http_status, 200);
    sim_head_fini(&head);
}

static void what_is_neither_status_nor_field_is_refused(void)
{
    static const char *const heads[][2] = {
        {"HTTP/1.1", NULL},
        {"HTTP/1.1 ", NULL},
        {"HTTP/1.1 20", NULL},
        {"HTTP/1.1 2x0 OK", NULL},
        {"HTTP/1.1 2000 OK", NULL},
        {"HTTP/1.1 200OK", NULL},
        {"HTTP/1.1  200 OK", NULL},
        {"HTTP/1.1.1 200 OK", NULL},
        {"HTTP/1. 200 OK", NULL},
        {"HTTP/x 200 OK", NULL},
        {"HTTP/ 200 OK", NULL},
        {"HTTP/20004306 200 OK", NULL},
        {"ABCD/1.1 200 OK", NULL},
        {"Content-Length: 5", NULL},
        {"HTTP/1.1 200 OK", "no colon"},
        {"HTTP/1.1 200 OK", ": no name"},
        {"HTTP/1.1 200 OK", "Content-Length : 5"},
        {"HTTP/1.1 200 OK", "Content-Length: 18446744073709551616"},
        {"HTTP/1.1 200 OK", "Content-Length: -1"},
        {"HTTP/1.1 200 OK", "Content-Length: +5"},
        {"HTTP/1.1 200 OK", "Content-Length: 5, 5"},
        {"HTTP/1.1 200 OK", "Content-Length: 5 6"},
        {"HTTP/1.1 200 OK", "Content-Length: 0x5"},
        {"HTTP/1.1 200 OK", "Content-Length:"},
    };

    for (size_t i = 0; i < COUNT(heads); i++) {
        struct sim_head head;
        check_row = heads[i][1] != NULL ? heads[i][1] : heads[i][0];
        sim_head_init(&head);
        if (heads[i][1] != NULL)
            CHECK_STATUS(add(&head, heads[i][0]), SIM_OK);
        CHECK_STATUS(add(&head, check_row), SIM_AMBIGUOUS);
        CHECK(!head.has_length);
        sim_head_fini(&head);
    }
}

/* What follows a NUL would be seen by some and not by others. */
static void a_line_with_a_nul_is_refused(void)
{
    static const struct {
        struct sim_text lines[2];
    } rows[] = {
        {{TEXT("HTTP/1.1 200 OK\r\n"), TEXT("X-Cut: a\0b\r\n")}},
        {{TEXT("HTTP/1.1 200 OK\r\n"), TEXT("Content-Length: 5\0\r\n")}},
        {{TEXT("HTTP/1.1 200 OK\r\n"), TEXT("X-\0: a\r\n")}},
        {{TEXT("HTTP/1.1 200 OK\r\n"), TEXT("\0\r\n")}},
        {{TEXT("HTTP/1.1 100 Continue\r\n"), TEXT("HTTP/1.1 200 O\0K\r\n")}},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_error error = {SIM_OK, ""};
        struct sim_head head;
        check_row = rows[i].lines[1].data;
        sim_head_init(&head);
        CHECK_STATUS(sim_head_add_line(&head, rows[i].lines[0], NULL), SIM_OK);
        CHECK_STATUS(sim_head_add_line(&head, rows[i].lines[1], &error), SIM_AMBIGUOUS);
        CHECK_TEXT(text_of(error.message), "The response has a NUL byte in its headers");
        sim_head_fini(&head);
    }
}

static void chunks_are_announced_by_the_last_coding(void)
{
    static const struct {
        const char *line;
        bool is_chunked;
    } rows[] = {
        {"Transfer-Encoding: chunked", true},        {"transfer-encoding: gzip, Chunked", true},
        {"Transfer-Encoding: chunked, gzip", false}, {"Transfer-Encoding: chunk", false},
        {"X-Transfer-Encoding: chunked", false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_head head;
        check_row = rows[i].line;
        sim_head_init(&head);
        CHECK_STATUS(add(&head, "HTTP/1.1 200 OK"), SIM_OK);
        CHECK_STATUS(add(&head, rows[i].line), SIM_OK);
        CHECK_INT(head.is_chunked, rows[i].is_chunked);
        CHECK_STATUS(add(&head, "HTTP/1.1 200 OK"), SIM_OK);
        CHECK(!head.is_chunked);
        sim_head_fini(&head);
    }
}

static void a_content_length_is_one_number(void)
{
    static const struct {
        const char *first, *second;
        enum sim_status status; /* of the second */
        bool has_length;
        unsigned long long length;
    } rows[] = {
        {"Content-Length: 5", "X: y", SIM_OK, true, 5},
        {"content-length:0", "X: y", SIM_OK, true, 0},
        {"Content-Length: 5", "Content-Length: 5", SIM_OK, true, 5},
        {"Content-Length: 5", "Content-Length: 05", SIM_OK, true, 5},
        {"Content-Length: 5", "Content-Length: 6", SIM_AMBIGUOUS, true, 5},
        {"Content-Length: 18446744073709551615", "X: y", SIM_OK, true, 18446744073709551615ULL},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_head head;
        check_row = rows[i].first;
        sim_head_init(&head);
        CHECK_STATUS(add(&head, "HTTP/1.1 200 OK"), SIM_OK);
        CHECK_STATUS(add(&head, rows[i].first), SIM_OK);
        CHECK_STATUS(add(&head, rows[i].second), rows[i].status);
        CHECK_INT(head.has_length, rows[i].has_length);
        CHECK(head.content_length == rows[i].length);
        sim_head_fini(&head);
    }
}

/* Interim answers count too: a server cannot get around the limit by sending many. */
static void all_heads_together_have_a_limit(void)
{
    enum { LINE = 1024, STATUS_LINE = 26 };
    static const char status_line[] = "HTTP/1.1 103 Early Hints\r\n";
    static char line[LINE];
    struct sim_error error = {SIM_OK, ""};
    struct sim_head head;
    size_t left;

    memset(line, 'x', sizeof line);
    memcpy(line, "X-Hint: ", 8);
    sim_head_init(&head);
    for (size_t total = 0; total + LINE + STATUS_LINE <= SIM_HEAD_LIMIT;
         total += LINE + STATUS_LINE) {
        CHECK_STATUS(add(&head, status_line), SIM_OK);
        CHECK_STATUS(sim_head_add_line(&head, (struct sim_text){line, LINE}, NULL), SIM_OK);
    }
    left = SIM_HEAD_LIMIT - head.total;
    CHECK(left < LINE + STATUS_LINE);
    CHECK_STATUS(sim_head_add_line(&head, (struct sim_text){line, left + 1}, &error), SIM_LIMIT);
    CHECK(strstr(error.message, "262144") != NULL);
    CHECK_STATUS(sim_head_add_line(&head, (struct sim_text){line, left}, NULL), SIM_OK);
    CHECK_INT(head.total, SIM_HEAD_LIMIT);
    CHECK_STATUS(add(&head, "\n"), SIM_LIMIT);
    sim_head_reset(&head);
    CHECK_STATUS(add(&head, status_line), SIM_OK);
    sim_head_fini(&head);
}

static void an_all_zero_head_may_be_ended(void)
{
    struct sim_head head = {0};

    sim_head_fini(&head);
    sim_head_fini(&head);
}

static enum sim_status add_many(void)
{
    struct sim_head head;
    enum sim_status status;
    char line[700];

    memset(line, 'x', sizeof line);
    line[2] = ':';
    sim_head_init(&head);
    status = add(&head, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 4 && status == SIM_OK; i++)
        status = sim_head_add_line(&head, (struct sim_text){line, sizeof line}, NULL);
    sim_head_fini(&head);
    return status;
}

static void without_memory_a_line_is_refused(void)
{
    CHECK(check_every_refusal(add_many) > 2);
}

static const struct check_test tests[] = {
    TEST(fields_are_found_by_name),
    TEST(a_media_type_is_compared_without_its_parameters),
    TEST(status_and_reason_are_what_the_server_wrote),
    TEST(a_new_head_forgets_the_one_before),
    TEST(trailers_are_dropped),
    TEST(what_is_neither_status_nor_field_is_refused),
    TEST(a_line_with_a_nul_is_refused),
    TEST(chunks_are_announced_by_the_last_coding),
    TEST(a_content_length_is_one_number),
    TEST(all_heads_together_have_a_limit),
    TEST(an_all_zero_head_may_be_ended),
    TEST(without_memory_a_line_is_refused),
};

CHECK_MAIN(tests)
