/* What the test programs of the core share: checks, a table of tests, and failing allocations.
 *
 * A program includes this once and ends with CHECK_MAIN(tests). A failed check is printed with
 * its place and the test goes on; the program's exit status says whether any failed. Without
 * arguments all tests run, otherwise those named. */
#ifndef SIM_TESTS_CHECK_H
#define SIM_TESTS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/status.h"
#include "core/url.h"

struct check_test {
    const char *name;
    void (*run)(void);
};

static unsigned check_failures;
static const char *check_row = ""; /* the row of a table that is under way, for messages */

#define TEST(function)                                                                             \
    {                                                                                              \
#function, function                                                                        \
    }
#define COUNT(array) (sizeof(array) / sizeof *(array))
#define TEXT(literal) ((struct sim_text){literal, sizeof(literal) - 1})

#define CHECK(condition) check_true((condition) ? true : false, #condition, __FILE__, __LINE__)
#define CHECK_INT(actual, expected)                                                                \
    check_int((long long)(actual), (long long)(expected), #actual, __FILE__, __LINE__)
#define CHECK_STATUS(actual, expected) CHECK_INT(actual, expected) /* as in core/status.h */
/* `actual` is a struct sim_text, `expected` a string, which may hold NULs when it is a literal. */
#define CHECK_TEXT(actual, expected)                                                               \
    check_bytes((actual).data, (actual).length, expected, strlen(expected), #actual, __FILE__,     \
                __LINE__)
#define CHECK_BYTES(actual, actual_length, expected, expected_length)                              \
    check_bytes(actual, actual_length, expected, expected_length, #actual, __FILE__, __LINE__)
/* `actual` is a struct sim_buffer. */
#define CHECK_BUFFER(actual, expected) CHECK_TEXT(actual, expected)

static inline struct sim_text text_of(const char *string)
{
    return (struct sim_text){string, strlen(string)};
}

static inline bool check_true(bool holds, const char *what, const char *file, int line)
{
    if (!holds) {
        check_failures++;
        (void)printf("%s:%d: %s does not hold [%s]\n", file, line, what, check_row);
    }
    return holds;
}

static inline bool check_int(long long actual, long long expected, const char *what,
                             const char *file, int line)
{
    if (actual != expected) {
        check_failures++;
        (void)printf("%s:%d: %s is %lld, not %lld [%s]\n", file, line, what, actual, expected,
                     check_row);
    }
    return actual == expected;
}

static inline bool check_bytes(const char *actual, size_t actual_length, const char *expected,
                               size_t expected_length, const char *what, const char *file, int line)
{
    bool same = actual_length == expected_length &&
                (actual_length == 0 || memcmp(actual, expected, actual_length) == 0);

    if (!same) {
        check_failures++;
        (void)printf("%s:%d: %s is \"%.*s\" (%zu bytes), not \"%.*s\" (%zu) [%s]\n", file, line,
                     what, (int)actual_length, actual_length > 0 ? actual : "", actual_length,
                     (int)expected_length, expected, expected_length, check_row);
    }
    return same;
}

/* Runs a scenario with its first allocation refused, then with its second, until a run meets no
 * refusal. Each of them must return SIM_NO_MEMORY but the last, which must return SIM_OK; what the
 * object is like after a failure is the scenario's to check. Returns the number of refusals. */
static inline long check_every_refusal(enum sim_status (*scenario)(void))
{
    enum { MOST_ALLOCATIONS = 10000 };
    long allowed = 0;
    bool was_refused = true;

    for (; was_refused && allowed < MOST_ALLOCATIONS; allowed++) {
        enum sim_status status;
        sim_memory_fail_after(allowed);
        status = scenario();
        was_refused = sim_memory_has_failed() != 0;
        sim_memory_fail_after(-1);
        CHECK_STATUS(status, was_refused ? SIM_NO_MEMORY : SIM_OK);
    }
    CHECK(!was_refused);
    return allowed - 1;
}

#ifdef SIM_TESTS_COVERAGE
void __gcov_dump(void);
#else
#define __gcov_dump() ((void)0)
#endif

/* Ends a forked child, without what a process does at its end but for the counts of lines. */
static inline void check_leave(int status)
{
    __gcov_dump();
    _exit(status);
}

static inline int check_main(const struct check_test *tests, size_t count, int argument_count,
                             char **arguments)
{
    unsigned ran = 0;

    for (size_t i = 0; i < count; i++) {
        unsigned before = check_failures;
        bool is_chosen = argument_count < 2;
        for (int at = 1; at < argument_count; at++)
            is_chosen = is_chosen || strcmp(arguments[at], tests[i].name) == 0;
        if (!is_chosen)
            continue;
        ran++;
        check_row = "";
        tests[i].run();
        (void)printf("%s %s\n", check_failures == before ? "ok    " : "FAILED", tests[i].name);
        (void)fflush(stdout);
    }
    return ran > 0 && check_failures == 0 ? 0 : 1;
}

#define CHECK_MAIN(tests)                                                                          \
    int main(int argument_count, char **arguments)                                                 \
    {                                                                                              \
        return check_main(tests, COUNT(tests), argument_count, arguments);                         \
    }

#endif
