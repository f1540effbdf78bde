#include "core/trust.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

/* The value of a variable, NULL where it is unset or empty. */
static const char *read_variable(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && *value != '\0' ? value : NULL;
}

/* OpenSSL's variables: each may be set alone, and the directory may be a list. */
static enum sim_status from_openssl_variables(struct sim_trust *trust, struct sim_error *error)
{
    const char *file = read_variable("SSL_CERT_FILE");
    const char *directory = read_variable("SSL_CERT_DIR");
    struct stat status;

    if (file != NULL && stat(file, &status) != 0)
        return sim_fail(error, SIM_NOT_SENT,
                        "SSL_CERT_FILE names the certificate file %s, which does not exist", file);
    if (directory != NULL && strchr(directory, ':') == NULL && stat(directory, &status) != 0)
        return sim_fail(error, SIM_NOT_SENT,
                        "SSL_CERT_DIR names the certificate directory %s, which does not exist",
                        directory);
    *trust = (struct sim_trust){
        .file = file,
        .directory = directory,
        .source = file != NULL
                      ? (directory != NULL ? "SSL_CERT_FILE and SSL_CERT_DIR" : "SSL_CERT_FILE")
                      : "SSL_CERT_DIR",
    };
    return SIM_OK;
}

enum sim_status sim_trust_from_environment(struct sim_trust *trust, struct sim_error *error)
{
    static const char *const bundle_variables[] = {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"};

    *trust = (struct sim_trust){0};
    for (size_t i = 0; i < sizeof bundle_variables / sizeof *bundle_variables; i++) {
        const char *name = bundle_variables[i], *path = read_variable(name);
        if (path == NULL)
            continue;
        if (sim_trust_from_path(path, name, trust))
            return SIM_OK;
        return sim_fail(error, SIM_NOT_SENT,
                        "%s names the certificate bundle %s, which does not exist", name, path);
    }
    if (read_variable("SSL_CERT_FILE") != NULL || read_variable("SSL_CERT_DIR") != NULL)
        return from_openssl_variables(trust, error);
    return SIM_OK;
}
