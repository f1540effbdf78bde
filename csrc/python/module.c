/* The extension module simstudio._native: a table of contents. */
#include "python/error.h"
#include "python/methods.h"
#include "python/record.h"
#include "python/state.h"
#include "python/stream.h"
#include "python/word.h"

#ifndef SIMSTUDIO_VERSION
#error "the build says which version this is"
#endif

#define DEFAULT_TIMEOUT_S 30.0
#define STREAM_SILENCE_S 300.0 /* a server sends nothing while a block without text runs */

static int module_exec(PyObject *module)
{
    struct pysim_state *state = pysim_state_of_module(module);

    state->default_timeout = PyFloat_FromDouble(DEFAULT_TIMEOUT_S);
    state->stream_timeout = Py_BuildValue("(dd)", DEFAULT_TIMEOUT_S, STREAM_SILENCE_S);
    state->user_agent = PyBytes_FromString("User-Agent: simstudio-sdk/" SIMSTUDIO_VERSION
                                           " (native; CPython " PY_VERSION ")");
    if (state->default_timeout == NULL || state->stream_timeout == NULL ||
        state->user_agent == NULL)
        return -1;
    if (pysim_error_register(module, state) < 0 || pysim_record_register(module, state) < 0 ||
        pysim_word_register(state) < 0 || pysim_methods_register(module, state) < 0 ||
        pysim_stream_register(module, state) < 0)
        return -1;
    return PyModule_AddStringConstant(module, "__version__", SIMSTUDIO_VERSION);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL},
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "simstudio._native",
    .m_doc = "The native part of simstudio: import simstudio instead.",
    .m_size = sizeof(struct pysim_state),
    .m_slots = module_slots,
    .m_traverse = pysim_state_traverse,
    .m_clear = pysim_state_clear,
    .m_free = pysim_state_free,
};

PyMODINIT_FUNC PyInit__native(void)
{
    return PyModuleDef_Init(&module_definition);
}
