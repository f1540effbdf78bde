#include "core/trust.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "core/environment.h"
#include "core/reason.h"

enum { MOST_PATH = 4096 }; /* as Linux has it */

static const char *const usual_places[] = {
    "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Ubuntu, Arch, Gentoo */
    "/etc/pki/tls/certs/ca-bundle.crt",                  /* Fedora, RHEL */
    "/etc/ssl/ca-bundle.pem",                            /* SUSE */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* RHEL, CentOS */
    "/etc/ssl/cert.pem",                                 /* Alpine, macOS, BSD */
    "/usr/local/share/certs/ca-root-nss.crt",            /* FreeBSD */
    "/etc/ssl/certs",                                    /* a directory of hashed certificates */
};

bool sim_trust_from_path(const char *path, const char *source, struct sim_trust *trust)
{
    struct stat status;

    if (path == NULL || *path == '\0' || stat(path, &status) != 0)
        return false;
    *trust = (struct sim_trust){.source = source};
    if (S_ISDIR(status.st_mode))
        trust->directory = path;
    else
        trust->file = path;
    return true;
}

bool sim_trust_from_usual_places(struct sim_trust *trust)
{
    for (size_t i = 0; i < sizeof usual_places / sizeof *usual_places; i++)
        if (sim_trust_from_path(usual_places[i], "the distribution's certificates", trust))
            return true;
    return false;
}

/* A path of a variable that stat() has refused. */
static enum sim_status fail(struct sim_error *error, const char *variable, const char *kind,
                            const char *path)
{
    int number = errno;
    const char *reason = sim_reason_of(number);

    if (number == ENOENT || number == ENOTDIR)
        return sim_fail(error, SIM_NOT_SENT, "%s names the certificate %s %s, which does not exist",
                        variable, kind, path);
    return sim_fail(error, SIM_NOT_SENT,
                    "%s names the certificate %s %s, which cannot be reached%s%s", variable, kind,
                    path, reason != NULL ? ": " : "", reason != NULL ? reason : "");
}

/* True when a path of the list, separated by colons, is there. */
static bool any_is_there(const char *list)
{
    char path[MOST_PATH];
    struct stat status;

    for (size_t length; *list != '\0'; list += length + (list[length] == ':')) {
        length = strcspn(list, ":");
        if (length == 0 || length >= sizeof path)
            continue;
        memcpy(path, list, length);
        path[length] = '\0';
        if (stat(path, &status) == 0)
            return true;
    }
    return false;
}

/* The directory may be a list, of which OpenSSL passes over what is not there. */
static enum sim_status check_directory(const char *directory, struct sim_error *error)
{
    bool is_list = strchr(directory, ':') != NULL;
    struct stat status;

    if (is_list ? any_is_there(directory) : stat(directory, &status) == 0)
        return SIM_OK;
    if (is_list)
        return sim_fail(error, SIM_NOT_SENT,
                        "SSL_CERT_DIR names the certificate directories %s, none of which can be "
                        "reached",
                        directory);
    return fail(error, "SSL_CERT_DIR", "directory", directory);
}

/* OpenSSL's variables: each may be set alone. */
static enum sim_status from_openssl_variables(const char *file, const char *directory,
                                              struct sim_trust *trust, struct sim_error *error)
{
    struct stat status;

    trust->source = file != NULL
                        ? (directory != NULL ? "SSL_CERT_FILE and SSL_CERT_DIR" : "SSL_CERT_FILE")
                        : "SSL_CERT_DIR";
    if (file != NULL && stat(file, &status) != 0)
        return fail(error, "SSL_CERT_FILE", "file", file);
    if (directory != NULL && check_directory(directory, error) != SIM_OK)
        return SIM_NOT_SENT;
    trust->file = file;
    trust->directory = directory;
    return SIM_OK;
}

enum sim_status sim_trust_from_environment(struct sim_trust *trust, struct sim_error *error)
{
    enum { BUNDLES = 2, CERT_FILE = BUNDLES, CERT_DIRECTORY, VARIABLES };
    static const char *const names[VARIABLES] = {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
                                                 "SSL_CERT_FILE", "SSL_CERT_DIR"};
    const char *values[VARIABLES];

    *trust = (struct sim_trust){0};
    sim_environment_find(names, VARIABLES, values);
    for (size_t i = 0; i < VARIABLES; i++)
        if (values[i] != NULL && *values[i] == '\0')
            values[i] = NULL; /* empty is as good as unset */
    for (size_t i = 0; i < BUNDLES; i++) {
        if (values[i] == NULL)
            continue;
        trust->source = names[i];
        if (sim_trust_from_path(values[i], names[i], trust))
            return SIM_OK;
        return fail(error, names[i], "bundle", values[i]);
    }
    if (values[CERT_FILE] == NULL && values[CERT_DIRECTORY] == NULL)
        return SIM_OK;
    return from_openssl_variables(values[CERT_FILE], values[CERT_DIRECTORY], trust, error);
}
