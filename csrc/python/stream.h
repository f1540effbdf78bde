/* WorkflowStream: a streamed run, event by event. */
#ifndef PYSIM_STREAM_H
#define PYSIM_STREAM_H

#include "python/call.h"
#include "python/state.h"

/* Creates the types and stores them in the state and the module. 0, or -1 with an exception. */
int pysim_stream_register(PyObject *module, struct pysim_state *state);

/* A stream of `client` that has not been asked for yet. Moves the prepared `call` into it: the
 * caller must not use it any more, whatever the outcome. NULL with an exception. */
PyObject *pysim_stream_new(struct pysim_state *state, PyObject *client, struct pysim_call *call,
                           const struct pysim_timeout *timeout);

#endif
