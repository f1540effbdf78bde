"""execute_with_retry and the rate limit."""

import time

import pytest

from simstudio import RateLimitInfo, SimStudioError

DONE = {"success": True, "output": 1}


def test_a_rate_limit_is_waited_out(client, server):
    server.answer({"error": "x"}, status=429, Retry_After="0.2").answer(DONE)
    before = time.monotonic()
    assert client.execute_with_retry("wf").output == 1
    assert time.monotonic() - before >= 0.2
    assert len(server.requests) == 2
    assert server.requests[0].body == server.requests[1].body


def test_the_last_attempt_raises(client, server):
    server.answer({"error": "x"}, status=429, Retry_After="0")
    with pytest.raises(SimStudioError, match="^Rate limit exceeded. Retry after 0ms$") as caught:
        client.execute_with_retry("wf", max_retries=2)
    error = caught.value
    assert (error.code, error.status, error.retry_after) == ("RATE_LIMIT_EXCEEDED", 429, 0)
    assert len(server.requests) == 3


def test_a_wait_of_more_than_an_hour_is_not_waited(client, server):
    server.answer({}, status=429, Retry_After="3601")
    with pytest.raises(SimStudioError):
        client.execute_with_retry("wf")
    assert len(server.requests) == 1


def test_nothing_else_is_retried(client, server):
    server.answer({"error": "busy"}, status=503)
    with pytest.raises(SimStudioError, match="busy"):
        client.execute_with_retry("wf")
    assert len(server.requests) == 1


def test_an_override_is_called(client, server):
    calls = []

    def execute(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            raise SimStudioError("m", "RATE_LIMIT_EXCEEDED", 429)
        return "result"

    client.execute_workflow = execute
    assert client.execute_with_retry("wf", {"a": 1}, initial_delay=0.01) == "result"
    assert calls == [("wf", {"a": 1}, 30.0, False, None, False)] * 2


def test_rate_limit_headers_are_kept(client, server):
    assert client.get_rate_limit_info() is None
    server.answer(DONE, X_RateLimit_Limit="60", X_RateLimit_Remaining="59",
                  X_RateLimit_Reset="2025-11-30T10:01:00.000Z").answer(DONE)
    client.execute_workflow("wf")
    client.execute_workflow("wf")
    assert client.get_rate_limit_info() == RateLimitInfo(60, 59, 1764496860)
