#include "core/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __linux__
#include <sys/mman.h>
#endif
#ifdef SIM_MEMORY_FAULTS
#include <stdatomic.h>

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
         * so that the way out of the failure is exercised as in production. */
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

/* ---- large blocks ---- */

#ifdef MADV_HUGEPAGE
enum { HUGE_PAGE = 2 * 1024 * 1024 };

static bool is_large(size_t size)
{
    return size >= HUGE_PAGE && size <= SIZE_MAX / 2;
}

/* In whole pages: the system puts such a mapping where huge pages begin. */
static size_t mapped_size(size_t size)
{
    return (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
}

static void *map(size_t size)
{
    void *block =
        mmap(NULL, mapped_size(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (block == MAP_FAILED)
        return NULL;
    (void)madvise(block, mapped_size(size), MADV_HUGEPAGE); /* a hint: small pages work too */
    return block;
}

static void unmap(void *block, size_t size)
{
    (void)munmap(block, mapped_size(size));
}
#else
#define is_large(size) false
#define map(size) NULL
#define unmap(block, size) ((void)0)
#endif

void *sim_alloc_large(size_t size)
{
    if (!is_large(size))
        return sim_alloc(size);
    return may_allocate() ? counted(map(size)) : NULL;
}

void *sim_realloc_large(void *block, size_t size, size_t new_size)
{
    void *moved;

    if (!is_large(size) && !is_large(new_size))
        return sim_realloc(block, new_size);
    moved = sim_alloc_large(new_size);
    if (moved == NULL)
        return NULL;
    if (block != NULL)
        memcpy(moved, block, size < new_size ? size : new_size);
    sim_free_large(block, size);
    return moved;
}

void sim_free_large(void *block, size_t size)
{
    if (block == NULL || !is_large(size)) {
        sim_free(block);
        return;
    }
    uncount(block);
    unmap(block, size);
}
