/* The interpreter inside a harness that needs one: started once, on malloc, so that the sanitizer
 * sees its blocks. */
#ifndef SIM_TESTS_PYTHON_H
#define SIM_TESTS_PYTHON_H

#include "python/state.h"

#include "fuzz.h"

/* Ends the program, with the traceback, on an exception that should not be. */
static inline void fuzz_python_check(int is_good)
{
    if (!is_good) {
        PyErr_Print();
        CHECK(is_good);
    }
}

/* Starts the interpreter at the first call. */
static inline void fuzz_python_start(void)
{
    PyPreConfig before;
    PyConfig config;
    PyStatus status;

    if (Py_IsInitialized())
        return;
    PyPreConfig_InitPythonConfig(&before);
    before.allocator = PYMEM_ALLOCATOR_MALLOC;
    CHECK(!PyStatus_Exception(Py_PreInitialize(&before)));
    PyConfig_InitPythonConfig(&config);
    config.install_signal_handlers = 0;
    /* Through its name the interpreter finds the standard library. */
    status = PyConfig_SetBytesString(&config, &config.program_name, FUZZ_PYTHON);
    CHECK(!PyStatus_Exception(status));
    status = Py_InitializeFromConfig(&config);
    if (PyStatus_Exception(status))
        Py_ExitStatusException(status);
    PyConfig_Clear(&config);
}

#endif
