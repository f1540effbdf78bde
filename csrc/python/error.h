/* SimStudioError, and the only place where a core error becomes an exception. */
#ifndef PYSIM_ERROR_H
#define PYSIM_ERROR_H

#include <stdint.h>

#include "core/status.h"
#include "python/state.h"

enum { PYSIM_NO_RETRY_AFTER = -1 };

/* What a SimStudioError carries; all references borrowed. */
struct pysim_failure {
    PyObject *message;      /* str */
    PyObject *code;         /* str, or NULL for None */
    long http_status;       /* 0: no HTTP status is the matter, `status` is None */
    PyObject *details;      /* any object, or NULL for None */
    int64_t retry_after_ms; /* or PYSIM_NO_RETRY_AFTER for None */
};

/* Creates the type and stores it in the state and the module. 0, or -1 with an exception. */
int pysim_error_register(PyObject *module, struct pysim_state *state);

/* Raises a SimStudioError; returns NULL always, so that `return pysim_raise(...)` reads well.
 * A failure on the way (no memory) raises that instead. */
PyObject *pysim_raise(struct pysim_state *state, const struct pysim_failure *failure);

/* Raises what a core failure is to a user: MemoryError for SIM_NO_MEMORY, ValueError for
 * SIM_BAD_INPUT (nothing was sent), else SimStudioError with message "<prefix>: <message>" and
 * `code` (both UTF-8). NULL always. SIM_TIMED_OUT never comes here: its message needs the
 * timeout as the user gave it. */
PyObject *pysim_raise_core(struct pysim_state *state, const struct sim_error *error,
                           const char *prefix, const char *code);

/* Takes the exception under way and returns its str() (a new reference); NULL, with MemoryError,
 * when there was no memory for either. */
PyObject *pysim_error_take_message(void);

#endif
