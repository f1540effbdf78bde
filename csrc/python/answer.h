/* What an answer of the API means: a result, or a SimStudioError.
 *
 * Owns the knowledge of the servers' bodies, era by era, and of which word is
 * which error code. Must not know how the answer came. */
#ifndef PYSIM_ANSWER_H
#define PYSIM_ANSWER_H

#include "python/call.h"
#include "python/state.h"

/* The result of a complete call (a new reference), or NULL with a SimStudioError raised. A streamed
 * run need not be complete: the rest of it is waited for here. For PYSIM_EXECUTE `is_async` says
 * whether a queued run was asked for. */
PyObject *pysim_answer(struct pysim_call *call, bool is_async);

/* A new RateLimitInfo from the answer's X-RateLimit headers; NULL without an exception where it
 * has none. */
PyObject *pysim_answer_rate_limit(const struct pysim_call *call);

#endif
