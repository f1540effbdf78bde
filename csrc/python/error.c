#include "python/error.h"

#include <stddef.h>
#include <string.h>

#include "python/arguments.h"

/* The attributes, which live in the exception's dict: pickling, copying and subclasses need no
 * code of ours. */
static const char *const parameters[] = {"message", "code", "status"};

/* An exception that can be referred to weakly, as one of a Python class can. */
struct error {
    PyBaseExceptionObject base;
    PyObject *weak_references;
};

static int error_init(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    static const struct pysim_signature signature = {
        "SimStudioError", "__init__", 1, 3, 3, parameters,
    };
    PyObject *values[3], *message = NULL;
    int result = -1;

    if (pysim_arguments_match_init(&signature, arguments, keywords, values) < 0)
        return -1;
    message = PyTuple_Pack(1, values[0]);
    if (message == NULL || ((PyTypeObject *)PyExc_Exception)->tp_init(self, message, NULL) < 0 ||
        PyObject_SetAttrString(self, "code", values[1] != NULL ? values[1] : Py_None) < 0 ||
        PyObject_SetAttrString(self, "status", values[2] != NULL ? values[2] : Py_None) < 0)
        goto done;
    result = 0;
done:
    pysim_arguments_release(&signature, values);
    Py_XDECREF(message);
    return result;
}

PyDoc_STRVAR(
    error_doc,
    "SimStudioError(message, code=None, status=None)\n--\n\n"
    "A call of the Sim API that failed.\n\n"
    "message: str; what str() of it gives.\n"
    "code: str such as UNAUTHORIZED, TIMEOUT, RATE_LIMIT_EXCEEDED, USAGE_LIMIT_EXCEEDED,\n"
    "    EXECUTION_ERROR, or the server's own; or None.\n"
    "status: the HTTP status (int), or None where none is the matter: time-outs, transport\n"
    "    failures, a 2xx answer that cannot be used.\n"
    "details: the answer's body, parsed where it was JSON, otherwise its text; or None.\n"
    "retry_after: milliseconds (int) from this answer's Retry-After; or None.");

static PyType_Slot error_slots[] = {
    {Py_tp_doc, (void *)error_doc},
    {Py_tp_init, error_init},
    {0, NULL},
};

static PyType_Spec error_spec = {
    .name = "simstudio.SimStudioError",
    .basicsize = sizeof(struct error),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, /* collected as its base is */
    .slots = error_slots,
};

int pysim_error_register(PyObject *module, struct pysim_state *state)
{
    static const char *const defaults[] = {"code", "status", "details", "retry_after"};
    PyObject *bases = PyTuple_Pack(1, PyExc_Exception);

    if (bases == NULL)
        return -1;
    state->SimStudioError = pysim_state_add_type(module, &error_spec, bases);
    Py_DECREF(bases);
    if (state->SimStudioError == NULL)
        return -1;
    pysim_set_offsets((PyTypeObject *)state->SimStudioError,
                      ((PyTypeObject *)state->SimStudioError)->tp_dictoffset,
                      offsetof(struct error, weak_references));
    /* On the class, so that a subclass that leaves our __init__ out has them too. */
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
        if (PyObject_SetAttrString(state->SimStudioError, defaults[i], Py_None) < 0)
            return -1;
    return 0;
}

PyObject *pysim_raise(struct pysim_state *state, const struct pysim_failure *failure)
{
    PyObject *status = NULL, *retry_after = NULL, *error = NULL;

    status = failure->http_status != 0 ? PyLong_FromLong(failure->http_status) : Py_NewRef(Py_None);
    retry_after = failure->retry_after_ms != PYSIM_NO_RETRY_AFTER
                      ? PyLong_FromLongLong(failure->retry_after_ms)
                      : Py_NewRef(Py_None);
    if (status == NULL || retry_after == NULL)
        goto done;
    error =
        PyObject_CallFunctionObjArgs(state->SimStudioError, failure->message,
                                     failure->code != NULL ? failure->code : Py_None, status, NULL);
    if (error == NULL ||
        PyObject_SetAttrString(error, "details",
                               failure->details != NULL ? failure->details : Py_None) < 0 ||
        PyObject_SetAttrString(error, "retry_after", retry_after) < 0)
        goto done;
    PyErr_SetObject(state->SimStudioError, error);
done:
    Py_XDECREF(status);
    Py_XDECREF(retry_after);
    Py_XDECREF(error);
    return NULL;
}

PyObject *pysim_raise_core(struct pysim_state *state, const struct sim_error *error,
                           const char *prefix, const char *code)
{
    struct pysim_failure failure = {.retry_after_ms = PYSIM_NO_RETRY_AFTER};
    PyObject *text = NULL;

    if (error->status == SIM_NO_MEMORY)
        return PyErr_NoMemory();
    /* Foreign bytes may stand in a message. */
    text = PyUnicode_DecodeUTF8(error->message, (Py_ssize_t)strlen(error->message), "replace");
    if (text == NULL)
        return NULL;
    if (error->status == SIM_BAD_INPUT) {
        PyErr_SetObject(PyExc_ValueError, text);
        goto done;
    }
    failure.message = PyUnicode_FromFormat("%s: %U", prefix, text);
    failure.code = PyUnicode_FromString(code);
    if (failure.message != NULL && failure.code != NULL)
        (void)pysim_raise(state, &failure);
done:
    Py_DECREF(text);
    Py_XDECREF(failure.message);
    Py_XDECREF(failure.code);
    return NULL;
}

PyObject *pysim_error_take_message(void)
{
    PyObject *type, *value, *traceback, *message = NULL;

    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    /* Making the exception may have failed, and this is what came of it. */
    if (PyErr_GivenExceptionMatches(type, PyExc_MemoryError)) {
        PyErr_Restore(type, value, traceback);
        return NULL;
    }
    message = PyObject_Str(value);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return message;
}
