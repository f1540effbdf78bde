"""Asks a server that never answers, and prints a line of JSON about each GET: how it ended, and when.

A script: it takes as long as the documented timeout of the GETs, which cannot be changed, and so
conftest.py starts it before the first test.
"""

import json
import socket
import threading
import time

from simstudio import SimStudioClient, SimStudioError


def ask(name, call, began, endings):
    try:
        call()
    except SimStudioError as error:
        endings.append({"name": name, "after": time.monotonic() - began, "message": str(error), "code": error.code,
                        "status": error.status})


def main():
    with socket.create_server(("127.0.0.1", 0)) as silent:  # lets anybody connect, and says nothing
        client = SimStudioClient("key", "http://127.0.0.1:%d" % silent.getsockname()[1])
        calls = {"workflow status": lambda: client.get_workflow_status("wf"), "job status": lambda: client.get_job_status("j"),
                 "usage limits": client.get_usage_limits}
        began, endings = time.monotonic(), []
        threads = [threading.Thread(target=ask, args=(name, call, began, endings)) for name, call in calls.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for ending in endings:
        print(json.dumps(ending))


if __name__ == "__main__":
    main()
