/* Which process this is, without asking the kernel each time, and how forks are held off.
 *
 * Owns one cached number that a fork makes void, and the count of threads inside a stretch during
 * which no fork may happen. A fork that goes round the C library (a bare clone system call) is not
 * seen. Must not know who wants to know. */
#ifndef SIM_CORE_PROCESS_H
#define SIM_CORE_PROCESS_H

#include <sys/types.h>

/* As getpid(). */
pid_t sim_process_id(void);

/* Between these two another thread's fork waits, for up to a second: a library inside may hold a
 * lock of its own, which the child would find held for ever (OpenSSL's locks are such). For
 * stretches that do not wait; not nested, and not to be forked in. */
void sim_process_hold_forks(void);
void sim_process_let_fork(void);

#endif
