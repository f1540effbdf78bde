"""Wait for one's turn where the rate limit is exceeded, and say when it is lifted if that fails."""

import os
from datetime import datetime

from simstudio import SimStudioClient, SimStudioError

API_KEY = os.getenv("SIM_API_KEY")
BASE_URL = os.getenv("SIM_BASE_URL", "https://sim.ai")


def main():
    with SimStudioClient(API_KEY, BASE_URL) as client:
        try:
            result = client.execute_with_retry(
                "workflow-id",
                input_data={"message": "Process this"},
                max_retries=int(os.getenv("MAX_RETRIES", "5")),
                initial_delay=1.0,  # seconds, unless the server says how long to wait
                max_delay=60.0,
                backoff_multiplier=2.0,
            )
        except SimStudioError as error:
            if error.code != "RATE_LIMIT_EXCEEDED":
                raise
            print("The rate limit is exceeded after all retries")
            if error.retry_after is not None:
                print("The server asks to wait for %.1f seconds" % (error.retry_after / 1000))
            info = client.get_rate_limit_info()
            if info is not None:
                print("It resets at", datetime.fromtimestamp(info.reset))
        else:
            print("Output:", result.output)


if __name__ == "__main__":
    main()
