/* URLs: what is accepted is what libcurl takes it for, since libcurl connects to it; a path
 * segment says after escaping what it said before, and libcurl leaves it alone.
 *
 * Input: two lines, a URL and the segment. */
#include "core/url.h"

#include <curl/curl.h>
#include <strings.h>

#include "fuzz.h"

static char *part_of(CURLU *handle, CURLUPart part, unsigned flags)
{
    char *text = NULL;

    return curl_url_get(handle, part, &text, flags) == CURLUE_OK ? text : NULL;
}

/* libcurl decodes "%61" in a host, cuts an IPv6 zone off and writes numbers as addresses. Two
 * hosts that are the same text stay the same; nothing else is asked of them. */
static bool is_rewritten(struct sim_text host)
{
    bool is_numeric = host.length > 0 && host.data[0] >= '0' && host.data[0] <= '9';

    return is_numeric || memchr(host.data, '%', host.length) != NULL ||
           memchr(host.data, ':', host.length) != NULL;
}

static void check_parts(struct sim_text text, const struct sim_url *url)
{
    CURLU *handle = curl_url();
    char *string = fuzz_string(text), *host, *port, *user, *scheme;

    CHECK(handle != NULL);
    if (curl_url_set(handle, CURLUPART_URL, string, 0) == CURLUE_OK) {
        scheme = part_of(handle, CURLUPART_SCHEME, 0);
        host = part_of(handle, CURLUPART_HOST, 0);
        port = part_of(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
        user = part_of(handle, CURLUPART_USER, 0);
        CHECK(scheme != NULL && host != NULL && port != NULL);
        CHECK(strcasecmp(scheme, url->is_https ? "https" : "http") == 0);
        CHECK(strtoul(port, NULL, 10) == url->port);
        CHECK(user == NULL || url->has_credentials);
        if (!is_rewritten(url->host))
            CHECK(strlen(host) == url->host.length &&
                  strncasecmp(host, url->host.data, url->host.length) == 0);
        curl_free(scheme);
        curl_free(host);
        curl_free(port);
        curl_free(user);
    }
    curl_url_cleanup(handle);
    free(string);
}

static void check_url(struct sim_text text)
{
    struct sim_url url;
    struct sim_error error = {SIM_OK, ""};
    enum sim_status status = sim_url_parse(text, &url, &error);

    CHECK(status == SIM_OK || status == SIM_BAD_INPUT);
    CHECK((status == SIM_OK) == (error.message[0] == '\0'));
    if (status != SIM_OK)
        return;
    for (size_t i = 0; i < text.length; i++)
        CHECK((unsigned char)text.data[i] > ' ' && text.data[i] != '\\' && text.data[i] != 0x7F);
    CHECK(url.host.length > 0 && url.port >= 1 && url.port <= 65535);
    CHECK(url.path.length == 0 || url.path.data[0] == '/');
    CHECK(sim_url_is_same_origin(&url, &url));
    CHECK(sim_url_is_same_site(&url, &url) != url.has_credentials);
    check_parts(text, &url);
}

static int hex(char digit)
{
    return digit <= '9' ? digit - '0' : digit - 'A' + 10;
}

/* Decodes what came out and compares; then asks libcurl for the path of a URL with it. */
static void check_segment(struct sim_text segment)
{
    struct sim_buffer out;
    struct sim_error error = {SIM_OK, ""};
    size_t at = 0;
    CURLU *handle;
    char *path;

    sim_buffer_init(&out, SIZE_MAX);
    CHECK(sim_buffer_append_text(&out, "http://h/a/") == SIM_OK);
    if (sim_url_append_segment(&out, segment, "the segment", &error) != SIM_OK) {
        CHECK(error.status == SIM_BAD_INPUT && error.message[0] != '\0');
        sim_buffer_fini(&out);
        return;
    }
    for (size_t i = 11; i < out.length; i++, at++) {
        unsigned char decoded = (unsigned char)out.data[i];
        CHECK(at < segment.length);
        if (decoded == '%') {
            CHECK(i + 2 < out.length);
            decoded = (unsigned char)(hex(out.data[i + 1]) << 4 | hex(out.data[i + 2]));
            i += 2;
        }
        else
            CHECK(strchr("/?#&=+:@;, ", decoded) == NULL && decoded < 0x7F);
        CHECK(decoded == (unsigned char)segment.data[at]);
    }
    CHECK(at == segment.length);
    CHECK(sim_buffer_append_text(&out, "/b") == SIM_OK);
    handle = curl_url();
    CHECK(handle != NULL && curl_url_set(handle, CURLUPART_URL, out.data, 0) == CURLUE_OK);
    path = part_of(handle, CURLUPART_PATH, 0);
    CHECK(path != NULL && strcmp(path, out.data + 8) == 0);
    curl_free(path);
    curl_url_cleanup(handle);
    sim_buffer_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct sim_text url = fuzz_until(&input, '\n'), segment = fuzz_rest(&input);

    check_url(url);
    check_segment(segment);
    fuzz_free(url);
    fuzz_free(segment);
    return 0;
}
