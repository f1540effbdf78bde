/* Resets that are kept from a connection for a while.
 *
 * A server may reset the connection as soon as it has answered. What came before a reset can be
 * read after it, but nothing can be sent any more: the next piece of the request fails, or what
 * HTTP/2 acknowledges, libcurl gives up the connection with the answer unread, and under TLS nobody
 * else can read it. So resets are dropped while libcurl may send. What is sent then is lost on a
 * server that listens no more, and libcurl finds the answer. Owns how the system is asked for that:
 * only Linux can do it, and a sandbox may forbid it; core/unread.h is what is left then. Must not
 * know libcurl, nor when it may send. */
#ifndef SIM_CORE_RESETS_H
#define SIM_CORE_RESETS_H

#include <stdbool.h>
#include <stdint.h>

/* When nothing has moved for so long after a reset, all that came before it has been read. Nothing
 * else tells: newer libcurls read ahead of what they hand over, so a socket may be empty before. */
enum { SIM_RESETS_STILL_MS = 200 };

struct sim_resets { /* of one connection; start from all zero */
    bool are_held;
    bool have_come;         /* so the connection may be dead without knowing it */
    int64_t changed_ms;     /* when that was seen, or they were let through after it; monotonic */
    int64_t counted_ms;     /* when the next three were counted; 0: not yet since they are held */
    uint32_t dropped;       /* segments for the connection that the system had dropped */
    uint32_t arrived;       /* segments that had come to it */
    uint64_t told;          /* bytes that they had brought or acknowledged */
    int idle_s, interval_s; /* the keep-alive, before it was made to probe soon */
};

/* From here on no reset reaches the connection, where the system can do that. Does nothing where
 * that is so already, and while they leave a doubt. */
void sim_resets_hold(struct sim_resets *resets, int descriptor);

/* After each step: notes whether one has come. If so, and nothing has moved since then nor since
 * `active_ms`, or with nothing to send any more, lets them through. After one that was dropped
 * comes another: the server's system answers with it whatever is sent to a connection that it has
 * forgotten, be it the probe of a second later. */
void sim_resets_let_through(struct sim_resets *resets, int descriptor, bool may_send,
                            int64_t active_ms);

/* After a transfer that another may follow soon: goes on to hold them. */
void sim_resets_keep_held(struct sim_resets *resets, int descriptor);

/* True when one seems to have come, also since the last step, and no sign of life since. The system
 * counts segments that came twice, too: whoever answers after that has not reset. */
bool sim_resets_leave_doubt(struct sim_resets *resets, int descriptor);

#endif
