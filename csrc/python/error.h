/* SimStudioError, and the only place where a core error becomes an exception. */
#ifndef PYSIM_ERROR_H
#define PYSIM_ERROR_H

#include "python/state.h"

#include <stdbool.h>
#include <stdint.h>

#include "core/retry.h"
#include "core/status.h"

/* The codes that a SimStudioError has from here; a server's own word is one too. */
#define PYSIM_CODES(X)                                                                             \
    X(UNAUTHORIZED)                                                                                \
    X(USAGE_LIMIT_EXCEEDED)                                                                        \
    X(RATE_LIMIT_EXCEEDED)                                                                         \
    X(TIMEOUT)                                                                                     \
    X(EXECUTION_ERROR)                                                                             \
    X(STREAM_INTERRUPTED)                                                                          \
    X(STATUS_ERROR)                                                                                \
    X(USAGE_ERROR)

#define PYSIM_CODE_NAME(code) PYSIM_##code,
enum pysim_code { PYSIM_NO_CODE, PYSIM_CODES(PYSIM_CODE_NAME) };
#undef PYSIM_CODE_NAME

/* What a message ends with when a run may have been made, and paid for, without its result. */
#define PYSIM_RUN_DOUBT "; the run may have happened"

/* What a SimStudioError carries. */
struct pysim_failure {
    PyObject *message; /* str */
    enum pysim_code code;
    PyObject *server_code;  /* str, the server's own word instead of `code`; or NULL */
    long http_status;       /* 0: no HTTP status applies, `status` is None */
    PyObject *details;      /* any object, or NULL for None */
    int64_t retry_after_ms; /* or SIM_RETRY_NO_HINT for None */
    bool was_sent;          /* the request, or part of it */
};

/* Creates the type and stores it in the state and the module. 0, or -1 with an exception. */
int pysim_error_register(PyObject *module, struct pysim_state *state);

/* 0, or -1 with MemoryError, for a step that fails only without memory. */
static inline int pysim_error_check(enum sim_status status)
{
    if (status == SIM_OK)
        return 0;
    PyErr_NoMemory();
    return -1;
}

/* Raises a SimStudioError and steals the references in `failure`. Where one of them could not be
 * made, an exception is set already, and stays. NULL always, so that `return pysim_raise_...`
 * reads well. */
PyObject *pysim_raise_failure_steals(struct pysim_state *state,
                                     const struct pysim_failure *failure);

/* The same without what only an answer has; `details` may be NULL. */
PyObject *pysim_raise_steals(struct pysim_state *state, PyObject *message, enum pysim_code code,
                             PyObject *details, bool was_sent);

/* Raises what a core failure means to a user: MemoryError for SIM_NO_MEMORY, ValueError for
 * SIM_BAD_INPUT (nothing was sent), else SimStudioError with message "<prefix>: <message>" and
 * `details`, which is stolen and may be NULL. NULL always. SIM_TIMED_OUT never comes here: its
 * message needs the timeout as the user gave it. */
PyObject *pysim_raise_core_steals(struct pysim_state *state, const struct sim_error *error,
                                  const char *prefix, enum pysim_code code, PyObject *details,
                                  bool was_sent);

/* Raises ValueError "<name>: <message>" for an argument that the core refused. NULL always. */
PyObject *pysim_raise_input(const struct sim_error *error, const char *name);

/* The code as a new str; None for PYSIM_NO_CODE. */
PyObject *pysim_error_code(enum pysim_code code);

/* 1 when `error`, an exception, has that code, 0 when not; -1 with an exception: a subclass may
 * have a property there. */
int pysim_error_has_code(PyObject *error, enum pysim_code code);

/* A new SimStudioError that says the same, without traceback and context; NULL with an
 * exception. */
PyObject *pysim_error_copy(PyObject *error);

/* Makes `context`, which may be NULL, that of the pending exception if it has none of its own. */
void pysim_error_set_context(PyObject *context);

/* Clears the pending exception and returns its str() (a new reference); NULL with MemoryError when
 * there was no memory for either. */
PyObject *pysim_error_take_message(void);

#endif
