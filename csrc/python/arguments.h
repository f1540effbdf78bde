/* Arguments of a call, matched to a table of names with Python's own words for what is wrong.
 *
 * The one parser for vectorcall methods and for constructors: positional or keyword, defaults,
 * unknown, repeated, missing and surplus arguments as a `def` would report them. */
#ifndef PYSIM_ARGUMENTS_H
#define PYSIM_ARGUMENTS_H

#include "python/compat.h"

#include <stdbool.h>

enum { PYSIM_MAX_PARAMETERS = 16 };

struct pysim_signature {
    const char *owner;        /* class name: "SimStudioClient.execute_workflow()" from 3.10 on */
    const char *function;     /* "execute_workflow" */
    int required_count;       /* how many parameters, the first ones, have no default */
    int positional_count;     /* how many may be positional; the rest is keyword-only */
    int parameter_count;      /* self not counted here, but counted in messages, as Python does */
    const char *const *names; /* parameter_count names */
};

/* Fills values[0 .. parameter_count) with borrowed references, NULL for what was not given.
 * `arguments`, `positional_given` (with or without PY_VECTORCALL_ARGUMENTS_OFFSET) and
 * `keyword_names` as a METH_FASTCALL | METH_KEYWORDS method receives them. 0, or -1 with
 * TypeError set. */
int pysim_arguments_match(const struct pysim_signature *signature, PyObject *const *arguments,
                          Py_ssize_t positional_given, PyObject *keyword_names, PyObject **values);

/* The same for a tp_init: a tuple and a dict (or NULL). On success the values are new
 * references: the dict may be the caller's own (on 3.8 it is) and change when an attribute is
 * set. End with pysim_arguments_release(). */
int pysim_arguments_match_init(const struct pysim_signature *signature, PyObject *arguments,
                               PyObject *keywords, PyObject **values);
void pysim_arguments_release(const struct pysim_signature *signature, PyObject **values);

/* Whether float() of a value is the value's own matter: what it raises is not to be replaced. */
bool pysim_arguments_is_number(PyObject *value);

/* float() of such a value; an int beyond all floats is infinite. 0, or -1 with an exception. */
int pysim_arguments_number(PyObject *value, double *number);

#endif
