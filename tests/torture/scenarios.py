"""What torture.py runs without memory: every public callable, succeeding and failing.

A scenario is a function without arguments, whose result or exception shows what it did. Its name is
its function's, or what stands in a table.
"""

import dataclasses
import enum
import functools
import importlib.machinery
import importlib.util
import io
import sys
import tempfile
from unittest import mock


class Colour(enum.IntEnum):
    RED = 1


class Reader:
    """A file that is none of io's."""

    name = "notes.txt"
    content_type = "text/x-notes"

    def read(self):
        return "caf\u00e9 and more"


class Row(list):
    """A list that is none of the builtin type."""


INPUT = {
    "text": "caf\u00e9 \ud83d\ude00 \ud800 \n\x01",
    "numbers": [1, -(2**80), 1.5, True, None, Colour.RED],
    "keys": {1: "a", None: "b", True: "c", 2.5: "d"},
    "nested": ({"a": ({},)},),
    "stream": "replaced",
}


def run_all(function, *cases):
    """The outcomes of calls that are expected to fail, as text."""
    outcomes = []
    for arguments, keywords in cases:
        try:
            outcomes.append(function(*arguments, **keywords))
        except MemoryError:
            raise
        except Exception as error:
            outcomes.append("%s: %s" % (type(error).__name__, error))
    return outcomes


def import_anew():
    """The extension as a second module object: everything that its import does."""
    path = sys.modules["simstudio._native"].__file__
    loader = importlib.machinery.ExtensionFileLoader("simstudio._native", path)
    spec = importlib.util.spec_from_file_location("simstudio._native", path, loader=loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def records(simstudio):
    """Scenarios of the result types. Those of the dataclasses module, which compiles what it makes,
    run with a class made before: CPython's compiler crashes without memory.
    """
    kinds = [
        (simstudio.WorkflowExecutionResult, (True,)),
        (simstudio.AsyncExecutionResult, (True, "t", "queued", "", None)),
        (simstudio.WorkflowStatus, (True,)),
        (simstudio.RateLimitInfo, (1, 2, 3)),
        (simstudio.RateLimitStatus, (True, 1, 2, "")),
        (simstudio.UsageLimits, (True, None, None)),
        (simstudio.StreamEvent, ("chunk",)),
    ]
    made_before = dataclasses.make_dataclass("WorkflowStatus", ["is_deployed"])

    def life(kind, arguments):
        made = kind(*arguments)
        made.extra = 1
        return repr(made), made == kind(*arguments), made != kind(*arguments), made == 5

    def lazily():
        fresh = import_anew().WorkflowStatus
        with mock.patch.object(dataclasses, "make_dataclass", lambda *arguments: made_before):
            return list(fresh.__dataclass_fields__), fresh(True).__dataclass_params__ is not None

    for kind, arguments in kinds:
        yield kind.__name__, functools.partial(life, kind, arguments)
    yield "dataclass", lazily
    yield "recursive repr", functools.partial(recursive_repr, simstudio)
    wrong = [((), {}), ((1,) * 9, {}), ((1,), {"nothing": 1}), ((1,), {"success": 1})]
    yield "wrong arguments", functools.partial(run_all, simstudio.WorkflowExecutionResult, *wrong)


def recursive_repr(simstudio):
    result = simstudio.WorkflowExecutionResult(True)
    result.output = result
    text = repr(result)
    del result.output
    return text


def errors(simstudio):
    def life():
        error = simstudio.SimStudioError("message", "CODE", 418)
        return str(error), error.code, error.status, error.details, error.retry_after, repr(error)

    yield "SimStudioError", life

    class Shared(simstudio.SimStudioError, ConnectionError):
        pass

    yield "SimStudioError, second base", lambda: (str(Shared("message", "CODE", 418)), Shared("message").code)
    wrong = [((), {}), ((1, 2, 3, 4), {}), ((1,), {"nothing": 1}), ((1,), {5: 6})]
    yield "SimStudioError, wrong arguments", functools.partial(run_all, simstudio.SimStudioError, *wrong)


def clients(simstudio, url):
    """Scenarios of the client's own life."""
    make = simstudio.SimStudioClient

    def life():
        with make("key", url + "//") as client:
            client.api_key = None
            client.set_api_key("other key")
            client.base_url = "https://me:pass@sim.example/"
            shown = repr(client)
            client.set_base_url(url)
            return shown, client.api_key, client.base_url, client.get_rate_limit_info()

    yield "client", life

    class Slotted(make):
        __slots__ = ("region", "unset")
        base_url = "http://unused.invalid"

    def again():
        client, other = Slotted("key", url), Slotted(None)
        client.region = "eu"
        other.__setstate__(client.__getstate__())
        return repr(other), other.region, other.api_key

    yield "client, state", again
    wrong = [
        ((), {}),
        (("k", "u", 3), {}),
        (("k",), {"base_url": "no url"}),
        (("k",), {"base_url": 5}),
        (("k",), {"base_url": url + "?q"}),
        (("k\n",), {}),
        (("\u20ac",), {}),
        ((5,), {}),
        (("k",), {"other": 6}),
    ]
    yield "client, wrong arguments", functools.partial(run_all, make, *wrong)


def runs(client, simstudio, closed_url):
    """Scenarios of calls that run workflows."""
    execute = client.execute_workflow
    for name in "good block empty queued job denied poor busy failed html odd broken latin away big stream crash cut".split():
        yield "execute " + name, functools.partial(execute, name, INPUT)
    yield "execute, new client", lambda: simstudio.SimStudioClient("key", client.base_url).execute_workflow("good", INPUT)
    yield "execute async", functools.partial(execute, "job", async_execution=True)
    yield "execute streamed", functools.partial(execute, "stream", INPUT, stream=True, selected_outputs=["a.content"])
    yield "execute canvas", functools.partial(execute, "canvas", stream=True)
    yield "execute, overall time", functools.partial(execute, "good", timeout=(5, 5.0, None))
    yield "execute, timeout", functools.partial(execute, "silent", timeout=(5, 0.05))

    class Keeping(simstudio.SimStudioClient):
        api_key = base_url = None

    keeping = Keeping("key", client.base_url)
    yield "execute, subclass", functools.partial(keeping.execute_workflow, "good")
    yield "repr, subclass", functools.partial(repr, keeping)
    unusable = Keeping("key", "no url")
    yield "execute, unusable subclass", functools.partial(run_all, unusable.execute_workflow, (("good",), {}))
    bare = Keeping.__new__(Keeping)
    yield "execute, never initialised", functools.partial(run_all, bare.get_workflow_status, (("good",), {}))
    bare = simstudio.SimStudioClient.__new__(simstudio.SimStudioClient)
    yield "execute, bare", functools.partial(run_all, bare.get_workflow_status, (("good",), {}))
    yield "execute sync", functools.partial(client.execute_workflow_sync, "good", INPUT)

    def files():
        with tempfile.TemporaryFile() as temporary:
            temporary.write(b"x" * 1000)
            temporary.seek(10)
            return execute("good", {"a": io.BytesIO(b"bytes"), "b": (io.StringIO("text"),), "c": Reader(), "d": temporary})

    yield "execute, files", files
    yield "execute, text file", lambda: execute("good", {"a": io.TextIOWrapper(io.BytesIO(b"bytes"))})
    yield "execute, containers", functools.partial(execute, "good", {"a": Row([1, {"b": Row()}]), "c": 1})
    circle = []
    circle.append(circle)
    wrong = [
        ((), {}),
        (("good", {"a": object()}), {}),
        (("good", {(1,): 2}), {}),
        (("good", {"a": float("nan")}), {}),
        (("good", {"a": circle}), {}),
        (("good", 5), {}),
        (("good",), {"timeout": "soon"}),
        (("good",), {"timeout": (1, 2, 3, 4)}),
        (("good",), {"timeout": -1}),
        (("",), {}),
        (("..",), {}),
        (("a\nb",), {}),
        (("good",), {"nothing": 1}),
        (("good", None), {"input_data": None}),
    ]
    yield "execute, wrong arguments", functools.partial(run_all, execute, *wrong)
    closed = simstudio.SimStudioClient("key", closed_url)
    yield "execute, nobody listens", functools.partial(closed.execute_workflow, "good")
    secure = simstudio.SimStudioClient("key", closed_url.replace("http:", "https:"))
    yield "execute, certificates", functools.partial(secure.execute_workflow, "good")

    retry = client.execute_with_retry
    yield "retry, good", functools.partial(retry, "good", INPUT)
    yield "retry, busy", functools.partial(retry, "busy", INPUT, max_retries=2)
    yield "retry, no time", functools.partial(retry, "busy", max_retries=1, initial_delay=0, max_delay=0, backoff_multiplier=1)
    yield "retry, denied", functools.partial(retry, "denied")
    wrong = [
        (("good",), {"max_retries": -1}),
        (("good",), {"max_retries": "3"}),
        (("good",), {"initial_delay": -1}),
        (("good",), {"max_delay": "1"}),
        (("good",), {"backoff_multiplier": -0.5}),
    ]
    yield "retry, wrong arguments", functools.partial(run_all, retry, *wrong)

    class Overriding(simstudio.SimStudioClient):
        def execute_workflow(self, *arguments, **keywords):
            return super().execute_workflow(*arguments, **keywords)

    overriding = Overriding("key", client.base_url)
    data = {"a": [Reader()], "b": (io.BytesIO(b"x"),), "c": {"d": (1, Row())}}
    yield "retry, overridden", functools.partial(overriding.execute_with_retry, "busy", data, max_retries=1)


def readings(client):
    """Scenarios of the calls that only ask."""
    yield "status", functools.partial(client.get_workflow_status, "good")
    yield "status of nothing", functools.partial(client.get_workflow_status, "gone")
    yield "status as a list", functools.partial(client.get_workflow_status, "list")
    yield "validate", functools.partial(client.validate_workflow, "good")
    yield "validate nothing", functools.partial(client.validate_workflow, "gone")
    yield "job", functools.partial(client.get_job_status, "good")
    yield "usage", client.get_usage_limits
    yield "rate limit", client.get_rate_limit_info


def streams(client):
    """Scenarios of streamed runs."""

    def events(name):
        with client.stream_workflow(name, INPUT, selected_outputs=["a"], timeout=(5, 5)) as run:
            return [(event.type, event.block_id, event.text, event.raw) for event in run], run.blocks, run.result()

    def texts(name):
        run = client.stream_workflow(name)
        return list(run.text_stream), run.blocks

    def result(name):
        return client.stream_workflow(name).result()

    def some(name):
        run = client.stream_workflow(name)
        first = next(run)
        run.close()
        return repr(first), list(run), run.blocks

    for name in "stream reset canvas crash cut dropped good denied broken".split():
        for way in (events, texts, result, some):
            yield "stream %s, %s" % (name, way.__name__), functools.partial(way, name)


def all_scenarios(simstudio, url, closed_url):
    """(name, function) of each, on one client that all of them share."""
    client = simstudio.SimStudioClient("key", url)
    yield "import", import_anew
    yield from records(simstudio)
    yield from errors(simstudio)
    yield from clients(simstudio, url)
    yield from readings(client)
    yield from runs(client, simstudio, closed_url)
    yield from streams(client)
