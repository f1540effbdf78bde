#include "python/upload.h"

#include "core/base64.h"
#include "python/error.h"

enum { PIECE_SIZE = 192 * 1024 }; /* a multiple of three: no bytes are left between pieces */

bool pysim_upload_is_plain(PyObject *value)
{
    const PyTypeObject *type = Py_TYPE(value);

    return type == &PyUnicode_Type || type == &PyLong_Type || type == &PyFloat_Type ||
           type == &PyBool_Type || type == &PyDict_Type || type == &PyList_Type ||
           type == &PyTuple_Type || type == Py_TYPE(Py_None);
}

/* The attribute; NULL without an exception if it does not exist. */
static PyObject *find_attribute(PyObject *object, const char *name)
{
    PyObject *value = PyObject_GetAttrString(object, name);

    if (value == NULL && PyErr_ExceptionMatches(PyExc_AttributeError))
        PyErr_Clear();
    return value;
}

int pysim_upload_is_file(PyObject *value)
{
    PyObject *read;
    int is_file;

    if (pysim_upload_is_plain(value))
        return 0;
    read = find_attribute(value, "read");
    if (read == NULL)
        return PyErr_Occurred() ? -1 : 0;
    is_file = PyCallable_Check(read);
    Py_DECREF(read);
    return is_file;
}

/* ---- describing ---- */

/* The part of a path after its last slash; "file" where nothing is left. */
static PyObject *base_name(PyObject *path)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(path);
    Py_ssize_t slash = PyUnicode_FindChar(path, '/', 0, length, -1);

    return slash + 1 < length ? PyUnicode_Substring(path, slash + 1, length)
                              : PyUnicode_FromString("file");
}

/* 1 where PyOS_FSPath() takes it, else 0; -1 with an exception. */
static int is_path(PyObject *given)
{
    PyObject *method;
    int is_one;

    if (PyUnicode_Check(given) || PyBytes_Check(given))
        return 1;
    method = find_attribute(given, "__fspath__");
    is_one = method != NULL ? 1 : PyErr_Occurred() ? -1 : 0;
    Py_XDECREF(method);
    return is_one;
}

static PyObject *describe_name(PyObject *file)
{
    PyObject *given = find_attribute(file, "name"), *path = NULL, *decoded = NULL, *name = NULL;

    if (given == NULL)
        return PyErr_Occurred() ? NULL : PyUnicode_FromString("file");
    /* A temporary file's name is a number: its descriptor. */
    if (is_path(given) > 0)
        path = PyOS_FSPath(given);
    if (path != NULL && PyBytes_Check(path))
        decoded = PyUnicode_DecodeFSDefaultAndSize(PyBytes_AS_STRING(path), PyBytes_GET_SIZE(path));
    else
        decoded = Py_XNewRef(path);
    if (decoded != NULL)
        name = base_name(decoded);
    else if (!PyErr_Occurred())
        name = PyUnicode_FromString("file");
    Py_DECREF(given);
    Py_XDECREF(path);
    Py_XDECREF(decoded);
    return name;
}

static PyObject *describe_mime(PyObject *file, PyObject *name)
{
    PyObject *type = find_attribute(file, "content_type"), *module = NULL, *guess = NULL;

    if (type == NULL && PyErr_Occurred())
        return NULL;
    if (type != NULL && PyUnicode_Check(type) && PyUnicode_GET_LENGTH(type) > 0)
        return type;
    Py_CLEAR(type);
    module = PyImport_ImportModule("mimetypes");
    if (module != NULL)
        guess = PyObject_CallMethod(module, "guess_type", "O", name);
    Py_XDECREF(module);
    if (guess == NULL)
        return NULL;
    /* (type, encoding): with an encoding, such as gzip, the file is not what the type says. */
    if (PyTuple_Check(guess) && PyTuple_GET_SIZE(guess) == 2 &&
        PyUnicode_Check(PyTuple_GET_ITEM(guess, 0)) && PyTuple_GET_ITEM(guess, 1) == Py_None)
        type = Py_NewRef(PyTuple_GET_ITEM(guess, 0));
    else
        type = PyUnicode_FromString("application/octet-stream");
    Py_DECREF(guess);
    return type;
}

int pysim_upload_describe(PyObject *file, struct pysim_upload *upload)
{
    upload->name = describe_name(file);
    upload->mime = upload->name != NULL ? describe_mime(file, upload->name) : NULL;
    if (upload->mime != NULL)
        return 0;
    pysim_upload_fini(upload);
    return -1;
}

void pysim_upload_fini(struct pysim_upload *upload)
{
    Py_CLEAR(upload->name);
    Py_CLEAR(upload->mime);
}

/* ---- reading ---- */

/* The position to go back to, NULL for none. A file that does not know it is read all the same. */
static PyObject *remember_position(PyObject *file)
{
    PyObject *position = PyObject_CallMethod(file, "tell", NULL);

    if (position == NULL && PyErr_ExceptionMatches(PyExc_Exception))
        PyErr_Clear();
    return position;
}

/* Keeps the pending exception, if there is one. 0, or -1 with what is not an Exception, such as
 * KeyboardInterrupt: anything else that seek() raises does not fail the call. */
static int put_back(PyObject *file, PyObject *position)
{
    PyObject *error = PyErr_GetRaisedException(), *moved;
    int result = 0;

    moved = PyObject_CallMethod(file, "seek", "(O)", position); /* it may be a tuple */
    if (moved == NULL && !PyErr_ExceptionMatches(PyExc_Exception)) {
        pysim_error_set_context(error);
        Py_XDECREF(error);
        result = -1;
    }
    else
        PyErr_SetRaisedException(error);
    Py_XDECREF(moved);
    return result;
}

/* Encodes one piece; its length in bytes, or -1. */
static Py_ssize_t feed_piece(PyObject *piece, struct sim_base64 *encoder, struct sim_buffer *out)
{
    const char *text;
    Py_ssize_t length;
    Py_buffer view;
    enum sim_status status;

    if (PyUnicode_Check(piece)) {
        text = PyUnicode_AsUTF8AndSize(piece, &length);
        if (text == NULL)
            return -1;
        status = sim_base64_feed(encoder, text, (size_t)length, out);
    }
    else if (PyObject_CheckBuffer(piece)) {
        if (PyObject_GetBuffer(piece, &view, PyBUF_SIMPLE) < 0)
            return -1;
        length = view.len;
        status = sim_base64_feed(encoder, view.buf, (size_t)length, out);
        PyBuffer_Release(&view);
    }
    else {
        PyErr_Format(PyExc_TypeError,
                     "read() of a file in input_data must give bytes or str, not %.200s",
                     Py_TYPE(piece)->tp_name);
        return -1;
    }
    return pysim_error_check(status) < 0 ? -1 : length;
}

/* 1 where the object's read() is that of one of io's own classes, else 0; -1 with an exception. */
static int reads_as_io(PyObject *file)
{
    static const char *const names[] = {
        "BytesIO",  "BufferedReader", "FileIO",    "TextIOWrapper",
        "StringIO", "BufferedRandom", "RawIOBase", "BufferedRWPair",
    };
    PyObject *read = find_attribute(file, "read"), *module = NULL;
    int found = PyErr_Occurred() ? -1 : 0;

    if (read == NULL || !PyCFunction_Check(read) || PyCFunction_GET_SELF(read) != file)
        goto done;
    module = PyImport_ImportModule("io");
    if (module == NULL)
        found = -1;
    for (size_t i = 0; found == 0 && i < sizeof names / sizeof *names; i++) {
        PyObject *class = PyObject_GetAttrString(module, names[i]);
        PyObject *method = class != NULL ? PyObject_GetAttrString(class, "read") : NULL;
        if (method == NULL)
            found = -1;
        else if (Py_TYPE(method) == &PyMethodDescr_Type)
            found = ((PyMethodDescrObject *)method)->d_method->ml_meth ==
                    PyCFunction_GET_FUNCTION(read);
        Py_XDECREF(class);
        Py_XDECREF(method);
    }
done:
    Py_XDECREF(read);
    Py_XDECREF(module);
    return found;
}

/* 1 where reading in pieces gives what one read() gives, and ends: where read() is io's own, and
 * that of the buffer beneath a text too. A read() in Python may leave the size out, or give the
 * same again and again. -1 with an exception. */
static int can_be_read_in_pieces(PyObject *file)
{
    int result = reads_as_io(file);
    PyObject *buffer = result > 0 ? find_attribute(file, "buffer") : NULL;

    if (buffer != NULL)
        result = reads_as_io(buffer);
    else if (result > 0 && PyErr_Occurred())
        result = -1;
    Py_XDECREF(buffer);
    return result;
}

static int read_all(PyObject *file, struct sim_buffer *out)
{
    struct sim_base64 encoder = {{0}, 0};
    int in_pieces = can_be_read_in_pieces(file);
    Py_ssize_t length = 1;

    if (in_pieces < 0)
        return -1;
    while (length > 0) {
        PyObject *piece = in_pieces ? PyObject_CallMethod(file, "read", "i", (int)PIECE_SIZE)
                                    : PyObject_CallMethod(file, "read", NULL);
        if (piece == NULL)
            return -1;
        length = feed_piece(piece, &encoder, out);
        Py_DECREF(piece);
        if (length < 0 || PyErr_CheckSignals() < 0)
            return -1;
        if (!in_pieces)
            break;
    }
    return pysim_error_check(sim_base64_finish(&encoder, out));
}

int pysim_upload_read(PyObject *file, struct sim_buffer *out)
{
    PyObject *position = remember_position(file);
    int result;

    if (position == NULL && PyErr_Occurred())
        return -1;
    result = read_all(file, out);
    if (position != NULL && put_back(file, position) < 0)
        result = -1;
    Py_XDECREF(position);
    return result;
}

/* ---- converting ---- */

static PyObject *convert_file(PyObject *file)
{
    struct pysim_upload upload = {NULL, NULL};
    struct sim_buffer base64 = {.limit = PY_SSIZE_T_MAX};
    PyObject *data = NULL, *result = NULL;

    if (pysim_upload_describe(file, &upload) < 0)
        return NULL;
    if (pysim_upload_read(file, &base64) < 0)
        goto done;
    data = PyUnicode_FromFormat(PYSIM_FILE_DATA_START "%U" PYSIM_FILE_BASE64 "%s", upload.mime,
                                base64.data != NULL ? base64.data : "");
    if (data != NULL)
        result = Py_BuildValue("{s:s,s:O,s:O,s:O}", PYSIM_FILE_TYPE, PYSIM_FILE, PYSIM_FILE_DATA,
                               data, PYSIM_FILE_NAME, upload.name, PYSIM_FILE_MIME, upload.mime);
done:
    sim_buffer_fini(&base64);
    pysim_upload_fini(&upload);
    Py_XDECREF(data);
    return result;
}

int pysim_upload_check_item(PyObject *item)
{
    if (PyTuple_Check(item) && PyTuple_GET_SIZE(item) == 2)
        return 0;
    PyErr_SetString(PyExc_ValueError, "items must return 2-tuples");
    return -1;
}

/* A container that is being converted; the chain of them finds circles. */
struct around {
    PyObject *container;
    const struct around *outer;
};

static PyObject *convert(PyObject *value, const struct around *outer);

/* Puts what became of a member's value in its place, in a list of pairs. 1 where that is something
 * else, 0, or -1 with an exception. */
static int convert_member(PyObject *items, Py_ssize_t i, const struct around *self)
{
    PyObject *item = PyList_GET_ITEM(items, i), *value, *pair;

    if (pysim_upload_check_item(item) < 0)
        return -1;
    value = convert(PyTuple_GET_ITEM(item, 1), self);
    if (value == NULL || value == PyTuple_GET_ITEM(item, 1)) {
        Py_XDECREF(value);
        return value != NULL ? 0 : -1;
    }
    pair = PyTuple_Pack(2, PyTuple_GET_ITEM(item, 0), value);
    Py_DECREF(value);
    return pair == NULL || PyList_SetItem(items, i, pair) < 0 ? -1 : 1;
}

static PyObject *convert_dict(PyObject *dict, const struct around *self)
{
    PyObject *items = PyMapping_Items(dict), *copy = NULL, *result = NULL;
    bool has_files = false;

    if (items == NULL)
        return NULL;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(items); i++) {
        int changed = convert_member(items, i, self);
        if (changed < 0)
            goto done;
        has_files = has_files || changed > 0;
    }
    copy = has_files ? PyDict_New() : Py_NewRef(dict);
    if (copy != NULL && (!has_files || PyDict_MergeFromSeq2(copy, items, 1) == 0))
        result = Py_NewRef(copy);
done:
    Py_DECREF(items);
    Py_XDECREF(copy);
    return result;
}

static PyObject *convert_sequence(PyObject *sequence, const struct around *self)
{
    PyObject *items = PySequence_List(sequence), *result = NULL;
    bool has_files = false;

    if (items == NULL)
        return NULL;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(items); i++) {
        PyObject *value = convert(PyList_GET_ITEM(items, i), self);
        if (value == NULL)
            goto done;
        has_files = has_files || value != PyList_GET_ITEM(items, i);
        (void)PyList_SetItem(items, i, value); /* steals */
    }
    result = !has_files                ? Py_NewRef(sequence)
             : PyTuple_Check(sequence) ? PyList_AsTuple(items)
                                       : Py_NewRef(items);
done:
    Py_DECREF(items);
    return result;
}

static PyObject *convert(PyObject *value, const struct around *outer)
{
    const struct around self = {value, outer};
    int is_file = pysim_upload_is_file(value);
    PyObject *result;

    if (is_file != 0)
        return is_file < 0 ? NULL : convert_file(value);
    if (!PyDict_Check(value) && !PyList_Check(value) && !PyTuple_Check(value))
        return Py_NewRef(value);
    for (; outer != NULL; outer = outer->outer)
        if (outer->container == value) /* a circle: whoever writes it refuses it */
            return Py_NewRef(value);
    if (Py_EnterRecursiveCall(" while reading files in input_data"))
        return NULL;
    result = PyDict_Check(value) ? convert_dict(value, &self) : convert_sequence(value, &self);
    Py_LeaveRecursiveCall();
    return result;
}

PyObject *pysim_upload_convert(PyObject *value)
{
    return convert(value, NULL);
}
