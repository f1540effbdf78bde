#include "python/state.h"

#include <stdbool.h>

struct pysim_state *pysim_state_of_module(PyObject *module)
{
    return PyModule_GetState(module);
}

/* Our module is the one whose definition traverses this state. */
static bool is_ours(PyObject *module)
{
    const struct PyModuleDef *definition = PyModule_GetDef(module);

    return definition != NULL && definition->m_traverse == pysim_state_traverse;
}

struct pysim_state *pysim_state_of_type(PyTypeObject *type)
{
    PyObject *bases = type->tp_mro;

    for (Py_ssize_t i = 0; bases != NULL && i < PyTuple_GET_SIZE(bases); i++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(bases, i);
        PyObject *module = NULL;
#ifdef PYSIM_MODULE_KEY
        PyObject *key;
#endif
        if (!PyType_HasFeature(base, Py_TPFLAGS_HEAPTYPE))
            continue;
#ifdef PYSIM_MODULE_KEY
        key = PyUnicode_FromString(PYSIM_MODULE_KEY);
        if (key == NULL)
            return NULL;
        module = PyDict_GetItemWithError(base->tp_dict, key);
        Py_DECREF(key);
#else
        module = ((PyHeapTypeObject *)base)->ht_module;
#endif
        if (module != NULL && PyModule_Check(module) && is_ours(module))
            return PyModule_GetState(module);
    }
    PyErr_Format(PyExc_TypeError, "%.200s is not a simstudio type", type->tp_name);
    return NULL;
}

PyObject *pysim_state_add_type(PyObject *module, PyType_Spec *spec, PyObject *bases)
{
    const char *dot = strrchr(spec->name, '.');
    PyObject *name = NULL, *type = NULL, *result = NULL;

    name = PyUnicode_InternFromString(dot != NULL ? dot + 1 : spec->name);
    if (name == NULL)
        goto done;
    type = pysim_type_from_spec(module, spec, bases);
    /* Python-level classes show their bare name in messages. */
    if (type == NULL || PyObject_SetAttrString(type, "__name__", name) < 0)
        goto done;
#ifdef PYSIM_MODULE_KEY
    if (PyDict_SetItemString(((PyTypeObject *)type)->tp_dict, PYSIM_MODULE_KEY, module) < 0)
        goto done;
#endif
    if (pysim_restore_signature((PyTypeObject *)type, spec) == 0 &&
        PyObject_SetAttr(module, name, type) == 0)
        result = Py_NewRef(type);
done:
    Py_XDECREF(name);
    Py_XDECREF(type);
    return result;
}

PyObject *pysim_state_intern(const char *const *texts, Py_ssize_t count)
{
    PyObject *all = PyTuple_New(count);

    for (Py_ssize_t i = 0; all != NULL && i < count; i++) {
        PyObject *text =
            texts[i] != NULL ? PyUnicode_InternFromString(texts[i]) : Py_NewRef(Py_None);
        if (text == NULL)
            Py_CLEAR(all);
        else
            PyTuple_SET_ITEM(all, i, text);
    }
    return all;
}

int pysim_state_traverse(PyObject *module, visitproc visit, void *arg)
{
    struct pysim_state *state = pysim_state_of_module(module);

    if (state == NULL) /* 3.8 traverses before the state is there */
        return 0;
#define PYSIM_VISIT(name) Py_VISIT(state->name);
    PYSIM_STATE_OBJECTS(PYSIM_VISIT)
#undef PYSIM_VISIT
    return 0;
}

int pysim_state_clear(PyObject *module)
{
    struct pysim_state *state = pysim_state_of_module(module);

    if (state == NULL)
        return 0;
#define PYSIM_CLEAR(name) Py_CLEAR(state->name);
    PYSIM_STATE_OBJECTS(PYSIM_CLEAR)
#undef PYSIM_CLEAR
    return 0;
}

void pysim_state_free(void *module)
{
    (void)pysim_state_clear(module);
}
