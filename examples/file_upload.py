"""Hand files to a workflow: whatever has a read() is sent along, encoded."""

import io
import os
import sys

from simstudio import SimStudioClient

API_KEY = os.getenv("SIM_API_KEY")
BASE_URL = os.getenv("SIM_BASE_URL", "https://sim.ai")


def main():
    report = io.BytesIO(b"%PDF-1.7 a report made in memory")
    report.name = "report.pdf"  # what the workflow sees; its ending gives the type
    with SimStudioClient(API_KEY, BASE_URL) as client:
        with open(sys.argv[1] if len(sys.argv) > 1 else __file__, "rb") as file:
            result = client.execute_workflow(
                "workflow-id",
                {"documents": [file, report], "instructions": "Summarize these documents"},
                timeout=(10.0, 120.0),  # to connect, and to wait for the answer
            )
    print("The workflow got:")
    for document in result.output["documents"] if result.output else []:
        size = len(document["data"].split(",")[1])
        print("  %s, %s, %d characters of base64" % (document["name"], document["mime"], size))


if __name__ == "__main__":
    main()
