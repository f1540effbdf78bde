#include "core/proxy.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/environment.h"

enum {
    HOST_SIZE = 256 /* a host name has at most 253 characters */
};

/* The schemes of proxies, each with the port that is meant where the URL names none. */
static const struct {
    const char *name;
    unsigned port;
} schemes[] = {
    {"http", 80},      {"https", 443},   {"socks4", 1080},
    {"socks4a", 1080}, {"socks5", 1080}, {"socks5h", 1080},
};

void sim_proxies_init(struct sim_proxies *proxies)
{
    sim_buffer_init(&proxies->http, SIZE_MAX);
    sim_buffer_init(&proxies->https, SIZE_MAX);
    sim_buffer_init(&proxies->exempt, SIZE_MAX);
}

void sim_proxies_fini(struct sim_proxies *proxies)
{
    sim_buffer_fini(&proxies->http);
    sim_buffer_fini(&proxies->https);
    sim_buffer_fini(&proxies->exempt);
}

void sim_proxy_init(struct sim_proxy *proxy)
{
    sim_buffer_init(&proxy->url, SIZE_MAX);
    sim_credentials_init(&proxy->credentials);
}

void sim_proxy_fini(struct sim_proxy *proxy)
{
    sim_buffer_fini(&proxy->url);
    sim_credentials_fini(&proxy->credentials);
}

/* ---- the environment ---- */

/* Where the variables stand in what is found. */
enum { HTTP, HTTPS, ALL, NO, PER_CASE, REQUEST_METHOD = 2 * PER_CASE, VARIABLES };

static const char *const variables[VARIABLES] = {
    [HTTP] = "http_proxy",
    [HTTPS] = "https_proxy",
    [ALL] = "all_proxy",
    [NO] = "no_proxy",
    [PER_CASE + HTTP] = "HTTP_PROXY",
    [PER_CASE + HTTPS] = "HTTPS_PROXY",
    [PER_CASE + ALL] = "ALL_PROXY",
    [PER_CASE + NO] = "NO_PROXY",
    [REQUEST_METHOD] = "REQUEST_METHOD",
};

/* The variable in lower case, which counts even when empty, else in upper case. */
static const char *either_case(const char *const *values, int which)
{
    return values[which] != NULL ? values[which] : values[PER_CASE + which];
}

static bool is_empty(const char *value)
{
    return value == NULL || *value == '\0';
}

static const char *proxy_of(const char *const *values, int which)
{
    const char *value = either_case(values, which);

    return is_empty(value) ? either_case(values, ALL) : value;
}

static enum sim_status keep(struct sim_proxies *proxies, struct sim_buffer *out, const char *value)
{
    if (value == NULL)
        value = "";
    if (out->data != NULL && strcmp(out->data, value) == 0)
        return SIM_OK;
    proxies->have_changed = true;
    sim_buffer_clear(out);
    return sim_buffer_append_text(out, value);
}

enum sim_status sim_proxies_read(struct sim_proxies *proxies)
{
    const char *values[VARIABLES], *exempt;
    enum sim_status status;

    proxies->have_changed = false;
    sim_environment_find(variables, VARIABLES, values);
    /* In a CGI program HTTP_PROXY is the client's "Proxy:" header. */
    if (values[REQUEST_METHOD] != NULL)
        values[PER_CASE + HTTP] = NULL;
    /* Unlike a proxy's variable, an empty one here does not hide the other. */
    exempt = is_empty(values[NO]) ? values[PER_CASE + NO] : values[NO];
    status = keep(proxies, &proxies->http, proxy_of(values, HTTP));
    if (status == SIM_OK)
        status = keep(proxies, &proxies->https, proxy_of(values, HTTPS));
    return status == SIM_OK ? keep(proxies, &proxies->exempt, exempt) : status;
}

/* ---- no_proxy ---- */

/* True for an IPv4 `address` in "network/bits". */
static bool is_in_network(struct in_addr address, const char *entry)
{
    char base_text[INET_ADDRSTRLEN];
    const char *slash = strchr(entry, '/');
    size_t length = slash != NULL ? (size_t)(slash - entry) : sizeof base_text;
    struct in_addr base;
    char *end = NULL;
    long bits;

    if (length >= sizeof base_text || !isdigit((unsigned char)slash[1]))
        return false;
    memcpy(base_text, entry, length);
    base_text[length] = '\0';
    bits = strtol(slash + 1, &end, 10);
    if (*end != '\0' || bits < 1 || bits > 32 || inet_aton(base_text, &base) == 0)
        return false;
    return (ntohl(address.s_addr ^ base.s_addr) >> (32 - bits)) == 0;
}

/* True for the domain itself, and for names below it. */
static bool is_in_domain(const char *name, const char *domain)
{
    struct sim_text whole = sim_text_of(name), end = sim_text_of(domain);

    while (end.length > 0 && end.data[0] == '.')
        end = sim_text_skip(end, 1);
    return end.length > 0 && sim_text_ends_nocase(whole, end) &&
           (end.length == whole.length || name[whole.length - end.length - 1] == '.');
}

/* One entry against the host, alone and with the port that the URL names. */
static bool entry_matches(const char *entry, const char *host, const char *host_and_port)
{
    struct in_addr address;

    if (inet_aton(host, &address) != 0) /* urllib matches an address as if it were a name, too */
        return is_in_network(address, entry) || is_in_domain(host, entry);
    return is_in_domain(host, entry) || is_in_domain(host_and_port, entry);
}

static bool is_exempt(const char *list, const struct sim_url *url)
{
    char host[HOST_SIZE], host_and_port[HOST_SIZE + 8], entry[HOST_SIZE + 8];

    if (strcmp(list, "*") == 0)
        return true;
    if (url->host.length >= sizeof host)
        return false;
    memcpy(host, url->host.data, url->host.length);
    host[url->host.length] = '\0';
    (void)snprintf(host_and_port, sizeof host_and_port, "%s:%u", host, url->port);
    if (!url->has_port)
        host_and_port[url->host.length] = '\0';
    while (*list != '\0') {
        size_t length = strcspn(list, ","), kept = 0;
        for (size_t i = 0; i < length && kept < sizeof entry; i++)
            if (!sim_text_is_blank(list[i]))
                entry[kept++] = list[i];
        list += length + (list[length] == ',');
        if (kept == 0 || kept == sizeof entry) /* longer than any host */
            continue;
        entry[kept] = '\0';
        if (entry_matches(entry, host, host_and_port))
            return true;
    }
    return false;
}

/* ---- the choice ---- */

static enum sim_status append_url(struct sim_buffer *out, const char *scheme, unsigned port,
                                  struct sim_text host)
{
    bool is_ipv6 = memchr(host.data, ':', host.length) != NULL;
    char end[16];
    enum sim_status status = sim_buffer_append_text(out, scheme);

    (void)snprintf(end, sizeof end, "%s:%u", is_ipv6 ? "]" : "", port);
    if (status == SIM_OK)
        status = sim_buffer_append_text(out, is_ipv6 ? "://[" : "://");
    if (status == SIM_OK)
        status = sim_buffer_append(out, host.data, host.length);
    return status == SIM_OK ? sim_buffer_append_text(out, end) : status;
}

/* Takes the variable's text apart. */
static enum sim_status parse(const char *text, struct sim_proxy *proxy, struct sim_error *error)
{
    const char *mark = strstr(text, "://");
    struct sim_text scheme = sim_text_of("http"), rest = sim_text_of(text);
    struct sim_url url;
    enum sim_status status;

    if (mark != NULL) {
        scheme = (struct sim_text){text, (size_t)(mark - text)};
        rest = sim_text_of(mark + 3);
    }
    status = sim_url_parse_schemeless(rest, &url, error);
    if (status == SIM_OK)
        status = sim_credentials_take(&proxy->credentials, &url, error);
    if (status != SIM_OK)
        return status;
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (!sim_text_equals_nocase(scheme, sim_text_of(schemes[i].name)))
            continue;
        status = append_url(&proxy->url, schemes[i].name, url.has_port ? url.port : schemes[i].port,
                            url.host);
        return status == SIM_OK ? SIM_OK : sim_fail_no_memory(error, "a URL");
    }
    return sim_fail(error, SIM_BAD_INPUT,
                    "the URL must begin with http://, https://, socks4://, socks4a://, socks5:// "
                    "or socks5h://");
}

enum sim_status sim_proxies_choose(const struct sim_proxies *proxies, const struct sim_url *url,
                                   struct sim_proxy *proxy, struct sim_error *error)
{
    const char *text = url->is_https ? proxies->https.data : proxies->http.data;
    struct sim_error reason = {SIM_OK, ""};
    enum sim_status status;

    sim_buffer_clear(&proxy->url);
    proxy->credentials.are_given = false;
    if (*text == '\0' || is_exempt(proxies->exempt.data, url))
        status = sim_buffer_append_text(&proxy->url, "");
    else
        status = parse(text, proxy, &reason);
    if (status == SIM_BAD_INPUT)
        return sim_fail(error, SIM_NOT_SENT,
                        "The proxy that the environment names for %s cannot be used: %s",
                        url->is_https ? "https" : "http", reason.message);
    return status == SIM_OK ? SIM_OK : sim_fail_no_memory(error, "a URL");
}
