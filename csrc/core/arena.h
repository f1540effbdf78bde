/* Memory that is taken piece by piece and given back at once.
 *
 * The first pieces come from the arena itself, which may stand on the stack; the later ones
 * from blocks that grow. No piece is freed by itself. Must not know what the pieces hold. */
#ifndef SIM_CORE_ARENA_H
#define SIM_CORE_ARENA_H

#include <stdalign.h>
#include <stddef.h>

#include "core/status.h"

enum { SIM_ARENA_ITSELF = 6 * 1024 }; /* bytes without an allocation */

struct sim_arena_block;

struct sim_arena {
    char *at, *end; /* what is left of the newest block */
    struct sim_arena_block *blocks;
    size_t next_size;
    alignas(max_align_t) char first[SIM_ARENA_ITSELF];
};

/* Not to be copied: it points into itself. */
void sim_arena_init(struct sim_arena *arena);

/* A piece that suits any type, NULL without memory; what was given before stays. */
void *sim_arena_alloc(struct sim_arena *arena, size_t size) SIM_MUST_CHECK;

/* Releases all pieces. */
void sim_arena_fini(struct sim_arena *arena);

#endif
