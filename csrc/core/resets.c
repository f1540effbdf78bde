#include "core/resets.h"

#include <sys/socket.h>

#if defined(__linux__) && defined(SO_MEMINFO)

#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>

#include "core/clock.h"

enum {
    FLAGS_OFFSET = 13, /* in a TCP header: RFC 9293, section 3.1 */
    RESET_FLAG = 0x04,
    GRAIN_MS = 10, /* of the system's clock, with room */
    LOOK_MS = 50,  /* so often, in a silence, arrivals are counted */
};

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

static void set_keepalive(int descriptor, int idle_s, int interval_s)
{
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
}

/* A connection on which nothing is under way learns of its end by probes, the first of which may be
 * lost. */
static void probe_soon(struct sim_resets *resets, int descriptor)
{
    static const int yes = 1;
    socklen_t size = sizeof resets->idle_s;

    (void)getsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &resets->idle_s, &size);
    (void)getsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &resets->interval_s, &size);
    set_keepalive(descriptor, 1, 1);
    (void)setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
}

/* What the connection knows of segments: those that a filter has dropped have not come to it. */
struct segments {
    uint32_t arrived;
    uint64_t told;   /* bytes of the peer's, and of ours that it has acknowledged */
    int64_t last_ms; /* when the last one came that was in order; monotonic */
};

static bool look(int descriptor, struct segments *segments)
{
    enum { NEEDED = offsetof(struct tcp_info, tcpi_segs_in) + sizeof(uint32_t) };
    struct tcp_info info = {0};
    socklen_t size = sizeof info; /* a system that is older than these headers has less */
    uint32_t since_ms;

    if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 || size < NEEDED)
        return false;
    since_ms = info.tcpi_last_ack_recv < info.tcpi_last_data_recv ? info.tcpi_last_ack_recv
                                                                  : info.tcpi_last_data_recv;
    segments->arrived = info.tcpi_segs_in;
    segments->told = info.tcpi_bytes_received + info.tcpi_bytes_acked;
    segments->last_ms = sim_clock_monotonic_ms() - since_ms;
    return true;
}

static void count_arrivals(struct sim_resets *resets, int descriptor)
{
    struct segments now;

    if (!look(descriptor, &now))
        return;
    resets->counted_ms = sim_clock_monotonic_ms();
    resets->arrived = now.arrived;
    resets->told = now.told;
}

/* A server's own probes come to the connection, which drops them, and a reset does not. So where as
 * many have come as were dropped, and none that was in order, there was no reset. */
static bool were_probes(const struct sim_resets *resets, int descriptor, uint32_t count)
{
    struct segments now;

    return resets->counted_ms != 0 && look(descriptor, &now) && now.told == resets->told &&
           now.last_ms <= resets->counted_ms + GRAIN_MS && now.arrived - resets->arrived >= count;
}

static void notice(struct sim_resets *resets, int descriptor, int64_t active_ms)
{
    int64_t since_ms = active_ms > resets->counted_ms ? active_ms : resets->counted_ms;
    uint32_t dropped = 0, count;

    if (resets->have_come || !count_dropped(descriptor, &dropped))
        return;
    count = dropped - resets->dropped;
    resets->dropped = dropped;
    if (count > 0 && !were_probes(resets, descriptor, count)) {
        resets->have_come = true;
        resets->changed_ms = sim_clock_monotonic_ms();
    }
    else if (count > 0 || sim_clock_monotonic_ms() - since_ms >= LOOK_MS)
        count_arrivals(resets, descriptor);
}

bool sim_resets_leave_doubt(struct sim_resets *resets, int descriptor)
{
    struct segments now;

    if (resets->are_held)
        notice(resets, descriptor, sim_clock_monotonic_ms());
    /* Something that was no reset has come since they were let through. */
    if (resets->have_come && !resets->are_held && look(descriptor, &now) &&
        now.last_ms > resets->changed_ms + GRAIN_MS) {
        resets->have_come = false;
        set_keepalive(descriptor, resets->idle_s, resets->interval_s);
    }
    return resets->have_come;
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

    if (resets->are_held || sim_resets_leave_doubt(resets, descriptor))
        return;
    resets->counted_ms = 0;
    /* Without the count a reset that was dropped would go unnoticed. */
    if (count_dropped(descriptor, &resets->dropped))
        resets->are_held =
            setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

/* A server that hears nothing for some milliseconds says its last words again, and segments that
 * come twice are counted, too. The system forgets this with the next that is sent. */
static void acknowledge_at_once(int descriptor)
{
    static const int yes = 1;

    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
}

void sim_resets_keep_held(struct sim_resets *resets, int descriptor)
{
    if (!resets->are_held)
        return;
    notice(resets, descriptor, sim_clock_monotonic_ms());
    count_arrivals(resets, descriptor);
    acknowledge_at_once(descriptor);
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
    notice(resets, descriptor, active_ms);
    if (may_send && !(resets->have_come && is_still(resets, active_ms))) {
        acknowledge_at_once(descriptor);
        return;
    }
    (void)setsockopt(descriptor, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
    resets->are_held = false;
    notice(resets, descriptor, active_ms); /* now that no more can be dropped */
    if (!resets->have_come)
        return;
    resets->changed_ms = sim_clock_monotonic_ms();
    probe_soon(resets, descriptor);
}

#else

void sim_resets_hold(struct sim_resets *resets, int descriptor)
{
    (void)resets, (void)descriptor;
}

void sim_resets_keep_held(struct sim_resets *resets, int descriptor)
{
    (void)resets, (void)descriptor;
}

void sim_resets_let_through(struct sim_resets *resets, int descriptor, bool may_send,
                            int64_t active_ms)
{
    (void)resets, (void)descriptor, (void)may_send, (void)active_ms;
}

bool sim_resets_leave_doubt(struct sim_resets *resets, int descriptor)
{
    (void)resets, (void)descriptor;
    return false;
}

#endif
