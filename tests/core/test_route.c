/* Where an exchange goes, hop by hop. */
#include "core/route.h"

#include <stdlib.h>

#include "check.h"

static void forget_the_environment(void)
{
    static const char *const variables[] = {
        "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
        "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY",
    };

    for (size_t i = 0; i < COUNT(variables); i++)
        (void)unsetenv(variables[i]);
}

static enum sim_status begin(struct sim_route *route, struct sim_moves *moves, const char *base,
                             struct sim_error *error)
{
    return sim_route_begin(route, moves, text_of(base), TEXT("/x"), error);
}

static bool redirect(struct sim_route *route, long http_status, const char *target)
{
    bool followed = false;

    CHECK_STATUS(sim_route_redirect(route, http_status, true, target, TEXT(""), &followed, NULL),
                 SIM_OK);
    return followed;
}

static void urls_carry_no_credentials(void)
{
    static const struct {
        const char *base, *target; /* NULL: no redirect */
        const char *url;
        bool sends_credentials;
    } rows[] = {
        {"http://a.ai", NULL, "http://a.ai/x", false},
        {"http://me:pass@a.ai/pre", NULL, "http://a.ai/pre/x", true},
        {"http://me@a.ai", "http://a.ai/v2/x", "http://a.ai/v2/x", true},
        /* What libcurl makes of a relative target has the credentials in it. */
        {"http://me:pass@a.ai", "http://me:pass@a.ai/v2/x", "http://a.ai/v2/x", true},
        {"http://me@a.ai", "https://a.ai/x", "https://a.ai/x", true},
        {"http://me@a.ai", "http://www.a.ai/x", "http://www.a.ai/x", false},
    };

    forget_the_environment();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_route route;
        struct sim_moves moves;
        check_row = rows[i].target != NULL ? rows[i].target : rows[i].base;
        CHECK(sim_moves_init(&moves));
        sim_route_init(&route);
        CHECK_STATUS(begin(&route, &moves, rows[i].base, NULL), SIM_OK);
        if (rows[i].target != NULL)
            CHECK(redirect(&route, 307, rows[i].target));
        CHECK_BUFFER(route.url, rows[i].url);
        CHECK_INT(route.sends_credentials, rows[i].sends_credentials);
        sim_route_fini(&route);
        sim_route_fini(&route);
        sim_moves_fini(&moves);
    }
}

static void what_is_not_followed_is_the_answer(void)
{
    static const struct {
        const char *target;
        bool was_refused;
        const char *host;
    } rows[] = {
        {NULL, false, ""},
        {"", false, ""},
        {"http://evil.example/x", true, "evil.example"},
        {"http://me:pass@a.ai/v2/x", true, "a.ai"}, /* credentials that nobody gave us */
        {"ftp://a.ai/x", true, "a.ai"},
        {"http://a.ai:0/x", true, "a.ai"},
        {"nonsense", true, ""},
    };
    struct sim_route route;
    struct sim_moves moves;
    struct sim_text host;

    forget_the_environment();
    CHECK(sim_moves_init(&moves));
    sim_route_init(&route);
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row = rows[i].target != NULL ? rows[i].target : "NULL";
        CHECK_STATUS(begin(&route, &moves, "http://a.ai", NULL), SIM_OK);
        CHECK(sim_route_refusal(&route, &host) == NULL);
        CHECK(!redirect(&route, 307, rows[i].target));
        CHECK_INT(sim_route_refusal(&route, &host) != NULL, rows[i].was_refused);
        CHECK_TEXT(host, rows[i].host);
        CHECK_BUFFER(route.url, "http://a.ai/x");
    }
    sim_route_fini(&route);
    sim_moves_fini(&moves);
}

static void a_move_is_noted_when_it_has_arrived(void)
{
    static const struct {
        long first, second;
        const char *next;
    } rows[] = {
        {308, 301, "https://www.a.ai/x"},
        {308, 307, "http://a.ai/x"}, /* not for good */
        {307, 308, "http://a.ai/x"},
    };

    forget_the_environment();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_route route;
        struct sim_moves moves;
        check_row = rows[i].next;
        CHECK(sim_moves_init(&moves));
        sim_route_init(&route);
        for (int has_arrived = 0; has_arrived < 2; has_arrived++) {
            CHECK_STATUS(begin(&route, &moves, "http://a.ai", NULL), SIM_OK);
            CHECK_BUFFER(route.url, "http://a.ai/x");
            CHECK(redirect(&route, rows[i].first, "https://a.ai/x"));
            CHECK(redirect(&route, rows[i].second, "https://www.a.ai/x"));
            if (has_arrived)
                sim_route_arrive(&route, &moves);
        }
        CHECK_STATUS(begin(&route, &moves, "http://a.ai", NULL), SIM_OK);
        CHECK_BUFFER(route.url, rows[i].next);
        sim_route_arrive(&route, &moves); /* without a hop there is nothing to note */
        sim_route_fini(&route);
        sim_moves_fini(&moves);
    }
}

static void every_hop_has_the_proxy_of_its_scheme(void)
{
    struct sim_route route;
    struct sim_moves moves;

    forget_the_environment();
    (void)setenv("http_proxy", "http://one:1", 1);
    (void)setenv("https_proxy", "http://me:pass@two:2", 1);
    CHECK(sim_moves_init(&moves));
    sim_route_init(&route);
    CHECK_STATUS(begin(&route, &moves, "http://a.ai", NULL), SIM_OK);
    CHECK_BUFFER(route.proxy.url, "http://one:1");
    CHECK(!route.proxy.credentials.are_given);
    forget_the_environment(); /* it was read at the beginning */
    CHECK(redirect(&route, 307, "https://a.ai/x"));
    CHECK_BUFFER(route.proxy.url, "http://two:2");
    CHECK(route.proxy.credentials.are_given);
    sim_route_fini(&route);
    sim_moves_fini(&moves);
}

static void a_base_or_a_proxy_of_no_use_is_said(void)
{
    struct sim_error error = {SIM_OK, ""};
    struct sim_route route;
    struct sim_moves moves;

    forget_the_environment();
    CHECK(sim_moves_init(&moves));
    sim_route_init(&route);
    CHECK_STATUS(begin(&route, &moves, "a.ai", &error), SIM_BAD_INPUT);
    CHECK(strstr(error.message, "http://") != NULL);
    (void)setenv("http_proxy", "ftp://p", 1);
    error = (struct sim_error){SIM_OK, ""};
    CHECK_STATUS(begin(&route, &moves, "http://a.ai", &error), SIM_NOT_SENT);
    CHECK(strstr(error.message, "proxy") != NULL);
    forget_the_environment();
    CHECK_STATUS(begin(&route, &moves, "http://a.ai", NULL), SIM_OK); /* usable all the same */
    sim_route_fini(&route);
    sim_moves_fini(&moves);
}

static enum sim_status go_a_long_way(void)
{
    static const char *const targets[] = {"http://a.ai/v2/x", "http://www.a.ai/v2/x"};
    struct sim_error error = {SIM_OK, ""};
    struct sim_route route;
    struct sim_moves moves;
    enum sim_status status;
    bool followed = true;

    (void)setenv("http_proxy", "http://me:pass@p:1", 1);
    (void)setenv("no_proxy", "www.a.ai", 1);
    CHECK(sim_moves_init(&moves));
    sim_route_init(&route);
    status = begin(&route, &moves, "http://me:pass@a.ai", &error);
    for (size_t i = 0; i < COUNT(targets) && status == SIM_OK; i++)
        status = sim_route_redirect(&route, 308, true, targets[i], TEXT(""), &followed, &error);
    CHECK_STATUS(error.status, status);
    CHECK(status != SIM_OK || followed);
    sim_route_fini(&route);
    sim_moves_fini(&moves);
    forget_the_environment();
    return status;
}

static enum sim_status go_directly(void)
{
    struct sim_error error = {SIM_OK, ""};
    struct sim_route route;
    struct sim_moves moves;
    enum sim_status status;

    forget_the_environment();
    CHECK(sim_moves_init(&moves));
    sim_route_init(&route);
    status = begin(&route, &moves, "http://a.ai", &error);
    CHECK_STATUS(error.status, status);
    sim_route_fini(&route);
    sim_moves_fini(&moves);
    return status;
}

static void without_memory_there_is_no_way(void)
{
    CHECK(check_every_refusal(go_directly) > 5);
    CHECK(check_every_refusal(go_a_long_way) > 10);
}

/* The same way again is kept; anything that could lead elsewhere makes it anew. */
static void the_same_again_needs_no_work(void)
{
    static const char proxy[] = "http://proxy:3128";
    struct sim_route route;
    struct sim_moves moves;
    unsigned before;

    forget_the_environment();
    CHECK(sim_moves_init(&moves));
    sim_route_init(&route);
    CHECK_STATUS(begin(&route, &moves, "http://me@a.ai", NULL), SIM_OK);
    before = route.generation;
    CHECK_STATUS(begin(&route, &moves, "http://me@a.ai", NULL), SIM_OK);
    CHECK_INT(route.generation, before);
    CHECK_BUFFER(route.url, "http://a.ai/x");
    CHECK(route.sends_credentials);

    CHECK_STATUS(begin(&route, &moves, "http://b.ai", NULL), SIM_OK);
    CHECK_BUFFER(route.url, "http://b.ai/x");
    CHECK(!route.sends_credentials);
    CHECK_STATUS(sim_route_begin(&route, &moves, TEXT("http://b.ai"), TEXT("/other"), NULL),
                 SIM_OK);
    CHECK_BUFFER(route.url, "http://b.ai/other");

    CHECK_INT(setenv("http_proxy", proxy, 1), 0);
    CHECK_STATUS(begin(&route, &moves, "http://b.ai", NULL), SIM_OK);
    CHECK_BUFFER(route.proxy.url, proxy);
    CHECK_INT(unsetenv("http_proxy"), 0);
    CHECK_STATUS(begin(&route, &moves, "http://b.ai", NULL), SIM_OK);
    CHECK_BUFFER(route.proxy.url, "");

    CHECK(redirect(&route, 308, "http://b.ai/v2/x"));
    CHECK_STATUS(begin(&route, &moves, "http://b.ai", NULL), SIM_OK);
    CHECK_BUFFER(route.url, "http://b.ai/x");
    sim_moves_note(&moves, TEXT("http://b.ai/x"), TEXT("http://www.b.ai/x"), TEXT("/x"));
    CHECK_STATUS(begin(&route, &moves, "http://b.ai", NULL), SIM_OK);
    CHECK_BUFFER(route.url, "http://www.b.ai/x");
    CHECK_STATUS(begin(&route, &moves, "nonsense", NULL), SIM_BAD_INPUT);
    CHECK_STATUS(begin(&route, &moves, "http://b.ai", NULL), SIM_OK);
    CHECK_BUFFER(route.url, "http://www.b.ai/x");
    sim_route_fini(&route);
    sim_moves_fini(&moves);
}

static const struct check_test tests[] = {
    TEST(the_same_again_needs_no_work),          TEST(urls_carry_no_credentials),
    TEST(what_is_not_followed_is_the_answer),    TEST(a_move_is_noted_when_it_has_arrived),
    TEST(every_hop_has_the_proxy_of_its_scheme), TEST(a_base_or_a_proxy_of_no_use_is_said),
    TEST(without_memory_there_is_no_way),
};

CHECK_MAIN(tests)
