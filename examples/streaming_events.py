"""Print the text of a run while it is being written."""

import os
import sys

from simstudio import SimStudioClient, SimStudioError

WORKFLOW = sys.argv[1] if len(sys.argv) > 1 else "workflow-id"
BASE_URL = os.getenv("SIM_BASE_URL", "https://sim.ai")


def main():
    with SimStudioClient(os.getenv("SIM_API_KEY"), BASE_URL) as client:
        stream = client.stream_workflow(
            WORKFLOW,
            {"message": "Count to five"},
            selected_outputs=["agent1.content"],
            timeout=(10, 120),  # seconds to connect, and of silence at most
        )
        try:
            with stream:
                for event in stream:
                    if event.type == "chunk":
                        print(event.text, end="", flush=True)
                    elif event.type not in ("final", "done"):
                        print("\n[%s]" % event.type, event.text or "")
                result = stream.result()
        except SimStudioError as error:
            print("\nFailed:", error)
            print("Until then:", stream.blocks)
            return 1
        print("\nOutput:", result.output)
        return 0


if __name__ == "__main__":
    sys.exit(main())
