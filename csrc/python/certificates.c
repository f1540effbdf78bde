#include "python/certificates.h"

#include <string.h>

#include "core/http.h"

/* Keeps `path` (a str or None; stolen, may be NULL with an exception) as the source found. 1 when
 * it names something that exists, 0 when not, whatever went wrong: the next place is asked then. */
static int keep_path_steals(struct pysim_state *state, PyObject *path, const char *source,
                            struct sim_trust *trust)
{
    PyObject *encoded = NULL;
    int found = 0;

    if (path != NULL && PyUnicode_Check(path))
        encoded = PyUnicode_EncodeFSDefault(path);
    if (encoded != NULL && sim_trust_from_path(PyBytes_AS_STRING(encoded), source, trust)) {
        Py_INCREF(encoded);
        Py_XSETREF(state->certificates, encoded);
        found = 1;
    }
    PyErr_Clear();
    Py_XDECREF(encoded);
    Py_XDECREF(path);
    return found;
}

/* module.function().attribute, or module.function() where `attribute` is NULL. */
static PyObject *ask_module(const char *module_name, const char *function, const char *attribute)
{
    PyObject *module = PyImport_ImportModule(module_name), *answer = NULL, *value = NULL;

    if (module != NULL)
        answer = PyObject_CallMethod(module, function, NULL);
    if (answer != NULL && attribute != NULL)
        value = PyObject_GetAttrString(answer, attribute);
    else
        value = Py_XNewRef(answer);
    Py_XDECREF(module);
    Py_XDECREF(answer);
    return value;
}

static void find_default(struct pysim_state *state, bool may_import, struct sim_trust *trust)
{
    static const char python_source[] = "ssl.get_default_verify_paths()";
    struct sim_trust found = {0};

    if (sim_http_default_trust(&found)) {
        *trust = found;
        return;
    }
    if (state->certificates != NULL) { /* found by an earlier call, and gone again is no matter */
        (void)sim_trust_from_path(PyBytes_AS_STRING(state->certificates),
                                  "the certificates found at the first https call", trust);
        return;
    }
    if (may_import &&
        (keep_path_steals(state, ask_module("ssl", "get_default_verify_paths", "cafile"),
                          python_source, trust) ||
         keep_path_steals(state, ask_module("ssl", "get_default_verify_paths", "capath"),
                          python_source, trust)))
        return;
    if (sim_trust_from_usual_places(trust))
        return;
    if (may_import)
        (void)keep_path_steals(state, ask_module("certifi", "where", NULL), "certifi", trust);
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
        *trust = (struct sim_trust){0};
        return 0;
    }
    if (trust->source == NULL)
        find_default(state, is_https, trust);
    return 0;
}
