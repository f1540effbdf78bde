/* Exchanges without memory: each allocation of the core, then each of libcurl's, refused in turn.
 *
 * Whatever fails, the exchange can be finished, nothing leaks (the sanitizer says so), and the
 * session serves the next exchange. */
#include "core/http.h"

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "check.h"
#include "talk.h"

/* ---- libcurl's allocations ---- */

static atomic_long allowed = -1; /* as in memory.c */
static atomic_int was_refused;

static bool may_allocate(void)
{
    if (atomic_load(&allowed) < 0 || atomic_fetch_sub(&allowed, 1) > 0)
        return true;
    atomic_store(&was_refused, 1);
    return false;
}

static void *hook_malloc(size_t size)
{
    return may_allocate() ? malloc(size) : NULL;
}

static void *hook_calloc(size_t count, size_t size)
{
    return may_allocate() ? calloc(count, size) : NULL;
}

static void *hook_realloc(void *block, size_t size)
{
    return may_allocate() ? realloc(block, size) : NULL;
}

static char *hook_strdup(const char *text)
{
    return may_allocate() ? strdup(text) : NULL;
}

static void refuse_libcurl(long after)
{
    atomic_store(&was_refused, 0);
    atomic_store(&allowed, after);
}

/* ---- scenarios ---- */

static const struct script_answer answers[] = {
    {.path = "http://sim.test/moved",
     .bytes = "HTTP/1.1 308 Moved\r\nLocation: http://www.sim.test/moved\r\n"
              "Content-Length: 0\r\n\r\n"},
    {.path = "http://", .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
    {.path = "/",
     .bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Field: x\r\n\r\n"
              "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"},
};

static const char *const headers[] = {"X-Key: one", "X-Other: two"};

static struct talk talk;

static enum sim_status perform(struct sim_session *session, const char *base, const char *path,
                               const char *body)
{
    struct sim_request request = talk_request(&talk, path, body);
    struct talk_answer answer;

    if (base != NULL)
        request.base = text_of(base);
    request.headers = headers;
    request.header_count = COUNT(headers);
    if (talk_perform(session, &request, &answer) == SIM_OK)
        CHECK_TEXT(text_of(answer.body), "hello"); /* in full, or a failure */
    else
        CHECK(answer.error.message[0] != '\0');
    return answer.status;
}

/* A new session: a connection, the same again, another. */
static enum sim_status exchange_twice(void)
{
    struct sim_session *session = sim_http_session_new();
    enum sim_status status = SIM_NO_MEMORY;

    if (session != NULL)
        status = perform(session, NULL, "/get", NULL);
    if (status == SIM_OK)
        status = perform(session, NULL, "/post", "body");
    if (session != NULL && status != SIM_OK)
        CHECK_STATUS(perform(session, NULL, "/after", "body"), SIM_OK);
    sim_session_release(session);
    return status;
}

/* A redirect of a proxy's to another host. */
static enum sim_status follow_redirect(void)
{
    struct sim_session *session = sim_http_session_new();
    enum sim_status status = SIM_NO_MEMORY;

    (void)setenv("http_proxy", talk.base, 1);
    if (session != NULL)
        status = perform(session, "http://sim.test", "/moved", "body");
    if (session != NULL && status != SIM_OK)
        CHECK_STATUS(perform(session, "http://sim.test", "/moved", "body"), SIM_OK);
    (void)unsetenv("http_proxy");
    sim_session_release(session);
    return status;
}

/* The core's own statuses are SIM_NO_MEMORY, but for the memory of a move: without it nothing is
 * noted, and the next exchange is redirected again. */
static enum sim_status follow_redirect_and_forget_it(void)
{
    enum sim_status status = follow_redirect();

    return status == SIM_OK && sim_memory_has_failed() != 0 ? SIM_NO_MEMORY : status;
}

static enum sim_status (*const scenarios[])(void) = {exchange_twice, follow_redirect};

/* ---- tests ---- */

/* Before anything else starts libcurl: its first initialisation takes the hooks. */
static bool begin(void)
{
    return CHECK(curl_global_init_mem(CURL_GLOBAL_DEFAULT, hook_malloc, free, hook_realloc,
                                      hook_strdup, hook_calloc) == CURLE_OK) &&
           CHECK(talk_begin(&talk, answers, COUNT(answers)));
}

static void end(void)
{
    talk_end(&talk);
    curl_global_cleanup();
}

static void without_memory_of_the_core_an_exchange_fails_cleanly(void)
{
    if (!begin())
        return;
    CHECK(check_every_refusal(exchange_twice) > 5);
    CHECK(check_every_refusal(follow_redirect_and_forget_it) > 5);
    end();
}

/* libcurl has many words for its lack of memory; what counts is that it never hangs, and that a
 * result is whole where there is one. */
static void without_memory_of_libcurl_an_exchange_fails_cleanly(void)
{
    if (!begin())
        return;
    for (size_t i = 0; i < COUNT(scenarios); i++) {
        long count = 0;
        enum sim_status status = SIM_NO_MEMORY;
        for (bool goes_on = true; goes_on; count++) {
            refuse_libcurl(count);
            status = scenarios[i]();
            goes_on = atomic_load(&was_refused) != 0;
            refuse_libcurl(-1);
            CHECK(status != SIM_TIMED_OUT && status != SIM_BAD_INPUT);
        }
        CHECK_STATUS(status, SIM_OK);
        CHECK(count > 20); /* there was much to refuse */
    }
    end();
}

static const struct check_test tests[] = {
    TEST(without_memory_of_the_core_an_exchange_fails_cleanly),
    TEST(without_memory_of_libcurl_an_exchange_fails_cleanly),
};

CHECK_MAIN(tests)
