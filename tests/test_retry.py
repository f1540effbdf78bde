"""execute_with_retry: what is tried again, and after which wait."""

import math
import signal
import threading
import time

import pytest
from errors import error_of
from waiting import PATIENCE_S

from simstudio import SimStudioClient, SimStudioError

DONE = {"success": True, "output": 1}
SLACK_S = 0.15
TRIES = 4


def error_of_run(client, **options):
    return error_of(client.execute_with_retry, "wf", **options)


def test_a_rate_limit_is_waited_out(client, server):
    server.answer({"error": "x"}, status=429, Retry_After="0.2").answer(DONE)
    before = time.monotonic()
    assert client.execute_with_retry("wf").output == 1
    assert time.monotonic() - before >= 0.2
    assert len(server.requests) == 2
    assert server.requests[0].body == server.requests[1].body


def test_nothing_else_is_retried(client, server):
    server.answer({"error": "busy"}, status=503)
    with pytest.raises(SimStudioError, match="busy"):
        client.execute_with_retry("wf")
    assert len(server.requests) == 1


def test_an_override_is_called(client):
    calls = []

    def execute(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            raise SimStudioError("m", "RATE_LIMIT_EXCEEDED", 429)
        return "result"

    client.execute_workflow = execute
    assert client.execute_with_retry("wf", {"a": 1}, initial_delay=0.01) == "result"
    assert calls == [("wf", {"a": 1}, 30.0, False, None, False)] * 2


LIMITED = SimStudioError("limited", "RATE_LIMIT_EXCEEDED", 429)


def limited(milliseconds):
    error = SimStudioError("limited", "RATE_LIMIT_EXCEEDED", 429)
    error.retry_after = milliseconds
    return error


def waits_of(errors, **options):
    """How long execute_with_retry() waited before each further attempt, in seconds."""
    moments = []

    class Scripted(SimStudioClient):
        def execute_workflow(self, *arguments):
            moments.append(time.monotonic())
            if len(moments) <= len(errors):
                raise errors[len(moments) - 1]
            return "done"

    client = Scripted("key")
    try:
        outcome = client.execute_with_retry("wf", **options)
    except SimStudioError as error:
        outcome = error
    return outcome, [later - sooner for sooner, later in zip(moments, moments[1:])]


def assert_waits(bounds, errors, **options):
    """Each wait is within its bounds, (least, most) in seconds; a busy machine may be late, so one of a few
    tries has to keep the upper ones."""
    for _ in range(TRIES):
        outcome, waits = waits_of(errors, **options)
        assert outcome == "done" and len(waits) == len(bounds)
        assert all(least - 0.002 <= wait for wait, (least, _) in zip(waits, bounds)), waits
        if all(wait <= most + SLACK_S for wait, (_, most) in zip(waits, bounds)):
            return
    raise AssertionError(waits)


@pytest.mark.parametrize("options, delays", [
    (dict(initial_delay=0.04), [0.04, 0.08, 0.16]),
    (dict(initial_delay=0.04, backoff_multiplier=1.0), [0.04, 0.04, 0.04]),
    (dict(initial_delay=0.02, backoff_multiplier=4), [0.02, 0.08, 0.32]),
    (dict(initial_delay=0.1, max_delay=0.15), [0.1, 0.15, 0.15]),
    (dict(initial_delay=1000, max_delay=0.05), [0.05, 0.05, 0.05]),
    (dict(initial_delay=0.08, backoff_multiplier=0.5), [0.08, 0.04, 0.02]),
    (dict(initial_delay=0), [0, 0, 0]),
    (dict(max_delay=0.0), [0, 0, 0]),
    (dict(initial_delay=0.01, max_retries=6), [0.01, 0.02, 0.04, 0.08, 0.16, 0.32]),  # doubled, unless told otherwise
])
def test_without_a_hint_waits_grow_within_a_quarter(options, delays):
    assert_waits([(0.75 * delay, 1.25 * delay) for delay in delays], [LIMITED] * len(delays), **options)


def test_waits_differ_from_one_another():
    _, waits = waits_of([LIMITED] * 8, max_retries=8, initial_delay=0.04, backoff_multiplier=1)
    assert max(waits) - min(waits) > 0.002


class Milliseconds(int):
    """A number of them, as a user's own error may have."""


@pytest.mark.parametrize("milliseconds, options", [
    (0, dict(initial_delay=10)),
    (Milliseconds(100), dict(initial_delay=0.0)),
    (100, dict(initial_delay=10)),
    (200, dict(max_delay=0.01)),
    (100, dict(initial_delay=0.0, max_delay=0.0)),
])
def test_a_hint_is_never_undercut_and_overrun_by_a_quarter_at_most(milliseconds, options):
    assert_waits([(milliseconds / 1000, 1.25 * milliseconds / 1000)] * 2, [limited(milliseconds)] * 2, **options)


def test_a_hint_is_for_one_wait():
    assert_waits([(0.3, 0.375), (0.0075, 0.0125)], [limited(300), LIMITED], initial_delay=0.01, backoff_multiplier=1)


def test_an_earlier_answer_s_hint_is_forgotten(client, server):
    server.answer(DONE, X_RateLimit_Limit="1", Retry_After="900").answer({}, status=429).answer(DONE)
    client.execute_workflow("wf")
    assert client.get_rate_limit_info().retry_after == 900_000
    before = time.monotonic()
    assert client.execute_with_retry("wf", initial_delay=0.01).output == 1
    assert time.monotonic() - before < PATIENCE_S


@pytest.mark.parametrize("seconds", ["3600.001", "3601", "999999999999"])
def test_a_hint_of_more_than_an_hour_is_raised_at_once(client, server, seconds):
    server.answer({}, status=429, Retry_After=seconds)
    before = time.monotonic()
    error = error_of_run(client)
    assert (error.code, error.retry_after > 3_600_000) == ("RATE_LIMIT_EXCEEDED", True)
    assert time.monotonic() - before < PATIENCE_S and len(server.requests) == 1


@pytest.mark.parametrize("retries", [0, 1, 2, 5])
def test_the_last_error_is_raised_after_all_attempts(client, server, retries):
    server.answer({"n": 0}, status=429, Retry_After="0")
    error = error_of_run(client, max_retries=retries)
    assert (error.code, error.status, error.details) == ("RATE_LIMIT_EXCEEDED", 429, {"n": 0})
    assert str(error) == "Rate limit exceeded. Retry after 0ms"
    assert len(server.requests) == retries + 1


@pytest.mark.parametrize("error", [
    SimStudioError("x"), SimStudioError("x", "TIMEOUT"), SimStudioError("x", "EXECUTION_ERROR", 429),
    SimStudioError("x", None, 429), KeyError("x"), ValueError("x"),
])
def test_only_the_rate_limit_is_tried_again(error):
    calls = []

    class Failing(SimStudioClient):
        def execute_workflow(self, *arguments):
            calls.append(arguments)
            raise error

    with pytest.raises(type(error)) as caught:
        Failing("key").execute_with_retry("wf", initial_delay=0)
    assert caught.value is error and len(calls) == 1


def test_a_subclass_of_the_error_is_tried_again():
    class Mine(SimStudioError):
        pass

    assert waits_of([Mine("x", "RATE_LIMIT_EXCEEDED")], initial_delay=0)[0] == "done"


@pytest.mark.parametrize("name", ["code", "retry_after"])
def test_what_a_property_of_such_a_subclass_raises_is_not_swallowed(name):
    def fail(_):
        raise KeyboardInterrupt

    kind = type("Mine", (SimStudioError,), {name: property(fail, lambda *_: None)})
    error = kind("x", "RATE_LIMIT_EXCEEDED")
    with pytest.raises(KeyboardInterrupt) as caught:
        waits_of([error], initial_delay=0)
    assert caught.value.__context__ is error


@pytest.mark.parametrize("hint", [-1, -(10 ** 30), 1.5, "1", None])
def test_a_hint_that_is_no_time_is_no_hint(hint):
    assert waits_of([limited(hint)], initial_delay=0)[0] == "done"


@pytest.mark.parametrize("hint", [2 ** 63 - 1, 2 ** 63, 10 ** 30])
def test_a_hint_without_end_is_not_waited_for(hint):
    error = limited(hint)
    assert waits_of([error], initial_delay=0)[0] is error


@pytest.mark.parametrize("options, kind", [
    ({"max_retries": -1}, ValueError), ({"max_retries": -10 ** 30}, ValueError),
    ({"max_retries": 1.5}, TypeError), ({"max_retries": "3"}, TypeError),
    ({"max_retries": None}, TypeError), ({"initial_delay": -1}, ValueError), ({"initial_delay": "1"}, TypeError),
    ({"initial_delay": math.nan}, ValueError), ({"max_delay": -0.1}, ValueError), ({"max_delay": None}, TypeError),
    ({"backoff_multiplier": -2}, ValueError), ({"backoff_multiplier": []}, TypeError),
])
def test_an_unusable_policy_is_refused(client, server, options, kind):
    with pytest.raises(kind):
        client.execute_with_retry("wf", **options)
    assert server.requests == []


@pytest.mark.parametrize("name, value, words", [
    ("max_retries", "3", "an int, not str"), ("max_retries", 1.5, "an int, not float"),
    ("max_retries", None, "an int, not NoneType"),
    ("initial_delay", "1", "a number, not str"), ("max_delay", None, "a number, not NoneType"),
    ("backoff_multiplier", [], "a number, not list"), ("max_delay", 1j, "a number, not complex"),
])
def test_a_policy_of_another_type_is_named(client, server, name, value, words):
    with pytest.raises(TypeError, match="^%s must be %s$" % (name, words)):
        client.execute_with_retry("wf", **{name: value})
    assert server.requests == []


@pytest.mark.parametrize("name", ["max_retries", "initial_delay"])
def test_what_a_number_s_own_conversion_raises_is_not_swallowed(client, name):
    class Broken:
        failure = KeyError("broken")

        def __index__(self):
            raise self.failure

        __float__ = __index__

    with pytest.raises(KeyError, match="broken"):
        client.execute_with_retry("wf", **{name: Broken()})
    Broken.failure = TypeError("my own words")
    with pytest.raises(TypeError, match="^my own words$"):
        client.execute_with_retry("wf", **{name: Broken()})


@pytest.mark.parametrize("options", [
    {"initial_delay": 1e300, "max_delay": 0.001}, {"backoff_multiplier": 1e308, "max_delay": 0.001},
    {"initial_delay": math.inf, "max_delay": 0}, {"initial_delay": 0, "max_delay": 10 ** 400},
    {"initial_delay": 10 ** 400, "backoff_multiplier": 10 ** 400, "max_delay": 0},
    {"max_retries": True, "initial_delay": 0}, {"max_retries": 10 ** 30, "initial_delay": 0},
    {"initial_delay": 0, "backoff_multiplier": 0},
])
def test_large_numbers_in_a_policy_end_in_a_wait(options):
    assert waits_of([LIMITED], **options)[0] == "done"


@pytest.mark.parametrize("name", ["initial_delay", "max_delay", "backoff_multiplier", "timeout"])
def test_a_number_below_all_floats_is_refused(client, name):
    with pytest.raises(ValueError, match="^%s must be .*0.*, not -1000" % name):
        client.execute_with_retry("wf", **{name: -(10 ** 400)})


def test_what_the_number_itself_raises_is_passed_on(client):
    class Broken(int):
        def __float__(self):
            raise OverflowError("my own words")

    for name in ("timeout", "initial_delay"):
        with pytest.raises(OverflowError, match="^my own words$"):
            client.execute_with_retry("wf", **{name: Broken(5)})


def test_a_number_above_all_floats_is_a_time(client, server):
    server.answer(DONE)
    assert client.execute_workflow("wf", timeout=(10 ** 400, 10 ** 400, 10 ** 400)).output == 1


def test_ctrl_c_ends_a_wait_at_once(client, server):
    server.answer({}, status=429, Retry_After="600")
    timer = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])
    timer.start()
    before = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            client.execute_with_retry("wf")
    finally:
        timer.join()
    assert time.monotonic() - before < PATIENCE_S and len(server.requests) == 1


def test_a_retried_run_keeps_its_options(client, server):
    server.answer({}, status=429, Retry_After="0").answer({"taskId": "t"}, status=202)
    result = client.execute_with_retry("wf", {"a": 1}, 5, False, ["x"], True, 3, 1.0, 30.0, 2.0)
    assert result.task_id == "t"
    sent = [(request.json, request.headers["X-Execution-Mode"]) for request in server.requests]
    assert sent == [({"a": 1, "selectedOutputs": ["x"]}, "async")] * 2
