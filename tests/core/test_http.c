/* Exchanges: what is sent, what answers mean, limits and redirects. */
#include "core/http.h"

#include <stdlib.h>

#include "check.h"
#include "talk.h"

#define HEAD(length) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n"

/* "unpacked text", and 64 KiB of the letter x. */
static const char packed[] =
    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 33\r\n\r\n"
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x2b\xcd\x2b\x48\x4c\xce\x4e"
    "\x4d\x51\x28\x49\xad\x28\x01\x00\xe3\x73\x41\xd0\x0d\x00\x00\x00";
static const char bomb[] =
    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 96\r\n\r\n"
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc1\x01\x01\x00\x00\x00\x80\x90\xdb\xcd\xef\x08"
    "\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x6a\x9a\x58\xb4\x2c"
    "\x00\x00\x01\x00";

/* ---- what is sent ---- */

static void a_request_is_sent_as_it_was_given(void)
{
    static const struct script_answer answers[] = {{.path = "/", .bytes = HEAD("2") "ok"}};
    static const char *const headers[] = {"X-One: 1", "X-Two: two words"};
    static const struct {
        const char *path, *body, *begins;
    } rows[] = {
        {"/pre/get?x=%20", NULL, "GET /pre/get?x=%20 HTTP/1.1\r\n"},
        {"/post", "{\"a\": 1}", "POST /post HTTP/1.1\r\n"},
        {"/empty", "", "POST /empty HTTP/1.1\r\n"},
    };
    struct talk talk;

    if (!CHECK(talk_begin(&talk, answers, COUNT(answers))))
        return;
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct sim_request request = talk_request(&talk, rows[i].path, rows[i].body);
        struct talk_answer answer;
        const char *sent, *blank;
        char length[40];
        check_row = rows[i].path;
        request.headers = headers;
        request.header_count = COUNT(headers);
        CHECK_STATUS(talk_perform(talk.session, &request, &answer), SIM_OK);
        CHECK_INT(answer.http_status, 200);
        CHECK_TEXT(text_of(answer.reason), "OK");
        CHECK_TEXT(text_of(answer.body), "ok");
        CHECK(answer.was_sent);
        CHECK(!answer.refused_redirect);
        sent = script_request(talk.script, i);
        CHECK(strncmp(sent, rows[i].begins, strlen(rows[i].begins)) == 0);
        CHECK(strstr(sent, "\r\nHost: 127.0.0.1:") != NULL);
        CHECK(strstr(sent, "\r\nX-One: 1\r\nX-Two: two words\r\n") != NULL);
        CHECK(strstr(sent, "Expect") == NULL);
        CHECK(strstr(sent, "Cookie") == NULL);
        blank = strstr(sent, "\r\n\r\n");
        CHECK_TEXT(text_of(blank != NULL ? blank + 4 : "no blank line"),
                   rows[i].body != NULL ? rows[i].body : "");
        (void)snprintf(length, sizeof length, "\r\nContent-Length: %zu\r\n",
                       rows[i].body != NULL ? strlen(rows[i].body) : 0);
        CHECK_INT(strstr(sent, length) != NULL, rows[i].body != NULL);
    }
    talk_end(&talk);
}

static void what_is_no_url_is_not_sent_anywhere(void)
{
    static const char *const bases[] = {"ftp://127.0.0.1", "http://", "", "http://a b"};
    struct talk talk;

    if (!CHECK(talk_begin(&talk, NULL, 0)))
        return;
    for (size_t i = 0; i < COUNT(bases); i++) {
        struct sim_request request = talk_request(&talk, "/x", NULL);
        struct talk_answer answer;
        request.base = text_of(bases[i]);
        check_row = bases[i];
        CHECK_STATUS(talk_perform(talk.session, &request, &answer), SIM_BAD_INPUT);
    }
    CHECK_INT(script_requests(talk.script), 0);
    talk_end(&talk);
}

/* ---- what is answered ---- */

static void whole_answers_are_read_whole(void)
{
    static const struct script_answer answers[] = {
        {.path = "/length", .bytes = HEAD("5") "hello"},
        {.path = "/none", .bytes = "HTTP/1.1 204 No Content\r\n\r\n"},
        {.path = "/chunked",
         .bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "3\r\nhel\r\n2\r\nlo\r\n0\r\nX-Late: 1\r\n\r\n"},
        {.path = "/until-close", .bytes = "HTTP/1.1 200 OK\r\n\r\nhello", .end = SCRIPT_CLOSE},
        {.path = "/interim", .bytes = "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" HEAD("5") "hello"},
        {.path = "/packed", .bytes = packed, .length = sizeof packed - 1},
        {.path = "/no-reason", .bytes = "HTTP/1.1 418\r\nContent-Length: 0\r\n\r\n"},
    };
    static const struct {
        const char *path;
        long http_status;
        const char *reason, *body;
    } rows[] = {
        {"/length", 200, "OK", "hello"},  {"/none", 204, "No Content", ""},
        {"/chunked", 200, "OK", "hello"}, {"/until-close", 200, "OK", "hello"},
        {"/interim", 200, "OK", "hello"}, {"/packed", 200, "OK", "unpacked text"},
        {"/no-reason", 418, "", ""},
    };
    struct talk talk;

    if (!CHECK(talk_begin(&talk, answers, COUNT(answers))))
        return;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_request request = talk_request(&talk, rows[i].path, NULL);
        struct talk_answer answer;
        check_row = rows[i].path;
        CHECK_STATUS(talk_perform(talk.session, &request, &answer), SIM_OK);
        CHECK_INT(answer.http_status, rows[i].http_status);
        CHECK_TEXT(text_of(answer.reason), rows[i].reason);
        CHECK_TEXT(text_of(answer.body), rows[i].body);
    }
    talk_end(&talk);
}

static void half_an_answer_leaves_the_requests_fate_in_doubt(void)
{
    static const char *const answers[] = {
        "",
        "HTTP/1.1 200 O",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
        HEAD("5"),
        HEAD("5") "hell",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
    };

    for (size_t i = 0; i < COUNT(answers) * 2; i++) {
        const struct script_answer answer = {
            .path = "/",
            .bytes = answers[i / 2],
            .end = i % 2 == 0 ? SCRIPT_CLOSE : SCRIPT_RESET,
        };
        struct talk_answer got;
        struct talk talk;
        struct sim_request request;
        if (!CHECK(talk_begin(&talk, &answer, 1)))
            return;
        request = talk_request(&talk, "/x", "body");
        check_row = answers[i / 2];
        CHECK_STATUS(talk_perform(talk.session, &request, &got), SIM_AMBIGUOUS);
        CHECK(got.error.message[0] != '\0');
        CHECK(got.was_sent);
        CHECK_INT(script_requests(talk.script), 1);
        talk_end(&talk);
    }
}

static void a_failure_before_the_request_is_told_apart(void)
{
    static const struct script_answer answers[] = {
        {.path = "", .bytes = "no TLS here", .end = SCRIPT_CLOSE},
    };
    struct talk_answer answer;
    struct sim_request request;
    struct talk talk;
    char base[64];

    if (!CHECK(talk_begin(&talk, answers, COUNT(answers))))
        return;
    (void)snprintf(base, sizeof base, "https://127.0.0.1:%u", script_port(talk.script));
    request = talk_request(&talk, "/x", "body");
    request.base = text_of(base);
    request.trust = (struct sim_trust){"/nowhere/bundle.pem", NULL, "A_VARIABLE"};
    CHECK_STATUS(talk_perform(talk.session, &request, &answer), SIM_NOT_SENT);
    CHECK(strstr(answer.error.message, "checked against A_VARIABLE") != NULL);
    CHECK(!answer.was_sent);
    request.base = TEXT("http://127.0.0.1:1"); /* nobody listens there */
    CHECK_STATUS(talk_perform(talk.session, &request, &answer), SIM_NOT_SENT);
    CHECK(!answer.was_sent);
    talk_end(&talk);
}

/* ---- limits ---- */

static void a_body_has_a_limit(void)
{
    static const struct script_answer answers[] = {
        {.path = "/length", .bytes = HEAD("5") "hello"},
        {.path = "/chunked",
         .bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
        {.path = "/packed", .bytes = packed, .length = sizeof packed - 1},
        {.path = "/bomb", .bytes = bomb, .length = sizeof bomb - 1},
    };
    static const struct {
        const char *path;
        size_t size;
    } rows[] = {{"/length", 5}, {"/chunked", 5}, {"/packed", 13}, {"/bomb", 65536}};
    struct talk talk;

    if (!CHECK(talk_begin(&talk, answers, COUNT(answers))))
        return;
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t limit = rows[i].size - 1; limit <= rows[i].size + 1; limit++) {
            struct sim_request request = talk_request(&talk, rows[i].path, NULL);
            struct talk_answer answer;
            check_row = rows[i].path;
            request.response_limit = limit;
            CHECK_STATUS(talk_perform(talk.session, &request, &answer),
                         limit < rows[i].size ? SIM_LIMIT : SIM_OK);
            if (limit >= rows[i].size)
                CHECK_INT(answer.body_length, rows[i].size);
            else
                CHECK(strncmp(answer.error.message, "The response exceeds ", 21) == 0);
        }
    }
    talk_end(&talk);
}

/* A server that promises more than it sends takes no memory for what does not come. */
static void a_promised_length_is_a_hint(void)
{
    static const struct script_answer answers[] = {
        {.path = "/", .bytes = HEAD("9223372036854775807") "x", .end = SCRIPT_CLOSE},
    };
    struct talk_answer answer;
    struct sim_request request;
    struct talk talk;

    if (!CHECK(talk_begin(&talk, answers, COUNT(answers))))
        return;
    request = talk_request(&talk, "/x", NULL);
    CHECK_STATUS(talk_perform(talk.session, &request, &answer), SIM_AMBIGUOUS);
    CHECK(answer.body_length <= 1);
    talk_end(&talk);
}

static void heads_have_a_limit(void)
{
    enum { LINE = 60000, LINES = 20 };
    static const char status_line[] = "HTTP/1.1 200 OK\r\n";
    struct sim_buffer head;
    struct script_answer answer = {.path = "/"};
    struct talk_answer got;
    struct sim_request request;
    struct talk talk;

    sim_buffer_init(&head, SIZE_MAX);
    CHECK_STATUS(sim_buffer_append_text(&head, status_line), SIM_OK);
    for (int line = 0; line < LINES; line++) {
        char *place = NULL;
        CHECK_STATUS(sim_buffer_reserve(&head, LINE, &place), SIM_OK);
        memset(place, 'x', LINE);
        memcpy(place, "X-Many: ", 8);
        memcpy(place + LINE - 2, "\r\n", 2);
        sim_buffer_commit(&head, LINE);
    }
    answer.bytes = head.data;
    answer.length = head.length;
    if (CHECK(talk_begin(&talk, &answer, 1))) {
        request = talk_request(&talk, "/x", "body");
        /* libcurls with a limit of their own (300 KiB) have words for it, and no code. */
        if (talk_perform(talk.session, &request, &got) != SIM_LIMIT) {
            CHECK_STATUS(got.status, SIM_AMBIGUOUS);
            CHECK(strstr(got.error.message, "headers") != NULL);
        }
        talk_end(&talk);
    }
    sim_buffer_fini(&head);
}

/* ---- redirects, seen by a proxy, so that hosts may have names ---- */

#define MOVED(status, location)                                                                    \
    "HTTP/1.1 " status " Moved\r\nLocation: " location "\r\nContent-Length: 0\r\n\r\n"

static void redirects_are_followed_on_the_same_site_alone(void)
{
    static const struct script_answer answers[] = {
        {.path = "http://sim.test/run", .bytes = MOVED("307", "http://www.sim.test/run")},
        {.path = "http://www.sim.test/run", .bytes = HEAD("4") "here"},
        {.path = "http://sim.test/relative", .bytes = MOVED("302", "/v2/relative")},
        {.path = "http://sim.test/v2/relative", .bytes = HEAD("4") "here"},
        {.path = "http://sim.test/away", .bytes = MOVED("307", "http://evil.test/away")},
        {.path = "http://sim.test/again", .bytes = MOVED("307", "http://sim.test/again")},
        {.path = "http://sim.test/other", .bytes = MOVED("307", "http://sim.test/elsewhere")},
        {.path = "http://sim.test/see", .bytes = MOVED("303", "http://sim.test/v2/see")},
        {.path = "http://sim.test/odd", .bytes = MOVED("307", "ftp://sim.test/odd")},
        {.path = "http://sim.test/no", .bytes = "HTTP/1.1 302 F\r\nContent-Length: 0\r\n\r\n"},
        {.path = "http://sim.test/300", .bytes = MOVED("300", "/v2/300")},
    };
    static const struct {
        const char *path;
        long http_status;
        bool refused;
        const char *host;
        unsigned requests;
    } rows[] = {
        {"/run", 200, false, "", 2},          {"/relative", 200, false, "", 2},
        {"/away", 307, true, "evil.test", 1}, {"/again", 307, true, "sim.test", 1},
        {"/other", 307, true, "sim.test", 1}, {"/see", 303, true, "sim.test", 1},
        {"/odd", 307, true, "sim.test", 1},   {"/no", 302, false, "", 1},
        {"/300", 300, true, "sim.test", 1},
    };
    struct talk talk;

    if (!CHECK(talk_begin(&talk, answers, COUNT(answers))))
        return;
    (void)setenv("http_proxy", talk.base, 1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_request request = talk_request(&talk, rows[i].path, "body");
        unsigned before = script_requests(talk.script);
        struct talk_answer answer;
        check_row = rows[i].path;
        request.base = TEXT("http://sim.test");
        CHECK_STATUS(talk_perform(talk.session, &request, &answer), SIM_OK);
        CHECK_INT(answer.http_status, rows[i].http_status);
        CHECK_INT(answer.refused_redirect, rows[i].refused);
        CHECK_TEXT(text_of(answer.redirect_host), rows[i].host);
        CHECK_INT(script_requests(talk.script) - before, rows[i].requests);
    }
    CHECK(strstr(script_request(talk.script, 1), "\r\n\r\nbody") != NULL); /* sent on whole */
    (void)unsetenv("http_proxy");
    talk_end(&talk);
}

static void a_base_that_moved_for_good_is_asked_at_once_next_time(void)
{
    static const struct script_answer answers[] = {
        {.path = "http://sim.test/", .bytes = MOVED("308", "http://www.sim.test/x")},
        {.path = "http://www.sim.test/", .bytes = HEAD("4") "here"},
    };
    struct talk_answer answer;
    struct sim_request request;
    struct talk talk;

    if (!CHECK(talk_begin(&talk, answers, COUNT(answers))))
        return;
    (void)setenv("http_proxy", talk.base, 1);
    request = talk_request(&talk, "/x", "body");
    request.base = TEXT("http://sim.test");
    CHECK_STATUS(talk_perform(talk.session, &request, &answer), SIM_OK);
    CHECK_INT(script_requests(talk.script), 2);
    CHECK_STATUS(talk_perform(talk.session, &request, &answer), SIM_OK);
    CHECK_INT(script_requests(talk.script), 3);
    CHECK_TEXT(text_of(answer.body), "here");
    CHECK(strncmp(script_request(talk.script, 2), "POST http://www.sim.test/x ", 27) == 0);
    (void)unsetenv("http_proxy");
    talk_end(&talk);
}

/* ---- odds and ends ---- */

static void what_is_not_there_can_be_let_go(void)
{
    sim_session_release(NULL);
    sim_exchange_finish(NULL);
}

static const struct check_test tests[] = {
    TEST(a_request_is_sent_as_it_was_given),
    TEST(what_is_no_url_is_not_sent_anywhere),
    TEST(whole_answers_are_read_whole),
    TEST(half_an_answer_leaves_the_requests_fate_in_doubt),
    TEST(a_failure_before_the_request_is_told_apart),
    TEST(a_body_has_a_limit),
    TEST(a_promised_length_is_a_hint),
    TEST(heads_have_a_limit),
    TEST(redirects_are_followed_on_the_same_site_alone),
    TEST(a_base_that_moved_for_good_is_asked_at_once_next_time),
    TEST(what_is_not_there_can_be_let_go),
};

CHECK_MAIN(tests)
