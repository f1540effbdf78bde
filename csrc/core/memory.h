/* The core's allocations, and the means to make them fail.
 *
 * Every allocation of the core goes through here, so that a build with
 * SIM_MEMORY_FAULTS can refuse the Nth one and a test can walk N over all of
 * them. Must not know who allocates or why. */
#ifndef SIM_CORE_MEMORY_H
#define SIM_CORE_MEMORY_H

#include <stddef.h>

#include "core/status.h"

/* As malloc, calloc, realloc and free; NULL when there is no memory. */
void *sim_alloc(size_t size) SIM_MUST_CHECK;
void *sim_alloc_zeroed(size_t count, size_t size) SIM_MUST_CHECK;
void *sim_realloc(void *block, size_t size) SIM_MUST_CHECK;
void sim_free(void *block);

/* The same for what may be large and does not live long; the caller passes the size again to free
 * it. Large blocks come from the system and go back there, in its huge pages where it has them:
 * with small ones, page faults cost a third of the time in which a large document is read. */
void *sim_alloc_large(size_t size) SIM_MUST_CHECK;
void *sim_realloc_large(void *block, size_t size, size_t new_size) SIM_MUST_CHECK;
void sim_free_large(void *block, size_t size);

#ifdef SIM_MEMORY_FAULTS
/* For whoever has loaded the core as a shared object. */
#define SIM_MEMORY_HOOK __attribute__((visibility("default")))
/* Lets `allowed` allocations pass and refuses the next one; a negative number switches this
 * off. Process-wide and atomic, so threads may run under it. */
SIM_MEMORY_HOOK void sim_memory_fail_after(long allowed);
/* True when an allocation was refused since the last sim_memory_fail_after(). */
SIM_MEMORY_HOOK int sim_memory_has_failed(void);
/* Blocks that are in use. */
SIM_MEMORY_HOOK long sim_memory_live(void);
#endif

#endif
