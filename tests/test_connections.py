"""What a request asks of the connection: nothing is waited for, and plain http stays HTTP/1.1."""

import pytest

DONE = {"success": True, "output": "done"}


@pytest.mark.parametrize("size", [0, 1000, 2 << 20])
@pytest.mark.parametrize("options", [{}, {"async_execution": True}, {"stream": True}])
def test_no_body_waits_for_a_100_continue(client, server, size, options):
    """A server that does not know the word would keep a large body waiting for a second."""
    server.answer(DONE)
    client.execute_workflow("wf", {"text": "x" * size}, **options)
    (request,) = server.requests
    assert "Expect" not in request.headers and request.json["text"] == "x" * size


def test_plain_http_asks_for_no_other_protocol(client, server):
    server.answer(DONE)
    client.execute_workflow("wf")
    client.get_job_status("job")
    for request in server.requests:
        assert not {"upgrade", "http2-settings", "connection"} & {name.lower() for name in request.headers}
