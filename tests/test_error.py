"""SimStudioError as an exception: attributes, subclasses, copies."""

import copy
import inspect
import json
import pickle
import subprocess
import sys
import traceback
import weakref

import pytest

from simstudio import SimStudioClient, SimStudioError

each_protocol = pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))


class Plain(Exception):
    """The error as the documentation gives it."""

    def __init__(self, message, code=None, status=None):
        super().__init__(message)
        self.code = code
        self.status = status


@pytest.mark.parametrize(
    "arguments, keywords",
    [
        (("boom",), {}),
        (("boom", "CODE"), {}),
        (("boom", "CODE", 404), {}),
        (("boom",), {"status": 500}),
        ((), {"message": "boom", "code": "CODE", "status": 1}),
        ((None,), {}),
        (({"message": "a dict"},), {}),
        (("",), {}),
    ],
)
def test_it_is_made_as_documented(arguments, keywords):
    ours, plain = SimStudioError(*arguments, **keywords), Plain(*arguments, **keywords)
    assert isinstance(ours, Exception)
    assert (ours.args, str(ours), ours.code, ours.status) == (plain.args, str(plain), plain.code, plain.status)
    assert repr(ours) == repr(plain).replace("Plain", "SimStudioError")
    assert (ours.details, ours.retry_after, ours.was_sent) == (None, None, None)


@pytest.mark.parametrize("arguments, keywords", [((), {}), ((1, 2, 3, 4), {}), ((1,), {"other": 2}), ((1,), {"message": 2})])
def test_wrong_arguments_are_python_s_own_type_errors(arguments, keywords):
    with pytest.raises(TypeError) as expected:
        Plain(*arguments, **keywords)
    with pytest.raises(TypeError) as caught:
        SimStudioError(*arguments, **keywords)
    assert str(caught.value) == str(expected.value).replace("Plain", "SimStudioError")


def test_the_type_says_where_it_comes_from():
    assert SimStudioError.__module__ == "simstudio"
    assert SimStudioError.__qualname__ == SimStudioError.__name__ == "SimStudioError"
    assert SimStudioError.__bases__ == (Exception,)
    assert str(inspect.signature(SimStudioError)) == "(message, code=None, status=None)"
    shown = traceback.format_exception_only(SimStudioError, SimStudioError("boom"))
    assert shown == ["simstudio.SimStudioError: boom\n"]


def test_attributes_can_be_changed_and_added():
    error = SimStudioError("boom", "A", 1)
    error.code, error.status, error.details, error.retry_after, error.extra = "B", 2, {"k": 1}, 5, "more"
    assert vars(error) == {"code": "B", "status": 2, "details": {"k": 1}, "retry_after": 5, "extra": "more"}
    assert error.args == ("boom",)


class Derived(SimStudioError):
    def __init__(self, message, hint="none"):
        super().__init__(message, code="DERIVED", status=418)
        self.hint = hint


class Careless(SimStudioError):
    def __init__(self):
        pass


class Both(SimStudioError, KeyError):
    pass


class Slotted(SimStudioError):
    __slots__ = ("extra",)


def test_it_can_be_subclassed():
    error = Derived("boom", hint="try again")
    assert (str(error), error.code, error.status, error.hint) == ("boom", "DERIVED", 418, "try again")
    with pytest.raises(SimStudioError):
        raise error


def test_a_subclass_that_leaves_init_out_has_every_attribute():
    error = Careless()
    assert (error.code, error.status, error.details, error.retry_after, error.was_sent) == (None,) * 5


def test_arguments_outlive_the_dict_that_they_came_in():
    given = {"message": "gone", "code": ["code", object()], "status": ["status", object()]}

    class Clearing(SimStudioError):
        def __setattr__(self, attribute, value):
            given.clear()  # 3.8 hands a function of C the caller's own dict
            super().__setattr__(attribute, value)

    error = Clearing(**given)
    assert (str(error), error.code[0], error.status[0]) == ("gone", "code", "status")


def test_it_can_have_a_second_base():
    error = Both("boom", "CODE")
    assert isinstance(error, KeyError) and error.code == "CODE"
    with pytest.raises(KeyError):
        raise error


@pytest.mark.parametrize("other", [
    OSError, ConnectionError, TimeoutError, ImportError, SyntaxError, StopIteration, SystemExit, UnicodeDecodeError,
    AttributeError, NameError, RuntimeError, KeyError,
], ids=lambda kind: kind.__name__)
def test_it_can_share_a_class_with_any_exception(other):
    for bases in ((SimStudioError, other), (other, SimStudioError)):
        kind = type("Shared", bases, {"__init__": lambda self, *arguments: SimStudioError.__init__(self, *arguments)})
        error = kind.__new__(kind, *("utf-8", b"x", 0, 1, "r") if other is UnicodeDecodeError else ("gone", "CODE"))
        assert isinstance(error, SimStudioError) and isinstance(error, other)
        assert weakref.ref(error)() is error
        error.code = "CODE"
        with pytest.raises(other) as caught:
            raise error
        assert caught.value.code == "CODE"


def test_the_next_class_of_a_subclass_is_initialised_as_super_would():
    class Timed(Exception):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            self.when, self.given = 12, arguments

    class Both(SimStudioError, Timed):
        pass

    error = Both("late", "CODE", 503)
    assert (error.when, error.given, error.args, error.code, error.status) == (12, ("late",), ("late",), "CODE", 503)

    class Refusing(Exception):
        def __init__(self, message):
            raise KeyError(message)

    with pytest.raises(KeyError, match="late"):
        type("Both", (SimStudioError, Refusing), {})("late")


LAST = """
import gc, sys, weakref
import simstudio

module, kind = weakref.ref(sys.modules["simstudio._native"]), weakref.ref(simstudio.SimStudioError)
simstudio.SimStudioError.last = simstudio.SimStudioError("kept by its class")
class Derived(simstudio.SimStudioError):
    pass
Derived.last, derived = Derived("kept by its class"), weakref.ref(Derived)
del Derived, simstudio
for name in [name for name in sys.modules if name.startswith("simstudio")]:
    del sys.modules[name]
for _ in range(5):
    gc.collect()
print([reference() is None for reference in (module, kind, derived)])
"""


def test_a_class_that_keeps_an_instance_can_be_collected():
    done = subprocess.run([sys.executable, "-c", LAST], stdout=subprocess.PIPE, universal_newlines=True, check=True)
    # 3.8 does not see that a type of C belongs to its instances.
    assert done.stdout == "[%s, %s, True]\n" % ((sys.version_info >= (3, 9),) * 2)


def full_error(kind=SimStudioError):
    error = kind("boom", "CODE", 404)
    error.details, error.retry_after, error.extra = {"error": ["x"]}, 1500, "more"
    return error


def everything(error):
    return type(error), error.args, vars(error)


@each_protocol
@pytest.mark.parametrize("kind", [SimStudioError, Both])
def test_pickle_keeps_everything(protocol, kind):
    error = full_error(kind)
    assert everything(pickle.loads(pickle.dumps(error, protocol))) == everything(error)


def test_pickle_keeps_a_subclass_with_its_own_init():
    error = Derived("boom", hint="try again")
    assert everything(pickle.loads(pickle.dumps(error))) == everything(error)


def test_a_copy_shares_and_a_deep_copy_does_not():
    error = full_error()
    shallow, deep = copy.copy(error), copy.deepcopy(error)
    assert everything(shallow) == everything(deep) == everything(error)
    assert shallow.details is error.details and deep.details is not error.details


@pytest.mark.parametrize("kind", [Both, Slotted, Derived])
def test_subclasses_can_be_referred_to_weakly(kind):
    error = kind("boom")
    reference = weakref.ref(error)
    assert reference() is error
    del error
    assert reference() is None


def test_it_can_be_referred_to_weakly_as_a_python_exception_can():
    error = SimStudioError("boom")
    reference = weakref.ref(error)
    assert reference() is error
    del error
    assert reference() is None


def test_a_cause_can_be_given():
    with pytest.raises(SimStudioError) as caught:
        raise SimStudioError("outer") from KeyError("inner")
    assert isinstance(caught.value.__cause__, KeyError)


def test_the_client_raises_it_with_the_answer_s_details(client, server):
    body = {"success": False, "output": {"partial": [1]}, "error": "boom", "code": "OWN:_CODE", "metadata": {"n": 1}}
    server.answer(body, status=500, Retry_After="1.5")
    with pytest.raises(SimStudioError) as caught:
        client.execute_workflow("wf")
    error = caught.value
    assert type(error) is SimStudioError and error.args == ("boom",)
    assert (error.code, error.status, error.details, error.retry_after) == ("OWN", 500, body, 1500)
    assert error.__cause__ is None and error.__context__ is None
    again = pickle.loads(pickle.dumps(error))
    assert everything(again) == everything(error)


def test_details_of_a_body_that_is_no_json_are_its_text(client, server):
    server.answer("<h1>Bad – Gateway</h1>".encode(), status=502)
    with pytest.raises(SimStudioError) as caught:
        client.execute_workflow("wf")
    assert caught.value.details == "<h1>Bad – Gateway</h1>"
    server.answers[:] = [(502, {}, b"")]
    with pytest.raises(SimStudioError) as caught:
        client.execute_workflow("wf")
    assert caught.value.details is None


def test_an_error_within_a_handler_keeps_its_context(client, server):
    server.answer({"error": "boom"}, status=500)
    try:
        raise KeyError("first")
    except KeyError as first:
        with pytest.raises(SimStudioError) as caught:
            client.execute_workflow("wf")
        assert caught.value.__context__ is first


def test_json_s_own_error_is_not_lost(client, server):
    server.answer(b"{")
    with pytest.raises(SimStudioError) as caught:
        client.execute_workflow("wf")
    with pytest.raises(json.JSONDecodeError) as expected:
        json.loads(b"{")
    assert str(caught.value) == "Failed to execute workflow: %s" % expected.value


def test_nothing_else_is_needed_to_catch_it():
    client = SimStudioClient("key", "http://127.0.0.1:9")
    for call in (client.get_workflow_status, client.get_job_status, client.execute_workflow):
        with pytest.raises(SimStudioError):
            call("id")
