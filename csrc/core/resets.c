#include "core/resets.h"

#include <sys/socket.h>

#if defined(__linux__) && defined(SO_MEMINFO)

#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "core/clock.h"

enum { FLAGS_OFFSET = 13, RESET_FLAG = 0x04 }; /* in a TCP header: RFC 9293, section 3.1 */

/* How many of the segments that came for this connection the system has dropped. */
static bool count_dropped(int descriptor, uint32_t *count)
{
    uint32_t figures[SK_MEMINFO_VARS];
    socklen_t size = sizeof figures;

    if (getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, figures, &size) != 0 ||
        size / sizeof *figures <= SK_MEMINFO_DROPS)
        return false;
    *count = figures[SK_MEMINFO_DROPS];
    return true;
}

void sim_resets_hold(struct sim_resets *resets, int descriptor)
{
    /* Sees each segment from its TCP header on, and returns how much of it to keep. */
    static const struct sock_filter drop_resets[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FLAGS_OFFSET),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, RESET_FLAG, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    const struct sock_fprog program = {
        .len = sizeof drop_resets / sizeof *drop_resets,
        .filter = (struct sock_filter *)drop_resets, /* which is only read */
    };

    if (resets->are_held || resets->have_come)
        return;
    /* Without the count a reset that was dropped would go unnoticed. */
    if (count_dropped(descriptor, &resets->dropped_before))
        resets->are_held =
            setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

static void notice(struct sim_resets *resets, int descriptor)
{
    uint32_t dropped = 0;

    if (resets->have_come || !count_dropped(descriptor, &dropped) ||
        dropped == resets->dropped_before)
        return;
    resets->have_come = true;
    resets->noticed_ms = sim_clock_monotonic_ms();
}

static bool is_still(const struct sim_resets *resets, int64_t active_ms)
{
    int64_t since_ms = active_ms > resets->noticed_ms ? active_ms : resets->noticed_ms;

    return sim_clock_monotonic_ms() - since_ms >= SIM_RESETS_STILL_MS;
}

/* A connection on which nothing is under way learns of its end by a probe. */
static void probe_soon(int descriptor)
{
    static const int yes = 1, after_s = 1;

    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &after_s, sizeof after_s);
    (void)setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
}

void sim_resets_let_through(struct sim_resets *resets, int descriptor, bool is_sending,
                            int64_t active_ms)
{
    static const int unused = 0;

    if (!resets->are_held)
        return;
    notice(resets, descriptor);
    if (is_sending && !(resets->have_come && is_still(resets, active_ms)))
        return;
    (void)setsockopt(descriptor, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
    resets->are_held = false;
    notice(resets, descriptor); /* now that no more can be dropped */
    if (resets->have_come)
        probe_soon(descriptor);
}

#else

void sim_resets_hold(struct sim_resets *resets, int descriptor)
{
    (void)resets, (void)descriptor;
}

void sim_resets_let_through(struct sim_resets *resets, int descriptor, bool is_sending,
                            int64_t active_ms)
{
    (void)resets, (void)descriptor, (void)is_sending, (void)active_ms;
}

#endif
