/* Time: clocks, a wait, and the times that servers write into headers.
 *
 * Milliseconds in int64_t, names ending in _ms; the epoch of a reset alone is in seconds. The
 * parsers read foreign text: they never fail loudly, they say "this is no time". They use no locale
 * and no time zone data. */
#ifndef SIM_CORE_CLOCK_H
#define SIM_CORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/text.h"

/* Milliseconds since some fixed moment; never goes back. May stand still while the machine is
 * suspended: for deadlines, as nobody could keep them then. */
int64_t sim_clock_monotonic_ms(void);

/* The same of another moment, and goes on meanwhile where the system has such a clock: for the age
 * of what grows old elsewhere too, as a connection does at its other end. */
int64_t sim_clock_with_suspension_ms(void);

/* Milliseconds since 1970-01-01 UTC. */
int64_t sim_clock_wall_ms(void);

/* Sleeps that long, or until a signal arrives. */
void sim_clock_sleep_ms(int64_t duration_ms);

/* An HTTP-date in any of RFC 9110's three forms, in milliseconds since 1970. `now_ms` is the wall
 * clock's, for the one that leaves out the century. False, and `*epoch_ms` untouched, for anything
 * else. */
bool sim_clock_parse_http_date(struct sim_text text, int64_t now_ms, int64_t *epoch_ms);

/* Retry-After: seconds ("3", also fractional "0.5") or an HTTP-date, seen from `now_ms` (since
 * 1970, by the clock of whoever wrote the date). A moment that has passed is 0. False, and
 * `*delay_ms` untouched, for anything else: empty, negative, NaN, infinite, trailing text,
 * impossible dates. A longer delay than SIM_CLOCK_LONGEST_MS (24 days) is cut to it. */
bool sim_clock_parse_retry_after(struct sim_text text, int64_t now_ms, int64_t *delay_ms);

enum { SIM_CLOCK_LONGEST_MS = INT32_MAX };

/* When a limit is reset: epoch seconds (an integer; a fraction is cut off) or ISO 8601 date and
 * time ("2025-11-30T10:01:00.000Z", offsets "+02:00", without one UTC). Epoch milliseconds
 * (integers of 10^11 and more) become seconds. False for anything else. */
bool sim_clock_parse_reset(struct sim_text text, int64_t *epoch_s);

#endif
