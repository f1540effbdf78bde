/* A pool of things that one user at a time may use: idle ones are kept, up to a number.
 *
 * Owns the lists, the lock and what happens after a fork. Must not know what
 * the things are (connections, it happens); they embed an entry, and a table of
 * functions says how to treat them. */
#ifndef SIM_CORE_POOL_H
#define SIM_CORE_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_pool_entry {                     /* start from all zero */
    struct sim_pool_entry *previous, *next; /* all entries of this process */
    struct sim_pool_entry *next_idle;
    unsigned generation;   /* the pool's when it was last taken */
    unsigned owner;        /* the process that made it */
    int64_t idle_since_ms; /* by the clock that counts suspension */
};

struct sim_pool_kind {
    void (*free_entry)(struct sim_pool_entry *entry);
    bool (*is_usable)(struct sim_pool_entry *entry); /* asked of an idle one before it is used */
    /* Cuts a forked child's copy off from its parent; false: it must not even be freed. */
    bool (*disarm)(struct sim_pool_entry *entry);
    size_t most_idle;    /* more idle ones than this are freed */
    int64_t idle_max_ms; /* and so is one that was idle for longer than this */
};

struct sim_pool {
    const struct sim_pool_kind *kind;
    pthread_mutex_t lock;
    unsigned owner; /* as of sim_process_identity() */
    unsigned generation;
    struct sim_pool_entry *all, *idle; /* `idle` warmest first, so oldest last */
    size_t idle_count;
};

/* False when the system has no lock to give. */
bool sim_pool_init(struct sim_pool *pool, const struct sim_pool_kind *kind);
/* Frees the idle entries. Nobody may use the pool or an entry of it any more. */
void sim_pool_fini(struct sim_pool *pool);

/* The warmest usable idle entry, or NULL: the caller makes one and adds it. Unusable ones are
 * freed on the way. */
struct sim_pool_entry *sim_pool_take(struct sim_pool *pool);
/* Makes a new entry known, as in use. */
void sim_pool_add(struct sim_pool *pool, struct sim_pool_entry *entry);
/* Ends the use of an entry: kept when `is_reusable`, there is room, and the pool was not closed
 * since it was taken; freed otherwise. An entry that a forked child inherited in use may be in the
 * hands of a thread that the child does not have: it is left alone. */
void sim_pool_give_back(struct sim_pool *pool, struct sim_pool_entry *entry, bool is_reusable);
/* Frees the idle entries, and those in use as soon as they are given back. */
void sim_pool_close(struct sim_pool *pool);

/* Every call above does this by itself: in a forked child it disarms what the parent owns and
 * starts anew. True when this call was the one that noticed. */
bool sim_pool_notice_fork(struct sim_pool *pool);

#endif
