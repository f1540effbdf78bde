/* What the exchanges of one client share: idle connections, and which base URL has moved for good.
 *
 * Counted, since an exchange may outlive the client that began it. Threads may share a session, and
 * a forked child finds the locks made anew. Must not know what a connection is. */
#ifndef SIM_CORE_SESSION_H
#define SIM_CORE_SESSION_H

#include <stdatomic.h>

#include "core/moves.h"
#include "core/pool.h"
#include "core/status.h"

struct sim_session {
    struct sim_pool pool;
    struct sim_moves moves;
    atomic_uint references;
};

/* A session with one reference, for entries of that kind; NULL: no memory. */
struct sim_session *sim_session_new(const struct sim_pool_kind *kind) SIM_MUST_CHECK;
/* Gives up one reference; NULL is legal. Exchanges under way keep the session alive. */
void sim_session_release(struct sim_session *session);
/* Closes the idle connections, and those in use as soon as their exchange ends. The session
 * stays usable and connects anew. */
void sim_session_close(struct sim_session *session);

/* To come before every use: in a forked child the connections are the parent's, and a lock may be
 * held by a thread that is not there. */
void sim_session_notice_fork(struct sim_session *session);

#endif
