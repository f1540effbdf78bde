/* When to try again: a pure function of the policy, the attempt and a random number; and a source
 * of such numbers. */
#ifndef SIM_CORE_RETRY_H
#define SIM_CORE_RETRY_H

#include <stdbool.h>
#include <stdint.h>

struct sim_retry_policy {
    double initial_s;  /* the wait after the first attempt */
    double max_s;      /* no computed wait is longer, jitter aside */
    double multiplier; /* from one wait to the next */
};

enum {
    SIM_RETRY_NO_HINT = -1,              /* the server sent no Retry-After */
    SIM_RETRY_LONGEST_HINT_MS = 3600000, /* a longer one is not waited for: the caller raises */
};

/* Computes the wait before attempt `attempt` + 1 (the first attempt is 0). `random` is uniform
 * in [0, 1).
 * With a Retry-After hint: never earlier, and up to 25 % later; `max_s` does not shorten it,
 * since an earlier attempt is sure to fail. False, `*delay_ms` untouched, for a hint longer than
 * SIM_RETRY_LONGEST_HINT_MS.
 * Without: min(initial x multiplier^attempt, max) x (0.75 ... 1.25). Whatever the policy's
 * numbers are, the result is finite and not negative. */
bool sim_retry_delay_ms(const struct sim_retry_policy *policy, unsigned attempt, double random,
                        int64_t hint_ms, int64_t *delay_ms);

/* A number for `random`: uniform in [0, 1), from the system. */
double sim_retry_random(void);

#endif
