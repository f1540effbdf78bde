/* The record of the first failure. */
#include "check.h"

static void the_first_failure_stands(void)
{
    struct sim_error error = {SIM_OK, ""};

    CHECK_STATUS(sim_fail(&error, SIM_LIMIT, "more than %d", 7), SIM_LIMIT);
    CHECK_STATUS(sim_fail(&error, SIM_NO_MEMORY, "later"), SIM_NO_MEMORY);
    CHECK_STATUS(error.status, SIM_LIMIT);
    CHECK_TEXT(text_of(error.message), "more than 7");
}

static void only_the_status_may_matter(void)
{
    CHECK_STATUS(sim_fail(NULL, SIM_TIMED_OUT, "%s", "unread"), SIM_TIMED_OUT);
}

static void a_message_too_long_is_cut(void)
{
    char text[SIM_ERROR_MESSAGE_SIZE + 1];
    static const struct {
        size_t length, kept;
    } rows[] = {
        {SIM_ERROR_MESSAGE_SIZE - 1, SIM_ERROR_MESSAGE_SIZE - 1},
        {SIM_ERROR_MESSAGE_SIZE, SIM_ERROR_MESSAGE_SIZE - 1},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_error error = {SIM_OK, ""};
        memset(text, 'x', rows[i].length);
        text[rows[i].length] = '\0';
        CHECK_STATUS(sim_fail(&error, SIM_BAD_INPUT, "%s", text), SIM_BAD_INPUT);
        CHECK_INT(strlen(error.message), rows[i].kept);
    }
}

static const struct check_test tests[] = {
    TEST(the_first_failure_stands),
    TEST(only_the_status_may_matter),
    TEST(a_message_too_long_is_cut),
};

CHECK_MAIN(tests)
