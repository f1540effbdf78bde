"""A local Sim server, for demos and for testing code that uses simstudio.

Tools that patch `requests` cannot see a native client; a server can::

    from simstudio import SimStudioClient
    from simstudio.testing import SimServer

    with SimServer() as server:
        client = SimStudioClient("any key", server.url)
        print(client.execute_workflow("echo", {"message": "hi"}).output)

A streamed run sends what a Stream says, live, with pauses and failures on demand::

    story = Stream(["Once", 0.5, " upon", Stream.chunk_reset(), "No"], error="[agent] boom")
    server.add_workflow("story", {}, stream=story)

By default, the server answers and streams as Sim's documentation says; SimServer(era="2026-08-21")
is like the servers of that day.

For pytest: `pytest_plugins = ["simstudio.testing"]` gives the fixture `sim_server`.
The command line: `python -m simstudio.testing [--port N]`.
"""

from .handler import RecordedRequest
from .server import SimServer
from .streams import Hold, Stream
from .workflows import Response, Workflow

__all__ = ["Hold", "RecordedRequest", "Response", "SimServer", "Stream", "Workflow"]

# Read by pytest alone, where somebody names this module as a plugin: nobody else imports pytest.
pytest_plugins = ["simstudio.testing.fixtures"]
