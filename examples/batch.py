"""Run several workflows and gather what became of each."""

import os

from simstudio import SimStudioClient, SimStudioError

API_KEY = os.getenv("SIM_API_KEY")
BASE_URL = os.getenv("SIM_BASE_URL", "https://sim.ai")
RUNS = [
    ("workflow-1", {"type": "analysis", "data": "sample1"}),
    ("workflow-2", {"type": "processing", "data": "sample2"}),
    ("undeployed", {"type": "summary", "data": "sample3"}),
    ("failing", {"type": "report", "data": "sample4"}),
]


def run_one(client, workflow_id, input_data):
    """A workflow's outcome as a dict; no failure of one ends the batch."""
    outcome = {"workflow_id": workflow_id, "success": False, "output": None, "error": None}
    try:
        if not client.validate_workflow(workflow_id):
            outcome["error"] = "not deployed"
            return outcome
        result = client.execute_workflow(workflow_id, input_data)
        outcome.update(success=result.success, output=result.output, error=result.error)
    except SimStudioError as error:
        outcome["error"] = str(error)
    return outcome


def main():
    with SimStudioClient(API_KEY, BASE_URL) as client:
        outcomes = [run_one(client, workflow_id, input_data) for workflow_id, input_data in RUNS]
    for outcome in outcomes:
        said = outcome["output"] if outcome["success"] else outcome["error"]
        print("%-12s %s" % (outcome["workflow_id"], said))
    print("%d of %d succeeded" % (sum(outcome["success"] for outcome in outcomes), len(outcomes)))


if __name__ == "__main__":
    main()
