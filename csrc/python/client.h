/* SimStudioClient: what other types of the module need of it. */
#ifndef PYSIM_CLIENT_H
#define PYSIM_CLIENT_H

#include "python/call.h"
#include "python/state.h"

/* Creates the type and stores it in the state and the module. 0, or -1 with an exception. */
int pysim_client_register(PyObject *module, struct pysim_state *state);

/* Where calls of `client`, an instance, go now. Borrowed: valid until Python code runs. 0, or -1
 * with an exception. */
int pysim_client_origin(PyObject *client, struct pysim_origin *origin);

/* Notes the rate-limit headers of a complete answer. 0, or -1 with an exception. */
int pysim_client_note_answer(PyObject *client, const struct pysim_call *call);

#endif
