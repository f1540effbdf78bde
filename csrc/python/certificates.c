#include "python/certificates.h"

#include <string.h>

#include "core/http.h"

/* The places that Python knows: what `module`.`function`() says, or that `attribute` of it. */
static const struct {
    const char *module, *function, *attribute;
    const char *source; /* for messages */
} places[] = {
    {"ssl", "get_default_verify_paths", "cafile", "ssl.get_default_verify_paths()"},
    {"ssl", "get_default_verify_paths", "capath", "ssl.get_default_verify_paths()"},
    {"certifi", "where", NULL, "certifi"},
};

enum { SSL_PLACES = 2 }; /* the first ones; the distributions' come before the rest */

/* What a place says, a new reference; NULL with an exception. */
static PyObject *ask(size_t place)
{
    PyObject *module = PyImport_ImportModule(places[place].module), *answer = NULL, *value = NULL;

    if (module != NULL)
        answer = PyObject_CallMethod(module, places[place].function, NULL);
    if (answer != NULL && places[place].attribute != NULL)
        value = PyObject_GetAttrString(answer, places[place].attribute);
    else
        value = Py_XNewRef(answer);
    Py_XDECREF(module);
    Py_XDECREF(answer);
    return value;
}

/* Asks a place, and keeps what it says for later calls. False when that names nothing that exists,
 * whatever went wrong: the next place is asked then. */
static bool find_in_place(struct pysim_state *state, size_t place, struct sim_trust *trust)
{
    PyObject *path = ask(place), *encoded = NULL, *kept = NULL;

    if (path != NULL && PyUnicode_Check(path))
        encoded = PyUnicode_EncodeFSDefault(path);
    if (encoded != NULL &&
        sim_trust_from_path(PyBytes_AS_STRING(encoded), places[place].source, trust))
        kept = Py_BuildValue("nO", (Py_ssize_t)place, encoded);
    if (kept != NULL)
        Py_XSETREF(state->certificates, kept);
    else
        *trust = (struct sim_trust){0};
    PyErr_Clear();
    Py_XDECREF(encoded);
    Py_XDECREF(path);
    return kept != NULL;
}

/* What an earlier call has found, if it still exists. */
static bool find_kept(const struct pysim_state *state, struct sim_trust *trust)
{
    Py_ssize_t place;
    const char *path;

    if (state->certificates == NULL)
        return false;
    place = PyLong_AsSsize_t(PyTuple_GET_ITEM(state->certificates, 0));
    path = PyBytes_AS_STRING(PyTuple_GET_ITEM(state->certificates, 1));
    return sim_trust_from_path(path, places[place].source, trust);
}

static void find_default(struct pysim_state *state, bool is_https, struct sim_trust *trust)
{
    if (sim_http_default_trust(trust) || find_kept(state, trust))
        return;
    for (size_t i = 0; is_https && i < SSL_PLACES; i++)
        if (find_in_place(state, i, trust))
            return;
    if (sim_trust_from_usual_places(trust))
        return;
    for (size_t i = is_https ? SSL_PLACES : 0; i < sizeof places / sizeof *places; i++)
        if (find_in_place(state, i, trust))
            return;
}

int pysim_certificates_find(struct pysim_state *state, struct sim_text base,
                            struct sim_trust *trust, struct sim_error *error)
{
    bool is_https = base.length > 5 && (base.data[4] == 's' || base.data[4] == 'S');

    if (sim_trust_from_environment(trust, error) != SIM_OK) {
        if (is_https)
            return -1;
        /* Plain http needs none; should it be redirected to https, verification fails there. */
        *error = (struct sim_error){SIM_OK, ""};
        return 0;
    }
    if (trust->source == NULL)
        find_default(state, is_https, trust);
    return 0;
}
