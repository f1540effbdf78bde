"""By default, the local Sim server streams what the documentation has, and the documentation's readers understand it."""

import json
import re

import pytest
from asking import run

from simstudio import SimStudioClient
from simstudio.testing import SimServer, Stream
from simstudio.testing.eras import ERAS

BLOCK = "7b7735b9-19e5-4bd6-818b-46aae2596e9f"
FORMAT = """\
data: {"blockId":"7b7735b9-19e5-4bd6-818b-46aae2596e9f","chunk":"One"}

data: {"blockId":"7b7735b9-19e5-4bd6-818b-46aae2596e9f","chunk":", two"}

data: {"event":"done","success":true,"output":{},"metadata":{"duration":610}}

data: [DONE]

"""

# The documentation's examples as they stand there, but for the address of the server.
RESULT = '''
from simstudio import SimStudioClient
import os

client = SimStudioClient(api_key=os.getenv("SIM_API_KEY"), base_url="https://sim.ai")

def execute_with_streaming():
    """Execute workflow with streaming enabled."""
    try:
        # Enable streaming for specific block outputs
        result = client.execute_workflow(
            "workflow-id",
            input_data={"message": "Count to five"},
            stream=True,
            selected_outputs=["agent1.content"]  # Use blockName.attribute format
        )
        print("Workflow result:", result)
    except Exception as error:
        print("Error:", error)

execute_with_streaming()
'''
FLASK = r'''
from flask import Flask, Response, stream_with_context
import requests
import json
import os

app = Flask(__name__)

@app.route('/stream-workflow')
def stream_workflow():
    """Stream workflow execution to the client."""
    def generate():
        response = requests.post(
            'https://sim.ai/api/workflows/WORKFLOW_ID/execute',
            headers={
                'Content-Type': 'application/json',
                'X-API-Key': os.getenv('SIM_API_KEY')
            },
            json={
                'message': 'Generate a story',
                'stream': True,
                'selectedOutputs': ['agent1.content']
            },
            stream=True
        )

        for line in response.iter_lines():
            if line:
                decoded_line = line.decode('utf-8')
                if decoded_line.startswith('data: '):
                    data = decoded_line[6:]  # Remove 'data: ' prefix

                    if data == '[DONE]':
                        break

                    try:
                        parsed = json.loads(data)
                        if 'chunk' in parsed:
                            yield f"data: {json.dumps(parsed)}\n\n"
                        elif parsed.get('event') == 'done':
                            yield f"data: {json.dumps(parsed)}\n\n"
                            print("Execution complete:", parsed.get('metadata'))
                    except json.JSONDecodeError:
                        pass

    return Response(
        stream_with_context(generate()),
        mimetype='text/event-stream'
    )

if __name__ == '__main__':
    app.run(debug=True)
'''
COUNT = ["One", ", two", ", three", ", four", ", five"]


def loaded(example, server, monkeypatch):
    """The names of an example that has been run against the server."""
    monkeypatch.setenv("SIM_API_KEY", "any")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    names = {"__name__": "example"}
    exec(example.replace("https://sim.ai", server.url).replace("WORKFLOW_ID", "workflow-id"), names)
    return names


def messages_of(text):
    """What the events of a stream say, each as JSON if it is that."""
    events = [event[len("data: "):] for event in text.split("\n\n")[:-1]]
    return [event if event == "[DONE]" else json.loads(event) for event in events]


def test_a_stream_is_the_documented_one(sim):
    stream = Stream([(BLOCK, "One"), (BLOCK, ", two")], output={}, metadata={"duration": 610})
    sim.add_workflow("wf", {}, stream=stream)
    sent = run(sim, "wf", {"stream": True})[2]
    assert sent.replace('": ', '":').replace(', "', ',"') == FORMAT


@pytest.mark.parametrize("workflow_id", ["agent", "workflow-id", "echo"])
def test_the_built_in_workflows_stream_as_documented(sim, workflow_id):
    *chunks, done, mark = messages_of(run(sim, workflow_id, {"stream": True})[2])
    texts = [] if workflow_id == "echo" else COUNT
    assert chunks == [{"blockId": "agent", "chunk": text} for text in texts]
    assert (list(done), done["event"], done["success"], mark) == (
        ["event", "success", "output", "metadata"], "done", True, "[DONE]")


@pytest.mark.parametrize("stream", [None, Stream([0.05])], ids=["without a stream", "with a stream"])
def test_the_documented_end_tells_the_time_that_the_run_took(sim, stream):
    sim.add_workflow("wf", sim.workflows["slow"].run, stream=stream)
    metadata = messages_of(run(sim, "wf", {"stream": True, "seconds": 0.05})[2])[-2]["metadata"]
    assert list(metadata) == ["duration"] and metadata["duration"] >= 50


def test_metadata_of_a_stream_is_sent_as_it_is(sim):
    sim.add_workflow("wf", {}, stream=Stream(metadata={}))
    assert messages_of(run(sim, "wf", {"stream": True})[2])[0]["metadata"] == {}


@pytest.mark.parametrize("era", list(ERAS)[1:])
def test_the_other_eras_keep_the_frames_of_servers(era):
    """One Stream may be sent by servers of several eras."""
    stream = Stream(["Hi"], output={})
    for each, end in ((era, 'data: {"event": "final", "data": {"success": true, "output": {}}}\n\ndata: "[DONE]"\n\n'),
                      ("documented", "data: [DONE]\n\n"), (era, 'data: "[DONE]"\n\n')):
        with SimServer(era=each) as server:
            server.add_workflow("wf", {}, stream=stream)
            sent = run(server, "wf", {"stream": True})[2]
        assert sent.endswith("\n\n" + end)


@pytest.mark.parametrize("era", list(ERAS))
@pytest.mark.parametrize("dialect, start", [("sim", '{"event": "final"'), ("documented", '{"event": "done"'),
                                            ("canvas", '{"type": "execution:completed"')])
def test_a_dialect_that_is_named_is_spoken_in_every_era(era, dialect, start):
    with SimServer(era=era) as server:
        server.add_workflow("wf", {}, stream=Stream(dialect=dialect))
        assert run(server, "wf", {"stream": True})[2].startswith("data: " + start)


@pytest.mark.parametrize("era", list(ERAS))
def test_the_client_understands_every_era(era):
    with SimServer(era=era) as server, SimStudioClient("any", server.url) as client:
        with client.stream_workflow("agent") as stream:
            assert [event.text for event in stream if event.type == "chunk"] == COUNT
            assert stream.result().output == {"agent": {"content": "".join(COUNT)}}
        assert client.execute_workflow("echo", {"a": 1}, stream=True).output == {"a": 1}
        has_duration = (client.execute_workflow("agent", stream=True).metadata or {}).get("duration", 0) > 0
        assert has_duration == (era == "documented")


# ---- the documentation's examples ----


def test_the_documented_call_prints_the_result_and_its_duration(sim, monkeypatch, capsys):
    loaded(RESULT, sim, monkeypatch)
    assert re.fullmatch(r"Workflow result: WorkflowExecutionResult\(success=True, output=\{'agent': \{'content': "
                        r"'One, two, three, four, five'\}\}, .*metadata=\{'duration': \d+\}.*\)\n",
                        capsys.readouterr().out)


def test_the_documented_reader_forwards_chunks_and_the_end_and_prints_that(sim, monkeypatch, capsys):
    for package in ("flask", "requests"):
        pytest.importorskip(package, reason=package + " could not be installed")
    app = loaded(FLASK, sim, monkeypatch)["app"]
    with app.test_client().get("/stream-workflow") as answer:
        *chunks, done = messages_of(answer.text)
    assert [chunk["chunk"] for chunk in chunks] == COUNT
    assert (done["event"], done["success"], list(done["metadata"])) == ("done", True, ["duration"])
    assert capsys.readouterr().out == "Execution complete: %s\n" % done["metadata"]
