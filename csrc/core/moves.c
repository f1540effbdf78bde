#include "core/moves.h"

#include <stdint.h>

bool sim_moves_init(struct sim_moves *moves)
{
    *moves = (struct sim_moves){0};
    sim_buffer_init(&moves->from, SIZE_MAX);
    sim_buffer_init(&moves->to, SIZE_MAX);
    return pthread_mutex_init(&moves->lock, NULL) == 0;
}

void sim_moves_fini(struct sim_moves *moves)
{
    sim_buffer_fini(&moves->from);
    sim_buffer_fini(&moves->to);
    (void)pthread_mutex_destroy(&moves->lock);
}

void sim_moves_renew_lock(struct sim_moves *moves)
{
    (void)pthread_mutex_init(&moves->lock, NULL);
}

enum sim_status sim_moves_resolve(struct sim_moves *moves, struct sim_text base,
                                  struct sim_buffer *out)
{
    enum sim_status status;

    (void)pthread_mutex_lock(&moves->lock);
    if (base.length > 0 && sim_text_equals(sim_buffer_text(&moves->from), base))
        base = sim_buffer_text(&moves->to);
    status = sim_buffer_append(out, base.data, base.length);
    (void)pthread_mutex_unlock(&moves->lock);
    return status;
}

void sim_moves_note(struct sim_moves *moves, struct sim_text from, struct sim_text to,
                    struct sim_text path)
{
    struct sim_url old, new;

    if (sim_url_parse(from, &old, NULL) != SIM_OK || sim_url_parse(to, &new, NULL) != SIM_OK ||
        sim_url_is_same_origin(&old, &new) || new.has_query ||
        !sim_text_equals(old.path, new.path) || old.path.length < path.length)
        return;
    (void)pthread_mutex_lock(&moves->lock);
    to.length -= path.length;
    from.length -= path.length;
    if (sim_buffer_set(&moves->to, to) != SIM_OK || sim_buffer_set(&moves->from, from) != SIM_OK)
        sim_buffer_clear(&moves->from);
    (void)pthread_mutex_unlock(&moves->lock);
}
