/* Resets that are kept from a connection. */
#include "core/resets.h"

#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "core/clock.h"
#include "pair.h"

enum { PATIENCE_MS = 30 * 1000 };

/* The connection under test. */
static struct sim_resets resets;
static int client, server;

static bool begin(void)
{
    resets = (struct sim_resets){0};
    return pair_connect(&client, &server);
}

static void answer(void)
{
    CHECK(write(server, "answer", 6) == 6);
}

static void answer_and_reset(void)
{
    answer();
    pair_reset(server);
}

static bool can_send(void)
{
    return send(client, "more", 4, MSG_NOSIGNAL) == 4;
}

static void check_answer(void)
{
    char text[16] = "";

    CHECK(recv(client, text, sizeof text - 1, MSG_DONTWAIT) == 6);
    CHECK_TEXT(text_of(text), "answer");
}

/* True once the connection has been told of its end. */
static bool dies(void)
{
    struct pollfd asked = {.fd = client, .events = POLLIN};

    return poll(&asked, 1, PATIENCE_MS) == 1 && (asked.revents & POLLERR) != 0;
}

static bool is_dead(void)
{
    struct pollfd asked = {.fd = client};

    return poll(&asked, 1, 0) != 0;
}

/* What was answered can be read, though a reset that was held came behind it. */
static void check_held_reset(void)
{
    answer_and_reset();
    CHECK(can_send());
    sim_resets_let_through(&resets, client, true, 0);
    CHECK(resets.are_held && resets.have_come);
    check_answer();
}

static void nothing_can_be_sent_after_a_reset(void)
{
    if (!begin())
        return;
    answer_and_reset();
    CHECK(!can_send());
    check_answer();
    (void)close(client);
}

static void while_resets_are_held_all_can_be_sent_and_the_answer_is_there(void)
{
    if (!begin())
        return;
    sim_resets_hold(&resets, client);
    CHECK(resets.are_held);
    sim_resets_let_through(&resets, client, true, 0);
    CHECK(resets.are_held && !resets.have_come); /* none has come */
    answer_and_reset();
    CHECK(can_send());
    sim_resets_hold(&resets, client); /* again: what has come is not forgotten */
    CHECK(can_send());
    CHECK(!is_dead());
    sim_resets_let_through(&resets, client, true, 0);
    CHECK(resets.are_held && resets.have_come);
    check_answer();
    (void)close(client);
}

static void they_are_held_until_nothing_has_moved_for_a_while(void)
{
    int64_t began_ms;

    if (!begin())
        return;
    sim_resets_hold(&resets, client);
    answer_and_reset();
    began_ms = sim_clock_monotonic_ms();
    for (int64_t now_ms = began_ms; resets.are_held; now_ms = sim_clock_monotonic_ms()) {
        bool is_moving = now_ms < began_ms + SIM_RESETS_STILL_MS / 2;
        CHECK(can_send());
        sim_resets_let_through(&resets, client, true, is_moving ? now_ms : 0);
        (void)usleep(1000);
    }
    CHECK(sim_clock_monotonic_ms() - began_ms >= SIM_RESETS_STILL_MS);
    check_answer();
    sim_resets_hold(&resets, client); /* not as long as it may be dead */
    CHECK(!resets.are_held && sim_resets_leave_doubt(&resets, client));
    CHECK(dies());
    CHECK(sim_resets_leave_doubt(&resets, client)); /* a reset is no sign of life */
    (void)close(client);
}

static void a_connection_that_sends_nothing_learns_of_its_end(void)
{
    if (!begin())
        return;
    sim_resets_hold(&resets, client);
    answer_and_reset();
    sim_resets_let_through(&resets, client, false, 0);
    CHECK(!resets.are_held && resets.have_come);
    check_answer();
    CHECK(dies());
    (void)close(client);
}

static void after_the_last_piece_they_come_through(void)
{
    if (!begin())
        return;
    sim_resets_hold(&resets, client);
    sim_resets_let_through(&resets, client, false, 0);
    CHECK(!resets.are_held && !resets.have_come);
    answer_and_reset();
    CHECK(is_dead());
    sim_resets_let_through(&resets, client, false, 0); /* nothing happens */
    CHECK(!resets.have_come);
    check_answer();
    (void)close(client);
}

static void check_keepalive(int expected_s)
{
    static const int options[] = {TCP_KEEPIDLE, TCP_KEEPINTVL};

    for (size_t i = 0; i < COUNT(options); i++) {
        int now_s = 0;
        socklen_t size = sizeof now_s;
        CHECK(getsockopt(client, IPPROTO_TCP, options[i], &now_s, &size) == 0);
        CHECK_INT(now_s, expected_s);
    }
}

static uint32_t count_dropped(void)
{
    uint32_t figures[SK_MEMINFO_VARS] = {0};
    socklen_t size = sizeof figures;

    CHECK(getsockopt(client, SOL_SOCKET, SO_MEMINFO, figures, &size) == 0);
    return figures[SK_MEMINFO_DROPS];
}

/* Has the server's system probe until so many more have come. */
static void probe(uint32_t count, bool is_looked_at)
{
    static const int yes = 1, no = 0, after_s = 1;
    uint32_t enough = count_dropped() + count;

    CHECK(setsockopt(server, IPPROTO_TCP, TCP_KEEPIDLE, &after_s, sizeof after_s) == 0);
    CHECK(setsockopt(server, IPPROTO_TCP, TCP_KEEPINTVL, &after_s, sizeof after_s) == 0);
    CHECK(setsockopt(server, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes) == 0);
    for (int64_t end_ms = sim_clock_monotonic_ms() + PATIENCE_MS;
         count_dropped() < enough && CHECK(sim_clock_monotonic_ms() < end_ms);) {
        if (is_looked_at)
            sim_resets_let_through(&resets, client, true, 0);
        (void)usleep(1000);
    }
    CHECK(setsockopt(server, SOL_SOCKET, SO_KEEPALIVE, &no, sizeof no) == 0);
}

static void a_servers_own_probes_are_no_resets(void)
{
    if (!begin())
        return;
    sim_resets_hold(&resets, client);
    probe(2, true);
    sim_resets_let_through(&resets, client, true, 0);
    CHECK(resets.are_held && !resets.have_come);
    check_held_reset();
    (void)close(client);
}

static void a_reset_between_probes_is_seen(void)
{
    if (!begin())
        return;
    sim_resets_hold(&resets, client);
    probe(1, true);
    sim_resets_let_through(&resets, client, true, 0);
    CHECK(!resets.have_come);
    probe(1, false);
    pair_reset(server);
    sim_resets_let_through(&resets, client, true, 0);
    CHECK(resets.have_come);
    (void)close(client);
}

static void one_that_comes_between_two_transfers_is_seen_before_the_second(void)
{
    for (int says_more = 0; says_more < 2; says_more++) {
        if (!begin())
            return;
        sim_resets_keep_held(&resets, client); /* nothing happens */
        sim_resets_hold(&resets, client);
        sim_resets_keep_held(&resets, client);
        CHECK(!sim_resets_leave_doubt(&resets, client));
        if (says_more)
            CHECK(write(server, "bye", 3) == 3);
        pair_reset(server);
        CHECK(sim_resets_leave_doubt(&resets, client));
        (void)close(client);
    }
}

static void probes_between_two_transfers_are_none(void)
{
    if (!begin())
        return;
    sim_resets_hold(&resets, client);
    answer();
    check_answer();
    sim_resets_keep_held(&resets, client);
    probe(1, false);
    CHECK(!sim_resets_leave_doubt(&resets, client));
    CHECK(resets.are_held);
    (void)close(client);
    (void)close(server);
}

static void probes_from_before_they_are_held_say_nothing(void)
{
    if (!begin())
        return;
    sim_resets_hold(&resets, client);
    probe(1, true);
    sim_resets_let_through(&resets, client, false, 0);
    probe(1, false);
    sim_resets_hold(&resets, client);
    pair_reset(server);
    sim_resets_let_through(&resets, client, true, 0);
    CHECK(resets.have_come);
    (void)close(client);
}

/* One that answers the probe lives, whatever the system has dropped: here the server's own probe,
 * which a word hides that came with it. */
static void a_connection_that_lives_is_kept_from_them_again(void)
{
    enum { AS_BEFORE_S = 60 };
    static const int as_before_s = AS_BEFORE_S;
    char word;

    if (!begin())
        return;
    CHECK(setsockopt(client, IPPROTO_TCP, TCP_KEEPIDLE, &as_before_s, sizeof as_before_s) == 0);
    CHECK(setsockopt(client, IPPROTO_TCP, TCP_KEEPINTVL, &as_before_s, sizeof as_before_s) == 0);
    sim_resets_hold(&resets, client);
    probe(1, false);
    CHECK(write(server, "-", 1) == 1 && read(client, &word, 1) == 1);
    for (int64_t end_ms = sim_clock_monotonic_ms() + PATIENCE_MS;
         resets.are_held && CHECK(sim_clock_monotonic_ms() < end_ms);) {
        sim_resets_let_through(&resets, client, true, 0);
        (void)usleep(1000);
    }
    CHECK(resets.have_come);
    check_keepalive(1);
    for (int64_t end_ms = sim_clock_monotonic_ms() + PATIENCE_MS;
         sim_resets_leave_doubt(&resets, client) && CHECK(sim_clock_monotonic_ms() < end_ms);)
        (void)usleep(1000);
    check_keepalive(AS_BEFORE_S);
    sim_resets_hold(&resets, client);
    CHECK(resets.are_held && !resets.have_come);
    check_held_reset();
    (void)close(client);
}

static void what_is_no_socket_is_let_be(void)
{
    int closed = dup(0);

    resets = (struct sim_resets){0};
    (void)close(closed);
    sim_resets_hold(&resets, closed);
    CHECK(!resets.are_held);
    sim_resets_let_through(&resets, closed, false, 0);
    CHECK(!resets.are_held && !resets.have_come);
}

static const struct check_test tests[] = {
    TEST(nothing_can_be_sent_after_a_reset),
    TEST(while_resets_are_held_all_can_be_sent_and_the_answer_is_there),
    TEST(they_are_held_until_nothing_has_moved_for_a_while),
    TEST(a_connection_that_sends_nothing_learns_of_its_end),
    TEST(after_the_last_piece_they_come_through),
    TEST(a_servers_own_probes_are_no_resets),
    TEST(a_reset_between_probes_is_seen),
    TEST(one_that_comes_between_two_transfers_is_seen_before_the_second),
    TEST(probes_between_two_transfers_are_none),
    TEST(probes_from_before_they_are_held_say_nothing),
    TEST(a_connection_that_lives_is_kept_from_them_again),
    TEST(what_is_no_socket_is_let_be),
};

CHECK_MAIN(tests)
