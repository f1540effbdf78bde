"""Subclasses that keep key, URL and more themselves, and what runs code when it goes."""

import abc
import copy
import pickle
import subprocess
import sys

import pytest

from simstudio import SimStudioClient

DONE = {"success": True, "output": 1}


class OfTheClass(SimStudioClient):
    api_key = None
    base_url = "http://unused.invalid"


class InSlots(SimStudioClient):
    __slots__ = ("api_key", "base_url")


class OfProperties(SimStudioClient):
    api_key = property(lambda self: self.vault[0], lambda self, value: vars(self).update(vault=[value]))
    base_url = property(lambda self: self.place, lambda self, value: vars(self).update(place=value))


@pytest.mark.parametrize("kind", [OfTheClass, InSlots, OfProperties])
def test_a_subclass_may_keep_key_and_url_itself(server, kind):
    server.answer(DONE)
    client = kind("first", "http://127.0.0.1:9/old")
    assert (client.api_key, client.base_url) == ("first", "http://127.0.0.1:9/old")
    client.set_api_key("second")
    client.set_base_url(server.url + "/new/")
    assert repr(client) == "<%s base_url='%s/new'>" % (kind.__name__, server.url)
    client.execute_workflow("wf")
    client.api_key, client.base_url = "third", server.url + "/newer"
    client.get_job_status("job")
    list(client.stream_workflow("wf"))
    client.api_key = None
    client.get_job_status("job")
    assert [(request.headers["X-API-Key"], request.path) for request in server.requests] == [
        ("second", "/new/api/workflows/wf/execute"), ("third", "/newer/api/jobs/job"),
        ("third", "/newer/api/workflows/wf/execute"), (None, "/newer/api/jobs/job"),
    ]
    for name, odd, error in (("api_key", "a\nb", ValueError), ("api_key", 5, TypeError), ("base_url", "no url", ValueError)):
        client.api_key, client.base_url = "key", server.url
        with pytest.raises(error, match=name):  # at once, or where it is used
            setattr(client, name, odd)
            client.execute_workflow("wf")
    assert len(server.requests) == 4


def test_key_and_url_are_asked_for_at_every_attempt(server):
    server.answer({}, status=429, Retry_After="0").answer(DONE)
    keys = iter(["asked whether there is one", "first", "second"])

    class Rotating(SimStudioClient):
        api_key = property(lambda self: next(keys), lambda self, value: None)

    client = Rotating("unused", server.url)
    assert client.execute_with_retry("wf").output == 1
    assert [request.headers["X-API-Key"] for request in server.requests] == ["first", "second"]


def test_what_a_subclass_s_key_raises_reaches_the_caller(server):
    class Locked(SimStudioClient):
        failure = KeyError("vault")

        @property
        def api_key(self):
            raise self.failure

        @api_key.setter
        def api_key(self, value):
            pass

    locked = Locked("key", server.url)
    for failure in (KeyError("vault"), AttributeError("no vault")):
        locked.failure = failure
        with pytest.raises(type(failure), match="vault"):
            locked.execute_workflow("wf")
    assert server.requests == []


def test_a_key_that_sets_another_when_it_goes_is_not_mixed_up_with_it(client, server):
    class Key(str):
        def __del__(self):
            client.api_key = "last"

    server.answer(DONE)
    client.api_key = Key("first")
    client.api_key = "second"
    client.execute_workflow("wf")
    assert [request.headers["X-API-Key"] for request in server.requests] == [client.api_key] == ["last"]


def test_a_client_that_is_found_while_it_is_collected_has_its_attributes():
    program = """
import gc, types, weakref
from simstudio import SimStudioClient

class Holder:
    pass

def found(_):
    for client in gc.get_objects():
        if type(client) is SimStudioClient:
            print(client.get_rate_limit_info(), vars(client), client.api_key, client)

def make():
    client, later = SimStudioClient("key"), Holder()  # cleared in this order
    later.function = types.FunctionType(compile("def f(): pass", "", "exec"), {})
    later.client, later.itself, client.later = client, later, later
    return weakref.ref(later.function.__code__, found)  # the code is no part of the circle

gc.collect()
gc.disable()
kept = make()
gc.collect()
"""
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, universal_newlines=True)
    assert (done.returncode, done.stdout) == (0, "None {} key <SimStudioClient base_url='https://sim.ai'>\n")


class Slotted(SimStudioClient):
    """Has a place of its own for some attributes."""

    __slots__ = ("region", "__hidden", "unset")

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.region, self.__hidden, self.extra = ["eu"], "hidden", "in the dict"

    def everything(self):
        return self.region, self.__hidden, self.extra, hasattr(self, "unset"), self.api_key, self.base_url


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy] + [
    lambda client, protocol=protocol: pickle.loads(pickle.dumps(client, protocol))
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
])
def test_a_copy_has_what_a_subclass_keeps_in_slots(again):
    client = Slotted("key", "http://sim.example")
    assert again(client).everything() == client.everything()


def test_the_names_of_slots_may_go_while_they_are_saved():
    class Forgetful(SimStudioClient):
        __slotnames__ = ["attribute %d" % number for number in range(3)]

        def __getattribute__(self, name):
            if name.startswith("attribute"):
                Forgetful.__slotnames__.clear()
                return 5
            return super().__getattribute__(name)

    state = Forgetful("key").__getstate__()
    assert state["attribute 0"] == 5 and "attribute 1" not in state


def test_an_abstract_subclass_makes_no_instance():
    class Abstract(SimStudioClient, abc.ABC):
        @abc.abstractmethod
        def workflow(self):
            """The id of the workflow."""

    with pytest.raises(TypeError, match="abstract class Abstract"):
        Abstract("key")
    concrete = type("Concrete", (Abstract,), {"workflow": lambda self: "wf"})
    assert concrete("key").workflow() == "wf"


def test_a_subclass_can_have_a_second_base():
    class Noting:
        def note(self):
            return "noted"

    class Mine(Noting, SimStudioClient):
        __slots__ = ("slot",)

    mine = Mine("key")
    mine.slot = 1
    assert (mine.note(), mine.slot) == ("noted", 1)
