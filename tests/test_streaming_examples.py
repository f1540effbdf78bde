"""The examples of streaming run against the local Sim server, live where they forward."""

import http.client
import json
import re
import runpy
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from surroundings import without_proxies
from waiting import eventually

from simstudio.testing import Hold, SimServer, Stream

EXAMPLES = Path(__file__).parent.parent / "examples"
PATIENCE_S = 60


@pytest.fixture
def server():
    with SimServer("the-key") as made:
        yield made


def environment_of(server, **more):
    return without_proxies(**dict({"SIM_API_KEY": "the-key", "SIM_BASE_URL": server.url}, **more))


def run(server, script, *arguments, **environment):
    """(exit status, what was printed)."""
    done = subprocess.run([sys.executable, str(EXAMPLES / script), *arguments], env=environment_of(server, **environment),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", timeout=PATIENCE_S)
    return done.returncode, done.stdout


def test_the_documented_example_prints_the_result(server):
    status, printed = run(server, "streaming_result.py")
    assert re.fullmatch(r"Workflow result: WorkflowExecutionResult\(success=True, output=\{'agent': "
                        r"\{'content': 'One, two, three, four, five'\}\}, .*\)\n", printed), printed
    assert (status, server.requests[0].json) == (
        0, {"message": "Count to five", "stream": True, "selectedOutputs": ["agent1.content"]})


def test_the_documented_example_prints_what_failed(server):
    server.add_workflow("workflow-id", {}, stream=Stream(["One"], error="[agent] boom"))
    assert run(server, "streaming_result.py")[1] == "Error: [agent] boom\nDetails: {'agent': 'One'}\n"
    printed = run(server, "streaming_result.py", SIM_API_KEY="wrong")[1]
    assert printed.startswith("Error: Unauthorized: Invalid API key\nDetails: {'error': ")


def test_text_is_printed_as_it_comes(server):
    hold = Hold()
    server.add_workflow("workflow-id", {}, stream=Stream(["One", hold, ", two", Stream.thinking("hm"), ", three"]))
    process = subprocess.Popen([sys.executable, str(EXAMPLES / "streaming_events.py")], env=environment_of(server),
                               stdout=subprocess.PIPE)
    try:
        assert process.stdout.read(3) == b"One"
        assert not hold.released.is_set()
        hold.release()
        assert process.stdout.read().decode() == (
            ", two\n[thinking] hm\n, three\nOutput: {'agent': {'content': 'One, two, three'}}\n")
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def test_a_stream_that_breaks_off_is_told(server):
    server.add_workflow("wf", {}, stream=Stream(["One"], cut="quietly"))
    assert run(server, "streaming_events.py", "wf") == (
        1, "One\nFailed: The stream ended without its final event; the run may have happened\nUntil then: {'agent': 'One'}\n")
    assert run(server, "streaming_events.py", "no-such") == (1, "\nFailed: Workflow not found\nUntil then: {}\n")


# ---- forwarding ----


class WsgiExample:
    """The example in a process of its own, behind the server that it starts."""

    failure_status = 502

    def __init__(self, server, key="the-key"):
        self.process = subprocess.Popen([sys.executable, str(EXAMPLES / "forward_wsgi.py")], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, env=environment_of(server, SIM_API_KEY=key))
        self.address = urlsplit(self.process.stdout.readline().decode().strip()).netloc

    def get(self):
        self.connection = http.client.HTTPConnection(self.address, timeout=PATIENCE_S)
        self.connection.request("GET", "/")
        answer = self.connection.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer

    def leave(self, answer):
        answer.close()
        self.connection.close()

    def close(self):
        self.process.kill()
        self.process.stdout.close()
        self.process.wait()


class FlaskExample:
    """The example in this process, by Flask's own means."""

    failure_status = 401

    def __init__(self, server, key="the-key"):
        pytest.importorskip("flask", reason="Flask could not be installed")
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment_of(server, SIM_API_KEY=key).items():
                patch.setenv(name, value)
            self.app = runpy.run_path(str(EXAMPLES / "forward_flask.py"))["app"]

    class Reader:
        """Reads from the pieces of an answer as from a file."""

        def __init__(self, answer):
            self.answer, self.pieces, self.data = answer, answer.iter_encoded(), b""

        def read(self, length=None):
            while length is None or len(self.data) < length:
                piece = next(self.pieces, b"")
                self.data += piece
                if not piece:
                    length = len(self.data)
            got, self.data = self.data[:length], self.data[length:]
            return got

    def get(self):
        answer = self.app.test_client().get("/stream-workflow", buffered=False)
        return answer.status_code, answer.content_type.replace("; charset=utf-8", ""), self.Reader(answer)

    def leave(self, reader):
        reader.answer.close()

    def close(self):
        pass


@pytest.fixture(params=[WsgiExample, FlaskExample], ids=["wsgi", "flask"])
def forwarding(request, server):
    example = request.param(server)
    yield example
    example.close()


def sent(*messages):
    return "".join("data: %s\n\n" % json.dumps(message) for message in messages).encode()


ONCE = sent({"blockId": "agent", "chunk": "Once"})


def test_events_are_forwarded_live_and_to_the_letter(server, forwarding):
    hold = Hold()
    server.add_workflow("workflow-id", {}, stream=Stream(["Once", hold, " \u2028upon"], metadata={"duration": 610}))
    status, kind, answer = forwarding.get()
    assert (status, kind) == (200, "text/event-stream")
    assert answer.read(len(ONCE)) == ONCE
    assert not hold.released.is_set()
    hold.release()
    assert answer.read() == sent(
        {"blockId": "agent", "chunk": " \u2028upon"},
        {"event": "done", "success": True, "output": {"agent": {"content": "Once \u2028upon"}},
         "metadata": {"duration": 610}})
    assert server.requests[0].json["selectedOutputs"] == ["agent1.content"]
    forwarding.leave(answer)


def test_an_error_event_is_forwarded(server, forwarding):
    server.add_workflow("workflow-id", {}, stream=Stream(["Once"], error="boom"))
    answer = forwarding.get()[2]
    assert answer.read() == ONCE + sent({"event": "error", "error": "boom"})
    forwarding.leave(answer)


@pytest.mark.parametrize("cut, said", [(True, "Failed to execute workflow: "), ("quietly", "The stream ended without ")])
def test_a_stream_that_breaks_off_ends_in_an_error_event(server, forwarding, cut, said):
    server.add_workflow("workflow-id", {}, stream=Stream(["Once"], cut=cut))
    answer = forwarding.get()[2]
    first, event, rest = answer.read().decode().split("\n\n")
    told = json.loads(event[len("data: "):])
    assert (first + "\n\n", rest, told["event"]) == (ONCE.decode(), "", "error")
    assert told["error"].startswith(said) and "the run may have happened" in told["error"]
    forwarding.leave(answer)


def test_a_browser_that_leaves_ends_the_stream(server, forwarding):
    server.add_workflow("workflow-id", {}, stream=Stream(["Once"] * 3 + [0.02, "more"] * 3000))
    answer = forwarding.get()[2]
    assert answer.read(len(ONCE)) == ONCE
    forwarding.leave(answer)
    assert eventually(lambda: server.requests[0].was_dropped)


@pytest.mark.parametrize("example", [WsgiExample, FlaskExample], ids=["wsgi", "flask"])
def test_what_fails_before_the_stream_has_a_status(server, example):
    forwarding = example(server, key="wrong")
    try:
        status, kind, answer = forwarding.get()
        assert (status, kind) == (forwarding.failure_status, "application/json")
        assert json.loads(answer.read()) == {"error": "Unauthorized: Invalid API key", "code": "UNAUTHORIZED"}
        forwarding.leave(answer)
    finally:
        forwarding.close()
