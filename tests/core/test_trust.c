/* Where the environment says that certificates are. */
#include "core/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

/* A file and a directory that exist, and a path where nothing is. */
static char folder[64], file[80], nothing[80];

/* What exists beside what does not, and what does not in several ways. */
static char some_there[200], none_there[200], loop[80], below_file[100], too_long[400];

static const char *const variables[] = {
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
};

static void remove_places(void)
{
    for (size_t i = 0; i < COUNT(variables); i++)
        (void)unsetenv(variables[i]);
    (void)unlink(file);
    (void)unlink(loop);
    (void)rmdir(folder);
}

/* On first use; removed at the end. */
static bool make_places(void)
{
    FILE *made;

    if (folder[0] != '\0')
        return true;
    (void)snprintf(folder, sizeof folder, "/tmp/sim-trust-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return false;
    (void)snprintf(file, sizeof file, "%s/bundle.pem", folder);
    (void)snprintf(nothing, sizeof nothing, "%s/nothing", folder);
    (void)snprintf(some_there, sizeof some_there, "%s::%s:", nothing, folder);
    (void)snprintf(none_there, sizeof none_there, "%s:%s/", nothing, nothing);
    (void)snprintf(loop, sizeof loop, "%s/loop", folder);
    (void)snprintf(below_file, sizeof below_file, "%s/below", file);
    (void)snprintf(too_long, sizeof too_long, "/tmp/%0300d", 0);
    if (symlink(loop, loop) != 0)
        return false;
    made = fopen(file, "w");
    return made != NULL && fclose(made) == 0 && atexit(remove_places) == 0;
}

static void check_path(const char *actual, const char *expected)
{
    CHECK_TEXT(text_of(actual != NULL ? actual : "NULL"), expected != NULL ? expected : "NULL");
}

static void the_environment_says_where(void)
{
    /* The variables' values in their order, NULL unset. */
    const struct {
        const char *values[4];
        enum sim_status status;
        const char *file, *directory, *source; /* the source, or what the message holds */
    } rows[] = {
        {{NULL, NULL, NULL, NULL}, SIM_OK, NULL, NULL, NULL},
        {{"", "", "", ""}, SIM_OK, NULL, NULL, NULL},
        {{file, NULL, NULL, NULL}, SIM_OK, file, NULL, "REQUESTS_CA_BUNDLE"},
        {{folder, NULL, NULL, NULL}, SIM_OK, NULL, folder, "REQUESTS_CA_BUNDLE"},
        {{file, nothing, nothing, nothing}, SIM_OK, file, NULL, "REQUESTS_CA_BUNDLE"},
        {{NULL, file, nothing, NULL}, SIM_OK, file, NULL, "CURL_CA_BUNDLE"},
        {{"", folder, NULL, NULL}, SIM_OK, NULL, folder, "CURL_CA_BUNDLE"},
        {{nothing, file, NULL, NULL}, SIM_NOT_SENT, NULL, NULL, "REQUESTS_CA_BUNDLE"},
        {{NULL, nothing, file, NULL}, SIM_NOT_SENT, NULL, NULL, "CURL_CA_BUNDLE"},
        {{NULL, NULL, file, NULL}, SIM_OK, file, NULL, "SSL_CERT_FILE"},
        {{NULL, NULL, NULL, folder}, SIM_OK, NULL, folder, "SSL_CERT_DIR"},
        {{NULL, NULL, file, folder}, SIM_OK, file, folder, "SSL_CERT_FILE and SSL_CERT_DIR"},
        {{NULL, NULL, nothing, folder}, SIM_NOT_SENT, NULL, NULL, "SSL_CERT_FILE"},
        {{NULL, NULL, file, nothing}, SIM_NOT_SENT, NULL, NULL, "SSL_CERT_DIR"},
        {{NULL, NULL, NULL, some_there}, SIM_OK, NULL, some_there, "SSL_CERT_DIR"}, /* a list */
        {{NULL, NULL, NULL, none_there}, SIM_NOT_SENT, NULL, NULL, "SSL_CERT_DIR"},
        {{NULL, NULL, file, none_there}, SIM_NOT_SENT, NULL, NULL, "SSL_CERT_DIR"},
    };

    if (!CHECK(make_places()))
        return;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sim_error error = {SIM_OK, ""};
        struct sim_trust trust = {"left", "over", "from before"};
        for (size_t v = 0; v < COUNT(variables); v++) {
            (void)unsetenv(variables[v]);
            if (rows[i].values[v] != NULL)
                (void)setenv(variables[v], rows[i].values[v], 1);
        }
        check_row = rows[i].source != NULL ? rows[i].source : "nothing set";
        CHECK_STATUS(sim_trust_from_environment(&trust, &error), rows[i].status);
        if (rows[i].status == SIM_OK) {
            check_path(trust.file, rows[i].file);
            check_path(trust.directory, rows[i].directory);
            check_path(trust.source, rows[i].source);
        }
        else {
            CHECK(strstr(error.message, rows[i].source) != NULL);
            CHECK(strstr(error.message, nothing) != NULL);
        }
    }
}

/* What stat() fails with, as permissions do not stop every user; 0: nothing. */
static int stat_error;

int stat(const char *restrict path, struct stat *restrict status)
{
    if (stat_error == 0)
        return fstatat(AT_FDCWD, path, status, 0);
    errno = stat_error;
    return -1;
}

static void the_message_says_why(void)
{
    static const struct {
        const char *path;
        int error; /* 0: the system's own */
        const char *why;
    } rows[] = {
        {nothing, 0, ", which does not exist"},
        {below_file, 0, ", which does not exist"},
        {loop, 0, ", which cannot be reached: too many symbolic links"},
        {too_long, 0, ", which cannot be reached: its name is too long"},
        {file, EACCES, ", which cannot be reached: permission denied"},
        {file, EIO, ", which cannot be reached"},
    };

    if (!CHECK(make_places()))
        return;
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t v = 0; v < COUNT(variables); v++) {
            struct sim_error error = {SIM_OK, ""};
            struct sim_trust trust;
            for (size_t other = 0; other < COUNT(variables); other++)
                (void)unsetenv(variables[other]);
            (void)setenv(variables[v], rows[i].path, 1);
            check_row = rows[i].why;
            stat_error = rows[i].error;
            CHECK_STATUS(sim_trust_from_environment(&trust, &error), SIM_NOT_SENT);
            stat_error = 0;
            CHECK(strstr(error.message, variables[v]) == error.message);
            CHECK(strstr(error.message, rows[i].path) != NULL);
            if (CHECK(strlen(error.message) >= strlen(rows[i].why)))
                CHECK_TEXT(text_of(error.message + strlen(error.message) - strlen(rows[i].why)),
                           rows[i].why);
        }
    }
}

static void a_path_is_a_file_or_a_directory(void)
{
    struct sim_trust trust = {"kept", NULL, "kept"};

    if (!CHECK(make_places()))
        return;
    CHECK(!sim_trust_from_path(NULL, "test", &trust));
    CHECK(!sim_trust_from_path("", "test", &trust));
    CHECK(!sim_trust_from_path(nothing, "test", &trust));
    check_path(trust.file, "kept");
    CHECK(sim_trust_from_path(file, "test", &trust));
    check_path(trust.file, file);
    check_path(trust.directory, NULL);
    check_path(trust.source, "test");
    CHECK(sim_trust_from_path(folder, "test", &trust));
    check_path(trust.file, NULL);
    check_path(trust.directory, folder);
}

static void a_distributions_bundle_exists_when_it_is_found(void)
{
    struct sim_trust trust = {0};

    if (sim_trust_from_usual_places(&trust)) {
        CHECK((trust.file != NULL) != (trust.directory != NULL));
        CHECK(access(trust.file != NULL ? trust.file : trust.directory, F_OK) == 0);
        CHECK(trust.source != NULL);
    }
    else
        CHECK(trust.file == NULL && trust.directory == NULL);
}

static const struct check_test tests[] = {
    TEST(the_environment_says_where),
    TEST(the_message_says_why),
    TEST(a_path_is_a_file_or_a_directory),
    TEST(a_distributions_bundle_exists_when_it_is_found),
};

CHECK_MAIN(tests)
