#include "core/route.h"

#include <stdint.h>
#include <string.h>

void sim_route_init(struct sim_route *route)
{
    *route = (struct sim_route){0};
    sim_buffer_init(&route->url, SIZE_MAX);
    sim_buffer_init(&route->base, SIZE_MAX);
    sim_buffer_init(&route->path, SIZE_MAX);
    sim_buffer_init(&route->target, SIZE_MAX);
    sim_buffer_init(&route->given, SIZE_MAX);
    sim_buffer_init(&route->moved, SIZE_MAX);
    sim_credentials_init(&route->credentials);
    sim_proxy_init(&route->proxy);
    sim_proxies_init(&route->proxies);
    sim_redirects_init(&route->redirects);
}

void sim_route_fini(struct sim_route *route)
{
    sim_buffer_fini(&route->url);
    sim_buffer_fini(&route->base);
    sim_buffer_fini(&route->path);
    sim_buffer_fini(&route->target);
    sim_buffer_fini(&route->given);
    sim_buffer_fini(&route->moved);
    sim_credentials_fini(&route->credentials);
    sim_proxy_fini(&route->proxy);
    sim_proxies_fini(&route->proxies);
    sim_redirects_fini(&route->redirects);
}

static enum sim_status fail(struct sim_error *error, enum sim_status status)
{
    return sim_fail(error, status, "No memory for a URL");
}

/* Keeps `text`, which was parsed as `url`, without its credentials. */
static enum sim_status keep_bare(struct sim_buffer *out, struct sim_text text,
                                 const struct sim_url *url)
{
    struct sim_text rest;
    enum sim_status status;

    if (!url->has_credentials)
        return sim_buffer_set(out, text);
    rest.data = url->credentials.data + url->credentials.length + 1; /* behind the @ */
    rest.length = text.length - (size_t)(rest.data - text.data);
    text.length = (size_t)(url->credentials.data - text.data);
    status = sim_buffer_set(out, text);
    return status == SIM_OK ? sim_buffer_append(out, rest.data, rest.length) : status;
}

static enum sim_status take_base(struct sim_route *route, struct sim_text base,
                                 struct sim_error *error)
{
    struct sim_url url;
    enum sim_status status = sim_url_parse(base, &url, error);

    if (status == SIM_OK)
        status = sim_credentials_take(&route->credentials, &url, error);
    return status == SIM_OK ? keep_bare(&route->base, base, &url) : status;
}

/* Keeps where a redirect points. libcurl copies the credentials of this hop into the absolute form
 * of a relative one: they are taken out again. */
static enum sim_status take_target(struct sim_route *route, struct sim_text target)
{
    struct sim_url here, there;

    if (route->sends_credentials &&
        sim_url_parse(sim_buffer_text(&route->url), &here, NULL) == SIM_OK &&
        sim_url_parse(target, &there, NULL) == SIM_OK && sim_url_is_same_origin(&here, &there))
        return keep_bare(&route->target, target, &there);
    return sim_buffer_set(&route->target, target);
}

/* Fills in the rest of the hop to route->url: credentials and proxy. */
static enum sim_status begin_hop(struct sim_route *route, struct sim_error *error)
{
    struct sim_url url, base;
    enum sim_status status = sim_url_parse(sim_buffer_text(&route->url), &url, error);

    route->generation++;
    route->is_https = url.is_https;
    route->sends_credentials = false;
    if (status == SIM_OK && route->credentials.are_given) {
        status = sim_url_parse(sim_buffer_text(&route->base), &base, error);
        /* They go to the host that they were given for alone; with "www." it is another one. */
        route->sends_credentials = status == SIM_OK && base.host.length == url.host.length &&
                                   sim_url_is_same_site(&base, &url);
    }
    if (status != SIM_OK)
        return status;
    return sim_proxies_choose(&route->proxies, &url, &route->proxy, error);
}

/* Takes the base as it was given; `*is_known` when it is the one that was taken last. */
static enum sim_status resolve_base(struct sim_route *route, struct sim_moves *moves,
                                    struct sim_text base, bool *is_known, struct sim_error *error)
{
    struct sim_buffer *before = &route->url; /* it begins with what the base had moved to */
    size_t length = route->moved.length;
    enum sim_status status = SIM_OK;

    *is_known = route->is_at_start && sim_text_equals(sim_buffer_text(&route->given), base);
    route->is_at_start = false;
    if (!*is_known)
        status = take_base(route, base, error);
    if (status == SIM_OK && !*is_known)
        status = sim_buffer_set(&route->given, base);
    sim_buffer_clear(&route->moved);
    if (status == SIM_OK)
        status = sim_moves_resolve(moves, sim_buffer_text(&route->base), &route->moved);
    *is_known = *is_known && status == SIM_OK && route->moved.length == length &&
                memcmp(before->data, route->moved.data, length) == 0;
    return status;
}

enum sim_status sim_route_begin(struct sim_route *route, struct sim_moves *moves,
                                struct sim_text base, struct sim_text path, struct sim_error *error)
{
    bool is_known = false;
    enum sim_status status = resolve_base(route, moves, base, &is_known, error);

    route->redirects.refusal = NULL;
    if (status == SIM_OK)
        status = sim_proxies_read(&route->proxies);
    if (status == SIM_OK && is_known && !route->proxies.have_changed &&
        sim_text_equals(sim_buffer_text(&route->path), path)) {
        route->is_at_start = true;
        return SIM_OK;
    }
    if (status == SIM_OK)
        status = sim_buffer_set(&route->url, sim_buffer_text(&route->moved));
    if (status == SIM_OK)
        status = sim_buffer_append(&route->url, path.data, path.length);
    if (status == SIM_OK)
        status = sim_buffer_set(&route->path, path);
    if (status == SIM_OK)
        status = sim_redirects_begin(&route->redirects, sim_buffer_text(&route->url));
    if (status != SIM_OK)
        return fail(error, status);
    status = begin_hop(route, error);
    route->is_at_start = status == SIM_OK;
    return status;
}

enum sim_status sim_route_redirect(struct sim_route *route, long http_status, bool is_post,
                                   const char *target, struct sim_text written, bool *followed,
                                   struct sim_error *error)
{
    struct sim_redirect redirect = {
        .http_status = http_status,
        .is_post = is_post,
        .written = written,
        .from = sim_buffer_text(&route->url),
        .path = sim_buffer_text(&route->path),
    };
    enum sim_status status;

    *followed = false;
    if (target == NULL || *target == '\0')
        return SIM_OK;
    route->is_at_start = false;
    status = take_target(route, sim_text_of(target));
    redirect.target = sim_buffer_text(&route->target);
    if (status == SIM_OK)
        status = sim_redirects_decide(&route->redirects, &redirect, followed);
    if (status == SIM_OK && *followed)
        status = sim_buffer_set(&route->url, redirect.target);
    if (status != SIM_OK)
        return fail(error, status);
    return *followed ? begin_hop(route, error) : SIM_OK;
}

void sim_route_arrive(const struct sim_route *route, struct sim_moves *moves)
{
    const char *first = route->redirects.visited.data;

    if (route->redirects.hops > 0 && route->redirects.are_permanent)
        sim_moves_note(moves, sim_text_of(first), sim_buffer_text(&route->url),
                       sim_buffer_text(&route->path));
}

const char *sim_route_refusal(const struct sim_route *route, struct sim_text *host)
{
    *host = (struct sim_text){"", 0};
    if (route->redirects.refusal != NULL)
        *host = sim_url_guess_host(sim_buffer_text(&route->target));
    return route->redirects.refusal;
}
