#include "python/execute.h"

#include <limits.h>
#include <stdbool.h>

#include "core/retry.h"
#include "python/arguments.h"
#include "python/client.h"
#include "python/encode.h"
#include "python/error.h"
#include "python/stream.h"
#include "python/upload.h"

#define TIMEOUT_DOC                                                                                \
    "timeout: seconds to connect, and the longest silence while sending or receiving after that\n" \
    "    (float, default 30.0); or (connect, read), or (connect, read, total); None: no bound.\n"

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
    "workflow_id",     "input_data",  "timeout",       "stream",    "selected_outputs",
    "async_execution", "max_retries", "initial_delay", "max_delay", "backoff_multiplier",
};

/* What an execute method was asked for. */
struct execution {
    struct pysim_state *state; /* borrowed */
    struct pysim_call call;
    struct pysim_timeout timeout;
    bool is_async;
};

/* Truth of an optional argument; -1 with an exception. */
static int is_true(PyObject *value)
{
    return value != NULL ? PyObject_IsTrue(value) : 0;
}

/* Makes the request, body and all: 0, or -1 with an exception. End with pysim_call_fini(). */
static int execution_init(struct execution *execution, PyObject *self, PyObject *const *values)
{
    int stream = is_true(values[STREAM]);
    int is_async = stream < 0 ? -1 : is_true(values[ASYNC_EXECUTION]);
    struct pysim_state *state = pysim_client_state(self);
    PyObject *text;
    int encoded;

    *execution = (struct execution){.state = state, .is_async = is_async > 0};
    if (stream < 0 || is_async < 0 ||
        pysim_timeout_parse(state, values[TIMEOUT], &execution->timeout) < 0 ||
        pysim_client_prepare(self, &execution->call, PYSIM_EXECUTE, values[WORKFLOW_ID]) < 0)
        return -1;
    if (values[SELECTED_OUTPUTS] != NULL && values[SELECTED_OUTPUTS] != Py_None &&
        !PyList_Check(values[SELECTED_OUTPUTS]) && !PyTuple_Check(values[SELECTED_OUTPUTS])) {
        PyErr_Format(PyExc_TypeError, "selected_outputs must be a list of str, not %.200s",
                     Py_TYPE(values[SELECTED_OUTPUTS])->tp_name);
        return -1;
    }
    encoded = pysim_encode_body(values[INPUT_DATA], stream > 0, values[SELECTED_OUTPUTS],
                                &execution->call.body);
    if (encoded != PYSIM_ENCODE_REFUSED)
        return encoded;
    /* What json refuses is a failure of the call, as it always was; nothing has been sent. */
    text = pysim_error_take_message();
    if (text != NULL)
        (void)pysim_raise_steals(
            state, PyUnicode_FromFormat("%s: %U", execution->call.endpoint->failure, text),
            execution->call.endpoint->code, NULL, false);
    Py_XDECREF(text);
    return -1;
}

#define EXECUTE_TEXT                                                                               \
    "workflow_id: str, or anything whose str() is the id.\n"                                       \
    "input_data: dict of what json.dumps takes, and file objects; or None.\n" TIMEOUT_DOC          \
    "stream: bool; ask for a streamed run; the result is complete all the same.\n"                 \
    "selected_outputs: list of str, each a blockName.attribute to stream; or None.\n"

#define ASYNC_TEXT "async_execution: bool; queue the run and return at once.\n"

#define EXECUTE_RETURNS                                                                            \
    "\nReturns WorkflowExecutionResult. With async_execution: AsyncExecutionResult, or\n"          \
    "WorkflowExecutionResult if the server ran it at once after all.\n"

#define EXECUTE_ERRORS                                                                             \
    "Raises SimStudioError when the run cannot be made or fails, TypeError or ValueError for\n"    \
    "arguments that cannot be used. A run that a 2xx response reports as failed is returned,\n"    \
    "with success False."

const char pysim_execute_workflow_doc[] =
    PyDoc_STR("execute_workflow($self, workflow_id, input_data=None, timeout=30.0, stream=False,\n"
              "                 selected_outputs=None, async_execution=False)\n--\n\n"
              "Runs a workflow and waits for its result.\n\n" EXECUTE_TEXT ASYNC_TEXT
                  EXECUTE_RETURNS EXECUTE_ERRORS);

PyObject *pysim_execute_workflow(PyObject *self, PyObject *const *arguments, Py_ssize_t given,
                                 PyObject *keyword_names)
{
    static const struct pysim_signature signature = {
        .owner = "SimStudioClient",
        .function = "execute_workflow",
        .required_count = 1,
        .positional_count = MAX_RETRIES,
        .parameter_count = MAX_RETRIES,
        .names = execute_names,
    };
    PyObject *values[EXECUTE_PARAMETERS], *result = NULL;
    struct execution execution;

    if (pysim_arguments_match(&signature, arguments, given, keyword_names, values) < 0)
        return NULL;
    if (execution_init(&execution, self, values) == 0)
        result =
            pysim_client_perform(self, &execution.call, &execution.timeout, execution.is_async);
    pysim_call_fini(&execution.call);
    return result;
}

/* Calls self.execute_workflow with the first `count` values, as the pure-Python SDK does, so that
 * overrides and monkeypatches take effect. */
static PyObject *call_overridable(PyObject *self, PyObject *const *values, int count)
{
    PyObject *method = NULL, *arguments = NULL, *result = NULL;

    method = PyObject_GetAttrString(self, "execute_workflow");
    arguments = PyTuple_New(count);
    if (method == NULL || arguments == NULL)
        goto done;
    for (int i = 0; i < count; i++) {
        PyObject *value = values[i];
        if (value == NULL)
            value = i == TIMEOUT ? pysim_client_state(self)->default_timeout
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

const char pysim_execute_workflow_sync_doc[] =
    PyDoc_STR("execute_workflow_sync($self, workflow_id, input_data=None, timeout=30.0,\n"
              "                      stream=False, selected_outputs=None)\n--\n\n"
              "Runs a workflow and waits for its result, like execute_workflow().\n\n" EXECUTE_TEXT
              "\nReturns WorkflowExecutionResult.\n" EXECUTE_ERRORS);

PyObject *pysim_execute_workflow_sync(PyObject *self, PyObject *const *arguments, Py_ssize_t given,
                                      PyObject *keyword_names)
{
    static const struct pysim_signature signature = {
        .owner = "SimStudioClient",
        .function = "execute_workflow_sync",
        .required_count = 1,
        .positional_count = ASYNC_EXECUTION,
        .parameter_count = ASYNC_EXECUTION,
        .names = execute_names,
    };
    PyObject *values[EXECUTE_PARAMETERS];

    if (pysim_arguments_match(&signature, arguments, given, keyword_names, values) < 0)
        return NULL;
    return call_overridable(self, values, ASYNC_EXECUTION);
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
    if (!pysim_arguments_is_number(value)) {
        PyErr_Format(PyExc_TypeError, "%s must be a number, not %.200s", name,
                     Py_TYPE(value)->tp_name);
        return -1;
    }
    if (pysim_arguments_number(value, out) < 0)
        return -1;
    if (*out >= 0)
        return 0;
    PyErr_Format(PyExc_ValueError, "%s must be 0 or greater, not %R", name, value);
    return -1;
}

static int read_max_retries(PyObject *value, long *out)
{
    PyObject *count;
    int overflow = 0;

    *out = 3;
    if (value == NULL)
        return 0;
    count = PyNumber_Index(value); /* PyLong_AsLong alone truncates floats on 3.8. */
    if (count == NULL) {
        if (!PyIndex_Check(value))
            PyErr_Format(PyExc_TypeError, "max_retries must be an int, not %.200s",
                         Py_TYPE(value)->tp_name);
        return -1;
    }
    *out = PyLong_AsLongAndOverflow(count, &overflow);
    Py_DECREF(count);
    if (overflow > 0)
        *out = LONG_MAX;
    if (*out >= 0)
        return 0;
    PyErr_Format(PyExc_ValueError, "max_retries must be 0 or greater, not %R", value);
    return -1;
}

static int retrying_init(struct retrying *retrying, PyObject *const *values)
{
    struct sim_retry_policy *policy = &retrying->policy;

    if (read_max_retries(values[MAX_RETRIES], &retrying->most) < 0 ||
        read_delay(values[INITIAL_DELAY], "initial_delay", 1.0, &policy->initial_s) < 0 ||
        read_delay(values[MAX_DELAY], "max_delay", 30.0, &policy->max_s) < 0 ||
        read_delay(values[BACKOFF_MULTIPLIER], "backoff_multiplier", 2.0, &policy->multiplier) < 0)
        return -1;
    return 0;
}

/* The exception's Retry-After in milliseconds, or SIM_RETRY_NO_HINT. -1 with an exception: a
 * subclass may have a property there. One that no integer of ours holds is long enough. */
static int hint_of(PyObject *error, int64_t *hint_ms)
{
    PyObject *value = PyObject_GetAttrString(error, "retry_after");
    int overflow = 0;
    long long number = -1;

    if (value == NULL)
        return -1;
    if (PyLong_Check(value))
        number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow > 0)
        number = INT64_MAX;
    *hint_ms = number >= 0 ? number : SIM_RETRY_NO_HINT;
    Py_DECREF(value);
    return 0;
}

/* After a failed attempt: waits and returns 0 when there is to be another; -1 with the exception
 * when not. */
static int retrying_wait(const struct retrying *retrying, struct pysim_state *state, long attempt)
{
    PyObject *error;
    int64_t delay_ms = 0, hint_ms = SIM_RETRY_NO_HINT;
    int again;

    if (attempt >= retrying->most || !PyErr_ExceptionMatches(state->SimStudioError))
        return -1;
    error = PyErr_GetRaisedException();
    again = pysim_error_has_code(error, PYSIM_RATE_LIMIT_EXCEEDED);
    if (again > 0 && hint_of(error, &hint_ms) < 0)
        again = -1;
    if (again > 0)
        again = sim_retry_delay_ms(&retrying->policy, (unsigned)attempt, sim_retry_random(),
                                   hint_ms, &delay_ms);
    if (again == 0) {
        PyErr_SetRaisedException(error);
        return -1;
    }
    if (again < 0)
        pysim_error_set_context(error);
    Py_DECREF(error);
    return again < 0 ? -1 : pysim_sleep(delay_ms);
}

/* 1 when self.execute_workflow is this module's own: the body is then made once and sent with every
 * attempt. 0 when not, -1 with an exception. */
static int has_own_execute(PyObject *self)
{
    PyObject *method = PyObject_GetAttrString(self, "execute_workflow");
    int is_own =
        method != NULL && PyCFunction_Check(method) && PyCFunction_GET_SELF(method) == self &&
        PyCFunction_GET_FUNCTION(method) == (PyCFunction)(void (*)(void))pysim_execute_workflow;

    if (method == NULL)
        return -1;
    Py_DECREF(method);
    return is_own;
}

static PyObject *retry_own(PyObject *self, PyObject *const *values, const struct retrying *retrying)
{
    struct execution execution;
    PyObject *result = NULL;

    if (execution_init(&execution, self, values) < 0)
        goto done;
    for (long attempt = 0;; attempt++) {
        result =
            pysim_client_perform(self, &execution.call, &execution.timeout, execution.is_async);
        if (result != NULL || retrying_wait(retrying, execution.state, attempt) < 0)
            break;
    }
done:
    pysim_call_fini(&execution.call);
    return result;
}

/* An overridden execute_workflow gets the files in their converted form: every attempt sends the
 * same bytes. An input without files it gets as it is. */
static PyObject *retry_overridden(PyObject *self, PyObject **values,
                                  const struct retrying *retrying)
{
    PyObject *input = values[INPUT_DATA], *converted = NULL, *result = NULL;
    struct pysim_state *state = pysim_client_state(self);

    converted = pysim_upload_convert(input != NULL ? input : Py_None);
    if (converted == NULL)
        return NULL;
    values[INPUT_DATA] = converted;
    for (long attempt = 0;; attempt++) {
        result = call_overridable(self, values, MAX_RETRIES);
        if (result != NULL || retrying_wait(retrying, state, attempt) < 0)
            break;
    }
    Py_DECREF(converted);
    return result;
}

const char pysim_execute_with_retry_doc[] = PyDoc_STR(
    "execute_with_retry($self, workflow_id, input_data=None, timeout=30.0, stream=False,\n"
    "                   selected_outputs=None, async_execution=False, max_retries=3,\n"
    "                   initial_delay=1.0, max_delay=30.0, backoff_multiplier=2.0)\n--\n\n"
    "Runs a workflow like execute_workflow(), and again when the rate limit is "
    "exceeded.\n\n" EXECUTE_TEXT ASYNC_TEXT "max_retries: int; attempts after the first.\n"
    "initial_delay: float; seconds before the second attempt.\n"
    "max_delay: float; seconds that waits do not grow beyond.\n"
    "backoff_multiplier: float; how many times longer each wait is than the one before.\n\n"
    "A wait varies by 25 % either way, so that clients do not come back together. If the\n"
    "response has a Retry-After, the wait is that and up to 25 % more; if it is over an hour,\n"
    "the error is raised at once. Nothing but RATE_LIMIT_EXCEEDED is tried again.\n" EXECUTE_RETURNS
        EXECUTE_ERRORS);

PyObject *pysim_execute_with_retry(PyObject *self, PyObject *const *arguments, Py_ssize_t given,
                                   PyObject *keyword_names)
{
    static const struct pysim_signature signature = {
        .owner = "SimStudioClient",
        .function = "execute_with_retry",
        .required_count = 1,
        .positional_count = EXECUTE_PARAMETERS,
        .parameter_count = EXECUTE_PARAMETERS,
        .names = execute_names,
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

const char pysim_stream_workflow_doc[] = PyDoc_STR(
    "stream_workflow($self, workflow_id, input_data=None, *, selected_outputs=None,\n"
    "                timeout=(30.0, 300.0))\n--\n\n"
    "Runs a workflow, and gives its events as they arrive.\n\n"
    "workflow_id, input_data, selected_outputs: as for execute_workflow().\n"
    "timeout: as for execute_workflow(); default (30.0, 300.0).\n\n"
    "Returns a WorkflowStream, an iterator of StreamEvent. Its request is sent when it is\n"
    "first read or entered, which raises SimStudioError if no stream begins. Raises TypeError\n"
    "or ValueError for arguments that cannot be used, and SimStudioError for an input that\n"
    "JSON cannot hold.");

PyObject *pysim_stream_workflow(PyObject *self, PyObject *const *arguments, Py_ssize_t given,
                                PyObject *keyword_names)
{
    static const char *const names[] = {"workflow_id", "input_data", "selected_outputs", "timeout"};
    static const struct pysim_signature signature = {
        .owner = "SimStudioClient",
        .function = "stream_workflow",
        .required_count = 1,
        .positional_count = 2,
        .parameter_count = 4,
        .names = names,
    };
    PyObject *matched[4], *values[EXECUTE_PARAMETERS] = {NULL};
    struct execution execution;

    if (pysim_arguments_match(&signature, arguments, given, keyword_names, matched) < 0)
        return NULL;
    values[WORKFLOW_ID] = matched[0];
    values[INPUT_DATA] = matched[1];
    values[STREAM] = Py_True;
    values[SELECTED_OUTPUTS] = matched[2];
    values[TIMEOUT] = matched[3] != NULL ? matched[3] : pysim_client_state(self)->stream_timeout;
    if (execution_init(&execution, self, values) < 0) {
        pysim_call_fini(&execution.call);
        return NULL;
    }
    return pysim_stream_new(execution.state, self, &execution.call, &execution.timeout);
}
