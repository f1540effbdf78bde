"""simstudio.testing: a mistake in what a test gives the local Sim server is told, never hidden."""

import http.client
import json
import re
from datetime import datetime

import pytest
from asking import run
from waiting import eventually

from simstudio import SimStudioClient, SimStudioError
from simstudio.testing import Hold, Response, SimServer, Stream, Workflow

DAY = datetime(2026, 1, 25)


@pytest.fixture
def client(sim):
    with SimStudioClient("any", sim.url) as made:
        yield made


NO_JSON = [(lambda: DAY, "TypeError: Object of type datetime is not JSON serializable"),
           (lambda: {"found": {1, 2}}, "TypeError: Object of type set is not JSON serializable"),
           (lambda: Workflow(len), "TypeError: Object of type Workflow is not JSON serializable"),
           (lambda: [float("nan")], "ValueError: Out of range float values are not JSON compliant"),
           (lambda: Response({"at": DAY}, 201), "TypeError: Object of type datetime is not JSON serializable")]


@pytest.mark.parametrize("era", ["documented", "2025-11-01", "2026-08-21"])
@pytest.mark.parametrize("make, message", NO_JSON)
@pytest.mark.parametrize("way", ["at once", "streamed", "queued"])
def test_an_output_that_json_cannot_hold_is_told_to_the_client_and_on_stderr(capfd, era, make, message, way):
    with SimServer(era=era) as sim, SimStudioClient("any", sim.url) as client:
        sim.jobs.steps = ["processing"]
        sim.add_workflow("wf", lambda given: make())
        with pytest.raises(SimStudioError) as caught:
            if way == "queued":
                queued = client.execute_workflow("wf", async_execution=True)
                for _ in range(2):
                    client.get_job_status(queued.task_id)
            client.execute_workflow("wf", stream=way == "streamed")
        assert (caught.value.status, str(caught.value)[: len(message)]) == (500, message)
        assert client.execute_workflow("echo").success
    assert message in capfd.readouterr().err


def test_a_mistake_is_answered_in_the_shape_of_a_failed_run(sim):
    sim.add_workflow("wf", lambda given: DAY)
    answers = [run(sim, workflow_id) for workflow_id in ("wf", "failing")]
    assert [answer[0] for answer in answers] == [500, 500]
    wrong, failed = (json.loads(answer[2]) for answer in answers)
    assert wrong.pop("error") == NO_JSON[0][1] and failed.pop("error")
    assert set(wrong.pop("metadata")) == set(failed.pop("metadata"))
    assert wrong == failed == {"success": False, "output": {}}
    assert [request.status for request in sim.requests] == [500, 500]


def stream_of(*steps):
    return Stream(steps)


def raising(error):
    def stream(given):
        raise error

    return stream


@pytest.mark.parametrize(
    "stream, message",
    [(raising(KeyError("word")), "KeyError: 'word'"),
     (raising(FileNotFoundError("no story")), "FileNotFoundError: no story"),
     (raising(ConnectionResetError("of another")), "ConnectionResetError: of another"),
     (lambda given: ["a", "b"], "TypeError: stream must give a Stream, not list"),
     (lambda given: stream_of(DAY), "TypeError: Object of type datetime is not JSON serializable")],
)
def test_a_callable_that_gives_no_stream_is_told_to_the_client_and_on_stderr(sim, client, capfd, stream, message):
    sim.add_workflow("wf", {}, stream=stream)
    with pytest.raises(SimStudioError) as caught:
        client.execute_workflow("wf", stream=True)
    assert (caught.value.status, str(caught.value)) == (500, message)
    shown = capfd.readouterr().err
    assert shown.startswith("SimServer, at POST /api/workflows/wf/execute:\nTraceback ") and message in shown


@pytest.mark.parametrize("dialect", ["sim", "documented", "canvas"])
@pytest.mark.parametrize("rest", [{"steps": ["a", {"at": DAY}]}, {"steps": ["a"], "output": DAY}])
def test_a_stream_that_fails_after_it_began_ends_in_an_error(sim, client, capfd, dialect, rest):
    message = "TypeError: Object of type datetime is not JSON serializable"
    sim.add_workflow("wf", {}, stream=lambda given: Stream(dialect=dialect, **rest))
    with client.stream_workflow("wf") as stream:
        assert [next(stream).type for _ in range(2)] == ["chunk", "error"]
        with pytest.raises(SimStudioError) as caught:
            next(stream)
    assert str(caught.value) == message
    _, _, mistaken = run(sim, "wf", {"stream": True})
    sim.add_workflow("wf", {}, stream=Stream(["a"], error=message, dialect=dialect))
    assert run(sim, "wf", {"stream": True})[2] == mistaken
    assert message in capfd.readouterr().err


class Wordy(Stream):
    """Gives text where bytes are due."""

    def pieces(self, wait):
        yield from ["words"]


def test_a_stream_that_cannot_even_end_breaks_off_and_is_shown(sim, capfd):
    sim.add_workflow("wf", {}, stream=Wordy())
    with pytest.raises(http.client.IncompleteRead):
        run(sim, "wf", {"stream": True})
    assert eventually(lambda: "TypeError" in capfd.readouterr().err)


def test_what_is_no_workflow_is_told_to_the_client(sim, client):
    sim.workflows["wf"] = len
    for call in (client.execute_workflow, client.get_workflow_status):
        with pytest.raises(SimStudioError) as caught:
            call("wf")
        assert str(caught.value) == "TypeError: workflows['wf'] must be a Workflow, not builtin_function_or_method"


def test_a_workflow_may_fail_the_test(sim, client, capfd):
    sim.add_workflow("wf", lambda given: pytest.fail("not to be run"))
    with pytest.raises(SimStudioError, match="Failed: not to be run"):
        client.execute_workflow("wf")
    assert "not to be run" in capfd.readouterr().err


def test_a_queued_workflow_that_fails_the_test_runs_once(sim, client, capfd):
    runs = []

    def run_once(given):
        runs.append(given)
        pytest.fail("not to be run")

    sim.add_workflow("wf", run_once)
    sim.jobs.steps = ["processing"]
    queued = client.execute_workflow("wf", async_execution=True)
    client.get_job_status(queued.task_id)
    with pytest.raises(SimStudioError, match="Failed: not to be run"):
        client.get_job_status(queued.task_id)
    assert client.get_job_status(queued.task_id)["status"] == "failed" and len(runs) == 1
    assert "not to be run" in capfd.readouterr().err


def test_header_fields_that_cannot_be_sent_are_told_to_the_client(sim, client):
    sim.add_workflow("wf", Response({}, headers={"X-Price": "5 \u20ac"}))
    with pytest.raises(SimStudioError, match="UnicodeEncodeError: "):
        client.execute_workflow("wf")


def test_other_endpoints_tell_mistakes_too(sim, client, capfd):
    sim.usage["since"] = DAY
    with pytest.raises(SimStudioError, match="TypeError: Object of type datetime"):
        client.get_usage_limits()
    sim.headers["X-Price"] = "5 \u20ac"
    with pytest.raises(http.client.RemoteDisconnected):
        run(sim)
    assert eventually(lambda: "UnicodeEncodeError" in capfd.readouterr().err)


async def later(given):
    """No workflow."""


async def piece_by_piece(given):
    """Nor this."""
    yield given


class Later:
    """Nor what this makes."""

    async def __call__(self, given):
        return given


@pytest.mark.parametrize(
    "given, message",
    [((5, {}), "workflow_id must be a str, not int"),
     (("wf", DAY), "run must be a callable(input) -> output, or what JSON can hold: Object of type datetime is not JSON "
                   "serializable"),
     (("wf", {"n": float("inf")}), "run must be ... JSON can hold: Out of range float"),
     (("wf", Response({1, 2})), "run must be ... JSON can hold: Object of type set"),
     (("wf", b"{}"), "run must be ... JSON can hold: Object of type bytes"),
     (("wf", lambda: 7), "run must be a callable(input): too many positional arguments"),
     (("wf", later), "run must be a callable(input) that is not async"),
     (("wf", Later()), "run must be a callable(input) that is not async"),
     (("wf", piece_by_piece), "run must be a callable(input) that is not async"),
     (("wf", {}, Stream(["a"])), "deployed must be a bool, not Stream"),
     (("wf", {}, True, "Hello"), "stream must be a Stream or a callable(input) -> Stream, not str"),
     (("wf", {}, True, lambda given, more: Stream()), "stream must be a callable(input): missing a required argument"),
     (("wf", {}, True, stream_of("a", DAY)), "stream must be of what a Stream can send: Object of type datetime"),
     (("wf", {}, True, stream_of(("a", "b", "c"))), "stream must be of what a Stream can send: too many values"),
     (("wf", {}, True, Stream(error=ValueError("boom"))), "what a Stream can send: Object of type ValueError")],
)
def test_what_can_be_told_beforehand_is_a_type_error(sim, given, message):
    before = dict(sim.workflows)
    with pytest.raises(TypeError, match=re.escape(message).replace(r"\.\.\.", ".*")):
        sim.add_workflow(*given)
    assert sim.workflows == before


def test_what_can_be_sent_is_taken(sim, client):
    sim.add_workflow("bytes", Response(b"[7]", 200))
    sim.add_workflow("built in", dict)
    sim.add_workflow("paused", {}, stream=Stream(["a", Hold(), 3600, b": hm\n\n"]))
    assert client.execute_workflow("bytes").output == [7]
    assert client.execute_workflow("built in", {"a": 1}).output == {"a": 1}


def test_a_workflow_by_itself_is_checked():
    with pytest.raises(TypeError, match="run must be a callable.input. -> output, not dict"):
        Workflow({})
