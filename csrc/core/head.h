/* The head of an answer: its status line and header fields, as they arrive.
 *
 * Owns a copy of the lines of the answer under way. Must not know which fields
 * matter to whom. */
#ifndef SIM_CORE_HEAD_H
#define SIM_CORE_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/status.h"
#include "core/text.h"

/* All heads of one request together, interim answers (1xx) included: a server that sends header
 * lines without end is cut off here. Real ones send a few KiB, and libcurl from 8.3 on takes
 * 300 KiB: below that every libcurl ends at the same byte, with our words. */
enum { SIM_HEAD_LIMIT = 256 * 1024 };

struct sim_head {
    struct sim_buffer lines; /* each line without its line end, followed by a NUL */
    uint64_t name_lengths;   /* bit n: a field has a name of n characters, counted modulo 64 */
    size_t total;            /* bytes seen since sim_head_reset() */
    long http_status;        /* 0 before the status line was seen */
    bool is_complete;        /* the blank line after the fields was seen */
    bool is_chunked;         /* a Transfer-Encoding was seen that says so */
    bool has_length;         /* a Content-Length was seen */
    unsigned long long content_length; /* of the body, where there is one */
};

void sim_head_init(struct sim_head *head);
void sim_head_fini(struct sim_head *head); /* legal on all zero, and twice */

/* Makes ready for a new exchange; keeps the memory. */
void sim_head_reset(struct sim_head *head);

/* Takes the next line, line end included or not. A status line begins a new head and forgets an
 * interim one before it; lines behind the blank line of a final one (trailers) are dropped.
 * SIM_LIMIT past SIM_HEAD_LIMIT; SIM_AMBIGUOUS for a line that is neither a status line nor a
 * field or has a NUL in it, and for a Content-Length that is no number or differs from another:
 * nobody can say then where the body ends. */
enum sim_status sim_head_add_line(struct sim_head *head, struct sim_text line,
                                  struct sim_error *error) SIM_MUST_CHECK;

/* True when all of the head is there, and it is no interim one: what follows is the body. */
bool sim_head_is_final(const struct sim_head *head);

/* True when there is a field that a folded line (obs-fold) may continue. */
bool sim_head_has_fields(const struct sim_head *head);

/* True when a Content-Length says where the body ends: chunks would say otherwise. */
bool sim_head_says_length(const struct sim_head *head);

/* Finds the first field of that name (letter case aside); its value comes without surrounding
 * white space and holds until the next line is added. */
bool sim_head_find(const struct sim_head *head, const char *name, struct sim_text *value);

/* True when the head is complete and its Content-Type is that media type, parameters aside. */
bool sim_head_has_type(const struct sim_head *head, const char *media_type);

/* The reason phrase of the status line; empty where the server sent none. */
struct sim_text sim_head_reason(const struct sim_head *head);

#endif
