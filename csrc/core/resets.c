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

/* A connection on which nothing is under way learns of its end by a probe. */
static void probe_soon(struct sim_resets *resets, int descriptor)
{
    static const int yes = 1, after_s = 1;
    socklen_t size = sizeof resets->probed_after_s;

    (void)getsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &resets->probed_after_s, &size);
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &after_s, sizeof after_s);
    (void)setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
}

static void probe_as_before(struct sim_resets *resets, int descriptor)
{
    if (resets->probed_after_s > 0)
        (void)setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &resets->probed_after_s,
                         sizeof resets->probed_after_s);
    resets->probed_after_s = 0;
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

    if (resets->are_held ||
        (resets->is_due && sim_clock_monotonic_ms() - resets->changed_ms < SIM_RESETS_PROBED_MS))
        return;
    /* Without the count a reset that was dropped would go unnoticed. */
    if (count_dropped(descriptor, &resets->dropped_before))
        resets->are_held =
            setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
    resets->is_due = false;
    probe_as_before(resets, descriptor);
}

static void notice(struct sim_resets *resets, int descriptor)
{
    uint32_t dropped = 0;

    if (resets->is_due || !count_dropped(descriptor, &dropped) || dropped == resets->dropped_before)
        return;
    resets->is_due = resets->have_come = true;
    resets->changed_ms = sim_clock_monotonic_ms();
}

static bool is_still(const struct sim_resets *resets, int64_t active_ms)
{
    int64_t since_ms = active_ms > resets->changed_ms ? active_ms : resets->changed_ms;

    return sim_clock_monotonic_ms() - since_ms >= SIM_RESETS_STILL_MS;
}

void sim_resets_let_through(struct sim_resets *resets, int descriptor, bool may_send,
                            int64_t active_ms)
{
    static const int unused = 0;

    if (!resets->are_held)
        return;
    notice(resets, descriptor);
    if (may_send && !(resets->is_due && is_still(resets, active_ms)))
        return;
    (void)setsockopt(descriptor, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
    resets->are_held = false;
    notice(resets, descriptor); /* now that no more can be dropped */
    if (!resets->is_due)
        return;
    resets->changed_ms = sim_clock_monotonic_ms();
    probe_soon(resets, descriptor);
}

#else

void sim_resets_hold(struct sim_resets *resets, int descriptor)
{
    (void)resets, (void)descriptor;
}

void sim_resets_let_through(struct sim_resets *resets, int descriptor, bool may_send,
                            int64_t active_ms)
{
    (void)resets, (void)descriptor, (void)may_send, (void)active_ms;
}

#endif
