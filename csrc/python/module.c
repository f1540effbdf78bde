/* The extension module simstudio._native: a table of contents. */
#include "core/http.h"
#include "python/client.h"
#include "python/error.h"
#include "python/record.h"
#include "python/state.h"
#include "python/stream.h"

#ifndef SIMSTUDIO_VERSION
#error "the build says which version this is"
#endif

#define DEFAULT_TIMEOUT_S 30.0
#define STREAM_SILENCE_S 300.0 /* a server sends nothing while a block without text runs */

static struct PyModuleDef module_definition;

struct pysim_state *pysim_state_of_module(PyObject *module)
{
    return PyModule_GetState(module);
}

struct pysim_state *pysim_state_of_type(PyTypeObject *type)
{
    PyObject *bases = type->tp_mro;

    for (Py_ssize_t i = 0; bases != NULL && i < PyTuple_GET_SIZE(bases); i++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(bases, i);
        PyObject *module = NULL;
        if (!PyType_HasFeature(base, Py_TPFLAGS_HEAPTYPE))
            continue;
#ifdef PYSIM_MODULE_KEY
        module = PyDict_GetItemString(base->tp_dict, PYSIM_MODULE_KEY);
#else
        module = ((PyHeapTypeObject *)base)->ht_module;
#endif
        if (module != NULL && PyModule_Check(module) &&
            PyModule_GetDef(module) == &module_definition)
            return PyModule_GetState(module);
    }
    PyErr_Format(PyExc_TypeError, "%.200s is no type of simstudio", type->tp_name);
    return NULL;
}

PyObject *pysim_state_add_type(PyObject *module, PyType_Spec *spec, PyObject *bases)
{
    const char *dot = strrchr(spec->name, '.');
    PyObject *name = NULL, *type = NULL, *result = NULL;

    name = PyUnicode_InternFromString(dot != NULL ? dot + 1 : spec->name);
    if (name == NULL)
        goto done;
    type = PYSIM_TYPE_FROM_SPEC(module, spec, bases);
    /* A class of Python's has no module before its name in messages. */
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

static int module_exec(PyObject *module)
{
    struct pysim_state *state = pysim_state_of_module(module);

    state->default_timeout = PyFloat_FromDouble(DEFAULT_TIMEOUT_S);
    state->stream_timeout = Py_BuildValue("(dd)", DEFAULT_TIMEOUT_S, STREAM_SILENCE_S);
    state->user_agent = PyBytes_FromString("User-Agent: simstudio-sdk/" SIMSTUDIO_VERSION
                                           " (native; CPython " PY_VERSION ")");
    if (state->default_timeout == NULL || state->stream_timeout == NULL ||
        state->user_agent == NULL)
        return -1;
    if (pysim_error_register(module, state) < 0 || pysim_record_register(module, state) < 0 ||
        pysim_client_register(module, state) < 0 || pysim_stream_register(module, state) < 0)
        return -1;
    return PyModule_AddStringConstant(module, "__version__", SIMSTUDIO_VERSION);
}

static int module_traverse(PyObject *module, visitproc visit, void *arg)
{
    struct pysim_state *state = pysim_state_of_module(module);

    if (state == NULL) /* 3.8 traverses before the state is there */
        return 0;
#define PYSIM_VISIT(name) Py_VISIT(state->name);
    PYSIM_STATE_OBJECTS(PYSIM_VISIT)
#undef PYSIM_VISIT
    return 0;
}

static int module_clear(PyObject *module)
{
    struct pysim_state *state = pysim_state_of_module(module);

    if (state == NULL)
        return 0;
#define PYSIM_CLEAR(name) Py_CLEAR(state->name);
    PYSIM_STATE_OBJECTS(PYSIM_CLEAR)
#undef PYSIM_CLEAR
    return 0;
}

static void module_free(void *module)
{
    (void)module_clear(module);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL},
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "simstudio._native",
    .m_doc = "The native part of simstudio: import simstudio instead.",
    .m_size = sizeof(struct pysim_state),
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC PyInit__native(void)
{
    return PyModuleDef_Init(&module_definition);
}
