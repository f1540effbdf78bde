"""Ask whether a workflow can be run, and since when."""

import os
import sys

from simstudio import SimStudioClient, SimStudioError

API_KEY = os.getenv("SIM_API_KEY")
BASE_URL = os.getenv("SIM_BASE_URL", "https://sim.ai")


def main():
    workflow = sys.argv[1] if len(sys.argv) > 1 else "workflow-id"
    with SimStudioClient(API_KEY, BASE_URL) as client:
        print("Ready:", client.validate_workflow(workflow))  # False too where nobody can tell
        try:
            status = client.get_workflow_status(workflow)
        except SimStudioError as error:
            print("Why:", error)
            return
    print("Deployed:", status.is_deployed)
    print("Since:", status.deployed_at)
    print("Changed since then:", status.needs_redeployment)


if __name__ == "__main__":
    main()
