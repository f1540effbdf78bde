/* Which deadline of an exchange is next, and whether it has passed. */
#include "core/deadline.h"

#include "check.h"

static void the_nearest_deadline_counts(void)
{
    enum { LIMIT_MS = 100, NOW_MS = 1000000 };
    static const struct {
        struct sim_timeouts timeouts;
        int64_t started_ms, active_ms; /* before now */
        bool was_sent;
        int64_t left_ms;  /* 0: one has passed */
        const char *said; /* then */
    } rows[] = {
        {{0, 0, 0}, 99999, 99999, true, LIMIT_MS, NULL}, /* no bounds */
        {{200, 0, 0}, 150, 150, false, 50, NULL},
        {{200, 0, 0}, 199, 199, false, 1, NULL},
        {{200, 0, 0}, 200, 200, false, 0, "No connection"},
        {{200, 0, 0}, 300, 300, true, LIMIT_MS, NULL},  /* it is there */
        {{0, 200, 0}, 300, 300, false, LIMIT_MS, NULL}, /* not yet */
        {{0, 200, 0}, 900, 150, true, 50, NULL},
        {{0, 200, 0}, 900, 199, true, 1, NULL},
        {{0, 200, 0}, 900, 200, true, 0, "silent"},
        {{0, 0, 200}, 150, 0, false, 50, NULL},
        {{0, 0, 200}, 150, 0, true, 50, NULL},
        {{0, 0, 200}, 199, 0, true, 1, NULL},
        {{0, 0, 200}, 200, 0, true, 0, "took too long"},
        {{0, 90, 80}, 20, 20, true, 60, NULL},
        {{0, 80, 90}, 20, 20, true, 60, NULL},
        {{0, 500, 500}, 20, 20, true, LIMIT_MS, NULL},
        {{100, 100, 100}, 100, 100, false, 0, "No connection"}, /* the first of them speaks */
        {{100, 100, 100}, 100, 100, true, 0, "silent"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct sim_progress progress = {
            NOW_MS - rows[i].started_ms,
            NOW_MS - rows[i].active_ms,
            rows[i].was_sent,
        };
        struct sim_error error = {SIM_OK, ""};
        char row[16];
        int64_t left_ms = -1;
        (void)snprintf(row, sizeof row, "row %zu", i);
        check_row = row;
        CHECK_STATUS(
            sim_deadline_left(&rows[i].timeouts, &progress, NOW_MS, LIMIT_MS, &left_ms, &error),
            rows[i].said != NULL ? SIM_TIMED_OUT : SIM_OK);
        if (rows[i].said != NULL)
            CHECK(strstr(error.message, rows[i].said) != NULL);
        else
            CHECK_INT(left_ms, rows[i].left_ms);
        check_row = "";
    }
}

static void connecting_ends_with_the_first_bound_on_it(void)
{
    static const struct {
        struct sim_timeouts timeouts;
        int64_t limit_ms;
    } rows[] = {
        {{0, 0, 0}, 0}, {{0, 7, 0}, 0}, {{5, 0, 0}, 5}, {{5, 1, 0}, 5},
        {{0, 0, 9}, 9}, {{5, 0, 9}, 5}, {{9, 0, 5}, 5}, {{5, 0, 5}, 5},
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK_INT(sim_deadline_to_connect(&rows[i].timeouts), rows[i].limit_ms);
}

static const struct check_test tests[] = {
    TEST(the_nearest_deadline_counts),
    TEST(connecting_ends_with_the_first_bound_on_it),
};

CHECK_MAIN(tests)
