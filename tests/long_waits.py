"""Makes the calls that last half a minute by default, and prints a line of JSON about each: how it ended, and when.

A script: it takes as long as the documented times, and so conftest.py starts it before the first test.
"""

import json
import threading
import time

from streaming import chunk, final, stream_of
from wire import READ, Wire, http

from simstudio import SimStudioClient, SimStudioError

STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
LONGEST_S = 120


def silence(connection):
    connection.wire.gate.wait(LONGEST_S)


SCRIPTS = {  # one for each connection
    "silent": [[READ, silence]],
    "stream": [[READ, STREAM_HEAD + stream_of(chunk("one")), 31.0, stream_of(final())]],
    "limited": [[READ, http(b"{}", status="429 Too Many Requests")], [READ, http(b'{"success": true}')]],
}
CALLS = {
    "workflow status": ("silent", lambda client: client.get_workflow_status("wf")),
    "job status": ("silent", lambda client: client.get_job_status("job")),
    "usage limits": ("silent", lambda client: client.get_usage_limits()),
    "run": ("silent", lambda client: client.execute_workflow("wf")),
    "stream": ("stream", lambda client: client.stream_workflow("wf").result()),
    "retry": ("limited", lambda client: client.execute_with_retry("wf", initial_delay=1000)),
}


def make(name, began, endings):
    script, call = CALLS[name]
    ending = {"name": name, "error": None}
    with Wire(*SCRIPTS[script]) as wire, SimStudioClient("key", wire.url) as client:
        try:
            call(client)
        except SimStudioError as error:
            ending.update(error=str(error), code=error.code, status=error.status)
        ending["after"] = time.monotonic() - began
        wire.gate.set()
    endings.append(ending)


def main():
    began, endings = time.monotonic(), []
    threads = [threading.Thread(target=make, args=(name, began, endings)) for name in CALLS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for ending in endings:
        print(json.dumps(ending))


if __name__ == "__main__":
    main()
