/* Environment variables, many at a time. */
#include "core/environment.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { ONE, TWO, LONGER, EMPTY, ABSENT, VARIABLES };

static const char *const names[VARIABLES] = {
    [ONE] = "SIM_TEST",     [TWO] = "sim_test",        [LONGER] = "SIM_TEST_LONGER",
    [EMPTY] = "SIM_VACANT", [ABSENT] = "SIM_TEST_NOT",
};

static bool is_as_getenv_says(const char *found, const char *name)
{
    const char *expected = getenv(name);

    return (found == NULL) == (expected == NULL) && (found == NULL || strcmp(found, expected) == 0);
}

static void many_are_found_as_getenv_finds_one(void)
{
    const char *values[VARIABLES];

    CHECK(setenv("SIM_TEST", "one=1", 1) == 0 && setenv("sim_test", "two", 1) == 0 &&
          setenv("SIM_TEST_LONGER", "three", 1) == 0 && setenv("SIM_VACANT", "", 1) == 0);
    sim_environment_find(names, VARIABLES, values);
    for (size_t i = 0; i < VARIABLES; i++) {
        check_row = names[i];
        CHECK(is_as_getenv_says(values[i], names[i]));
        CHECK((values[i] == NULL) == (i == ABSENT));
    }
}

static void what_is_unset_is_found_no_more(void)
{
    const char *values[VARIABLES];

    CHECK(setenv("SIM_TEST", "one", 1) == 0 && unsetenv("SIM_TEST") == 0);
    sim_environment_find(names, VARIABLES, values);
    CHECK(values[ONE] == NULL);
}

static void an_empty_environment_has_nothing(void)
{
    const char *values[VARIABLES] = {"left over"};

    CHECK(clearenv() == 0);
    sim_environment_find(names, VARIABLES, values);
    for (size_t i = 0; i < VARIABLES; i++)
        CHECK(values[i] == NULL);
}

static const struct check_test tests[] = {
    TEST(many_are_found_as_getenv_finds_one), TEST(what_is_unset_is_found_no_more),
    TEST(an_empty_environment_has_nothing), /* the last: nothing is there after it */
};

CHECK_MAIN(tests)
