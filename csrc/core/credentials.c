#include "core/credentials.h"

#include <stdint.h>
#include <string.h>

void sim_credentials_init(struct sim_credentials *credentials)
{
    credentials->are_given = false;
    sim_buffer_init(&credentials->user, SIZE_MAX);
    sim_buffer_init(&credentials->password, SIZE_MAX);
}

void sim_credentials_fini(struct sim_credentials *credentials)
{
    sim_buffer_fini(&credentials->user);
    sim_buffer_fini(&credentials->password);
}

static enum sim_status decode(struct sim_buffer *out, struct sim_text text, struct sim_error *error)
{
    enum sim_status status = sim_buffer_append_text(out, ""); /* never NULL, even when empty */

    while (text.length > 0 && status == SIM_OK) {
        int character = sim_url_decode(&text);
        if (character == '\0')
            return sim_fail(error, SIM_BAD_INPUT, "the URL's user or password has a %%00");
        status = sim_buffer_append_char(out, (char)character);
    }
    return status == SIM_OK ? SIM_OK : sim_fail_no_memory(error, "a URL");
}

enum sim_status sim_credentials_take(struct sim_credentials *credentials, const struct sim_url *url,
                                     struct sim_error *error)
{
    struct sim_text user = url->credentials, password = {"", 0};
    const char *colon = user.length > 0 ? memchr(user.data, ':', user.length) : NULL;
    enum sim_status status;

    sim_buffer_clear(&credentials->user);
    sim_buffer_clear(&credentials->password);
    credentials->are_given = url->has_credentials;
    if (colon != NULL) {
        user.length = (size_t)(colon - user.data);
        password = (struct sim_text){colon + 1, url->credentials.length - user.length - 1};
    }
    status = decode(&credentials->user, user, error);
    return status == SIM_OK ? decode(&credentials->password, password, error) : status;
}
