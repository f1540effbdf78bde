/* The result types behave like dataclasses.
 *
 * The fields live in the instance's dict, so copying, pickling, vars(), extra attributes
 * and subclasses need no code here. What the dataclasses module makes is made on first use, from
 * a real dataclass of the same fields, so the import does not pay for it. */
#include "python/record.h"

#include <stddef.h>
#include <string.h>

#include "python/arguments.h"

enum fallback { REQUIRED, NONE, FALSE_ };

struct field {
    const char *name, *key, *type;
    enum fallback fallback;
};

struct record_table {
    const char *full_name, *doc;
    const struct field *fields;
    struct pysim_signature signature;
    initproc init;
    reprfunc repr;
    richcmpfunc compare;
};

struct record {
    PyObject_HEAD
    PyObject *dict;
    PyObject *weak_references;
};

static int record_init(enum pysim_record which, PyObject *self, PyObject *arguments,
                       PyObject *keywords);
static PyObject *record_repr(enum pysim_record which, PyObject *self);
static PyObject *record_compare(enum pysim_record which, PyObject *self, PyObject *other,
                                int operation);

/* A slot gets an instance, maybe of a subclass, and is not told which record it serves: so each
 * record has slots of its own. */
#define RECORD(name, doc, fields)                                                                  \
    static const struct field name##_fields[] = {fields};                                          \
    static int name##_init(PyObject *self, PyObject *arguments, PyObject *keywords)                \
    {                                                                                              \
        return record_init(PYSIM_##name, self, arguments, keywords);                               \
    }                                                                                              \
    static PyObject *name##_repr(PyObject *self)                                                   \
    {                                                                                              \
        return record_repr(PYSIM_##name, self);                                                    \
    }                                                                                              \
    static PyObject *name##_compare(PyObject *self, PyObject *other, int operation)                \
    {                                                                                              \
        return record_compare(PYSIM_##name, self, other, operation);                               \
    }
#define FIELD(name, key, fallback, type) {#name, key, type, fallback},
#include "python/records.def"

#define RECORD(name, doc, fields) static const char *const name##_names[] = {fields};
#define FIELD(name, key, fallback, type) #name,
#include "python/records.def"

#define RECORD(name, doc, fields) enum { name##_required = 0 fields };
#define FIELD(name, key, fallback, type) +(fallback == REQUIRED)
#include "python/records.def"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

#define RECORD(name, doc, fields)                                                                  \
    _Static_assert(COUNT(name##_names) <= PYSIM_MAX_PARAMETERS, "more than __init__() can take");
#define FIELD(name, key, fallback, type)
#include "python/records.def"

static const struct record_table tables[] = {
#define RECORD(name, text, members)                                                                \
    {                                                                                              \
        .full_name = "simstudio." #name,                                                           \
        .doc = text,                                                                               \
        .fields = name##_fields,                                                                   \
        .signature =                                                                               \
            {                                                                                      \
                .owner = #name,                                                                    \
                .function = "__init__",                                                            \
                .required_count = name##_required,                                                 \
                .positional_count = COUNT(name##_names),                                           \
                .parameter_count = COUNT(name##_names),                                            \
                .names = name##_names,                                                             \
            },                                                                                     \
        .init = name##_init,                                                                       \
        .repr = name##_repr,                                                                       \
        .compare = name##_compare,                                                                 \
    },
#include "python/records.def"
};

static PyObject *fallback_value(enum fallback fallback)
{
    return fallback == FALSE_ ? Py_False : Py_None;
}

/* The interned names of a record's fields; borrowed. */
static PyObject *names_of(const struct pysim_state *state, enum pysim_record which)
{
    return PyTuple_GET_ITEM(state->record_fields, which);
}

/* ---- slots ---- */

static int record_init(enum pysim_record which, PyObject *self, PyObject *arguments,
                       PyObject *keywords)
{
    const struct record_table *table = &tables[which];
    struct pysim_state *state = pysim_state_of_type(Py_TYPE(self));
    PyObject *values[PYSIM_MAX_PARAMETERS];
    int result = -1;

    if (state == NULL ||
        pysim_arguments_match_init(&table->signature, arguments, keywords, values) < 0)
        return -1;
    for (int i = 0; i < table->signature.parameter_count; i++) {
        PyObject *value = values[i] != NULL ? values[i] : fallback_value(table->fields[i].fallback);
        if (PyObject_SetAttr(self, PyTuple_GET_ITEM(names_of(state, which), i), value) < 0)
            goto done;
    }
    result = 0;
done:
    pysim_arguments_release(&table->signature, values);
    return result;
}

/* "Name(field=value, ...)", the name that of the instance's own class. */
static PyObject *record_repr(enum pysim_record which, PyObject *self)
{
    const struct record_table *table = &tables[which];
    PyObject *name = NULL, *parts = NULL, *joined = NULL, *comma = NULL, *result = NULL;
    int entered = Py_ReprEnter(self);

    if (entered != 0)
        return entered > 0 ? PyUnicode_FromString("...") : NULL;
    name = PyObject_GetAttrString((PyObject *)Py_TYPE(self), "__qualname__");
    parts = PyList_New(0);
    comma = PyUnicode_FromString(", ");
    if (name == NULL || parts == NULL || comma == NULL)
        goto done;
    for (int i = 0; i < table->signature.parameter_count; i++) {
        PyObject *value = PyObject_GetAttrString(self, table->fields[i].name), *part = NULL;
        int appended = -1;
        if (value != NULL)
            part = PyUnicode_FromFormat("%s=%R", table->fields[i].name, value);
        if (part != NULL)
            appended = PyList_Append(parts, part);
        Py_XDECREF(value);
        Py_XDECREF(part);
        if (appended < 0)
            goto done;
    }
    joined = PyUnicode_Join(comma, parts);
    if (joined != NULL)
        result = PyUnicode_FromFormat("%S(%U)", name, joined);
done:
    Py_ReprLeave(self);
    Py_XDECREF(name);
    Py_XDECREF(parts);
    Py_XDECREF(comma);
    Py_XDECREF(joined);
    return result;
}

static PyObject *record_compare(enum pysim_record which, PyObject *self, PyObject *other,
                                int operation)
{
    const struct record_table *table = &tables[which];
    int equal = 1;

    if ((operation != Py_EQ && operation != Py_NE) || Py_TYPE(self) != Py_TYPE(other))
        Py_RETURN_NOTIMPLEMENTED;
    for (int i = 0; i < table->signature.parameter_count && equal == 1; i++) {
        PyObject *mine = PyObject_GetAttrString(self, table->fields[i].name);
        PyObject *theirs =
            mine != NULL ? PyObject_GetAttrString(other, table->fields[i].name) : NULL;
        equal = theirs != NULL ? pysim_compare_fields(mine, theirs) : -1;
        Py_XDECREF(mine);
        Py_XDECREF(theirs);
    }
    if (equal < 0)
        return NULL;
    return PyBool_FromLong(operation == Py_EQ ? equal : !equal);
}

static int record_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(((struct record *)self)->dict);
    PYSIM_VISIT_TYPE(self);
    return 0;
}

static int record_clear(PyObject *self)
{
    Py_CLEAR(((struct record *)self)->dict);
    return 0;
}

static PyMemberDef record_members[] = {
    {"__dictoffset__", T_PYSSIZET, offsetof(struct record, dict), READONLY, NULL},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(struct record, weak_references), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef record_getset[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

/* ---- what the dataclasses module makes, on first use ---- */

/* Stands in the type's dict under each of these names until one of them is asked for. */
static const char *const lazy_names[] = {"__dataclass_fields__", "__dataclass_params__",
                                         "__replace__"};

struct lazy {
    PyObject_HEAD
    PyObject *type; /* the record type whose dict holds this */
    PyObject *name;
    enum pysim_record which;
};

/* The types of the fields, a new dict by name; the annotations have them too from here on. */
static PyObject *resolve_annotations(PyObject *type)
{
    PyObject *module = PyImport_ImportModule("typing"), *hints = NULL, *annotations = NULL;

    if (module != NULL)
        hints = PyObject_CallMethod(module, "get_type_hints", "O", type);
    if (hints != NULL)
        annotations = PyObject_GetAttrString(type, "__annotations__");
    if (annotations == NULL || PyDict_Update(annotations, hints) < 0)
        Py_CLEAR(hints);
    Py_XDECREF(module);
    Py_XDECREF(annotations);
    return hints;
}

/* A real dataclass of the same fields. */
static PyObject *make_dataclass(PyObject *type, enum pysim_record which)
{
    const struct record_table *table = &tables[which];
    PyObject *hints = resolve_annotations(type), *fields = PyList_New(0);
    PyObject *module = NULL, *made = NULL;

    if (hints == NULL || fields == NULL)
        goto done;
    for (int i = 0; i < table->signature.parameter_count; i++) {
        const struct field *field = &table->fields[i];
        PyObject *hint = PyMapping_GetItemString(hints, field->name);
        PyObject *entry =
            hint == NULL ? NULL
            : field->fallback == REQUIRED
                ? Py_BuildValue("(sO)", field->name, hint)
                : Py_BuildValue("(sOO)", field->name, hint, fallback_value(field->fallback));
        int appended = entry != NULL ? PyList_Append(fields, entry) : -1;
        Py_XDECREF(hint);
        Py_XDECREF(entry);
        if (appended < 0)
            goto done;
    }
    module = PyImport_ImportModule("dataclasses");
    if (module != NULL)
        made = PyObject_CallMethod(module, "make_dataclass", "sO", table->signature.owner, fields);
done:
    Py_XDECREF(hints);
    Py_XDECREF(fields);
    Py_XDECREF(module);
    return made;
}

/* Puts the made values in place of the placeholders. Importing let other threads run, and one of
 * them may have been here first: its values stay, so that there is one of each. */
static int settle(PyObject *type, PyObject *made, const PyTypeObject *lazy_type)
{
    for (size_t i = 0; i < sizeof lazy_names / sizeof *lazy_names; i++) {
        PyObject *placeholder =
            PyDict_GetItemString(((PyTypeObject *)type)->tp_dict, lazy_names[i]);
        PyObject *value;
        int stored;
        if (placeholder == NULL || Py_TYPE(placeholder) != lazy_type)
            continue;
        value = PyDict_GetItemString(((PyTypeObject *)made)->tp_dict, lazy_names[i]);
        if (value == NULL)
            continue;
        Py_INCREF(value);
        stored = PyObject_SetAttrString(type, lazy_names[i], value);
        Py_DECREF(value);
        if (stored < 0)
            return -1;
    }
    return 0;
}

static PyObject *lazy_get(PyObject *self, PyObject *instance, PyObject *type)
{
    struct lazy *lazy = (struct lazy *)self;
    PyObject *made = NULL, *result = NULL;

    if (lazy->type == NULL) { /* the collector has cleared it */
        PyErr_SetObject(PyExc_AttributeError, lazy->name);
        return NULL;
    }
    /* Settling drops the type's reference to this object. */
    Py_INCREF(self);
    made = make_dataclass(lazy->type, lazy->which);
    if (made != NULL && settle(lazy->type, made, Py_TYPE(self)) == 0)
        result = PyObject_GetAttr(instance != NULL ? instance : type, lazy->name);
    Py_XDECREF(made);
    Py_DECREF(self);
    return result;
}

static int lazy_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(((struct lazy *)self)->type);
    PYSIM_VISIT_TYPE(self);
    return 0;
}

static int lazy_clear(PyObject *self)
{
    Py_CLEAR(((struct lazy *)self)->type);
    return 0;
}

static void lazy_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    (void)lazy_clear(self);
    Py_CLEAR(((struct lazy *)self)->name);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyType_Slot lazy_slots[] = {
    {Py_tp_descr_get, lazy_get},
    {Py_tp_traverse, lazy_traverse},
    {Py_tp_clear, lazy_clear},
    {Py_tp_dealloc, lazy_dealloc},
    {0, NULL},
};

static PyType_Spec lazy_spec = {
    .name = "simstudio._native._lazy_attribute",
    .basicsize = sizeof(struct lazy),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = lazy_slots,
};

static int add_lazy_attributes(PyObject *type, enum pysim_record which, PyTypeObject *lazy_type)
{
    for (size_t i = 0; i < sizeof lazy_names / sizeof *lazy_names; i++) {
        struct lazy *lazy;
        int stored;
        if (strcmp(lazy_names[i], "__replace__") == 0 && !PYSIM_HAS_COPY_REPLACE)
            continue;
        lazy = (struct lazy *)lazy_type->tp_alloc(lazy_type, 0);
        if (lazy == NULL)
            return -1;
        lazy->type = Py_NewRef(type);
        lazy->name = PyUnicode_InternFromString(lazy_names[i]);
        lazy->which = which;
        stored =
            lazy->name != NULL ? PyObject_SetAttrString(type, lazy_names[i], (PyObject *)lazy) : -1;
        Py_DECREF(lazy);
        if (stored < 0)
            return -1;
    }
    return 0;
}

/* ---- registering ---- */

/* A type of Python's own is itself; those of typing, for which the import must not pay, are texts
 * at first. */
static PyObject *annotation_of(const struct field *field)
{
    return strchr(field->type, '.') != NULL
               ? PyUnicode_FromString(field->type)
               : PyMapping_GetItemString(PyEval_GetBuiltins(), field->type);
}

static int add_class_attributes(PyObject *type, const struct record_table *table, PyObject *names)
{
    PyObject *annotations = PyDict_New();
    int result = -1;

    if (annotations == NULL)
        return -1;
    for (int i = 0; i < table->signature.parameter_count; i++) {
        const struct field *field = &table->fields[i];
        PyObject *annotation = annotation_of(field);
        int stored =
            annotation != NULL ? PyDict_SetItemString(annotations, field->name, annotation) : -1;
        Py_XDECREF(annotation);
        if (stored < 0 ||
            (field->fallback != REQUIRED &&
             PyObject_SetAttrString(type, field->name, fallback_value(field->fallback)) < 0))
            goto done;
    }
    if (PyObject_SetAttrString(type, "__annotations__", annotations) == 0 &&
        PyObject_SetAttrString(type, "__match_args__", names) == 0)
        result = 0;
done:
    Py_DECREF(annotations);
    return result;
}

/* "Name(success, output=None)\n--\n\n" and the doc, for PyType_FromSpec, which copies it. */
static int write_doc(const struct record_table *table, char *doc, size_t size)
{
    size_t used = (size_t)PyOS_snprintf(doc, size, "%s(", table->signature.owner);

    for (int i = 0; i < table->signature.parameter_count; i++)
        used += (size_t)PyOS_snprintf(doc + used, size - used, "%s%s%s", i > 0 ? ", " : "",
                                      table->fields[i].name,
                                      table->fields[i].fallback == REQUIRED ? ""
                                      : table->fields[i].fallback == NONE   ? "=None"
                                                                            : "=False");
    used += (size_t)PyOS_snprintf(doc + used, size - used, ")\n--\n\n%s", table->doc);
    return used < size ? 0 : -1;
}

static PyObject *register_type(PyObject *module, const struct record_table *table)
{
    char doc[1024];
    PyType_Slot slots[] = {
        {Py_tp_doc, doc},
        {Py_tp_init, table->init},
        {Py_tp_repr, table->repr},
        {Py_tp_richcompare, table->compare},
        {Py_tp_hash, PyObject_HashNotImplemented},
        {Py_tp_traverse, record_traverse},
        {Py_tp_clear, record_clear},
        {Py_tp_members, record_members},
        {Py_tp_getset, record_getset},
        {0, NULL},
    };
    PyType_Spec spec = {
        .name = table->full_name,
        .basicsize = sizeof(struct record),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
        .slots = slots,
    };
    PyObject *type;

    if (write_doc(table, doc, sizeof doc) < 0) {
        PyErr_SetString(PyExc_SystemError, "a record's doc is too long");
        return NULL;
    }
    type = pysim_state_add_type(module, &spec, NULL);
    if (type != NULL)
        pysim_set_offsets((PyTypeObject *)type, offsetof(struct record, dict),
                          offsetof(struct record, weak_references));
    return type;
}

/* A tuple of the record's field names, or of its JSON keys (None where there is none). */
static PyObject *intern_all(const struct record_table *table, bool are_keys)
{
    int count = table->signature.parameter_count;
    const char *texts[PYSIM_MAX_PARAMETERS];

    for (int i = 0; i < count; i++)
        texts[i] = are_keys ? table->fields[i].key : table->fields[i].name;
    return pysim_state_intern(texts, count);
}

/* The dict of an instance before its values are put in; NULL for names that are NULL. */
static PyObject *make_defaults(const struct record_table *table, PyObject *names)
{
    PyObject *dict = names != NULL ? PyDict_New() : NULL;

    for (int i = 0; dict != NULL && i < table->signature.parameter_count; i++)
        if (PyDict_SetItem(dict, PyTuple_GET_ITEM(names, i),
                           fallback_value(table->fields[i].fallback)) < 0)
            Py_CLEAR(dict);
    return dict;
}

int pysim_record_register(PyObject *module, struct pysim_state *state)
{
    PyObject *lazy_type = pysim_type_from_spec(module, &lazy_spec, NULL);
    int result = -1;

    state->records = PyTuple_New(PYSIM_RECORD_COUNT);
    state->record_fields = PyTuple_New(PYSIM_RECORD_COUNT);
    state->record_keys = PyTuple_New(PYSIM_RECORD_COUNT);
    state->record_defaults = PyTuple_New(PYSIM_RECORD_COUNT);
    if (lazy_type != NULL) /* made here alone: one without its record is of no use */
        ((PyTypeObject *)lazy_type)->tp_new = NULL;
    if (lazy_type == NULL || state->records == NULL || state->record_fields == NULL ||
        state->record_keys == NULL || state->record_defaults == NULL)
        goto done;
    for (int which = 0; which < PYSIM_RECORD_COUNT; which++) {
        PyObject *type = register_type(module, &tables[which]);
        PyObject *names = intern_all(&tables[which], false);
        PyObject *keys = intern_all(&tables[which], true);
        PyTuple_SET_ITEM(state->records, which, type);
        PyTuple_SET_ITEM(state->record_fields, which, names);
        PyTuple_SET_ITEM(state->record_keys, which, keys);
        PyTuple_SET_ITEM(state->record_defaults, which, make_defaults(&tables[which], names));
        if (type == NULL || names == NULL || keys == NULL ||
            PyTuple_GET_ITEM(state->record_defaults, which) == NULL ||
            add_class_attributes(type, &tables[which], names) < 0 ||
            add_lazy_attributes(type, (enum pysim_record)which, (PyTypeObject *)lazy_type) < 0)
            goto done;
    }
    result = 0;
done:
    Py_XDECREF(lazy_type);
    return result;
}

/* ---- making ---- */

PyObject *pysim_record_new(struct pysim_state *state, enum pysim_record which,
                           PyObject *const *values)
{
    const struct record_table *table = &tables[which];
    PyTypeObject *type = (PyTypeObject *)PyTuple_GET_ITEM(state->records, which);
    PyObject *names = names_of(state, which);
    PyObject *self = type->tp_alloc(type, 0), *dict = NULL, *result = NULL;

    if (self == NULL)
        return NULL;
    /* A copy comes in one piece, with room for all; adding key by key makes room twice. */
    dict = PyDict_Copy(PyTuple_GET_ITEM(state->record_defaults, which));
    ((struct record *)self)->dict = dict;
    if (dict == NULL)
        goto done;
    for (int i = 0; i < table->signature.parameter_count; i++)
        if (values[i] != NULL && PyDict_SetItem(dict, PyTuple_GET_ITEM(names, i), values[i]) < 0)
            goto done;
    result = Py_NewRef(self);
done:
    Py_DECREF(self);
    return result;
}

PyObject *pysim_record_from_json(struct pysim_state *state, enum pysim_record which,
                                 PyObject *mapping)
{
    PyObject *keys = PyTuple_GET_ITEM(state->record_keys, which);
    PyObject *values[PYSIM_MAX_PARAMETERS] = {NULL};

    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(keys); i++) {
        values[i] = PyDict_GetItemWithError(mapping, PyTuple_GET_ITEM(keys, i));
        if (values[i] == NULL && PyErr_Occurred())
            return NULL;
    }
    return pysim_record_new(state, which, values);
}

bool pysim_record_fits(struct pysim_state *state, enum pysim_record which, PyObject *mapping)
{
    PyObject *keys = PyTuple_GET_ITEM(state->record_keys, which);
    bool fits = PyDict_Check(mapping);

    for (Py_ssize_t i = 0; fits && i < tables[which].signature.required_count; i++)
        fits = PyDict_GetItemWithError(mapping, PyTuple_GET_ITEM(keys, i)) != NULL;
    return fits;
}
