/* The extension module simstudio._native: a table of contents. */
#include "python/state.h"

struct pysim_state *pysim_state_of_module(PyObject *module)
{
    return PyModule_GetState(module);
}

static int module_exec(PyObject *module)
{
    return PyModule_AddStringConstant(module, "__doc__", "The native part of simstudio.");
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "simstudio._native",
    .m_size = sizeof(struct pysim_state),
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__native(void)
{
    return PyModuleDef_Init(&module_definition);
}
