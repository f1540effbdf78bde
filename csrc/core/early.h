/* Answers that come before the whole request is sent, or right before the connection's end.
 *
 * libcurl goes on sending to a server that listens no more, and fails over it with the answer in
 * hand; on HTTP/2 it may fail over the connection that it no longer needs. Owns when libcurl may
 * send, and is kept from that failure, and when such an answer is whole, before libcurl has failed
 * and after it. With `lane` and `http` a user of libcurl's handles; must not know what is asked. */
#ifndef SIM_CORE_EARLY_H
#define SIM_CORE_EARLY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"
#include "core/head.h"
#include "core/lane.h"

struct sim_early {      /* of one request; start from all zero */
    bool is_tls;        /* so HTTP/2 may be spoken, in which libcurl sends while it receives */
    bool is_end_unseen; /* nothing but the body's text tells that it is whole */
    size_t read_to;     /* so much of the body has been read for that, in vain */
};

/* Called before and after each step of a transfer whose request, with a body of `length` bytes, has
 * begun to go out; sim_resets_hold() and sim_resets_let_through() where they are needed. */
void sim_early_hold_resets(const struct sim_early *early, struct sim_lane *lane,
                           const struct sim_head *head, size_t length);
void sim_early_let_resets_through(const struct sim_early *early, struct sim_lane *lane,
                                  const struct sim_head *head, size_t length, int64_t active_ms);

/* After a transfer that began at `started_ms`: lets resets through, unless it was over soon on
 * HTTP/2. The next one may be as quick then, and to begin to keep them off takes 20 us. Whether one
 * comes meanwhile is seen before the connection is used again. */
void sim_early_end(const struct sim_early *early, struct sim_lane *lane, int64_t started_ms);

/* True when the answer so far is whole although part of a body of `length` bytes has not been sent
 * yet. Nothing has moved since `active_ms`. */
bool sim_early_is_whole(struct sim_early *early, const struct sim_lane *lane,
                        const struct sim_head *head, const struct sim_buffer *body, size_t length,
                        int64_t active_ms) SIM_MUST_CHECK;

/* The transfer has failed with that code. True when there is an answer all the same, in `head` and
 * `body`: the one that libcurl had read, or else the one that it had yet to read. */
bool sim_early_rescue(struct sim_early *early, struct sim_lane *lane, CURLcode code,
                      struct sim_head *head, struct sim_buffer *body, size_t length) SIM_MUST_CHECK;

#endif
