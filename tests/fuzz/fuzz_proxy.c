/* Proxies: the answer is "" or what a variable names, never another's; an exempt host meets none.
 *
 * Input: a line with the URL, then one line for each variable in `names`. */
#include "core/proxy.h"

#include <strings.h>

#include "fuzz.h"

static const char *const names[] = {"http_proxy",     "HTTP_PROXY", "https_proxy",
                                    "HTTPS_PROXY",    "all_proxy",  "ALL_PROXY",
                                    "REQUEST_METHOD", "no_proxy",   "NO_PROXY"};
enum { NAMES = sizeof names / sizeof *names, OF_HTTP = 1, METHOD = 6, NO_PROXY = 7 };
/* Which of them may answer, for http and for https. */
static const int considered[2][4] = {{0, OF_HTTP, 4, 5}, {2, 3, 4, 5}};

/* Whether an entry of the list, brackets and blanks aside, is `wanted` itself. */
static bool lists(const char *list, const char *wanted)
{
    size_t length;

    for (; list != NULL && *list != '\0'; list += length + (list[length] == ',')) {
        const char *left = wanted;
        length = strcspn(list, ",");
        for (size_t i = 0; i < length && left != NULL; i++)
            if (strchr(" []", list[i]) == NULL)
                left = *left == list[i] ? left + 1 : NULL;
        if (left != NULL && *left == '\0')
            return true;
    }
    return false;
}

static void check(const struct sim_url *url, char *const *values, const char *answer)
{
    const char *list = values[NO_PROXY] != NULL && *values[NO_PROXY] != '\0' ? values[NO_PROXY]
                                                                             : values[NO_PROXY + 1];
    char *host = fuzz_string(url->host);
    bool is_named = *answer == '\0';

    for (size_t i = 0; i < 4; i++) {
        int which = considered[url->is_https][i];
        const char *value = values[which];
        if (value == NULL || (which == OF_HTTP && values[METHOD] != NULL))
            continue; /* a CGI program's HTTP_PROXY is a stranger's */
        is_named = is_named || strcmp(value, answer) == 0 ||
                   (strstr(value, "://") == NULL && strncmp(answer, "http://", 7) == 0 &&
                    strcmp(value, answer + 7) == 0);
    }
    CHECK(is_named);
    CHECK(*answer == '\0' || strstr(answer, "://") != NULL);
    if (url->host.length < 256 && strlen(host) == url->host.length &&
        (lists(list, "*") || lists(list, host)))
        CHECK(*answer == '\0');
    free(host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct sim_text text = fuzz_until(&input, '\n');
    char *values[NAMES] = {NULL};
    struct sim_url url;
    struct sim_buffer out;

    for (int i = 0; i < NAMES; i++) {
        struct sim_text line = fuzz_until(&input, '\n');
        (void)unsetenv(names[i]);
        if (line.length > 0) { /* "=" alone: set, and empty */
            values[i] = fuzz_string(line);
            if (strcmp(values[i], "=") == 0)
                values[i][0] = '\0';
            CHECK(setenv(names[i], values[i], 1) == 0);
        }
        fuzz_free(line);
    }
    sim_buffer_init(&out, SIZE_MAX);
    if (sim_url_parse(text, &url, NULL) == SIM_OK) {
        CHECK(sim_proxy_for(&url, &out) == SIM_OK);
        CHECK(out.data != NULL && out.data[out.length] == '\0');
        check(&url, values, out.data);
    }
    for (int i = 0; i < NAMES; i++) {
        (void)unsetenv(names[i]);
        free(values[i]);
    }
    sim_buffer_fini(&out);
    fuzz_free(text);
    return 0;
}
