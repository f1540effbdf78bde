/* Where the certificate authorities come from that a server's certificate is checked against.
 *
 * Looks at the environment and at files; the caller sees to it that nobody
 * changes the environment meanwhile. Must not know how they are used. */
#ifndef SIM_CORE_TRUST_H
#define SIM_CORE_TRUST_H

#include <stdbool.h>

#include "core/status.h"

/* A source, all text borrowed; no source: none was found. */
struct sim_trust {
    const char *file;      /* a file of PEM certificates, or NULL */
    const char *directory; /* a directory of hashed certificates (or several, joined by colons) */
    const char *source;    /* what named them, for messages: a variable, or a place; static text */
};

/* What the environment names: REQUESTS_CA_BUNDLE, else CURL_CA_BUNDLE (a file or a directory),
 * else SSL_CERT_FILE and SSL_CERT_DIR. Leaves `*trust` empty where none is set. SIM_NOT_SENT,
 * naming variable and path, when the named thing, or each directory of a list, does not exist or
 * cannot be reached: falling back in silence would trust others than the user asked for; `*trust`
 * has the source alone then. The text is the environment's. */
enum sim_status sim_trust_from_environment(struct sim_trust *trust,
                                           struct sim_error *error) SIM_MUST_CHECK;

/* Sorts a path into file or directory, with `source` for messages. False, `*trust` untouched,
 * when `path` is NULL, empty, or cannot be reached: then `errno` says why. */
bool sim_trust_from_path(const char *path, const char *source, struct sim_trust *trust);

/* The first bundle that exists where distributions keep theirs. */
bool sim_trust_from_usual_places(struct sim_trust *trust);

#endif
