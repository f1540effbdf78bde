/* The result types: one machinery, driven by the table in records.def. */
#ifndef PYSIM_RECORD_H
#define PYSIM_RECORD_H

#include "python/arguments.h"
#include "python/state.h"

#include <stdbool.h>

/* One member for each RECORD of records.def: PYSIM_WorkflowExecutionResult, ... */
enum pysim_record {
#define RECORD(name, doc, fields) PYSIM_##name,
#include "python/records.def"
    PYSIM_RECORD_COUNT
};

/* The fields of each record by name, as pysim_record_new() takes them: union
 * pysim_WorkflowExecutionResult, ... */
#define FIELD(name, key, fallback, type) PyObject *name;
#define RECORD(name, doc, fields)                                                                  \
    union pysim_##name {                                                                           \
        struct {                                                                                   \
            fields                                                                                 \
        } of;                                                                                      \
        PyObject *values[PYSIM_MAX_PARAMETERS];                                                    \
    };
#include "python/records.def"

/* Creates all types, stores them in the state and the module. 0, or -1 with an exception. */
int pysim_record_register(PyObject *module, struct pysim_state *state);

/* A new instance of the plain type (not of a subclass), its fields from the record's union, or from
 * an array in the table's order; borrowed. NULL stands for the field's default. */
PyObject *pysim_record_new(struct pysim_state *state, enum pysim_record record,
                           PyObject *const *values);

/* As pysim_record_new(), the fields read from the dict `mapping` under their JSON keys; a key that
 * is missing gives the field's default. A required field must be there: the caller checks. */
PyObject *pysim_record_from_json(struct pysim_state *state, enum pysim_record record,
                                 PyObject *mapping);

/* True when `mapping` is a dict that has the JSON keys of all required fields. */
bool pysim_record_fits(struct pysim_state *state, enum pysim_record record, PyObject *mapping);

#endif
