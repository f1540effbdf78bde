"""Tell the kinds of failure apart by the error's code, and see what else the error knows."""

import os
import sys

from simstudio import SimStudioClient, SimStudioError

API_KEY = os.getenv("SIM_API_KEY")
BASE_URL = os.getenv("SIM_BASE_URL", "https://sim.ai")
TIMEOUT_S = float(os.getenv("TIMEOUT", "30"))
WHAT_TO_DO = {
    "UNAUTHORIZED": "Is SIM_API_KEY a valid key?",
    "TIMEOUT": "It took too long. It may have run all the same; give it more time, or queue it.",
    "USAGE_LIMIT_EXCEEDED": "This period's usage is spent.",
    "RATE_LIMIT_EXCEEDED": "Too many runs at a time: execute_with_retry() waits for its turn.",
    "EXECUTION_ERROR": "The workflow itself failed, or its answer did not arrive.",
    "INVALID_JSON": "The server could not read the request.",
}


def main():
    workflow = sys.argv[1] if len(sys.argv) > 1 else "workflow-id"
    with SimStudioClient(API_KEY, BASE_URL) as client:
        try:
            result = client.execute_workflow(workflow, {"seconds": 5}, timeout=TIMEOUT_S)
        except SimStudioError as error:
            print("Failed:", error)
            print("Code %s, HTTP status %s" % (error.code, error.status))
            if error.details is not None:
                print("The server said:", error.details)
            # An error without a code has a status.
            print(WHAT_TO_DO.get(error.code or "", "See the message."))
            return 1
    print("Output:", result.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
