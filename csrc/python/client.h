/* SimStudioClient, the object: its key, its base URL, its connections, and sending calls.
 *
 * Must not know its methods. */
#ifndef PYSIM_CLIENT_H
#define PYSIM_CLIENT_H

#include "python/call.h"
#include "python/state.h"

/* Creates the type with these methods (static) and stores it in the state and the module. 0, or -1
 * with an exception. */
int pysim_client_register(PyObject *module, struct pysim_state *state, PyMethodDef *methods);

/* The state of the module that `client`, an instance, comes from. */
struct pysim_state *pysim_client_state(PyObject *client);

/* Prepares a call as pysim_call_init() does. ValueError where neither __init__() nor the setters
 * have given the client a key and a base URL. */
int pysim_client_prepare(PyObject *client, struct pysim_call *call, enum pysim_endpoint endpoint,
                         PyObject *id);

/* Sends a prepared call where `client` points now, waits as pysim_call_wait_for_answer() does and
 * notes the answer's rate-limit headers. 0, or -1 with an exception. End with pysim_call_end(). */
int pysim_client_send(PyObject *client, struct pysim_call *call,
                      const struct pysim_timeout *timeout, bool is_async);

/* Sends a prepared call and returns its result (a new reference), or NULL with an exception. The
 * call has ended then, and may be sent again. */
PyObject *pysim_client_perform(PyObject *client, struct pysim_call *call,
                               const struct pysim_timeout *timeout, bool is_async);

/* __exit__() of whatever has a close(): calls it, and returns None. */
#define PYSIM_EXIT_DOC                                                                             \
    "__exit__($self, exc_type, exc_value, traceback, /)\n--\n\n"                                   \
    "Calls close(). Returns None: exceptions are not suppressed."
PyObject *pysim_client_exit(PyObject *self, PyObject *arguments);

/* Closes the connections; the next call connects anew. */
void pysim_client_close(PyObject *client);

#endif
