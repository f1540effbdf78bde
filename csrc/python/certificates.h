/* Which certificate authorities a call trusts: the core's places, and those that Python knows. */
#ifndef PYSIM_CERTIFICATES_H
#define PYSIM_CERTIFICATES_H

#include "python/state.h"

#include "core/trust.h"
#include "core/url.h"

/* Finds the source for a call to `base`: the environment's variables, libcurl's own default,
 * ssl.get_default_verify_paths(), the distributions' places, certifi. Python's modules are
 * imported only when the ones before gave nothing, and what was found there is kept. Plain http
 * may be redirected to https, but mostly is not: it asks the distributions' places before Python.
 * An empty `*trust` when there is none at all. 0, or -1: with `*error` filled when the environment
 * names what does not exist, with an exception set when the search was interrupted. */
int pysim_certificates_find(struct pysim_state *state, struct sim_text base,
                            struct sim_trust *trust, struct sim_error *error);

#endif
