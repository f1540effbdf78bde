"""Real calls of the client against the local Sim server, and what they return."""

import time

from simstudio import SimStudioClient, SimStudioError
from simstudio.testing import SimServer


def show(title, value):
    print("%-26s %s" % (title, value))


def main():
    with SimServer(api_key="demo-key") as server, SimStudioClient("demo-key", server.url) as client:
        show("server", server.url)
        show("deployed", client.validate_workflow("echo"))
        show("run", client.execute_workflow("echo", {"message": "Hello, world!"}))
        try:
            client.execute_workflow("failing")
        except SimStudioError as error:
            show("failing run", "%s (%s, HTTP %s)" % (error, error.code, error.status))
        server.rate_limit(times=1, retry_after=0.2)
        started = time.monotonic()
        client.execute_with_retry("echo", {"again": True})
        show("run after a rate limit", "waited %.1f s" % (time.monotonic() - started))
        show("rate limit", client.get_rate_limit_info())
        queued = client.execute_workflow("echo", {"data": "large"}, async_execution=True)
        show("queued run", queued)
        state = client.get_job_status(queued.task_id)
        while state["status"] not in ("completed", "failed", "cancelled"):
            show("  poll", state["status"])
            state = client.get_job_status(queued.task_id)
        show("  poll", "%s: %s" % (state["status"], state["output"]))
        show("usage", client.get_usage_limits().usage)


if __name__ == "__main__":
    main()
