"""Run a workflow and print what it returns."""

import os

from simstudio import SimStudioClient, SimStudioError

client = SimStudioClient(
    api_key=os.getenv("SIM_API_KEY"),
    base_url=os.getenv("SIM_BASE_URL", "https://sim.ai"),
)

try:
    result = client.execute_workflow("workflow-id")
    print("It ran:", result)
except SimStudioError as error:
    print("It did not run:", error)
