"""Check that a workflow is deployed, run it with input, and look at the result."""

import os

from simstudio import SimStudioClient, SimStudioError

API_KEY = os.getenv("SIM_API_KEY")
BASE_URL = os.getenv("SIM_BASE_URL", "https://sim.ai")
WORKFLOW = "my-workflow-id"


def run(client):
    if not client.validate_workflow(WORKFLOW):
        print("%s is not deployed" % WORKFLOW)
        return
    result = client.execute_workflow(
        WORKFLOW,
        input_data={"message": "Process this data", "user_id": "12345"},
        timeout=30.0,
    )
    # Some servers report a failed run in a result, some in an error: look at both.
    if result.success:
        print("Output:", result.output)
        print("Milliseconds:", (result.metadata or {}).get("duration"))
    else:
        print("The workflow failed:", result.error)


def main():
    with SimStudioClient(API_KEY, BASE_URL) as client:
        try:
            run(client)
        except SimStudioError as error:
            print("The workflow failed:", error)


if __name__ == "__main__":
    main()
