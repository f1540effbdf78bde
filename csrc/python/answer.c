#include "python/answer.h"

#include "core/clock.h"
#include "python/decode.h"
#include "python/error.h"
#include "python/reader.h"
#include "python/record.h"
#include "python/word.h"

enum {
    HTTP_ACCEPTED = 202,
    HTTP_NO_CONTENT = 204,
    HTTP_RESET_CONTENT = 205,
    HTTP_UNAUTHORIZED = 401,
    HTTP_PAYMENT_REQUIRED = 402,
    HTTP_TOO_MANY_REQUESTS = 429,
};

/* Servers' words that mean a documented code; any other word is its own code. */
static const struct {
    const char *word;
    enum pysim_code code;
} code_words[] = {
    {"INVALID_API_KEY", PYSIM_UNAUTHORIZED},
    {"AUTHENTICATION_REQUIRED", PYSIM_UNAUTHORIZED},
    {"RATE_LIMITED", PYSIM_RATE_LIMIT_EXCEEDED},
};

/* What a status means where the server gives no word. */
static const struct {
    long http_status;
    enum pysim_code code;
} status_codes[] = {
    {HTTP_UNAUTHORIZED, PYSIM_UNAUTHORIZED},
    {HTTP_PAYMENT_REQUIRED, PYSIM_USAGE_LIMIT_EXCEEDED},
    {HTTP_TOO_MANY_REQUESTS, PYSIM_RATE_LIMIT_EXCEEDED},
};

/* ---- looking into decoded bodies ---- */

static PyObject *get(const struct pysim_call *call, PyObject *object, enum pysim_word key)
{
    return pysim_word_get(call->state, object, key);
}

/* The same, for a value that is a str and not empty. */
static PyObject *get_text(const struct pysim_call *call, PyObject *object, enum pysim_word key)
{
    PyObject *value = pysim_word_get_str(call->state, object, key);

    return value != NULL && PyUnicode_GET_LENGTH(value) > 0 ? value : NULL;
}

static const struct sim_buffer *body_of(const struct pysim_call *call)
{
    return sim_exchange_body(call->exchange);
}

/* The body for `details`: its JSON decoded, else its text, so that nothing a run returned is lost;
 * NULL when it is empty. 0, or -1 with an exception. */
static int body_details(const struct pysim_call *call, PyObject **details)
{
    const struct sim_buffer *body = body_of(call);

    *details = NULL;
    if (body->length == 0)
        return 0;
    *details = pysim_decode(call->state, body->data, body->length);
    if (*details == NULL && pysim_decode_was_refused()) {
        PyErr_Clear();
        *details = PyUnicode_DecodeUTF8(body->data, (Py_ssize_t)body->length, "replace");
    }
    return *details != NULL ? 0 : -1;
}

/* By the server's clock, where it says so: its dates count from there, however wrong ours is. */
static int64_t server_now_ms(const struct pysim_call *call)
{
    struct sim_text date;
    int64_t now_ms = sim_clock_wall_ms();

    if (sim_exchange_header(call->exchange, "date", &date))
        (void)sim_clock_parse_http_date(date, now_ms, &now_ms);
    return now_ms;
}

static int64_t retry_after_ms(const struct pysim_call *call)
{
    struct sim_text value;
    int64_t delay_ms = SIM_RETRY_NO_HINT;

    if (sim_exchange_header(call->exchange, "retry-after", &value))
        (void)sim_clock_parse_retry_after(value, server_now_ms(call), &delay_ms);
    return delay_ms;
}

/* ---- errors ---- */

/* False for what a terminal would obey: the control characters of Latin-1. */
static bool is_printable(struct sim_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned character = (unsigned char)text.data[i];
        if (character < 0x20 || (character >= 0x7F && character <= 0x9F))
            return false;
    }
    return true;
}

/* "HTTP 404: Not Found", with the standard's phrase where the server sent none to be shown. */
static PyObject *http_phrase(const struct pysim_call *call)
{
    struct sim_text reason = sim_exchange_reason(call->exchange);
    long http_status = sim_exchange_http_status(call->exchange);
    PyObject *phrase = NULL, *module = NULL, *status = NULL, *message = NULL;

    if (reason.length > 0 && is_printable(reason))
        phrase = PyUnicode_DecodeLatin1(reason.data, (Py_ssize_t)reason.length, NULL);
    else {
        module = PyImport_ImportModule("http");
        if (module != NULL)
            status = PyObject_CallMethod(module, "HTTPStatus", "l", http_status);
        if (status != NULL)
            phrase = PyObject_GetAttrString(status, "phrase");
    }
    if (phrase != NULL)
        message = PyUnicode_FromFormat("HTTP %ld: %S", http_status, phrase);
    else if (PyErr_ExceptionMatches(PyExc_ValueError)) { /* not a status of the standard's */
        PyErr_Clear();
        message = PyUnicode_FromFormat("HTTP %ld", http_status);
    }
    Py_XDECREF(phrase);
    Py_XDECREF(module);
    Py_XDECREF(status);
    return message;
}

static PyObject *error_message(const struct pysim_call *call, PyObject *details)
{
    PyObject *message = get_text(call, details, PYSIM_WORD_ERROR);

    if (message == NULL)
        message = get_text(call, get(call, details, PYSIM_WORD_ERROR), PYSIM_WORD_MESSAGE);
    return message != NULL ? Py_NewRef(message) : http_phrase(call);
}

/* Takes the server's word up to its first colon, or the documented code that it means. */
static void take_word(PyObject *word, struct pysim_failure *failure)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(word);
    Py_ssize_t colon = PyUnicode_FindChar(word, ':', 0, length, 1);

    failure->server_code = colon > 0 ? PyUnicode_Substring(word, 0, colon) : Py_NewRef(word);
    for (size_t i = 0; i < sizeof code_words / sizeof *code_words; i++) {
        if (failure->server_code == NULL)
            break;
        if (PyUnicode_CompareWithASCIIString(failure->server_code, code_words[i].word) == 0) {
            failure->code = code_words[i].code;
            Py_CLEAR(failure->server_code);
        }
    }
}

/* The code of a failure with these details; none where neither they nor the status name one. */
static void take_code(const struct pysim_call *call, struct pysim_failure *failure)
{
    PyObject *details = failure->details;
    PyObject *word = get_text(call, details, PYSIM_WORD_CODE);

    if (word == NULL)
        word = get_text(call, get(call, details, PYSIM_WORD_ERROR), PYSIM_WORD_CODE);
    if (word != NULL) {
        take_word(word, failure);
        return;
    }
    for (size_t i = 0; i < sizeof status_codes / sizeof *status_codes; i++)
        if (status_codes[i].http_status == failure->http_status)
            failure->code = status_codes[i].code;
    if (failure->code == PYSIM_NO_CODE && get(call, details, PYSIM_WORD_SUCCESS) == Py_False)
        failure->code = PYSIM_EXECUTION_ERROR;
}

/* A redirect that was not followed: nothing was sent to where it points. */
static PyObject *redirect_message(const struct pysim_call *call, struct sim_text host,
                                  const char *refusal)
{
    PyObject *name = host.length > 0
                         ? PyUnicode_DecodeUTF8(host.data, (Py_ssize_t)host.length, "replace")
                         : PyUnicode_FromString("an invalid URL");
    PyObject *message = NULL;

    if (name != NULL)
        message = PyUnicode_FromFormat("%s: HTTP %ld redirects to %U, which is not followed: %s",
                                       call->endpoint->failure,
                                       sim_exchange_http_status(call->exchange), name, refusal);
    Py_XDECREF(name);
    return message;
}

/* Raises the SimStudioError for an answer other than 2xx. NULL always. */
static PyObject *raise_refused(const struct pysim_call *call)
{
    struct sim_text host = {"", 0};
    const char *refusal = sim_exchange_redirect_refusal(call->exchange, &host);
    bool is_run = call->endpoint->is_post;
    struct pysim_failure failure = {
        .http_status = sim_exchange_http_status(call->exchange),
        .retry_after_ms = retry_after_ms(call),
        .was_sent = true,
    };

    if (body_details(call, &failure.details) < 0)
        return NULL;
    if (refusal != NULL) {
        failure.message = redirect_message(call, host, refusal);
        failure.code = call->endpoint->code;
    }
    else if (is_run && failure.http_status == HTTP_TOO_MANY_REQUESTS) {
        failure.message = failure.retry_after_ms == SIM_RETRY_NO_HINT
                              ? PyUnicode_FromString("Rate limit exceeded")
                              : PyUnicode_FromFormat("Rate limit exceeded. Retry after %lldms",
                                                     (long long)failure.retry_after_ms);
        failure.code = PYSIM_RATE_LIMIT_EXCEEDED;
    }
    else {
        failure.message = error_message(call, failure.details);
        take_code(call, &failure);
    }
    return pysim_raise_failure_steals(call->state, &failure);
}

/* A 2xx answer that is not what the endpoint promises. `reason` is stolen and may be NULL with an
 * exception set. */
static PyObject *raise_unusable_steals(const struct pysim_call *call, PyObject *reason)
{
    bool may_be_cut = sim_exchange_may_be_cut(call->exchange);
    PyObject *message = NULL, *details = NULL;

    if (reason != NULL)
        message = PyUnicode_FromFormat("%s: %U%s%s", call->endpoint->failure, reason,
                                       may_be_cut ? "; the response may have been cut short" : "",
                                       may_be_cut ? call->endpoint->doubt : "");
    if (message != NULL)
        (void)body_details(call, &details);
    Py_XDECREF(reason);
    return pysim_raise_steals(call->state, message, call->endpoint->code, details, true);
}

/* The decoded body. What json refuses is a SimStudioError with json's words. */
static PyObject *decode_body(const struct pysim_call *call)
{
    const struct sim_buffer *body = body_of(call);
    PyObject *result = pysim_decode(call->state, body->length > 0 ? body->data : "", body->length);

    if (result != NULL || !pysim_decode_was_refused())
        return result;
    return raise_unusable_steals(call, pysim_error_take_message());
}

/* The decoded body of an endpoint that answers with an object. */
static PyObject *decode_object(const struct pysim_call *call)
{
    PyObject *body = decode_body(call);

    if (body == NULL || PyDict_Check(body))
        return body;
    (void)raise_unusable_steals(
        call, PyUnicode_FromFormat("expected a JSON object, got %.200s", Py_TYPE(body)->tp_name));
    Py_DECREF(body);
    return NULL;
}

/* ---- results ---- */

/* The id of a queued run in a 202, under the name that each era of servers gives it. Borrowed; NULL
 * if there is none. */
static PyObject *find_run_id(const struct pysim_call *call, PyObject *body, bool is_async)
{
    PyObject *id = get_text(call, body, PYSIM_WORD_TASK_ID);

    /* The later names count only where a queued run was asked for, or the answer says that it is
     * one: a workflow's own answer may have status 202 and a field of such a name. */
    if (id == NULL && (is_async || get(call, body, PYSIM_WORD_ASYNC) == Py_True)) {
        id = get_text(call, body, PYSIM_WORD_JOB_ID);
        if (id == NULL)
            id = get_text(call, get(call, body, PYSIM_WORD_DATA), PYSIM_WORD_RUN_ID);
    }
    return id;
}

static PyObject *queued_result(const struct pysim_call *call, PyObject *body, PyObject *id)
{
    union pysim_AsyncExecutionResult fields = {0};
    PyObject *success = get(call, body, PYSIM_WORD_SUCCESS);
    PyObject *status = get_text(call, body, PYSIM_WORD_STATUS);
    PyObject *created_at = get_text(call, body, PYSIM_WORD_CREATED_AT);
    PyObject *links = get(call, body, PYSIM_WORD_LINKS);
    PyObject *status_url = get_text(call, body, PYSIM_WORD_STATUS_URL);
    PyObject *own_links = NULL, *queued = NULL, *nothing = NULL, *result = NULL;

    if (status_url == NULL)
        status_url = get_text(call, get(call, body, PYSIM_WORD_DATA), PYSIM_WORD_STATUS_URL);
    queued = PyUnicode_FromString("queued");
    nothing = PyUnicode_FromString("");
    own_links = links != NULL && PyDict_Check(links) ? Py_NewRef(links) : PyDict_New();
    if (queued == NULL || nothing == NULL || own_links == NULL)
        goto done;
    if (PyDict_GET_SIZE(own_links) == 0 && status_url != NULL &&
        PyDict_SetItem(own_links, pysim_word_of(call->state, PYSIM_WORD_STATUS), status_url) < 0)
        goto done;
    fields.of.success = success != NULL ? success : Py_True;
    fields.of.task_id = id;
    fields.of.status = status != NULL ? status : queued;
    fields.of.created_at = created_at != NULL ? created_at : nothing;
    fields.of.links = own_links;
    result = pysim_record_new(call->state, PYSIM_AsyncExecutionResult, fields.values);
done:
    Py_XDECREF(own_links);
    Py_XDECREF(queued);
    Py_XDECREF(nothing);
    return result;
}

/* A result whose output is the whole body: a workflow's own Response block. */
static PyObject *plain_result(const struct pysim_call *call, PyObject *output)
{
    const union pysim_WorkflowExecutionResult fields = {{.success = Py_True, .output = output}};

    return pysim_record_new(call->state, PYSIM_WorkflowExecutionResult, fields.values);
}

static PyObject *answer_execution(const struct pysim_call *call, bool is_async)
{
    long http_status = sim_exchange_http_status(call->exchange);
    PyObject *body = NULL, *id = NULL, *result = NULL;

    if (body_of(call)->length == 0 &&
        (http_status == HTTP_NO_CONTENT || http_status == HTTP_RESET_CONTENT))
        return plain_result(call, Py_None);
    body = decode_body(call);
    if (body == NULL)
        return NULL;
    if (http_status == HTTP_ACCEPTED)
        id = find_run_id(call, body, is_async);
    if (id != NULL)
        result = queued_result(call, body, id);
    else if (pysim_record_fits(call->state, PYSIM_WorkflowExecutionResult, body))
        result = pysim_record_from_json(call->state, PYSIM_WorkflowExecutionResult, body);
    else
        result = plain_result(call, body);
    Py_DECREF(body);
    return result;
}

/* Reads a streamed run to its end; what has not arrived yet is waited for. */
static PyObject *answer_stream(struct pysim_call *call)
{
    struct pysim_reader reader = {0};
    PyObject *result = NULL;

    if (pysim_reader_init(&reader, call) == 0 && pysim_reader_finish(&reader) == 0)
        result = pysim_fold_result(&reader.fold, NULL, true);
    pysim_reader_drain(&reader);
    pysim_reader_fini(&reader);
    return result;
}

static PyObject *answer_status(const struct pysim_call *call)
{
    PyObject *body = decode_object(call), *result = NULL;

    if (body != NULL &&
        (get(call, body, PYSIM_WORD_IS_DEPLOYED) != NULL ||
         PyDict_SetItem(body, pysim_word_of(call->state, PYSIM_WORD_IS_DEPLOYED), Py_False) == 0))
        result = pysim_record_from_json(call->state, PYSIM_WorkflowStatus, body);
    Py_XDECREF(body);
    return result;
}

/* Today's servers send requestsPerMinute where the documentation has limit. */
static int add_documented_limit(const struct pysim_call *call, PyObject *buckets)
{
    PyObject *name, *bucket, *per_minute;
    Py_ssize_t at = 0;

    if (!PyDict_Check(buckets))
        return 0;
    while (PyDict_Next(buckets, &at, &name, &bucket)) {
        per_minute = get(call, bucket, PYSIM_WORD_REQUESTS_PER_MINUTE);
        if (per_minute != NULL && get(call, bucket, PYSIM_WORD_LIMIT) == NULL &&
            PyDict_SetItem(bucket, pysim_word_of(call->state, PYSIM_WORD_LIMIT), per_minute) < 0)
            return -1;
    }
    return 0;
}

static PyObject *answer_usage(const struct pysim_call *call)
{
    PyObject *body = decode_object(call), *no_limit = NULL, *no_usage = NULL, *result = NULL;
    PyObject *success, *rate_limit, *usage;
    union pysim_UsageLimits fields = {0};

    no_limit = PyDict_New();
    no_usage = PyDict_New();
    if (body == NULL || no_limit == NULL || no_usage == NULL)
        goto done;
    success = get(call, body, PYSIM_WORD_SUCCESS);
    rate_limit = get(call, body, PYSIM_WORD_RATE_LIMIT);
    usage = get(call, body, PYSIM_WORD_USAGE);
    if (rate_limit != NULL && add_documented_limit(call, rate_limit) < 0)
        goto done;
    fields.of.success = success != NULL ? success : Py_True;
    fields.of.rate_limit = rate_limit != NULL ? rate_limit : no_limit;
    fields.of.usage = usage != NULL ? usage : no_usage;
    result = pysim_record_new(call->state, PYSIM_UsageLimits, fields.values);
done:
    Py_XDECREF(body);
    Py_XDECREF(no_limit);
    Py_XDECREF(no_usage);
    return result;
}

PyObject *pysim_answer(struct pysim_call *call, bool is_async)
{
    long http_status = sim_exchange_http_status(call->exchange);

    if (http_status < 200 || http_status > 299)
        return raise_refused(call);
    if (sim_exchange_is_stream(call->exchange))
        return answer_stream(call);
    switch (call->kind) {
    case PYSIM_EXECUTE:
        return answer_execution(call, is_async);
    case PYSIM_STATUS:
        return answer_status(call);
    case PYSIM_JOB:
        return decode_body(call);
    case PYSIM_USAGE:
        return answer_usage(call);
    }
    Py_UNREACHABLE();
}

/* ---- rate limits ---- */

/* A header that is a whole number; anything else counts as no header. */
static bool read_count(const struct pysim_call *call, const char *name, int64_t *count)
{
    struct sim_text text;
    int64_t number = 0;

    if (!sim_exchange_header(call->exchange, name, &text) || text.length == 0)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        int figure = text.data[i] - '0';
        if (figure < 0 || figure > 9 || number > (INT64_MAX - figure) / 10)
            return false;
        number = number * 10 + figure;
    }
    *count = number;
    return true;
}

PyObject *pysim_answer_rate_limit(const struct pysim_call *call)
{
    int64_t limit = 0, remaining = 0, reset = 0, wait_ms;
    struct sim_text text;
    union pysim_RateLimitInfo fields = {0};
    PyObject *info = NULL;
    bool has_limit = read_count(call, "x-ratelimit-limit", &limit);
    bool has_remaining = read_count(call, "x-ratelimit-remaining", &remaining);
    bool has_reset = sim_exchange_header(call->exchange, "x-ratelimit-reset", &text) &&
                     sim_clock_parse_reset(text, &reset);

    if (!has_limit && !has_remaining && !has_reset)
        return NULL;
    wait_ms = retry_after_ms(call);
    fields.of.limit = PyLong_FromLongLong(limit);
    fields.of.remaining = PyLong_FromLongLong(remaining);
    fields.of.reset = PyLong_FromLongLong(reset);
    fields.of.retry_after =
        wait_ms == SIM_RETRY_NO_HINT ? Py_NewRef(Py_None) : PyLong_FromLongLong(wait_ms);
    if (fields.of.limit != NULL && fields.of.remaining != NULL && fields.of.reset != NULL &&
        fields.of.retry_after != NULL)
        info = pysim_record_new(call->state, PYSIM_RateLimitInfo, fields.values);
    Py_XDECREF(fields.of.limit);
    Py_XDECREF(fields.of.remaining);
    Py_XDECREF(fields.of.reset);
    Py_XDECREF(fields.of.retry_after);
    return info;
}
