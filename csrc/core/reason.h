/* Why the system has refused something, in words of ours: strerror()'s may be another thread's, and
 * in any language. Must not know what was asked for. */
#ifndef SIM_CORE_REASON_H
#define SIM_CORE_REASON_H

/* The words for a value of errno; NULL for one that has none. */
const char *sim_reason_of(long number);

#endif
