/* Which proxy the environment names. */
#include "core/proxy.h"

#include <stdlib.h>

#include "check.h"

static const char *const variables[] = {
    "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",    "all_proxy",
    "ALL_PROXY",  "no_proxy",   "NO_PROXY",    "REQUEST_METHOD",
};

/* Sets "name=value" assignments, separated by spaces, and nothing else. */
static void set_environment(const char *assignments)
{
    char copy[512], *at = copy;

    for (size_t i = 0; i < COUNT(variables); i++)
        (void)unsetenv(variables[i]);
    CHECK(snprintf(copy, sizeof copy, "%s", assignments) < (int)sizeof copy);
    while (*at != '\0') {
        char *end = at + strcspn(at, " "), *equals = strchr(at, '=');
        char after = *end;
        *end = *equals = '\0';
        (void)setenv(at, equals + 1, 1);
        at = end + (after != '\0');
    }
}

/* Asks for a URL's proxy. What is asked twice is answered anew. */
static enum sim_status ask(const char *url_text, struct sim_proxy *proxy, struct sim_error *error)
{
    struct sim_proxies proxies;
    struct sim_url url;
    enum sim_status status;

    CHECK_STATUS(sim_url_parse(text_of(url_text), &url, NULL), SIM_OK);
    sim_proxies_init(&proxies);
    status = sim_proxies_read(&proxies);
    if (status == SIM_OK)
        status = sim_proxies_choose(&proxies, &url, proxy, error);
    sim_proxies_fini(&proxies);
    sim_proxies_fini(&proxies);
    return status;
}

static void check_proxy(const char *url, const char *expected)
{
    struct sim_error error = {SIM_OK, ""};
    struct sim_proxy proxy;

    sim_proxy_init(&proxy);
    CHECK_STATUS(ask("https://other.example", &proxy, NULL), SIM_OK);
    CHECK_STATUS(ask(url, &proxy, &error), SIM_OK);
    CHECK_BUFFER(proxy.url, expected);
    sim_proxy_fini(&proxy);
    sim_proxy_fini(&proxy);
}

static void the_environment_names_the_proxy(void)
{
    static const struct {
        const char *environment, *url, *proxy;
    } rows[] = {
        {"", "http://sim.ai", ""},
        {"http_proxy=http://p:1", "http://sim.ai", "http://p:1"},
        {"http_proxy=http://p:1", "https://sim.ai", ""},
        {"https_proxy=http://p:1", "https://sim.ai", "http://p:1"},
        {"https_proxy=socks5h://p:1", "https://sim.ai", "socks5h://p:1"},
        {"http_proxy=p:1", "http://sim.ai", "http://p:1"},
        {"http_proxy=me:pass@p:1", "http://sim.ai", "http://p:1"},
        {"http_proxy=p", "http://sim.ai", "http://p:80"},
        {"http_proxy=HTTPS://p", "http://sim.ai", "https://p:443"},
        {"http_proxy=socks5://[::1]", "http://sim.ai", "socks5://[::1]:1080"},
        {"http_proxy=socks5h://p/", "http://sim.ai", "socks5h://p:1080"},
        {"http_proxy=socks4://p", "http://sim.ai", "socks4://p:1080"},
        {"http_proxy=p:81", "http://sim.ai", "http://p:81"},
        {"http_proxy=http://p:1 HTTP_PROXY=http://q:2", "http://sim.ai", "http://p:1"},
        {"HTTP_PROXY=http://q:2", "http://sim.ai", "http://q:2"},
        {"HTTP_PROXY=http://q:2 REQUEST_METHOD=GET", "http://sim.ai", ""},
        {"HTTPS_PROXY=http://q:2 REQUEST_METHOD=GET", "https://sim.ai", "http://q:2"},
        {"http_proxy= HTTP_PROXY=http://q:2", "http://sim.ai", ""},
        {"all_proxy=http://a:3", "http://sim.ai", "http://a:3"},
        {"ALL_PROXY=http://a:3", "https://sim.ai", "http://a:3"},
        {"all_proxy=http://a:3 https_proxy=http://p:1", "https://sim.ai", "http://p:1"},
        {"all_proxy=http://a:3 https_proxy=", "https://sim.ai", "http://a:3"},
        {"all_proxy= ALL_PROXY=http://a:3", "https://sim.ai", ""},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row = rows[i].environment;
        set_environment(rows[i].environment);
        check_proxy(rows[i].url, rows[i].proxy);
    }
}

static void hosts_can_be_exempt(void)
{
    static const struct {
        const char *list, *url;
        bool is_exempt;
    } rows[] = {
        {"*", "http://sim.ai", true},
        {"sim.ai", "http://sim.ai", true},
        {"SIM.ai", "http://Sim.AI", true},
        {"sim.ai", "http://api.sim.ai", true},
        {".sim.ai", "http://api.sim.ai", true},
        {".sim.ai", "http://sim.ai", true},
        {"sim.ai", "http://simxai", false},
        {"api.sim.ai", "http://sim.ai", false},
        {"sim.ai:80", "http://sim.ai", false}, /* the URL does not name it */
        {"sim.ai:80", "http://sim.ai:80", true},
        {"sim.ai:8080", "http://sim.ai", false},
        {"sim.ai:8080", "http://sim.ai:8080", true},
        {"a.ai,sim.ai", "http://sim.ai", true},
        {"a.ai,,sim.ai", "http://sim.ai", true},
        {",", "http://sim.ai", false},
        {".", "http://sim.ai", false},
        {"a.ai", "http://sim.ai", false},
        {"*.ai", "http://sim.ai", false},
        {"10.0.0.1", "http://10.0.0.1", true},
        {"10.0.0.1:80", "http://10.0.0.1:80", false}, /* requests has no ports for addresses */
        {"10.0.0.1:81", "http://10.0.0.1", false},
        {"0.0.1", "http://10.0.0.1", true}, /* to urllib an address is a name */
        {"10.0.0.0/8", "http://10.20.30.40", true},
        {"10.0.0.0/8", "http://11.0.0.1", false},
        {"10.0.0.0/255.0.0.0", "http://10.20.30.40", false}, /* bits, no masks */
        {"10.0.0.0/255.255.0.0", "http://10.20.30.40", false},
        {"10.0.0.4/31", "http://10.0.0.5", true},
        {"10.0.0.4/31", "http://10.0.0.6", false},
        {"10.0.0.4/32", "http://10.0.0.5", false},
        {"10.0.0.4/33", "http://10.0.0.4", false},
        {"10.0.0.4/-1", "http://10.0.0.4", false},
        {"0.0.0.0/0", "http://200.1.2.3", false},
        {"128.0.0.0/1", "http://200.1.2.3", true},
        {"10.0.0.4/", "http://10.0.0.4", false},
        {"10.0.0.4/8x", "http://10.0.0.4", false},
        {"300.0.0.0/8", "http://10.0.0.4", false},
        {"1234567890123456789/8", "http://10.0.0.4", false},
        {"10.0.0.0/8", "http://sim.ai", false},
        {"[::1]", "http://[::1]", false},
        {"::1", "http://[::1]", true},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int upper = 0; upper < 2; upper++) {
            check_row = rows[i].list;
            set_environment("http_proxy=http://p:1");
            (void)setenv("no_proxy", upper ? "" : rows[i].list, 1);
            (void)setenv("NO_PROXY", upper ? rows[i].list : "*", 1);
            check_proxy(rows[i].url, rows[i].is_exempt ? "" : "http://p:1");
        }
    }
}

static void blanks_in_the_list_are_void(void)
{
    static const char *const lists[] = {" a.ai , sim.ai ", "a.ai,\n  sim.ai", "sim.ai\n",
                                        "a.ai,\tsim.ai", "sim.ai\r\n,a.ai"};

    for (size_t i = 0; i < COUNT(lists); i++) {
        check_row = lists[i];
        set_environment("http_proxy=http://p:1");
        (void)setenv("no_proxy", lists[i], 1);
        check_proxy("http://sim.ai", "");
        (void)setenv("no_proxy", " \t\r\n", 1);
        check_proxy("http://sim.ai", "http://p:1");
    }
}

/* What is longer than a host name can be matches nothing, and overruns nothing. */
static void names_too_long_are_no_hosts(void)
{
    enum { HOST = 255 };

    for (size_t length = HOST - 1; length <= HOST + 1; length++) {
        char url[HOST + 16] = "http://", list[2 * HOST];
        memset(url + 7, 'h', length);
        url[7 + length] = '\0';
        memset(list, 'h', sizeof list - 1);
        list[sizeof list - 1] = '\0';
        set_environment("http_proxy=http://p:1");
        (void)setenv("no_proxy", url + 7, 1);
        check_proxy(url, length <= HOST ? "" : "http://p:1");
        (void)setenv("no_proxy", list, 1);
        check_proxy("http://sim.ai", "http://p:1");
    }
}

static void credentials_stand_beside_the_url(void)
{
    static const struct {
        const char *environment, *url, *user, *password; /* user NULL: none given */
    } rows[] = {
        {"http_proxy=me:pass@p:1", "http://p:1", "me", "pass"},
        {"http_proxy=http://me@p", "http://p:80", "me", ""},
        {"http_proxy=http://:pass@p", "http://p:80", "", "pass"},
        {"http_proxy=http://@p", "http://p:80", "", ""},
        {"http_proxy=http://m%40e:p%3As:s@p", "http://p:80", "m@e", "p:s:s"},
        {"http_proxy=http://p", "http://p:80", NULL, NULL},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_proxy proxy;
        check_row = rows[i].environment;
        set_environment(rows[i].environment);
        sim_proxy_init(&proxy);
        CHECK_STATUS(ask("http://sim.ai", &proxy, NULL), SIM_OK);
        CHECK_BUFFER(proxy.url, rows[i].url);
        if (CHECK(proxy.credentials.are_given == (rows[i].user != NULL)) && rows[i].user != NULL) {
            CHECK_BUFFER(proxy.credentials.user, rows[i].user);
            CHECK_BUFFER(proxy.credentials.password, rows[i].password);
        }
        sim_proxy_fini(&proxy);
    }
}

static void what_is_no_proxy_is_refused_without_its_password(void)
{
    static const char *const proxies[] = {
        "http://me:hunter2@",
        "http://me:hunter2@p:0",
        "ftp://me:hunter2@p",
        "gopher://me:hunter2@p:70",
        "http://:80",
        "http://me:hunter2%00@p",
        "http://me:hunter2@p:x",
        "://me:hunter2@p",
    };

    for (size_t i = 0; i < COUNT(proxies); i++) {
        struct sim_error error = {SIM_OK, ""};
        struct sim_proxy proxy;
        check_row = proxies[i];
        set_environment("");
        (void)setenv("https_proxy", proxies[i], 1);
        sim_proxy_init(&proxy);
        CHECK_STATUS(ask("https://sim.ai", &proxy, &error), SIM_NOT_SENT);
        CHECK(strstr(error.message, "for https cannot be used") != NULL);
        CHECK(strstr(error.message, "hunter2") == NULL);
        CHECK_STATUS(ask("http://sim.ai", &proxy, NULL), SIM_OK); /* the other scheme's is unused */
        sim_proxy_fini(&proxy);
    }
}

static enum sim_status ask_with_a_proxy(void)
{
    struct sim_proxy proxy;
    struct sim_error error = {SIM_OK, ""};
    enum sim_status status;

    set_environment("http_proxy=http://me:pass@[::1]:3128 no_proxy=a,b");
    sim_proxy_init(&proxy);
    status = ask("http://sim.ai", &proxy, &error);
    sim_proxy_fini(&proxy);
    return status;
}

static enum sim_status ask_without_a_proxy(void)
{
    struct sim_proxy proxy;
    struct sim_error error = {SIM_OK, ""};
    enum sim_status status;

    set_environment("");
    sim_proxy_init(&proxy);
    status = ask("http://sim.ai", &proxy, &error);
    sim_proxy_fini(&proxy);
    return status;
}

static void without_memory_there_is_no_answer(void)
{
    CHECK(check_every_refusal(ask_with_a_proxy) > 0);
    CHECK(check_every_refusal(ask_without_a_proxy) > 0);
}

static const struct check_test tests[] = {
    TEST(the_environment_names_the_proxy),   TEST(hosts_can_be_exempt),
    TEST(blanks_in_the_list_are_void),       TEST(names_too_long_are_no_hosts),
    TEST(credentials_stand_beside_the_url),  TEST(what_is_no_proxy_is_refused_without_its_password),
    TEST(without_memory_there_is_no_answer),
};

CHECK_MAIN(tests)
