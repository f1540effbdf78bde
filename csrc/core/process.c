#include "core/process.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

static pthread_once_t watch_once = PTHREAD_ONCE_INIT;
static bool is_watched;       /* forks clear the cache; set once, before the cache is ever filled */
static atomic_int cached_pid; /* 0: not known */

static void forget_pid(void)
{
    atomic_store_explicit(&cached_pid, 0, memory_order_relaxed);
}

static void watch_forks(void)
{
    is_watched = pthread_atfork(NULL, NULL, forget_pid) == 0;
}

/* A call of the API asks five times, and a system call is a third of a microsecond. */
pid_t sim_process_id(void)
{
    pid_t pid = atomic_load_explicit(&cached_pid, memory_order_relaxed);

    if (pid != 0)
        return pid;
    (void)pthread_once(&watch_once, watch_forks);
    pid = getpid();
    if (is_watched)
        atomic_store_explicit(&cached_pid, pid, memory_order_relaxed);
    return pid;
}
