/* The session: its references, its closing, and its locks in a forked child. */
#include "core/session.h"

#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static unsigned freed;

static void thing_free(struct sim_pool_entry *entry)
{
    freed++;
    sim_free(entry);
}

static bool thing_is_good(struct sim_pool_entry *entry)
{
    (void)entry;
    return true;
}

static const struct sim_pool_kind things = {
    .free_entry = thing_free,
    .is_usable = thing_is_good,
    .disarm = thing_is_good,
    .most_idle = 2,
    .idle_max_ms = 60000,
};

static struct sim_pool_entry *idle_thing(struct sim_session *session)
{
    struct sim_pool_entry *entry = sim_alloc_zeroed(1, sizeof *entry);

    sim_pool_add(&session->pool, entry);
    sim_pool_give_back(&session->pool, entry, true);
    return entry;
}

static void the_last_reference_frees_what_is_idle(void)
{
    struct sim_session *session = sim_session_new(&things);

    freed = 0;
    (void)idle_thing(session);
    (void)atomic_fetch_add(&session->references, 1);
    sim_session_release(session);
    CHECK_INT(freed, 0);
    sim_session_release(session);
    CHECK_INT(freed, 1);
    sim_session_release(NULL);
}

static void a_closed_session_goes_on(void)
{
    struct sim_session *session = sim_session_new(&things);
    struct sim_pool_entry *entry;

    freed = 0;
    (void)idle_thing(session);
    sim_session_close(session);
    CHECK_INT(freed, 1);
    CHECK(sim_pool_take(&session->pool) == NULL);
    entry = idle_thing(session);
    CHECK(sim_pool_take(&session->pool) == entry);
    sim_pool_give_back(&session->pool, entry, true);
    sim_session_release(session);
    CHECK_INT(freed, 2);
}

/* Forks while both locks are held, as another thread might hold them: the child must not wait. */
static void a_child_finds_the_locks_open(void)
{
    struct sim_session *session = sim_session_new(&things);
    struct sim_buffer url;
    int status = -1;
    pid_t child;

    (void)pthread_mutex_lock(&session->pool.lock);
    (void)pthread_mutex_lock(&session->moves.lock);
    child = fork();
    if (child == 0) {
        (void)alarm(20);
        sim_session_notice_fork(session);
        sim_buffer_init(&url, SIZE_MAX);
        CHECK_STATUS(sim_moves_resolve(&session->moves, TEXT("http://a"), &url), SIM_OK);
        CHECK_BUFFER(url, "http://a");
        sim_buffer_fini(&url);
        CHECK(sim_pool_take(&session->pool) == NULL);
        sim_session_release(session);
        _exit(check_failures == 0 ? 0 : 1);
    }
    (void)pthread_mutex_unlock(&session->moves.lock);
    (void)pthread_mutex_unlock(&session->pool.lock);
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
    sim_session_release(session);
}

static void without_memory_there_is_no_session(void)
{
    sim_memory_fail_after(0);
    CHECK(sim_session_new(&things) == NULL);
    CHECK(sim_memory_has_failed());
    sim_memory_fail_after(-1);
}

static const struct check_test tests[] = {
    TEST(the_last_reference_frees_what_is_idle),
    TEST(a_closed_session_goes_on),
    TEST(a_child_finds_the_locks_open),
    TEST(without_memory_there_is_no_session),
};

CHECK_MAIN(tests)
