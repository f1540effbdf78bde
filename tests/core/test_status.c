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

static void every_status_has_a_meaning_of_its_own(void)
{
    static const enum sim_status statuses[] = {SIM_OK,
#define MEMBER(name, meaning) SIM_##name,
                                               SIM_STATUSES(MEMBER)
#undef MEMBER
    };

    for (size_t i = 0; i < COUNT(statuses); i++) {
        CHECK_INT(statuses[i], i);
        CHECK(sim_status_meaning(statuses[i])[0] != '\0');
        for (size_t other = 0; other < i; other++)
            CHECK(strcmp(sim_status_meaning(statuses[i]), sim_status_meaning(statuses[other])) !=
                  0);
    }
    CHECK_TEXT(text_of(sim_status_meaning((enum sim_status)COUNT(statuses))), "unknown status");
}

static const struct check_test tests[] = {
    TEST(the_first_failure_stands),
    TEST(only_the_status_may_matter),
    TEST(a_message_too_long_is_cut),
    TEST(every_status_has_a_meaning_of_its_own),
};

CHECK_MAIN(tests)
