/* The pool: what is kept, what is freed, and what a forked child does. */
#include "core/pool.h"

#include <errno.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "check.h"

enum { MOST_IDLE = 3, IDLE_MAX_MS = 60000 };

/* Time stands still here but for what a test adds to it: awake, or suspended. */
static struct {
    time_t awake_s, suspended_s;
    bool counts_suspension;
} clocks = {.awake_s = 1000, .counts_suspension = true};

int clock_gettime(clockid_t clock, struct timespec *now)
{
    *now = (struct timespec){.tv_sec = clocks.awake_s};
#ifdef CLOCK_BOOTTIME
    if (clock == CLOCK_BOOTTIME && !clocks.counts_suspension) {
        errno = EINVAL;
        return -1;
    }
    if (clock == CLOCK_BOOTTIME)
        now->tv_sec += clocks.suspended_s;
#else
    (void)clock;
#endif
    return 0;
}

/* What is kept here has a name, and notes what is done to it. */
struct thing {
    struct sim_pool_entry entry; /* first, so that the pool's pointer is ours */
    bool is_usable, can_be_disarmed;
};

static unsigned freed, asked, disarmed;

static void thing_free(struct sim_pool_entry *entry)
{
    freed++;
    sim_free(entry);
}

static bool thing_is_usable(struct sim_pool_entry *entry)
{
    asked++;
    return ((struct thing *)entry)->is_usable;
}

static bool thing_disarm(struct sim_pool_entry *entry)
{
    disarmed++;
    return ((struct thing *)entry)->can_be_disarmed;
}

static const struct sim_pool_kind things = {
    .free_entry = thing_free,
    .is_usable = thing_is_usable,
    .disarm = thing_disarm,
    .most_idle = MOST_IDLE,
    .idle_max_ms = IDLE_MAX_MS,
};

static void begin(struct sim_pool *pool)
{
    freed = asked = disarmed = 0;
    CHECK(sim_pool_init(pool, &things));
}

/* A new thing, in use. */
static struct sim_pool_entry *added(struct sim_pool *pool)
{
    struct thing *thing = sim_alloc_zeroed(1, sizeof *thing);

    thing->is_usable = thing->can_be_disarmed = true;
    sim_pool_add(pool, &thing->entry);
    return &thing->entry;
}

static void the_warmest_idle_thing_is_taken_first(void)
{
    struct sim_pool pool;
    struct sim_pool_entry *one, *two;

    begin(&pool);
    CHECK(sim_pool_take(&pool) == NULL);
    one = added(&pool);
    two = added(&pool);
    CHECK(sim_pool_take(&pool) == NULL); /* those in use are not for others */
    sim_pool_give_back(&pool, one, true);
    sim_pool_give_back(&pool, two, true);
    CHECK(sim_pool_take(&pool) == two);
    CHECK(sim_pool_take(&pool) == one);
    CHECK(sim_pool_take(&pool) == NULL);
    CHECK_INT(freed, 0);
    sim_pool_give_back(&pool, one, true);
    sim_pool_give_back(&pool, two, true);
    sim_pool_fini(&pool);
    CHECK_INT(freed, 2);
}

static void so_many_are_kept_and_no_more(void)
{
    struct sim_pool pool;
    struct sim_pool_entry *entries[MOST_IDLE + 1];

    begin(&pool);
    for (size_t i = 0; i < COUNT(entries); i++)
        entries[i] = added(&pool);
    for (size_t i = 0; i < MOST_IDLE; i++)
        sim_pool_give_back(&pool, entries[i], true);
    CHECK_INT(freed, 0);
    sim_pool_give_back(&pool, entries[MOST_IDLE], true);
    CHECK_INT(freed, 1);
    CHECK_INT(pool.idle_count, MOST_IDLE);
    sim_pool_fini(&pool);
    CHECK_INT(freed, COUNT(entries));
}

static void what_cannot_be_used_again_is_freed(void)
{
    struct sim_pool pool;
    struct sim_pool_entry *good, *broken;

    begin(&pool);
    sim_pool_give_back(&pool, added(&pool), false);
    CHECK_INT(freed, 1);
    good = added(&pool);
    broken = added(&pool);
    ((struct thing *)broken)->is_usable = false;
    sim_pool_give_back(&pool, good, true);
    sim_pool_give_back(&pool, broken, true);
    CHECK(sim_pool_take(&pool) == good); /* the warmer one is asked, and freed */
    CHECK_INT(asked, 2);
    CHECK_INT(freed, 2);
    sim_pool_give_back(&pool, good, true);
    sim_pool_fini(&pool);
}

static void what_was_idle_for_too_long_is_freed(void)
{
    static const struct {
        int64_t idle_ms;
        bool is_kept;
    } rows[] = {{IDLE_MAX_MS - 30000, true}, {IDLE_MAX_MS + 1, false}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_pool pool;
        struct sim_pool_entry *cold, *warm;
        begin(&pool);
        cold = added(&pool);
        warm = added(&pool);
        sim_pool_give_back(&pool, cold, true);
        cold->idle_since_ms = sim_clock_with_suspension_ms() - rows[i].idle_ms;
        sim_pool_give_back(&pool, warm, true); /* looks at the others' age */
        CHECK_INT(freed, rows[i].is_kept ? 0 : 1);
        warm->idle_since_ms = sim_clock_with_suspension_ms() - rows[i].idle_ms;
        CHECK(sim_pool_take(&pool) == (rows[i].is_kept ? warm : NULL)); /* and so does taking */
        CHECK_INT(freed, rows[i].is_kept ? 0 : 2);
        if (rows[i].is_kept)
            sim_pool_give_back(&pool, warm, true);
        sim_pool_fini(&pool);
        CHECK_INT(freed, 2);
    }
}

#ifdef CLOCK_BOOTTIME
static void a_suspended_machine_lets_idle_things_grow_old(void)
{
    static const struct {
        bool counts_suspension;
        time_t awake_s, suspended_s;
        bool is_kept;
    } rows[] = {
        {true, 0, IDLE_MAX_MS / 1000, true},
        {true, 1, IDLE_MAX_MS / 1000, false},
        {true, 0, 8 * 3600, false},
        {false, IDLE_MAX_MS / 1000, 8 * 3600, true}, /* a system that cannot tell */
        {false, IDLE_MAX_MS / 1000 + 1, 0, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_pool pool;
        struct sim_pool_entry *entry;
        clocks.counts_suspension = rows[i].counts_suspension;
        begin(&pool);
        entry = added(&pool);
        sim_pool_give_back(&pool, entry, true);
        clocks.awake_s += rows[i].awake_s;
        clocks.suspended_s += rows[i].suspended_s;
        CHECK(sim_pool_take(&pool) == (rows[i].is_kept ? entry : NULL));
        CHECK_INT(freed, rows[i].is_kept ? 0 : 1);
        if (rows[i].is_kept)
            sim_pool_give_back(&pool, entry, true);
        sim_pool_fini(&pool);
    }
    clocks.counts_suspension = true;
}
#endif

static void closing_frees_the_idle_now_and_the_busy_later(void)
{
    struct sim_pool pool;
    struct sim_pool_entry *idle, *busy, *later;

    begin(&pool);
    idle = added(&pool);
    busy = added(&pool);
    sim_pool_give_back(&pool, idle, true);
    sim_pool_close(&pool);
    CHECK_INT(freed, 1);
    sim_pool_give_back(&pool, busy, true);
    CHECK_INT(freed, 2);
    later = added(&pool); /* the pool goes on */
    sim_pool_give_back(&pool, later, true);
    CHECK(sim_pool_take(&pool) == later);
    sim_pool_give_back(&pool, later, true);
    sim_pool_fini(&pool);
    CHECK_INT(freed, 3);
}

/* Runs `child` in a forked process, which says with its exit status how many checks failed. */
static void in_a_child(void (*child)(struct sim_pool *pool, struct sim_pool_entry *busy),
                       struct sim_pool *pool, struct sim_pool_entry *busy)
{
    int status = 0;
    pid_t id;

    (void)fflush(stdout);
    id = fork();
    if (id == 0) {
        unsigned before = check_failures;
        child(pool, busy);
        (void)fflush(stdout);
        check_leave(check_failures == before ? 0 : 1);
    }
    CHECK(id > 0 && waitpid(id, &status, 0) == id);
    CHECK_INT(status, 0);
}

static void child_starts_anew(struct sim_pool *pool, struct sim_pool_entry *busy)
{
    struct sim_pool_entry *own;

    CHECK(sim_pool_notice_fork(pool));
    CHECK(!sim_pool_notice_fork(pool)); /* once is enough */
    CHECK_INT(disarmed, 3);             /* two idle ones, and the one in use */
    CHECK_INT(freed, 1);                /* the idle one that could be disarmed */
    CHECK(sim_pool_take(pool) == NULL);
    sim_pool_give_back(pool, busy, true); /* the parent's: left alone */
    CHECK_INT(freed, 1);
    CHECK(sim_pool_take(pool) == NULL);
    own = added(pool);
    sim_pool_give_back(pool, own, true);
    CHECK(sim_pool_take(pool) == own);
    sim_pool_give_back(pool, own, false);
    CHECK_INT(freed, 2);
}

static void child_adds_first(struct sim_pool *pool, struct sim_pool_entry *busy)
{
    struct sim_pool_entry *own = added(pool);

    CHECK_INT(disarmed, 3);
    CHECK_INT(own->owner, pool->owner);
    sim_pool_give_back(pool, own, true);
    CHECK(sim_pool_take(pool) == own);
    sim_pool_give_back(pool, busy, true);
    CHECK(busy->owner != pool->owner);
}

static void child_closes_first(struct sim_pool *pool, struct sim_pool_entry *busy)
{
    sim_pool_close(pool);
    CHECK_INT(disarmed, 3);
    CHECK_INT(freed, 1);
    sim_pool_give_back(pool, busy, false);
    CHECK_INT(freed, 1);
}

/* The lock is held by a thread that the child will not have. */
static void child_finds_the_lock_held(struct sim_pool *pool, struct sim_pool_entry *busy)
{
    sim_pool_give_back(pool, busy, true);
    CHECK(sim_pool_take(pool) == NULL);
}

static void a_forked_child_leaves_the_parents_things_alone(void)
{
    static void (*const children[])(struct sim_pool *, struct sim_pool_entry *) = {
        child_starts_anew,
        child_adds_first,
        child_closes_first,
    };

    for (size_t i = 0; i < COUNT(children); i++) {
        struct sim_pool pool;
        struct sim_pool_entry *busy, *idle, *stubborn;
        begin(&pool);
        busy = added(&pool);
        idle = added(&pool);
        stubborn = added(&pool);
        ((struct thing *)stubborn)->can_be_disarmed = false;
        sim_pool_give_back(&pool, stubborn, true);
        sim_pool_give_back(&pool, idle, true);
        in_a_child(children[i], &pool, busy);
        CHECK_INT(disarmed + freed, 0); /* the parent has noticed nothing */
        CHECK(sim_pool_take(&pool) == idle);
        sim_pool_give_back(&pool, idle, true);
        sim_pool_give_back(&pool, busy, true);
        sim_pool_fini(&pool);
        CHECK_INT(freed, 3);
    }
}

static void a_lock_held_at_the_fork_does_not_stop_the_child(void)
{
    struct sim_pool pool;
    struct sim_pool_entry *busy;

    begin(&pool);
    busy = added(&pool);
    CHECK(pthread_mutex_lock(&pool.lock) == 0);
    in_a_child(child_finds_the_lock_held, &pool, busy);
    CHECK(pthread_mutex_unlock(&pool.lock) == 0);
    sim_pool_give_back(&pool, busy, true);
    sim_pool_fini(&pool);
}

static const struct check_test tests[] = {
    TEST(the_warmest_idle_thing_is_taken_first),
    TEST(so_many_are_kept_and_no_more),
    TEST(what_cannot_be_used_again_is_freed),
    TEST(what_was_idle_for_too_long_is_freed),
#ifdef CLOCK_BOOTTIME
    TEST(a_suspended_machine_lets_idle_things_grow_old),
#endif
    TEST(closing_frees_the_idle_now_and_the_busy_later),
    TEST(a_forked_child_leaves_the_parents_things_alone),
    TEST(a_lock_held_at_the_fork_does_not_stop_the_child),
};

CHECK_MAIN(tests)
