/* The set of a cache's open sockets. */
#include "core/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "core/clock.h"
#include "pair.h"

static void the_set_holds_so_many_and_no_more(void)
{
    struct sim_sockets sockets = {0};
    int open[SIM_SOCKETS_MOST], another = dup(0);

    for (size_t i = 0; i < SIM_SOCKETS_MOST; i++) {
        open[i] = dup(0);
        CHECK(sim_sockets_add(&sockets, open[i]));
    }
    CHECK(!sim_sockets_add(&sockets, another));
    CHECK_INT(sockets.count, SIM_SOCKETS_MOST);
    sim_sockets_remove(&sockets, open[3]);
    sim_sockets_remove(&sockets, open[3]); /* not there any more: nothing happens */
    CHECK_INT(sockets.count, SIM_SOCKETS_MOST - 1);
    CHECK(!sim_sockets_add(&sockets, -1));
    CHECK(sim_sockets_add(&sockets, another));
    for (size_t i = 0; i < sockets.count; i++)
        CHECK(sockets.open[i].descriptor != open[3]);
    for (size_t i = 0; i < SIM_SOCKETS_MOST; i++)
        (void)close(open[i]);
    (void)close(another);
}

static void unasked_bytes_an_end_and_an_error_are_not_quiet(void)
{
    struct sim_sockets sockets = {0};
    int pair[2], quiet[2];
    char byte;

    CHECK(sim_sockets_are_quiet(&sockets));
    if (!CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 &&
               socketpair(AF_UNIX, SOCK_STREAM, 0, quiet) == 0))
        return;
    CHECK(sim_sockets_add(&sockets, quiet[0]));
    CHECK(sim_sockets_add(&sockets, pair[0]));
    CHECK(sim_sockets_are_quiet(&sockets));
    CHECK(write(pair[1], "x", 1) == 1);
    CHECK(!sim_sockets_are_quiet(&sockets));
    CHECK(!sim_sockets_are_quiet(&sockets)); /* looking takes nothing away */
    CHECK(read(pair[0], &byte, 1) == 1);
    CHECK(sim_sockets_are_quiet(&sockets));
    (void)close(pair[1]);
    CHECK(!sim_sockets_are_quiet(&sockets)); /* the other side has hung up */
    (void)close(pair[0]);
    CHECK(!sim_sockets_are_quiet(&sockets)); /* no descriptor at all */
    (void)close(quiet[0]);
    (void)close(quiet[1]);
}

static void a_talkative_socket_is_given_up_at_its_end_alone(void)
{
    struct sim_sockets sockets = {0};
    int pair[2], other[2];

    if (!CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 &&
               socketpair(AF_UNIX, SOCK_STREAM, 0, other) == 0))
        return;
    CHECK(sim_sockets_add(&sockets, other[0]));
    CHECK(sim_sockets_add(&sockets, pair[0]));
    sim_sockets_let_talk(&sockets, pair[0]);
    sim_sockets_let_talk(&sockets, 12345); /* not there: nothing happens */
    CHECK(sim_sockets_are_quiet(&sockets));
    CHECK(write(pair[1], "x", 1) == 1);
    CHECK(sim_sockets_are_quiet(&sockets));
    sim_sockets_remove(&sockets, other[0]); /* the last one takes its place, and talks on */
    CHECK(sim_sockets_are_quiet(&sockets));
    CHECK(sim_sockets_add(&sockets, other[0]));
    CHECK(write(other[1], "x", 1) == 1);
    CHECK(!sim_sockets_are_quiet(&sockets)); /* the new one does not */
    sim_sockets_remove(&sockets, other[0]);
    (void)close(pair[1]);
    CHECK(!sim_sockets_are_quiet(&sockets)); /* an end behind the byte */
    (void)close(pair[0]);
    (void)close(other[0]);
    (void)close(other[1]);
}

static void one_that_talks_is_known_by_its_port(void)
{
    struct sim_sockets sockets = {0};
    int first[2], second[2];

    if (!pair_connect(&first[0], &first[1]) || !pair_connect(&second[0], &second[1]))
        return;
    CHECK(sim_sockets_add(&sockets, first[0]) && sim_sockets_add(&sockets, second[0]));
    CHECK(!sim_sockets_may_talk(&sockets, pair_port(second[0])));
    sim_sockets_let_talk(&sockets, second[0]);
    CHECK(sim_sockets_may_talk(&sockets, pair_port(second[0])));
    CHECK(!sim_sockets_may_talk(&sockets, pair_port(first[0])));
    CHECK(!sim_sockets_may_talk(&sockets, pair_port(second[1]))); /* the server's */
    for (size_t i = 0; i < 2; i++) {
        (void)close(first[i]);
        (void)close(second[i]);
    }
}

static void a_wait_ends_with_something_to_read(void)
{
    struct sim_sockets sockets = {0};
    int used[2], idle[2];
    int64_t began_ms = sim_clock_monotonic_ms();

    if (!pair_connect(&used[0], &used[1]) || !pair_connect(&idle[0], &idle[1]))
        return;
    CHECK(sim_sockets_add(&sockets, used[0]) && sim_sockets_add(&sockets, idle[0]));
    CHECK(write(idle[1], "x", 1) == 1); /* that of another does not count */
    sim_sockets_hold_resets(&sockets, pair_port(used[0]));
    sim_sockets_wait(&sockets, 20); /* that something can be written ends no wait */
    CHECK(sim_clock_monotonic_ms() - began_ms >= 19);
    CHECK(write(used[1], "x", 1) == 1);
    sim_sockets_wait(&sockets, 30 * 1000);
    CHECK(sim_clock_monotonic_ms() - began_ms < 20 * 1000);
    for (size_t i = 0; i < 2; i++) {
        (void)close(used[i]);
        (void)close(idle[i]);
    }
}

static void resets_are_kept_from_the_one_in_use_alone(void)
{
    struct sim_sockets sockets = {0};
    int used[2], idle[2];
    char byte;

    if (!pair_connect(&used[0], &used[1]) || !pair_connect(&idle[0], &idle[1]))
        return;
    CHECK(sim_sockets_add(&sockets, idle[0]) && sim_sockets_add(&sockets, used[0]));
    sim_sockets_hold_resets(&sockets, pair_port(used[0]));
    pair_reset(used[1]);
    pair_reset(idle[1]);
    CHECK(recv(idle[0], &byte, 1, MSG_DONTWAIT) == -1 && errno == ECONNRESET);
    CHECK(recv(used[0], &byte, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
    sim_sockets_remove(&sockets, idle[0]);
    CHECK(!sim_sockets_are_quiet(&sockets));
    CHECK(sockets.open[0].resets.are_held);
    sim_sockets_remove(&sockets, used[0]); /* lets them through, or its end would be as endless */
    CHECK(send(used[0], "x", 1, MSG_NOSIGNAL) == 1);
    CHECK(recv(used[0], &byte, 1, MSG_DONTWAIT) == -1 && errno == ECONNRESET);
    (void)close(idle[0]);
    (void)close(used[0]);
}

static void a_disarmed_socket_reaches_nobody(void)
{
    struct sim_sockets sockets = {0};
    int pair[2], kept;
    char byte = 0;

    if (!CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0))
        return;
    kept = dup(pair[0]); /* the parent's, so that the connection stays */
    CHECK(sim_sockets_add(&sockets, pair[0]));
    CHECK(sim_sockets_disarm(&sockets));
    CHECK(write(pair[0], "x", 1) == 1); /* into the void */
    CHECK(read(pair[1], &byte, 1) == -1);
    CHECK((fcntl(pair[0], F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(write(kept, "y", 1) == 1);
    CHECK(read(pair[1], &byte, 1) == 1 && byte == 'y');
    (void)close(pair[0]);
    (void)close(pair[1]);
    (void)close(kept);
}

/* The child has closed what it inherited, and its own files have got the numbers. */
static void a_number_that_stands_for_something_else_is_let_be(void)
{
    struct sim_sockets sockets = {0};
    int pair[2], other[2];
    char byte = 0;

    if (!CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0 &&
               socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, other) == 0))
        return;
    CHECK(sim_sockets_disarm(&sockets)); /* nothing to do */
    CHECK(sim_sockets_add(&sockets, other[0]));
    CHECK(sim_sockets_add(&sockets, pair[0]));
    (void)close(pair[0]);
    CHECK(!sim_sockets_disarm(&sockets));
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
    CHECK_INT(pair[0], sockets.open[1].descriptor);
    CHECK(!sim_sockets_disarm(&sockets));
    CHECK(write(other[0], "x", 1) == 1 && read(other[1], &byte, 1) == 1);
    CHECK(write(pair[0], "x", 1) == 1 && read(pair[1], &byte, 1) == 1);
    (void)close(pair[0]);
    sim_sockets_remove(&sockets, pair[0]);
    CHECK(sim_sockets_disarm(&sockets));
    (void)close(pair[1]);
    (void)close(other[0]);
    (void)close(other[1]);
}

/* Without a free descriptor there is no /dev/null to point to. */
static void without_descriptors_only_an_empty_set_is_disarmed(void)
{
    struct sim_sockets sockets = {0}, none = {0};
    struct rlimit before, full;
    int last = dup(0);

    if (!CHECK(last > 0 && getrlimit(RLIMIT_NOFILE, &before) == 0))
        return;
    full = (struct rlimit){(rlim_t)last, before.rlim_max}; /* what is open stays open */
    CHECK(setrlimit(RLIMIT_NOFILE, &full) == 0);
    CHECK(sim_sockets_add(&sockets, last));
    CHECK(!sim_sockets_disarm(&sockets));
    CHECK(sim_sockets_disarm(&none));
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(sim_sockets_disarm(&sockets));
    (void)close(last);
}

static const struct check_test tests[] = {
    TEST(the_set_holds_so_many_and_no_more),
    TEST(unasked_bytes_an_end_and_an_error_are_not_quiet),
    TEST(a_talkative_socket_is_given_up_at_its_end_alone),
    TEST(one_that_talks_is_known_by_its_port),
    TEST(a_wait_ends_with_something_to_read),
    TEST(resets_are_kept_from_the_one_in_use_alone),
    TEST(a_disarmed_socket_reaches_nobody),
    TEST(a_number_that_stands_for_something_else_is_let_be),
    TEST(without_descriptors_only_an_empty_set_is_disarmed),
};

CHECK_MAIN(tests)
