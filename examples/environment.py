"""Configure the client by the environment; a production service refuses to start without a key."""

import os
import sys

from simstudio import SimStudioClient


def development_client():
    """A missing key shows when the first call fails."""
    return SimStudioClient(
        api_key=os.getenv("SIM_API_KEY"),
        base_url=os.getenv("SIM_BASE_URL", "https://sim.ai"),
    )


def production_client():
    """A missing key shows at once."""
    api_key = os.getenv("SIM_API_KEY")
    if not api_key:
        raise ValueError("SIM_API_KEY is not set")
    return SimStudioClient(
        api_key=api_key,
        base_url=os.getenv("SIM_BASE_URL", "https://sim.ai"),
    )


def main():
    make = production_client if os.getenv("SIM_ENV") == "production" else development_client
    try:
        client = make()
    except ValueError as error:
        sys.exit(str(error))
    with client:
        print("Server:", client.base_url)
        print("Key:", "set" if client.api_key else "missing")
        print("Ready:", client.validate_workflow("workflow-id"))


if __name__ == "__main__":
    main()
