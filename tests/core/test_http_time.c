/* Exchanges in time: deadlines, signals, and streams that are read as they arrive. */
#include "core/http.h"

#include <signal.h>
#include <sys/time.h>

#include "core/clock.h"
#include "check.h"
#include "talk.h"

#define HEAD(length) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n"

/* ---- time ---- */

static void silence_ends_an_exchange(void)
{
    static const struct script_answer answers[] = {
        {.path = "/half", .bytes = HEAD("5") "he"},
        {.path = "/drip", .bytes = HEAD("5") "he", .later = "llo", .pause_ms = 1500},
    };
    static const struct {
        const char *path;
        struct sim_timeouts timeouts;
        const char *said;
        int64_t least_ms;
    } rows[] = {
        {"/silent", {.read_ms = 150}, "silent for too long", 149},
        {"/half", {.read_ms = 150}, "silent for too long", 149},
        {"/silent", {.total_ms = 150}, "took too long", 149},
        {"/drip", {.read_ms = 60000, .total_ms = 250}, "took too long", 249},
    };
    struct talk talk;

    if (!CHECK(talk_begin(&talk, answers, COUNT(answers))))
        return;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_request request = talk_request(&talk, rows[i].path, "body");
        struct talk_answer answer;
        int64_t started_ms = sim_clock_monotonic_ms();
        check_row = rows[i].path;
        request.timeouts = rows[i].timeouts;
        CHECK_STATUS(talk_perform(talk.session, &request, &answer), SIM_TIMED_OUT);
        CHECK(strstr(answer.error.message, rows[i].said) != NULL);
        CHECK(sim_clock_monotonic_ms() - started_ms >= rows[i].least_ms);
        CHECK(answer.was_sent);
    }
    talk_end(&talk);
}

/* A server that takes the connection and says nothing of TLS keeps us in the connecting phase. */
static void a_connection_has_a_time_of_its_own(void)
{
    struct talk_answer answer;
    struct sim_request request;
    struct talk talk;
    char base[64];

    if (!CHECK(talk_begin(&talk, NULL, 0)))
        return;
    (void)snprintf(base, sizeof base, "https://127.0.0.1:%u", script_port(talk.script));
    request = talk_request(&talk, "/x", "body");
    request.base = text_of(base);
    request.timeouts = (struct sim_timeouts){.connect_ms = 150, .read_ms = 60000};
    CHECK_STATUS(talk_perform(talk.session, &request, &answer), SIM_TIMED_OUT);
    CHECK(strstr(answer.error.message, "No connection") != NULL);
    CHECK(!answer.was_sent);
    talk_end(&talk);
}

static void pauses_shorter_than_the_silence_are_no_failure(void)
{
    static const struct script_answer answers[] = {
        {.path = "/", .bytes = HEAD("5") "he", .later = "llo", .pause_ms = 250},
    };
    struct talk_answer answer;
    struct sim_request request;
    struct talk talk;

    if (!CHECK(talk_begin(&talk, answers, COUNT(answers))))
        return;
    request = talk_request(&talk, "/x", NULL);
    request.timeouts = (struct sim_timeouts){0}; /* no bounds at all */
    CHECK_STATUS(talk_perform(talk.session, &request, &answer), SIM_OK);
    CHECK_TEXT(text_of(answer.body), "hello");
    talk_end(&talk);
}

/* The part for connecting is over when the request goes out, with a body or without one. */
static void waiting_for_the_answer_is_not_connecting(void)
{
    static const struct script_answer answers[] = {
        {.path = "/", .bytes = "", .later = HEAD("5") "hello", .pause_ms = 500},
    };
    static const char *const bodies[] = {NULL, "body"};
    struct talk talk;

    if (!CHECK(talk_begin(&talk, answers, COUNT(answers))))
        return;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct sim_request request = talk_request(&talk, "/x", bodies[i]);
        struct talk_answer answer;
        request.timeouts.connect_ms = 250;
        CHECK_STATUS(talk_perform(talk.session, &request, &answer), SIM_OK);
        CHECK_TEXT(text_of(answer.body), "hello");
        CHECK(answer.was_sent);
    }
    talk_end(&talk);
}

/* A caller that comes back late finds what has come meanwhile, and that was no silence. */
static void what_came_while_the_caller_was_away_is_no_silence(void)
{
    static const struct script_answer answers[] = {
        {.path = "/", .bytes = HEAD("9") "he", .later = "llo", .pause_ms = 300},
    };
    struct sim_exchange *exchange = NULL;
    struct sim_request request;
    bool done = false;
    struct talk talk;

    if (!CHECK(talk_begin(&talk, answers, COUNT(answers))))
        return;
    request = talk_request(&talk, "/x", "body");
    request.timeouts.read_ms = 600;
    CHECK_STATUS(sim_exchange_start(talk.session, &request, &exchange, NULL), SIM_OK);
    while (sim_exchange_body(exchange)->length == 0)
        if (!CHECK_STATUS(sim_exchange_step(exchange, &done, NULL), SIM_OK))
            break;
    sim_clock_sleep_ms(1000);
    CHECK_STATUS(sim_exchange_step(exchange, &done, NULL), SIM_OK);
    CHECK_TEXT(text_of(sim_exchange_body(exchange)->data), "hello");
    CHECK_STATUS(talk_wait(exchange, NULL), SIM_TIMED_OUT); /* now it is one */
    sim_exchange_finish(exchange);
    talk_end(&talk);
}

static void on_signal(int number)
{
    (void)number;
}

/* Whoever steps can look at a signal long before the step would have ended. */
static void a_signal_ends_a_step(void)
{
    static const struct itimerval soon = {{0, 0}, {0, 10000}};
    struct sigaction action = {.sa_handler = on_signal}, before;
    struct sim_exchange *exchange = NULL;
    struct sim_request request;
    int64_t best_ms = SIM_HTTP_STEP_MS;
    bool done = false;
    struct talk talk;

    if (!CHECK(talk_begin(&talk, NULL, 0)))
        return;
    CHECK(sigaction(SIGALRM, &action, &before) == 0);
    request = talk_request(&talk, "/silent", NULL);
    CHECK_STATUS(sim_exchange_start(talk.session, &request, &exchange, NULL), SIM_OK);
    CHECK_STATUS(sim_exchange_step(exchange, &done, NULL), SIM_OK); /* connects */
    for (int tries = 0; tries < 10 && best_ms > 80; tries++) {
        int64_t started_ms = sim_clock_monotonic_ms(), took_ms;
        CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
        CHECK_STATUS(sim_exchange_step(exchange, &done, NULL), SIM_OK);
        took_ms = sim_clock_monotonic_ms() - started_ms;
        best_ms = took_ms < best_ms ? took_ms : best_ms;
    }
    CHECK(!done);
    CHECK(best_ms <= 80);
    sim_exchange_finish(exchange);
    CHECK(sigaction(SIGALRM, &before, NULL) == 0);
    talk_end(&talk);
}

/* ---- streams ---- */

#define STREAM_HEAD(status, type, length)                                                          \
    "HTTP/1.1 " status "\r\nContent-Type: " type "\r\nContent-Length: " length "\r\n\r\n"

static void a_stream_is_seen_as_it_arrives(void)
{
    static const struct script_answer answers[] = {
        {.path = "/",
         .bytes = STREAM_HEAD("200 OK", "text/x-test; charset=utf-8", "10") "hello",
         .later = "world",
         .pause_ms = 300},
    };
    struct sim_exchange *exchange = NULL;
    struct sim_request request;
    struct sim_buffer *body;
    bool done = false;
    struct talk talk;

    if (!CHECK(talk_begin(&talk, answers, COUNT(answers))))
        return;
    request = talk_request(&talk, "/x", NULL);
    request.stream_type = "text/x-test";
    request.response_limit = 1; /* of a stream there is no whole */
    CHECK_STATUS(sim_exchange_start(talk.session, &request, &exchange, NULL), SIM_OK);
    CHECK(!sim_exchange_is_stream(exchange));
    body = sim_exchange_body(exchange);
    while (!done && body->length == 0)
        CHECK_STATUS(sim_exchange_step(exchange, &done, NULL), SIM_OK);
    CHECK(sim_exchange_is_stream(exchange));
    CHECK(!done);
    CHECK_BUFFER(*body, "hello");
    sim_buffer_clear(body);
    CHECK_STATUS(talk_wait(exchange, NULL), SIM_OK);
    CHECK_BUFFER(*body, "world");
    sim_exchange_finish(exchange);
    talk_end(&talk);
}

static void a_stream_is_what_says_so_and_succeeds(void)
{
    static const struct script_answer answers[] = {
        {.path = "/type", .bytes = STREAM_HEAD("200 OK", "text/plain", "5") "hello"},
        {.path = "/status", .bytes = STREAM_HEAD("500 Oh", "text/x-test", "5") "hello"},
        {.path = "/none", .bytes = HEAD("5") "hello"},
    };
    static const char *const paths[] = {"/type", "/status", "/none"};
    struct talk talk;

    if (!CHECK(talk_begin(&talk, answers, COUNT(answers))))
        return;
    for (size_t i = 0; i < COUNT(paths); i++) {
        for (size_t limit = 4; limit <= 5; limit++) {
            struct sim_request request = talk_request(&talk, paths[i], NULL);
            struct talk_answer answer;
            check_row = paths[i];
            request.stream_type = "text/x-test";
            request.response_limit = limit;
            CHECK_STATUS(talk_perform(talk.session, &request, &answer),
                         limit < 5 ? SIM_LIMIT : SIM_OK);
        }
    }
    talk_end(&talk);
}

/* Whoever reads slowly keeps the server waiting instead of the memory growing. */
static void a_step_takes_so_much_of_a_stream_and_no_more(void)
{
    enum { SIZE = 2000000, MOST_AT_ONCE = 640 * 1024 };
    struct script_answer answer = {.path = "/"};
    struct sim_exchange *exchange = NULL;
    struct sim_buffer bytes;
    struct sim_request request;
    struct talk talk;
    size_t total = 0, most = 0;
    bool done = false;
    char *place = NULL;

    sim_buffer_init(&bytes, SIZE_MAX);
    CHECK_STATUS(sim_buffer_append_text(&bytes, STREAM_HEAD("200 OK", "text/x-test", "2000000")),
                 SIM_OK);
    CHECK_STATUS(sim_buffer_reserve(&bytes, SIZE, &place), SIM_OK);
    memset(place, 'x', SIZE);
    sim_buffer_commit(&bytes, SIZE);
    answer.bytes = bytes.data;
    answer.length = bytes.length;
    if (CHECK(talk_begin(&talk, &answer, 1))) {
        request = talk_request(&talk, "/x", NULL);
        request.stream_type = "text/x-test";
        CHECK_STATUS(sim_exchange_start(talk.session, &request, &exchange, NULL), SIM_OK);
        while (!done && CHECK_STATUS(sim_exchange_step(exchange, &done, NULL), SIM_OK)) {
            struct sim_buffer *body = sim_exchange_body(exchange);
            most = body->length > most ? body->length : most;
            total += body->length;
            sim_buffer_clear(body);
        }
        CHECK_INT(total, SIZE);
        CHECK(most <= MOST_AT_ONCE);
        sim_exchange_finish(exchange);
        talk_end(&talk);
    }
    sim_buffer_fini(&bytes);
}

static const struct check_test tests[] = {
    TEST(silence_ends_an_exchange),
    TEST(a_connection_has_a_time_of_its_own),
    TEST(pauses_shorter_than_the_silence_are_no_failure),
    TEST(waiting_for_the_answer_is_not_connecting),
    TEST(what_came_while_the_caller_was_away_is_no_silence),
    TEST(a_signal_ends_a_step),
    TEST(a_stream_is_seen_as_it_arrives),
    TEST(a_stream_is_what_says_so_and_succeeds),
    TEST(a_step_takes_so_much_of_a_stream_and_no_more),
};

CHECK_MAIN(tests)
