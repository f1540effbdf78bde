/* Python.h, and CPython's newer API under its own names where this version lacks it.
 *
 * The only file that asks for PY_VERSION_HEX. Every header of the binding includes it before
 * anything else, through another one or itself: Python.h must come first. */
#ifndef PYSIM_COMPAT_H
#define PYSIM_COMPAT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>
#include <structmember.h>

#if PY_VERSION_HEX < 0x030A0000
static inline PyObject *Py_NewRef(PyObject *object)
{
    Py_INCREF(object);
    return object;
}

static inline PyObject *Py_XNewRef(PyObject *object)
{
    Py_XINCREF(object);
    return object;
}
#endif

/* An exception as one object came with 3.12, which deprecated the three parts. */
#if PY_VERSION_HEX < 0x030C0000
static inline PyObject *PyErr_GetRaisedException(void)
{
    PyObject *type, *value, *traceback;

    PyErr_Fetch(&type, &value, &traceback);
    if (type == NULL)
        return NULL;
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != NULL)
        (void)PyException_SetTraceback(value, traceback);
    Py_DECREF(type);
    Py_XDECREF(traceback);
    return value;
}

static inline void PyErr_SetRaisedException(PyObject *value) /* steals */
{
    PyObject *type = value != NULL ? Py_NewRef((PyObject *)Py_TYPE(value)) : NULL;
    PyObject *traceback = value != NULL ? PyException_GetTraceback(value) : NULL;

    PyErr_Restore(type, value, traceback);
}
#endif

/* From 3.9 on an instance of a heap type owns a reference to its type, and its traverse says so.
 * On 3.8 the instance's own dealloc drops the reference, but traverse must not show it. */
#if PY_VERSION_HEX >= 0x03090000
#define PYSIM_VISIT_TYPE(self) Py_VISIT(Py_TYPE(self))
#else
#define PYSIM_VISIT_TYPE(self) ((void)0)
#endif

/* A new heap type; on 3.8 types do not know their module. */
static inline PyObject *pysim_type_from_spec(PyObject *module, PyType_Spec *spec, PyObject *bases)
{
#if PY_VERSION_HEX >= 0x03090000
    PyObject *type = PyType_FromModuleAndSpec(module, spec, bases);
#else
    PyObject *type = PyType_FromSpecWithBases(spec, bases);

    (void)module;
#endif
    /* Not every version raises MemoryError when there is no memory for the type's doc. */
    if (type == NULL && !PyErr_Occurred())
        PyErr_NoMemory();
    return type;
}

/* From 3.12 on the interpreter can keep an object's weak references before the object. */
#ifdef Py_TPFLAGS_MANAGED_WEAKREF
#define PYSIM_HAS_MANAGED_WEAKREF 1
#define PYSIM_TPFLAGS_MANAGED_WEAKREF Py_TPFLAGS_MANAGED_WEAKREF
#else
#define PYSIM_HAS_MANAGED_WEAKREF 0
#define PYSIM_TPFLAGS_MANAGED_WEAKREF 0
#endif

/* A call's name in error messages: with its class from 3.10 on. */
#if PY_VERSION_HEX >= 0x030A0000
#define PYSIM_CALL_HAS_CLASS 1
#else
#define PYSIM_CALL_HAS_CLASS 0
#endif

/* In the table of the module's slots: that each interpreter may have a GIL of its own. */
#if PY_VERSION_HEX >= 0x030C0000
#define PYSIM_INTERPRETER_SLOTS                                                                    \
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#else
#define PYSIM_INTERPRETER_SLOTS
#endif

/* copy.replace() and with it dataclasses' __replace__ came with 3.13. */
#define PYSIM_HAS_COPY_REPLACE (PY_VERSION_HEX >= 0x030D0000)

/* How a dataclass compares two fields: as parts of tuples, where identity is equality, until 3.13
 * spelled it out as `==`. */
static inline int pysim_compare_fields(PyObject *one, PyObject *other)
{
#if PY_VERSION_HEX >= 0x030D0000
    PyObject *verdict = PyObject_RichCompare(one, other, Py_EQ);
    int equal = verdict != NULL ? PyObject_IsTrue(verdict) : -1;

    Py_XDECREF(verdict);
    return equal;
#else
    return PyObject_RichCompareBool(one, other, Py_EQ);
#endif
}

/* Switching the cyclic collector from C came with 3.10; before that it is left alone. */
#if PY_VERSION_HEX < 0x030A0000
static inline int PyGC_Disable(void)
{
    return 0;
}

static inline int PyGC_Enable(void)
{
    return 0;
}
#endif

/* On 3.8 a module's init function would be hidden, as all symbols are by default here. */
#if PY_VERSION_HEX < 0x03090000
#undef PyMODINIT_FUNC
#define PyMODINIT_FUNC __attribute__((visibility("default"))) PyObject *
#endif

/* 3.8 has no way from a type to its module: the type's dict keeps it, under this name. */
#if PY_VERSION_HEX < 0x03090000
#define PYSIM_MODULE_KEY "_simstudio_module"
#endif

/* Sets where dict and weak references are, for types without a members table and on 3.8 for all. */
static inline void pysim_set_offsets(PyTypeObject *type, Py_ssize_t dict,
                                     Py_ssize_t weak_references)
{
    type->tp_dictoffset = dict;
    type->tp_weaklistoffset = weak_references;
    PyType_Modified(type);
}

/* PyType_FromSpec of 3.8 and 3.9 cuts the signature off the doc, where inspect looks for it. The
 * copy is freed with the type. 0, or -1 with MemoryError. */
static inline int pysim_restore_signature(PyTypeObject *type, const PyType_Spec *spec)
{
#if PY_VERSION_HEX < 0x030A0000
    for (const PyType_Slot *slot = spec->slots; slot->slot != 0; slot++) {
        size_t size = slot->slot == Py_tp_doc ? strlen(slot->pfunc) + 1 : 0;
        char *copy = size > 0 ? PyObject_Malloc(size) : NULL;
        if (size == 0)
            continue;
        if (copy == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        memcpy(copy, slot->pfunc, size);
        PyObject_Free((char *)type->tp_doc);
        type->tp_doc = copy;
    }
#else
    (void)type, (void)spec;
#endif
    return 0;
}

#endif
