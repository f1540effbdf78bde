/* Connections: when one is kept, when a new one is made, what dies with it, and forks. */
#include "core/lane.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "check.h"
#include "talk.h"

#undef curl_easy_setopt

/* Stands before libcurl's own; settable to be that of a TLS without directories of certificates. */
static bool takes_directories = true;

CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
    CURLcode (*set)(CURL *, CURLoption, ...) = NULL;
    va_list arguments;
    CURLcode code;

    if (!takes_directories && (option == CURLOPT_CAPATH || option == CURLOPT_PROXY_CAPATH))
        return CURLE_NOT_BUILT_IN;
    *(void **)&set = dlsym(RTLD_NEXT, "curl_easy_setopt");
    va_start(arguments, option);
    if (option >= CURLOPTTYPE_OFF_T)
        code = set(easy, option, va_arg(arguments, curl_off_t));
    else if (option >= CURLOPTTYPE_OBJECTPOINT)
        code = set(easy, option, va_arg(arguments, void *));
    else
        code = set(easy, option, va_arg(arguments, long));
    va_end(arguments);
    return code;
}

#define HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static const struct script_answer hello[] = {{.path = "/", .bytes = HELLO}};

/* One exchange that must succeed. */
static void perform_well(const struct talk *talk, const char *path, const char *body)
{
    struct sim_request request = talk_request(talk, path, body);
    struct talk_answer answer;

    CHECK_STATUS(talk_perform(talk->session, &request, &answer), SIM_OK);
    CHECK_TEXT(text_of(answer.body), "hello");
}

static struct sim_exchange *start(const struct talk *talk, const char *path)
{
    struct sim_request request = talk_request(talk, path, NULL);
    struct sim_exchange *exchange = NULL;

    CHECK_STATUS(sim_exchange_start(talk->session, &request, &exchange, NULL), SIM_OK);
    return exchange;
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/* The talk, NULL where it failed. */
static void *start_first_exchange(void *context)
{
    struct talk *talk = context;
    struct sim_request request = talk_request(talk, "/first", NULL);
    struct talk_answer answer;

    return talk_perform(talk->session, &request, &answer) == SIM_OK ? talk : NULL;
}

/* In a process that has not used libcurl: forks while a thread starts it. */
static int fork_during_the_first_start(struct talk *talk)
{
    pthread_t thread;
    void *succeeded = NULL;
    int status = -1;
    pid_t child;

    if (pthread_create(&thread, NULL, start_first_exchange, talk) != 0)
        return 1;
    child = fork();
    if (child == 0) {
        (void)alarm(60); /* ends a child that waits for ever */
        check_leave(start_first_exchange(talk) != NULL ? 0 : 1);
    }
    (void)waitpid(child, &status, 0);
    (void)pthread_join(thread, &succeeded);
    return status == 0 && succeeded != NULL ? 0 : 1;
}

/* Must be the first test: what is started is started once. Not for a build with Address- or
 * ThreadSanitizer: a fork beside other threads leaves their own locks held in the child, and threads
 * that the child starts confuse the second. */
static void a_fork_while_libcurl_starts_leaves_no_lock_behind(void)
{
    enum { TRIES = 20 };
    struct talk talk;

    if (!CHECK(talk_begin(&talk, hello, COUNT(hello))))
        return;
    (void)fflush(stdout);
    for (int i = 0; i < TRIES; i++) {
        int status = -1;
        pid_t fresh = fork();
        if (fresh == 0)
            check_leave(fork_during_the_first_start(&talk));
        CHECK(fresh > 0 && waitpid(fresh, &status, 0) == fresh);
        CHECK_INT(status, 0);
    }
    talk_end(&talk);
}
#endif

static void a_connection_serves_again(void)
{
    struct talk talk;

    if (!CHECK(talk_begin(&talk, hello, COUNT(hello))))
        return;
    for (int i = 0; i < 5; i++)
        perform_well(&talk, "/x", i % 2 == 0 ? "body" : NULL);
    CHECK_INT(script_connections(talk.script), 1);
    sim_session_close(talk.session);
    perform_well(&talk, "/x", NULL);
    CHECK_INT(script_connections(talk.script), 2);
    talk_end(&talk);
}

static void headers_are_those_of_the_request_under_way(void)
{
    static const char *const one[] = {"X-Key: one", "X-Same: 1"};
    static const char *const two[] = {"X-Key: two", "X-Same: 1"};
    static const struct {
        const char *const *headers;
        size_t count;
        const char *there, *not_there;
    } rows[] = {
        {one, 2, "X-Key: one\r\nX-Same: 1\r\n", "two"},
        {one, 2, "X-Key: one\r\nX-Same: 1\r\n", "two"},
        {two, 2, "X-Key: two\r\nX-Same: 1\r\n", "one"},
        {two, 1, "X-Key: two\r\n", "X-Same"},
        {two, 2, "X-Key: two\r\nX-Same: 1\r\n", "one"},
        {NULL, 0, "Host: ", "X-Key"},
        {one, 1, "X-Key: one\r\n", "X-Same"},
    };
    struct talk talk;

    if (!CHECK(talk_begin(&talk, hello, COUNT(hello))))
        return;
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct sim_request request = talk_request(&talk, "/x", NULL);
        struct talk_answer answer;
        const char *sent;
        request.headers = rows[i].headers;
        request.header_count = rows[i].count;
        CHECK_STATUS(talk_perform(talk.session, &request, &answer), SIM_OK);
        sent = script_request(talk.script, i);
        check_row = sent;
        CHECK(strstr(sent, rows[i].there) != NULL);
        CHECK(strstr(sent, rows[i].not_there) == NULL);
    }
    talk_end(&talk);
}

static void a_tls_without_directories_of_certificates_does_without(void)
{
    struct sim_request request;
    struct talk_answer answer;
    struct talk talk;

    if (!CHECK(talk_begin(&talk, hello, COUNT(hello))))
        return;
    takes_directories = false;
    perform_well(&talk, "/x", NULL);
    request = talk_request(&talk, "/x", NULL);
    request.trust = (struct sim_trust){.directory = "/etc", .source = "SSL_CERT_DIR"};
    CHECK_STATUS(talk_perform(talk.session, &request, &answer), SIM_NOT_SENT);
    CHECK(strstr(answer.error.message, "takes no certificates from SSL_CERT_DIR") != NULL);
    CHECK_INT(script_requests(talk.script), 1);
    takes_directories = true;
    CHECK_STATUS(talk_perform(talk.session, &request, &answer), SIM_OK);
    talk_end(&talk);
}

/* A connection that dies under a request: the request may have been served. */
static void a_post_is_never_sent_twice(void)
{
    static const struct {
        const char *bytes;
        enum script_end end;
    } rows[] = {{"", SCRIPT_CLOSE}, {"", SCRIPT_RESET}, {"HTTP/1.1 2", SCRIPT_CLOSE}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int is_empty = 0; is_empty < 2; is_empty++) {
            const struct script_answer answers[] = {
                {.path = "/dies", .bytes = rows[i].bytes, .end = rows[i].end},
                {.path = "/", .bytes = HELLO},
            };
            struct talk_answer answer;
            struct sim_request request;
            struct talk talk;
            if (!CHECK(talk_begin(&talk, answers, COUNT(answers))))
                return;
            perform_well(&talk, "/warm", NULL);
            request = talk_request(&talk, "/dies", is_empty ? "" : "body");
            CHECK_STATUS(talk_perform(talk.session, &request, &answer), SIM_AMBIGUOUS);
            CHECK_INT(script_requests(talk.script), 2);
            perform_well(&talk, "/after", "body");
            CHECK_INT(script_requests(talk.script), 3);
            talk_end(&talk);
        }
    }
}

static void a_get_may_be_sent_again(void)
{
    static const struct script_answer answers[] = {
        {.path = "/dies", .bytes = "", .end = SCRIPT_CLOSE, .times = 1},
        {.path = "/", .bytes = HELLO},
    };
    struct talk talk;

    if (!CHECK(talk_begin(&talk, answers, COUNT(answers))))
        return;
    perform_well(&talk, "/warm", NULL);
    perform_well(&talk, "/dies", NULL);
    CHECK_INT(script_requests(talk.script), 3);
    CHECK_INT(script_connections(talk.script), 2);
    talk_end(&talk);
}

/* What a server says or does on an idle connection is noticed before the next request. */
static void an_idle_connection_that_is_not_quiet_is_left(void)
{
    static const struct {
        const char *later;
        enum script_end end;
    } rows[] = {
        {"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n", SCRIPT_KEEP},
        {"", SCRIPT_CLOSE},
        {"", SCRIPT_RESET},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct script_answer answers[] = {
            {
                .path = "/warm",
                .bytes = HELLO,
                .later = rows[i].later,
                .pause_ms = 50,
                .end = rows[i].end,
            },
            {.path = "/", .bytes = HELLO},
        };
        struct talk talk;
        if (!CHECK(talk_begin(&talk, answers, COUNT(answers))))
            return;
        perform_well(&talk, "/warm", NULL);
        sim_clock_sleep_ms(250);
        perform_well(&talk, "/next", "body");
        CHECK_INT(script_connections(talk.script), 2);
        CHECK_INT(script_requests(talk.script), 2);
        talk_end(&talk);
    }
}

static void so_many_idle_connections_are_kept(void)
{
    for (unsigned in_use = SIM_HTTP_MOST_IDLE; in_use <= SIM_HTTP_MOST_IDLE + 1; in_use++) {
        struct sim_exchange *exchanges[SIM_HTTP_MOST_IDLE + 1];
        struct talk talk;
        if (!CHECK(talk_begin(&talk, hello, COUNT(hello))))
            return;
        for (int round = 0; round < 2; round++) {
            for (unsigned i = 0; i < in_use; i++) {
                exchanges[i] = start(&talk, "/x");
                CHECK_STATUS(talk_wait(exchanges[i], NULL), SIM_OK);
            }
            for (unsigned i = 0; i < in_use; i++)
                sim_exchange_finish(exchanges[i]);
        }
        CHECK_INT(script_connections(talk.script),
                  in_use + (in_use > SIM_HTTP_MOST_IDLE ? in_use - SIM_HTTP_MOST_IDLE : 0));
        talk_end(&talk);
    }
}

static void an_exchange_given_up_takes_its_connection_along(void)
{
    static const struct script_answer answers[] = {{.path = "/x", .bytes = HELLO}};
    struct talk talk;
    struct sim_exchange *exchange;
    bool done = false;

    if (!CHECK(talk_begin(&talk, answers, COUNT(answers))))
        return;
    sim_exchange_finish(start(&talk, "/x")); /* before anything was sent */
    CHECK_INT(script_connections(talk.script), 0);
    exchange = start(&talk, "/silent");
    while (!sim_exchange_was_sent(exchange))
        CHECK_STATUS(sim_exchange_step(exchange, &done, NULL), SIM_OK);
    CHECK_INT(sim_exchange_http_status(exchange), 0);
    sim_exchange_finish(exchange);
    perform_well(&talk, "/x", NULL);
    CHECK_INT(script_connections(talk.script), 2);
    talk_end(&talk);
}

static void a_drained_exchange_keeps_its_connection(void)
{
    static const struct script_answer answers[] = {
        {.path = "/long",
         .bytes = "HTTP/1.1 200 OK\r\nContent-Type: text/x-test\r\nContent-Length: 10\r\n\r\nhello",
         .later = "world",
         .pause_ms = 20},
        {.path = "/", .bytes = HELLO},
    };
    struct sim_request request;
    struct sim_exchange *exchange = NULL;
    bool done = false;
    struct talk talk;

    if (!CHECK(talk_begin(&talk, answers, COUNT(answers))))
        return;
    request = talk_request(&talk, "/long", NULL);
    request.stream_type = "text/x-test";
    CHECK_STATUS(sim_exchange_start(talk.session, &request, &exchange, NULL), SIM_OK);
    while (sim_exchange_body(exchange)->length == 0)
        CHECK_STATUS(sim_exchange_step(exchange, &done, NULL), SIM_OK);
    for (int i = 0; i < 50; i++) /* one is enough on a machine that is not busy */
        sim_exchange_drain(exchange);
    CHECK_STATUS(sim_exchange_step(exchange, &done, NULL), SIM_OK);
    CHECK(done);
    sim_exchange_drain(exchange); /* nothing is left to do */
    sim_exchange_finish(exchange);
    perform_well(&talk, "/x", NULL);
    CHECK_INT(script_connections(talk.script), 1);
    talk_end(&talk);
}

static void a_large_body_is_not_kept(void)
{
    enum { SIZE = 400000 };
    struct script_answer answer = {.path = "/"};
    struct sim_buffer bytes;
    struct sim_exchange *exchange;
    struct talk talk;
    char *place = NULL;

    sim_buffer_init(&bytes, SIZE_MAX);
    CHECK_STATUS(
        sim_buffer_append_text(&bytes, "HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n"),
        SIM_OK);
    CHECK_STATUS(sim_buffer_reserve(&bytes, SIZE, &place), SIM_OK);
    memset(place, 'x', SIZE);
    sim_buffer_commit(&bytes, SIZE);
    answer.bytes = bytes.data;
    answer.length = bytes.length;
    if (CHECK(talk_begin(&talk, &answer, 1))) {
        exchange = start(&talk, "/x");
        CHECK_STATUS(talk_wait(exchange, NULL), SIM_OK);
        CHECK_INT(sim_exchange_body(exchange)->length, SIZE);
        CHECK_INT(sim_exchange_body(exchange)->capacity, SIZE + 1); /* allocated once, in full */
        sim_exchange_finish(exchange);
        exchange = start(&talk, "/x");
        CHECK_INT(sim_exchange_body(exchange)->capacity, 0);
        sim_exchange_finish(exchange);
        talk_end(&talk);
    }
    sim_buffer_fini(&bytes);
}

static void a_session_lives_as_long_as_its_exchanges(void)
{
    struct sim_exchange *exchange;
    struct talk talk;

    if (!CHECK(talk_begin(&talk, hello, COUNT(hello))))
        return;
    exchange = start(&talk, "/x");
    sim_session_close(talk.session);
    sim_session_release(talk.session);
    talk.session = NULL;
    CHECK_STATUS(talk_wait(exchange, NULL), SIM_OK);
    CHECK_BUFFER(*sim_exchange_body(exchange), "hello");
    sim_exchange_finish(exchange);
    talk_end(&talk);
}

/* What a forked child does to what it inherited; its exit status is the number of failed checks. */
static void run_child(struct talk *talk, struct sim_exchange *exchange)
{
    const unsigned before = check_failures;
    struct sim_error error = {SIM_OK, ""};
    bool done = false;

    CHECK_STATUS(sim_exchange_step(exchange, &done, &error), SIM_AMBIGUOUS);
    CHECK(strstr(error.message, "forked") != NULL);
    sim_exchange_finish(exchange);
    perform_well(talk, "/child", "body");
    perform_well(talk, "/child", NULL);
    sim_session_close(talk->session);
    perform_well(talk, "/child", NULL);
    sim_session_release(talk->session);
    (void)fflush(stdout);
    check_leave((int)(check_failures - before));
}

static void a_forked_child_uses_connections_of_its_own(void)
{
    struct sim_exchange *exchange, *other;
    struct talk talk;
    int status = -1;
    pid_t child;

    if (!CHECK(talk_begin(&talk, hello, COUNT(hello))))
        return;
    other = start(&talk, "/other");
    exchange = start(&talk, "/mine");
    CHECK_STATUS(talk_wait(other, NULL), SIM_OK);
    sim_exchange_finish(other); /* one connection is idle, the other not yet made */
    CHECK_INT(script_connections(talk.script), 1);
    (void)fflush(stdout);
    child = fork();
    if (child == 0)
        run_child(&talk, exchange);
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
    CHECK_INT(script_connections(talk.script), 3); /* two in the child */
    CHECK_STATUS(talk_wait(exchange, NULL), SIM_OK);
    CHECK_BUFFER(*sim_exchange_body(exchange), "hello");
    sim_exchange_finish(exchange);
    CHECK_INT(script_connections(talk.script), 4);
    perform_well(&talk, "/parent", NULL); /* on one of the connections from before the fork */
    perform_well(&talk, "/parent", NULL);
    CHECK_INT(script_connections(talk.script), 4);
    talk_end(&talk);
}

static const struct check_test tests[] = {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    TEST(a_fork_while_libcurl_starts_leaves_no_lock_behind),
#endif
    TEST(a_connection_serves_again),
    TEST(headers_are_those_of_the_request_under_way),
    TEST(a_tls_without_directories_of_certificates_does_without),
    TEST(a_post_is_never_sent_twice),
    TEST(a_get_may_be_sent_again),
    TEST(an_idle_connection_that_is_not_quiet_is_left),
    TEST(so_many_idle_connections_are_kept),
    TEST(an_exchange_given_up_takes_its_connection_along),
    TEST(a_drained_exchange_keeps_its_connection),
    TEST(a_large_body_is_not_kept),
    TEST(a_session_lives_as_long_as_its_exchanges),
    TEST(a_forked_child_uses_connections_of_its_own),
};

CHECK_MAIN(tests)
