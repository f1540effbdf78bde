#include "core/process.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"

enum {
    PAUSE_NS = 50 * 1000, /* between two looks at what another thread does */
    MOST_HOLD_MS = 1000,  /* a fork is not held off for longer */
};

static pthread_once_t watch_once = PTHREAD_ONCE_INIT;
static atomic_uint generation; /* 1, and one more in every child; 0: forks are not watched */

/* A thread counts itself in and then looks for forks; a fork announces itself and then looks for
 * threads inside: whichever order they come in, one of them sees the other. */
static atomic_int holding, forking;

static void pause_shortly(void)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
}

static void before_fork(void)
{
    const int64_t end_ms = sim_clock_monotonic_ms() + MOST_HOLD_MS;

    (void)atomic_fetch_add(&forking, 1);
    while (atomic_load(&holding) > 0 && sim_clock_monotonic_ms() < end_ms)
        pause_shortly();
}

static void after_fork_in_parent(void)
{
    (void)atomic_fetch_sub(&forking, 1);
}

/* The child's only thread is the one that forked, so nobody is inside. */
static void after_fork_in_child(void)
{
    atomic_store(&holding, 0);
    atomic_store(&forking, 0);
    (void)atomic_fetch_add_explicit(&generation, 1, memory_order_relaxed);
}

static void watch_forks(void)
{
    if (pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child) == 0)
        atomic_store_explicit(&generation, 1, memory_order_relaxed);
}

/* A call of the API asks five times. Where no memory was left to watch forks, the process ID has to
 * do, at a third of a microsecond each time. */
unsigned sim_process_identity(void)
{
    unsigned known = atomic_load_explicit(&generation, memory_order_relaxed);

    if (known != 0)
        return known;
    (void)pthread_once(&watch_once, watch_forks);
    known = atomic_load_explicit(&generation, memory_order_relaxed);
    return known != 0 ? known : (unsigned)getpid();
}

void sim_process_hold_forks(void)
{
    (void)atomic_fetch_add(&holding, 1);
    while (atomic_load(&forking) > 0) {
        (void)atomic_fetch_sub(&holding, 1);
        while (atomic_load(&forking) > 0)
            pause_shortly();
        (void)atomic_fetch_add(&holding, 1);
    }
}

void sim_process_let_fork(void)
{
    (void)atomic_fetch_sub(&holding, 1);
}
