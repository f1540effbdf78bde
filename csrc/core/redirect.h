/* Which redirects are followed.
 *
 * A rule, and the memory of one exchange: where it has been. Sends nothing. */
#ifndef SIM_CORE_REDIRECT_H
#define SIM_CORE_REDIRECT_H

#include <stdbool.h>

#include "core/buffer.h"
#include "core/status.h"
#include "core/url.h"

/* As many as requests follows. */
enum { SIM_REDIRECT_MOST = 30 };

struct sim_redirects {
    struct sim_buffer visited; /* every URL asked so far, each followed by a NUL */
    unsigned hops;             /* redirects followed */
    bool are_permanent;        /* every hop so far was a 301 or a 308 */
    const char *refusal; /* why the last redirect was not followed; NULL: it was, or is none */
};

void sim_redirects_init(struct sim_redirects *redirects);
void sim_redirects_fini(struct sim_redirects *redirects); /* legal on all zero, and twice */

/* Begins an exchange at `url`. */
enum sim_status sim_redirects_begin(struct sim_redirects *redirects,
                                    struct sim_text url) SIM_MUST_CHECK;

/* A redirect as it stands before the decision. */
struct sim_redirect {
    long http_status;
    bool is_post;
    struct sim_text from;    /* the URL that answered */
    struct sim_text target;  /* where it points, absolute */
    struct sim_text written; /* its Location field, as the server wrote it */
    struct sim_text path;    /* the path asked for below the base URL */
};

/* Decides. Followed is what stays on the same site (sim_url_is_same_site) within
 * SIM_REDIRECT_MOST hops. A POST is sent again only on 301, 302, 307 and 308, only when the
 * target's path ends with the path asked for (a moved origin or prefix), to one other prefix at
 * most, and never to a URL where this exchange has been, nor back to an origin: a server can answer
 * with any redirect after it has done what was asked, and following that would do it twice. Where
 * dot segments leave in doubt which place is meant, it is not sent either. What newer libcurls
 * leave out of the target is looked for in the Location. On true the target has been noted as
 * visited; `refusal` is set. SIM_NO_MEMORY is the only failure. */
enum sim_status sim_redirects_decide(struct sim_redirects *redirects,
                                     const struct sim_redirect *redirect,
                                     bool *follow) SIM_MUST_CHECK;

#endif
