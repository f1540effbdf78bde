"""Every call of the API, made against a local Sim server, and what comes back.

The server is simstudio.testing's, on the loopback interface; the client is the C extension.
"""

import dataclasses
import io
import platform
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor

import simstudio
from simstudio import SimStudioClient, SimStudioError
from simstudio.testing import SimServer, Stream

KEY = "demo-key"
WIDTH = 98


def title(text):
    print("\n-- %s %s" % (text, "-" * (WIDTH - 4 - len(text))))


def show(call, value):
    """A call, and what it returned."""
    print(call)
    print(textwrap.fill(str(value), WIDTH, initial_indent="    ", subsequent_indent="      ",
                        break_on_hyphens=False))


def show_failure(call, attempt):
    try:
        attempt()
    except SimStudioError as error:
        facts = ["%s=%r" % (name, getattr(error, name))
                 for name in ("code", "status", "retry_after", "details")]
        show(call, "SimStudioError: %s; %s" % (error, ", ".join(facts)))


def runs(client):
    title("Runs")
    show('validate_workflow("echo")', client.validate_workflow("echo"))
    show('get_workflow_status("echo")', client.get_workflow_status("echo"))
    result = client.execute_workflow("echo", {"message": "Hello, world!", "n": 2**70})
    show('execute_workflow("echo", {"message": "Hello, world!", "n": 2**70})', result)
    show("dataclasses.asdict(result)['output']", dataclasses.asdict(result)["output"])
    show('execute_workflow_sync("echo", {"again": True}).output',
         client.execute_workflow_sync("echo", {"again": True}).output)


def files(client):
    title("Files")
    notes = io.BytesIO(b"read in pieces, sent as base64")
    notes.name = "notes.txt"
    result = client.execute_workflow("echo", {"documents": [notes]})
    show('execute_workflow("echo", {"documents": [open("notes.txt", "rb")]})',
         result.output["documents"][0])


def queued_runs(client):
    title("Queued runs")
    queued = client.execute_workflow("echo", {"data": "large"}, async_execution=True)
    show('execute_workflow("echo", {"data": "large"}, async_execution=True)', queued)
    while True:
        state = client.get_job_status(queued.task_id)
        show("get_job_status(%r)" % queued.task_id, state)
        if state["status"] in ("completed", "failed", "cancelled"):
            return
        time.sleep(0.05)


def streamed_runs(client):
    title("Streamed runs")
    print('with stream_workflow("story") as stream:')
    began = time.monotonic()
    with client.stream_workflow("story") as stream:
        for event in stream:
            after_ms = 1000 * (time.monotonic() - began)
            print("    after %3d ms  %-6s %s" % (after_ms, event.type, event.text or ""))
        show("stream.result()", stream.result())
    show('execute_workflow("story", stream=True).output',
         client.execute_workflow("story", stream=True).output)


def failures(client):
    title("Failures")
    show_failure('execute_workflow("failing")', lambda: client.execute_workflow("failing"))
    show_failure('execute_workflow("undeployed")', lambda: client.execute_workflow("undeployed"))
    show_failure('execute_workflow("slow", {"seconds": 0.5}, timeout=0.2)',
                 lambda: client.execute_workflow("slow", {"seconds": 0.5}, timeout=0.2))
    client.set_api_key("not the key")
    show_failure('set_api_key("not the key"); get_usage_limits()', client.get_usage_limits)
    client.api_key = KEY
    try:
        client.execute_workflow("echo", {"no": object()})
    except TypeError as error:
        show('execute_workflow("echo", {"no": object()})', "TypeError: %s" % error)


def limits(client, server):
    title("The rate limit, and usage")
    server.rate_limit(times=1, retry_after=0.2)
    show_failure('execute_workflow("echo")', lambda: client.execute_workflow("echo"))
    server.rate_limit(times=2, retry_after=0.2)
    began = time.monotonic()
    result = client.execute_with_retry("echo", {"patient": True})
    show('execute_with_retry("echo", {"patient": True})', result)
    print("    after two answers that asked to wait for 0.2 s: %.2f s" % (time.monotonic() - began))
    show("get_rate_limit_info()", client.get_rate_limit_info())
    usage = client.get_usage_limits()
    show("get_usage_limits().rate_limit", usage.rate_limit)
    show("get_usage_limits().usage", usage.usage)


def one_client_many_threads(client):
    title("One client, many threads")
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        runs = [pool.submit(client.execute_workflow, "slow", {"seconds": 0.1}) for _ in range(24)]
        done = [run.result().success for run in runs]
    show('24 times execute_workflow("slow", {"seconds": 0.1}) in 8 threads',
         "%d succeeded in %.2f s" % (sum(done), time.monotonic() - began))


def another_server(client):
    title("Another server")
    with SimServer() as other:
        client.set_base_url(other.url + "/")
        show("set_base_url(...); base_url", client.base_url)
        show('execute_workflow("echo", {"here": 1}).output',
             client.execute_workflow("echo", {"here": 1}).output)
    client.close()
    show("close()", "closed; %r makes a new connection when it is used again" % client)


def main():
    print("simstudio %s on Python %s" % (simstudio.__version__, platform.python_version()))
    story = Stream(["Once", " upon", " a", " time"], pause=0.1)
    with SimServer(api_key=KEY) as server, SimStudioClient(KEY, server.url) as client:
        print("A local Sim server at %s; %r" % (server.url, client))
        server.add_workflow("story", None, stream=story)
        runs(client)
        files(client)
        queued_runs(client)
        streamed_runs(client)
        failures(client)
        limits(client, server)
        one_client_many_threads(client)
        print("\nThe server saw %d requests." % len(server.requests))
        another_server(client)


if __name__ == "__main__":
    main()
