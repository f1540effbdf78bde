#include "core/arena.h"

#include <stdbool.h>
#include <stdint.h>

#include "core/memory.h"

enum {
    FIRST_BLOCK = 64 * 1024,     /* each later block is twice the one before */
    LARGEST_BLOCK = 4096 * 1024, /* bounds the unused end of the last one */
};

struct sim_arena_block {
    struct sim_arena_block *previous;
    size_t size; /* this head included */
    alignas(max_align_t) char bytes[];
};

void sim_arena_init(struct sim_arena *arena)
{
    arena->at = arena->first;
    arena->end = arena->first + sizeof arena->first;
    arena->blocks = NULL;
    arena->next_size = FIRST_BLOCK;
}

static bool grow(struct sim_arena *arena, size_t piece)
{
    size_t size = arena->next_size;
    struct sim_arena_block *block;

    if (piece > size - sizeof *block)
        size = sizeof *block + piece;
    block = sim_alloc_large(size);
    if (block == NULL)
        return false;
    block->previous = arena->blocks;
    block->size = size;
    arena->blocks = block;
    arena->at = block->bytes;
    arena->end = (char *)block + size;
    if (arena->next_size < LARGEST_BLOCK)
        arena->next_size *= 2;
    return true;
}

void *sim_arena_alloc(struct sim_arena *arena, size_t size)
{
    const size_t grain = alignof(max_align_t);
    char *place;

    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + grain - 1) / grain * grain;
    if (size > (size_t)(arena->end - arena->at) && !grow(arena, size))
        return NULL;
    place = arena->at;
    arena->at += size;
    return place;
}

void sim_arena_fini(struct sim_arena *arena)
{
    while (arena->blocks != NULL) {
        struct sim_arena_block *block = arena->blocks;
        arena->blocks = block->previous;
        sim_free_large(block, block->size);
    }
    sim_arena_init(arena);
}
