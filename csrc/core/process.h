/* Which process this is, without asking the kernel each time.
 *
 * Owns one cached number that a fork makes void. A fork that goes round the C library (a bare clone
 * system call) is not seen. Must not know who wants to know. */
#ifndef SIM_CORE_PROCESS_H
#define SIM_CORE_PROCESS_H

#include <sys/types.h>

/* As getpid(). */
pid_t sim_process_id(void);

#endif
