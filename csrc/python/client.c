#include "python/client.h"

#include <stdbool.h>
#include <stddef.h>

#include "core/retry.h"
#include "python/answer.h"
#include "python/arguments.h"
#include "python/encode.h"
#include "python/error.h"
#include "python/stream.h"

#define DEFAULT_BASE_URL "https://sim.ai"
#define TIMEOUT_DOC                                                                                \
    "timeout: seconds to connect, and the longest silence while sending or receiving after that\n" \
    "    (float, default 30.0); or (connect, read), or (connect, read, total); None: no bound.\n"

struct client {
    PyObject_HEAD
    PyObject *dict;
    PyObject *weak_references;
    struct pysim_state *state; /* borrowed: the type keeps the module */
    PyObject *api_key;         /* str or None */
    PyObject *base_url;        /* str without a slash at its end */
    PyObject *rate_limit;      /* RateLimitInfo or None */
    PyObject *key_header;      /* bytes "X-API-Key: ...", NULL where there is no key */
    struct sim_session *session;
};

/* ---- attributes ---- */

/* A header line with the key; `*header` is NULL for no key. The key stands in no message. */
static int make_key_header(PyObject *key, PyObject **header)
{
    PyObject *latin = NULL;
    const char *text;
    Py_ssize_t length;
    int result = -1;

    *header = NULL;
    if (key == Py_None || (PyUnicode_Check(key) && PyUnicode_GET_LENGTH(key) == 0))
        return 0;
    if (!PyUnicode_Check(key)) {
        PyErr_Format(PyExc_TypeError, "api_key must be a str or None, not %.200s",
                     Py_TYPE(key)->tp_name);
        return -1;
    }
    latin = PyUnicode_AsLatin1String(key); /* what a header field can carry */
    if (latin == NULL) {
        /* The codec's own error would show the key. */
        if (PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) {
            PyErr_Clear();
            PyErr_SetString(PyExc_ValueError,
                            "api_key has a character that an HTTP header cannot carry");
        }
        return -1;
    }
    text = PyBytes_AS_STRING(latin);
    length = PyBytes_GET_SIZE(latin);
    for (Py_ssize_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7F) {
            PyErr_Format(PyExc_ValueError,
                         "api_key has a control character at position %zd (a line break, perhaps), "
                         "which an HTTP header cannot carry",
                         i);
            goto done;
        }
    }
    *header = PyBytes_FromFormat("X-API-Key: %s", text);
    result = *header != NULL ? 0 : -1;
done:
    Py_DECREF(latin);
    return result;
}

static int client_set_api_key(struct client *self, PyObject *value, void *Py_UNUSED(closure))
{
    PyObject *header = NULL;

    if (value == NULL) {
        PyErr_SetString(PyExc_AttributeError, "api_key cannot be deleted");
        return -1;
    }
    if (make_key_header(value, &header) < 0)
        return -1;
    Py_INCREF(value);
    Py_XSETREF(self->api_key, value);
    Py_XSETREF(self->key_header, header);
    return 0;
}

/* The base URL without slashes at its end, checked; a new reference. */
static PyObject *check_base_url(PyObject *value)
{
    struct sim_error error = {SIM_OK, ""};
    struct sim_url url;
    Py_ssize_t length;
    PyObject *stripped = NULL;
    const char *text;

    if (!PyUnicode_Check(value))
        return PyErr_Format(PyExc_TypeError, "base_url must be a str, not %.200s",
                            Py_TYPE(value)->tp_name);
    length = PyUnicode_GET_LENGTH(value);
    while (length > 0 && PyUnicode_READ_CHAR(value, length - 1) == '/')
        length--;
    stripped = PyUnicode_Substring(value, 0, length);
    if (stripped == NULL)
        return NULL;
    text = PyUnicode_AsUTF8AndSize(stripped, &length);
    if (text == NULL)
        goto failed;
    if (sim_url_parse((struct sim_text){text, (size_t)length}, &url, &error) != SIM_OK) {
        PyErr_Format(PyExc_ValueError, "base_url: %s", error.message);
        goto failed;
    }
    if (url.has_query) {
        PyErr_SetString(PyExc_ValueError, "base_url must not have a query or a fragment");
        goto failed;
    }
    return stripped;
failed:
    Py_DECREF(stripped);
    return NULL;
}

static int client_set_base_url(struct client *self, PyObject *value, void *Py_UNUSED(closure))
{
    PyObject *checked;

    if (value == NULL) {
        PyErr_SetString(PyExc_AttributeError, "base_url cannot be deleted");
        return -1;
    }
    checked = check_base_url(value);
    if (checked == NULL)
        return -1;
    Py_XSETREF(self->base_url, checked);
    return 0;
}

static PyObject *client_get_api_key(struct client *self, void *Py_UNUSED(closure))
{
    return Py_NewRef(self->api_key);
}

static PyObject *client_get_base_url(struct client *self, void *Py_UNUSED(closure))
{
    return Py_NewRef(self->base_url);
}

static PyObject *client_get_rate_limit(struct client *self, void *Py_UNUSED(closure))
{
    return Py_NewRef(self->rate_limit);
}

static int client_set_rate_limit(struct client *self, PyObject *value, void *Py_UNUSED(closure))
{
    PyObject *info = value != NULL ? value : Py_None;

    Py_INCREF(info);
    Py_XSETREF(self->rate_limit, info);
    return 0;
}

/* ---- life ---- */

static PyObject *client_new(PyTypeObject *type, PyObject *Py_UNUSED(arguments),
                            PyObject *Py_UNUSED(keywords))
{
    struct client *self = (struct client *)type->tp_alloc(type, 0);

    if (self == NULL)
        return NULL;
    /* A subclass may leave our __init__ out: the defaults stand then, with no key. */
    self->api_key = Py_NewRef(Py_None);
    self->rate_limit = Py_NewRef(Py_None);
    self->state = pysim_state_of_type(type);
    self->base_url = PyUnicode_FromString(DEFAULT_BASE_URL);
    if (self->state != NULL && self->base_url != NULL) {
        self->session = sim_session_new();
        if (self->session != NULL)
            return (PyObject *)self;
        PyErr_NoMemory();
    }
    Py_DECREF(self);
    return NULL;
}

static int client_init(struct client *self, PyObject *arguments, PyObject *keywords)
{
    static const char *const names[] = {"api_key", "base_url"};
    static const struct pysim_signature signature = {
        "SimStudioClient", "__init__", 1, 2, 2, names,
    };
    PyObject *values[2];

    if (pysim_arguments_match_init(&signature, arguments, keywords, values) < 0 ||
        client_set_api_key(self, values[0], NULL) < 0)
        return -1;
    return values[1] != NULL ? client_set_base_url(self, values[1], NULL) : 0;
}

static int client_traverse(struct client *self, visitproc visit, void *arg)
{
    Py_VISIT(self->dict);
    Py_VISIT(self->api_key);
    Py_VISIT(self->base_url);
    Py_VISIT(self->rate_limit);
    PYSIM_VISIT_TYPE(self);
    return 0;
}

static int client_clear(struct client *self)
{
    Py_CLEAR(self->dict);
    Py_CLEAR(self->rate_limit);
    return 0;
}

/* A call in another thread holds a reference to the client, so none is under way here. */
static void client_dealloc(struct client *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    if (self->weak_references != NULL)
        PyObject_ClearWeakRefs((PyObject *)self);
    (void)client_clear(self);
    Py_CLEAR(self->api_key);
    Py_CLEAR(self->base_url);
    Py_CLEAR(self->key_header);
    sim_session_release(self->session);
    type->tp_free(self);
    Py_DECREF(type);
}

/* The URL without the password that may stand in it; the key does not appear at all. */
static PyObject *client_repr(struct client *self)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(self->base_url), start, at;
    PyObject *shown = Py_NewRef(self->base_url), *scheme = NULL, *rest = NULL, *result = NULL;

    start = PyUnicode_FindChar(self->base_url, ':', 0, length, 1) + 3; /* past "://" */
    at = PyUnicode_FindChar(self->base_url, '@', start, length, -1);
    if (at >= 0) {
        scheme = PyUnicode_Substring(self->base_url, 0, start);
        rest = PyUnicode_Substring(self->base_url, at, length);
        Py_DECREF(shown);
        shown = scheme != NULL && rest != NULL ? PyUnicode_FromFormat("%U***%U", scheme, rest)
                                               : NULL;
    }
    if (shown != NULL)
        result = PyUnicode_FromFormat("<%s base_url=%R>", Py_TYPE(self)->tp_name, shown);
    Py_XDECREF(shown);
    Py_XDECREF(scheme);
    Py_XDECREF(rest);
    return result;
}

/* ---- calls ---- */

int pysim_client_origin(PyObject *client, struct pysim_origin *origin)
{
    struct client *self = (struct client *)client;
    Py_ssize_t length = 0;
    const char *base = PyUnicode_AsUTF8AndSize(self->base_url, &length);

    if (base == NULL)
        return -1;
    *origin = (struct pysim_origin){
        .session = self->session,
        .base = {base, (size_t)length},
        .key_header = self->key_header != NULL ? PyBytes_AS_STRING(self->key_header) : NULL,
    };
    return 0;
}

int pysim_client_note_answer(PyObject *client, const struct pysim_call *call)
{
    PyObject *info = pysim_answer_rate_limit(call);

    if (info != NULL)
        Py_XSETREF(((struct client *)client)->rate_limit, info);
    return PyErr_Occurred() ? -1 : 0;
}

/* Sends a prepared call and waits for its result. */
static PyObject *client_perform(struct client *self, struct pysim_call *call,
                                const struct pysim_timeout *timeout, struct pysim_mode mode)
{
    struct pysim_origin origin;
    PyObject *result = NULL;

    if (pysim_client_origin((PyObject *)self, &origin) == 0 &&
        pysim_call_start(call, &origin, timeout, mode) == 0 &&
        pysim_call_wait_for_answer(call) == 0 &&
        pysim_client_note_answer((PyObject *)self, call) == 0)
        result = pysim_answer(call, mode.is_async);
    pysim_call_end(call);
    return result;
}

/* A GET of an endpoint, with the documented time-out. */
static PyObject *client_get(struct client *self, enum pysim_endpoint endpoint, PyObject *id)
{
    struct pysim_call call = {0};
    struct pysim_timeout timeout;
    PyObject *result = NULL;

    if (pysim_timeout_parse(self->state, NULL, &timeout) == 0 &&
        pysim_call_init(&call, self->state, endpoint, id) == 0)
        result = client_perform(self, &call, &timeout, (struct pysim_mode){0});
    pysim_call_fini(&call);
    return result;
}

/* The parameters of the execute methods, in their order. */
enum {
    WORKFLOW_ID,
    INPUT_DATA,
    TIMEOUT,
    STREAM,
    SELECTED_OUTPUTS,
    ASYNC_EXECUTION,
    MAX_RETRIES,
    INITIAL_DELAY,
    MAX_DELAY,
    BACKOFF_MULTIPLIER,
    EXECUTE_PARAMETERS
};

static const char *const execute_names[EXECUTE_PARAMETERS] = {
    "workflow_id",  "input_data",      "timeout",     "stream",        "selected_outputs",
    "async_execution", "max_retries", "initial_delay", "max_delay", "backoff_multiplier",
};

/* What an execute method was asked for. */
struct execution {
    struct pysim_call call;
    struct pysim_timeout timeout;
    struct pysim_mode mode;
};

/* Truth of an optional argument; -1 with an exception. */
static int is_true(PyObject *value)
{
    return value != NULL ? PyObject_IsTrue(value) : 0;
}

/* Makes the request, body and all: 0, or -1 with an exception. End with pysim_call_fini(). */
static int execution_init(struct execution *execution, struct client *self, PyObject *const *values)
{
    int stream = is_true(values[STREAM]);
    int is_async = stream < 0 ? -1 : is_true(values[ASYNC_EXECUTION]);
    struct sim_error refusal = {SIM_AMBIGUOUS, ""};
    PyObject *type, *value, *traceback, *text;
    int encoded;

    *execution = (struct execution){.mode = {.is_async = is_async > 0, .is_live = stream > 0}};
    if (stream < 0 || is_async < 0 ||
        pysim_timeout_parse(self->state, values[TIMEOUT], &execution->timeout) < 0 ||
        pysim_call_init(&execution->call, self->state, PYSIM_EXECUTE, values[WORKFLOW_ID]) < 0)
        return -1;
    encoded = pysim_encode_body(self->state, values[INPUT_DATA], stream, values[SELECTED_OUTPUTS],
                                &execution->call.body);
    if (encoded != PYSIM_ENCODE_REFUSED)
        return encoded;
    /* What json refuses is a failure of the call, as it always was; nothing has been sent. */
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    text = PyObject_Str(value);
    if (text != NULL && PyUnicode_AsUTF8(text) != NULL) {
        (void)PyOS_snprintf(refusal.message, sizeof refusal.message, "%s", PyUnicode_AsUTF8(text));
        (void)pysim_raise_core(self->state, &refusal, execution->call.endpoint->failure,
                               execution->call.endpoint->code);
    }
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    Py_XDECREF(text);
    return -1;
}

#define EXECUTE_TEXT                                                                               \
    "workflow_id: str, or anything with a str() that is one.\n"                                    \
    "input_data: dict of what json.dumps takes, and file objects; or None.\n" TIMEOUT_DOC          \
    "stream: ask for a streamed run; the result is complete all the same.\n"                       \
    "selected_outputs: list of blockName.attribute to stream.\n"

#define EXECUTE_ERRORS                                                                             \
    "Raises SimStudioError when the run cannot be made or fails, TypeError or ValueError for\n"    \
    "arguments that cannot be used. A run that is reported as failed by a 2xx answer is returned,\n" \
    "with success False."

PyDoc_STRVAR(execute_workflow_doc,
             "execute_workflow($self, workflow_id, input_data=None, timeout=30.0, stream=False,\n"
             "                 selected_outputs=None, async_execution=False)\n--\n\n"
             "Runs a workflow and waits for its result.\n\n" EXECUTE_TEXT
             "async_execution: queue the run and return at once.\n\n"
             "Returns WorkflowExecutionResult, or AsyncExecutionResult for a queued run.\n"
             EXECUTE_ERRORS);

static PyObject *client_execute_workflow(struct client *self, PyObject *const *arguments,
                                         Py_ssize_t given, PyObject *keyword_names)
{
    static const struct pysim_signature signature = {
        "SimStudioClient", "execute_workflow", 1, MAX_RETRIES, MAX_RETRIES, execute_names,
    };
    PyObject *values[EXECUTE_PARAMETERS], *result = NULL;
    struct execution execution;

    if (pysim_arguments_match(&signature, arguments, given, keyword_names, values) < 0)
        return NULL;
    if (execution_init(&execution, self, values) == 0)
        result = client_perform(self, &execution.call, &execution.timeout, execution.mode);
    pysim_call_fini(&execution.call);
    return result;
}

/* Calls a method of `self` by name with the values up to the last one given, as the pure-Python SDK
 * does: a subclass or a patch is heard. */
static PyObject *client_call_execute(struct client *self, PyObject *const *values, int count)
{
    PyObject *method = NULL, *arguments = NULL, *result = NULL;

    method = PyObject_GetAttrString((PyObject *)self, "execute_workflow");
    arguments = PyTuple_New(count);
    if (method == NULL || arguments == NULL)
        goto done;
    for (int i = 0; i < count; i++) {
        PyObject *value = values[i];
        if (value == NULL)
            value = i == TIMEOUT ? self->state->default_timeout
                    : i == STREAM || i == ASYNC_EXECUTION ? Py_False
                                                          : Py_None;
        PyTuple_SET_ITEM(arguments, i, Py_NewRef(value));
    }
    result = PyObject_CallObject(method, arguments);
done:
    Py_XDECREF(method);
    Py_XDECREF(arguments);
    return result;
}

PyDoc_STRVAR(execute_workflow_sync_doc,
             "execute_workflow_sync($self, workflow_id, input_data=None, timeout=30.0,\n"
             "                      stream=False, selected_outputs=None)\n--\n\n"
             "Runs a workflow and waits for its result, like execute_workflow().\n\n" EXECUTE_TEXT
             "\nReturns WorkflowExecutionResult.\n" EXECUTE_ERRORS);

static PyObject *client_execute_workflow_sync(struct client *self, PyObject *const *arguments,
                                              Py_ssize_t given, PyObject *keyword_names)
{
    static const struct pysim_signature signature = {
        "SimStudioClient", "execute_workflow_sync", 1, ASYNC_EXECUTION, ASYNC_EXECUTION,
        execute_names,
    };
    PyObject *values[EXECUTE_PARAMETERS];

    if (pysim_arguments_match(&signature, arguments, given, keyword_names, values) < 0)
        return NULL;
    return client_call_execute(self, values, ASYNC_EXECUTION);
}

/* ---- retrying ---- */

struct retrying {
    long most;
    struct sim_retry_policy policy;
};

static int read_delay(PyObject *value, const char *name, double fallback, double *out)
{
    *out = fallback;
    if (value == NULL)
        return 0;
    *out = PyFloat_AsDouble(value);
    if (*out == -1.0 && PyErr_Occurred())
        return -1;
    if (*out >= 0)
        return 0;
    PyErr_Format(PyExc_ValueError, "%s must be 0 or greater, not %R", name, value);
    return -1;
}

static int retrying_init(struct retrying *retrying, PyObject *const *values)
{
    retrying->most = 3;
    if (values[MAX_RETRIES] != NULL) {
        retrying->most = PyLong_AsLong(values[MAX_RETRIES]);
        if (retrying->most == -1 && PyErr_Occurred())
            return -1;
        if (retrying->most < 0) {
            PyErr_Format(PyExc_ValueError, "max_retries must be 0 or greater, not %R",
                         values[MAX_RETRIES]);
            return -1;
        }
    }
    return read_delay(values[INITIAL_DELAY], "initial_delay", 1.0, &retrying->policy.initial_s) < 0 ||
                   read_delay(values[MAX_DELAY], "max_delay", 30.0, &retrying->policy.max_s) < 0 ||
                   read_delay(values[BACKOFF_MULTIPLIER], "backoff_multiplier", 2.0,
                              &retrying->policy.multiplier) < 0
               ? -1
               : 0;
}

/* The exception's Retry-After in milliseconds, or SIM_RETRY_NO_HINT. */
static int64_t hint_of(PyObject *error)
{
    PyObject *value = PyObject_GetAttrString(error, "retry_after");
    int64_t hint_ms = SIM_RETRY_NO_HINT;

    if (value != NULL && PyLong_Check(value))
        hint_ms = PyLong_AsLongLong(value);
    if (PyErr_Occurred() || hint_ms < 0)
        hint_ms = SIM_RETRY_NO_HINT;
    PyErr_Clear();
    Py_XDECREF(value);
    return hint_ms;
}

static bool is_rate_limit(PyObject *error)
{
    PyObject *code = PyObject_GetAttrString(error, "code");
    bool is_limit = code != NULL && PyUnicode_Check(code) &&
                    PyUnicode_CompareWithASCIIString(code, "RATE_LIMIT_EXCEEDED") == 0;

    PyErr_Clear();
    Py_XDECREF(code);
    return is_limit;
}

/* After a failed attempt: waits, and returns 0 for another; -1 with the exception when that was the
 * last word. */
static int retrying_wait(const struct retrying *retrying, struct pysim_state *state, long attempt)
{
    PyObject *type, *value, *traceback;
    int64_t delay_ms = 0;
    bool again;

    if (attempt >= retrying->most || !PyErr_ExceptionMatches(state->SimStudioError))
        return -1;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    again = is_rate_limit(value) &&
            sim_retry_delay_ms(&retrying->policy, (unsigned)attempt, sim_retry_random(),
                               hint_of(value), &delay_ms);
    if (!again) {
        PyErr_Restore(type, value, traceback);
        return -1;
    }
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return pysim_sleep(delay_ms);
}

/* True when self.execute_workflow is this module's own: the body is made once then, and sent for
 * every attempt. -1 with an exception. */
static int has_own_execute(struct client *self)
{
    PyObject *method = PyObject_GetAttrString((PyObject *)self, "execute_workflow");
    int is_own = method != NULL && PyCFunction_Check(method) &&
                 PyCFunction_GET_SELF(method) == (PyObject *)self &&
                 PyCFunction_GET_FUNCTION(method) == (PyCFunction)(void (*)(void))client_execute_workflow;

    if (method == NULL)
        return -1;
    Py_DECREF(method);
    return is_own;
}

static PyObject *retry_own(struct client *self, PyObject *const *values,
                           const struct retrying *retrying)
{
    struct execution execution;
    PyObject *result = NULL;

    if (execution_init(&execution, self, values) == 0)
        for (long attempt = 0;; attempt++) {
            result = client_perform(self, &execution.call, &execution.timeout, execution.mode);
            if (result != NULL || retrying_wait(retrying, self->state, attempt) < 0)
                break;
        }
    pysim_call_fini(&execution.call);
    return result;
}

/* An overridden execute_workflow gets the files in their converted form: every attempt sends the
 * same bytes. */
static PyObject *retry_overridden(struct client *self, PyObject **values,
                                  const struct retrying *retrying)
{
    PyObject *input = values[INPUT_DATA], *converted = NULL, *result = NULL;

    converted = pysim_encode_files(self->state, input != NULL ? input : Py_None);
    if (converted == NULL)
        return NULL;
    values[INPUT_DATA] = converted;
    for (long attempt = 0;; attempt++) {
        result = client_call_execute(self, values, MAX_RETRIES);
        if (result != NULL || retrying_wait(retrying, self->state, attempt) < 0)
            break;
    }
    Py_DECREF(converted);
    return result;
}

PyDoc_STRVAR(execute_with_retry_doc,
             "execute_with_retry($self, workflow_id, input_data=None, timeout=30.0, stream=False,\n"
             "                   selected_outputs=None, async_execution=False, max_retries=3,\n"
             "                   initial_delay=1.0, max_delay=30.0, backoff_multiplier=2.0)\n--\n\n"
             "Runs a workflow like execute_workflow(), and again when the rate limit is exceeded.\n\n"
             EXECUTE_TEXT "async_execution: queue the run and return at once.\n"
             "max_retries: attempts after the first (int).\n"
             "initial_delay, max_delay: seconds (float), +-25 %.\n"
             "backoff_multiplier: from one wait to the next (float).\n\n"
             "Where the answer has a Retry-After, that is the wait, and up to 25 % more; one over an\n"
             "hour is raised at once. Nothing but RATE_LIMIT_EXCEEDED is tried again.\n"
             "Returns and raises as execute_workflow() does.");

static PyObject *client_execute_with_retry(struct client *self, PyObject *const *arguments,
                                           Py_ssize_t given, PyObject *keyword_names)
{
    static const struct pysim_signature signature = {
        "SimStudioClient",  "execute_with_retry", 1,
        EXECUTE_PARAMETERS, EXECUTE_PARAMETERS,   execute_names,
    };
    PyObject *values[EXECUTE_PARAMETERS];
    struct retrying retrying;
    int is_own;

    if (pysim_arguments_match(&signature, arguments, given, keyword_names, values) < 0 ||
        retrying_init(&retrying, values) < 0)
        return NULL;
    is_own = has_own_execute(self);
    if (is_own < 0)
        return NULL;
    return is_own ? retry_own(self, values, &retrying) : retry_overridden(self, values, &retrying);
}

/* ---- streaming ---- */

PyDoc_STRVAR(stream_workflow_doc,
             "stream_workflow($self, workflow_id, input_data=None, *, selected_outputs=None,\n"
             "                timeout=(30.0, 300.0))\n--\n\n"
             "Runs a workflow and hands its events over as they arrive.\n\n"
             "workflow_id, input_data, selected_outputs: as for execute_workflow().\n"
             "timeout: (connect, read) or (connect, read, total), in seconds; read is the longest\n"
             "    silence between two events.\n\n"
             "Returns a WorkflowStream; its request is sent when it is first read or entered.");

static PyObject *client_stream_workflow(struct client *self, PyObject *const *arguments,
                                        Py_ssize_t given, PyObject *keyword_names)
{
    static const char *const names[] = {"workflow_id", "input_data", "selected_outputs", "timeout"};
    static const struct pysim_signature signature = {
        "SimStudioClient", "stream_workflow", 1, 2, 4, names,
    };
    PyObject *matched[4], *values[EXECUTE_PARAMETERS] = {NULL};
    struct execution execution;

    if (pysim_arguments_match(&signature, arguments, given, keyword_names, matched) < 0)
        return NULL;
    values[WORKFLOW_ID] = matched[0];
    values[INPUT_DATA] = matched[1];
    values[STREAM] = Py_True;
    values[SELECTED_OUTPUTS] = matched[2];
    values[TIMEOUT] = matched[3] != NULL ? matched[3] : self->state->stream_timeout;
    if (execution_init(&execution, self, values) < 0) {
        pysim_call_fini(&execution.call);
        return NULL;
    }
    return pysim_stream_new(self->state, (PyObject *)self, &execution.call, &execution.timeout);
}

/* ---- the other methods ---- */

/* Matches the single parameter of a method. */
static PyObject *match_one(const char *function, const char *name, PyObject *const *arguments,
                           Py_ssize_t given, PyObject *keyword_names)
{
    const struct pysim_signature signature = {"SimStudioClient", function, 1, 1, 1, &name};
    PyObject *value = NULL;

    return pysim_arguments_match(&signature, arguments, given, keyword_names, &value) < 0 ? NULL
                                                                                          : value;
}

PyDoc_STRVAR(get_workflow_status_doc,
             "get_workflow_status($self, workflow_id)\n--\n\n"
             "Returns the WorkflowStatus of a workflow. Raises SimStudioError.");

static PyObject *client_get_workflow_status(struct client *self, PyObject *const *arguments,
                                            Py_ssize_t given, PyObject *keyword_names)
{
    PyObject *id = match_one("get_workflow_status", "workflow_id", arguments, given, keyword_names);

    return id != NULL ? client_get(self, PYSIM_STATUS, id) : NULL;
}

PyDoc_STRVAR(validate_workflow_doc,
             "validate_workflow($self, workflow_id)\n--\n\n"
             "Returns whether a workflow is deployed (bool); False when that cannot be learned.");

static PyObject *client_validate_workflow(struct client *self, PyObject *const *arguments,
                                          Py_ssize_t given, PyObject *keyword_names)
{
    PyObject *id = match_one("validate_workflow", "workflow_id", arguments, given, keyword_names);
    PyObject *status, *deployed;

    if (id == NULL)
        return NULL;
    status = PyObject_CallMethod((PyObject *)self, "get_workflow_status", "O", id);
    if (status == NULL) {
        if (!PyErr_ExceptionMatches(self->state->SimStudioError))
            return NULL;
        PyErr_Clear();
        Py_RETURN_FALSE;
    }
    deployed = PyObject_GetAttrString(status, "is_deployed");
    Py_DECREF(status);
    return deployed;
}

PyDoc_STRVAR(get_job_status_doc,
             "get_job_status($self, task_id)\n--\n\n"
             "Returns the state of a queued run as the server gives it: a dict with success, taskId,\n"
             "status, metadata, and output, error, estimatedDuration (milliseconds) where they apply.\n"
             "status ends as completed, failed or cancelled; anything else is still under way.\n"
             "Raises SimStudioError.");

static PyObject *client_get_job_status(struct client *self, PyObject *const *arguments,
                                       Py_ssize_t given, PyObject *keyword_names)
{
    PyObject *id = match_one("get_job_status", "task_id", arguments, given, keyword_names);

    return id != NULL ? client_get(self, PYSIM_JOB, id) : NULL;
}

PyDoc_STRVAR(get_usage_limits_doc, "get_usage_limits($self)\n--\n\n"
                                   "Returns the account's UsageLimits. Raises SimStudioError.");

static PyObject *client_get_usage_limits(struct client *self, PyObject *Py_UNUSED(ignored))
{
    return client_get(self, PYSIM_USAGE, NULL);
}

PyDoc_STRVAR(get_rate_limit_info_doc,
             "get_rate_limit_info($self)\n--\n\n"
             "Returns the RateLimitInfo of the last answer that had rate-limit headers, or None.");

static PyObject *client_get_rate_limit_info(struct client *self, PyObject *Py_UNUSED(ignored))
{
    return Py_NewRef(self->rate_limit);
}

PyDoc_STRVAR(set_api_key_doc, "set_api_key($self, api_key)\n--\n\n"
                              "Uses another API key (str or None) from the next call on.");

static PyObject *client_call_set_api_key(struct client *self, PyObject *const *arguments,
                                         Py_ssize_t given, PyObject *keyword_names)
{
    PyObject *key = match_one("set_api_key", "api_key", arguments, given, keyword_names);

    return key != NULL && client_set_api_key(self, key, NULL) == 0 ? Py_NewRef(Py_None) : NULL;
}

PyDoc_STRVAR(set_base_url_doc, "set_base_url($self, base_url)\n--\n\n"
                               "Uses another base URL (str) from the next call on.");

static PyObject *client_call_set_base_url(struct client *self, PyObject *const *arguments,
                                          Py_ssize_t given, PyObject *keyword_names)
{
    PyObject *url = match_one("set_base_url", "base_url", arguments, given, keyword_names);

    return url != NULL && client_set_base_url(self, url, NULL) == 0 ? Py_NewRef(Py_None) : NULL;
}

PyDoc_STRVAR(close_doc, "close($self)\n--\n\n"
                        "Closes the connections. The client connects anew when it is used again.");

static PyObject *client_close(struct client *self, PyObject *Py_UNUSED(ignored))
{
    sim_session_close(self->session);
    Py_RETURN_NONE;
}

static PyObject *client_enter(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return Py_NewRef(self);
}

static PyObject *client_exit(PyObject *self, PyObject *Py_UNUSED(arguments))
{
    return PyObject_CallMethod(self, "close", NULL);
}

/* ---- copying ---- */

static const char *const state_names[] = {"api_key", "base_url", "_rate_limit_info"};

/* Everything but the connections: a copy makes its own. */
static PyObject *client_getstate(struct client *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *const values[] = {self->api_key, self->base_url, self->rate_limit};
    PyObject *state = self->dict != NULL ? PyDict_Copy(self->dict) : PyDict_New();

    for (size_t i = 0; state != NULL && i < sizeof values / sizeof *values; i++)
        if (PyDict_SetItemString(state, state_names[i], values[i]) < 0)
            Py_CLEAR(state);
    return state;
}

static PyObject *client_setstate(PyObject *self, PyObject *state)
{
    PyObject *name, *value;
    Py_ssize_t at = 0;

    if (!PyDict_Check(state))
        return PyErr_Format(PyExc_TypeError, "state must be a dict, not %.200s",
                            Py_TYPE(state)->tp_name);
    while (PyDict_Next(state, &at, &name, &value))
        if (PyObject_SetAttr(self, name, value) < 0)
            return NULL;
    Py_RETURN_NONE;
}

/* ---- the type ---- */

#define METHOD(name, function)                                                                     \
    {#name, (PyCFunction)(void (*)(void))function, METH_FASTCALL | METH_KEYWORDS, name##_doc}

static PyMethodDef client_methods[] = {
    METHOD(execute_workflow, client_execute_workflow),
    METHOD(execute_workflow_sync, client_execute_workflow_sync),
    METHOD(execute_with_retry, client_execute_with_retry),
    METHOD(stream_workflow, client_stream_workflow),
    METHOD(get_workflow_status, client_get_workflow_status),
    METHOD(validate_workflow, client_validate_workflow),
    METHOD(get_job_status, client_get_job_status),
    METHOD(set_api_key, client_call_set_api_key),
    METHOD(set_base_url, client_call_set_base_url),
    {"get_usage_limits", (PyCFunction)client_get_usage_limits, METH_NOARGS, get_usage_limits_doc},
    {"get_rate_limit_info", (PyCFunction)client_get_rate_limit_info, METH_NOARGS,
     get_rate_limit_info_doc},
    {"close", (PyCFunction)client_close, METH_NOARGS, close_doc},
    {"__enter__", client_enter, METH_NOARGS, NULL},
    {"__exit__", client_exit, METH_VARARGS, NULL},
    {"__getstate__", (PyCFunction)client_getstate, METH_NOARGS, NULL},
    {"__setstate__", client_setstate, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef client_members[] = {
    {"__dictoffset__", T_PYSSIZET, offsetof(struct client, dict), READONLY, NULL},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(struct client, weak_references), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef client_getset[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {"api_key", (getter)client_get_api_key, (setter)client_set_api_key,
     "The API key (str), or None to send none.", NULL},
    {"base_url", (getter)client_get_base_url, (setter)client_set_base_url,
     "Where the API is (str), without a slash at its end.", NULL},
    {"_rate_limit_info", (getter)client_get_rate_limit, (setter)client_set_rate_limit, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(client_doc,
             "SimStudioClient(api_key, base_url='" DEFAULT_BASE_URL "')\n--\n\n"
             "A client of the Sim API. May be shared by threads, and used in a with statement.\n\n"
             "api_key: str, or None to send none. base_url: str, http or https.\n"
             "Raises ValueError or TypeError for what cannot be sent.");

static PyType_Slot client_slots[] = {
    {Py_tp_doc, (void *)client_doc},
    {Py_tp_new, client_new},
    {Py_tp_init, client_init},
    {Py_tp_dealloc, client_dealloc},
    {Py_tp_traverse, client_traverse},
    {Py_tp_clear, client_clear},
    {Py_tp_repr, client_repr},
    {Py_tp_methods, client_methods},
    {Py_tp_members, client_members},
    {Py_tp_getset, client_getset},
    {0, NULL},
};

static PyType_Spec client_spec = {
    .name = "simstudio.SimStudioClient",
    .basicsize = sizeof(struct client),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = client_slots,
};

int pysim_client_register(PyObject *module, struct pysim_state *state)
{
    state->SimStudioClient = pysim_state_add_type(module, &client_spec, NULL);
    if (state->SimStudioClient == NULL)
        return -1;
    pysim_set_offsets((PyTypeObject *)state->SimStudioClient, offsetof(struct client, dict),
                      offsetof(struct client, weak_references));
    return 0;
}
