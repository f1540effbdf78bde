/* Why the system has refused something. */
#include "core/reason.h"

#include <errno.h>

#include "check.h"

static void a_number_has_its_words(void)
{
    CHECK_TEXT(text_of(sim_reason_of(ECONNREFUSED)), "connection refused");
    CHECK_TEXT(text_of(sim_reason_of(EMFILE)), "too many open files in this process");
    CHECK_TEXT(text_of(sim_reason_of(EACCES)), "permission denied");
}

static void others_have_none(void)
{
    CHECK(sim_reason_of(0) == NULL);
    CHECK(sim_reason_of(EINTR) == NULL);
    CHECK(sim_reason_of(-1) == NULL);
}

static const struct check_test tests[] = {
    TEST(a_number_has_its_words),
    TEST(others_have_none),
};

CHECK_MAIN(tests)
