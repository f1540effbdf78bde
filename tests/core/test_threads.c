/* What threads share: sessions, their pool, the base that has moved; and a fork in their midst.
 * `make tsan` runs this under ThreadSanitizer. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "core/moves.h"
#include "core/pool.h"
#include "talk.h"

enum { THREADS = 6, ROUNDS = 40, FORKS = 5 };

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"

static const struct script_answer answers[] = {
    {.path = "/good", .bytes = OK},
    {.path = "/closed",
     .bytes = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\ngood",
     .end = SCRIPT_CLOSE},
    {.path = "http://sim.test/",
     .bytes = "HTTP/1.1 308 Moved\r\nContent-Length: 0\r\n"
              "Location: http://www.sim.test/good\r\n\r\n"},
    {.path = "http://www.sim.test/", .bytes = OK},
};

/* What the threads of a test know. CHECK is not for threads: they count. */
struct work {
    struct talk talk;
    const char *base; /* instead of the server's own */
    atomic_uint good, bad;
    atomic_bool is_over;
};

static void *ask_again_and_again(void *context)
{
    struct work *work = context;

    for (int i = 0; i < ROUNDS; i++) {
        struct sim_request request =
            talk_request(&work->talk, i % 5 == 4 ? "/closed" : "/good", i % 2 == 1 ? "{}" : NULL);
        struct talk_answer answer;
        if (work->base != NULL)
            request.base = text_of(work->base);
        if (talk_perform(work->talk.session, &request, &answer) == SIM_OK &&
            answer.http_status == 200 && strcmp(answer.body, "good") == 0)
            atomic_fetch_add(&work->good, 1);
        else
            atomic_fetch_add(&work->bad, 1);
    }
    return NULL;
}

static void *close_again_and_again(void *context)
{
    struct work *work = context;

    while (!atomic_load(&work->is_over)) {
        sim_session_close(work->talk.session);
        (void)usleep(200);
    }
    return NULL;
}

static bool start_all(pthread_t *threads, size_t count, void *(*run)(void *), void *context)
{
    bool is_good = true;

    for (size_t i = 0; i < count; i++)
        is_good = CHECK(pthread_create(&threads[i], NULL, run, context) == 0) && is_good;
    return is_good;
}

static void join_all(const pthread_t *threads, size_t count)
{
    for (size_t i = 0; i < count; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
}

static void check_all_were_answered(struct work *work)
{
    CHECK_INT(atomic_load(&work->good), THREADS * ROUNDS);
    CHECK_INT(atomic_load(&work->bad), 0);
}

static void threads_share_a_session(void)
{
    struct work work = {.base = NULL};
    pthread_t threads[THREADS];

    if (!CHECK(talk_begin(&work.talk, answers, COUNT(answers))) ||
        !start_all(threads, THREADS, ask_again_and_again, &work))
        return;
    join_all(threads, THREADS);
    check_all_were_answered(&work);
    talk_end(&work.talk);
}

static void a_session_is_closed_under_their_hands(void)
{
    struct work work = {.base = NULL};
    pthread_t threads[THREADS], closer;

    if (!CHECK(talk_begin(&work.talk, answers, COUNT(answers))) ||
        !start_all(&closer, 1, close_again_and_again, &work) ||
        !start_all(threads, THREADS, ask_again_and_again, &work))
        return;
    join_all(threads, THREADS);
    atomic_store(&work.is_over, true);
    join_all(&closer, 1);
    check_all_were_answered(&work);
    talk_end(&work.talk);
}

/* One exchange that its thread finishes after the owner has given the session up. */
static void *finish_last(void *context)
{
    struct work *work = context;
    struct sim_request request = talk_request(&work->talk, "/good", NULL);
    struct sim_exchange *exchange = NULL;
    enum sim_status status = sim_exchange_start(work->talk.session, &request, &exchange, NULL);

    atomic_fetch_add(status == SIM_OK ? &work->good : &work->bad, 1);
    while (!atomic_load(&work->is_over))
        (void)usleep(100);
    if (status == SIM_OK && talk_wait(exchange, NULL) != SIM_OK)
        atomic_fetch_add(&work->bad, 1);
    sim_exchange_finish(exchange);
    return NULL;
}

static void whoever_is_last_ends_the_session(void)
{
    struct work work = {.base = NULL};
    pthread_t threads[THREADS];

    if (!CHECK(talk_begin(&work.talk, answers, COUNT(answers))) ||
        !start_all(threads, THREADS, finish_last, &work))
        return;
    while (atomic_load(&work.good) + atomic_load(&work.bad) < THREADS)
        (void)usleep(100);
    sim_session_release(work.talk.session);
    work.talk.session = NULL;
    atomic_store(&work.is_over, true);
    join_all(threads, THREADS);
    CHECK_INT(atomic_load(&work.bad), 0);
    talk_end(&work.talk);
}

/* The server is a proxy here, so that it can be two hosts. */
static void a_base_moves_while_they_use_it(void)
{
    struct work work = {.base = "http://sim.test"};
    pthread_t threads[THREADS];

    if (!CHECK(talk_begin(&work.talk, answers, COUNT(answers))))
        return;
    (void)setenv("http_proxy", work.talk.base, 1);
    if (start_all(threads, THREADS, ask_again_and_again, &work)) {
        join_all(threads, THREADS);
        CHECK_INT(atomic_load(&work.good) + atomic_load(&work.bad), THREADS * ROUNDS);
        /* A path that is not /good is redirected to another path: a POST is not sent there. */
        CHECK(atomic_load(&work.good) >= THREADS * ROUNDS * 8 / 10);
        /* Each thread may ask the old place once before one of them notes the move. */
        CHECK(script_requests(work.talk.script) <= THREADS * ROUNDS * 6 / 5 + THREADS);
    }
    (void)unsetenv("http_proxy");
    talk_end(&work.talk);
}

/* ---- the pool and the moves by themselves ---- */

static atomic_int alive;

static void thing_free(struct sim_pool_entry *entry)
{
    free(entry);
    atomic_fetch_sub(&alive, 1);
}

static bool thing_is_usable(struct sim_pool_entry *entry)
{
    return (uintptr_t)entry % 7 != 0;
}

static bool thing_disarm(struct sim_pool_entry *entry)
{
    (void)entry;
    return true;
}

static const struct sim_pool_kind things = {
    .free_entry = thing_free,
    .is_usable = thing_is_usable,
    .disarm = thing_disarm,
    .most_idle = 3,
    .idle_max_ms = 1,
};

static void *take_and_give_back(void *context)
{
    struct sim_pool *pool = context;

    for (int i = 0; i < ROUNDS * 50; i++) {
        struct sim_pool_entry *entry = sim_pool_take(pool);
        if (entry == NULL) {
            entry = calloc(1, sizeof *entry);
            if (entry == NULL)
                return NULL;
            atomic_fetch_add(&alive, 1);
            sim_pool_add(pool, entry);
        }
        if (i % 100 == 50)
            sim_pool_close(pool);
        sim_pool_give_back(pool, entry, i % 3 != 0);
    }
    return NULL;
}

static void the_pool_loses_nothing(void)
{
    struct sim_pool pool;
    pthread_t threads[THREADS];

    CHECK(sim_pool_init(&pool, &things));
    if (start_all(threads, THREADS, take_and_give_back, &pool))
        join_all(threads, THREADS);
    CHECK(atomic_load(&alive) <= 3);
    sim_pool_fini(&pool);
    CHECK_INT(atomic_load(&alive), 0);
}

static void *note_and_resolve(void *context)
{
    struct sim_moves *moves = context;
    struct sim_buffer base;

    sim_buffer_init(&base, SIZE_MAX);
    for (int i = 0; i < ROUNDS * 20; i++) {
        sim_buffer_clear(&base);
        sim_moves_note(moves, TEXT("http://a/x"),
                       i % 2 == 0 ? TEXT("http://www.a/x") : TEXT("https://a/x"), TEXT("/x"));
        if (sim_moves_resolve(moves, TEXT("http://a"), &base) != SIM_OK ||
            (strcmp(base.data, "http://www.a") != 0 && strcmp(base.data, "https://a") != 0))
            abort();
    }
    sim_buffer_fini(&base);
    return NULL;
}

static void a_move_is_noted_whole(void)
{
    struct sim_moves moves;
    pthread_t threads[THREADS];

    CHECK(sim_moves_init(&moves));
    if (start_all(threads, THREADS, note_and_resolve, &moves))
        join_all(threads, THREADS);
    sim_moves_fini(&moves);
}

/* ---- a fork ---- */

/* Not for a build with AddressSanitizer, whose own locks a fork beside other threads leaves held in
 * the child. */
#ifndef __SANITIZE_ADDRESS__
/* What the child says with its exit status. The server's thread is the parent's, and answers the
 * child's new connection as it answers all. */
static int ask_in_the_child(const struct work *work)
{
    struct sim_request request = talk_request(&work->talk, "/good", NULL);
    struct talk_answer answer;

    if (talk_perform(work->talk.session, &request, &answer) != SIM_OK)
        return 1;
    return answer.http_status == 200 && strcmp(answer.body, "good") == 0 ? 0 : 2;
}

static void a_fork_in_their_midst_disturbs_nobody(void)
{
    struct work work = {.base = NULL};
    pthread_t threads[THREADS];

    if (!CHECK(talk_begin(&work.talk, answers, COUNT(answers))) ||
        !start_all(threads, THREADS, ask_again_and_again, &work))
        return;
    for (int i = 0; i < FORKS; i++) {
        int status = -1;
        pid_t child = fork();
        if (child == 0)
            check_leave(ask_in_the_child(&work));
        CHECK(child > 0 && waitpid(child, &status, 0) == child);
        CHECK(WIFEXITED(status));
        CHECK_INT(WEXITSTATUS(status), 0);
    }
    join_all(threads, THREADS);
    check_all_were_answered(&work);
    talk_end(&work.talk);
}
#endif

static const struct check_test tests[] = {
    TEST(threads_share_a_session),
    TEST(a_session_is_closed_under_their_hands),
    TEST(whoever_is_last_ends_the_session),
    TEST(a_base_moves_while_they_use_it),
    TEST(the_pool_loses_nothing),
    TEST(a_move_is_noted_whole),
#ifndef __SANITIZE_ADDRESS__
    TEST(a_fork_in_their_midst_disturbs_nobody),
#endif
};

CHECK_MAIN(tests)
