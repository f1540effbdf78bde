/* The wait before the next attempt. */
#include "core/retry.h"

#include <math.h>

#include "check.h"

static const struct sim_retry_policy documented = {1.0, 30.0, 2.0};

static void the_wait_grows_to_its_maximum(void)
{
    static const struct {
        unsigned attempt;
        double random;
        int64_t delay_ms;
    } rows[] = {
        {0, 0.5, 1000},           {1, 0.5, 2000},  {2, 0.5, 4000},  {3, 0.5, 8000},
        {4, 0.5, 16000},          {5, 0.5, 30000}, {6, 0.5, 30000}, {0, 0.0, 750},
        {0, 1.0, 1250},           {5, 0.0, 22500}, {5, 1.0, 37500}, {60, 0.5, 30000},
        {UINT32_MAX, 0.5, 30000},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t delay_ms = -1;
        CHECK(sim_retry_delay_ms(&documented, rows[i].attempt, rows[i].random, SIM_RETRY_NO_HINT,
                                 &delay_ms));
        CHECK_INT(delay_ms, rows[i].delay_ms);
    }
}

static void a_servers_word_is_kept_and_never_cut_short(void)
{
    static const struct {
        int64_t hint_ms;
        double random;
        int64_t delay_ms;
    } rows[] = {
        {0, 0.99, 0},
        {1000, 0.0, 1000},
        {1000, 1.0, 1250},
        {120000, 0.0, 120000}, /* longer than max_s */
        {SIM_RETRY_LONGEST_HINT_MS, 0.0, SIM_RETRY_LONGEST_HINT_MS},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t delay_ms = -1;
        CHECK(sim_retry_delay_ms(&documented, 5, rows[i].random, rows[i].hint_ms, &delay_ms));
        CHECK_INT(delay_ms, rows[i].delay_ms);
    }
}

static void a_hint_too_long_is_not_waited_for(void)
{
    int64_t delay_ms = -7;

    CHECK(!sim_retry_delay_ms(&documented, 0, 0.5, SIM_RETRY_LONGEST_HINT_MS + 1, &delay_ms));
    CHECK(!sim_retry_delay_ms(&documented, 0, 0.5, INT64_MAX, &delay_ms));
    CHECK_INT(delay_ms, -7);
}

static void no_policy_makes_an_impossible_wait(void)
{
    static const double numbers[] = {0, -1, 0.5, 1, 2, 1e9, 1e300, INFINITY, -INFINITY, NAN};
    static const unsigned attempts[] = {0, 1, 2, 1000, UINT32_MAX};

    for (size_t a = 0; a < COUNT(numbers); a++) {
        for (size_t b = 0; b < COUNT(numbers); b++) {
            for (size_t c = 0; c < COUNT(numbers); c++) {
                for (size_t n = 0; n < COUNT(attempts); n++) {
                    const struct sim_retry_policy policy = {numbers[a], numbers[b], numbers[c]};
                    int64_t delay_ms = -1;
                    CHECK(sim_retry_delay_ms(&policy, attempts[n], 0.999, SIM_RETRY_NO_HINT,
                                             &delay_ms));
                    CHECK(delay_ms >= 0 && delay_ms < INT64_C(40000000000)); /* a year and more */
                }
            }
        }
    }
}

static void the_dice_are_within_range_and_not_loaded(void)
{
    enum { THROWS = 2000 };
    double sum = 0, least = 1, most = 0;

    for (int i = 0; i < THROWS; i++) {
        double number = sim_retry_random();
        CHECK(number >= 0 && number < 1);
        sum += number;
        least = number < least ? number : least;
        most = number > most ? number : most;
    }
    /* Eight standard deviations, and tails that a fair die misses once in 10^43 runs. */
    CHECK(fabs(sum / THROWS - 0.5) < 0.052);
    CHECK(least < 0.05 && most > 0.95);
}

static const struct check_test tests[] = {
    TEST(the_wait_grows_to_its_maximum),
    TEST(a_servers_word_is_kept_and_never_cut_short),
    TEST(a_hint_too_long_is_not_waited_for),
    TEST(no_policy_makes_an_impossible_wait),
    TEST(the_dice_are_within_range_and_not_loaded),
};

CHECK_MAIN(tests)
