/* Memory that is taken piece by piece and given back at once. */
#include "core/arena.h"

#include "check.h"

static void small_pieces_need_no_allocation(void)
{
    const long before = sim_memory_live();
    struct sim_arena arena;
    size_t taken = 0;

    sim_arena_init(&arena);
    for (; taken < SIM_ARENA_ITSELF / 64; taken++)
        CHECK(sim_arena_alloc(&arena, 64) != NULL);
    CHECK_INT(sim_memory_live() - before, 0);
    CHECK(sim_arena_alloc(&arena, 1) != NULL);
    CHECK_INT(sim_memory_live() - before, 1);
    sim_arena_fini(&arena);
    CHECK_INT(sim_memory_live() - before, 0);
}

/* Sizes from nothing to more than any block has: each piece keeps what was written into it. */
static void pieces_are_apart_and_suit_any_type(void)
{
    enum { PIECES = 400, LARGEST = 6 * 1000 * 1000 };
    const long before = sim_memory_live();
    struct sim_arena arena;
    unsigned char *pieces[PIECES];
    size_t sizes[PIECES];
    bool same = true, aligned = true;

    sim_arena_init(&arena);
    for (size_t i = 0; i < PIECES; i++) {
        sizes[i] = i % 97 == 96 ? LARGEST - i : i * i % 20011;
        pieces[i] = sim_arena_alloc(&arena, sizes[i]);
        if (!CHECK(pieces[i] != NULL))
            return;
        memset(pieces[i], (int)(i % 251), sizes[i]);
        aligned = aligned && (uintptr_t)pieces[i] % alignof(max_align_t) == 0;
    }
    for (size_t i = 0; i < PIECES; i++)
        for (size_t at = 0; at < sizes[i]; at++)
            same = same && pieces[i][at] == i % 251;
    CHECK(same);
    CHECK(aligned);
    CHECK(sim_memory_live() - before < 20); /* blocks, not pieces */
    sim_arena_fini(&arena);
    CHECK_INT(sim_memory_live() - before, 0);
}

static void after_its_end_it_begins_anew(void)
{
    struct sim_arena arena;

    sim_arena_init(&arena);
    for (int i = 0; i < 3; i++) {
        CHECK(sim_arena_alloc(&arena, 16) == (void *)arena.first);
        CHECK(sim_arena_alloc(&arena, 100000) != NULL);
        sim_arena_fini(&arena);
    }
    sim_arena_fini(&arena);
}

static void what_nobody_has_is_refused(void)
{
    struct sim_arena arena;

    sim_arena_init(&arena);
    CHECK(sim_arena_alloc(&arena, SIZE_MAX) == NULL);
    CHECK(sim_arena_alloc(&arena, SIZE_MAX / 4) == NULL);
    CHECK(sim_arena_alloc(&arena, 16) == (void *)arena.first);
    sim_arena_fini(&arena);
}

static enum sim_status take_much(void)
{
    struct sim_arena arena;
    enum sim_status status = SIM_OK;

    sim_arena_init(&arena);
    for (int i = 0; i < 300 && status == SIM_OK; i++) {
        char *piece = sim_arena_alloc(&arena, 30000);
        if (piece == NULL)
            status = SIM_NO_MEMORY;
        else
            memset(piece, 'x', 30000);
    }
    sim_arena_fini(&arena);
    return status;
}

static void without_memory_the_pieces_before_can_be_released(void)
{
    const long before = sim_memory_live();

    CHECK(check_every_refusal(take_much) > 5);
    CHECK_INT(sim_memory_live() - before, 0);
}

static const struct check_test tests[] = {
    TEST(small_pieces_need_no_allocation),
    TEST(pieces_are_apart_and_suit_any_type),
    TEST(after_its_end_it_begins_anew),
    TEST(what_nobody_has_is_refused),
    TEST(without_memory_the_pieces_before_can_be_released),
};

CHECK_MAIN(tests)
