/* A whole answer thrown at an exchange: it ends in a status or in a failure, within its limits, and
 * no request goes out that should not.
 *
 * Input: a letter whose bits choose (@ none, A POST, B stream, D a small limit, H two exchanges in
 * turn: see below), then what the server says (wire.h). */
#include "core/http.h"

#include "core/redirect.h"
#include "wire.h"

enum { POST = 1, STREAM = 2, SMALL = 4, TWICE = 8 };
enum { LIMIT = 64 * 1024, SMALL_LIMIT = 16, SILENCE_MS = 5 };

static const char *const headers[] = {"X-API-Key: sk-0123456789", "Accept: application/json"};

static struct sim_text text_of(const char *string)
{
    return (struct sim_text){string, strlen(string)};
}

static void check_answer(struct sim_exchange *x, bool done, size_t limit)
{
    struct sim_text reason = sim_exchange_reason(x), value = {"", 0}, host;
    long status = sim_exchange_http_status(x);

    CHECK(!done || (status >= 200 && status <= 999));
    CHECK(sim_exchange_body(x)->length <= limit);
    CHECK(reason.length <= 1024 * 1024);
    (void)sim_exchange_header(x, "Retry-After", &value);
    if (sim_exchange_redirect_refusal(x, &host) != NULL)
        CHECK(done && status >= 300 && status < 400);
}

/* Runs one exchange; false when it failed. */
static bool run(struct sim_session *session, unsigned choice, unsigned *hops)
{
    struct sim_request request = {
        .is_post = (choice & POST) != 0,
        .base = text_of("http://127.0.0.1:8080/prefix"),
        .path = text_of("/api/run"),
        .headers = headers,
        .header_count = sizeof headers / sizeof *headers,
        .body = text_of("{\"input\":{}}"),
        .timeouts = {.connect_ms = 1000, .read_ms = SILENCE_MS, .total_ms = 5000},
        .response_limit = choice & SMALL ? SMALL_LIMIT : LIMIT,
        .stream_type = choice & STREAM ? "text/event-stream" : NULL,
    };
    struct sim_exchange *x = NULL;
    struct sim_error error = {SIM_OK, ""};
    bool done = false;
    enum sim_status status = sim_exchange_start(session, &request, &x, &error);

    CHECK(status == SIM_OK && x != NULL);
    while (status == SIM_OK && !done) {
        status = sim_exchange_step(x, &done, &error);
        check_answer(x, done, sim_exchange_is_stream(x) ? SIZE_MAX : request.response_limit);
        if (sim_exchange_is_stream(x))
            sim_buffer_clear(sim_exchange_body(x));
    }
    CHECK(status == error.status && (status == SIM_OK || error.message[0] != '\0'));
    CHECK(strstr(error.message, "sk-0123456789") == NULL);
    CHECK(status == SIM_OK || status == SIM_LIMIT || status == SIM_TIMED_OUT ||
          status == SIM_NOT_SENT || status == SIM_AMBIGUOUS);
    CHECK(status != SIM_LIMIT || sim_exchange_was_sent(x));
    *hops += SIM_REDIRECT_MOST + 1;
    if (status == SIM_OK && (choice & STREAM))
        sim_exchange_drain(x);
    sim_exchange_finish(x);
    return status == SIM_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    unsigned choice = fuzz_byte(&input), most_requests = 0;
    struct sim_text script = fuzz_rest(&input);
    struct sim_session *session = sim_http_session_new();

    CHECK(session != NULL);
    wire_begin(script);
    (void)run(session, choice, &most_requests);
    if ((choice & TWICE) && !(choice & POST))
        (void)run(session, choice, &most_requests);
    sim_session_release(session);
    CHECK(wire_end() <= most_requests);
    fuzz_free(script);
    return 0;
}
