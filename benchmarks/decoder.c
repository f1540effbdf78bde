/* Makes the binding's decoder callable by itself, which the package keeps inside: decoder.decode(),
 * and decoder.parse(), the part of it that needs no GIL.
 *
 * Compiled by bench.mk together with csrc/core and csrc/python/decode.c, as the extension is. */
#include "python/decode.h"

#include "core/json.h"

/* All that the decoder needs of a module: the places of what it keeps. */
static struct pysim_state state;

static PyObject *decode(PyObject *Py_UNUSED(module), PyObject *bytes)
{
    char *text = NULL;
    Py_ssize_t length = 0;

    if (PyBytes_AsStringAndSize(bytes, &text, &length) < 0)
        return NULL;
    return pysim_decode(&state, text, (size_t)length);
}

static PyObject *parse(PyObject *Py_UNUSED(module), PyObject *bytes)
{
    struct sim_text text = {NULL, 0};
    struct sim_json document;
    char *data = NULL;
    Py_ssize_t length = 0;

    if (PyBytes_AsStringAndSize(bytes, &data, &length) < 0)
        return NULL;
    text = (struct sim_text){data, (size_t)length};
    if (sim_json_parse(text, &document, NULL) != SIM_OK)
        return PyErr_Format(PyExc_ValueError, "no JSON document");
    sim_json_fini(&document);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"decode", decode, METH_O, NULL},
    {"parse", parse, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "decoder",
    .m_size = -1,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit_decoder(void)
{
    return PyModule_Create(&definition);
}
