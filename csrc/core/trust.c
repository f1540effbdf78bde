#include "core/trust.h"

#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "core/environment.h"

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

/* OpenSSL's variables: each may be set alone, and the directory may be a list. */
static enum sim_status from_openssl_variables(const char *file, const char *directory,
                                              struct sim_trust *trust, struct sim_error *error)
{
    struct stat status;

    trust->source = file != NULL
                        ? (directory != NULL ? "SSL_CERT_FILE and SSL_CERT_DIR" : "SSL_CERT_FILE")
                        : "SSL_CERT_DIR";
    if (file != NULL && stat(file, &status) != 0)
        return sim_fail(error, SIM_NOT_SENT,
                        "SSL_CERT_FILE names the certificate file %s, which does not exist", file);
    if (directory != NULL && strchr(directory, ':') == NULL && stat(directory, &status) != 0)
        return sim_fail(error, SIM_NOT_SENT,
                        "SSL_CERT_DIR names the certificate directory %s, which does not exist",
                        directory);
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
        return sim_fail(error, SIM_NOT_SENT,
                        "%s names the certificate bundle %s, which does not exist", names[i],
                        values[i]);
    }
    if (values[CERT_FILE] == NULL && values[CERT_DIRECTORY] == NULL)
        return SIM_OK;
    return from_openssl_variables(values[CERT_FILE], values[CERT_DIRECTORY], trust, error);
}
