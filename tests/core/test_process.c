/* Which process this is, also after a fork. */
#include "core/process.h"

#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static void a_forked_child_knows_its_own_number(void)
{
    int status = -1;
    pid_t child;

    CHECK_INT(sim_process_id(), getpid());
    CHECK_INT(sim_process_id(), getpid());
    child = fork();
    if (child == 0)
        _exit(sim_process_id() == getpid() && sim_process_id() == getpid() ? 0 : 1);
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
    CHECK_INT(sim_process_id(), getpid());
}

static const struct check_test tests[] = {TEST(a_forked_child_knows_its_own_number)};

CHECK_MAIN(tests)
