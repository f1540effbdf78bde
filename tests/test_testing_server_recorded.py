"""The local Sim server answers as the recorded real ones did: the same status, type, fields and words."""

import http.client
import json
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from recorded_expectations import ID
from replaying import load

from simstudio.testing import Response, SimServer, Stream

RECORDINGS = load()
KEY = "sk-sim-AliceAliceAliceAliceAliceAlice01"

# The recordings that the local server has something to set against, by era. What it leaves out:
# keys that expire or belong to somebody, files, drafts, ids of requests.
COMPARED = {
    "2025-11-01": """01-exec-plain 09-exec-no-key 10-exec-bad-key 17-exec-unknown 19-exec-undeployed 23-exec-response-201
        300-rl-usage-before 31-async-start 33-async-invalid-json 84-status-no-key 87-jobs-executing""",
    "2025-11-30": """01-exec-plain 04b-exec-invalid-json-startonly 05-exec-json-array-body 06-exec-json-null-body
        09-exec-no-key 10-exec-bad-key 110-billing-on-usage-exceeded 111-billing-on-usage-exceeded-stream
        120-jobs-triggerstub-QUEUED 120-jobs-triggerstub-FAILED 121-jobs-triggerstub-404 17-exec-unknown-workflow
        18-exec-non-uuid-workflow 19-exec-undeployed 20-exec-start-only 21-exec-input-wrapped 22-exec-input-string
        23-exec-response-block-201 24-exec-response-block-422 27-exec-null-output 32-exec-get-method
        33-exec-trailing-slash 36-exec-no-user-agent 38-exec-no-content-type 40-exec-agent-fail 44-exec-response-text
        47-exec-stream-false 72-stream-undeployed 80-status-deployed 81-status-undeployed 88-jobs-no-key
        89-jobs-bad-key 90-usage-alice 92-usage-no-key 97-exec-rl-1""",
    "2026-08-21": """01-exec-plain 02-exec-no-body 03-exec-empty-object 04-exec-invalid-json 09-exec-no-key
        10-exec-bad-key 17-exec-unknown-workflow 19-exec-undeployed 200-async-slow8-start 201-async-slow8-poll-0s
        205-async-poll-no-key 206-async-poll-bad-key 208-async-slow8-poll-done 213-async-response-block-poll
        214-async-with-stream 217-async-no-key 218-async-header-uppercase 219-async-header-sync
        23-exec-response-block-201 24-exec-response-block-422 25-exec-block-throws 27-exec-null-output 303-rl-stream-429
        32-exec-get-method 33-exec-trailing-slash 71-stream-bad-key 72-stream-undeployed 81-status-undeployed
        88-jobs-no-key 89-jobs-bad-key 90-usage-alice""",
}
NAMES = ["%s/%s" % (era, name) for era, names in COMPARED.items() for name in names.split()]

# How often a job is to be asked before it is where the recorded one was.
POLLS = {"2025-11-01/87-jobs-executing": 2, "2025-11-30/120-jobs-triggerstub-FAILED": 3,
         "2026-08-21/201-async-slow8-poll-0s": 2, "2026-08-21/208-async-slow8-poll-done": 3,
         "2026-08-21/213-async-response-block-poll": 3}

# The workflow that a polled job ran, by a word in the recording's name.
JOBS = (("FAILED", ID % 5), ("response", ID % 3), ("", ID % 7))


def fail(_given):
    raise RuntimeError("[function] Function 1: boom")


def output_of(recording):
    """What the recorded workflow gave."""
    try:
        answer = json.loads(recording.text)
    except ValueError:
        return {}
    output = answer.get("output") if isinstance(answer, dict) else {}
    return output["output"] if isinstance(output, dict) and "executedAt" in output else output


def fill(server, recording):
    """Gives the server the workflows of the recordings."""
    for number in (1, 2, 7, 8, 13, 50):
        server.add_workflow(ID % number, output_of(recording))
    for number in (5, 16):
        server.add_workflow(ID % number, fail)
    server.add_workflow(ID % 6, {}, deployed=False)
    server.add_workflow(ID % 3, Response({"message": "created", "doubled": 42}, 201, {"X-Custom": "yes"}))
    server.add_workflow(ID % 4, Response({"error": "bad thing", "code": "MY_CODE"}, 422))
    server.add_workflow(ID % 22, Response("plain words", 200, {"Content-Type": "text/plain"}))


def shape(value):
    """What stands where in an answer: keys and types."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "number"
    return type(value).__name__


def ask(server, recording, times):
    target, headers = recording.target, dict({"User-Agent": "test"}, **recording.request_headers)
    if "no-user-agent" in recording.name:
        headers["User-Agent"] = ""
    if recording.name in POLLS or "-QUEUED" in recording.name:
        run = next(workflow_id for word, workflow_id in JOBS if word in recording.name)
        target = "/api/jobs/" + server.jobs.add(server.workflows[run], {}, run)
    body = recording.request_body.encode() if recording.method == "POST" else None
    with closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)) as connection:
        for _ in range(times):
            connection.request(recording.method, target, body, headers)
            with connection.getresponse() as answer:
                text = answer.read().decode()
        return answer.status, answer.headers["Content-Type"], text


@pytest.mark.parametrize("name", NAMES)
def test_the_local_server_answers_as_the_recorded_one(name):
    recording = RECORDINGS[name]
    with SimServer(KEY, era=name.split("/")[0]) as server:
        fill(server, recording)
        if recording.status == 429:
            server.rate_limit(retry_after=None, limit=None)
        if recording.status == 402:
            server.usage.update(currentPeriodCost=12.5, limit=10)
            server.api_key = recording.request_headers["X-API-Key"]
        status, kind, text = ask(server, recording, POLLS.get(name, 1))
    assert (status, kind) == (recording.status, recording.header("content-type"))
    try:
        answer, recorded = json.loads(text), json.loads(recording.text)
    except ValueError:
        assert text == recording.text
        return
    if isinstance(recorded, dict) and "success" in recorded or status == 200:  # with times and ids of its own
        assert shape(answer) == shape(recorded)
    else:
        assert answer == recorded


def test_streams_have_the_recorded_frames():
    """Chunks, the final event and the mark of the end, each as the recorded servers write them."""
    for name in ("2025-11-30/74-stream-gzip", "2026-08-21/74-stream-gzip"):
        recording = RECORDINGS[name]
        chunks = [data["chunk"] for data in map(json.loads, messages_of(recording.text)[:-1]) if "chunk" in data]
        with SimServer(era=name.split("/")[0]) as server:
            server.add_workflow(ID % 8, {}, stream=Stream([(ID % 116, chunk) for chunk in chunks]))
            status, kind, text = ask(server, recording, 1)
        assert (status, kind) == (200, "text/event-stream")
        ours, recorded = messages_of(text), messages_of(recording.text)
        assert [json.loads(data) for data in ours[:-2]] == [json.loads(data) for data in recorded[:-2]]
        assert ours[-1] == recorded[-1] == '"[DONE]"'
        assert set(json.loads(ours[-2])["data"]) == set(json.loads(recorded[-2])["data"])


@pytest.mark.parametrize("era", ["2025-11-30", "2026-08-21"])
def test_a_streamed_response_block_has_the_recorded_output(era):
    recording = RECORDINGS[era + "/70-stream-response-block"]
    with SimServer(era=era) as server:
        fill(server, recording)
        _, _, text = ask(server, recording, 1)
    assert [json.loads(data) for data in messages_of(text)] == [json.loads(data) for data in messages_of(recording.text)]


def messages_of(text):
    parts = text.split("\n\n")
    assert parts.pop() == "" and all(part.startswith("data: ") for part in parts)
    return [part[len("data: ") :] for part in parts]
