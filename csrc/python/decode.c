#include "python/decode.h"

#include <string.h>

#include "core/json.h"

enum {
    /* A larger document is parsed without the GIL: below, letting go of it costs more than the
     * other threads gain. */
    RELEASE_ABOVE = 32 * 1024,
    KEY_SLOTS = 256,   /* power of two */
    LONGEST_KEY = 64,  /* bytes of a key that is kept for the next object */
    SHORT_INTEGER = 18 /* digits that surely fit into 64 bits */
};

struct decoder {
    struct sim_json_cursor cursor;
    struct sim_buffer scratch; /* unescaped text */
    PyObject *keys[KEY_SLOTS]; /* recent ASCII keys: documents repeat theirs */
};

static PyObject *decode_value(struct decoder *decoder);

/* NULL without an exception means throughout: json.loads shall decide. */

static PyObject *decode_text(struct decoder *decoder, const struct sim_json_value *value)
{
    struct sim_text text = value->text;
    PyObject *string;

    if (!value->has_escapes && value->is_ascii) {
        string = PyUnicode_New((Py_ssize_t)text.length, 127);
        if (string != NULL && text.length > 0)
            memcpy(PyUnicode_1BYTE_DATA(string), text.data, text.length);
        return string;
    }
    if (value->has_escapes) {
        sim_buffer_clear(&decoder->scratch);
        switch (sim_json_unescape(text, &decoder->scratch)) {
        case SIM_OK:
            break;
        case SIM_NO_MEMORY:
            return PyErr_NoMemory();
        default:
            return NULL;
        }
        text = (struct sim_text){decoder->scratch.data, decoder->scratch.length};
    }
    string = PyUnicode_DecodeUTF8(text.data, (Py_ssize_t)text.length, NULL);
    if (string == NULL && PyErr_ExceptionMatches(PyExc_UnicodeDecodeError))
        PyErr_Clear();
    return string;
}

/* A key, from the cache where it was seen lately. */
static PyObject *decode_key(struct decoder *decoder)
{
    struct sim_json_value key;
    PyObject **slot;
    size_t hash;

    if (sim_json_key(&decoder->cursor, &key) != SIM_OK)
        return NULL;
    if (key.has_escapes || !key.is_ascii || key.text.length == 0 || key.text.length > LONGEST_KEY)
        return decode_text(decoder, &key);
    hash = key.text.length * 31 + (unsigned char)key.text.data[0];
    hash = hash * 31 + (unsigned char)key.text.data[key.text.length / 2];
    hash = hash * 31 + (unsigned char)key.text.data[key.text.length - 1];
    slot = &decoder->keys[hash % KEY_SLOTS];
    if (*slot != NULL && (size_t)PyUnicode_GET_LENGTH(*slot) == key.text.length &&
        memcmp(PyUnicode_1BYTE_DATA(*slot), key.text.data, key.text.length) == 0)
        return Py_NewRef(*slot);
    Py_XSETREF(*slot, decode_text(decoder, &key));
    return Py_XNewRef(*slot);
}

static PyObject *decode_integer(struct sim_text text)
{
    bool is_negative = text.data[0] == '-';
    char digits[128];
    int64_t number = 0;
    PyObject *copy, *result;

    if (text.length <= SHORT_INTEGER) {
        for (size_t i = is_negative; i < text.length; i++)
            number = number * 10 + (text.data[i] - '0');
        return PyLong_FromLongLong(is_negative ? -number : number);
    }
    if (text.length < sizeof digits) {
        memcpy(digits, text.data, text.length);
        digits[text.length] = '\0';
        return PyLong_FromString(digits, NULL, 10);
    }
    copy = PyUnicode_DecodeASCII(text.data, (Py_ssize_t)text.length, NULL);
    result = copy != NULL ? PyLong_FromUnicodeObject(copy, 10) : NULL;
    Py_XDECREF(copy);
    return result;
}

static PyObject *decode_array(struct decoder *decoder, const struct sim_json_cursor *after)
{
    PyObject *list = PyList_New(0);
    bool more = true;

    for (bool is_first = true; list != NULL; is_first = false) {
        PyObject *item;
        int appended;
        if (sim_json_next(&decoder->cursor, SIM_JSON_ARRAY, is_first, after, &more) != SIM_OK)
            break;
        if (!more)
            return list;
        item = decode_value(decoder);
        if (item == NULL)
            break;
        appended = PyList_Append(list, item);
        Py_DECREF(item);
        if (appended < 0)
            break;
    }
    Py_XDECREF(list);
    return NULL;
}

static PyObject *decode_object(struct decoder *decoder, const struct sim_json_cursor *after)
{
    PyObject *dict = PyDict_New();
    bool more = true;

    for (bool is_first = true; dict != NULL; is_first = false) {
        PyObject *key, *value;
        int stored = -1;
        if (sim_json_next(&decoder->cursor, SIM_JSON_OBJECT, is_first, after, &more) != SIM_OK)
            break;
        if (!more)
            return dict;
        key = decode_key(decoder);
        value = key != NULL ? decode_value(decoder) : NULL;
        if (value != NULL)
            stored = PyDict_SetItem(dict, key, value);
        Py_XDECREF(key);
        Py_XDECREF(value);
        if (stored < 0)
            break;
    }
    Py_XDECREF(dict);
    return NULL;
}

static PyObject *decode_container(struct decoder *decoder, enum sim_json_kind kind,
                                  const struct sim_json_cursor *after)
{
    PyObject *result;

    if (Py_EnterRecursiveCall(" while decoding JSON"))
        return NULL;
    result = kind == SIM_JSON_ARRAY ? decode_array(decoder, after) : decode_object(decoder, after);
    Py_LeaveRecursiveCall();
    return result;
}

static PyObject *decode_value(struct decoder *decoder)
{
    struct sim_json_value value;
    struct sim_json_cursor after;

    if (sim_json_read(&decoder->cursor, &value, &after) != SIM_OK)
        return NULL;
    switch (value.kind) {
    case SIM_JSON_NULL:
        return Py_NewRef(Py_None);
    case SIM_JSON_FALSE:
        return Py_NewRef(Py_False);
    case SIM_JSON_TRUE:
        return Py_NewRef(Py_True);
    case SIM_JSON_INTEGER:
        return decode_integer(value.text);
    case SIM_JSON_FLOAT:
        return PyFloat_FromDouble(value.number);
    case SIM_JSON_STRING:
        return decode_text(decoder, &value);
    case SIM_JSON_ARRAY:
    case SIM_JSON_OBJECT:
        return decode_container(decoder, value.kind, &after);
    }
    Py_UNREACHABLE();
}

static PyObject *decode_document(const struct sim_json *document)
{
    struct decoder decoder = {.scratch = {.limit = PY_SSIZE_T_MAX}};
    PyObject *result;

    sim_json_begin(document, &decoder.cursor);
    result = decode_value(&decoder);
    if (result != NULL && sim_json_finish(&decoder.cursor) != SIM_OK)
        Py_CLEAR(result);
    for (size_t i = 0; i < KEY_SLOTS; i++)
        Py_XDECREF(decoder.keys[i]);
    sim_buffer_fini(&decoder.scratch);
    return result;
}

/* What json.loads makes of it; of bytes that are invalid in their encoding, with U+FFFD instead. */
static PyObject *ask_json(struct pysim_state *state, const char *text, size_t length)
{
    PyObject *bytes = NULL, *string = NULL, *result = NULL;

    if (state->json_loads == NULL) {
        PyObject *json = PyImport_ImportModule("json"), *loads;
        loads = json != NULL ? PyObject_GetAttrString(json, "loads") : NULL;
        Py_XDECREF(json);
        if (loads == NULL)
            return NULL;
        Py_XSETREF(state->json_loads, loads);
    }
    bytes = PyBytes_FromStringAndSize(text, (Py_ssize_t)length);
    if (bytes == NULL)
        return NULL;
    result = PyObject_CallFunctionObjArgs(state->json_loads, bytes, NULL);
    if (result == NULL && PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) {
        PyErr_Clear();
        string = PyUnicode_DecodeUTF8(text, (Py_ssize_t)length, "replace");
        if (string != NULL)
            result = PyObject_CallFunctionObjArgs(state->json_loads, string, NULL);
    }
    Py_DECREF(bytes);
    Py_XDECREF(string);
    return result;
}

PyObject *pysim_decode(struct pysim_state *state, const char *text, size_t length)
{
    struct sim_json *document = NULL;
    struct sim_text source = {text, length};
    enum sim_status status;
    PyObject *result = NULL;

    if (length > RELEASE_ABOVE) {
        Py_BEGIN_ALLOW_THREADS
        status = sim_json_parse(source, &document, NULL);
        Py_END_ALLOW_THREADS
    }
    else
        status = sim_json_parse(source, &document, NULL);
    if (status == SIM_OK)
        result = decode_document(document);
    sim_json_free(document);
    if (result != NULL)
        return result;
    if (PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(PyExc_RecursionError) &&
            !PyErr_ExceptionMatches(PyExc_ValueError))
            return NULL;
        PyErr_Clear(); /* too deep, or too many digits: json's verdict and words */
    }
    return ask_json(state, text, length);
}
