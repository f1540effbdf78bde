#include "python/decode.h"

#include <string.h>

#include "core/clock.h"
#include "core/escapes.h"
#include "core/json.h"

enum {
    /* A larger document is parsed without the GIL; for a smaller one releasing it costs more than
     * the other threads gain. */
    RELEASE_ABOVE = 32 * 1024,
    /* A larger document is built with the cyclic collector paused: there is no garbage in what is
     * being built, and looking for it again and again costs a third of the time. */
    PAUSE_ABOVE = 4 * 1024,
    VALUES_PER_LOOK = 8 * 1024, /* values between two looks at the clock */
    /* Twice as long as a thread waits before it asks for the GIL. A waiting thread woken before it
     * has asked for the GIL starts its timeout again; releasing more often than this would starve
     * it. */
    TURN_MS = 10,
    KEY_SLOTS = 512,    /* power of two */
    LONGEST_KEY = 64,   /* bytes of a key that is kept for the next object */
    ID_LENGTH = 36,     /* of the API's ids, which are UUIDs: kept like keys */
    SHORT_INTEGER = 18, /* digits that surely fit into 64 bits */
    /* Up to this length a document is tried as a flat one: if it isn't, little was read in vain. */
    LONGEST_FLAT = 1024,
    FLAT_VALUES = 17, /* eight members */
};

struct decoder {
    const struct sim_json_value *next;
    struct sim_buffer scratch; /* unescaped text */
    PyObject *keys;            /* borrowed: the state's */
    Py_ssize_t until_look;     /* values */
    int64_t turn_ends_ms;      /* by the monotonic clock */
    bool collector_paused;     /* by us */
};

static PyObject *decode_value(struct decoder *decoder);

/* Throughout, NULL without an exception means: fall back to json.loads. */

static PyObject *decode_text(struct decoder *decoder, const struct sim_json_value *value)
{
    struct sim_text text = {value->text, value->length};
    enum sim_status status;
    PyObject *string;

    if (!value->has_escapes && value->is_ascii) {
        string = PyUnicode_New((Py_ssize_t)text.length, 127);
        if (string != NULL && text.length > 0)
            memcpy(PyUnicode_1BYTE_DATA(string), text.data, text.length);
        return string;
    }
    if (value->has_escapes) {
        sim_buffer_clear(&decoder->scratch);
        status = sim_escapes_decode(text, &decoder->scratch);
        if (status != SIM_OK)
            return status == SIM_NO_MEMORY ? PyErr_NoMemory() : NULL;
        text = (struct sim_text){decoder->scratch.data, decoder->scratch.length};
    }
    string = PyUnicode_DecodeUTF8(text.data, (Py_ssize_t)text.length, NULL);
    if (string == NULL && PyErr_ExceptionMatches(PyExc_UnicodeDecodeError))
        PyErr_Clear();
    return string;
}

/* The slot of a short text in the list of keys. */
static Py_ssize_t key_slot(const char *text, size_t length)
{
    size_t hash = length * 31 + (unsigned char)text[0];

    hash = hash * 31 + (unsigned char)text[length / 2];
    hash = hash * 31 + (unsigned char)text[length - 1];
    return (Py_ssize_t)(hash % KEY_SLOTS);
}

/* Returns the cached str for recently seen text: documents repeat their keys, and so do answers and
 * events, which repeat the ids of blocks too. */
static PyObject *decode_repeated(struct decoder *decoder, const struct sim_json_value *value)
{
    size_t length = value->length;
    Py_ssize_t slot;
    PyObject *kept;

    if (value->has_escapes || !value->is_ascii || length == 0 || length > LONGEST_KEY)
        return decode_text(decoder, value);
    slot = key_slot(value->text, length);
    kept = PyList_GET_ITEM(decoder->keys, slot);
    if ((size_t)PyUnicode_GET_LENGTH(kept) == length &&
        memcmp(PyUnicode_1BYTE_DATA(kept), value->text, length) == 0)
        return Py_NewRef(kept);
    kept = decode_text(decoder, value);
    if (kept != NULL)
        (void)PyList_SetItem(decoder->keys, slot, Py_NewRef(kept));
    return kept;
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

/* ---- turns ----
 *
 * A large document takes so long to build that another thread may be waiting to begin with one of
 * its own, which it parses without the GIL. While the GIL is released the collector works as usual
 * and finds nothing half built: a list is hidden from it until all its items are there, and a dict
 * is whole at any time. Shown by tests/test_large_answers.py:
 * test_threads_run_while_an_answer_is_built_and_see_only_what_is_whole. */

static void begin_turn(struct decoder *decoder)
{
    decoder->collector_paused = PyGC_Disable();
    decoder->turn_ends_ms = sim_clock_monotonic_ms() + TURN_MS;
    decoder->until_look = VALUES_PER_LOOK;
}

static void end_turn(const struct decoder *decoder)
{
    if (decoder->collector_paused)
        (void)PyGC_Enable();
}

static void look_at_clock(struct decoder *decoder)
{
    decoder->until_look = VALUES_PER_LOOK;
    if (sim_clock_monotonic_ms() < decoder->turn_ends_ms)
        return;
    end_turn(decoder);
    Py_BEGIN_ALLOW_THREADS
    Py_END_ALLOW_THREADS
    begin_turn(decoder);
}

static PyObject *decode_array(struct decoder *decoder, Py_ssize_t length)
{
    PyObject *list = PyList_New(length);

    if (list != NULL && length > 0)
        PyObject_GC_UnTrack(list);
    for (Py_ssize_t i = 0; list != NULL && i < length; i++) {
        PyObject *item = decode_value(decoder);
        if (item == NULL) {
            Py_DECREF(list);
            return NULL;
        }
        PyList_SET_ITEM(list, i, item);
    }
    if (list != NULL && length > 0)
        PyObject_GC_Track(list);
    return list;
}

static PyObject *decode_object(struct decoder *decoder, Py_ssize_t length)
{
    PyObject *dict = PyDict_New();

    for (Py_ssize_t i = 0; dict != NULL && i < length; i++) {
        PyObject *key = decode_repeated(decoder, decoder->next++);
        PyObject *value = key != NULL ? decode_value(decoder) : NULL;
        int stored = value != NULL ? PyDict_SetItem(dict, key, value) : -1;
        Py_XDECREF(key);
        Py_XDECREF(value);
        if (stored < 0) {
            Py_DECREF(dict);
            return NULL;
        }
    }
    return dict;
}

static PyObject *decode_container(struct decoder *decoder, const struct sim_json_value *value)
{
    Py_ssize_t length = (Py_ssize_t)value->length;
    PyObject *result;

    if (Py_EnterRecursiveCall(" while decoding JSON"))
        return NULL;
    result = value->kind == SIM_JSON_ARRAY ? decode_array(decoder, length)
                                           : decode_object(decoder, length);
    Py_LeaveRecursiveCall();
    return result;
}

static PyObject *decode_value(struct decoder *decoder)
{
    const struct sim_json_value *value = decoder->next++;

    if (--decoder->until_look == 0)
        look_at_clock(decoder);
    switch ((enum sim_json_kind)value->kind) {
    case SIM_JSON_NULL:
        return Py_NewRef(Py_None);
    case SIM_JSON_FALSE:
        return Py_NewRef(Py_False);
    case SIM_JSON_TRUE:
        return Py_NewRef(Py_True);
    case SIM_JSON_INTEGER:
        return decode_integer((struct sim_text){value->text, value->length});
    case SIM_JSON_FLOAT:
        return PyFloat_FromDouble(value->number);
    case SIM_JSON_STRING:
        return value->length == ID_LENGTH ? decode_repeated(decoder, value)
                                          : decode_text(decoder, value);
    case SIM_JSON_ARRAY:
    case SIM_JSON_OBJECT:
        return decode_container(decoder, value);
    }
    Py_UNREACHABLE();
}

/* Makes the state's list of keys when it is first needed. Every slot holds a str, at first the
 * empty one, which equals no key. 0, or -1 with MemoryError. */
static int prepare_keys(struct pysim_state *state)
{
    PyObject *nothing, *keys;

    if (state->json_keys != NULL)
        return 0;
    nothing = PyUnicode_New(0, 0);
    keys = nothing != NULL ? PyList_New(KEY_SLOTS) : NULL;
    for (Py_ssize_t i = 0; keys != NULL && i < KEY_SLOTS; i++)
        PyList_SET_ITEM(keys, i, Py_NewRef(nothing));
    Py_XDECREF(nothing);
    if (keys == NULL)
        return -1;
    PyObject_GC_UnTrack(keys); /* hidden from gc.get_objects() */
    state->json_keys = keys;
    return 0;
}

int pysim_decode_expect(struct pysim_state *state, PyObject *key)
{
    const char *text = PyUnicode_AsUTF8(key);

    if (text == NULL || prepare_keys(state) < 0)
        return -1;
    return PyList_SetItem(state->json_keys, key_slot(text, strlen(text)), Py_NewRef(key));
}

static PyObject *decode_values(struct pysim_state *state, const struct sim_json_value *values,
                               bool is_large)
{
    struct decoder decoder = {
        .next = values,
        .scratch = {.limit = PY_SSIZE_T_MAX},
        .keys = state->json_keys,
    };
    PyObject *result;

    if (is_large)
        begin_turn(&decoder);
    result = decode_value(&decoder);
    end_turn(&decoder);
    sim_buffer_fini(&decoder.scratch);
    return result;
}

bool pysim_decode_was_refused(void)
{
    return PyErr_ExceptionMatches(PyExc_ValueError) || PyErr_ExceptionMatches(PyExc_RecursionError);
}

/* What json.loads makes of it; bytes that are invalid in their encoding become U+FFFD first. */
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

/* Short, and not obviously nested: the last member of an answer is mostly a container. */
static bool may_be_flat(struct sim_text source)
{
    char last = '\0';

    if (source.length > 2)
        last = source.data[source.length - 2];
    return source.length <= LONGEST_FLAT && last != '}' && last != ']';
}

/* NULL without an exception where json.loads must decide. */
static PyObject *decode_document(struct pysim_state *state, struct sim_text source)
{
    struct sim_json_value flat[FLAT_VALUES];
    struct sim_json document = {0};
    enum sim_status status;
    PyObject *result = NULL;

    if (prepare_keys(state) < 0)
        return NULL;
    if (may_be_flat(source) && sim_json_read_flat(source, flat, FLAT_VALUES) > 0)
        return decode_values(state, flat, false);
    if (source.length > RELEASE_ABOVE) {
        Py_BEGIN_ALLOW_THREADS
        status = sim_json_parse(source, &document, NULL);
        Py_END_ALLOW_THREADS
    }
    else
        status = sim_json_parse(source, &document, NULL);
    if (status == SIM_OK)
        result = decode_values(state, document.values, source.length > PAUSE_ABOVE);
    sim_json_fini(&document);
    return result;
}

PyObject *pysim_decode(struct pysim_state *state, const char *text, size_t length)
{
    PyObject *result = decode_document(state, (struct sim_text){text, length});

    if (result != NULL)
        return result;
    if (PyErr_Occurred()) {
        if (!pysim_decode_was_refused())
            return NULL;
        PyErr_Clear(); /* too deep, or too many digits: json's verdict and words */
    }
    return ask_json(state, text, length);
}
