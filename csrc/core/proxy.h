/* Which proxy the environment names for a URL, by the rules that requests has.
 *
 * Reads the environment at each call and nothing else: the caller sees to it
 * that nobody changes the environment meanwhile. */
#ifndef SIM_CORE_PROXY_H
#define SIM_CORE_PROXY_H

#include "core/buffer.h"
#include "core/status.h"
#include "core/url.h"

/* Writes the proxy's URL to `out` ("" for a direct connection): http_proxy or https_proxy by the
 * URL's scheme, else all_proxy; lower case goes before upper case, HTTP_PROXY is ignored in a
 * CGI program (REQUEST_METHOD is set), a proxy without a scheme is an http one. no_proxy: "*",
 * host names with all their subdomains, host:port, IPv4 addresses and networks (10.0.0.0/8). */
enum sim_status sim_proxy_for(const struct sim_url *url, struct sim_buffer *out) SIM_MUST_CHECK;

#endif
