/* The extension module simstudio._native: a table of contents. */
#include "core/libcurl.h"
#include "python/call.h"
#include "python/error.h"
#include "python/methods.h"
#include "python/record.h"
#include "python/state.h"
#include "python/stream.h"
#include "python/word.h"

#ifndef SIMSTUDIO_VERSION
#error "the build says which version this is"
#endif

static int module_exec(PyObject *module)
{
    struct pysim_state *state = pysim_state_of_module(module);

    if (pysim_error_register(module, state) < 0 || pysim_record_register(module, state) < 0 ||
        pysim_word_register(state) < 0 || pysim_call_register(state) < 0 ||
        pysim_methods_register(module, state) < 0 || pysim_stream_register(module, state) < 0)
        return -1;
    return PyModule_AddStringConstant(module, "__version__", SIMSTUDIO_VERSION);
}

/* Slow to ask, so a function and not a constant. */
static PyObject *libcurl_version(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return PyUnicode_FromString(sim_libcurl_version());
}

static PyMethodDef functions[] = {
    {"libcurl_version", libcurl_version, METH_NOARGS,
     "libcurl_version($module, /)\n--\n\n"
     "The names and versions of libcurl and of the libraries that it uses: str."},
    {NULL, NULL, 0, NULL},
};

/* clang-format off */
static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    PYSIM_INTERPRETER_SLOTS
    {0, NULL},
};
/* clang-format on */

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "simstudio._native",
    .m_doc = "The native part of simstudio: import simstudio instead.",
    .m_size = sizeof(struct pysim_state),
    .m_methods = functions,
    .m_slots = module_slots,
    .m_traverse = pysim_state_traverse,
    .m_clear = pysim_state_clear,
    .m_free = pysim_state_free,
};

PyMODINIT_FUNC PyInit__native(void)
{
    return PyModuleDef_Init(&module_definition);
}
