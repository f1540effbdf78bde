/* What the core knows about URLs: their parts, how a path segment is escaped,
 * and whether two of them are the same site.
 *
 * Parsing makes views only. Must not know the API's paths. */
#ifndef SIM_CORE_URL_H
#define SIM_CORE_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"
#include "core/status.h"
#include "core/text.h"

/* An absolute http or https URL, taken apart. The pieces point into the text it was parsed from. */
struct sim_url {
    bool is_https;
    bool has_credentials;        /* user or user:password before the host */
    struct sim_text credentials; /* as written, without the @; empty where there are none */
    struct sim_text host;        /* as written; of an IPv6 literal what the brackets enclose */
    unsigned port;               /* the effective one: 80 or 443 where the URL names none */
    bool has_port;               /* the URL names it */
    struct sim_text path;        /* from its first slash; empty where there is none; no query */
    bool has_query;              /* a query or a fragment follows the path */
};

/* Takes `text` apart. SIM_BAD_INPUT, with a message that names what is wrong and repeats
 * neither credentials nor control characters, for another scheme than http and https, an empty
 * host, a port out of 1..65535, and for spaces, control characters (CR, LF, NUL, DEL...) or
 * backslashes anywhere. */
enum sim_status sim_url_parse(struct sim_text text, struct sim_url *url,
                              struct sim_error *error) SIM_MUST_CHECK;

/* The same for what stands behind the "://" of another scheme. */
enum sim_status sim_url_parse_schemeless(struct sim_text text, struct sim_url *url,
                                         struct sim_error *error) SIM_MUST_CHECK;

/* Takes the next character of `*text`, which must not be empty, off its front: a percent-encoded
 * one decoded, anything else as it is. */
int sim_url_decode(struct sim_text *text);

/* For messages: the host of a URL that sim_url_parse may refuse, such as ftp://host/; empty where
 * none can be made out, or where it has characters that no host has, or any beyond ASCII. */
struct sim_text sim_url_guess_host(struct sim_text text);

/* Appends `segment` percent-encoded as one path segment: every character but RFC 3986's
 * unreserved ones is escaped. SIM_BAD_INPUT for "", "." and "..", which no escaping makes a
 * segment, and for control characters. `name` is what the message calls it. */
enum sim_status sim_url_append_segment(struct sim_buffer *out, struct sim_text segment,
                                       const char *name, struct sim_error *error) SIM_MUST_CHECK;

/* True when a request for `from` may be sent on to `to`: the same host (letter case aside), or
 * the host with or without a leading "www.", on the same effective port; or from http on 80 to
 * https on 443 of such a host. Never from https to http, never to a URL with credentials. */
bool sim_url_is_same_site(const struct sim_url *from, const struct sim_url *to);

/* True when both name the same scheme, host (letter case aside) and effective port. */
bool sim_url_is_same_origin(const struct sim_url *one, const struct sim_url *other);

#endif
