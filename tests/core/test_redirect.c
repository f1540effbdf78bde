/* Which redirects are followed. */
#include "core/redirect.h"

#include "check.h"

static bool decide(struct sim_redirects *redirects, long http_status, bool is_post,
                   const char *from, const char *target, const char *path)
{
    const struct sim_redirect redirect = {
        .http_status = http_status,
        .is_post = is_post,
        .from = text_of(from),
        .target = text_of(target),
        .path = text_of(path),
        .written = text_of(target),
    };
    bool follow = false;

    CHECK_STATUS(sim_redirects_decide(redirects, &redirect, &follow), SIM_OK);
    return follow;
}

static void the_reason_is_known(void)
{
    static const struct {
        long http_status;
        bool is_post;
        const char *target, *refusal;
    } rows[] = {
        {307, true, "https://a.ai/v2/p/x", NULL},
        {300, false, "https://a.ai/v2/p/x", "only 301, 302, 303, 307 and 308 are"},
        {303, true, "https://a.ai/v2/p/x", "a POST would become a GET"},
        {307, true, "https://u:p@a.ai/v2/p/x", "its Location can be read in two ways"},
        {307, true, "ftp://a.ai/p/x", "it is not an http or https URL"},
        {307, true, "http://a.ai/v2/p/x", "it leads from https to http"},
        {307, true, "https://b.ai/p/x", "it leads to another site"},
        {307, true, "https://a.ai:8443/p/x", "it leads to another site"},
        {307, true, "https://a.ai/x", "a POST is repeated only at the same path"},
        {307, true, "https://a.ai/p/x?again", "a POST is repeated only at the same path"},
        {307, true, "https://a.ai/./p/x",
         "its path has dot segments, which servers read differently"},
        {307, true, "https://a.ai/p/x", "a POST has been sent there"},
    };
    struct sim_redirects redirects;

    sim_redirects_init(&redirects);
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row = rows[i].target;
        CHECK_STATUS(sim_redirects_begin(&redirects, TEXT("https://a.ai/p/x")), SIM_OK);
        CHECK(decide(&redirects, rows[i].http_status, rows[i].is_post, "https://a.ai/p/x",
                     rows[i].target, "/p/x") == (rows[i].refusal == NULL));
        CHECK((redirects.refusal == NULL) == (rows[i].refusal == NULL));
        if (redirects.refusal != NULL && rows[i].refusal != NULL)
            CHECK_TEXT(text_of(redirects.refusal), rows[i].refusal);
    }
    sim_redirects_fini(&redirects);
}

static void a_redirect_is_followed_or_is_the_answer(void)
{
    static const struct {
        long http_status;
        const char *from, *target;
        bool get_follows, post_follows;
    } rows[] = {
        {301, "http://a.ai/p/x", "https://a.ai/p/x", true, true},
        {302, "http://a.ai/p/x", "https://a.ai/p/x", true, true},
        {307, "http://a.ai/p/x", "https://a.ai/p/x", true, true},
        {308, "http://a.ai/p/x", "https://a.ai/p/x", true, true},
        {303, "http://a.ai/p/x", "https://a.ai/p/x", true, false},
        {300, "http://a.ai/p/x", "https://a.ai/p/x", false, false},
        {304, "http://a.ai/p/x", "https://a.ai/p/x", false, false},
        {305, "http://a.ai/p/x", "https://a.ai/p/x", false, false},
        {200, "http://a.ai/p/x", "https://a.ai/p/x", false, false},
        {307, "https://a.ai/p/x", "https://www.a.ai/p/x", true, true},
        {307, "https://a.ai/p/x", "https://a.ai/v2/p/x", true, true},
        {307, "https://a.ai/p/x", "https://a.ai/elsewhere", true, false},
        {307, "https://a.ai/p/x", "https://a.ai/v2/p/x?again", true, false},
        {307, "https://a.ai/p/x", "https://a.ai/v2/p/x#f", true, false},
        {307, "https://a.ai/p/x", "https://a.ai/p/x", true, false}, /* a POST has been there */
        {307, "https://a.ai/p/x", "https://A.ai:443/p/x", true, false},
        {307, "https://a.ai/p/x", "https://a.ai//p/x", true, false}, /* other spellings of it */
        {307, "https://a.ai/%70/x", "https://a.ai//p/x", true, false},
        {307, "https://a.ai/p%2Fp/x", "https://a.ai/p%2F%2f/p/x", true, false},
        {307, "https://a.ai/%zz/p/x", "https://a.ai/%zz/%/p/x", true, true},
        {307, "https://a.ai/p/x", "https://b.ai/p/x", false, false},
        {307, "https://a.ai/p/x", "http://a.ai/p/x", false, false},
        {307, "https://a.ai/p/x", "https://u:p@a.ai/v2/p/x", false, false},
        {307, "https://a.ai/p/x", "ftp://a.ai/p/x", false, false},
        {307, "https://a.ai/p/x", "", false, false},
        {307, "no url", "https://a.ai/p/x", false, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int is_post = 0; is_post < 2; is_post++) {
            struct sim_redirects redirects;
            check_row = rows[i].target;
            sim_redirects_init(&redirects);
            CHECK_STATUS(sim_redirects_begin(&redirects, text_of(rows[i].from)), SIM_OK);
            CHECK_INT(decide(&redirects, rows[i].http_status, is_post != 0, rows[i].from,
                             rows[i].target, "/p/x"),
                      is_post ? rows[i].post_follows : rows[i].get_follows);
            sim_redirects_fini(&redirects);
        }
    }
}

/* The target is what libcurl makes of it, and newer ones leave users and escaped dots out. */
static void a_location_is_read_as_it_was_written(void)
{
    static const struct {
        const char *written;
        bool get_follows, post_follows;
    } rows[] = {
        {"", true, true},
        {"https://a.ai/v2/p/x", true, true},
        {"//a.ai/v2/p/x", true, true},
        {"/v2/p/x", true, true},
        {"/@v2//@/p/x", true, true},
        {"v2/../p/x", true, true},
        {"https:/a.ai@b/p/x", true, true}, /* no authority */
        {"https://user@a.ai/v2/p/x", false, false},
        {"https://user:pass@a.ai", false, false},
        {"//b.ai\\@a.ai/v2/p/x", false, false},
        {"https://b.ai\\a.ai", false, false},
        {"https://@a.ai?", false, false},
        {"https://a.ai?@", true, true},
        {"https://a.ai#@", true, true},
        {"/v2/%2e/p/x", true, false},
        {"/v2/.%2E/p/x", true, false},
        {"//", true, true},
        {"https:", true, true},
    };

    for (size_t i = 0; i < COUNT(rows) * 2; i++) {
        struct sim_redirects redirects;
        struct sim_redirect redirect = {
            .http_status = 307,
            .is_post = i % 2 == 1,
            .from = TEXT("https://a.ai/p/x"),
            .target = TEXT("https://a.ai/v2/p/x"),
            .written = text_of(rows[i / 2].written),
            .path = TEXT("/p/x"),
        };
        bool follow = false;
        check_row = rows[i / 2].written;
        sim_redirects_init(&redirects);
        CHECK_STATUS(sim_redirects_begin(&redirects, redirect.from), SIM_OK);
        CHECK_STATUS(sim_redirects_decide(&redirects, &redirect, &follow), SIM_OK);
        CHECK_INT(follow, redirect.is_post ? rows[i / 2].post_follows : rows[i / 2].get_follows);
        sim_redirects_fini(&redirects);
    }
}

static void a_post_is_never_sent_where_it_has_been(void)
{
    struct sim_redirects redirects;

    sim_redirects_init(&redirects);
    CHECK_STATUS(sim_redirects_begin(&redirects, TEXT("http://a.ai/x")), SIM_OK);
    CHECK(decide(&redirects, 308, true, "http://a.ai/x", "https://a.ai/x", "/x"));
    CHECK(decide(&redirects, 308, true, "https://a.ai/x", "https://www.a.ai/x", "/x"));
    CHECK(!decide(&redirects, 308, true, "https://www.a.ai/x", "https://a.ai/x", "/x"));
    CHECK(!decide(&redirects, 308, true, "https://www.a.ai/x", "https://WWW.a.ai:443/x", "/x"));
    CHECK_INT(redirects.hops, 2);
    CHECK_STATUS(sim_redirects_begin(&redirects, TEXT("https://www.a.ai/x")), SIM_OK);
    CHECK(decide(&redirects, 308, true, "https://www.a.ai/x", "https://a.ai/x", "/x"));
    sim_redirects_fini(&redirects);
    sim_redirects_fini(&redirects);
}

static void the_path_of_a_post_moves_once(void)
{
    struct sim_redirects redirects;

    sim_redirects_init(&redirects);
    for (int again = 0; again < 2; again++) { /* nothing is kept from the exchange before */
        CHECK_STATUS(sim_redirects_begin(&redirects, TEXT("http://a.ai/x")), SIM_OK);
        CHECK(decide(&redirects, 308, true, "http://a.ai/x", "https://a.ai/x", "/x"));
        CHECK(decide(&redirects, 308, true, "https://a.ai/x", "https://a.ai/1/x", "/x"));
        CHECK(!decide(&redirects, 308, true, "https://a.ai/1/x", "https://a.ai/2/x", "/x"));
        CHECK(!decide(&redirects, 308, true, "https://a.ai/1/x", "https://www.a.ai/x", "/x"));
        CHECK(decide(&redirects, 308, true, "https://a.ai/1/x", "https://www.a.ai//1/x", "/x"));
    }
    sim_redirects_fini(&redirects);
}

static void thirty_are_followed_and_no_more(void)
{
    struct sim_redirects redirects;

    sim_redirects_init(&redirects);
    CHECK_STATUS(sim_redirects_begin(&redirects, TEXT("http://a.ai/x")), SIM_OK);
    for (unsigned i = 0; i < SIM_REDIRECT_MOST; i++)
        CHECK(decide(&redirects, 302, false, "http://a.ai/x", "http://a.ai/x", "/x"));
    CHECK(!decide(&redirects, 302, false, "http://a.ai/x", "http://a.ai/x", "/x"));
    CHECK_INT(redirects.hops, SIM_REDIRECT_MOST);
    sim_redirects_fini(&redirects);
}

static void one_temporary_hop_makes_the_way_temporary(void)
{
    static const struct {
        long first, second;
        bool are_permanent;
    } rows[] = {
        {301, 308, true}, {308, 301, true}, {301, 302, false}, {307, 308, false}, {303, 301, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_redirects redirects;
        sim_redirects_init(&redirects);
        CHECK_STATUS(sim_redirects_begin(&redirects, TEXT("http://a.ai/x")), SIM_OK);
        CHECK(redirects.are_permanent);
        CHECK(decide(&redirects, rows[i].first, false, "http://a.ai/x", "https://a.ai/x", "/x"));
        CHECK(decide(&redirects, rows[i].second, false, "https://a.ai/x", "https://a.ai/y", "/x"));
        CHECK_INT(redirects.are_permanent, rows[i].are_permanent);
        sim_redirects_fini(&redirects);
    }
}

static enum sim_status follow_a_long_way(void)
{
    struct sim_redirects redirects;
    enum sim_status status;
    char target[900] = "http://a.ai/";

    memset(target + 12, 'y', sizeof target - 13);
    target[sizeof target - 1] = '\0';
    sim_redirects_init(&redirects);
    status = sim_redirects_begin(&redirects, TEXT("http://a.ai/x"));
    for (int i = 0; i < 3 && status == SIM_OK; i++) {
        const struct sim_redirect redirect = {
            .http_status = 302,
            .from = TEXT("http://a.ai/x"),
            .target = text_of(target),
            .path = TEXT("/x"),
        };
        bool follow = false;
        status = sim_redirects_decide(&redirects, &redirect, &follow);
        CHECK_INT(follow, status == SIM_OK);
    }
    sim_redirects_fini(&redirects);
    return status;
}

static void without_memory_nothing_is_followed(void)
{
    CHECK(check_every_refusal(follow_a_long_way) > 2);
}

static const struct check_test tests[] = {
    TEST(a_location_is_read_as_it_was_written),
    TEST(a_redirect_is_followed_or_is_the_answer),
    TEST(the_reason_is_known),
    TEST(a_post_is_never_sent_where_it_has_been),
    TEST(the_path_of_a_post_moves_once),
    TEST(thirty_are_followed_and_no_more),
    TEST(one_temporary_hop_makes_the_way_temporary),
    TEST(without_memory_nothing_is_followed),
};

CHECK_MAIN(tests)
