#include "core/redirect.h"

#include <stdint.h>
#include <string.h>

void sim_redirects_init(struct sim_redirects *redirects)
{
    *redirects = (struct sim_redirects){0};
    sim_buffer_init(&redirects->visited, SIZE_MAX);
}

void sim_redirects_fini(struct sim_redirects *redirects)
{
    sim_buffer_fini(&redirects->visited);
}

static enum sim_status note_visited(struct sim_redirects *redirects, struct sim_text url)
{
    enum sim_status status = sim_buffer_append(&redirects->visited, url.data, url.length);

    return status == SIM_OK ? sim_buffer_append_char(&redirects->visited, '\0') : status;
}

enum sim_status sim_redirects_begin(struct sim_redirects *redirects, struct sim_text url)
{
    sim_buffer_clear(&redirects->visited);
    redirects->hops = 0;
    redirects->are_permanent = true;
    return note_visited(redirects, url);
}

/* Takes the next character of a path: decoded, and a row of slashes as one. */
static int next_character(struct sim_text *path)
{
    struct sim_text rest;
    int character;

    if (path->length == 0)
        return -1;
    character = sim_url_decode(path);
    rest = *path;
    while (character == '/' && rest.length > 0 && sim_url_decode(&rest) == '/')
        *path = rest;
    return character;
}

/* True for a path with a segment "." or "..", however encoded. libcurl resolves plain ones, and
 * servers the others. */
static bool has_dot_segment(struct sim_text path)
{
    size_t dots = 0, others = 0;
    int character;

    do {
        character = next_character(&path);
        if (character == '/' || character < 0) {
            if (others == 0 && (dots == 1 || dots == 2))
                return true;
            dots = others = 0;
        }
        else if (character == '.')
            dots++;
        else
            others++;
    } while (character >= 0);
    return false;
}

/* True for paths without dot segments that a server may take for one. */
static bool is_same_path(struct sim_text one, struct sim_text other)
{
    int character;

    do {
        character = next_character(&one);
        if (character != next_character(&other))
            return false;
    } while (character >= 0);
    return true;
}

/* True for a place where a POST has been, and for any on an origin that it has been sent away from.
 * Compared as parsed, so that another spelling of the host, the port or the path is the same
 * place. */
static bool was_visited(const struct sim_redirects *redirects, const struct sim_url *from,
                        const struct sim_url *url)
{
    bool is_elsewhere = !sim_url_is_same_origin(from, url);
    size_t at = 0;

    while (at < redirects->visited.length) {
        struct sim_text text = sim_text_of(redirects->visited.data + at);
        struct sim_url seen;
        if (sim_url_parse(text, &seen, NULL) == SIM_OK && sim_url_is_same_origin(&seen, url) &&
            (is_elsewhere || is_same_path(seen.path, url->path)))
            return true;
        at += text.length + 1;
    }
    return false;
}

/* True when the exchange has come to another path than the one where it began. */
static bool has_moved_path(const struct sim_redirects *redirects, const struct sim_url *from)
{
    struct sim_url first;

    return sim_url_parse(sim_text_of(redirects->visited.data), &first, NULL) != SIM_OK ||
           !is_same_path(first.path, from->path);
}

static bool ends_with(struct sim_text text, struct sim_text suffix)
{
    return text.length >= suffix.length &&
           memcmp(text.data + text.length - suffix.length, suffix.data, suffix.length) == 0;
}

/* What stands between the two slashes and the path of a URL, absolute or without its scheme. */
static struct sim_text authority_of(struct sim_text written)
{
    const struct sim_text none = {"", 0};
    size_t start = 0, end;

    while (start < written.length && strchr("/\\?#", written.data[start]) == NULL)
        start++; /* the scheme */
    if ((start > 0 && written.data[start - 1] != ':') || written.length - start < 2 ||
        written.data[start] != '/' || written.data[start + 1] != '/')
        return none;
    written = sim_text_skip(written, start + 2);
    for (end = 0; end < written.length && strchr("/?#", written.data[end]) == NULL; end++)
        continue;
    written.length = end;
    return written;
}

/* True for a Location that names a user, or has a backslash there, which browsers take for a slash:
 * who reads it may see another host than libcurl does. */
static bool is_misleading(struct sim_text written)
{
    struct sim_text authority = authority_of(written);

    return authority.length > 0 && (memchr(authority.data, '@', authority.length) != NULL ||
                                    memchr(authority.data, '\\', authority.length) != NULL);
}

static bool has_escaped_dot(struct sim_text written)
{
    for (; written.length > 0; written = sim_text_skip(written, 1))
        if (sim_text_starts_nocase(written, sim_text_of("%2e")))
            return true;
    return false;
}

static bool is_permanent(long http_status)
{
    return http_status == 301 || http_status == 308;
}

static bool is_redirect(long http_status, bool is_post)
{
    return is_permanent(http_status) || http_status == 302 || http_status == 307 ||
           (http_status == 303 && !is_post);
}

/* Why a POST is not sent again to a place on the same site; NULL: it is. */
static const char *refuse_post(const struct sim_redirects *redirects,
                               const struct sim_redirect *redirect, const struct sim_url *from,
                               const struct sim_url *target)
{
    if (!ends_with(target->path, redirect->path) || target->has_query)
        return "a POST is repeated only at the same path";
    if (has_dot_segment(from->path) || has_dot_segment(target->path) ||
        has_escaped_dot(redirect->written))
        return "its path has dot segments, which servers read differently";
    if (has_moved_path(redirects, from) && !is_same_path(from->path, target->path))
        return "the path of a POST moves only once";
    return was_visited(redirects, from, target) ? "a POST has been sent there" : NULL;
}

/* Why the redirect is not followed; NULL: it is. */
static const char *refuse(const struct sim_redirects *redirects,
                          const struct sim_redirect *redirect)
{
    struct sim_url from, target;

    if (!is_redirect(redirect->http_status, false))
        return "only 301, 302, 303, 307 and 308 are";
    if (!is_redirect(redirect->http_status, redirect->is_post))
        return "a POST would become a GET";
    if (redirects->hops >= SIM_REDIRECT_MOST)
        return "there were too many redirects before it";
    if (is_misleading(redirect->written))
        return "its Location can be read in two ways";
    if (sim_url_parse(redirect->from, &from, NULL) != SIM_OK ||
        sim_url_parse(redirect->target, &target, NULL) != SIM_OK)
        return "it is not an http or https URL";
    if (from.is_https && !target.is_https)
        return "it leads from https to http";
    if (!sim_url_is_same_site(&from, &target))
        return "it leads to another site";
    return redirect->is_post ? refuse_post(redirects, redirect, &from, &target) : NULL;
}

enum sim_status sim_redirects_decide(struct sim_redirects *redirects,
                                     const struct sim_redirect *redirect, bool *follow)
{
    enum sim_status status;

    *follow = false;
    redirects->refusal = refuse(redirects, redirect);
    if (redirects->refusal != NULL)
        return SIM_OK;
    status = note_visited(redirects, redirect->target);
    if (status != SIM_OK)
        return status;
    redirects->hops++;
    redirects->are_permanent = redirects->are_permanent && is_permanent(redirect->http_status);
    *follow = true;
    return SIM_OK;
}
