/* Where an exchange goes, hop by hop: to which URL, through which proxy, with whose credentials.
 *
 * Puts the rules of redirect, moves and proxy together for one exchange. Sends nothing. */
#ifndef SIM_CORE_ROUTE_H
#define SIM_CORE_ROUTE_H

#include <stdbool.h>

#include "core/credentials.h"
#include "core/moves.h"
#include "core/proxy.h"
#include "core/redirect.h"
#include "core/status.h"
#include "core/url.h"

struct sim_route {
    struct sim_buffer url;              /* of this hop, without credentials */
    bool is_https;                      /* so is this hop */
    struct sim_proxy proxy;             /* of this hop */
    bool sends_credentials;             /* this hop takes those below along */
    struct sim_credentials credentials; /* the base URL's */

    struct sim_buffer base;   /* as given, without its credentials */
    struct sim_buffer path;   /* asked for below the base */
    struct sim_buffer target; /* of the redirect that was answered last; empty: none */
    struct sim_proxies proxies;
    struct sim_redirects redirects;

    /* What the first hop was made from: the same again needs no work. */
    struct sim_buffer given, moved; /* the base as given, and what it had moved to */
    bool is_at_start;               /* the first hop stands as it was made */
    unsigned generation; /* counts the hops that were made: another number, another hop */
};

void sim_route_init(struct sim_route *route);
void sim_route_fini(struct sim_route *route); /* legal on all zero, and twice */

/* Begins an exchange with `path` below `base`, or below what it has moved to. Reads the
 * environment's proxies, for all hops. */
enum sim_status sim_route_begin(struct sim_route *route, struct sim_moves *moves,
                                struct sim_text base, struct sim_text path,
                                struct sim_error *error) SIM_MUST_CHECK;

/* Goes on to where the hop's answer points (absolute, and as it was written; NULL: nowhere), or
 * leaves that answer as the exchange's: `*followed` says which. */
enum sim_status sim_route_redirect(struct sim_route *route, long http_status, bool is_post,
                                   const char *target, struct sim_text written, bool *followed,
                                   struct sim_error *error) SIM_MUST_CHECK;

/* The hop was answered with a success: if it was reached by permanent moves alone, `moves` is told.
 * Not before, since an answer may point anywhere on its site, also where nobody answers. */
void sim_route_arrive(const struct sim_route *route, struct sim_moves *moves);

/* Why the redirect with which the exchange ended was not followed; NULL where there is none.
 * `*host` is where it points, empty where no host can be made out. */
const char *sim_route_refusal(const struct sim_route *route, struct sim_text *host);

#endif
