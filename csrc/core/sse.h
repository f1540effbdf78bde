/* The event-stream parser: bytes in at any split, events out.
 *
 * Follows the WHATWG rules for parsing an event stream. Owns the bytes of the
 * event under way, and no more: memory is bounded by the largest event. Must
 * not know what an event's data means. */
#ifndef SIM_CORE_SSE_H
#define SIM_CORE_SSE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"
#include "core/status.h"
#include "core/text.h"

/* One event, as views that hold until the next call on the parser. */
struct sim_sse_event {
    struct sim_text data; /* its data lines joined with LF */
    struct sim_text type; /* the event field; empty when there was none */
};

struct sim_sse {
    struct sim_buffer line; /* the line under way, where the input cut it */
    struct sim_buffer data; /* the data lines of the event under way, joined with LF */
    struct sim_buffer type; /* its event field */
    struct sim_text input;  /* what sim_sse_next() has not read yet; the caller's memory */
    size_t event_limit;     /* bytes of one event's data */
    unsigned bom_matched;   /* bytes of a leading byte order mark seen; 3: no longer looked for */
    bool has_data;          /* a data field was seen in the event under way */
    bool after_cr;          /* the last byte was a CR: an LF that follows belongs to it */
    bool is_handed_out;     /* the event in `data` was handed out: forget it before reading on */
};

/* An event with more than `event_limit` bytes of data is SIM_LIMIT, and so is a line longer than
 * the one that can carry them. Allocates nothing. */
void sim_sse_init(struct sim_sse *parser, size_t event_limit);
/* Legal on an all-zero parser, and twice. */
void sim_sse_fini(struct sim_sse *parser);

/* Gives the parser the next bytes, which must stay valid and unchanged until sim_sse_next() has
 * said that there are no more events in them. */
void sim_sse_feed(struct sim_sse *parser, struct sim_text bytes);

/* Looks for the next event in what was fed: `*found` says whether there is one. After false, all
 * bytes have been read. An event without data fields is not handed out. What the input ends in
 * the middle of is kept for the next bytes; at the end of a stream it is void, as WHATWG says. */
enum sim_status sim_sse_next(struct sim_sse *parser, struct sim_sse_event *event, bool *found,
                             struct sim_error *error) SIM_MUST_CHECK;

#endif
