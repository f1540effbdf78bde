#include "core/session.h"

#include "core/memory.h"

struct sim_session *sim_session_new(const struct sim_pool_kind *kind)
{
    struct sim_session *session = sim_alloc_zeroed(1, sizeof *session);

    if (session == NULL)
        return NULL;
    if (!sim_pool_init(&session->pool, kind)) {
        sim_free(session);
        return NULL;
    }
    if (!sim_moves_init(&session->moves)) {
        sim_pool_fini(&session->pool);
        sim_free(session);
        return NULL;
    }
    atomic_init(&session->references, 1);
    return session;
}

void sim_session_release(struct sim_session *session)
{
    if (session == NULL || atomic_fetch_sub(&session->references, 1) > 1)
        return;
    sim_pool_fini(&session->pool);
    sim_moves_fini(&session->moves);
    sim_free(session);
}

void sim_session_close(struct sim_session *session)
{
    sim_session_notice_fork(session);
    sim_pool_close(&session->pool);
}

void sim_session_notice_fork(struct sim_session *session)
{
    if (sim_pool_notice_fork(&session->pool))
        sim_moves_renew_lock(&session->moves);
}
