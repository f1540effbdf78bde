"""Queue a long run, and ask for its state until it is over."""

import os
import time

from simstudio import AsyncExecutionResult, SimStudioClient, SimStudioError

API_KEY = os.getenv("SIM_API_KEY")
BASE_URL = os.getenv("SIM_BASE_URL", "https://sim.ai")
# Any other word means "not yet": queued, pending, processing, and more on some servers.
OVER = ("completed", "failed", "cancelled")
POLL_S = float(os.getenv("POLL_SECONDS", "2"))
PATIENCE_S = 600


def wait_for(client, task_id):
    """The state of a queued run once it is over."""
    give_up = time.monotonic() + PATIENCE_S
    while True:
        state = client.get_job_status(task_id)
        print("Status:", state["status"])
        if state["status"] in OVER:
            return state
        if time.monotonic() > give_up:
            raise TimeoutError("%s is not over after %d seconds" % (task_id, PATIENCE_S))
        time.sleep(POLL_S)


def main():
    with SimStudioClient(API_KEY, BASE_URL) as client:
        try:
            queued = client.execute_workflow(
                "workflow-id", {"data": "large dataset"}, async_execution=True
            )
            if not isinstance(queued, AsyncExecutionResult):
                # A server without a queue has made the run at once.
                print("Output:", queued.output)
                return
            print("Task:", queued.task_id)
            print("Where to look:", queued.links.get("status"))
            state = wait_for(client, queued.task_id)
        except SimStudioError as error:
            print("Failed:", error)
            return
    if state["status"] == "completed":
        # What the job gave is a wrapper; the workflow's own output is inside it.
        print("Output:", state["output"]["output"])
        # Not every server tells how long it took.
        print("Milliseconds:", state.get("metadata", {}).get("duration", "unknown"))
    else:
        print("No output:", state.get("error", state["status"]))


if __name__ == "__main__":
    main()
