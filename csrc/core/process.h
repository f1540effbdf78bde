/* Which process this is, without asking the kernel each time, and how forks are held off.
 *
 * Owns the count of forks that lie behind this process, and that of threads inside a stretch during
 * which no fork may happen. A fork that goes round the C library (a bare clone system call) is not
 * seen. Must not know who wants to know. */
#ifndef SIM_CORE_PROCESS_H
#define SIM_CORE_PROCESS_H

/* A number that tells this process from those it was forked from: two of them need not differ in
 * their process IDs, as the first process of every PID namespace is number 1. */
unsigned sim_process_identity(void);

/* Between these two another thread's fork waits, for up to a second: a library inside may hold a
 * lock of its own, which the child would find held for ever (OpenSSL's locks are such). For
 * stretches that do not wait; not nested, and not to be forked in. */
void sim_process_hold_forks(void);
void sim_process_let_fork(void);

#endif
