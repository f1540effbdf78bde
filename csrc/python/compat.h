/* Python.h, and CPython's newer API under its own names where this version lacks it.
 *
 * The only file that asks for PY_VERSION_HEX, beside the slot table of module.c.
 * Every file of the binding includes it first, through the headers. */
#ifndef PYSIM_COMPAT_H
#define PYSIM_COMPAT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>


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

#endif
