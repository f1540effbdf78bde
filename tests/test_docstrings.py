"""What help() says: of everything public, what it takes, gives and raises."""

import ast
import inspect
import re
from pathlib import Path

import pytest

import simstudio
import simstudio.testing

RECORDS = [simstudio.WorkflowExecutionResult, simstudio.AsyncExecutionResult,
           simstudio.WorkflowStatus, simstudio.RateLimitInfo, simstudio.RateLimitStatus,
           simstudio.UsageLimits, simstudio.StreamEvent]
CLASSES = [simstudio.SimStudioClient, simstudio.WorkflowStream, simstudio.SimStudioError, *RECORDS]

# What a docstring says of a parameter or a field: "timeout: ...", "logs, trace_spans: ...".
ENTRY = r"(?:^|[.;,] |\n)(?:\w+, )*%s(?:, \w+)*: "

QUIET = ["close", "get_rate_limit_info", "__enter__", "__exit__"]  # these raise nothing of their own


def members(cls):
    """The public methods and attributes that a class itself defines, by name."""
    return {name: member for name, member in vars(cls).items()
            if (not name.startswith("_") or name in ("__enter__", "__exit__"))
            and (callable(member) or inspect.isdatadescriptor(member))}


METHODS = [(cls, name) for cls in CLASSES for name, member in sorted(members(cls).items())
           if callable(member)]
DATA = [(cls, name) for cls in CLASSES for name, member in sorted(members(cls).items())
        if not callable(member)]


def name_of(value):
    return value.__name__ if isinstance(value, type) else value


def explains(documentation, name):
    return re.search(ENTRY % re.escape(name), documentation) is not None


def test_there_is_something_to_look_at():
    assert len(METHODS) > 15 and len(DATA) >= 4


def test_the_package_names_all_that_it_offers():
    for cls in CLASSES:
        assert re.search(r"\b%s\b" % cls.__name__, simstudio.__doc__), cls
    public = {name for name, value in vars(simstudio).items() if isinstance(value, type)}
    assert public == {cls.__name__ for cls in CLASSES} | {"Client"}


@pytest.mark.parametrize("cls", CLASSES, ids=name_of)
def test_a_class_says_what_it_is_in_one_line(cls):
    first, _, rest = inspect.getdoc(cls).partition("\n\n")
    assert first.endswith(".") and len(first.splitlines()) == 1 and rest


@pytest.mark.parametrize("record", RECORDS, ids=name_of)
def test_a_record_says_what_each_field_is(record):
    documentation = inspect.getdoc(record)
    for field in inspect.signature(record).parameters:
        assert explains(documentation, field), field


@pytest.mark.parametrize("cls", [simstudio.SimStudioClient, simstudio.SimStudioError], ids=name_of)
def test_a_constructor_says_what_each_parameter_is(cls):
    for parameter in inspect.signature(cls).parameters:
        assert explains(inspect.getdoc(cls), parameter), parameter


@pytest.mark.parametrize("name", ["code", "status", "details", "retry_after", "was_sent"])
def test_the_error_says_what_each_attribute_is(name):
    assert explains(inspect.getdoc(simstudio.SimStudioError), name)


@pytest.mark.parametrize("cls, name", METHODS, ids=name_of)
def test_a_method_says_what_it_takes_gives_and_raises(cls, name):
    method = getattr(cls, name)
    documentation = inspect.getdoc(method)
    assert documentation, name
    for parameter in list(inspect.signature(method).parameters)[1:]:
        if not name.startswith("__"):
            assert explains(documentation, parameter), parameter
    assert re.search(r"\breturns?\b", documentation.lower()) or name in (
        "close", "set_api_key", "set_base_url")
    assert re.search(r"\braises\b", documentation.lower()) or name in QUIET


@pytest.mark.parametrize("cls, name", DATA, ids=name_of)
def test_an_attribute_says_what_it_is_and_its_type(cls, name):
    assert re.search(r"\bstr\b", inspect.getdoc(getattr(cls, name)))


@pytest.mark.parametrize("name", simstudio.testing.__all__)
def test_the_testing_package_says_what_each_part_is(name):
    cls = getattr(simstudio.testing, name)
    assert cls.__doc__, name
    for method in members(cls):
        if not method.startswith("__"):
            assert getattr(cls, method).__doc__, method


def documented(tree):
    """The functions and classes of a stub, by name; of an overloaded one the first."""
    found = {}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.setdefault(node.name, node)
    return found


def test_the_stub_has_the_same_for_editors():
    stub = documented(ast.parse(Path(simstudio.__file__).with_name("_native.pyi").read_text()))
    for cls in CLASSES:
        node = stub[cls.__name__]
        assert ast.get_docstring(node) == inspect.getdoc(cls)
        methods = documented(node)
        for name in members(cls):
            if name in methods or cls in (simstudio.SimStudioClient, simstudio.WorkflowStream):
                if name not in ("api_key", "base_url"):  # attributes in the stub
                    assert ast.get_docstring(methods[name]) == inspect.getdoc(getattr(cls, name)), name
    assert ast.get_docstring(stub["libcurl_version"]) == inspect.getdoc(simstudio._native.libcurl_version)


def test_lines_fit_a_terminal():
    for cls in CLASSES:
        for text in [cls.__doc__] + [member.__doc__ for member in members(cls).values()]:
            assert max(map(len, text.splitlines())) <= 90
