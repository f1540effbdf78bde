#include "core/proxy.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    NAME_SIZE = 32, /* "REQUEST_METHOD" is the longest variable read here */
    HOST_SIZE = 256 /* a host name has at most 253 characters */
};

/* The variable in lower case, which counts even when empty, else in upper case. */
static const char *read_either_case(const char *lower)
{
    char upper[NAME_SIZE];
    size_t length = strlen(lower);
    const char *value = getenv(lower);

    if (value != NULL)
        return value;
    for (size_t i = 0; i <= length; i++)
        upper[i] = (char)toupper((unsigned char)lower[i]);
    /* In a CGI program HTTP_PROXY is the client's "Proxy:" header. */
    if (strcmp(upper, "HTTP_PROXY") == 0 && getenv("REQUEST_METHOD") != NULL)
        return NULL;
    return getenv(upper);
}

/* True for an IPv4 `address` in "network/bits", or in "network/mask". */
static bool is_in_network(struct in_addr address, const char *network)
{
    char base_text[INET_ADDRSTRLEN];
    struct in_addr base, mask;
    const char *slash = strchr(network, '/');
    char *end = NULL;
    long bits;

    if (slash == NULL || (size_t)(slash - network) >= sizeof base_text)
        return false;
    memcpy(base_text, network, (size_t)(slash - network));
    base_text[slash - network] = '\0';
    if (inet_pton(AF_INET, base_text, &base) != 1)
        return false;
    if (inet_pton(AF_INET, slash + 1, &mask) != 1) {
        bits = strtol(slash + 1, &end, 10);
        if (end == slash + 1 || *end != '\0' || bits < 0 || bits > 32)
            return false;
        mask.s_addr = bits == 0 ? 0 : htonl(0xFFFFFFFFU << (32 - bits));
    }
    return (address.s_addr & mask.s_addr) == (base.s_addr & mask.s_addr);
}

/* True when `name` ends in `suffix`, whose leading dots are void. The end need not be at a dot:
 * so requests has it, and a host that it exempts must not meet the proxy here. */
static bool is_in_domain(const char *name, const char *suffix)
{
    size_t name_length = strlen(name), suffix_length;

    while (*suffix == '.')
        suffix++;
    suffix_length = strlen(suffix);
    return suffix_length > 0 && suffix_length <= name_length &&
           strcasecmp(name + name_length - suffix_length, suffix) == 0;
}

/* One entry of no_proxy against the host, alone and with its port. */
static bool entry_matches(const char *entry, const char *host, const char *host_and_port)
{
    struct in_addr address;

    if (strcmp(entry, "*") == 0)
        return true;
    if (inet_pton(AF_INET, host, &address) == 1)
        return strcmp(entry, host) == 0 || strcmp(entry, host_and_port) == 0 ||
               is_in_network(address, entry);
    return is_in_domain(host, entry) || is_in_domain(host_and_port, entry);
}

static bool is_exempt(const struct sim_url *url)
{
    char host[HOST_SIZE], host_and_port[HOST_SIZE + 8], entry[HOST_SIZE];
    const char *list = getenv("no_proxy");

    /* Unlike a proxy's variable, an empty one here does not hide the other. */
    if (list == NULL || *list == '\0')
        list = getenv("NO_PROXY");
    if (list == NULL || url->host.length >= sizeof host)
        return false;
    memcpy(host, url->host.data, url->host.length);
    host[url->host.length] = '\0';
    (void)snprintf(host_and_port, sizeof host_and_port, "%s:%u", host, url->port);
    while (*list != '\0') {
        size_t length = strcspn(list, ","), kept = 0;
        for (size_t i = 0; i < length && kept < sizeof entry - 1; i++)
            if (list[i] != ' ' && list[i] != '[' && list[i] != ']')
                entry[kept++] = list[i];
        entry[kept] = '\0';
        if (kept > 0 && entry_matches(entry, host, host_and_port))
            return true;
        list += length + (list[length] == ',');
    }
    return false;
}

enum sim_status sim_proxy_for(const struct sim_url *url, struct sim_buffer *out)
{
    const char *proxy = read_either_case(url->is_https ? "https_proxy" : "http_proxy");
    enum sim_status status;

    sim_buffer_clear(out);
    if (proxy == NULL || *proxy == '\0')
        proxy = read_either_case("all_proxy");
    if (proxy == NULL || *proxy == '\0' || is_exempt(url))
        return sim_buffer_append_text(out, "");
    if (strstr(proxy, "://") == NULL) {
        status = sim_buffer_append_text(out, "http://");
        if (status != SIM_OK)
            return status;
    }
    return sim_buffer_append_text(out, proxy);
}
