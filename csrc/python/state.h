/* The module's state, from one list.
 *
 * PYSIM_STATE_OBJECTS is read three times: by the struct, by traverse and by
 * clear. Whoever needs a type, a name or a function again and again adds a line. */
#ifndef PYSIM_STATE_H
#define PYSIM_STATE_H

#include "python/compat.h"

#define PYSIM_STATE_OBJECTS(X)                                                                     \
    X(SimStudioClient)                                                                             \
    X(SimStudioError)                                                                              \
    X(WorkflowStream)                                                                              \
    X(text_stream)     /* the type of its iterator over texts */                                   \
    X(words)           /* tuple of str, word.h's */                                                \
    X(records)         /* tuple of the result types, in the order of records.def */                \
    X(record_keys)     /* tuple of tuples: their JSON keys */                                      \
    X(record_fields)   /* tuple of tuples: their field names */                                    \
    X(record_defaults) /* tuple of dicts: an instance's, with None for what is required */         \
    X(user_agent)      /* bytes, the header line */                                                \
    X(default_timeout) /* 30.0 */                                                                  \
    X(stream_timeout)  /* (30.0, 300.0) */                                                         \
    X(certificates)    /* tuple: what certificates.c found with Python's help, or NULL */          \
    X(json_keys)       /* list: recent keys of JSON objects, or NULL before the first */           \
    X(json_loads)      /* Python's own, or NULL before the first need of it */

struct pysim_state {
#define PYSIM_STATE_MEMBER(name) PyObject *name;
    PYSIM_STATE_OBJECTS(PYSIM_STATE_MEMBER)
#undef PYSIM_STATE_MEMBER
};

/* The state of the extension module; borrowed for as long as the module lives. */
struct pysim_state *pysim_state_of_module(PyObject *module);

/* The state of the module that defined `type` or the nearest of its bases that came from here.
 * Instances keep their type alive and a type keeps its module, so an object may hold on to the
 * result. NULL with TypeError set where no base is ours. */
struct pysim_state *pysim_state_of_type(PyTypeObject *type);

/* Makes a heap type of the module and adds it to the module under its name. A new reference. */
PyObject *pysim_state_add_type(PyObject *module, PyType_Spec *spec, PyObject *bases);

/* A new tuple of interned str, with None for what is NULL. */
PyObject *pysim_state_intern(const char *const *texts, Py_ssize_t count);

/* For the module's definition. */
int pysim_state_traverse(PyObject *module, visitproc visit, void *arg);
int pysim_state_clear(PyObject *module);
void pysim_state_free(void *module);

#endif
