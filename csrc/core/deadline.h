/* The deadlines of an exchange: which one is next, and whether it has passed.
 *
 * Owns the meaning of the three timeouts. Must not know the network, nor read the clock. */
#ifndef SIM_CORE_DEADLINE_H
#define SIM_CORE_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

struct sim_timeouts {   /* milliseconds; 0: no bound */
    int64_t connect_ms; /* until the request can be sent: look-up, connect, TLS, proxy */
    int64_t read_ms;    /* the longest silence while sending or receiving after that */
    int64_t total_ms;   /* the whole exchange, redirects included */
};

/* How far an exchange has come, on the monotonic clock. */
struct sim_progress {
    int64_t started_ms; /* the whole exchange */
    int64_t active_ms;  /* the last traffic; before the request, the attempt to connect */
    bool was_sent;      /* part of the request has gone out */
};

/* The time from `now_ms` until the next deadline, at most `limit_ms`; SIM_TIMED_OUT when one has
 * passed. */
enum sim_status sim_deadline_left(const struct sim_timeouts *timeouts,
                                  const struct sim_progress *progress, int64_t now_ms,
                                  int64_t limit_ms, int64_t *left_ms,
                                  struct sim_error *error) SIM_MUST_CHECK;

/* How long connecting may take, by whichever bound is the shorter; 0: for ever. */
int64_t sim_deadline_to_connect(const struct sim_timeouts *timeouts);

#endif
