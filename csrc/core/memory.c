#include "core/memory.h"

#include <stdlib.h>

#ifdef SIM_MEMORY_FAULTS
#include <stdatomic.h>
#include <stdbool.h>

/* How many allocations may still pass; negative: no limit. */
static atomic_long allowed_allocations = -1;
static atomic_int refused_any = 0;
static atomic_long live_blocks = 0;

void sim_memory_fail_after(long allowed)
{
    atomic_store(&refused_any, 0);
    atomic_store(&allowed_allocations, allowed);
}

int sim_memory_has_failed(void)
{
    return atomic_load(&refused_any);
}

long sim_memory_live(void)
{
    return atomic_load(&live_blocks);
}

static bool may_allocate(void)
{
    long left = atomic_load(&allowed_allocations);
    while (left >= 0) {
        /* After the refusal the count turns negative: one allocation fails, not all that follow,
         * so that the way out of the failure is exercised as it would run in earnest. */
        if (atomic_compare_exchange_weak(&allowed_allocations, &left, left - 1)) {
            if (left == 0) {
                atomic_store(&refused_any, 1);
                return false;
            }
            return true;
        }
    }
    return true;
}

static void *counted(void *block)
{
    if (block != NULL)
        (void)atomic_fetch_add(&live_blocks, 1);
    return block;
}

static void uncount(const void *block)
{
    if (block != NULL)
        (void)atomic_fetch_sub(&live_blocks, 1);
}
#else
#define may_allocate() 1
#define counted(block) (block)
#define uncount(block) ((void)0)
#endif

void *sim_alloc(size_t size)
{
    return may_allocate() ? counted(malloc(size > 0 ? size : 1)) : NULL;
}

void *sim_alloc_zeroed(size_t count, size_t size)
{
    return may_allocate() ? counted(calloc(count > 0 ? count : 1, size > 0 ? size : 1)) : NULL;
}

void *sim_realloc(void *block, size_t size)
{
    if (block == NULL)
        return sim_alloc(size);
    return may_allocate() ? realloc(block, size > 0 ? size : 1) : NULL;
}

void sim_free(void *block)
{
    uncount(block);
    free(block);
}
