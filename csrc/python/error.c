#include "python/error.h"

#include <stddef.h>
#include <string.h>

#include "python/arguments.h"

/* What __init__() takes. All but the message become attributes in the exception's dict, so that
 * pickling, copying and subclasses need no code of ours. */
static const char *const parameters[] = {"message", "code", "status"};

#define CODE_TEXT(code) [PYSIM_##code] = #code,
static const char *const code_texts[] = {PYSIM_CODES(CODE_TEXT)};
#undef CODE_TEXT

/* An exception that can be referred to weakly, as one of a Python class can. Where the interpreter
 * cannot keep the references before the object, a member does; elsewhere a member would be a layout
 * of our own, which no class could share with OSError's. */
struct error {
    PyBaseExceptionObject base;
#if !PYSIM_HAS_MANAGED_WEAKREF
    PyObject *weak_references;
#endif
};

/* The base has what there is; but it does not show the type, which is on the heap. */
static int error_traverse(PyObject *self, visitproc visit, void *arg)
{
    PYSIM_VISIT_TYPE(self);
    return ((PyTypeObject *)PyExc_Exception)->tp_traverse(self, visit, arg);
}

static int error_clear(PyObject *self)
{
    return ((PyTypeObject *)PyExc_Exception)->tp_clear(self);
}

/* super().__init__(message): the next class of a subclass's order need not be Exception. */
static int init_next(PyObject *self, PyObject *message)
{
    struct pysim_state *state = pysim_state_of_type(Py_TYPE(self));
    PyObject *next = NULL, *arguments = NULL, *init = NULL, *done = NULL;
    int result = -1;

    if (state == NULL)
        return -1;
    arguments = PyTuple_Pack(1, message);
    if (arguments == NULL)
        return -1;
    if ((PyObject *)Py_TYPE(self) == state->SimStudioError) {
        result = ((PyTypeObject *)PyExc_Exception)->tp_init(self, arguments, NULL);
        goto done;
    }
    next =
        PyObject_CallFunctionObjArgs((PyObject *)&PySuper_Type, state->SimStudioError, self, NULL);
    if (next != NULL)
        init = PyObject_GetAttrString(next, "__init__");
    if (init != NULL)
        done = PyObject_CallObject(init, arguments);
    result = done != NULL ? 0 : -1;
done:
    Py_DECREF(arguments);
    Py_XDECREF(next);
    Py_XDECREF(init);
    Py_XDECREF(done);
    return result;
}

static int error_init(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    static const struct pysim_signature signature = {
        .owner = "SimStudioError",
        .function = "__init__",
        .required_count = 1,
        .positional_count = 3,
        .parameter_count = 3,
        .names = parameters,
    };
    PyObject *values[3];
    int result = -1;

    if (pysim_arguments_match_init(&signature, arguments, keywords, values) < 0)
        return -1;
    if (init_next(self, values[0]) == 0 &&
        PyObject_SetAttrString(self, "code", values[1] != NULL ? values[1] : Py_None) == 0 &&
        PyObject_SetAttrString(self, "status", values[2] != NULL ? values[2] : Py_None) == 0)
        result = 0;
    pysim_arguments_release(&signature, values);
    return result;
}

PyDoc_STRVAR(
    error_doc,
    "SimStudioError(message, code=None, status=None)\n--\n\n"
    "A call of the Sim API that failed.\n\n"
    "message: str; what str() of it gives.\n"
    "code: str such as UNAUTHORIZED, TIMEOUT, RATE_LIMIT_EXCEEDED, USAGE_LIMIT_EXCEEDED,\n"
    "    EXECUTION_ERROR, or the server's own; or None.\n"
    "status: the HTTP status (int), or None if no HTTP status applies: timeouts, transport\n"
    "    failures, a 2xx response that cannot be used.\n"
    "details: the response's body, parsed where it was JSON, otherwise its text; of one that\n"
    "    broke off the text so far, of a stream that of its blocks by block id; or None.\n"
    "retry_after: milliseconds (int) from this response's Retry-After; or None.\n"
    "was_sent: bool; False if nothing of the request went out, so that nothing can have been\n"
    "    run; None if this client did not raise the error.");

static PyType_Slot error_slots[] = {
    {Py_tp_doc, (void *)error_doc},
    {Py_tp_init, error_init},
    {Py_tp_traverse, error_traverse},
    {Py_tp_clear, error_clear},
    {0, NULL},
};

static PyType_Spec error_spec = {
    .name = "simstudio.SimStudioError",
    .basicsize = sizeof(struct error),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC |
             PYSIM_TPFLAGS_MANAGED_WEAKREF,
    .slots = error_slots,
};

int pysim_error_register(PyObject *module, struct pysim_state *state)
{
    static const char *const defaults[] = {"code", "status", "details", "retry_after", "was_sent"};
    PyObject *bases = PyTuple_Pack(1, PyExc_Exception);

    if (bases == NULL)
        return -1;
    state->SimStudioError = pysim_state_add_type(module, &error_spec, bases);
    Py_DECREF(bases);
    if (state->SimStudioError == NULL)
        return -1;
#if !PYSIM_HAS_MANAGED_WEAKREF
    pysim_set_offsets((PyTypeObject *)state->SimStudioError,
                      ((PyTypeObject *)state->SimStudioError)->tp_dictoffset,
                      offsetof(struct error, weak_references));
#endif
    /* On the class, so that a subclass that leaves our __init__ out has them too. */
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
        if (PyObject_SetAttrString(state->SimStudioError, defaults[i], Py_None) < 0)
            return -1;
    return 0;
}

PyObject *pysim_error_code(enum pysim_code code)
{
    return code != PYSIM_NO_CODE ? PyUnicode_FromString(code_texts[code]) : Py_NewRef(Py_None);
}

PyObject *pysim_raise_failure_steals(struct pysim_state *state, const struct pysim_failure *failure)
{
    PyObject *code = NULL, *status = NULL, *retry_after = NULL, *error = NULL;

    if (failure->message == NULL || PyErr_Occurred())
        goto done;
    code = failure->server_code != NULL ? Py_NewRef(failure->server_code)
                                        : pysim_error_code(failure->code);
    status = failure->http_status != 0 ? PyLong_FromLong(failure->http_status) : Py_NewRef(Py_None);
    retry_after = failure->retry_after_ms != SIM_RETRY_NO_HINT
                      ? PyLong_FromLongLong(failure->retry_after_ms)
                      : Py_NewRef(Py_None);
    if (code == NULL || status == NULL || retry_after == NULL)
        goto done;
    error =
        PyObject_CallFunctionObjArgs(state->SimStudioError, failure->message, code, status, NULL);
    if (error == NULL ||
        PyObject_SetAttrString(error, "details",
                               failure->details != NULL ? failure->details : Py_None) < 0 ||
        PyObject_SetAttrString(error, "retry_after", retry_after) < 0 ||
        PyObject_SetAttrString(error, "was_sent", failure->was_sent ? Py_True : Py_False) < 0)
        goto done;
    PyErr_SetObject(state->SimStudioError, error);
done:
    Py_XDECREF(failure->message);
    Py_XDECREF(failure->server_code);
    Py_XDECREF(failure->details);
    Py_XDECREF(code);
    Py_XDECREF(status);
    Py_XDECREF(retry_after);
    Py_XDECREF(error);
    return NULL;
}

PyObject *pysim_raise_steals(struct pysim_state *state, PyObject *message, enum pysim_code code,
                             PyObject *details, bool was_sent)
{
    const struct pysim_failure failure = {
        .message = message,
        .code = code,
        .details = details,
        .retry_after_ms = SIM_RETRY_NO_HINT,
        .was_sent = was_sent,
    };

    return pysim_raise_failure_steals(state, &failure);
}

/* The message as a str; foreign bytes may stand in it. */
static PyObject *core_message(const struct sim_error *error)
{
    return PyUnicode_DecodeUTF8(error->message, (Py_ssize_t)strlen(error->message), "replace");
}

PyObject *pysim_raise_core_steals(struct pysim_state *state, const struct sim_error *error,
                                  const char *prefix, enum pysim_code code, PyObject *details,
                                  bool was_sent)
{
    PyObject *text = NULL;

    if (error->status == SIM_NO_MEMORY)
        PyErr_NoMemory();
    else
        text = core_message(error);
    if (text != NULL && error->status == SIM_BAD_INPUT)
        PyErr_SetObject(PyExc_ValueError, text);
    else if (text != NULL)
        (void)pysim_raise_steals(state, PyUnicode_FromFormat("%s: %U", prefix, text), code,
                                 Py_XNewRef(details), was_sent);
    Py_XDECREF(text);
    Py_XDECREF(details);
    return NULL;
}

PyObject *pysim_raise_input(const struct sim_error *error, const char *name)
{
    PyObject *text;

    if (error->status == SIM_NO_MEMORY)
        return PyErr_NoMemory();
    text = core_message(error);
    if (text != NULL)
        PyErr_Format(PyExc_ValueError, "%s: %U", name, text);
    Py_XDECREF(text);
    return NULL;
}

int pysim_error_has_code(PyObject *error, enum pysim_code code)
{
    PyObject *value = PyObject_GetAttrString(error, "code");
    int result;

    if (value == NULL)
        return -1;
    result =
        PyUnicode_Check(value) && PyUnicode_CompareWithASCIIString(value, code_texts[code]) == 0;
    Py_DECREF(value);
    return result;
}

PyObject *pysim_error_take_message(void)
{
    PyObject *error = PyErr_GetRaisedException(), *message;

    /* Making the exception may have failed, and this is what came of it. */
    if (PyErr_GivenExceptionMatches(error, PyExc_MemoryError)) {
        PyErr_SetRaisedException(error);
        return NULL;
    }
    message = PyObject_Str(error);
    Py_DECREF(error);
    return message;
}

PyObject *pysim_error_copy(PyObject *error)
{
    PyTypeObject *type = Py_TYPE(error);
    PyObject *arguments = PyObject_GetAttrString(error, "args");
    PyObject *dict = PyObject_GetAttrString(error, "__dict__");
    PyObject *attributes = dict != NULL ? PyDict_Copy(dict) : NULL, *copy = NULL;

    if (arguments != NULL && attributes != NULL)
        copy = type->tp_new(type, arguments, NULL);
    if (copy != NULL && PyObject_SetAttrString(copy, "__dict__", attributes) < 0)
        Py_CLEAR(copy);
    Py_XDECREF(arguments);
    Py_XDECREF(dict);
    Py_XDECREF(attributes);
    return copy;
}

void pysim_error_set_context(PyObject *context)
{
    PyObject *error = PyErr_GetRaisedException(), *own = PyException_GetContext(error);

    if (own == NULL && error != context)
        PyException_SetContext(error, Py_XNewRef(context)); /* steals */
    Py_XDECREF(own);
    PyErr_SetRaisedException(error);
}
