/* The retry function: whatever the numbers are, the wait is finite, not negative, no longer than
 * the policy and a server's hint allow, and no shorter than the hint.
 *
 * Input: initial, max, multiplier and the dice as doubles, the hint as int64, the attempt. */
#include "core/retry.h"

#include <math.h>

#include "fuzz.h"

#define LONGEST_S 3e7
#define UNTOUCHED INT64_C(-77)

static double number_of(struct fuzz_input *input)
{
    unsigned char bytes[sizeof(double)];
    double number = 0;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = fuzz_byte(input);
    memcpy(&number, bytes, sizeof number);
    return number;
}

/* Any bits to a number in [0, 1). */
static double dice_of(struct fuzz_input *input)
{
    double number = fabs(number_of(input));

    return isfinite(number) ? number - floor(number) : 0.5;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct sim_retry_policy policy = {number_of(&input), number_of(&input), number_of(&input)};
    double dice = dice_of(&input), hint_bits = number_of(&input), most_s;
    unsigned attempt = fuzz_byte(&input);
    int64_t hint_ms = 0, delay_ms = UNTOUCHED;
    bool goes_on;

    attempt = attempt << 24 | fuzz_byte(&input);
    memcpy(&hint_ms, &hint_bits, sizeof hint_ms);
    goes_on = sim_retry_delay_ms(&policy, attempt, dice, hint_ms, &delay_ms);
    CHECK(goes_on == (hint_ms <= SIM_RETRY_LONGEST_HINT_MS));
    CHECK(goes_on || delay_ms == UNTOUCHED);
    if (goes_on && hint_ms >= 0) {
        CHECK(delay_ms >= hint_ms && delay_ms <= hint_ms + hint_ms / 4);
    }
    else if (goes_on) {
        most_s = policy.max_s > 0 ? fmin(policy.max_s, LONGEST_S) : 0;
        CHECK(delay_ms >= 0 && (double)delay_ms <= most_s * 1250);
        /* Where nothing overflows, the plain formula. */
        if (attempt == 0 && policy.initial_s > 0 && policy.initial_s < most_s &&
            isfinite(policy.multiplier))
            CHECK(fabs((double)delay_ms - policy.initial_s * 1000 * (0.75 + 0.5 * dice)) <= 1);
    }
    return 0;
}
