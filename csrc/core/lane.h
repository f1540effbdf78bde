/* A lane: one connection cache, and the libcurl handles that use it.
 *
 * Owns what is the same for every exchange on it: libcurl's configuration, the
 * sockets, the kept header list. With `early` and `http`, which alone include this
 * header, a user of libcurl. Must not know what is asked or answered. */
#ifndef SIM_CORE_LANE_H
#define SIM_CORE_LANE_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"
#include "core/frames.h"
#include "core/head.h"
#include "core/pool.h"
#include "core/route.h"
#include "core/sockets.h"
#include "core/status.h"
#include "core/trust.h"
#include "core/unread.h"

/* A request that libcurl repeats on its own is noticed by a callback from 7.80 on; before that,
 * by its asking to read the body again. Settable, so that both ways are tested here. */
#ifndef SIM_LANE_HAS_PREREQUEST
#define SIM_LANE_HAS_PREREQUEST (LIBCURL_VERSION_NUM >= 0x075000)
#endif

enum {
    SIM_LANE_ONE_PIECE = 8 * 1024, /* so large a body goes out at once, with the header fields */
    /* A connection idle for longer is not used again: load balancers commonly hang up after 60 s,
     * and a connection that dies under a request leaves its fate in doubt. */
    SIM_LANE_IDLE_MAX_S = 55,
};

struct sim_lane {
    struct sim_pool_entry entry; /* first, so that the pool's pointer is the lane's */
    CURLM *multi;
    CURL *easy;
    CURLU *url; /* what libcurl has as the URL, taken apart */
    struct curl_slist *headers;
    struct sim_buffer header_text; /* what `headers` was made from */
    unsigned route_generation;     /* of the route that libcurl has; 0: none */
    unsigned idle_turns;           /* waits in a row from which libcurl was woken to do nothing */
    bool has_moved;                /* bytes, since the last wait */
    bool has_trust;                /* libcurl has the trust that stands here */
    bool shows_heads;  /* their lines come as parts of a body before libcurl keeps them */
    bool is_line_open; /* a piece of such a line has come without its end */
    bool leaves_coded; /* the body under way is not to be decompressed */
    int socket_errno;  /* why the last socket could not be made; 0: it could */
    struct sim_buffer ca_file, ca_directory;
    struct sim_sockets sockets;
    struct sim_frames frames;      /* of the transfer under way; seen of large requests alone */
    bool keeps_unread;             /* a connection that is closed leaves in `unread` */
    struct sim_buffer unread;      /* the bytes that it had still to read */
    struct sim_buffer target;      /* of a redirect that libcurl has not worked out */
    char message[CURL_ERROR_SIZE]; /* libcurl's own words for the last failure */
};

/* Called by libcurl in the midst of a step, with `context`. */
struct sim_lane_callbacks {
    curl_write_callback on_body, on_header;
#if SIM_LANE_HAS_PREREQUEST
    curl_prereq_callback on_prerequest;
#else
    curl_read_callback on_read;
    curl_seek_callback on_seek;
#endif
    void *context;
};

/* Makes a lane in zeroed memory. False, and finished, without memory or with a libcurl that is too
 * old; and where the system refuses what libcurl needs for itself, which is told. */
bool sim_lane_init(struct sim_lane *lane, const struct sim_lane_callbacks *callbacks,
                   struct sim_error *error) SIM_MUST_CHECK;
/* Closes the connections. Legal on all zero. */
void sim_lane_fini(struct sim_lane *lane);

/* Sets method and body of the next requests; the body must stay where it is. */
bool sim_lane_set_method(struct sim_lane *lane, bool is_post, struct sim_text body) SIM_MUST_CHECK;

/* Tells libcurl how long connecting may take (0: for ever), a little more than the steps allow.
 * They keep the deadline, to the millisecond; libcurl goes by it in sharing the time between the
 * addresses of a host, so that a dead one is passed by. */
void sim_lane_set_connect_limit(struct sim_lane *lane, int64_t limit_ms);

/* Sets the header fields of the next requests; cheap while they are the same as before. */
enum sim_status sim_lane_set_headers(struct sim_lane *lane, const char *const *headers,
                                     size_t count) SIM_MUST_CHECK;

/* Sets what the certificates of a server, and of an https proxy, are checked against. SIM_NOT_SENT
 * where libcurl's TLS has no use for such a place. */
enum sim_status sim_lane_set_trust(struct sim_lane *lane, const struct sim_trust *trust,
                                   struct sim_error *error) SIM_MUST_CHECK;

/* Sets URL, credentials and proxy of the next request, and whether it shall have a connection of
 * its own. */
enum sim_status sim_lane_set_route(struct sim_lane *lane, const struct sim_route *route,
                                   bool is_fresh) SIM_MUST_CHECK;

/* Begins the transfer that has been set. False without memory. */
bool sim_lane_begin(struct sim_lane *lane) SIM_MUST_CHECK;

/* Where `shows_heads`: takes a piece of the next line of a head, before libcurl keeps it. Refuses a
 * folded line (obs-fold) without a field before it that it could continue. */
enum sim_status sim_lane_check_line(struct sim_lane *lane, const struct sim_head *head,
                                    struct sim_text piece, struct sim_error *error) SIM_MUST_CHECK;

/* With a whole head: has the body handed over as it comes where the head names a coding that
 * libcurl does not know, and would refuse it for. From 8.5 on it has decided by then. */
void sim_lane_pass_unknown_coding(struct sim_lane *lane, const struct sim_head *head);

/* libcurl's words for the failure of the last transfer, or ours; for a connection that could not be
 * made, with the system's reason and, `by_proxy`, to whom. They stay until the next begins. */
const char *sim_lane_explain(struct sim_lane *lane, CURLcode code, bool by_proxy);

/* Waits until libcurl has something to do (`*is_woken`), for a signal, or so long, while a body of
 * `length` bytes is being sent. Whoever sees that libcurl has done something clears
 * `idle_turns`, and sets `has_moved`. False without memory. */
bool sim_lane_wait(struct sim_lane *lane, size_t length, int64_t limit_ms,
                   bool *is_woken) SIM_MUST_CHECK;

/* In a forked child: as sim_sockets_disarm(). */
bool sim_lane_disarm(struct sim_lane *lane) SIM_MUST_CHECK;

/* sim_sockets_hold_resets() for the connection of the transfer under way. */
void sim_lane_hold_resets(struct sim_lane *lane);

/* Where an answer redirects to, absolute; NULL where it does not. libcurl says so of a transfer
 * that has ended in order; of another it is worked out here. `*written` is the Location. */
const char *sim_lane_redirect_target(struct sim_lane *lane, const struct sim_route *route,
                                     const struct sim_head *head, struct sim_text *written);

/* What the connection of a failed transfer had still to read, where that was to be kept. */
const struct sim_buffer *sim_lane_fetch_unread(struct sim_lane *lane);

/* After an answer: notes what its connection speaks, for when it is idle. */
void sim_lane_note_protocol(struct sim_lane *lane);

/* True when the answer came in frames that mark its end (HTTP/2 and later). */
bool sim_lane_is_multiplexed(const struct sim_lane *lane);

/* Bytes of bodies, sent and received, in the transfer under way or done. */
unsigned long long sim_lane_traffic(const struct sim_lane *lane);

/* True when so many bytes of the answer's body have arrived, before they were decompressed. */
bool sim_lane_has_received(const struct sim_lane *lane, unsigned long long length);

/* True while part of a body of `length` bytes has yet to be sent. */
bool sim_lane_is_sending(const struct sim_lane *lane, size_t length);

/* True when the connection of the transfer under way was made for it. */
bool sim_lane_is_new(const struct sim_lane *lane);

/* True when an earlier answer on it came in frames. */
bool sim_lane_was_multiplexed(const struct sim_lane *lane);

#endif
