#include "core/pool.h"

#include "core/clock.h"
#include "core/process.h"

bool sim_pool_init(struct sim_pool *pool, const struct sim_pool_kind *kind)
{
    *pool = (struct sim_pool){.kind = kind, .owner = sim_process_identity()};
    return pthread_mutex_init(&pool->lock, NULL) == 0;
}

static void link_lock_held(struct sim_pool *pool, struct sim_pool_entry *entry)
{
    entry->previous = NULL;
    entry->next = pool->all;
    if (entry->next != NULL)
        entry->next->previous = entry;
    pool->all = entry;
}

static void unlink_lock_held(struct sim_pool *pool, struct sim_pool_entry *entry)
{
    if (entry->previous != NULL)
        entry->previous->next = entry->next;
    else
        pool->all = entry->next;
    if (entry->next != NULL)
        entry->next->previous = entry->previous;
    entry->previous = entry->next = NULL;
}

/* Unlinks all idle entries and returns them as a list through next_idle. */
static struct sim_pool_entry *take_all_idle(struct sim_pool *pool)
{
    struct sim_pool_entry *idle = pool->idle;

    for (struct sim_pool_entry *entry = idle; entry != NULL; entry = entry->next_idle)
        unlink_lock_held(pool, entry);
    pool->idle = NULL;
    pool->idle_count = 0;
    return idle;
}

static void free_list(struct sim_pool *pool, struct sim_pool_entry *entry)
{
    while (entry != NULL) {
        struct sim_pool_entry *next = entry->next_idle;
        pool->kind->free_entry(entry);
        entry = next;
    }
}

/* The lock may have been held by a thread that the child does not have, so it is made anew. None is
 * needed for that: a fork leaves one thread, and if the child starts others before it first comes
 * here, the callers are to serialise them (for the binding, the GIL; tests/test_fork.py). */
bool sim_pool_notice_fork(struct sim_pool *pool)
{
    struct sim_pool_entry *idle, *next;
    unsigned self = sim_process_identity();

    if (pool->owner == self)
        return false;
    (void)pthread_mutex_init(&pool->lock, NULL);
    idle = take_all_idle(pool);
    for (; idle != NULL; idle = next) {
        next = idle->next_idle;
        if (pool->kind->disarm(idle))
            pool->kind->free_entry(idle);
    }
    for (; pool->all != NULL; pool->all = pool->all->next)
        (void)pool->kind->disarm(pool->all);
    pool->generation++;
    pool->owner = self;
    return true;
}

void sim_pool_close(struct sim_pool *pool)
{
    struct sim_pool_entry *idle;

    (void)sim_pool_notice_fork(pool);
    (void)pthread_mutex_lock(&pool->lock);
    pool->generation++;
    idle = take_all_idle(pool);
    (void)pthread_mutex_unlock(&pool->lock);
    free_list(pool, idle);
}

void sim_pool_fini(struct sim_pool *pool)
{
    sim_pool_close(pool);
    (void)pthread_mutex_destroy(&pool->lock);
}

/* Cuts off the entries that have been idle for too long and returns them. */
static struct sim_pool_entry *take_aged_lock_held(struct sim_pool *pool, int64_t now_ms)
{
    struct sim_pool_entry **link = &pool->idle, *aged;
    size_t kept = 0;

    while (*link != NULL && now_ms - (*link)->idle_since_ms <= pool->kind->idle_max_ms) {
        link = &(*link)->next_idle;
        kept++;
    }
    aged = *link;
    *link = NULL;
    pool->idle_count = kept;
    for (struct sim_pool_entry *entry = aged; entry != NULL; entry = entry->next_idle)
        unlink_lock_held(pool, entry);
    return aged;
}

/* The warmest idle entry stays linked and becomes an entry in use. */
static struct sim_pool_entry *pop_idle(struct sim_pool *pool)
{
    struct sim_pool_entry *entry, *aged;

    (void)pthread_mutex_lock(&pool->lock);
    aged = take_aged_lock_held(pool, sim_clock_with_suspension_ms());
    entry = pool->idle;
    if (entry != NULL) {
        pool->idle = entry->next_idle;
        pool->idle_count--;
        entry->next_idle = NULL;
        entry->generation = pool->generation;
    }
    (void)pthread_mutex_unlock(&pool->lock);
    free_list(pool, aged);
    return entry;
}

struct sim_pool_entry *sim_pool_take(struct sim_pool *pool)
{
    struct sim_pool_entry *entry;

    (void)sim_pool_notice_fork(pool);
    while ((entry = pop_idle(pool)) != NULL && !pool->kind->is_usable(entry))
        sim_pool_give_back(pool, entry, false);
    return entry;
}

void sim_pool_add(struct sim_pool *pool, struct sim_pool_entry *entry)
{
    (void)sim_pool_notice_fork(pool);
    (void)pthread_mutex_lock(&pool->lock);
    entry->owner = pool->owner;
    entry->generation = pool->generation;
    link_lock_held(pool, entry);
    (void)pthread_mutex_unlock(&pool->lock);
}

void sim_pool_give_back(struct sim_pool *pool, struct sim_pool_entry *entry, bool is_reusable)
{
    struct sim_pool_entry *aged;

    (void)sim_pool_notice_fork(pool);
    if (entry->owner != pool->owner)
        return;
    (void)pthread_mutex_lock(&pool->lock);
    entry->idle_since_ms = sim_clock_with_suspension_ms();
    aged = take_aged_lock_held(pool, entry->idle_since_ms);
    is_reusable = is_reusable && entry->generation == pool->generation &&
                  pool->idle_count < pool->kind->most_idle;
    if (is_reusable) {
        entry->next_idle = pool->idle;
        pool->idle = entry;
        pool->idle_count++;
    }
    else
        unlink_lock_held(pool, entry);
    (void)pthread_mutex_unlock(&pool->lock);
    free_list(pool, aged);
    if (!is_reusable)
        pool->kind->free_entry(entry);
}
