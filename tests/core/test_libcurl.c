/* What is known of the libcurl at hand. */
#include "core/libcurl.h"

#include <curl/curl.h>
#include <unistd.h>

#include "check.h"

static void it_starts_more_than_once(void)
{
    CHECK(sim_libcurl_start());
    CHECK(sim_libcurl_start());
    CHECK(strncmp(sim_libcurl_version(), "libcurl/", 8) == 0);
}

static void what_its_version_means(void)
{
    unsigned number = curl_version_info(CURLVERSION_NOW)->version_num;

    CHECK(sim_libcurl_takes_large_in_frames() == (number >= 0x080c01));
    CHECK(sim_libcurl_remembers_what_was_freed() == (number >= 0x075300 && number < 0x080200));
}

static void which_codings_it_knows(void)
{
    static const struct {
        const char *coding;
        bool is_known, is_always;
    } rows[] = {
        {"", true, true},        {"identity", true, true}, {"gzip", true, false},
        {"X-GZIP", true, false}, {"Deflate", true, false}, {"gzi", false, true},
        {"gzip2", false, true},  {"rot13", false, true},   {"gzip, br", false, true},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row = rows[i].coding;
        CHECK(sim_libcurl_knows_coding(text_of(rows[i].coding)) ==
              (rows[i].is_known && (rows[i].is_always || sim_libcurl_has_zlib())));
    }
}

static void its_certificates_are_there_where_it_names_some(void)
{
    struct sim_trust trust = {0};

    if (!sim_libcurl_default_trust(&trust))
        return; /* built without, or for another system */
    CHECK((trust.file != NULL) != (trust.directory != NULL));
    CHECK(access(trust.file != NULL ? trust.file : trust.directory, R_OK) == 0);
}

static const struct check_test tests[] = {
    TEST(it_starts_more_than_once),
    TEST(what_its_version_means),
    TEST(which_codings_it_knows),
    TEST(its_certificates_are_there_where_it_names_some),
};

CHECK_MAIN(tests)
