/* Redirects: the key goes to no other site, a POST to no place twice; who is which site, libcurl
 * says. And a base that has moved for good has moved to the same site.
 *
 * Input: a line with the base's URL, then lines "<letter><target>": the letter's low bits choose
 * the status, the next one the method. */
#include "core/redirect.h"

#include <curl/curl.h>
#include <strings.h>

#include "core/moves.h"
#include "fuzz.h"

/* A site has four origins, and the path moves once. */
enum { MOST_MOVES = 4 };

static const char path[] = "/api/workflows/wf/execute";
static const long statuses[] = {301, 302, 303, 307, 308, 200, 300, 304};

struct place { /* as libcurl sees it */
    char *scheme, *host, *port, *user;
};

static bool find_place(struct sim_text text, struct place *place)
{
    CURLU *handle = curl_url();
    char *string = fuzz_string(text);
    bool is_good = curl_url_set(handle, CURLUPART_URL, string, 0) == CURLUE_OK;

    *place = (struct place){NULL, NULL, NULL, NULL};
    if (is_good) {
        (void)curl_url_get(handle, CURLUPART_SCHEME, &place->scheme, 0);
        (void)curl_url_get(handle, CURLUPART_HOST, &place->host, 0);
        (void)curl_url_get(handle, CURLUPART_PORT, &place->port, CURLU_DEFAULT_PORT);
        (void)curl_url_get(handle, CURLUPART_USER, &place->user, 0);
    }
    curl_url_cleanup(handle);
    free(string);
    return is_good;
}

static void free_place(struct place *place)
{
    curl_free(place->scheme);
    curl_free(place->host);
    curl_free(place->port);
    curl_free(place->user);
}

static const char *without_www(const char *host)
{
    return strncasecmp(host, "www.", 4) == 0 ? host + 4 : host;
}

/* What libcurl refuses goes nowhere. */
static void check_same_site(struct sim_text from, struct sim_text to)
{
    struct place old, new;

    bool is_from = find_place(from, &old), is_to = find_place(to, &new);

    if (is_from && is_to) {
        CHECK(strcasecmp(without_www(old.host), without_www(new.host)) == 0);
        CHECK(new.user == NULL);
        CHECK(strcasecmp(old.scheme, "https") != 0 || strcasecmp(new.scheme, "https") == 0);
        CHECK(strcmp(old.port, new.port) == 0 ||
              (strcmp(old.port, "80") == 0 && strcmp(new.port, "443") == 0));
    }
    free_place(&old);
    free_place(&new);
}

static void check_moves(struct sim_text from, struct sim_text to)
{
    struct sim_text wanted = {path, sizeof path - 1};
    struct sim_text base = {from.data, from.length - wanted.length};
    struct sim_moves moves;
    struct sim_buffer moved;

    CHECK(sim_moves_init(&moves));
    sim_buffer_init(&moved, SIZE_MAX);
    sim_moves_note(&moves, from, to, wanted);
    CHECK(sim_moves_resolve(&moves, base, &moved) == SIM_OK);
    if (!fuzz_equal((struct sim_text){moved.data, moved.length}, base)) {
        CHECK(sim_buffer_append_text(&moved, path) == SIM_OK);
        check_same_site(from, (struct sim_text){moved.data, moved.length});
    }
    sim_buffer_fini(&moved);
    sim_moves_fini(&moves);
}

/* Nobody is named before the host, and no slash in it is one to browsers alone. */
static void check_authority(struct sim_text target)
{
    struct sim_url url;

    CHECK(sim_url_parse(target, &url, NULL) == SIM_OK && !url.has_credentials);
    CHECK(memchr(target.data, '\\', target.length) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct sim_text base = fuzz_until(&input, '\n'), from;
    struct sim_redirects redirects;
    struct sim_buffer url;
    unsigned hops = 0;
    bool are_posts = true;

    sim_buffer_init(&url, SIZE_MAX);
    sim_redirects_init(&redirects);
    CHECK(base.length == 0 || sim_buffer_append(&url, base.data, base.length) == SIM_OK);
    CHECK(sim_buffer_append_text(&url, path) == SIM_OK);
    from = fuzz_copy(url.data, url.length);
    CHECK(sim_redirects_begin(&redirects, from) == SIM_OK);
    while (input.left > 0) {
        unsigned choice = fuzz_byte(&input);
        struct sim_text target = fuzz_until(&input, '\n');
        struct sim_redirect redirect = {
            .http_status = statuses[choice % 8],
            .is_post = (choice & 8) == 0,
            .from = from,
            .target = target,
            .written = target,
            .path = {path, sizeof path - 1},
        };
        bool follow = true;
        CHECK(sim_redirects_decide(&redirects, &redirect, &follow) == SIM_OK);
        if (follow) {
            hops++;
            are_posts = are_posts && redirect.is_post;
            CHECK(!are_posts || hops <= MOST_MOVES);
            CHECK(choice % 8 < 5 && hops <= SIM_REDIRECT_MOST && redirects.hops == hops);
            CHECK(!redirect.is_post || redirect.http_status != 303);
            check_same_site(from, target);
            check_authority(target);
            if (redirect.is_post) {
                struct sim_url parsed;
                CHECK(!fuzz_equal(from, target) && target.length >= sizeof path - 1);
                CHECK(sim_url_parse(target, &parsed, NULL) == SIM_OK && !parsed.has_query);
                CHECK(memcmp(target.data + target.length - (sizeof path - 1), path,
                             sizeof path - 1) == 0);
                /* The same question again is the same place again. */
                CHECK(sim_redirects_decide(&redirects, &redirect, &follow) == SIM_OK && !follow);
            }
            check_moves((struct sim_text){url.data, url.length}, target);
            fuzz_free(from);
            from = target;
        }
        else
            fuzz_free(target);
    }
    fuzz_free(from);
    fuzz_free(base);
    sim_redirects_fini(&redirects);
    sim_buffer_fini(&url);
    return 0;
}
