"""Use one client with another key or another server: both take effect on the next call."""

import os

from simstudio import SimStudioClient

client = SimStudioClient("not-a-key", "https://sim.example")

client.set_api_key(os.getenv("SIM_API_KEY"))
client.set_base_url(os.getenv("SIM_BASE_URL", "https://sim.ai"))
print("Ready:", client.validate_workflow("workflow-id"))

client.close()  # frees the connections; the next call makes a new one
print("Ready after close():", client.validate_workflow("workflow-id"))
client.close()
