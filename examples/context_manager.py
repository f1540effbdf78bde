"""Let a with statement close the client's connections."""

import os

from simstudio import SimStudioClient

with SimStudioClient(
    api_key=os.getenv("SIM_API_KEY"), base_url=os.getenv("SIM_BASE_URL", "https://sim.ai")
) as client:
    print("Output:", client.execute_workflow("workflow-id", {"n": 1}).output)

# The connections are closed here. The client is not spent: another call makes a new one.
