#include "python/call.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "python/arguments.h"
#include "python/certificates.h"

static const struct pysim_endpoint_row endpoints[] = {
    [PYSIM_EXECUTE] =
        {
            .is_post = true,
            .before = "/api/workflows/",
            .after = "/execute",
            .id_name = "workflow_id",
            .failure = "Failed to execute workflow",
            .code = PYSIM_EXECUTION_ERROR,
            .timeout_message = "Workflow execution timed out after",
            .doubt = PYSIM_RUN_DOUBT,
            .stream_type = "text/event-stream",
        },
    [PYSIM_STATUS] =
        {
            .before = "/api/workflows/",
            .after = "/status",
            .id_name = "workflow_id",
            .failure = "Failed to get workflow status",
            .code = PYSIM_STATUS_ERROR,
            .timeout_message = "Failed to get workflow status: timed out after",
            .doubt = "",
        },
    [PYSIM_JOB] =
        {
            .before = "/api/jobs/",
            .after = "",
            .id_name = "task_id",
            .failure = "Failed to get job status",
            .code = PYSIM_STATUS_ERROR,
            .timeout_message = "Failed to get job status: timed out after",
            .doubt = "",
        },
    [PYSIM_USAGE] =
        {
            .before = "/api/users/me/usage-limits",
            .after = "",
            .failure = "Failed to get usage limits",
            .code = PYSIM_USAGE_ERROR,
            .timeout_message = "Failed to get usage limits: timed out after",
            .doubt = "",
        },
};

enum {
    MOST_HEADERS = 4,
    /* Far above what a server sends for a run. */
    DEFAULT_RESPONSE_LIMIT = 1024 * 1024 * 1024,
};

#define RESPONSE_LIMIT_VARIABLE "SIMSTUDIO_MAX_RESPONSE_BYTES"
#define MOST_RESPONSE_LIMIT ((size_t)PY_SSIZE_T_MAX) /* what a Python object can hold */

#define DEFAULT_TIMEOUT_S 30.0
#define STREAM_SILENCE_S 300.0 /* a server sends nothing while a block without text runs */

int pysim_call_register(struct pysim_state *state)
{
    state->default_timeout = PyFloat_FromDouble(DEFAULT_TIMEOUT_S);
    state->stream_timeout = Py_BuildValue("(dd)", DEFAULT_TIMEOUT_S, STREAM_SILENCE_S);
    state->user_agent = PyBytes_FromString("User-Agent: simstudio-sdk/" SIMSTUDIO_VERSION
                                           " (native; CPython " PY_VERSION ")");
    return state->default_timeout != NULL && state->stream_timeout != NULL &&
                   state->user_agent != NULL
               ? 0
               : -1;
}

/* ---- timeouts ---- */

/* Converts seconds, or None for no bound, to milliseconds. */
static int seconds_to_ms(PyObject *value, const char *name, int64_t *out_ms)
{
    double seconds;

    *out_ms = 0;
    if (value == Py_None)
        return 0;
    if (PyBool_Check(value) || !pysim_arguments_is_number(value)) {
        PyErr_Format(PyExc_TypeError, "%s must be a number of seconds or None, not %.200s", name,
                     Py_TYPE(value)->tp_name);
        return -1;
    }
    /* What a __float__ raises is the caller's own. */
    if (pysim_arguments_number(value, &seconds) < 0)
        return -1;
    if (!(seconds > 0)) { /* NaN as well */
        PyErr_Format(PyExc_ValueError, "%s must be greater than 0 seconds, not %R", name, value);
        return -1;
    }
    /* Rounded up, so that a bound below a millisecond is still a bound. */
    if (seconds < SIM_CLOCK_LONGEST_MS / 1000.0)
        *out_ms = (int64_t)ceil(seconds * 1000.0);
    return 0;
}

int pysim_timeout_parse(struct pysim_state *state, PyObject *timeout, struct pysim_timeout *out)
{
    struct {
        const char *name;
        int64_t *ms;
    } const parts[] = {
        {"timeout's connect part", &out->timeouts.connect_ms},
        {"timeout's read part", &out->timeouts.read_ms},
        {"timeout's total part", &out->timeouts.total_ms},
    };
    const Py_ssize_t most = sizeof parts / sizeof *parts; /* the last one may be left out */
    Py_ssize_t count;

    if (timeout == NULL)
        timeout = state->default_timeout;
    *out = (struct pysim_timeout){.given = timeout};
    if (!PyTuple_Check(timeout)) {
        if (seconds_to_ms(timeout, "timeout", &out->timeouts.connect_ms) < 0)
            return -1;
        out->timeouts.read_ms = out->timeouts.connect_ms;
        return 0;
    }
    count = PyTuple_GET_SIZE(timeout);
    if (count != most && count != most - 1) {
        PyErr_Format(
            PyExc_ValueError,
            "timeout as a tuple is (connect, read) or (connect, read, total), not %zd parts",
            count);
        return -1;
    }
    for (Py_ssize_t i = 0; i < most && i < count; i++)
        if (seconds_to_ms(PyTuple_GET_ITEM(timeout, i), parts[i].name, parts[i].ms) < 0)
            return -1;
    return 0;
}

/* ---- failures ---- */

/* What has come of an answer that broke off: part of what a run gave is better than nothing. NULL
 * where nothing has, where a limit was to save the memory for it, and without memory. A stream's
 * reader has its own. */
static PyObject *text_so_far(const struct pysim_call *call, enum sim_status status)
{
    const struct sim_buffer *body;
    PyObject *text;

    if (call->exchange == NULL || status == SIM_LIMIT || sim_exchange_is_stream(call->exchange))
        return NULL;
    body = sim_exchange_body(call->exchange);
    if (body->length == 0)
        return NULL;
    text = PyUnicode_DecodeUTF8(body->data, (Py_ssize_t)body->length, "replace");
    if (text == NULL)
        PyErr_Clear();
    return text;
}

static int call_raise(struct pysim_call *call, struct sim_error *error)
{
    const struct pysim_endpoint_row *endpoint = call->endpoint;
    bool was_sent = call->exchange != NULL && sim_exchange_was_sent(call->exchange);
    PyObject *details = text_so_far(call, error->status);

    call->has_failed = true;
    if (error->status == SIM_TIMED_OUT) {
        (void)pysim_raise_steals(
            call->state,
            PyUnicode_FromFormat("%s %S seconds", endpoint->timeout_message, call->timeout),
            PYSIM_TIMEOUT, details, was_sent);
        return -1;
    }
    if (was_sent && error->status != SIM_NO_MEMORY) {
        size_t length = strlen(error->message);
        (void)snprintf(error->message + length, sizeof error->message - length, "%s",
                       endpoint->doubt);
    }
    (void)pysim_raise_core_steals(call->state, error, endpoint->failure, endpoint->code, details,
                                  was_sent);
    return -1;
}

/* ---- preparing ---- */

int pysim_call_url_text(PyObject *text, const char *name, struct sim_text *out)
{
    Py_ssize_t length = 0;

    out->data = PyUnicode_AsUTF8AndSize(text, &length);
    out->length = (size_t)length;
    if (out->data != NULL)
        return 0;
    /* The codec's own error would carry the text, in which a password may stand. */
    if (PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) {
        PyErr_Clear();
        PyErr_Format(PyExc_ValueError, "%s has a lone surrogate, which no URL can carry", name);
    }
    return -1;
}

/* Puts `id`, taken through str(), into the path as one escaped segment. */
static int append_id(struct pysim_call *call, PyObject *id)
{
    const struct pysim_endpoint_row *endpoint = call->endpoint;
    struct sim_error error = {SIM_OK, ""};
    struct sim_text segment = {NULL, 0};
    PyObject *text = PyObject_Str(id);
    int result = -1;

    if (text == NULL || pysim_call_url_text(text, endpoint->id_name, &segment) < 0)
        goto done;
    if (sim_url_append_segment(&call->path, segment, endpoint->id_name, &error) != SIM_OK) {
        (void)pysim_raise_core_steals(call->state, &error, endpoint->failure, endpoint->code, NULL,
                                      false);
        goto done;
    }
    result = 0;
done:
    Py_XDECREF(text);
    return result;
}

/* The environment's limit for a response, read at every call, as the whole environment is. */
static int read_response_limit(size_t *limit)
{
    const char *text = getenv(RESPONSE_LIMIT_VARIABLE);

    *limit = DEFAULT_RESPONSE_LIMIT;
    if (text == NULL || *text == '\0')
        return 0;
    *limit = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        size_t number = (size_t)(*text - '0');
        if (*limit > (MOST_RESPONSE_LIMIT - number) / 10)
            break;
        *limit = *limit * 10 + number;
    }
    if (*text == '\0' && *limit > 0)
        return 0;
    PyErr_Format(PyExc_ValueError,
                 RESPONSE_LIMIT_VARIABLE " must be a whole number of bytes from 1 to %zu",
                 MOST_RESPONSE_LIMIT);
    return -1;
}

int pysim_call_init(struct pysim_call *call, struct pysim_state *state,
                    enum pysim_endpoint endpoint, PyObject *id)
{
    call->state = state;
    if (read_response_limit(&call->response_limit) < 0)
        return -1;
    call->kind = endpoint;
    call->endpoint = &endpoints[endpoint];
    sim_buffer_init(&call->path, SIZE_MAX);
    sim_buffer_init(&call->body, SIZE_MAX);
    if (pysim_error_check(sim_buffer_append_text(&call->path, call->endpoint->before)) < 0 ||
        (call->endpoint->id_name != NULL && append_id(call, id) < 0))
        return -1;
    return pysim_error_check(sim_buffer_append_text(&call->path, call->endpoint->after));
}

int pysim_call_start(struct pysim_call *call, const struct pysim_origin *origin,
                     const struct pysim_timeout *timeout, bool is_async)
{
    struct sim_error error = {SIM_OK, ""};
    const char *headers[MOST_HEADERS];
    struct sim_request request = {
        .is_post = call->endpoint->is_post,
        .base = origin->base,
        .path = {call->path.data, call->path.length},
        .headers = headers,
        .body = {call->body.data, call->body.length},
        .timeouts = timeout->timeouts,
        .limit_name = RESPONSE_LIMIT_VARIABLE,
        .response_limit = call->response_limit,
        .stream_type = call->endpoint->stream_type,
    };

    Py_INCREF(timeout->given);
    Py_XSETREF(call->timeout, timeout->given);
    call->is_done = call->has_failed = false;
    /* Encoding the input may have taken long: who has asked to stop by now wants nothing sent. */
    if (PyErr_CheckSignals() < 0)
        return -1;
    headers[request.header_count++] = PyBytes_AS_STRING(call->state->user_agent);
    if (origin->key_header != NULL)
        headers[request.header_count++] = PyBytes_AS_STRING(origin->key_header);
    if (request.is_post)
        headers[request.header_count++] = "Content-Type: application/json";
    if (is_async)
        headers[request.header_count++] = "X-Execution-Mode: async";
    if (pysim_certificates_find(call->state, request.base, &request.trust, &error) < 0) {
        if (PyErr_Occurred())
            return -1;
        return call_raise(call, &error);
    }
    if (sim_exchange_start(origin->session, &request, &call->exchange, &error) != SIM_OK)
        return call_raise(call, &error);
    return 0;
}

/* ---- waiting ---- */

int pysim_call_step(struct pysim_call *call)
{
    struct sim_error error = {SIM_OK, ""};
    enum sim_status status;

    Py_BEGIN_ALLOW_THREADS
    status = sim_exchange_step(call->exchange, &call->is_done, &error);
    Py_END_ALLOW_THREADS

    if (status != SIM_OK)
        return call_raise(call, &error);
    /* A complete response is not discarded for a signal; the interpreter handles the signal
     * afterwards. */
    return call->is_done ? 0 : PyErr_CheckSignals();
}

int pysim_call_wait_for_answer(struct pysim_call *call)
{
    while (!call->is_done && !call->is_given_up && !sim_exchange_is_stream(call->exchange))
        if (pysim_call_step(call) < 0)
            return -1;
    return 0;
}

void pysim_call_drain(struct pysim_call *call)
{
    Py_BEGIN_ALLOW_THREADS
    sim_exchange_drain(call->exchange);
    Py_END_ALLOW_THREADS
}

void pysim_call_end(struct pysim_call *call)
{
    sim_exchange_finish(call->exchange);
    call->exchange = NULL;
}

void pysim_call_fini(struct pysim_call *call)
{
    pysim_call_end(call);
    sim_buffer_fini(&call->path);
    sim_buffer_fini(&call->body);
    Py_CLEAR(call->timeout);
}

int pysim_sleep(int64_t duration_ms)
{
    int64_t now_ms = sim_clock_monotonic_ms();
    const int64_t end_ms = now_ms + duration_ms;

    while (now_ms < end_ms) {
        int64_t slice_ms = end_ms - now_ms;
        /* A signal that another thread received does not wake this one. */
        if (slice_ms > SIM_HTTP_STEP_MS)
            slice_ms = SIM_HTTP_STEP_MS;
        Py_BEGIN_ALLOW_THREADS
        sim_clock_sleep_ms(slice_ms);
        Py_END_ALLOW_THREADS
        if (PyErr_CheckSignals() < 0)
            return -1;
        now_ms = sim_clock_monotonic_ms();
    }
    return 0;
}
