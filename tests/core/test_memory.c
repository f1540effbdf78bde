/* Allocations, and the means to make them fail. */
#include "check.h"

static void no_size_is_no_failure(void)
{
    void *block = sim_alloc(0), *zeroed = sim_alloc_zeroed(0, 8), *resized;

    CHECK(block != NULL);
    CHECK(zeroed != NULL);
    resized = sim_realloc(block, 0);
    CHECK(resized != NULL);
    sim_free(resized);
    sim_free(zeroed);
    sim_free(NULL);
}

static void zeroed_memory_is_zero(void)
{
    static const unsigned char zeros[64];
    unsigned char *block = sim_alloc_zeroed(4, 16);

    CHECK_BYTES((char *)block, 64, (const char *)zeros, 64);
    sim_free(block);
}

static char *make_text(void)
{
    char *block = sim_alloc(5);

    if (block != NULL)
        memcpy(block, "kept", 5);
    return block;
}

static void a_block_keeps_its_bytes_when_it_grows(void)
{
    char *block = make_text(), *grown;

    CHECK_BYTES(block, 5, "kept", 5);
    grown = sim_realloc(block, 4096);
    CHECK_BYTES(grown, 5, "kept", 5);
    sim_free(grown);
}

static void the_chosen_allocation_is_refused_and_no_other(void)
{
    void *first, *second, *third, *fourth;

    sim_memory_fail_after(2);
    first = sim_alloc(8);
    second = sim_alloc_zeroed(1, 8);
    CHECK(sim_memory_has_failed() == 0);
    third = sim_alloc(1);
    fourth = sim_alloc(8);
    CHECK(first != NULL);
    CHECK(second != NULL);
    CHECK(third == NULL);
    CHECK(fourth != NULL);
    CHECK(sim_memory_has_failed() != 0);
    sim_memory_fail_after(-1);
    CHECK(sim_memory_has_failed() == 0);
    sim_free(first);
    sim_free(second);
    sim_free(fourth);
}

static void a_refused_growth_leaves_the_block(void)
{
    char *block = make_text();

    sim_memory_fail_after(0);
    CHECK(sim_realloc(block, 4096) == NULL);
    sim_memory_fail_after(-1);
    CHECK_BYTES(block, 5, "kept", 5);
    sim_free(block);
}

static void blocks_in_use_are_counted(void)
{
    const long before = sim_memory_live();
    void *block = sim_alloc(8), *zeroed = sim_alloc_zeroed(2, 4), *grown = sim_realloc(NULL, 8);

    CHECK_INT(sim_memory_live() - before, 3);
    grown = sim_realloc(grown, 4096);
    CHECK_INT(sim_memory_live() - before, 3);
    sim_free(NULL);
    sim_free(block);
    sim_free(zeroed);
    sim_free(grown);
    CHECK_INT(sim_memory_live() - before, 0);
}

/* Larger and smaller than what comes from the system by itself. */
enum { SMALL = 1000, LARGE = 5 * 1000 * 1000, LARGER = 9 * 1000 * 1000 };

static void large_blocks_keep_their_bytes(void)
{
    static const size_t rows[][2] = {
        {SMALL, SMALL * 2}, {SMALL, LARGE}, {LARGE, LARGER}, {LARGER, LARGE}, {LARGE, SMALL},
    };
    const long before = sim_memory_live();

    for (size_t i = 0; i < COUNT(rows); i++) {
        const size_t size = rows[i][0], new_size = rows[i][1];
        const size_t kept = (size < new_size ? size : new_size) - 5;
        char *block = sim_alloc_large(size), *moved;
        if (!CHECK(block != NULL))
            continue;
        memset(block, 'x', size);
        memcpy(block + kept, "kept", 5);
        sim_memory_fail_after(0);
        CHECK(sim_realloc_large(block, size, new_size) == NULL);
        sim_memory_fail_after(-1);
        CHECK_BYTES(block + kept, 5, "kept", 5);
        moved = sim_realloc_large(block, size, new_size);
        if (!CHECK(moved != NULL))
            continue;
        CHECK_BYTES(moved + kept, 5, "kept", 5);
        memset(moved, 'y', new_size);
        CHECK_INT(sim_memory_live() - before, 1);
        sim_free_large(moved, new_size);
        CHECK_INT(sim_memory_live() - before, 0);
    }
}

static void nothing_can_be_resized_and_freed(void)
{
    const long before = sim_memory_live();

    sim_free_large(NULL, SMALL);
    sim_free_large(NULL, LARGE);
    sim_free_large(sim_realloc_large(NULL, 0, SMALL), SMALL);
    sim_free_large(sim_realloc_large(NULL, 0, LARGE), LARGE);
    CHECK_INT(sim_memory_live() - before, 0);
}

static void a_large_block_is_refused(void)
{
    sim_memory_fail_after(0);
    CHECK(sim_alloc_large(LARGE) == NULL);
    CHECK(sim_memory_has_failed() != 0);
    sim_memory_fail_after(-1);
    CHECK(sim_alloc_large(SIZE_MAX / 4) == NULL); /* by the system itself */
}

static const struct check_test tests[] = {
    TEST(no_size_is_no_failure),
    TEST(zeroed_memory_is_zero),
    TEST(a_block_keeps_its_bytes_when_it_grows),
    TEST(the_chosen_allocation_is_refused_and_no_other),
    TEST(blocks_in_use_are_counted),
    TEST(a_refused_growth_leaves_the_block),
    TEST(large_blocks_keep_their_bytes),
    TEST(nothing_can_be_resized_and_freed),
    TEST(a_large_block_is_refused),
};

CHECK_MAIN(tests)
