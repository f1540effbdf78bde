/* The base URL that has moved for good, so that later exchanges do not pay for the redirect.
 *
 * One move is remembered, as a client has one base. Thread-safe by a lock of its own. */
#ifndef SIM_CORE_MOVES_H
#define SIM_CORE_MOVES_H

#include <pthread.h>
#include <stdbool.h>

#include "core/buffer.h"
#include "core/status.h"
#include "core/url.h"

struct sim_moves {
    pthread_mutex_t lock;
    struct sim_buffer from, to; /* empty: nothing has moved */
};

bool sim_moves_init(struct sim_moves *moves); /* false: the system has no lock to give */
void sim_moves_fini(struct sim_moves *moves);

/* Appends the base that `base` has moved to, or itself. */
enum sim_status sim_moves_resolve(struct sim_moves *moves, struct sim_text base,
                                  struct sim_buffer *out) SIM_MUST_CHECK;

/* Notes that `from` was redirected to `to` for good; both end in `path`, the path asked for below
 * the base. What one answer says must not move other calls: only another origin with the very
 * same path counts, anything else is ignored. Without memory nothing is noted, and the next
 * exchange is redirected again. */
void sim_moves_note(struct sim_moves *moves, struct sim_text from, struct sim_text to,
                    struct sim_text path);

/* In a forked child: the lock may be held by a thread that the child does not have. */
void sim_moves_renew_lock(struct sim_moves *moves);

#endif
