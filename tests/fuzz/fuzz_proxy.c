/* Proxies: what is chosen is "" or a URL without credentials that libcurl takes for what the
 * variable says, a refusal does not show the credentials, and an exempt host meets no proxy.
 *
 * Input: a line with the URL, then one line for each variable in `names`; "=" is an empty one. */
#include "core/proxy.h"

#include <ctype.h>
#include <curl/curl.h>
#include <strings.h>

#include "fuzz.h"

static const char *const names[] = {"http_proxy",  "HTTP_PROXY", "https_proxy",
                                    "HTTPS_PROXY", "all_proxy",  "ALL_PROXY",
                                    "no_proxy",    "NO_PROXY",   "REQUEST_METHOD"};
enum { NAMES = sizeof names / sizeof *names, NO_PROXY = 6 };
enum { LONG_SECRET = 16 }; /* bytes that stand in no message by chance */

/* Whether an entry of the list, blanks aside, is `wanted` itself. */
static bool lists(const char *list, const char *wanted)
{
    size_t length;

    for (; list != NULL && *list != '\0'; list += length + (list[length] == ',')) {
        const char *left = wanted;
        length = strcspn(list, ",");
        for (size_t i = 0; i < length && left != NULL; i++)
            if (list[i] != ' ')
                left = *left == list[i] ? left + 1 : NULL;
        if (left != NULL && *left == '\0')
            return true;
    }
    return false;
}

static bool contains(const char *text, struct sim_text part)
{
    return memmem(text, strlen(text), part.data, part.length) != NULL;
}

/* What stands before the last @ of the authority; no data where there is none. */
static struct sim_text secret_of(const char *value)
{
    const char *start = strstr(value, "://"), *end;

    start = start != NULL ? start + 3 : value;
    end = memrchr(start, '@', strcspn(start, "/?#"));
    return end != NULL ? (struct sim_text){start, (size_t)(end - start)}
                       : (struct sim_text){NULL, 0};
}

static void check_chosen(const struct sim_proxy *proxy, const char *value)
{
    CURLU *handle = curl_url();
    char *host = NULL, *user = NULL;

    CHECK(strchr(proxy->url.data, '@') == NULL);
    CHECK(strncmp(proxy->url.data, "http", 4) == 0 || strncmp(proxy->url.data, "socks", 5) == 0);
    if (curl_url_set(handle, CURLUPART_URL, proxy->url.data, CURLU_NON_SUPPORT_SCHEME) ==
        CURLUE_OK) {
        CHECK(curl_url_get(handle, CURLUPART_HOST, &host, 0) == CURLUE_OK);
        CHECK(curl_url_get(handle, CURLUPART_USER, &user, 0) == CURLUE_NO_USER);
        curl_free(host);
    }
    curl_url_cleanup(handle);
    CHECK(proxy->credentials.are_given == (secret_of(value).data != NULL));
}

static void check(const struct sim_url *url, const struct sim_proxies *proxies, char *const *values)
{
    const char *value = url->is_https ? proxies->https.data : proxies->http.data;
    const char *list = values[NO_PROXY] != NULL && *values[NO_PROXY] != '\0' ? values[NO_PROXY]
                                                                             : values[NO_PROXY + 1];
    char *host = fuzz_string(url->host);
    struct sim_proxy proxy;
    struct sim_error error = {SIM_OK, ""};
    enum sim_status status;

    for (char *letter = host; *letter != '\0'; letter++)
        *letter = (char)tolower((unsigned char)*letter);
    sim_proxy_init(&proxy);
    status = sim_proxies_choose(proxies, url, &proxy, &error);
    CHECK(status == SIM_OK || status == SIM_NOT_SENT);
    if (status == SIM_NOT_SENT) {
        struct sim_text secret = secret_of(value);
        CHECK(error.message[0] != '\0');
        CHECK(secret.length < LONG_SECRET || !contains(error.message, secret));
    }
    else if (proxy.url.length > 0)
        check_chosen(&proxy, value);
    CHECK(status == SIM_OK || *value != '\0');
    if (url->host.length < 256 && ((list != NULL && strcmp(list, "*") == 0) || lists(list, host)))
        CHECK(status == SIM_OK && proxy.url.length == 0);
    sim_proxy_fini(&proxy);
    free(host);
}

/* What is read comes from a variable, or is nothing. */
static void check_read(const char *text, char *const *values)
{
    bool is_known = *text == '\0';

    for (int i = 0; i < NAMES; i++)
        is_known = is_known || (values[i] != NULL && strcmp(values[i], text) == 0);
    CHECK(is_known);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct sim_text text = fuzz_until(&input, '\n');
    char *values[NAMES] = {NULL};
    struct sim_url url;
    struct sim_proxies proxies;

    for (int i = 0; i < NAMES; i++) {
        struct sim_text line = fuzz_until(&input, '\n');
        (void)unsetenv(names[i]);
        if (line.length > 0) {
            values[i] = fuzz_string(line);
            if (strcmp(values[i], "=") == 0)
                values[i][0] = '\0';
            CHECK(setenv(names[i], values[i], 1) == 0);
        }
        fuzz_free(line);
    }
    sim_proxies_init(&proxies);
    CHECK(sim_proxies_read(&proxies) == SIM_OK);
    check_read(proxies.http.data, values);
    check_read(proxies.https.data, values);
    check_read(proxies.exempt.data, values);
    if (sim_url_parse(text, &url, NULL) == SIM_OK)
        check(&url, &proxies, values);
    sim_proxies_fini(&proxies);
    for (int i = 0; i < NAMES; i++) {
        (void)unsetenv(names[i]);
        free(values[i]);
    }
    fuzz_free(text);
    return 0;
}
