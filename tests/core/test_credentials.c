/* The user and the password before the host of a URL. */
#include "core/credentials.h"

#include "check.h"

static void they_are_taken_apart_and_decoded(void)
{
    static const struct {
        const char *url;
        bool are_given;
        const char *user, *password;
    } rows[] = {
        {"https://a.ai", false, "", ""},
        {"https://@a.ai", true, "", ""},
        {"https://me@a.ai", true, "me", ""},
        {"https://me:@a.ai", true, "me", ""},
        {"https://:pass@a.ai", true, "", "pass"},
        {"https://me:pass@a.ai", true, "me", "pass"},
        {"https://me:pa:ss@a.ai", true, "me", "pa:ss"},
        {"https://m@e:p@a.ai", true, "m@e", "p"},
        {"https://m%40e:p%3A%2f@a.ai", true, "m@e", "p:/"},
        {"https://%zz%4:%@a.ai", true, "%zz%4", "%"}, /* no escapes */
        {"https://%C3%A9@a.ai", true, "\xC3\xA9", ""},
    };
    struct sim_credentials credentials;

    sim_credentials_init(&credentials); /* one for all: nothing of a row stays */
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_url url;
        check_row = rows[i].url;
        CHECK_STATUS(sim_url_parse(text_of(rows[i].url), &url, NULL), SIM_OK);
        CHECK_STATUS(sim_credentials_take(&credentials, &url, NULL), SIM_OK);
        CHECK_INT(credentials.are_given, rows[i].are_given);
        CHECK_BUFFER(credentials.user, rows[i].user);
        CHECK_BUFFER(credentials.password, rows[i].password);
    }
    sim_credentials_fini(&credentials);
    sim_credentials_fini(&credentials);
}

static void a_nul_is_refused(void)
{
    static const char *const urls[] = {"https://m%00e@a.ai", "https://me:hunter2%00@a.ai"};

    for (size_t i = 0; i < COUNT(urls); i++) {
        struct sim_credentials credentials;
        struct sim_error error = {SIM_OK, ""};
        struct sim_url url;
        check_row = urls[i];
        sim_credentials_init(&credentials);
        CHECK_STATUS(sim_url_parse(text_of(urls[i]), &url, NULL), SIM_OK);
        CHECK_STATUS(sim_credentials_take(&credentials, &url, &error), SIM_BAD_INPUT);
        CHECK(strstr(error.message, "%00") != NULL);
        CHECK(strstr(error.message, "hunter2") == NULL);
        sim_credentials_fini(&credentials);
    }
}

static enum sim_status take_some(void)
{
    struct sim_credentials credentials;
    struct sim_url url;
    enum sim_status status;

    CHECK_STATUS(sim_url_parse(TEXT("https://me:pass@a.ai"), &url, NULL), SIM_OK);
    sim_credentials_init(&credentials);
    status = sim_credentials_take(&credentials, &url, NULL);
    sim_credentials_fini(&credentials);
    return status;
}

static void without_memory_there_are_none(void)
{
    CHECK_INT(check_every_refusal(take_some), 2);
}

static const struct check_test tests[] = {
    TEST(they_are_taken_apart_and_decoded),
    TEST(a_nul_is_refused),
    TEST(without_memory_there_are_none),
};

CHECK_MAIN(tests)
