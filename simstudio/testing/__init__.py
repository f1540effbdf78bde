"""A local Sim server, for demos and for testing code that uses simstudio.

Tools that patch `requests` cannot see a native client; a server can::

    from simstudio import SimStudioClient
    from simstudio.testing import SimServer

    with SimServer() as server:
        client = SimStudioClient("any", server.url)
        print(client.execute_workflow("echo", {"message": "hi"}).output)

For pytest: `pytest_plugins = ["simstudio.testing"]` gives the fixture `sim_server`.
The command line: `python -m simstudio.testing [--port N]`.
"""

import sys

from .server import SimServer
from .workflows import Stream, Workflow

__all__ = ["SimServer", "Stream", "Workflow"]

# Where pytest is not running nobody can ask for the fixture, so pytest is not imported either.
if "pytest" in sys.modules:
    import pytest

    @pytest.fixture
    def sim_server():
        """A SimServer of the test's own."""
        with SimServer() as server:
            yield server
