"""The documented times that last half a minute by default."""

import json

import pytest

PATIENCE_S = 120


@pytest.fixture(scope="module")
def endings(long_waits):
    printed, _ = long_waits.communicate(timeout=PATIENCE_S)
    assert long_waits.returncode == 0
    return {ending["name"]: ending for ending in map(json.loads, printed.splitlines())}


@pytest.mark.parametrize("name, message", [
    ("workflow status", "Failed to get workflow status: timed out after 30.0 seconds"),
    ("job status", "Failed to get job status: timed out after 30.0 seconds"),
    ("usage limits", "Failed to get usage limits: timed out after 30.0 seconds"),
    ("run", "Workflow execution timed out after 30.0 seconds"),
])
def test_a_call_that_nobody_answers_is_a_timeout(endings, name, message):
    ending = endings[name]
    assert (ending["error"], ending["code"], ending["status"]) == (message, "TIMEOUT", None)
    assert 29.9 <= ending["after"] < PATIENCE_S


def test_a_stream_may_be_silent_for_longer(endings):
    assert endings["stream"]["error"] is None and endings["stream"]["after"] >= 31


def test_waits_between_attempts_grow_up_to_half_a_minute(endings):
    assert endings["retry"]["error"] is None
    assert 0.75 * 30 <= endings["retry"]["after"] < 0.75 * 60
