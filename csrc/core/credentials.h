/* The user and the password that may stand before the host of a URL.
 *
 * Decoded copies, so that the URL itself can be passed on and shown without them. */
#ifndef SIM_CORE_CREDENTIALS_H
#define SIM_CORE_CREDENTIALS_H

#include <stdbool.h>

#include "core/buffer.h"
#include "core/status.h"
#include "core/url.h"

struct sim_credentials {
    bool are_given;
    struct sim_buffer user, password; /* "" where the URL has none */
};

void sim_credentials_init(struct sim_credentials *credentials);
void sim_credentials_fini(struct sim_credentials *credentials); /* legal on all zero, and twice */

/* Takes those of a parsed URL, percent-decoded. SIM_BAD_INPUT for a %00, which nothing carries. */
enum sim_status sim_credentials_take(struct sim_credentials *credentials, const struct sim_url *url,
                                     struct sim_error *error) SIM_MUST_CHECK;

#endif
