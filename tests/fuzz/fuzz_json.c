/* The decoder, and the walk beside cJSON's tree under it: its outcome is json.loads's, be it a
 * value or an exception.
 *
 * Input: a document. */
#include "python.h"

#include <marshal.h>

#include "python/decode.h"

/* The second version has floats as bits, and no references that would tell objects apart. */
enum { MARSHAL_VERSION = 2 };

static PyObject *json_loads(void)
{
    PyObject *json = PyImport_ImportModule("json"), *loads;

    fuzz_python_check(json != NULL);
    loads = PyObject_GetAttrString(json, "loads");
    fuzz_python_check(loads != NULL);
    Py_DECREF(json);
    return loads;
}

/* What is decoded, with U+FFFD in the place of what is no text, as decode.h says. */
static PyObject *load(PyObject *loads, const char *text, Py_ssize_t length)
{
    PyObject *bytes = PyBytes_FromStringAndSize(text, length), *string, *result;

    fuzz_python_check(bytes != NULL);
    result = PyObject_CallFunctionObjArgs(loads, bytes, NULL);
    Py_DECREF(bytes);
    if (result == NULL && PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) {
        PyErr_Clear();
        string = PyUnicode_DecodeUTF8(text, length, "replace");
        fuzz_python_check(string != NULL);
        result = PyObject_CallFunctionObjArgs(loads, string, NULL);
        Py_DECREF(string);
    }
    return result;
}

/* Turns the pending exception into "type: message". */
static PyObject *take_exception(void)
{
    PyObject *type, *value, *traceback, *text;

    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    CHECK(!PyErr_GivenExceptionMatches(type, PyExc_MemoryError));
    text = PyUnicode_FromFormat("%S: %S", type, value);
    fuzz_python_check(text != NULL);
    Py_DECREF(type);
    Py_DECREF(value);
    Py_XDECREF(traceback);
    return text;
}

/* To bytes, in which equal values are equal: dicts in order, floats by their bits. NULL where a
 * value is nested too deeply for marshal. */
static PyObject *freeze(PyObject *value)
{
    PyObject *bytes = PyMarshal_WriteObjectToString(value, MARSHAL_VERSION);

    if (bytes == NULL)
        PyErr_Clear();
    return bytes;
}

static void check_equal(PyObject *one, PyObject *other)
{
    PyObject *frozen = freeze(one), *expected = freeze(other);

    CHECK((frozen == NULL) == (expected == NULL));
    if (frozen != NULL)
        CHECK(PyObject_RichCompareBool(frozen, expected, Py_EQ) == 1);
    Py_XDECREF(frozen);
    Py_XDECREF(expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pysim_state state; /* json.loads is all that it needs of a module */
    struct sim_text text = fuzz_copy(data, size);
    PyObject *loads, *value, *expected, *words, *expected_words;

    fuzz_python_start();
    loads = json_loads();
    value = pysim_decode(&state, text.data, text.length);
    words = value == NULL ? take_exception() : NULL;
    expected = load(loads, text.data, (Py_ssize_t)text.length);
    expected_words = expected == NULL ? take_exception() : NULL;
    CHECK((value == NULL) == (expected == NULL));
    check_equal(value != NULL ? value : words, expected != NULL ? expected : expected_words);
    Py_XDECREF(value);
    Py_XDECREF(words);
    Py_XDECREF(expected);
    Py_XDECREF(expected_words);
    Py_DECREF(loads);
    fuzz_free(text);
    return 0;
}
