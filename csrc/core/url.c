#include "core/url.h"

#include <string.h>

enum {
    MOST_PORT = 65535,
    MOST_HOST = 253, /* characters that the name system allows */
};

static bool is_unsafe(unsigned char character)
{
    return character <= ' ' || character == 0x7F || character == '\\';
}

/* Digits to a port; false for none, for other characters, and out of range. */
static bool parse_port(struct sim_text text, unsigned *port)
{
    unsigned number = 0;

    if (text.length == 0)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        number = number * 10 + (unsigned)(text.data[i] - '0');
        if (number > MOST_PORT)
            return false;
    }
    *port = number;
    return number > 0;
}

/* Dots alone are the root of the DNS or no name at all: nothing listens there. */
static bool is_host(struct sim_text text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] != '.')
            return true;
    return false;
}

/* Takes "user@host:port" apart. */
static enum sim_status parse_authority(struct sim_text authority, struct sim_url *url,
                                       struct sim_error *error)
{
    struct sim_text port;
    const char *mark = NULL;

    for (size_t i = authority.length; i > 0 && mark == NULL; i--)
        if (authority.data[i - 1] == '@')
            mark = authority.data + i - 1;
    if (mark != NULL) {
        url->has_credentials = true;
        url->credentials = (struct sim_text){authority.data, (size_t)(mark - authority.data)};
        authority = sim_text_skip(authority, (size_t)(mark + 1 - authority.data));
    }
    if (authority.length > 0 && authority.data[0] == '[') {
        mark = memchr(authority.data, ']', authority.length);
        if (mark == NULL)
            return sim_fail(error, SIM_BAD_INPUT, "the URL's IPv6 address has no closing bracket");
        url->host = (struct sim_text){authority.data + 1, (size_t)(mark - authority.data) - 1};
        port = sim_text_skip(authority, url->host.length + 2);
    }
    else {
        mark = memchr(authority.data, ':', authority.length);
        url->host = authority;
        if (mark != NULL)
            url->host.length = (size_t)(mark - authority.data);
        port = sim_text_skip(authority, url->host.length);
    }
    if (!is_host(url->host))
        return sim_fail(error, SIM_BAD_INPUT, "the URL has no host");
    url->port = url->is_https ? 443 : 80;
    url->has_port = port.length > 0;
    if (port.length > 0 && (port.data[0] != ':' || !parse_port(sim_text_skip(port, 1), &url->port)))
        return sim_fail(error, SIM_BAD_INPUT, "the URL's port must be a number from 1 to %d",
                        (int)MOST_PORT);
    return SIM_OK;
}

static enum sim_status check_characters(struct sim_text text, struct sim_error *error)
{
    for (size_t i = 0; i < text.length; i++)
        if (is_unsafe((unsigned char)text.data[i]))
            return sim_fail(
                error, SIM_BAD_INPUT,
                "the URL has a space, a backslash or a control character at position %zu", i);
    return SIM_OK;
}

/* Takes what follows the scheme apart. */
static enum sim_status parse_rest(struct sim_text rest, struct sim_url *url,
                                  struct sim_error *error)
{
    size_t length = 0;

    while (length < rest.length && strchr("/?#", rest.data[length]) == NULL)
        length++;
    url->path = sim_text_skip(rest, length);
    for (size_t i = 0; i < url->path.length; i++) {
        if (url->path.data[i] == '?' || url->path.data[i] == '#') {
            url->has_query = true;
            url->path.length = i;
        }
    }
    return parse_authority((struct sim_text){rest.data, length}, url, error);
}

enum sim_status sim_url_parse(struct sim_text text, struct sim_url *url, struct sim_error *error)
{
    enum sim_status status = check_characters(text, error);

    *url = (struct sim_url){.is_https = sim_text_starts_nocase(text, sim_text_of("https://"))};
    if (status != SIM_OK)
        return status;
    if (!url->is_https && !sim_text_starts_nocase(text, sim_text_of("http://")))
        return sim_fail(error, SIM_BAD_INPUT,
                        "the URL must begin with http:// or https://, and name a host");
    return parse_rest(sim_text_skip(text, url->is_https ? 8 : 7), url, error);
}

enum sim_status sim_url_parse_schemeless(struct sim_text text, struct sim_url *url,
                                         struct sim_error *error)
{
    enum sim_status status = check_characters(text, error);

    *url = (struct sim_url){0};
    return status == SIM_OK ? parse_rest(text, url, error) : status;
}

/* Bytes beyond may be characters that a terminal obeys, or that turn the text around them. */
static bool is_ascii(struct sim_text text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.data[i] >= 0x80)
            return false;
    return true;
}

struct sim_text sim_url_guess_host(struct sim_text text)
{
    struct sim_url url = {0};
    size_t start = 0;

    while (start < text.length &&
           !sim_text_starts_nocase(sim_text_skip(text, start), sim_text_of("://")))
        start++;
    /* What is wrong with the port is found after the host: the status is of no interest. */
    if (start < text.length)
        (void)!sim_url_parse_schemeless(sim_text_skip(text, start + 3), &url, NULL);
    if (url.host.length == 0 || url.host.length > MOST_HOST || !is_ascii(url.host))
        return (struct sim_text){"", 0};
    return url.host;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit = (char)(digit | 0x20);
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

int sim_url_decode(struct sim_text *text)
{
    int character = (unsigned char)text->data[0], high, low;
    size_t length = 1;

    if (character == '%' && text->length >= 3 && (high = hex_value(text->data[1])) >= 0 &&
        (low = hex_value(text->data[2])) >= 0) {
        character = high * 16 + low;
        length = 3;
    }
    *text = sim_text_skip(*text, length);
    return character;
}

static bool is_unreserved(unsigned char character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '-' || character == '.' ||
           character == '_' || character == '~';
}

enum sim_status sim_url_append_segment(struct sim_buffer *out, struct sim_text segment,
                                       const char *name, struct sim_error *error)
{
    static const char digits[] = "0123456789ABCDEF";
    enum sim_status status = SIM_OK;

    if (segment.length == 0)
        return sim_fail(error, SIM_BAD_INPUT, "%s must not be empty", name);
    if (segment.data[0] == '.' &&
        (segment.length == 1 || (segment.length == 2 && segment.data[1] == '.')))
        return sim_fail(error, SIM_BAD_INPUT, "%s must not be \".\" or \"..\"", name);
    for (size_t i = 0; i < segment.length; i++)
        if ((unsigned char)segment.data[i] < ' ' || segment.data[i] == 0x7F)
            return sim_fail(error, SIM_BAD_INPUT, "%s has a control character at position %zu",
                            name, i);
    for (size_t i = 0, plain; i < segment.length && status == SIM_OK; i += plain) {
        unsigned char character = (unsigned char)segment.data[i];
        for (plain = 0; i + plain < segment.length; plain++)
            if (!is_unreserved((unsigned char)segment.data[i + plain]))
                break;
        if (plain > 0) {
            status = sim_buffer_append(out, segment.data + i, plain);
            continue;
        }
        plain = 1;
        status = sim_buffer_append(
            out, (const char[]){'%', digits[character >> 4], digits[character & 15]}, 3);
    }
    return status == SIM_OK ? SIM_OK : sim_fail(error, status, "No memory for a URL");
}

bool sim_url_is_same_origin(const struct sim_url *one, const struct sim_url *other)
{
    return one->is_https == other->is_https && one->port == other->port &&
           sim_text_equals_nocase(one->host, other->host);
}

/* A host whose last label begins with a digit is taken for an IPv4 address, in one spelling or the
 * other ("2" is 0.0.0.2); no name ends so. */
static bool is_ipv4(struct sim_text host)
{
    size_t start;

    if (host.length > 0 && host.data[host.length - 1] == '.')
        host.length--;
    for (start = host.length; start > 0 && host.data[start - 1] != '.'; start--)
        continue;
    return start < host.length && host.data[start] >= '0' && host.data[start] <= '9';
}

/* Only names have one. */
static struct sim_text without_www(struct sim_text host)
{
    return sim_text_starts_nocase(host, sim_text_of("www.")) && !is_ipv4(host)
               ? sim_text_skip(host, 4)
               : host;
}

bool sim_url_is_same_site(const struct sim_url *from, const struct sim_url *to)
{
    bool is_upgrade = !from->is_https && from->port == 80 && to->is_https && to->port == 443;

    if (to->has_credentials || (from->is_https && !to->is_https))
        return false;
    return (from->port == to->port || is_upgrade) &&
           sim_text_equals_nocase(without_www(from->host), without_www(to->host));
}
