/* One call of the API, from the endpoint to the answer.
 *
 * Owns the waiting: it drives an exchange with the GIL released and looks at
 * signals in between. Must not know what an answer means, nor what a client is. */
#ifndef PYSIM_CALL_H
#define PYSIM_CALL_H

#include "python/error.h"
#include "python/state.h"

#include <stdbool.h>

#include "core/http.h"

/* What the Sim API offers; the rows are in call.c. */
enum pysim_endpoint {
    PYSIM_EXECUTE,
    PYSIM_STATUS,
    PYSIM_JOB,
    PYSIM_USAGE,
};

struct pysim_endpoint_row {
    bool is_post;
    enum pysim_code code;        /* of a failure without a code of its own */
    const char *before, *after;  /* the path around the id */
    const char *id_name;         /* the parameter that is the id, NULL where there is none */
    const char *failure;         /* how a message about a failure begins */
    const char *timeout_message; /* what stands before the timeout in seconds */
    const char *doubt;           /* what to add when the request may have been served */
    const char *stream_type;     /* the media type of an answer in events; NULL: there is none */
};

/* How a caller waits, taken from `timeout`. */
struct pysim_timeout {
    PyObject *given; /* borrowed; for messages */
    struct sim_timeouts timeouts;
};

struct pysim_call {            /* start from all zero, end with pysim_call_fini() */
    struct pysim_state *state; /* borrowed */
    enum pysim_endpoint kind;
    const struct pysim_endpoint_row *endpoint;
    struct sim_buffer path, body;
    struct sim_exchange *exchange;
    PyObject *timeout;     /* as given; a reference of ours */
    size_t response_limit; /* bytes; from the environment */
    bool is_done;
    bool has_failed;  /* the exception is the exchange's own, not from a signal handler, say */
    bool is_given_up; /* by another thread while this one waits, which then stops waiting */
};

/* Where a call goes. Starting it may run Python code (the search for certificates imports modules),
 * and another thread may give the client another key meanwhile: the caller keeps alive what this
 * points into. */
struct pysim_origin {
    struct sim_session *session; /* borrowed of the client */
    struct sim_text base;        /* the base URL, without a slash at its end */
    PyObject *key_header;        /* bytes "X-API-Key: ...", or NULL */
};

/* Puts what every call needs, such as the default timeouts, into the state. 0, or -1 with
 * MemoryError. */
int pysim_call_register(struct pysim_state *state);

/* Reads a `timeout` argument: seconds as a number, (connect, read) or (connect, read, total); None
 * in any place for no bound. NULL stands for 30 s. TypeError or ValueError for anything else. */
int pysim_timeout_parse(struct pysim_state *state, PyObject *timeout, struct pysim_timeout *out);

/* The UTF-8 of a str that becomes part of a URL; it lives as long as the str. 0, or -1 with
 * ValueError, which names the parameter and shows nothing of the text, for a lone surrogate. */
int pysim_call_url_text(PyObject *text, const char *name, struct sim_text *out);

/* Prepares a call: its path, from `id` (through str(); NULL where the endpoint has none). 0, or -1
 * with TypeError or ValueError. The body of a POST goes into call->body before the start. */
int pysim_call_init(struct pysim_call *call, struct pysim_state *state,
                    enum pysim_endpoint endpoint, PyObject *id);

/* Starts the exchange; `is_async` asks for a queued run. 0, or -1 with an exception. A call that
 * has ended may be started again. */
int pysim_call_start(struct pysim_call *call, const struct pysim_origin *origin,
                     const struct pysim_timeout *timeout, bool is_async);

/* One step, without the GIL. 0, or -1 with an exception, from a signal handler or for a failure of
 * the transport; the exchange cannot go on after that. */
int pysim_call_step(struct pysim_call *call);

/* Steps until the answer is complete, known to be a stream of events, or given up. 0, or -1 with an
 * exception. */
int pysim_call_wait_for_answer(struct pysim_call *call);

/* sim_exchange_drain(), without the GIL. */
void pysim_call_drain(struct pysim_call *call);

/* Ends the exchange, if one is under way, and keeps path and body for another start. */
void pysim_call_end(struct pysim_call *call);
void pysim_call_fini(struct pysim_call *call);

/* Sleeps without the GIL, signals observed. 0, or -1 with what a signal handler raised. */
int pysim_sleep(int64_t duration_ms);

#endif
