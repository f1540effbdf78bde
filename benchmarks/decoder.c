/* Makes the binding's decoder callable by itself, which the package keeps inside: decoder.decode().
 *
 * Compiled by bench.mk together with csrc/core and csrc/python/decode.c, as the extension is. */
#include "python/decode.h"

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

static PyMethodDef methods[] = {
    {"decode", decode, METH_O, NULL},
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
