#include "python/client.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "python/answer.h"
#include "python/arguments.h"

#define DEFAULT_BASE_URL "https://sim.ai"

struct client {
    PyObject_HEAD
    PyObject *dict;
    PyObject *weak_references;
    struct pysim_state *state; /* borrowed: the type keeps the module */
    PyObject *api_key;         /* str or None; NULL where it is not set */
    PyObject *base_url;        /* str without a slash at its end; NULL where it is not set */
    PyObject *rate_limit;      /* RateLimitInfo or None; NULL where it has been deleted */
    PyObject *key_header;      /* bytes "X-API-Key: ...", NULL where there is no key */
    struct sim_session *session;
};

/* ---- attributes ---- */

/* 0, or -1 with ValueError for what a header field cannot carry. */
static int check_key(const char *text, Py_ssize_t length)
{
    for (Py_ssize_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7F) {
            PyErr_Format(PyExc_ValueError,
                         "api_key has a control character at position %zd (a line break, perhaps), "
                         "which an HTTP header cannot carry",
                         i);
            return -1;
        }
    }
    /* A server may strip it or not. With what is pasted may come a space that does not break. */
    if (Py_UNICODE_ISSPACE((unsigned char)text[0]) ||
        Py_UNICODE_ISSPACE((unsigned char)text[length - 1])) {
        PyErr_SetString(PyExc_ValueError, "api_key begins or ends with white space, which an HTTP "
                                          "header cannot carry");
        return -1;
    }
    return 0;
}

/* A header line with the key; `*header` is NULL for no key. No message shows the key. */
static int make_key_header(PyObject *key, PyObject **header)
{
    PyObject *latin;

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
    if (check_key(PyBytes_AS_STRING(latin), PyBytes_GET_SIZE(latin)) == 0)
        *header = PyBytes_FromFormat("X-API-Key: %s", PyBytes_AS_STRING(latin));
    Py_DECREF(latin);
    return *header != NULL ? 0 : -1;
}

static int refuse_unset(struct client *self, const char *name)
{
    PyErr_Format(PyExc_AttributeError, "'%.200s' object has no attribute '%s'",
                 Py_TYPE(self)->tp_name, name);
    return -1;
}

/* The attributes can be deleted, as unittest.mock does to what it has patched. */
static int client_set_api_key(struct client *self, PyObject *value, void *Py_UNUSED(closure))
{
    PyObject *header = NULL, *old_key, *old_header;

    if (value == NULL && self->api_key == NULL)
        return refuse_unset(self, "api_key");
    if (value != NULL && make_key_header(value, &header) < 0)
        return -1;
    /* Both are in their places before what goes can run code that sets another key. */
    old_key = self->api_key;
    old_header = self->key_header;
    self->api_key = Py_XNewRef(value);
    self->key_header = header;
    Py_XDECREF(old_key);
    Py_XDECREF(old_header);
    return 0;
}

/* The URL in a base_url: 0.1.1 took one after white space, and so does this. 0, or -1 with
 * ValueError. */
static int read_base_url(PyObject *base_url, struct sim_text *url)
{
    if (pysim_call_url_text(base_url, "base_url", url) < 0)
        return -1;
    while (url->length > 0 && url->data[0] != '\0' && strchr(" \t\n\r\v\f", url->data[0])) {
        url->data++;
        url->length--;
    }
    return 0;
}

/* The base URL without slashes at its end, checked; a new reference. */
static PyObject *check_base_url(PyObject *value)
{
    struct sim_error error = {SIM_OK, ""};
    struct sim_text text;
    struct sim_url url;
    Py_ssize_t length;
    PyObject *stripped = NULL, *result = NULL;

    if (!PyUnicode_Check(value))
        return PyErr_Format(PyExc_TypeError, "base_url must be a str, not %.200s",
                            Py_TYPE(value)->tp_name);
    length = PyUnicode_GET_LENGTH(value);
    while (length > 0 && PyUnicode_READ_CHAR(value, length - 1) == '/')
        length--;
    stripped = PyUnicode_Substring(value, 0, length);
    if (stripped == NULL)
        return NULL;
    if (read_base_url(stripped, &text) < 0)
        goto done;
    if (sim_url_parse(text, &url, &error) != SIM_OK) {
        (void)pysim_raise_input(&error, "base_url");
        goto done;
    }
    if (url.has_query) {
        PyErr_SetString(PyExc_ValueError, "base_url must not have a query or a fragment");
        goto done;
    }
    result = Py_NewRef(stripped);
done:
    Py_DECREF(stripped);
    return result;
}

static int client_set_base_url(struct client *self, PyObject *value, void *Py_UNUSED(closure))
{
    PyObject *checked = NULL;

    if (value == NULL && self->base_url == NULL)
        return refuse_unset(self, "base_url");
    if (value != NULL) {
        checked = check_base_url(value);
        if (checked == NULL)
            return -1;
    }
    Py_XSETREF(self->base_url, checked);
    return 0;
}

/* A new reference to what has been set; AttributeError otherwise, as from a Python class. */
static PyObject *get_set(struct client *self, PyObject *value, const char *name)
{
    if (value != NULL)
        return Py_NewRef(value);
    (void)refuse_unset(self, name);
    return NULL;
}

static PyObject *client_get_api_key(struct client *self, void *Py_UNUSED(closure))
{
    return get_set(self, self->api_key, "api_key");
}

static PyObject *client_get_base_url(struct client *self, void *Py_UNUSED(closure))
{
    return get_set(self, self->base_url, "base_url");
}

static PyObject *client_get_rate_limit(struct client *self, void *Py_UNUSED(closure))
{
    return get_set(self, self->rate_limit, "_rate_limit_info");
}

static int client_set_rate_limit(struct client *self, PyObject *value, void *Py_UNUSED(closure))
{
    if (value == NULL && self->rate_limit == NULL)
        return refuse_unset(self, "_rate_limit_info");
    Py_XINCREF(value);
    Py_XSETREF(self->rate_limit, value);
    return 0;
}

/* The header line of the key that the attribute has now: a subclass's or a patch's is not the one
 * that we keep. `*header` is new, NULL for no key. 0, or -1 with an exception. */
static int ask_key_header(struct client *self, PyObject **header)
{
    PyObject *key = PyObject_GetAttrString((PyObject *)self, "api_key");
    int result = 0;

    *header = NULL;
    if (key == NULL)
        return -1;
    if (key == self->api_key)
        *header = Py_XNewRef(self->key_header);
    else
        result = make_key_header(key, header);
    Py_DECREF(key);
    return result;
}

/* The base URL that the attribute has now, checked; a new reference. */
static PyObject *ask_base_url(struct client *self)
{
    PyObject *url = PyObject_GetAttrString((PyObject *)self, "base_url"), *checked;

    if (url == NULL || url == self->base_url)
        return url;
    checked = check_base_url(url);
    Py_DECREF(url);
    return checked;
}

/* ---- life ---- */

static PyObject *client_new(PyTypeObject *type, PyObject *Py_UNUSED(arguments),
                            PyObject *Py_UNUSED(keywords))
{
    PyObject *nothing = PyTuple_New(0);
    struct client *self = NULL;

    if (nothing != NULL) /* object's own, which refuses what is abstract */
        self = (struct client *)PyBaseObject_Type.tp_new(type, nothing, NULL);
    Py_XDECREF(nothing);
    if (self == NULL)
        return NULL;
    self->rate_limit = Py_NewRef(Py_None);
    self->state = pysim_state_of_type(type);
    if (self->state != NULL) {
        self->session = sim_http_session_new();
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
        .owner = "SimStudioClient",
        .function = "__init__",
        .required_count = 1,
        .positional_count = 2,
        .parameter_count = 2,
        .names = names,
    };
    PyObject *values[2];
    int result = -1;

    if (pysim_arguments_match_init(&signature, arguments, keywords, values) < 0)
        return -1;
    if (values[1] == NULL)
        values[1] = PyUnicode_FromString(DEFAULT_BASE_URL);
    /* As attributes, of which a subclass may have its own. */
    if (values[1] != NULL && PyObject_SetAttrString((PyObject *)self, names[0], values[0]) == 0)
        result = PyObject_SetAttrString((PyObject *)self, names[1], values[1]);
    pysim_arguments_release(&signature, values);
    return result;
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

/* What the collector has cleared may still be found, and asked for its attributes. */
static int client_clear(struct client *self)
{
    Py_CLEAR(self->dict);
    Py_XSETREF(self->rate_limit, Py_NewRef(Py_None));
    return 0;
}

/* A call in another thread holds a reference to the client, so none is under way here. Shown by
 * tests/test_client_life.py: test_a_call_keeps_the_client_that_nothing_else_refers_to. */
static void client_dealloc(struct client *self)
{
    PyTypeObject *type = Py_TYPE(self);

    if (PyObject_CallFinalizerFromDealloc((PyObject *)self) < 0)
        return; /* __del__() has made a new reference */
    PyObject_GC_UnTrack(self);
    Py_TRASHCAN_BEGIN(self, client_dealloc); /* a chain of them is not freed recursively */
    if (self->weak_references != NULL)
        PyObject_ClearWeakRefs((PyObject *)self);
    (void)client_clear(self);
    Py_CLEAR(self->rate_limit);
    Py_CLEAR(self->api_key);
    Py_CLEAR(self->base_url);
    Py_CLEAR(self->key_header);
    sim_session_release(self->session);
    type->tp_free(self);
    Py_DECREF(type);
    Py_TRASHCAN_END;
}

/* The URL without the password that may stand in it; the key does not appear at all. */
static PyObject *client_repr(struct client *self)
{
    PyObject *shown = ask_base_url(self), *scheme = NULL, *rest = NULL, *result = NULL;
    Py_ssize_t length, start, path, at;

    if (shown == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_AttributeError) &&
            !PyErr_ExceptionMatches(PyExc_TypeError) && !PyErr_ExceptionMatches(PyExc_ValueError))
            return NULL;
        PyErr_Clear();
        return PyUnicode_FromFormat("<%s without a base_url>", Py_TYPE(self)->tp_name);
    }
    length = PyUnicode_GET_LENGTH(shown);
    start = PyUnicode_FindChar(shown, ':', 0, length, 1) + 3; /* past "://" */
    path = PyUnicode_FindChar(shown, '/', start, length, 1);
    at = PyUnicode_FindChar(shown, '@', start, path >= 0 ? path : length, -1);
    if (at >= 0) {
        scheme = PyUnicode_Substring(shown, 0, start);
        rest = PyUnicode_Substring(shown, at, length);
        Py_DECREF(shown);
        shown =
            scheme != NULL && rest != NULL ? PyUnicode_FromFormat("%U***%U", scheme, rest) : NULL;
    }
    if (shown != NULL)
        result = PyUnicode_FromFormat("<%s base_url=%R>", Py_TYPE(self)->tp_name, shown);
    Py_XDECREF(shown);
    Py_XDECREF(scheme);
    Py_XDECREF(rest);
    return result;
}

/* ---- calls ---- */

struct pysim_state *pysim_client_state(PyObject *client)
{
    return ((struct client *)client)->state;
}

/* Whether an attribute has been set, by __init__ or setter, ours or a subclass's. 0, or -1 with
 * ValueError or what a subclass's own attribute raises. */
static int require(struct client *self, const PyObject *kept, const char *name)
{
    PyObject *value, *error, *attribute;

    if (kept != NULL)
        return 0;
    value = PyObject_GetAttrString((PyObject *)self, name);
    if (value != NULL || !PyErr_ExceptionMatches(PyExc_AttributeError)) {
        Py_XDECREF(value);
        return value != NULL ? 0 : -1;
    }
    error = PyErr_GetRaisedException();
    attribute = PyObject_GetAttrString((PyObject *)Py_TYPE(self), name);
    if (attribute != NULL && Py_TYPE(attribute) == &PyGetSetDescr_Type) /* ours raised it */
        PyErr_Format(PyExc_ValueError, "%s is not set: SimStudioClient.__init__() sets it", name);
    else if (attribute != NULL)
        PyErr_SetRaisedException(Py_NewRef(error));
    Py_DECREF(error);
    Py_XDECREF(attribute);
    return -1;
}

int pysim_client_prepare(PyObject *client, struct pysim_call *call, enum pysim_endpoint endpoint,
                         PyObject *id)
{
    struct client *self = (struct client *)client;

    if (require(self, self->api_key, "api_key") < 0 ||
        require(self, self->base_url, "base_url") < 0)
        return -1;
    return pysim_call_init(call, self->state, endpoint, id);
}

/* Notes the rate-limit headers of a complete answer. 0, or -1 with an exception. */
static int client_note_answer(struct client *self, const struct pysim_call *call)
{
    PyObject *info = pysim_answer_rate_limit(call);

    if (info != NULL)
        Py_XSETREF(self->rate_limit, info);
    return PyErr_Occurred() ? -1 : 0;
}

int pysim_client_send(PyObject *client, struct pysim_call *call,
                      const struct pysim_timeout *timeout, bool is_async)
{
    struct client *self = (struct client *)client;
    struct pysim_origin origin = {.session = self->session};
    PyObject *base_url = NULL;
    int result = -1;

    if (ask_key_header(self, &origin.key_header) == 0)
        base_url = ask_base_url(self);
    if (base_url != NULL && read_base_url(base_url, &origin.base) == 0 &&
        pysim_call_start(call, &origin, timeout, is_async) == 0 &&
        pysim_call_wait_for_answer(call) == 0)
        result = client_note_answer(self, call);
    Py_XDECREF(base_url);
    Py_XDECREF(origin.key_header);
    return result;
}

PyObject *pysim_client_perform(PyObject *client, struct pysim_call *call,
                               const struct pysim_timeout *timeout, bool is_async)
{
    PyObject *result = NULL;

    if (pysim_client_send(client, call, timeout, is_async) == 0)
        result = pysim_answer(call, is_async);
    pysim_call_end(call);
    return result;
}

PyObject *pysim_client_exit(PyObject *self, PyObject *Py_UNUSED(arguments))
{
    PyObject *result = PyObject_CallMethod(self, "close", NULL);

    Py_XDECREF(result);
    return result != NULL ? Py_NewRef(Py_None) : NULL;
}

void pysim_client_close(PyObject *client)
{
    sim_session_close(((struct client *)client)->session);
}

/* ---- the type ---- */

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
     "The URL of the API (str), without a slash at its end.", NULL},
    {"_rate_limit_info", (getter)client_get_rate_limit, (setter)client_set_rate_limit, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(
    client_doc,
    "SimStudioClient(api_key, base_url='" DEFAULT_BASE_URL "')\n--\n\n"
    "A client of the Sim API.\n\n"
    "api_key: str, or None to send none.\n"
    "base_url: str; the http or https URL of the API.\n\n"
    "It may be shared by threads and used in a with statement. Connections are kept from call\n"
    "to call. Raises TypeError or ValueError for what cannot be sent.");

int pysim_client_register(PyObject *module, struct pysim_state *state, PyMethodDef *methods)
{
    PyType_Slot slots[] = {
        {Py_tp_doc, (void *)client_doc},
        {Py_tp_new, client_new},
        {Py_tp_init, client_init},
        {Py_tp_dealloc, client_dealloc},
        {Py_tp_traverse, client_traverse},
        {Py_tp_clear, client_clear},
        {Py_tp_repr, client_repr},
        {Py_tp_methods, methods},
        {Py_tp_members, client_members},
        {Py_tp_getset, client_getset},
        {0, NULL},
    };
    PyType_Spec spec = {
        .name = "simstudio.SimStudioClient",
        .basicsize = sizeof(struct client),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
        .slots = slots,
    };

    state->SimStudioClient = pysim_state_add_type(module, &spec, NULL);
    if (state->SimStudioClient == NULL)
        return -1;
    pysim_set_offsets((PyTypeObject *)state->SimStudioClient, offsetof(struct client, dict),
                      offsetof(struct client, weak_references));
    return 0;
}
