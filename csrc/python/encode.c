#include "python/encode.h"

#include <math.h>
#include <string.h>

#include "python/error.h"
#include "python/upload.h"

/* A container that is being written; the chain of them finds circles. */
struct enclosing {
    PyObject *container;
    struct enclosing *outer;
    PyObject *items; /* of a dict that code of the user's may have changed: pairs, as they were */
};

struct encoder {
    struct sim_buffer *out;
    bool refused; /* the exception is one that json itself raises as ValueError */
};

static int encode_value(struct encoder *encoder, PyObject *value, struct enclosing *outer);

/* In the words of json's default(), which takes the name of the class from Python. */
static int refuse_type(PyObject *value)
{
    PyObject *class = PyObject_GetAttrString(value, "__class__"), *name = NULL;

    if (class != NULL)
        name = PyObject_GetAttrString(class, "__name__");
    if (name != NULL)
        PyErr_Format(PyExc_TypeError, "Object of type %S is not JSON serializable", name);
    Py_XDECREF(class);
    Py_XDECREF(name);
    return -1;
}

static int write_literal(struct encoder *encoder, const char *text)
{
    return pysim_error_check(sim_buffer_append_text(encoder->out, text));
}

/* ---- scalars ---- */

static char *write_unit(char *place, unsigned unit)
{
    static const char digits[] = "0123456789abcdef";

    *place++ = '\\';
    *place++ = 'u';
    for (int shift = 12; shift >= 0; shift -= 4)
        *place++ = digits[unit >> shift & 15];
    return place;
}

static char *write_escaped(char *place, Py_UCS4 character)
{
    static const char special[] = "\"\\\n\r\t\b\f", names[] = "\"\\nrtbf";
    const char *found = character != 0 && character < 0x80 ? strchr(special, (int)character) : NULL;

    if (found != NULL) {
        *place++ = '\\';
        *place++ = names[found - special];
        return place;
    }
    if (character < 0x10000)
        return write_unit(place, character);
    character -= 0x10000;
    place = write_unit(place, 0xD800 + (character >> 10));
    return write_unit(place, 0xDC00 + (character & 0x3FF));
}

static bool is_verbatim(Py_UCS4 character)
{
    return character >= ' ' && character < 0x7F && character != '"' && character != '\\';
}

static int write_quote(struct encoder *encoder)
{
    return pysim_error_check(sim_buffer_append_char(encoder->out, '"'));
}

/* Appends the characters of a str, escaped, without quotes. */
static int write_text(struct encoder *encoder, PyObject *text)
{
    enum { MOST_PER_CHARACTER = 12, BLOCK = 4096 };
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    int kind = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);

    for (Py_ssize_t at = 0; at < length;) {
        Py_ssize_t end = length - at < BLOCK ? length : at + BLOCK;
        char *place = NULL, *start;
        if (pysim_error_check(sim_buffer_reserve(
                encoder->out, (size_t)(end - at) * MOST_PER_CHARACTER, &place)) < 0)
            return -1;
        for (start = place; at < end; at++) {
            Py_UCS4 character = PyUnicode_READ(kind, data, at);
            if (is_verbatim(character))
                *place++ = (char)character;
            else
                place = write_escaped(place, character);
        }
        sim_buffer_commit(encoder->out, (size_t)(place - start));
    }
    return 0;
}

static int write_string(struct encoder *encoder, PyObject *text)
{
    return write_quote(encoder) < 0 || write_text(encoder, text) < 0 ? -1 : write_quote(encoder);
}

/* Appends an ASCII str as it is; `text` is stolen and may be NULL with an exception set. */
static int write_ascii_steals(struct encoder *encoder, PyObject *text)
{
    int result = -1;

    if (text != NULL)
        result = pysim_error_check(sim_buffer_append(encoder->out,
                                                     (const char *)PyUnicode_1BYTE_DATA(text),
                                                     (size_t)PyUnicode_GET_LENGTH(text)));
    Py_XDECREF(text);
    return result;
}

/* Raises what json itself raises for a float: its words differ between Python versions. */
static int refuse_float(struct encoder *encoder, PyObject *value)
{
    PyObject *module = PyImport_ImportModule("json"), *dumps = NULL, *given = NULL, *options = NULL;
    PyObject *written = NULL;

    if (module != NULL)
        dumps = PyObject_GetAttrString(module, "dumps");
    given = PyTuple_Pack(1, value);
    options = Py_BuildValue("{s:O}", "allow_nan", Py_False);
    if (dumps != NULL && given != NULL && options != NULL)
        written = PyObject_Call(dumps, given, options);
    if (written != NULL)
        PyErr_SetString(PyExc_ValueError, "Out of range float values are not JSON compliant");
    encoder->refused = PyErr_ExceptionMatches(PyExc_ValueError) != 0;
    Py_XDECREF(module);
    Py_XDECREF(dumps);
    Py_XDECREF(given);
    Py_XDECREF(options);
    Py_XDECREF(written);
    return -1;
}

static int write_float(struct encoder *encoder, PyObject *value)
{
    if (!isfinite(PyFloat_AS_DOUBLE(value)))
        return refuse_float(encoder, value);
    return write_ascii_steals(encoder, PyFloat_Type.tp_repr(value));
}

/* Writes the digits backwards from `end`; returns where they begin. */
static char *write_digits(char *end, long long number)
{
    unsigned long long rest =
        number < 0 ? 0 - (unsigned long long)number : (unsigned long long)number;

    do
        *--end = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (number < 0)
        *--end = '-';
    return end;
}

static int write_integer(struct encoder *encoder, PyObject *value)
{
    char digits[24], *end = digits + sizeof digits, *start;
    int overflow = 0;
    long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    PyObject *text;

    if (overflow == 0) {
        if (number == -1 && PyErr_Occurred())
            return -1;
        start = write_digits(end, number);
        return pysim_error_check(sim_buffer_append(encoder->out, start, (size_t)(end - start)));
    }
    text = PyLong_Type.tp_repr(value);
    /* There may be more digits than the interpreter writes. */
    encoder->refused = text == NULL && PyErr_ExceptionMatches(PyExc_ValueError);
    return write_ascii_steals(encoder, text);
}

static const char *constant_text(const PyObject *value)
{
    return value == Py_None    ? "null"
           : value == Py_True  ? "true"
           : value == Py_False ? "false"
                               : NULL;
}

/* ---- containers ---- */

/* Bounded by the recursion limit of Python code as well: Python 3.12 and later let C go so deep
 * that the stack of a small thread does not hold it. */
static int enter(struct encoder *encoder, PyObject *container, struct enclosing *outer)
{
    int depth = 0;

    for (; outer != NULL; outer = outer->outer, depth++) {
        if (outer->container == container) {
            PyErr_SetString(PyExc_ValueError, "Circular reference detected");
            encoder->refused = PyErr_ExceptionMatches(PyExc_ValueError) != 0; /* or no memory */
            return -1;
        }
    }
    if (depth >= Py_GetRecursionLimit()) {
        PyErr_SetString(PyExc_RecursionError,
                        "maximum recursion depth exceeded while encoding a JSON object");
        return -1;
    }
    return Py_EnterRecursiveCall(" while encoding a JSON object") ? -1 : 0;
}

/* Before the user's code runs, which may change the dicts around it: they are written as they are
 * now. 0, or -1 with MemoryError. */
static int keep_items(struct enclosing *enclosing)
{
    for (; enclosing != NULL; enclosing = enclosing->outer) {
        if (enclosing->items != NULL)
            break; /* and so have those around it */
        if (PyDict_CheckExact(enclosing->container)) {
            enclosing->items = PyDict_Items(enclosing->container);
            if (enclosing->items == NULL)
                return -1;
        }
    }
    return 0;
}

/* A list or a tuple; a file's read() may change it meanwhile. A subclass may have its own
 * iterator. */
static int encode_sequence(struct encoder *encoder, PyObject *given, struct enclosing *outer)
{
    struct enclosing self = {given, outer, NULL};
    PyObject *sequence = NULL;
    int result = -1;

    if (enter(encoder, given, outer) < 0)
        return -1;
    sequence = PyList_CheckExact(given) || PyTuple_CheckExact(given) ? Py_NewRef(given)
                                                                     : PySequence_List(given);
    if (sequence == NULL || write_literal(encoder, "[") < 0)
        goto done;
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(sequence); i++) {
        PyObject *item = Py_NewRef(PySequence_Fast_GET_ITEM(sequence, i));
        int failed =
            (i > 0 && write_literal(encoder, ", ") < 0) || encode_value(encoder, item, &self) < 0;
        Py_DECREF(item);
        if (failed)
            goto done;
    }
    result = write_literal(encoder, "]");
done:
    Py_XDECREF(sequence);
    Py_LeaveRecursiveCall();
    return result;
}

static int encode_key(struct encoder *encoder, PyObject *key)
{
    const char *constant = constant_text(key);
    int result;

    if (PyUnicode_Check(key))
        return write_string(encoder, key);
    if (constant == NULL && !PyFloat_Check(key) && !PyLong_Check(key)) {
        PyErr_Format(PyExc_TypeError, "keys must be str, int, float, bool or None, not %.100s",
                     Py_TYPE(key)->tp_name);
        return -1;
    }
    if (write_literal(encoder, "\"") < 0)
        return -1;
    if (PyFloat_Check(key))
        result = write_float(encoder, key);
    else if (constant != NULL)
        result = write_literal(encoder, constant);
    else
        result = write_integer(encoder, key);
    return result < 0 ? -1 : write_literal(encoder, "\"");
}

static int encode_member(struct encoder *encoder, PyObject *key, PyObject *value, bool is_first,
                         struct enclosing *self)
{
    if ((!is_first && write_literal(encoder, ", ") < 0) || encode_key(encoder, key) < 0 ||
        write_literal(encoder, ": ") < 0)
        return -1;
    return encode_value(encoder, value, self);
}

/* An API field that overrides the input's field of that name. */
struct control {
    const char *name;
    PyObject *value; /* NULL: not given */
    bool is_written;
};

enum { CONTROLS = 2 };

static struct control *find_control(struct control *controls, PyObject *key)
{
    for (int i = 0; controls != NULL && i < CONTROLS; i++)
        if (controls[i].value != NULL && PyUnicode_Check(key) &&
            PyUnicode_CompareWithASCIIString(key, controls[i].name) == 0)
            return &controls[i];
    return NULL;
}

/* One member of a dict; `controls` at the root alone. */
static int encode_item(struct encoder *encoder, PyObject *key, PyObject *value, bool is_first,
                       struct control *controls, struct enclosing *self)
{
    struct control *control = find_control(controls, key);
    int result;

    if (control != NULL) {
        control->is_written = true;
        value = control->value;
    }
    Py_INCREF(key);
    Py_INCREF(value);
    result = encode_member(encoder, key, value, is_first, self);
    Py_DECREF(key);
    Py_DECREF(value);
    return result;
}

/* A subclass of dict is asked for its items(), as json asks it. */
static int encode_items(struct encoder *encoder, PyObject *dict, struct control *controls,
                        struct enclosing *self)
{
    PyObject *items = PyMapping_Items(dict);
    int result = -1;

    if (items == NULL)
        return -1;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(items); i++) {
        PyObject *item = PyList_GET_ITEM(items, i);
        if (pysim_upload_check_item(item) < 0) {
            encoder->refused = true;
            goto done;
        }
        if (encode_item(encoder, PyTuple_GET_ITEM(item, 0), PyTuple_GET_ITEM(item, 1), i == 0,
                        controls, self) < 0)
            goto done;
    }
    result = 0;
done:
    Py_DECREF(items);
    return result;
}

/* The next member of an exact dict: by the table, until its items have been kept; borrowed. */
static bool next_member(const struct enclosing *dict, Py_ssize_t count, Py_ssize_t *at,
                        PyObject **key, PyObject **value)
{
    PyObject *item;

    if (dict->items == NULL)
        return PyDict_Next(dict->container, at, key, value);
    if (count >= PyList_GET_SIZE(dict->items))
        return false;
    item = PyList_GET_ITEM(dict->items, count);
    *key = PyTuple_GET_ITEM(item, 0);
    *value = PyTuple_GET_ITEM(item, 1);
    return true;
}

static int encode_dict(struct encoder *encoder, PyObject *dict, struct control *controls,
                       struct enclosing *outer)
{
    struct enclosing self = {dict, outer, NULL};
    PyObject *key, *value;
    Py_ssize_t at = 0;
    size_t start;
    int result = -1;

    if (enter(encoder, dict, outer) < 0)
        return -1;
    if (write_literal(encoder, "{") < 0)
        goto done;
    start = encoder->out->length;
    if (!PyDict_CheckExact(dict)) {
        if (encode_items(encoder, dict, controls, &self) < 0)
            goto done;
    }
    else
        for (Py_ssize_t count = 0; next_member(&self, count, &at, &key, &value); count++)
            if (encode_item(encoder, key, value, count == 0, controls, &self) < 0)
                goto done;
    for (int i = 0; controls != NULL && i < CONTROLS; i++) {
        PyObject *name;
        int failed;
        if (controls[i].value == NULL || controls[i].is_written)
            continue;
        name = PyUnicode_FromString(controls[i].name);
        failed = name == NULL || encode_member(encoder, name, controls[i].value,
                                               encoder->out->length == start, &self) < 0;
        Py_XDECREF(name);
        if (failed)
            goto done;
    }
    result = write_literal(encoder, "}");
done:
    Py_XDECREF(self.items);
    Py_LeaveRecursiveCall();
    return result;
}

static int encode_file(struct encoder *encoder, PyObject *file)
{
    struct pysim_upload upload = {NULL, NULL};
    int result = -1;

    if (pysim_upload_describe(file, &upload) < 0)
        return -1;
    if (write_literal(encoder, "{\"" PYSIM_FILE_TYPE "\": \"" PYSIM_FILE "\", ") == 0 &&
        write_literal(encoder, "\"" PYSIM_FILE_DATA "\": \"" PYSIM_FILE_DATA_START) == 0 &&
        write_text(encoder, upload.mime) == 0 && write_literal(encoder, PYSIM_FILE_BASE64) == 0 &&
        pysim_upload_read(file, encoder->out) == 0 &&
        write_literal(encoder, "\", \"" PYSIM_FILE_NAME "\": ") == 0 &&
        write_string(encoder, upload.name) == 0 &&
        write_literal(encoder, ", \"" PYSIM_FILE_MIME "\": ") == 0 &&
        write_string(encoder, upload.mime) == 0)
        result = write_literal(encoder, "}");
    pysim_upload_fini(&upload);
    return result;
}

static int encode_value(struct encoder *encoder, PyObject *value, struct enclosing *outer)
{
    const char *constant = constant_text(value);
    int is_file = 0;

    if (!pysim_upload_is_plain(value)) {
        if (keep_items(outer) < 0)
            return -1;
        is_file = pysim_upload_is_file(value);
    }
    if (is_file != 0)
        return is_file < 0 ? -1 : encode_file(encoder, value);
    if (constant != NULL)
        return write_literal(encoder, constant);
    if (PyUnicode_Check(value))
        return write_string(encoder, value);
    if (PyLong_Check(value))
        return write_integer(encoder, value);
    if (PyFloat_Check(value))
        return write_float(encoder, value);
    if (PyList_Check(value) || PyTuple_Check(value))
        return encode_sequence(encoder, value, outer);
    if (PyDict_Check(value))
        return encode_dict(encoder, value, NULL, outer);
    return refuse_type(value);
}

/* The members of an input, a new reference to a dict: its own, or its copy's, as that of a
 * MappingProxyType. */
static PyObject *members_of(PyObject *input)
{
    PyObject *copy;

    if (PyDict_Check(input))
        return Py_NewRef(input);
    copy = PyObject_CallMethod(input, "copy", NULL);
    if (copy != NULL && PyDict_Check(copy))
        return copy;
    if (copy == NULL && !PyErr_ExceptionMatches(PyExc_AttributeError) &&
        !PyErr_ExceptionMatches(PyExc_TypeError))
        return NULL;
    PyErr_Clear();
    Py_XDECREF(copy);
    return PyErr_Format(PyExc_TypeError, "input_data must be a dict or None, not %.200s",
                        Py_TYPE(input)->tp_name);
}

int pysim_encode_body(PyObject *input_data, bool stream, PyObject *selected_outputs,
                      struct sim_buffer *out)
{
    struct encoder encoder = {.out = out};
    struct control controls[CONTROLS] = {
        {"stream", stream ? Py_True : NULL, false},
        {"selectedOutputs", selected_outputs != Py_None ? selected_outputs : NULL, false},
    };
    PyObject *members =
        input_data == NULL || input_data == Py_None ? PyDict_New() : members_of(input_data);
    int result;

    if (members == NULL)
        return -1;
    result = encode_dict(&encoder, members, controls, NULL);
    Py_DECREF(members);
    return result < 0 && encoder.refused ? PYSIM_ENCODE_REFUSED : result;
}
