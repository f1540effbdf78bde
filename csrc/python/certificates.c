#include "python/certificates.h"

#include "core/libcurl.h"

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

/* Asks a place, and keeps what it says for later calls. 1; 0 when it names nothing that exists,
 * whatever went wrong, so that the next place is asked; -1 with what is not an Exception, such as
 * KeyboardInterrupt. */
static int find_in_place(struct pysim_state *state, size_t place, struct sim_trust *trust)
{
    PyObject *path = ask(place), *encoded = NULL, *kept = NULL;

    if (path != NULL && PyUnicode_Check(path))
        encoded = PyUnicode_EncodeFSDefault(path);
    if (encoded != NULL &&
        sim_trust_from_path(PyBytes_AS_STRING(encoded), places[place].source, trust))
        kept = Py_BuildValue("nO", (Py_ssize_t)place, encoded);
    Py_XDECREF(encoded);
    Py_XDECREF(path);
    if (kept != NULL) {
        Py_XSETREF(state->certificates, kept);
        return 1;
    }
    *trust = (struct sim_trust){0};
    if (PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_Exception))
        return -1;
    PyErr_Clear();
    return 0;
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

/* Asks the places from `start` to `end`. 1 when one is found, 0 when none is, -1 with an
 * exception. */
static int find_in_places(struct pysim_state *state, size_t start, size_t end,
                          struct sim_trust *trust)
{
    int found = 0;

    for (size_t i = start; i < end && found == 0; i++)
        found = find_in_place(state, i, trust);
    return found;
}

static int find_default(struct pysim_state *state, bool is_https, struct sim_trust *trust)
{
    const size_t count = sizeof places / sizeof *places, first = is_https ? SSL_PLACES : 0;
    int found;

    if (sim_libcurl_default_trust(trust) || find_kept(state, trust))
        return 0;
    found = find_in_places(state, 0, first, trust);
    if (found == 0 && !sim_trust_from_usual_places(trust))
        found = find_in_places(state, first, count, trust);
    return found < 0 ? -1 : 0;
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
    return trust->source == NULL ? find_default(state, is_https, trust) : 0;
}
