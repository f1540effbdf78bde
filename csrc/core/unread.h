/* An answer that was not read before its connection died.
 *
 * A server may answer before it has taken the whole request, and hang up at once. Where the reset
 * is not kept from the connection (core/resets.h), the next piece of the request fails, and libcurl
 * drops the connection with the answer still in the system's queue. Owns how it is fetched from
 * there and read: HTTP/1 in the clear, whole. Must not know libcurl, nor what the answer means. */
#ifndef SIM_CORE_UNREAD_H
#define SIM_CORE_UNREAD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"
#include "core/head.h"

/* The largest answer that is fetched; early ones are short refusals. */
enum { SIM_UNREAD_MOST = 1024 * 1024 };

/* Takes what a socket has to read without waiting for more, in place of what the buffer held; as
 * much as memory and the buffer's limit allow. */
void sim_unread_fetch(struct sim_buffer *bytes, int descriptor);

/* Reads an answer. True with a complete head, and in `body` all that the head says follows. False
 * for what is malformed, cut short, compressed or too large, and where the head does not say how
 * much follows: head and body are as after their reset then. */
bool sim_unread_parse(const struct sim_buffer *bytes, struct sim_head *head,
                      struct sim_buffer *body) SIM_MUST_CHECK;

/* True when the body ends in a digit, so that more digits could have followed (12 of 123). No other
 * JSON document begins with a whole one. */
bool sim_unread_may_go_on(const struct sim_buffer *body);

#endif
