/* Growable bytes with a hard cap. */
#include "core/buffer.h"

#include "check.h"

static void all_zero_is_empty_and_may_end_twice(void)
{
    struct sim_buffer buffer = {0};

    sim_buffer_clear(&buffer);
    sim_buffer_fini(&buffer);
    sim_buffer_fini(&buffer);
    CHECK(buffer.data == NULL);
    CHECK_INT(buffer.length, 0);
}

static void what_is_appended_is_followed_by_a_nul_that_does_not_count(void)
{
    struct sim_buffer buffer;

    sim_buffer_init(&buffer, SIZE_MAX);
    CHECK_STATUS(sim_buffer_append_text(&buffer, "one"), SIM_OK);
    CHECK_STATUS(sim_buffer_append(&buffer, "\0two", 4), SIM_OK);
    CHECK_STATUS(sim_buffer_append_char(&buffer, '!'), SIM_OK);
    CHECK_BYTES(buffer.data, buffer.length + 1, "one\0two!", 9);
    CHECK_STATUS(sim_buffer_append(&buffer, NULL, 0), SIM_OK);
    CHECK_INT(buffer.length, 8);
    sim_buffer_fini(&buffer);
}

static void nothing_appended_is_a_string_all_the_same(void)
{
    struct sim_buffer buffer;

    sim_buffer_init(&buffer, 0);
    CHECK_STATUS(sim_buffer_append_text(&buffer, ""), SIM_OK);
    CHECK(buffer.data != NULL && buffer.data[0] == '\0');
    CHECK_STATUS(sim_buffer_append_char(&buffer, 'x'), SIM_LIMIT);
    sim_buffer_fini(&buffer);
}

static void what_is_expected_is_allocated_once_as_far_as_it_is_believed(void)
{
    enum { BELIEVED = 64 * 1024 * 1024 };
    struct sim_buffer buffer;
    const char *data;

    sim_buffer_init(&buffer, 100);
    CHECK_STATUS(sim_buffer_expect(&buffer, 101), SIM_OK); /* the limit is for who appends */
    CHECK(buffer.data == NULL);
    CHECK_STATUS(sim_buffer_expect(&buffer, 100), SIM_OK);
    CHECK(buffer.capacity > 100 && buffer.length == 0);
    sim_buffer_fini(&buffer);
    sim_buffer_init(&buffer, SIZE_MAX);
    CHECK_STATUS(sim_buffer_expect(&buffer, 5000), SIM_OK);
    data = buffer.data;
    for (int i = 0; i < 5000; i++)
        CHECK_STATUS(sim_buffer_append_char(&buffer, 'x'), SIM_OK);
    CHECK(buffer.data == data);
    sim_buffer_clear(&buffer);
    CHECK_STATUS(sim_buffer_expect(&buffer, ~0ULL), SIM_OK);
    CHECK(buffer.capacity == BELIEVED + 1);
    sim_memory_fail_after(0);
    CHECK_STATUS(sim_buffer_expect(&buffer, ~0ULL), SIM_OK); /* there it is */
    sim_buffer_fini(&buffer);
    CHECK_STATUS(sim_buffer_expect(&buffer, 5000), SIM_NO_MEMORY);
    sim_memory_fail_after(-1);
}

static void growing_keeps_every_byte(void)
{
    enum { PIECES = 5000 };
    struct sim_buffer buffer;
    size_t growths = 0, capacity = 0;
    bool same = true;

    sim_buffer_init(&buffer, SIZE_MAX);
    for (int i = 0; i < PIECES; i++) {
        char piece[4] = {(char)i, (char)(i >> 4), 'x', (char)(i >> 8)};
        CHECK_STATUS(sim_buffer_append(&buffer, piece, sizeof piece), SIM_OK);
        growths += buffer.capacity != capacity;
        capacity = buffer.capacity;
    }
    CHECK_INT(buffer.length, PIECES * 4);
    for (int i = 0; i < PIECES; i++)
        same = same && buffer.data[i * 4] == (char)i && buffer.data[i * 4 + 3] == (char)(i >> 8);
    CHECK(same);
    CHECK(growths < 20); /* by a factor, not by a step */
    sim_buffer_fini(&buffer);
}

static void the_limit_is_reached_and_never_passed(void)
{
    static const struct {
        size_t limit, held, more;
        enum sim_status status;
    } rows[] = {
        {4, 0, 4, SIM_OK},           {4, 0, 5, SIM_LIMIT},
        {4, 3, 1, SIM_OK},           {4, 3, 2, SIM_LIMIT},
        {4, 4, 0, SIM_OK},           {4, 4, 1, SIM_LIMIT},
        {0, 0, 1, SIM_LIMIT},        {SIZE_MAX, 1, SIZE_MAX, SIM_LIMIT},
        {4, 3, SIZE_MAX, SIM_LIMIT}, {SIZE_MAX, 4, SIZE_MAX - 4, SIM_LIMIT},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_buffer buffer;
        char *place = NULL;
        sim_buffer_init(&buffer, rows[i].limit);
        CHECK_STATUS(sim_buffer_append(&buffer, "abcd", rows[i].held), SIM_OK);
        CHECK_STATUS(sim_buffer_reserve(&buffer, rows[i].more, &place), rows[i].status);
        if (rows[i].more < 8)
            CHECK_STATUS(sim_buffer_append(&buffer, "01234567", rows[i].more), rows[i].status);
        CHECK_INT(buffer.length, rows[i].held + (rows[i].status == SIM_OK ? rows[i].more : 0));
        CHECK_BYTES(buffer.data, rows[i].held, "abcd", rows[i].held);
        sim_buffer_fini(&buffer);
    }
}

static void what_was_reserved_counts_when_it_is_committed(void)
{
    struct sim_buffer buffer;
    char *place = NULL;

    sim_buffer_init(&buffer, 10);
    CHECK_STATUS(sim_buffer_append_text(&buffer, "ab"), SIM_OK);
    CHECK_STATUS(sim_buffer_reserve(&buffer, 8, &place), SIM_OK);
    memcpy(place, "cdefghij", 8);
    CHECK_INT(buffer.length, 2);
    sim_buffer_commit(&buffer, 3);
    CHECK_BYTES(buffer.data, buffer.length + 1, "abcde", 6);
    sim_buffer_fini(&buffer);
}

static void what_was_reserved_and_not_committed_is_a_string_all_the_same(void)
{
    struct sim_buffer buffer;
    char *place = NULL;

    sim_buffer_init(&buffer, SIZE_MAX);
    CHECK_STATUS(sim_buffer_reserve(&buffer, 0, &place), SIM_OK);
    CHECK_BYTES(buffer.data, buffer.length + 1, "", 1);
    CHECK_STATUS(sim_buffer_append_text(&buffer, "ab"), SIM_OK);
    CHECK_STATUS(sim_buffer_reserve(&buffer, 100000, &place), SIM_OK);
    CHECK_BYTES(buffer.data, buffer.length + 1, "ab", 3);
    sim_buffer_fini(&buffer);
}

static void clearing_keeps_the_memory_and_ending_keeps_the_limit(void)
{
    struct sim_buffer buffer;
    const char *data;

    sim_buffer_init(&buffer, 3);
    CHECK_STATUS(sim_buffer_append_text(&buffer, "abc"), SIM_OK);
    data = buffer.data;
    sim_buffer_clear(&buffer);
    CHECK_BYTES(buffer.data, buffer.length + 1, "", 1);
    CHECK(buffer.data == data);
    sim_buffer_fini(&buffer);
    CHECK_STATUS(sim_buffer_append_text(&buffer, "abcd"), SIM_LIMIT);
    CHECK_STATUS(sim_buffer_append_text(&buffer, "abc"), SIM_OK);
    sim_buffer_fini(&buffer);
}

static enum sim_status append_much(void)
{
    struct sim_buffer buffer;
    enum sim_status status = SIM_OK;
    size_t good = 0;
    char piece[600];

    memset(piece, 'p', sizeof piece);
    sim_buffer_init(&buffer, SIZE_MAX);
    for (int i = 0; i < 10 && status == SIM_OK; i++) {
        status = sim_buffer_append(&buffer, piece, sizeof piece);
        good += status == SIM_OK;
    }
    CHECK_INT(buffer.length, good * sizeof piece); /* as it was before the failure */
    if (status != SIM_OK)
        CHECK_STATUS(sim_buffer_append_char(&buffer, '.'), SIM_OK);
    sim_buffer_fini(&buffer);
    return status;
}

static void without_memory_the_buffer_is_as_it_was(void)
{
    CHECK(check_every_refusal(append_much) > 2);
}

static const struct check_test tests[] = {
    TEST(all_zero_is_empty_and_may_end_twice),
    TEST(what_is_appended_is_followed_by_a_nul_that_does_not_count),
    TEST(nothing_appended_is_a_string_all_the_same),
    TEST(what_is_expected_is_allocated_once_as_far_as_it_is_believed),
    TEST(growing_keeps_every_byte),
    TEST(the_limit_is_reached_and_never_passed),
    TEST(what_was_reserved_counts_when_it_is_committed),
    TEST(what_was_reserved_and_not_committed_is_a_string_all_the_same),
    TEST(clearing_keeps_the_memory_and_ending_keeps_the_limit),
    TEST(without_memory_the_buffer_is_as_it_was),
};

CHECK_MAIN(tests)
