"""The GETs give up after their documented 30 seconds of silence."""

import json

import pytest

PATIENCE_S = 120


@pytest.fixture(scope="module")
def endings(silent_gets):
    printed, _ = silent_gets.communicate(timeout=PATIENCE_S)
    assert silent_gets.returncode == 0
    return {ending["name"]: ending for ending in map(json.loads, printed.splitlines())}


@pytest.mark.parametrize("name", ["workflow status", "job status", "usage limits"])
def test_a_get_that_nobody_answers_is_a_timeout(endings, name):
    ending = endings[name]
    assert ending["message"] == "Failed to get %s: timed out after 30.0 seconds" % name
    assert (ending["code"], ending["status"]) == ("TIMEOUT", None)
    assert 29.9 <= ending["after"] < PATIENCE_S
