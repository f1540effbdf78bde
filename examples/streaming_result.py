"""Ask for a streamed run, and wait for all of it: the result is complete."""

import os

from simstudio import SimStudioClient, SimStudioError

client = SimStudioClient(
    api_key=os.getenv("SIM_API_KEY"),
    base_url=os.getenv("SIM_BASE_URL", "https://sim.ai"),
)


def execute_with_streaming():
    try:
        result = client.execute_workflow(
            "workflow-id",
            input_data={"message": "Count to five"},
            stream=True,
            selected_outputs=["agent1.content"],  # blockName.attribute
        )
        print("Workflow result:", result)
    except SimStudioError as error:
        print("Error:", error)
        if error.details:
            print("Details:", error.details)


execute_with_streaming()
