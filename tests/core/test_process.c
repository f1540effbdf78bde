/* Which process this is, also after a fork, and forks that wait. */
#include "core/process.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

/* As if each process had a PID namespace of its own. */
pid_t getpid(void)
{
    return 1;
}

/* In a child of the process before it, and in that child's child, while `depth` lasts. */
static bool differs_from(unsigned before, int depth)
{
    unsigned own = sim_process_identity();
    int status = -1;
    pid_t child;

    if (own == before || sim_process_identity() != own)
        return false;
    if (depth == 0)
        return true;
    child = fork();
    if (child == 0)
        check_leave(differs_from(own, depth - 1) ? 0 : 1);
    return waitpid(child, &status, 0) == child && status == 0 && sim_process_identity() == own;
}

static void a_forked_child_is_another_process_whatever_its_number(void)
{
    CHECK(differs_from(0, 3));
}

static atomic_int is_inside, was_left;

static void *stay_inside(void *milliseconds)
{
    sim_process_hold_forks();
    atomic_store(&is_inside, 1);
    (void)nanosleep(&(struct timespec){.tv_nsec = *(long *)milliseconds * 1000000}, NULL);
    atomic_store(&was_left, 1);
    sim_process_let_fork();
    return NULL;
}

/* And the child, whose one thread is outside, can go in and out and fork again. */
static void a_fork_waits_for_the_threads_inside(void)
{
    long milliseconds = 200;
    int status = -1;
    pthread_t thread;
    pid_t child;

    (void)sim_process_identity(); /* begins to watch forks */
    CHECK_INT(pthread_create(&thread, NULL, stay_inside, &milliseconds), 0);
    while (!atomic_load(&is_inside))
        ;
    child = fork();
    if (child == 0) {
        int left = atomic_load(&was_left);
        sim_process_hold_forks();
        sim_process_let_fork();
        child = fork();
        if (child == 0)
            check_leave(0);
        (void)waitpid(child, &status, 0);
        check_leave(left && status == 0 ? 0 : 1);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
    CHECK_INT(pthread_join(thread, NULL), 0);
    sim_process_hold_forks(); /* nobody waits for a fork that is over */
    sim_process_let_fork();
}

static const struct check_test tests[] = {
    TEST(a_forked_child_is_another_process_whatever_its_number),
    TEST(a_fork_waits_for_the_threads_inside),
};

CHECK_MAIN(tests)
