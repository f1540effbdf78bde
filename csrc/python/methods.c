#include "python/methods.h"

#include "python/arguments.h"
#include "python/client.h"
#include "python/execute.h"

/* A GET of an endpoint, with the default timeout. */
static PyObject *client_get(PyObject *self, enum pysim_endpoint endpoint, PyObject *id)
{
    struct pysim_state *state = pysim_client_state(self);
    struct pysim_call call = {0};
    struct pysim_timeout timeout;
    PyObject *result = NULL;

    if (pysim_timeout_parse(state, NULL, &timeout) == 0 &&
        pysim_client_prepare(self, &call, endpoint, id) == 0)
        result = pysim_client_perform(self, &call, &timeout, false);
    pysim_call_fini(&call);
    return result;
}

/* Matches the single parameter of a method. */
static PyObject *match_one(const char *function, const char *name, PyObject *const *arguments,
                           Py_ssize_t given, PyObject *keyword_names)
{
    const struct pysim_signature signature = {
        .owner = "SimStudioClient",
        .function = function,
        .required_count = 1,
        .positional_count = 1,
        .parameter_count = 1,
        .names = &name,
    };
    PyObject *value = NULL;

    return pysim_arguments_match(&signature, arguments, given, keyword_names, &value) < 0 ? NULL
                                                                                          : value;
}

PyDoc_STRVAR(get_workflow_status_doc,
             "get_workflow_status($self, workflow_id)\n--\n\n"
             "Checks whether a workflow is deployed.\n\n"
             "workflow_id: str. Returns WorkflowStatus. Raises SimStudioError.");

static PyObject *client_get_workflow_status(PyObject *self, PyObject *const *arguments,
                                            Py_ssize_t given, PyObject *keyword_names)
{
    PyObject *id = match_one("get_workflow_status", "workflow_id", arguments, given, keyword_names);

    return id != NULL ? client_get(self, PYSIM_STATUS, id) : NULL;
}

PyDoc_STRVAR(
    validate_workflow_doc,
    "validate_workflow($self, workflow_id)\n--\n\n"
    "Checks whether a workflow is ready to be run.\n\n"
    "workflow_id: str. Returns bool: False also if that cannot be found out, so that no\n"
    "SimStudioError is raised. Raises TypeError or ValueError for an id that cannot be used.");

static PyObject *client_validate_workflow(PyObject *self, PyObject *const *arguments,
                                          Py_ssize_t given, PyObject *keyword_names)
{
    PyObject *id = match_one("validate_workflow", "workflow_id", arguments, given, keyword_names);
    PyObject *status, *deployed;

    if (id == NULL)
        return NULL;
    status = PyObject_CallMethod(self, "get_workflow_status", "(O)", id); /* it may be a tuple */
    if (status == NULL) {
        if (!PyErr_ExceptionMatches(pysim_client_state(self)->SimStudioError))
            return NULL;
        PyErr_Clear();
        Py_RETURN_FALSE;
    }
    deployed = PyObject_GetAttrString(status, "is_deployed");
    Py_DECREF(status);
    return deployed;
}

PyDoc_STRVAR(
    get_job_status_doc,
    "get_job_status($self, task_id)\n--\n\n"
    "Gets a queued run's status.\n\n"
    "task_id: str, of an AsyncExecutionResult.\n\n"
    "Returns the server's value unchanged; a dict with success, taskId, status, metadata, and\n"
    "output, error, estimatedDuration (milliseconds) where they apply. A status other than\n"
    "completed, failed or cancelled means that the run has not finished. What the workflow\n"
    "returned is [\"output\"][\"output\"]. Raises SimStudioError.");

static PyObject *client_get_job_status(PyObject *self, PyObject *const *arguments, Py_ssize_t given,
                                       PyObject *keyword_names)
{
    PyObject *id = match_one("get_job_status", "task_id", arguments, given, keyword_names);

    return id != NULL ? client_get(self, PYSIM_JOB, id) : NULL;
}

PyDoc_STRVAR(get_usage_limits_doc, "get_usage_limits($self)\n--\n\n"
                                   "Gets the account's limits and its usage.\n\n"
                                   "Returns UsageLimits. Raises SimStudioError.");

static PyObject *client_get_usage_limits(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return client_get(self, PYSIM_USAGE, NULL);
}

PyDoc_STRVAR(
    get_rate_limit_info_doc,
    "get_rate_limit_info($self)\n--\n\n"
    "Returns the most recent rate limit seen; sends no request.\n\n"
    "It is the RateLimitInfo of the last response with rate-limit headers; None before the\n"
    "first.");

static PyObject *client_get_rate_limit_info(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return PyObject_GetAttrString(self, "_rate_limit_info");
}

/* A method that sets the attribute of its one parameter's name. */
static PyObject *set_one(PyObject *self, const char *function, const char *name,
                         PyObject *const *arguments, Py_ssize_t given, PyObject *keyword_names)
{
    PyObject *value = match_one(function, name, arguments, given, keyword_names);

    if (value == NULL || PyObject_SetAttrString(self, name, value) < 0)
        return NULL;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(set_api_key_doc, "set_api_key($self, api_key)\n--\n\n"
                              "Uses another API key from the next call on.\n\n"
                              "api_key: str, or None to send none. Raises TypeError or ValueError\n"
                              "for what an HTTP header cannot carry.");

static PyObject *client_call_set_api_key(PyObject *self, PyObject *const *arguments,
                                         Py_ssize_t given, PyObject *keyword_names)
{
    return set_one(self, "set_api_key", "api_key", arguments, given, keyword_names);
}

PyDoc_STRVAR(set_base_url_doc, "set_base_url($self, base_url)\n--\n\n"
                               "Uses another base URL from the next call on.\n\n"
                               "base_url: str, http or https. Raises TypeError or ValueError for\n"
                               "anything else.");

static PyObject *client_call_set_base_url(PyObject *self, PyObject *const *arguments,
                                          Py_ssize_t given, PyObject *keyword_names)
{
    return set_one(self, "set_base_url", "base_url", arguments, given, keyword_names);
}

PyDoc_STRVAR(close_doc, "close($self)\n--\n\n"
                        "Closes the connections. The client reconnects when it is used again.\n\n"
                        "May be called repeatedly; calls in other threads finish normally.");

PyDoc_STRVAR(enter_doc, "__enter__($self)\n--\n\n"
                        "Returns the client itself; the end of the with statement closes it.");

static PyObject *client_close(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    pysim_client_close(self);
    Py_RETURN_NONE;
}

static PyObject *client_enter(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return Py_NewRef(self);
}

/* ---- copying ---- */

static const char *const state_names[] = {"api_key", "base_url", "_rate_limit_info"};

/* What has not been set is left out. 0, or -1 with an exception. */
static int save_attribute(PyObject *self, PyObject *name, PyObject *state)
{
    PyObject *value = PyObject_GetAttr(self, name);
    int result;

    if (value == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_AttributeError))
            return -1;
        PyErr_Clear();
        return 0;
    }
    result = PyDict_SetItem(state, name, value);
    Py_DECREF(value);
    return result;
}

/* A subclass may have __slots__, which are in no dict. */
static int save_slots(PyObject *self, PyObject *state)
{
    PyObject *module = PyImport_ImportModule("copyreg"), *names = NULL;
    int result = -1;

    if (module != NULL)
        names = PyObject_CallMethod(module, "_slotnames", "O", (PyObject *)Py_TYPE(self));
    if (names != NULL)
        result = 0;
    for (Py_ssize_t i = 0; result == 0 && PyList_Check(names) && i < PyList_GET_SIZE(names); i++) {
        PyObject *name = Py_NewRef(PyList_GET_ITEM(names, i)); /* a getter may change the list */
        result = save_attribute(self, name, state);
        Py_DECREF(name);
    }
    Py_XDECREF(module);
    Py_XDECREF(names);
    return result;
}

/* Everything but the connections: a copy makes its own. */
static PyObject *client_getstate(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *dict = PyObject_GenericGetDict(self, NULL);
    PyObject *state = dict != NULL ? PyDict_Copy(dict) : NULL;

    for (size_t i = 0; state != NULL && i < sizeof state_names / sizeof *state_names; i++) {
        PyObject *name = PyUnicode_FromString(state_names[i]);
        if (name == NULL || save_attribute(self, name, state) < 0)
            Py_CLEAR(state);
        Py_XDECREF(name);
    }
    if (state != NULL && save_slots(self, state) < 0)
        Py_CLEAR(state);
    Py_XDECREF(dict);
    return state;
}

static PyObject *client_setstate(PyObject *self, PyObject *state)
{
    PyObject *items;
    int stored = 0;

    if (!PyDict_Check(state))
        return PyErr_Format(PyExc_TypeError, "state must be a dict, not %.200s",
                            Py_TYPE(state)->tp_name);
    items = PyDict_Items(state); /* a subclass's __setattr__ may change the dict */
    for (Py_ssize_t i = 0; items != NULL && stored == 0 && i < PyList_GET_SIZE(items); i++) {
        PyObject *item = PyList_GET_ITEM(items, i);
        stored = PyObject_SetAttr(self, PyTuple_GET_ITEM(item, 0), PyTuple_GET_ITEM(item, 1));
    }
    Py_XDECREF(items);
    return items != NULL && stored == 0 ? Py_NewRef(Py_None) : NULL;
}

/* Protocols 0 and 1 cannot reduce a type with its own __new__; what protocol 2 makes of it can be
 * written in them too. */
static PyObject *client_reduce_ex(PyObject *self, PyObject *protocol)
{
    long number = PyLong_AsLong(protocol);

    if (number == -1 && PyErr_Occurred())
        return NULL;
    return PyObject_CallMethod((PyObject *)&PyBaseObject_Type, "__reduce_ex__", "Ol", self,
                               number < 2 ? 2 : number);
}

/* ---- the table ---- */

/* clang-format off */
#define METHOD(name, function)                                                                     \
    {#name, (PyCFunction)(void (*)(void))function, METH_FASTCALL | METH_KEYWORDS, name##_doc},
#define EXECUTE_METHOD(name)                                                                       \
    {#name, (PyCFunction)(void (*)(void))pysim_##name, METH_FASTCALL | METH_KEYWORDS,              \
     pysim_##name##_doc},

static PyMethodDef client_methods[] = {
    PYSIM_EXECUTE_METHODS(EXECUTE_METHOD)
    METHOD(get_workflow_status, client_get_workflow_status)
    METHOD(validate_workflow, client_validate_workflow)
    METHOD(get_job_status, client_get_job_status)
    METHOD(set_api_key, client_call_set_api_key)
    METHOD(set_base_url, client_call_set_base_url)
    {"get_usage_limits", client_get_usage_limits, METH_NOARGS, get_usage_limits_doc},
    {"get_rate_limit_info", client_get_rate_limit_info, METH_NOARGS,
     get_rate_limit_info_doc},
    {"close", client_close, METH_NOARGS, close_doc},
    {"__enter__", client_enter, METH_NOARGS, enter_doc},
    {"__exit__", pysim_client_exit, METH_VARARGS, PyDoc_STR(PYSIM_EXIT_DOC)},
    {"__getstate__", client_getstate, METH_NOARGS, NULL},
    {"__setstate__", client_setstate, METH_O, NULL},
    {"__reduce_ex__", client_reduce_ex, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};
/* clang-format on */

int pysim_methods_register(PyObject *module, struct pysim_state *state)
{
    return pysim_client_register(module, state, client_methods);
}
