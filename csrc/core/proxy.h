/* Which proxy the environment names for a URL, by the rules that requests has.
 *
 * Reads the environment when told to and nothing else: the caller sees to it that
 * nobody changes the environment meanwhile. Choosing needs no environment any more. */
#ifndef SIM_CORE_PROXY_H
#define SIM_CORE_PROXY_H

#include "core/buffer.h"
#include "core/credentials.h"
#include "core/status.h"
#include "core/url.h"

/* What the environment says: of each the variable's text, "" for none. */
struct sim_proxies {
    struct sim_buffer http, https; /* by the URL's scheme */
    struct sim_buffer exempt;      /* no_proxy */
    bool have_changed;             /* the last reading differed from the one before */
};

struct sim_proxy {
    struct sim_buffer url; /* "" for a direct connection; with a port, without credentials */
    struct sim_credentials credentials;
};

void sim_proxies_init(struct sim_proxies *proxies);
void sim_proxies_fini(struct sim_proxies *proxies); /* legal on all zero, and twice */
void sim_proxy_init(struct sim_proxy *proxy);
void sim_proxy_fini(struct sim_proxy *proxy); /* legal on all zero, and twice */

/* Reads http_proxy and https_proxy, else all_proxy, and no_proxy. Lower case goes before upper
 * case; HTTP_PROXY is ignored in a CGI program, where REQUEST_METHOD is set.*/
enum sim_status sim_proxies_read(struct sim_proxies *proxies) SIM_MUST_CHECK;

/* Chooses for `url`. No proxy for what no_proxy exempts: "*" alone is everything; hosts
 * and host:port, with all their subdomains; IPv4 addresses and networks (10.0.0.0/8). A proxy
 * without a scheme is an http one. SIM_NOT_SENT, with a message without its credentials, for a
 * proxy that is no URL, or of another scheme than http, https, socks4, socks4a, socks5, socks5h. */
enum sim_status sim_proxies_choose(const struct sim_proxies *proxies, const struct sim_url *url,
                                   struct sim_proxy *proxy, struct sim_error *error) SIM_MUST_CHECK;

#endif
