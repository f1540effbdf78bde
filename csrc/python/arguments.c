#include "python/arguments.h"

#include <math.h>

/* "execute_workflow()", with its class in front where this Python shows it. */
static PyObject *call_name(const struct pysim_signature *signature)
{
    return PYSIM_CALL_HAS_CLASS
               ? PyUnicode_FromFormat("%s.%s()", signature->owner, signature->function)
               : PyUnicode_FromFormat("%s()", signature->function);
}

/* Raises TypeError "<name>() <what>"; `what` is stolen and may be NULL with an exception set. */
static int refuse_steals(const struct pysim_signature *signature, PyObject *what)
{
    PyObject *name = call_name(signature);

    if (name != NULL && what != NULL)
        PyErr_Format(PyExc_TypeError, "%U %U", name, what);
    Py_XDECREF(name);
    Py_XDECREF(what);
    return -1;
}

static int refuse_surplus(const struct pysim_signature *signature, Py_ssize_t given)
{
    int most = signature->positional_count + 1, least = signature->required_count + 1;

    given++; /* self counts, as it does for a def */
    if (least < most)
        return refuse_steals(signature, PyUnicode_FromFormat("takes from %d to %d positional "
                                                             "arguments but %zd were given",
                                                             least, most, given));
    return refuse_steals(signature,
                         PyUnicode_FromFormat("takes %d positional argument%s but %zd were given",
                                              most, most == 1 ? "" : "s", given));
}

/* "'a'", "'a' and 'b'", "'a', 'b', and 'c'" */
static int refuse_missing(const struct pysim_signature *signature, PyObject *const *values)
{
    int missing = 0, named = 0;
    PyObject *list, *longer;

    for (int i = 0; i < signature->required_count; i++)
        missing += values[i] == NULL;
    list = PyUnicode_FromString("");
    for (int i = 0; list != NULL && i < signature->required_count; i++) {
        const char *separator = named == 0 ? "" : ", ";
        if (values[i] != NULL)
            continue;
        named++;
        if (named > 1 && named == missing)
            separator = missing == 2 ? " and " : ", and ";
        longer = PyUnicode_FromFormat("%U%s'%s'", list, separator, signature->names[i]);
        Py_DECREF(list);
        list = longer;
    }
    if (list != NULL) {
        longer = PyUnicode_FromFormat("missing %d required positional argument%s: %U", missing,
                                      missing == 1 ? "" : "s", list);
        Py_DECREF(list);
        list = longer;
    }
    return refuse_steals(signature, list);
}

/* The parameter of that name, or -1. */
static int find_parameter(const struct pysim_signature *signature, PyObject *name)
{
    for (int i = 0; i < signature->parameter_count; i++)
        if (PyUnicode_CompareWithASCIIString(name, signature->names[i]) == 0)
            return i;
    return -1;
}

static int take_keyword(const struct pysim_signature *signature, PyObject *name, PyObject *value,
                        PyObject **values)
{
    int at;

    if (!PyUnicode_Check(name)) {
        PyObject *call = call_name(signature);
        if (call != NULL)
            PyErr_Format(PyExc_TypeError, "%U keywords must be strings", call);
        Py_XDECREF(call);
        return -1;
    }
    at = find_parameter(signature, name);
    if (at < 0)
        return refuse_steals(signature,
                             PyUnicode_FromFormat("got an unexpected keyword argument '%U'", name));
    if (values[at] != NULL)
        return refuse_steals(signature,
                             PyUnicode_FromFormat("got multiple values for argument '%U'", name));
    values[at] = value;
    return 0;
}

static void take_positional(const struct pysim_signature *signature, PyObject *const *arguments,
                            Py_ssize_t given, PyObject **values)
{
    for (int i = 0; i < signature->parameter_count; i++)
        values[i] = i < given && i < signature->positional_count ? arguments[i] : NULL;
}

static int check_counts(const struct pysim_signature *signature, Py_ssize_t given,
                        PyObject **values)
{
    if (given > signature->positional_count)
        return refuse_surplus(signature, given);
    for (int i = 0; i < signature->required_count; i++)
        if (values[i] == NULL)
            return refuse_missing(signature, values);
    return 0;
}

int pysim_arguments_match(const struct pysim_signature *signature, PyObject *const *arguments,
                          Py_ssize_t positional_given, PyObject *keyword_names, PyObject **values)
{
    Py_ssize_t given = PyVectorcall_NARGS((size_t)positional_given);

    take_positional(signature, arguments, given, values);
    for (Py_ssize_t i = 0; keyword_names != NULL && i < PyTuple_GET_SIZE(keyword_names); i++)
        if (take_keyword(signature, PyTuple_GET_ITEM(keyword_names, i), arguments[given + i],
                         values) < 0)
            return -1;
    return check_counts(signature, given, values);
}

int pysim_arguments_match_init(const struct pysim_signature *signature, PyObject *arguments,
                               PyObject *keywords, PyObject **values)
{
    Py_ssize_t given = PyTuple_GET_SIZE(arguments), at = 0;
    PyObject *name, *value;

    take_positional(signature, &PyTuple_GET_ITEM(arguments, 0), given, values);
    while (keywords != NULL && PyDict_Next(keywords, &at, &name, &value))
        if (take_keyword(signature, name, value, values) < 0)
            return -1;
    if (check_counts(signature, given, values) < 0)
        return -1;
    for (int i = 0; i < signature->parameter_count; i++)
        Py_XINCREF(values[i]);
    return 0;
}

void pysim_arguments_release(const struct pysim_signature *signature, PyObject **values)
{
    for (int i = 0; i < signature->parameter_count; i++)
        Py_CLEAR(values[i]);
}

bool pysim_arguments_is_number(PyObject *value)
{
    const PyNumberMethods *methods = Py_TYPE(value)->tp_as_number;

    if (methods == NULL || PyComplex_Check(value)) /* until 3.9 it has a __float__, which refuses */
        return false;
    return methods->nb_float != NULL || methods->nb_index != NULL;
}

int pysim_arguments_number(PyObject *value, double *number)
{
    int overflow = 0;

    *number = PyFloat_AsDouble(value);
    if (*number != -1.0 || !PyErr_Occurred())
        return 0;
    if (!PyLong_CheckExact(value) || !PyErr_ExceptionMatches(PyExc_OverflowError))
        return -1;
    PyErr_Clear();
    (void)PyLong_AsLongLongAndOverflow(value, &overflow);
    *number = overflow * HUGE_VAL;
    return 0;
}
