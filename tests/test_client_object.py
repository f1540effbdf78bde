"""SimStudioClient as an object: signatures, patches, subclasses, copies."""

import copy
import inspect
import pickle
from typing import NamedTuple
from unittest import mock

import pytest

import simstudio
from simstudio import SimStudioClient, SimStudioError, WorkflowStatus

DONE = {"success": True, "output": 1}

SIGNATURES = {
    "execute_workflow": "(self, workflow_id, input_data=None, timeout=30.0, stream=False, selected_outputs=None, "
                        "async_execution=False)",
    "execute_workflow_sync": "(self, workflow_id, input_data=None, timeout=30.0, stream=False, selected_outputs=None)",
    "execute_with_retry": "(self, workflow_id, input_data=None, timeout=30.0, stream=False, selected_outputs=None, "
                          "async_execution=False, max_retries=3, initial_delay=1.0, max_delay=30.0, "
                          "backoff_multiplier=2.0)",
    "stream_workflow": "(self, workflow_id, input_data=None, *, selected_outputs=None, timeout=(30.0, 300.0))",
    "get_workflow_status": "(self, workflow_id)",
    "validate_workflow": "(self, workflow_id)",
    "get_job_status": "(self, task_id)",
    "get_rate_limit_info": "(self)",
    "get_usage_limits": "(self)",
    "set_api_key": "(self, api_key)",
    "set_base_url": "(self, base_url)",
    "close": "(self)",
}


# ---- what it looks like ----


def test_the_package_offers_what_is_documented():
    assert simstudio.__all__ == [
        "SimStudioClient", "SimStudioError", "WorkflowExecutionResult", "WorkflowStatus", "AsyncExecutionResult",
        "RateLimitInfo", "UsageLimits",
    ]
    assert simstudio.Client is SimStudioClient
    assert simstudio.RateLimitStatus(True, 1, 2, "soon").reset_at == "soon"
    assert simstudio.__version__ == "0.1.1+native.1"


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_signature_has_names_order_and_defaults(name):
    def plain(signature):
        # 3.8 and later show a C method's self as positional-only.
        return str(signature).replace("(self, /", "(self").replace("($self", "(self")

    assert plain(inspect.signature(getattr(SimStudioClient, name))) == SIGNATURES[name]
    bound = inspect.signature(getattr(SimStudioClient("key"), name))
    assert str(bound) == SIGNATURES[name].replace("(self, ", "(").replace("(self)", "()")


def test_the_class_has_a_signature():
    assert str(inspect.signature(SimStudioClient)) == "(api_key, base_url='https://sim.ai')"


@pytest.mark.parametrize("name", list(SIGNATURES) + ["__init__"])
def test_arguments_are_matched_as_a_def_matches_them(name):
    """Too few, too many, unknown and doubled arguments raise what a Python method raises."""
    signature = SIGNATURES.get(name, "(self, api_key, base_url='https://sim.ai')")
    parameters = list(inspect.signature(eval("lambda %s: 0" % signature[1:-1])).parameters)[1:]
    space = {}
    exec("class SimStudioClient:\n    def %s%s: raise KeyError" % (name, signature), space)
    method = getattr(SimStudioClient("key"), name)
    plain = getattr(object.__new__(space["SimStudioClient"]), name)
    calls = [
        ((), {"unknown": 1}),
        (tuple(range(20)), {}),
        ((), dict.fromkeys(parameters[1:], 1)) if len(parameters) > 1 else ((1,) * 9, {}),
    ]
    if parameters:
        calls += [((), {}), ((1,), {parameters[0]: 2}), ((1,), {"unknown": 1})]
    for arguments, keywords in calls:
        with pytest.raises(TypeError) as expected:
            plain(*arguments, **keywords)
        with pytest.raises(TypeError) as caught:
            method(*arguments, **keywords)
        # METH_NOARGS is refused in the interpreter's own words for C methods.
        if len(parameters) > 0:
            assert str(caught.value) == str(expected.value)


def test_every_method_explains_itself():
    for name in SIGNATURES:
        assert getattr(SimStudioClient, name).__doc__
        assert getattr(SimStudioClient, name).__name__ == name
    assert SimStudioClient.__doc__


def test_the_type_says_where_it_comes_from():
    assert SimStudioClient.__module__ == "simstudio"
    assert SimStudioClient.__name__ == SimStudioClient.__qualname__ == "SimStudioClient"


def test_repr_does_not_show_the_key():
    for password in ("hunter2", "hunt@r2"):
        client = SimStudioClient("sk-sim-secret", "https://user:%s@sim.example/base" % password)
        assert repr(client) == str(client) == "<SimStudioClient base_url='https://***@sim.example/base'>"
    plain = SimStudioClient("key", "https://sim.example/team@corp")
    assert repr(plain) == "<SimStudioClient base_url='https://sim.example/team@corp'>"


# ---- key and URL ----


def test_the_key_can_be_read_and_changed(client, server):
    server.answer(DONE)
    assert client.api_key == "test-key"
    client.execute_workflow("wf")
    client.api_key = "second"
    client.execute_workflow("wf")
    client.set_api_key("third")
    client.execute_workflow("wf")
    client.set_api_key(api_key="fourth")
    client.get_job_status("job")
    assert [request.headers["X-API-Key"] for request in server.requests] == ["test-key", "second", "third", "fourth"]
    assert client.api_key == "fourth"


@pytest.mark.parametrize("key", [None, ""])
def test_no_key_sends_no_key(server, key):
    server.answer(DONE)
    client = SimStudioClient(key, server.url)
    assert client.api_key == key
    client.execute_workflow("wf")
    client.set_api_key("key")
    client.execute_workflow("wf")
    client.set_api_key(key)
    client.execute_workflow("wf")
    assert [request.headers["X-API-Key"] for request in server.requests] == [None, "key", None]


@pytest.mark.parametrize("given, kept", [
    ("https://sim.example", "https://sim.example"),
    ("https://sim.example/", "https://sim.example"),
    ("https://sim.example///", "https://sim.example"),
    ("http://localhost:3000/base/", "http://localhost:3000/base"),
    ("HTTP://Example.COM", "HTTP://Example.COM"),
    ("http://[::1]:8080/", "http://[::1]:8080"),
])
def test_slashes_at_the_end_of_the_url_are_dropped(given, kept):
    client = SimStudioClient("key", given)
    assert client.base_url == kept
    client.base_url = "http://other"
    client.base_url = given
    assert client.base_url == kept
    client.set_base_url("http://other/")
    assert client.base_url == "http://other"


def test_the_url_is_the_documented_one_unless_given():
    assert SimStudioClient("key").base_url == "https://sim.ai"
    assert SimStudioClient(api_key="key", base_url="http://x").base_url == "http://x"


def test_the_url_takes_effect_on_the_next_call(client, server):
    server.answer(DONE)
    client.base_url = server.url + "/one/"
    client.execute_workflow("wf")
    client.set_base_url(base_url=server.url + "/two")
    client.get_job_status("job")
    assert [request.path for request in server.requests] == ["/one/api/workflows/wf/execute", "/two/api/jobs/job"]


@pytest.mark.parametrize("value, error", [
    ("", ValueError), ("sim.ai", ValueError), ("ftp://sim.ai", ValueError), ("http://", ValueError),
    ("http://sim.ai?x=1", ValueError), ("http://sim.ai/#f", ValueError), ("http://sim.ai:99999", ValueError),
    ("http://si m.ai", ValueError), ("http://sim.ai\n", ValueError), (None, TypeError), (7, TypeError),
    (b"http://sim.ai", TypeError),
])
def test_an_unusable_url_is_refused_and_changes_nothing(value, error):
    client = SimStudioClient("key", "http://before")
    with pytest.raises(error, match="base_url"):
        SimStudioClient("key", value)
    with pytest.raises(error, match="base_url"):
        client.base_url = value
    with pytest.raises(error, match="base_url"):
        client.set_base_url(value)
    assert client.base_url == "http://before"


@pytest.mark.parametrize("value, error", [(7, TypeError), (b"key", TypeError), ("a\nb", ValueError), ("\u20ac", ValueError)])
def test_an_unusable_key_is_refused_and_changes_nothing(value, error):
    client = SimStudioClient("before")
    with pytest.raises(error, match="api_key"):
        client.api_key = value
    with pytest.raises(error, match="api_key"):
        client.set_api_key(value)
    assert client.api_key == "before"


def test_the_environment_is_not_asked(server, monkeypatch):
    server.answer(DONE)
    for name in ("SIM_API_KEY", "SIMSTUDIO_API_KEY", "SIM_BASE_URL", "SIMSTUDIO_BASE_URL"):
        monkeypatch.setenv(name, "http://from.the.environment")
    client = SimStudioClient(None, server.url)
    client.execute_workflow("wf")
    assert server.requests[0].headers["X-API-Key"] is None
    assert SimStudioClient("key").base_url == "https://sim.ai"


# ---- copies ----


class Derived(SimStudioClient):
    """Importable by name, as pickle needs it."""


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("kind", [SimStudioClient, Derived])
def test_pickle_keeps_key_url_and_attributes(server, kind, protocol):
    server.answer(DONE, X_RateLimit_Limit="60", X_RateLimit_Remaining="59", X_RateLimit_Reset="1")
    client = kind("key", server.url)
    client.extra = ["more"]
    client.execute_workflow("wf")
    again = pickle.loads(pickle.dumps(client, protocol))
    assert type(again) is kind
    assert (again.api_key, again.base_url, again.extra) == ("key", server.url, ["more"])
    assert again.get_rate_limit_info() == client.get_rate_limit_info() is not None
    assert again.execute_workflow("wf").success
    assert server.requests[1].headers["X-API-Key"] == "key"


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_is_a_client_of_its_own(client, server, copied):
    server.answer(DONE)
    client.extra = ["more"]
    other = copied(client)
    other.api_key = "other"
    assert (client.api_key, other.base_url, other.extra) == ("test-key", server.url, ["more"])
    assert (other.extra is client.extra) is (copied is copy.copy)
    client.close()
    assert other.execute_workflow("wf").success and client.execute_workflow("wf").success
    assert [request.headers["X-API-Key"] for request in server.requests] == ["other", "test-key"]


# ---- patches and subclasses ----


def test_a_method_can_be_patched_on_the_class(client):
    with mock.patch.object(SimStudioClient, "execute_workflow", return_value="patched") as patched:
        assert client.execute_workflow("wf", {"a": 1}) == "patched"
        assert SimStudioClient("key").execute_workflow_sync("wf") == "patched"
        assert client.execute_with_retry("wf") == "patched"
    assert patched.call_count == 3
    assert inspect.ismethoddescriptor(SimStudioClient.execute_workflow)


def test_a_method_can_be_patched_on_an_instance(client, server):
    server.answer(DONE)
    with mock.patch.object(client, "execute_workflow", return_value="patched"):
        assert client.execute_workflow("wf") == "patched"
        assert client.execute_with_retry("wf") == "patched"
        assert client.execute_workflow_sync("wf") == "patched"
    assert client.execute_workflow("wf").output == 1
    assert "execute_workflow" not in vars(client)


def test_an_autospec_stands_in_for_it():
    fake = mock.create_autospec(SimStudioClient, instance=True)
    fake.execute_workflow.return_value = "fake"
    assert fake.execute_workflow("wf", {"a": 1}) == "fake"
    fake.execute_workflow.assert_called_once_with("wf", {"a": 1})
    assert isinstance(fake, SimStudioClient)
    with pytest.raises(AttributeError):
        fake.no_such_method()
    assert isinstance(mock.create_autospec(SimStudioClient)("key"), SimStudioClient)
    assert isinstance(mock.Mock(spec=SimStudioClient), SimStudioClient)


def test_it_can_have_attributes(client):
    client.note = "kept"
    assert client.note == "kept" and vars(client) == {"note": "kept"}
    del client.note
    with pytest.raises(AttributeError, match="'SimStudioClient' object has no attribute 'note'"):
        client.note


def test_an_override_is_called_through_self(server):
    calls = []

    class Mine(SimStudioClient):
        def execute_workflow(self, *arguments, **keywords):
            calls.append((arguments, keywords))
            return super().execute_workflow(*arguments, **keywords)

        def get_workflow_status(self, workflow_id):
            calls.append(workflow_id)
            return WorkflowStatus(is_deployed=workflow_id == "good")

    server.answer(DONE)
    mine = Mine("key", server.url)
    assert mine.execute_with_retry("wf", {"a": 1}, 5.0, selected_outputs=["b"]).output == 1
    assert mine.execute_workflow_sync("wf", stream=True).output == 1
    assert mine.validate_workflow("good") is True
    assert mine.validate_workflow("bad") is False
    assert calls == [
        (("wf", {"a": 1}, 5.0, False, ["b"], False), {}),
        (("wf", None, 30.0, True, None), {}),
        "good",
        "bad",
    ]
    assert [request.json for request in server.requests] == [{"a": 1, "selectedOutputs": ["b"]}, {"stream": True}]


def test_validate_swallows_nothing_but_the_sdk_s_error(client):
    for error, outcome in ((SimStudioError("x"), False), (KeyError("x"), KeyError), (ValueError("x"), ValueError)):
        with mock.patch.object(client, "get_workflow_status", side_effect=error):
            if outcome is False:
                assert client.validate_workflow("wf") is False
            else:
                with pytest.raises(outcome):
                    client.validate_workflow("wf")


class Reference(NamedTuple):
    """An id that is a tuple too."""

    team: str
    id: str

    def __str__(self):
        return self.id


def test_an_id_that_is_a_tuple_is_one_id(client, server):
    server.answer({"isDeployed": True})
    assert client.get_workflow_status(Reference("team", "wf")).is_deployed
    assert client.validate_workflow(Reference("team", "wf")) is True
    assert [request.path for request in server.requests] == ["/api/workflows/wf/status"] * 2


def test_a_subclass_may_take_other_arguments(server):
    class Mine(SimStudioClient):
        def __init__(self, region, **options):
            super().__init__("key-" + region, **options)
            self.region = region

    server.answer(DONE)
    mine = Mine("eu", base_url=server.url)
    assert mine.execute_workflow("wf").success
    assert (server.requests[0].headers["X-API-Key"], mine.region) == ("key-eu", "eu")
    assert repr(mine).startswith("<Mine ")


class Bare(SimStudioClient):
    """Leaves our __init__ out."""

    def __init__(self):
        pass


CALLS = {
    "execute_workflow": lambda client: client.execute_workflow("wf"),
    "execute_workflow_sync": lambda client: client.execute_workflow_sync("wf"),
    "execute_with_retry": lambda client: client.execute_with_retry("wf"),
    "stream_workflow": lambda client: client.stream_workflow("wf"),
    "get_workflow_status": lambda client: client.get_workflow_status("wf"),
    "validate_workflow": lambda client: client.validate_workflow("wf"),
    "get_job_status": lambda client: client.get_job_status("job"),
    "get_usage_limits": lambda client: client.get_usage_limits(),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize("make", [
    Bare, lambda: SimStudioClient.__new__(SimStudioClient), lambda: copy.copy(Bare()), lambda: copy.deepcopy(Bare()),
    lambda: pickle.loads(pickle.dumps(Bare())),
], ids=["subclass", "new", "copy", "deepcopy", "pickle"])
def test_a_client_that_was_not_initialised_calls_nobody(make, call):
    with pytest.raises(ValueError, match=r"^api_key is not set: SimStudioClient.__init__\(\) sets it$"):
        call(make())


def test_a_client_that_was_not_initialised_has_neither_key_nor_url(server):
    bare = Bare()
    for name in ("api_key", "base_url"):
        with pytest.raises(AttributeError, match="^'Bare' object has no attribute '%s'$" % name):
            getattr(bare, name)
    assert repr(bare) == "<Bare without a base_url>"
    assert bare.get_rate_limit_info() is None
    bare.note = "kept"
    assert vars(copy.copy(bare)) == {"note": "kept"}
    with bare:
        bare.close()
    fake = mock.create_autospec(bare)
    fake.execute_workflow.return_value = "fake"
    assert fake.execute_workflow("wf") == "fake" and isinstance(fake, Bare)
    with mock.patch.object(bare, "execute_workflow", return_value="patched"):
        assert bare.execute_with_retry("wf") == "patched"


@pytest.mark.parametrize("name, value", [("api_key", "other"), ("base_url", "http://127.0.0.1:9"), ("_rate_limit_info", 1)])
def test_an_attribute_can_be_patched_and_deleted(server, name, value):
    server.answer(DONE)
    client = SimStudioClient("key", server.url)
    before = getattr(client, name)
    with mock.patch.object(client, name, value):
        assert getattr(client, name) == value
    assert getattr(client, name) == before
    client.execute_workflow("wf")
    assert server.requests[-1].headers["X-API-Key"] == "key"
    delattr(client, name)
    for action in (getattr, delattr):
        with pytest.raises(AttributeError, match="^'SimStudioClient' object has no attribute '%s'$" % name):
            action(client, name)
    if name != "_rate_limit_info":
        with pytest.raises(ValueError, match="^%s is not set: " % name):
            client.execute_workflow("wf")
        setattr(client, name, before)
    client.execute_workflow("wf")
    assert [request.headers["X-API-Key"] for request in server.requests] == ["key"] * 2


@pytest.mark.parametrize("names", [("api_key",), ("base_url",)])
def test_the_key_alone_or_the_url_alone_is_not_enough(server, names):
    bare = Bare()
    for name in names:
        setattr(bare, name, {"api_key": "key", "base_url": server.url}[name])
    with pytest.raises(ValueError, match=" is not set: "):
        bare.execute_workflow("wf")
    assert server.requests == []


@pytest.mark.parametrize("key", ["key", None])
def test_the_setters_take_the_place_of_init(server, key):
    server.answer(DONE)
    bare = Bare()
    bare.set_base_url(server.url + "/")
    bare.api_key = key
    assert bare.execute_workflow("wf").output == 1
    assert pickle.loads(pickle.dumps(bare)).execute_workflow("wf").output == 1
    assert [request.headers["X-API-Key"] for request in server.requests] == [key] * 2


def test_super_reaches_every_method(client, server):
    server.answer(DONE)
    assert SimStudioClient.execute_workflow(client, "wf").output == 1
    with pytest.raises(TypeError):
        SimStudioClient.execute_workflow(object(), "wf")


def test_it_can_be_initialised_again(client, server):
    server.answer(DONE)
    client.__init__("second", server.url)
    client.execute_workflow("wf")
    assert server.requests[0].headers["X-API-Key"] == "second"
    client.__init__("third")
    assert (client.api_key, client.base_url) == ("third", "https://sim.ai")


@pytest.mark.parametrize("state", [None, [("base_url", "http://else")], "state"])
def test_only_a_dict_is_its_state(client, state):
    with pytest.raises(TypeError, match="^state must be a dict, not %s$" % type(state).__name__):
        client.__setstate__(state)
