/* The parts of URLs, path segments, and which URLs are one site. */
#include "core/url.h"

#include "check.h"

static void a_url_is_taken_apart(void)
{
    static const struct {
        const char *text;
        bool is_https, has_credentials;
        const char *host;
        unsigned port;
        bool has_port;
        const char *path;
        bool has_query;
    } rows[] = {
        {"https://sim.ai", true, false, "sim.ai", 443, false, "", false},
        {"http://sim.ai", false, false, "sim.ai", 80, false, "", false},
        {"HTTPS://Sim.AI/", true, false, "Sim.AI", 443, false, "/", false},
        {"http://sim.ai:1", false, false, "sim.ai", 1, true, "", false},
        {"http://sim.ai:65535/a/b", false, false, "sim.ai", 65535, true, "/a/b", false},
        {"http://sim.ai:00080/", false, false, "sim.ai", 80, true, "/", false},
        {"https://me:pass@sim.ai:8443/x", true, true, "sim.ai", 8443, true, "/x", false},
        {"https://a@b@sim.ai", true, true, "sim.ai", 443, false, "", false},
        {"http://[::1]", false, false, "::1", 80, false, "", false},
        {"http://[::1]:3000/p", false, false, "::1", 3000, true, "/p", false},
        {"http://u@[fe80::1]:3000", false, true, "fe80::1", 3000, true, "", false},
        {"http://sim.ai/p?q=/x", false, false, "sim.ai", 80, false, "/p", true},
        {"http://sim.ai?q", false, false, "sim.ai", 80, false, "", true},
        {"http://sim.ai/p#f?g", false, false, "sim.ai", 80, false, "/p", true},
        {"http://sim.ai#f", false, false, "sim.ai", 80, false, "", true},
        {"http://sim.ai/a@b:c", false, false, "sim.ai", 80, false, "/a@b:c", false},
        {"http://m\xC3\xBCnchen.de/", false, false, "m\xC3\xBCnchen.de", 80, false, "/", false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_error error = {SIM_OK, ""};
        struct sim_url url;
        check_row = rows[i].text;
        if (!CHECK_STATUS(sim_url_parse(text_of(rows[i].text), &url, &error), SIM_OK))
            continue;
        CHECK_INT(url.is_https, rows[i].is_https);
        CHECK_INT(url.has_credentials, rows[i].has_credentials);
        CHECK_TEXT(url.host, rows[i].host);
        CHECK_INT(url.port, rows[i].port);
        CHECK_INT(url.has_port, rows[i].has_port);
        CHECK_TEXT(url.path, rows[i].path);
        CHECK_INT(url.has_query, rows[i].has_query);
    }
}

static void what_is_no_url_is_refused_in_words(void)
{
    static const struct {
        struct sim_text text;
        const char *said; /* stands in the message */
    } rows[] = {
        {TEXT(""), "http:// or https://"},
        {TEXT("sim.ai"), "http:// or https://"},
        {TEXT("ftp://sim.ai"), "http:// or https://"},
        {TEXT("http:/sim.ai"), "http:// or https://"},
        {TEXT("https:sim.ai"), "http:// or https://"},
        {TEXT("https://"), "host"},
        {TEXT("https:///path"), "host"},
        {TEXT("https://:80"), "host"},
        {TEXT("https://user@"), "host"},
        {TEXT("https://user@:80"), "host"},
        {TEXT("https://[]"), "host"},
        {TEXT("https://."), "host"},
        {TEXT("https://..:80/"), "host"},
        {TEXT("https://[::1"), "bracket"},
        {TEXT("https://[::1]x"), "port"},
        {TEXT("https://sim.ai:"), "port"},
        {TEXT("https://sim.ai:0"), "port"},
        {TEXT("https://sim.ai:65536"), "port"},
        {TEXT("https://sim.ai:99999999999999999999"), "port"},
        {TEXT("https://sim.ai:8o"), "port"},
        {TEXT("https://sim.ai:-1"), "port"},
        {TEXT("https://sim.ai:80:80"), "port"},
        {TEXT("https://sim.ai/\r\nX: y"), "position 15"},
        {TEXT("https://sim.ai/\n"), "position 15"},
        {TEXT("https://sim.ai/\0"), "position 15"},
        {TEXT("https://sim.ai/\x7F"), "position 15"},
        {TEXT("https://sim.ai/ x"), "position 15"},
        {TEXT(" https://sim.ai"), "position 0"},
        {TEXT("https://sim.ai\\@evil.example"), "position 14"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_error error = {SIM_OK, ""};
        struct sim_url url;
        check_row = rows[i].text.data;
        CHECK_STATUS(sim_url_parse(rows[i].text, &url, &error), SIM_BAD_INPUT);
        CHECK_STATUS(error.status, SIM_BAD_INPUT);
        CHECK(strstr(error.message, rows[i].said) != NULL);
        CHECK_STATUS(sim_url_parse(rows[i].text, &url, NULL), SIM_BAD_INPUT);
    }
}

static void no_message_repeats_credentials_or_control_characters(void)
{
    static const char *const texts[] = {
        "ftp://user:hunter2@sim.ai",  "https://user:hunter2@",      "https://user:hunter2@sim.ai:x",
        "https://user:hunter2@[::1",  "https://user:hunter2@ a",    "https://user:hunter2@sim.ai:0",
        "hunter2://user@sim.ai:\x01", "https://user:hunter2@a\x1B",
    };

    for (size_t i = 0; i < COUNT(texts); i++) {
        struct sim_error error = {SIM_OK, ""};
        struct sim_url url;
        check_row = texts[i];
        CHECK_STATUS(sim_url_parse(text_of(texts[i]), &url, &error), SIM_BAD_INPUT);
        CHECK(strstr(error.message, "hunter2") == NULL);
        for (const char *at = error.message; *at != '\0'; at++)
            CHECK(*at >= ' ' && *at != 0x7F);
    }
}

static void what_follows_another_scheme_is_taken_apart_too(void)
{
    struct sim_error error = {SIM_OK, ""};
    struct sim_url url;

    CHECK_STATUS(sim_url_parse_schemeless(TEXT("me:pass@p:1080/x?y"), &url, NULL), SIM_OK);
    CHECK_TEXT(url.credentials, "me:pass");
    CHECK_TEXT(url.host, "p");
    CHECK_INT(url.port, 1080);
    CHECK_TEXT(url.path, "/x");
    CHECK(url.has_query);
    CHECK_STATUS(sim_url_parse_schemeless(TEXT("p"), &url, NULL), SIM_OK);
    CHECK(!url.has_port);
    CHECK_TEXT(url.credentials, "");
    CHECK_STATUS(sim_url_parse_schemeless(TEXT("p q"), &url, &error), SIM_BAD_INPUT);
    CHECK(strstr(error.message, "position 1") != NULL);
    CHECK_STATUS(sim_url_parse_schemeless(TEXT(""), &url, NULL), SIM_BAD_INPUT);
}

static void a_host_is_made_out_where_there_is_one(void)
{
    enum { MOST_HOST = 253 };
    static const struct {
        const char *text, *host;
    } rows[] = {
        {"ftp://a.ai/x", "a.ai"},
        {"http://a.ai:0/x", "a.ai"},
        {"x://me:pass@a.ai?q", "a.ai"},
        {"https://[::1]:99999", "::1"},
        {"a.ai/x", ""},
        {"://", ""},
        {"http://a b", ""},
        {"http://a\nb", ""},
        {"", ""},
        {"http://[::1", ""},
        {"mailto:me@a.ai", ""},
        {"http://b\xC3\xBC.ai/x", ""},
        {"http://a.ai\xC2\x9B/x", ""},      /* a terminal's CSI */
        {"http://a.ai\xE2\x80\xAEz/x", ""}, /* right to left from here on */
        {"http://a.ai/\xC3\xBC", "a.ai"},
    };
    char longest[MOST_HOST + 16];

    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row = rows[i].text;
        CHECK_TEXT(sim_url_guess_host(text_of(rows[i].text)), rows[i].host);
    }
    for (size_t length = MOST_HOST; length <= MOST_HOST + 1; length++) {
        memset(longest, 'h', sizeof longest);
        memcpy(longest, "http://", 7);
        CHECK_INT(sim_url_guess_host((struct sim_text){longest, 7 + length}).length,
                  length <= MOST_HOST ? length : 0);
    }
}

static void characters_are_decoded_one_by_one(void)
{
    static const struct {
        const char *text;
        int character;
        size_t taken;
    } rows[] = {
        {"a", 'a', 1},  {"%41b", 'A', 3}, {"%fF", 0xFF, 3}, {"%00", 0, 3},    {"%", '%', 1},
        {"%4", '%', 1}, {"%4g", '%', 1},  {"%g4", '%', 1},  {"%%41", '%', 1}, {"\xC3\xA9", 0xC3, 1},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_text text = text_of(rows[i].text);
        check_row = rows[i].text;
        CHECK_INT(sim_url_decode(&text), rows[i].character);
        CHECK_INT(text.data - rows[i].text, rows[i].taken);
        CHECK_INT(text.length, strlen(rows[i].text) - rows[i].taken);
    }
}

static void a_segment_is_escaped_byte_by_byte(void)
{
    static const struct {
        struct sim_text segment;
        const char *escaped;
    } rows[] = {
        {TEXT("abcXYZ019-._~"), "abcXYZ019-._~"},
        {TEXT("a/b"), "a%2Fb"},
        {TEXT("../.."), "..%2F.."},
        {TEXT("..."), "..."},
        {TEXT(".a"), ".a"},
        {TEXT("..a"), "..a"},
        {TEXT("a b?c#d%e"), "a%20b%3Fc%23d%25e"},
        {TEXT("%2e"), "%252e"},
        {TEXT("\xC3\xA9\xFF"), "%C3%A9%FF"},
        {TEXT("@:!$&'()*+,;="), "%40%3A%21%24%26%27%28%29%2A%2B%2C%3B%3D"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_buffer out;
        check_row = rows[i].segment.data;
        sim_buffer_init(&out, SIZE_MAX);
        CHECK_STATUS(sim_buffer_append_text(&out, "/"), SIM_OK);
        CHECK_STATUS(sim_url_append_segment(&out, rows[i].segment, "id", NULL), SIM_OK);
        CHECK_BYTES(out.data + 1, out.length - 1, rows[i].escaped, strlen(rows[i].escaped));
        sim_buffer_fini(&out);
    }
}

static void what_no_escaping_makes_a_segment_is_refused_by_name(void)
{
    static const struct sim_text rows[] = {
        TEXT(""), TEXT("."), TEXT(".."), TEXT("a\nb"), TEXT("a\0b"), TEXT("\x7F"), TEXT("\x1F"),
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_error error = {SIM_OK, ""};
        struct sim_buffer out;
        sim_buffer_init(&out, SIZE_MAX);
        CHECK_STATUS(sim_url_append_segment(&out, rows[i], "the_id", &error), SIM_BAD_INPUT);
        CHECK(strncmp(error.message, "the_id ", 7) == 0);
        CHECK_INT(out.length, 0);
        sim_buffer_fini(&out);
    }
}

static struct sim_url parsed(const char *text)
{
    struct sim_url url = {0};

    CHECK_STATUS(sim_url_parse(text_of(text), &url, NULL), SIM_OK);
    return url;
}

static void requests_stay_on_one_site(void)
{
    static const struct {
        const char *from, *to;
        bool same_site, same_origin;
    } rows[] = {
        {"https://sim.ai/a", "https://sim.ai/b", true, true},
        {"https://sim.ai", "https://SIM.ai:443", true, true},
        {"https://sim.ai", "https://www.sim.ai", true, false},
        {"https://www.sim.ai", "https://sim.ai", true, false},
        {"https://WWW.sim.ai", "https://sim.ai", true, false},
        {"https://www.sim.ai", "https://www.www.sim.ai", false, false},
        {"https://sim.ai", "https://sim.ai.evil.example", false, false},
        {"https://sim.ai", "https://xsim.ai", false, false},
        {"https://sim.ai", "https://wwwsim.ai", false, false},
        {"http://2", "http://www.2", false, false},
        {"http://www.127.0.0.1.", "http://127.0.0.1.", false, false},
        {"http://www.0x7f", "http://0x7f", false, false},
        {"http://www.127.0.0.1", "http://www.127.0.0.1", true, true},
        {"http://www.9.ai", "http://9.ai", true, false},
        {"https://sim.ai", "https://api.sim.ai", false, false},
        {"https://sim.ai", "https://sim.ai:444", false, false},
        {"http://sim.ai", "https://sim.ai", true, false},
        {"http://sim.ai", "https://www.sim.ai:443", true, false},
        {"http://sim.ai:3000", "https://sim.ai", false, false},
        {"http://sim.ai:3000", "https://sim.ai:3000", true, false},
        {"http://sim.ai", "https://sim.ai:8443", false, false},
        {"https://sim.ai", "http://sim.ai", false, false},
        {"https://sim.ai:80", "http://sim.ai", false, false},
        {"https://sim.ai", "https://user@sim.ai", false, true},
        {"https://user@sim.ai", "https://sim.ai", true, true},
        {"http://[::1]:80", "http://[::1]", true, true},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct sim_url from = parsed(rows[i].from), to = parsed(rows[i].to);
        check_row = rows[i].to;
        CHECK_INT(sim_url_is_same_site(&from, &to), rows[i].same_site);
        CHECK_INT(sim_url_is_same_origin(&from, &to), rows[i].same_origin);
    }
}

static enum sim_status append_long_segment(void)
{
    struct sim_buffer out;
    enum sim_status status;
    char segment[1000];

    memset(segment, '/', sizeof segment);
    sim_buffer_init(&out, SIZE_MAX);
    status = sim_url_append_segment(&out, (struct sim_text){segment, sizeof segment}, "id", NULL);
    sim_buffer_fini(&out);
    return status;
}

static void without_memory_there_is_no_segment(void)
{
    CHECK(check_every_refusal(append_long_segment) > 1);
}

static void a_segment_obeys_the_buffers_limit(void)
{
    for (size_t limit = 2; limit <= 3; limit++) {
        struct sim_buffer out;
        sim_buffer_init(&out, limit);
        CHECK_STATUS(sim_url_append_segment(&out, TEXT("/"), "id", NULL),
                     limit < 3 ? SIM_LIMIT : SIM_OK);
        sim_buffer_fini(&out);
    }
}

static const struct check_test tests[] = {
    TEST(a_url_is_taken_apart),
    TEST(what_is_no_url_is_refused_in_words),
    TEST(no_message_repeats_credentials_or_control_characters),
    TEST(what_follows_another_scheme_is_taken_apart_too),
    TEST(a_host_is_made_out_where_there_is_one),
    TEST(characters_are_decoded_one_by_one),
    TEST(a_segment_is_escaped_byte_by_byte),
    TEST(what_no_escaping_makes_a_segment_is_refused_by_name),
    TEST(requests_stay_on_one_site),
    TEST(without_memory_there_is_no_segment),
    TEST(a_segment_obeys_the_buffers_limit),
};

CHECK_MAIN(tests)
