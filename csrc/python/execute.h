/* The methods of SimStudioClient that run a workflow: at once, again after a rate limit, streamed.
 *
 * Owns their parameters and the rule of what is tried again. Must not know how a client keeps its
 * key, nor what an answer means. */
#ifndef PYSIM_EXECUTE_H
#define PYSIM_EXECUTE_H

#include "python/compat.h"

/* METH_FASTCALL | METH_KEYWORDS methods, and their docstrings with the signature line. */
#define PYSIM_EXECUTE_METHODS(X)                                                                   \
    X(execute_workflow)                                                                            \
    X(execute_workflow_sync)                                                                       \
    X(execute_with_retry)                                                                          \
    X(stream_workflow)

#define PYSIM_EXECUTE_METHOD(name)                                                                 \
    extern const char pysim_##name##_doc[];                                                        \
    PyObject *pysim_##name(PyObject *client, PyObject *const *arguments, Py_ssize_t given,         \
                           PyObject *keyword_names);
PYSIM_EXECUTE_METHODS(PYSIM_EXECUTE_METHOD)
#undef PYSIM_EXECUTE_METHOD

#endif
