/* The base URL that has moved for good. */
#include "core/moves.h"

#include "check.h"

static void check_resolves(struct sim_moves *moves, const char *base, const char *expected)
{
    struct sim_buffer out;

    sim_buffer_init(&out, SIZE_MAX);
    CHECK_STATUS(sim_moves_resolve(moves, text_of(base), &out), SIM_OK);
    CHECK_BUFFER(out, expected);
    sim_buffer_fini(&out);
}

static void only_the_same_path_elsewhere_is_a_move(void)
{
    static const struct {
        const char *from, *to, *path, *base, *resolved;
    } rows[] = {
        {"http://a.ai/api/x", "https://a.ai/api/x", "/api/x", "http://a.ai", "https://a.ai"},
        {"http://a.ai/api/x", "https://www.a.ai:444/api/x", "/api/x", "http://a.ai",
         "https://www.a.ai:444"},
        {"http://a.ai/pre/api/x", "https://a.ai/pre/api/x", "/api/x", "http://a.ai/pre",
         "https://a.ai/pre"},
        {"http://a.ai/api/x", "https://a.ai/api/y", "/api/x", "http://a.ai", "http://a.ai"},
        {"http://a.ai/api/x", "https://a.ai/pre/api/x", "/api/x", "http://a.ai", "http://a.ai"},
        {"http://a.ai/api/x", "https://a.ai/api/x?q", "/api/x", "http://a.ai", "http://a.ai"},
        {"http://a.ai/api/x", "https://a.ai/api/x#f", "/api/x", "http://a.ai", "http://a.ai"},
        {"http://a.ai/x", "https://a.ai/x", "/longer/than/x", "http://a.ai", "http://a.ai"},
        {"no url", "https://a.ai/x", "/x", "no url", "no url"},
        {"http://a.ai/x", "no url", "/x", "http://a.ai", "http://a.ai"},
        {"http://a.ai/x", "https://a.ai/x", "/x", "http://b.ai", "http://b.ai"},
        {"http://a.ai/x", "https://a.ai/x", "/x", "http://a.aii", "http://a.aii"},
        {"http://a.ai/x", "https://a.ai/x", "/x", "", ""},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_moves moves;
        check_row = rows[i].to;
        CHECK(sim_moves_init(&moves));
        check_resolves(&moves, rows[i].base, rows[i].base);
        sim_moves_note(&moves, text_of(rows[i].from), text_of(rows[i].to), text_of(rows[i].path));
        check_resolves(&moves, rows[i].base, rows[i].resolved);
        sim_moves_fini(&moves);
    }
}

static void the_latest_move_counts(void)
{
    struct sim_moves moves;

    CHECK(sim_moves_init(&moves));
    sim_moves_note(&moves, TEXT("http://a.ai/x"), TEXT("https://a.ai/x"), TEXT("/x"));
    sim_moves_note(&moves, TEXT("http://b.ai/x"), TEXT("https://b.ai/x"), TEXT("/x"));
    check_resolves(&moves, "http://a.ai", "http://a.ai");
    check_resolves(&moves, "http://b.ai", "https://b.ai");
    sim_moves_renew_lock(&moves);
    check_resolves(&moves, "http://b.ai", "https://b.ai");
    sim_moves_fini(&moves);
}

/* Nothing that a server says of its own origin makes the client forget. */
static void a_move_to_the_same_origin_is_none(void)
{
    static const char *const same[][2] = {
        {"https://b.ai/x", "https://b.ai/x"},
        {"https://b.ai/x", "https://B.AI:443/x"},
        {"http://c.ai:80/x", "http://c.ai/x"},
    };

    for (size_t i = 0; i < COUNT(same); i++) {
        struct sim_moves moves;
        check_row = same[i][1];
        CHECK(sim_moves_init(&moves));
        sim_moves_note(&moves, TEXT("http://a.ai/x"), TEXT("https://b.ai/x"), TEXT("/x"));
        sim_moves_note(&moves, text_of(same[i][0]), text_of(same[i][1]), TEXT("/x"));
        check_resolves(&moves, "http://a.ai", "https://b.ai");
        sim_moves_fini(&moves);
    }
}

/* A move that cannot be noted is no move, and no half of one. */
static void without_memory_nothing_is_noted(void)
{
    static const char *const afterwards[] = {"http://a.ai", "http://a.ai", "https://a.ai"};

    for (size_t allowed = 0; allowed < COUNT(afterwards); allowed++) {
        struct sim_moves moves;
        CHECK(sim_moves_init(&moves));
        sim_memory_fail_after((long)allowed);
        sim_moves_note(&moves, TEXT("http://a.ai/x"), TEXT("https://a.ai/x"), TEXT("/x"));
        CHECK_INT(sim_memory_has_failed(), allowed < COUNT(afterwards) - 1);
        sim_memory_fail_after(-1);
        check_resolves(&moves, "http://a.ai", afterwards[allowed]);
        sim_moves_note(&moves, TEXT("http://a.ai/x"), TEXT("https://a.ai/x"), TEXT("/x"));
        check_resolves(&moves, "http://a.ai", "https://a.ai");
        sim_moves_fini(&moves);
    }
}

static enum sim_status resolve_into_nothing(void)
{
    struct sim_moves moves;
    struct sim_buffer out;
    enum sim_status status;

    CHECK(sim_moves_init(&moves));
    sim_buffer_init(&out, SIZE_MAX);
    status = sim_moves_resolve(&moves, TEXT("http://a.ai"), &out);
    sim_buffer_fini(&out);
    sim_moves_fini(&moves);
    return status;
}

static void without_memory_nothing_is_resolved(void)
{
    CHECK(check_every_refusal(resolve_into_nothing) > 0);
}

static const struct check_test tests[] = {
    TEST(only_the_same_path_elsewhere_is_a_move), TEST(the_latest_move_counts),
    TEST(a_move_to_the_same_origin_is_none),      TEST(without_memory_nothing_is_noted),
    TEST(without_memory_nothing_is_resolved),
};

CHECK_MAIN(tests)
