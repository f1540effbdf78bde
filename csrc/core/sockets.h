/* The sockets of one connection cache, so that they can be looked at, kept from resets, disarmed.
 *
 * libcurl owns the sockets; this set only knows which are open. Must not know
 * what is spoken on them. */
#ifndef SIM_CORE_SOCKETS_H
#define SIM_CORE_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/resets.h"
#include "core/status.h" /* SIM_MUST_CHECK */

/* A cache holds a few connections, and connecting opens one socket per address that is tried. */
enum { SIM_SOCKETS_MOST = 16 };

struct sim_socket {
    int descriptor;
    dev_t device; /* which file the descriptor's number stood for */
    ino_t inode;
    bool is_talkative; /* see sim_sockets_let_talk() */
    struct sim_resets resets;
};

struct sim_sockets { /* start from all zero */
    struct sim_socket open[SIM_SOCKETS_MOST];
    size_t count;
    long port_in_use; /* the own port of the one that a transfer uses; 0: not known */
};

/* False when the set is full, and for what is no descriptor: it must not be used then. */
bool sim_sockets_add(struct sim_sockets *sockets, int descriptor) SIM_MUST_CHECK;
void sim_sockets_remove(struct sim_sockets *sockets, int descriptor);

/* Bytes that wait on this socket are no reason to give it up: on HTTP/2 an answer names its
 * request, and servers send frames of their own between answers. An end of file still is one. */
void sim_sockets_let_talk(struct sim_sockets *sockets, int descriptor);

/* True when the one that a transfer uses, which is known by its own port, may talk. */
bool sim_sockets_may_talk(const struct sim_sockets *sockets, long port);

/* sim_resets_hold() for the one that a transfer uses; sim_resets_keep_held() and
 * sim_resets_let_through() for each of them. */
void sim_sockets_hold_resets(struct sim_sockets *sockets, long port);
void sim_sockets_keep_resets_held(struct sim_sockets *sockets);
void sim_sockets_let_resets_through(struct sim_sockets *sockets, bool may_send, int64_t active_ms);

/* True when one of them may have been reset without knowing it. */
bool sim_sockets_are_in_doubt(struct sim_sockets *sockets);

/* True when the other side of one of them has hung up. */
bool sim_sockets_are_at_end(const struct sim_sockets *sockets);

/* Waits until the one whose resets were held last has something to read, or so long, or for a
 * signal. */
void sim_sockets_wait(const struct sim_sockets *sockets, int limit_ms);

/* True when no socket of an idle cache has unexpected bytes, an end of file or an error waiting,
 * nor may have been reset. Bytes that nobody asked for would be taken for the next answer (a 408
 * sent to an idle connection, say); the others mean that the server has hung up. */
bool sim_sockets_are_quiet(struct sim_sockets *sockets);

/* In a forked child: makes every descriptor refer to /dev/null, so that whatever is written or
 * closed through it no longer reaches the parent's connections. False when that failed, and when
 * the child has closed descriptors, whose numbers may stand for files of its own by now: those are
 * left alone. The cache must then never be touched again. */
bool sim_sockets_disarm(struct sim_sockets *sockets) SIM_MUST_CHECK;

#endif
