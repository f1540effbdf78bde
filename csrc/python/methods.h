/* What a client can do: the table of SimStudioClient's methods, and all of them but those that run
 * workflows. Must not know how a client keeps its key and its connections. */
#ifndef PYSIM_METHODS_H
#define PYSIM_METHODS_H

#include "python/state.h"

/* Creates SimStudioClient with its methods. 0, or -1 with an exception. */
int pysim_methods_register(PyObject *module, struct pysim_state *state);

#endif
