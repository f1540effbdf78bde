#include "core/retry.h"

#include <math.h>
#include <unistd.h>
#ifdef __APPLE__ /* where getentropy() is declared elsewhere */
#include <sys/random.h>
#endif

/* Longer waits than this are cut: about a year, and far from the end of int64_t. */
#define LONGEST_WAIT_S 3e7
#define JITTER 0.25

/* Into [0, LONGEST_WAIT_S]; what is no number is no wait. */
static double clamp(double seconds)
{
    if (!(seconds > 0))
        return 0;
    return seconds < LONGEST_WAIT_S ? seconds : LONGEST_WAIT_S;
}

bool sim_retry_delay_ms(const struct sim_retry_policy *policy, unsigned attempt, double random,
                        int64_t hint_ms, int64_t *delay_ms)
{
    double wait_s;

    if (hint_ms > SIM_RETRY_LONGEST_HINT_MS)
        return false;
    if (hint_ms >= 0) {
        *delay_ms = hint_ms + (int64_t)((double)hint_ms * JITTER * random);
        return true;
    }
    wait_s = clamp(policy->initial_s * pow(policy->multiplier, (double)attempt));
    if (wait_s > clamp(policy->max_s))
        wait_s = clamp(policy->max_s);
    *delay_ms = (int64_t)(wait_s * 1000.0 * (1.0 - JITTER + 2.0 * JITTER * random));
    return true;
}

double sim_retry_random(void)
{
    uint64_t bits = 0;

    /* Without entropy the middle of the range does as well as any. */
    if (getentropy(&bits, sizeof bits) != 0)
        return 0.5;
    return (double)(bits >> 11) * 0x1p-53;
}
