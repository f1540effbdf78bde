"""Rate-limit headers: what is kept of them, and what is ignored."""

import datetime
import email.utils
import json

import pytest
from wire import READ, Wire, http

from simstudio import RateLimitInfo, SimStudioClient, SimStudioError

DONE = {"success": True, "output": 1}
GETS = {
    "status": lambda client: client.get_workflow_status("wf"),
    "job": lambda client: client.get_job_status("job"),
    "usage": lambda client: client.get_usage_limits(),
}


def error_of_run(client):
    with pytest.raises(SimStudioError) as caught:
        client.execute_workflow("wf")
    return caught.value


def rate_limit_after(client, server, headers, status=200):
    server.answers[:] = [(status, headers, json.dumps(DONE).encode())]
    try:
        client.execute_workflow("wf")
    except SimStudioError:
        pass
    return client.get_rate_limit_info()


def headers(limit=None, remaining=None, reset=None, retry_after=None):
    named = {
        "X-RateLimit-Limit": limit,
        "X-RateLimit-Remaining": remaining,
        "X-RateLimit-Reset": reset,
        "Retry-After": retry_after,
    }
    return {name: value for name, value in named.items() if value is not None}


MOMENT = 1764496860  # 2025-11-30 10:01:00 UTC


@pytest.mark.parametrize("reset, seconds", [
    ("1764496860", MOMENT), ("0", 0), ("1764496860.9", MOMENT), (" 1764496860 ", MOMENT), ("1764496860000", MOMENT),
    ("2025-11-30T10:01:00Z", MOMENT), ("2025-11-30T10:01:00.000Z", MOMENT), ("2025-11-30T10:01:00.999999Z", MOMENT),
    ("2025-11-30T12:01:00+02:00", MOMENT), ("2025-11-30T05:01:00-0500", MOMENT), ("2025-11-30T10:01:00", MOMENT),
    ("2024-02-29T00:00:00Z", 1709164800),
])
def test_reset_is_epoch_seconds(client, server, reset, seconds):
    info = rate_limit_after(client, server, headers("60", "59", reset))
    assert info == RateLimitInfo(60, 59, seconds)
    assert type(info.reset) is int
    datetime.datetime.fromtimestamp(info.reset)


NONSENSE = ["soon", "", "-", "1e3", "0x10", "١٢", "1,000", "NaN", "Infinity", "\x01", "1 2",
            "2025-02-29T00:00:00Z", "2025-13-01T00:00:00Z", "2025-11-30", "10:01", "Sun, 30 Nov 2025 25:01:00 GMT"]


@pytest.mark.parametrize("value", NONSENSE)
def test_nonsense_in_a_header_is_ignored(client, server, value):
    text = value.encode("utf-8").decode("latin-1")
    assert rate_limit_after(client, server, headers("60", "59", text, text)) == RateLimitInfo(60, 59, 0)
    assert rate_limit_after(client, server, headers(text, "58", "7")) == RateLimitInfo(0, 58, 7)
    assert rate_limit_after(client, server, headers("60", text, "7")) == RateLimitInfo(60, 0, 7)
    server.answers[:] = [(429, headers(retry_after=text), b"{}")]
    error = error_of_run(client)
    assert (str(error), error.retry_after) == ("Rate limit exceeded", None)


def test_a_number_too_large_for_a_count_is_nonsense_and_a_delay_too_large_is_the_longest(client, server):
    info = rate_limit_after(client, server, headers("9" * 30, "59", "9" * 30, "9" * 30))
    assert (info.limit, info.remaining, info.reset) == (0, 59, 0)
    assert info.retry_after > 20 * 24 * 3600 * 1000
    info = rate_limit_after(client, server, headers(str(2**63), str(2**63 - 1), "7"))
    assert (info.limit, info.remaining) == (0, 2**63 - 1)


@pytest.mark.parametrize("value", NONSENSE)
def test_nonsense_alone_is_no_rate_limit(client, server, value):
    text = value.encode("utf-8").decode("latin-1")
    assert rate_limit_after(client, server, headers(text, text, text, "1")) is None


@pytest.mark.parametrize("value", ["-1", "-5.5", "+3"])
def test_a_sign_is_no_delay(client, server, value):
    server.answer({}, status=429, Retry_After=value)
    assert error_of_run(client).retry_after is None


@pytest.mark.parametrize("value, milliseconds", [
    ("0", 0), ("1", 1000), ("30", 30000), ("0.5", 500), ("1.0001", 1001), (".5", 500), ("2.", 2000), (" 3 ", 3000), ("007", 7000),
])
def test_retry_after_is_seconds_given_in_milliseconds(client, server, value, milliseconds):
    assert rate_limit_after(client, server, headers("1", "0", "5", value)).retry_after == milliseconds
    server.answers[:] = [(503, headers(retry_after=value), b"{}")]
    assert error_of_run(client).retry_after == milliseconds


@pytest.mark.parametrize("form", [
    lambda moment: email.utils.format_datetime(moment, usegmt=True),
    lambda moment: moment.strftime("%A, %d-%b-%y %H:%M:%S GMT"),
    lambda moment: moment.strftime("%a %b ") + "%2d" % moment.day + moment.strftime(" %H:%M:%S %Y"),
])
@pytest.mark.parametrize("ahead", [90, 86400, -90, 0])
def test_retry_after_may_be_a_date(client, server, form, ahead):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=ahead)
    server.answer({}, status=429, Retry_After=form(moment))
    given = error_of_run(client).retry_after
    assert isinstance(given, int)
    assert max(0, ahead * 1000 - 10000) <= given <= max(0, ahead * 1000)


@pytest.mark.parametrize("date, given", [
    ("Sun, 06 Nov 1994 08:49:07 GMT", 30000), ("Sunday, 06-Nov-94 08:49:07 GMT", 30000),
    ("Sun Nov  6 08:49:07 1994", 30000), ("Sun, 06 Nov 1994 08:49:38 GMT", 0), ("yesterday", 0), ("", 0),
])
def test_a_date_is_seen_from_the_server_s_clock(date, given):
    fields = "Date: " + date, "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT"
    limited = http(b"{}", *fields, status="429 Too Many Requests")
    with Wire([READ, limited]) as wire, SimStudioClient("key", wire.url) as client:
        assert error_of_run(client).retry_after == given


def test_any_of_the_three_headers_is_enough_and_none_changes_nothing(client, server):
    assert rate_limit_after(client, server, {}) is None
    assert rate_limit_after(client, server, headers(retry_after="5")) is None
    assert rate_limit_after(client, server, headers(limit="5")) == RateLimitInfo(5, 0, 0)
    assert rate_limit_after(client, server, headers(remaining="4")) == RateLimitInfo(0, 4, 0)
    assert rate_limit_after(client, server, headers(reset="3")) == RateLimitInfo(0, 0, 3)
    kept = client.get_rate_limit_info()
    assert rate_limit_after(client, server, {}) is kept
    assert rate_limit_after(client, server, headers(retry_after="5")) is kept
    assert rate_limit_after(client, server, headers(limit="nonsense")) is kept
    assert rate_limit_after(client, server, headers("9", "8", "7", "1")) == RateLimitInfo(9, 8, 7, 1000)


@pytest.mark.parametrize("status", [200, 204, 401, 404, 429, 500, 503])
def test_every_answer_is_looked_at(client, server, status):
    assert rate_limit_after(client, server, headers("60", "59", "1"), status) == RateLimitInfo(60, 59, 1)


@pytest.mark.parametrize("call", GETS.values(), ids=GETS.keys())
def test_the_gets_are_looked_at_too(client, server, call):
    server.answer({"success": True}, X_RateLimit_Limit="7", X_RateLimit_Remaining="6", X_RateLimit_Reset="5")
    call(client)
    assert client.get_rate_limit_info() == RateLimitInfo(7, 6, 5)


def test_names_of_headers_have_no_case(client, server):
    lower = {name.lower(): value for name, value in headers("60", "59", "1", "2").items()}
    assert rate_limit_after(client, server, lower) == RateLimitInfo(60, 59, 1, 2000)
