"""What is refused before anything is sent, and that nothing but a request ever carries the key."""

import io
import logging
import os
import pickle
import socket
import subprocess
import sys
import traceback

import pytest

from simstudio import SimStudioClient, SimStudioError

KEY = "sk-sim-Zq7.secret"
PASSWORD = "hunter2Zq7"

CALLS = {
    "execute": lambda client, id: client.execute_workflow(id),
    "stream": lambda client, id: client.execute_workflow(id, stream=True),
    "async": lambda client, id: client.execute_workflow(id, async_execution=True),
    "sync": lambda client, id: client.execute_workflow_sync(id),
    "retry": lambda client, id: client.execute_with_retry(id),
    "events": lambda client, id: list(client.stream_workflow(id)),
    "status": lambda client, id: client.get_workflow_status(id),
    "validate": lambda client, id: client.validate_workflow(id),
    "job": lambda client, id: client.get_job_status(id),
}

each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())

# Every control character, and what is no character of a URL at all.
CONTROLS = [chr(code) for code in list(range(0x20)) + [0x7F]]
WHITE_SPACE = " \t\n\r\v\f"


@pytest.fixture
def listener():
    """A port that notices if anybody so much as connects."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(5)
        listening.setblocking(False)
        yield listening


def url_of(listener):
    return "http://127.0.0.1:%d" % listener.getsockname()[1]


def assert_nobody_came(listener):
    with pytest.raises(BlockingIOError):
        listener.accept()


def everything_about(error):
    """All that a log, a report or a debugger would show of an exception."""
    text = io.StringIO()
    traceback.print_exception(type(error), error, error.__traceback__, file=text)
    shown = [text.getvalue(), str(error), repr(error), repr(error.args), repr(vars(error))]
    while error is not None:
        shown += [str(pickle.dumps(error)), repr(vars(error)), repr(error.args)]
        error = error.__cause__ or error.__context__
    return "\n".join(shown)


# ---- the key ----


@pytest.mark.parametrize("character", CONTROLS, ids=repr)
@pytest.mark.parametrize("place", ["%s" + KEY, KEY + "%s", KEY[:3] + "%s" + KEY[3:]], ids=["first", "last", "inside"])
def test_a_control_character_in_the_key_is_refused(character, place):
    key = place % character
    client = SimStudioClient("before")
    for action in (lambda: SimStudioClient(key), lambda: setattr(client, "api_key", key), lambda: client.set_api_key(key)):
        with pytest.raises(ValueError, match="^api_key has a control character at position %d " % key.index(character)) as caught:
            action()
        shown = everything_about(caught.value)
        assert "secret" not in shown and "sk-sim" not in shown
    assert client.api_key == "before"


@pytest.mark.parametrize("key", [" " + KEY, KEY + " ", " " + KEY + " ", " ", "   ", KEY + "\xa0"])
def test_white_space_around_the_key_is_refused_without_showing_it(key):
    client = SimStudioClient("before")
    for action in (lambda: SimStudioClient(key), lambda: setattr(client, "api_key", key), lambda: client.set_api_key(key)):
        with pytest.raises(ValueError, match="^api_key begins or ends with white space, ") as caught:
            action()
        assert "secret" not in everything_about(caught.value)
    assert client.api_key == "before"


def test_a_key_that_no_header_can_carry_is_refused_without_showing_it():
    for key in (KEY + "\u20ac", KEY + "\ud800", "\u017d" + KEY):
        with pytest.raises(ValueError, match="^api_key has a character that an HTTP header cannot carry$") as caught:
            SimStudioClient(key)
        assert type(caught.value) is ValueError  # a UnicodeEncodeError would hold the key
        assert "secret" not in everything_about(caught.value)


@pytest.mark.parametrize("key", [KEY.encode(), bytearray(KEY.encode()), 1234567, 12.5, [KEY], {"key": KEY}, object(), True])
def test_a_key_of_another_type_is_refused_without_showing_it(key):
    with pytest.raises(TypeError, match="^api_key must be a str or None, not %s$" % type(key).__name__) as caught:
        SimStudioClient(key)
    assert "secret" not in everything_about(caught.value) and "1234567" not in everything_about(caught.value)


@pytest.mark.parametrize("key", ["\xe9\xff\x80" + KEY, "a b;c,d\"e", "x" * 60000])
def test_any_other_key_arrives_as_it_is(server, key):
    server.answer({"success": True})
    SimStudioClient(key, server.url).execute_workflow("wf")
    assert server.requests[0].headers["X-API-Key"] == key


def test_a_subclass_of_str_is_a_key(server):
    class Secret(str):
        def __repr__(self):
            return "***"

        __str__ = __repr__

    server.answer({"success": True})
    SimStudioClient(Secret(KEY), server.url).execute_workflow("wf")
    assert server.requests[0].headers["X-API-Key"] == KEY


def test_the_key_is_the_only_thing_that_says_who_asks(client, server):
    server.answer({"success": True})
    client.execute_workflow("wf", {"a": 1})
    client.get_job_status("job")
    common = {"Host", "Accept", "Accept-Encoding", "User-Agent", "X-API-Key"}
    post, get = (set(request.headers.keys()) for request in server.requests)
    assert (post - common, get - common) == ({"Content-Type", "Content-Length"}, set())


# ---- ids and URLs ----


@each_call
@pytest.mark.parametrize("character", CONTROLS, ids=repr)
def test_a_control_character_in_an_id_is_refused(listener, call, character):
    client = SimStudioClient(KEY, url_of(listener))
    with pytest.raises(ValueError, match="_id has a control character at position 2$") as caught:
        call(client, "wf%s/x" % character)
    assert "secret" not in everything_about(caught.value)
    assert_nobody_came(listener)


@pytest.mark.parametrize("url", [
    "file:///etc/passwd", "file://localhost/etc/passwd", "ftp://sim.ai", "ftps://sim.ai", "gopher://sim.ai", "dict://sim.ai",
    "ldap://sim.ai", "smb://sim.ai", "imap://sim.ai", "mqtt://sim.ai", "ws://sim.ai", "data:text/plain,x", "javascript:1",
    "unix:///run/sim", "http+unix://run", "httpx://sim.ai", "https", "https:", "https:/", "https:///x", "//sim.ai", "http:/x",
    "http:sim.ai", "https:sim.ai",
    "\u00a0https://sim.ai", "\u2028https://sim.ai", " sim.ai", " ",
])
def test_only_http_and_https_are_spoken(url):
    client = SimStudioClient(KEY, "http://before")
    for action in (lambda: SimStudioClient(KEY, url), lambda: setattr(client, "base_url", url), lambda: client.set_base_url(url)):
        with pytest.raises(ValueError, match="^base_url: ") as caught:
            action()
        assert "secret" not in everything_about(caught.value)
    assert client.base_url == "http://before"


@pytest.mark.parametrize("character, url", [
    (character, url)
    for url in ["%shttp://user:{0}@sim.ai/x", "http://%suser:{0}@sim.ai", "http://user:{0}%s@sim.ai",
                "http://user:{0}@s%sim.ai", "http://user:{0}@sim.ai:8%s0", "http://user:{0}@sim.ai/x%s"]
    for character in CONTROLS + [" ", "\\"]
    if not (url.startswith("%s") and character in WHITE_SPACE)
], ids=repr)
def test_a_control_character_in_the_url_is_refused(character, url):
    with pytest.raises(ValueError, match="^base_url: the URL has a space, a backslash or a control character at ") as caught:
        SimStudioClient(KEY, url.format(PASSWORD) % character)
    assert PASSWORD not in everything_about(caught.value)


@pytest.mark.parametrize("space", list(WHITE_SPACE) + [WHITE_SPACE, "   "], ids=repr)
def test_white_space_before_the_url_is_kept_and_not_sent(server, space):
    server.answer({"success": True})
    client = SimStudioClient(KEY, space + server.url + "/base/")
    assert client.base_url == space + server.url + "/base"
    client.execute_workflow("wf")
    client.base_url = space + server.url
    client.get_job_status("job")
    list(client.stream_workflow("wf"))
    assert [request.path for request in server.requests] == [
        "/base/api/workflows/wf/execute", "/api/jobs/job", "/api/workflows/wf/execute"]
    assert {request.headers["Host"] for request in server.requests} == {server.url[len("http://"):]}


@pytest.mark.parametrize("url", [
    "ftp://user:{0}@sim.ai", "http://user:{0}@", "http://user:{0}@sim.ai:99999", "http://user:{0}/@sim.ai",
    "http://user:{0}@sim.ai?q", "http://user:{0}@[::1", "http://user:{0}\ud800@sim.ai",
])
def test_a_refused_url_does_not_show_its_password(url):
    with pytest.raises(ValueError, match="^base_url") as caught:
        SimStudioClient(KEY, url.format(PASSWORD))
    assert type(caught.value) is ValueError
    assert PASSWORD not in everything_about(caught.value)


# ---- leaks ----


def failures(server, listener):
    """Clients of which each meets another kind of failure."""
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))
    gone = closed.getsockname()[1]
    closed.close()
    bases = {
        "refused": "http://127.0.0.1:%d" % gone,
        "unknown host": "http://" + "a" * 64 + ".invalid",  # refused by the resolver itself
        "status": server.url,
        "bad TLS": server.url.replace("http:", "https:"),
    }
    for what, base in bases.items():
        yield what, SimStudioClient(KEY, base.replace("://", "://user:%s@" % PASSWORD)), {}
    yield "timeout", SimStudioClient(KEY, url_of(listener).replace("://", "://user:%s@" % PASSWORD)), {"timeout": 0.05}


@pytest.mark.parametrize("answer", [
    ({"error": "no"}, 500, {}), ({"error": "no"}, 401, {}), ({"error": "slow"}, 429, {"Retry_After": "7"}),
    (b"not json", 200, {}), (b"{", 200, {"Content_Encoding": "gzip"}), ({}, 302, {"Location": "http://other.example/"}),
])
def test_no_failure_shows_the_key(server, listener, answer, caplog, capfd):
    body, status, headers = answer
    server.answer(body, status, **headers)
    caplog.set_level(logging.DEBUG)
    for what, client, options in failures(server, listener):
        for action in (lambda: client.execute_workflow("wf", {"a": 1}, **options),
                       lambda: list(client.stream_workflow("wf", **options))):
            with pytest.raises(SimStudioError) as caught:
                action()
            error = caught.value
            shown = everything_about(error) + repr(client) + str(client)
            assert KEY not in shown and PASSWORD not in shown, what
            assert (error.__cause__, error.__context__) == (None, None), what
    assert caplog.records == []
    assert tuple(capfd.readouterr()) == ("", "")


def test_the_environment_cannot_make_the_library_talk(server, tmp_path):
    """Nor a ~/.curlrc, nor a ~/.netrc: only the request itself carries the key, or a password."""
    server.answer({"success": True}, Set_Cookie="session=1; Path=/")
    for name in (".netrc", "_netrc"):
        (tmp_path / name).write_text("machine 127.0.0.1 login other password stolen\ndefault login other password stolen\n")
        (tmp_path / name).chmod(0o600)
    (tmp_path / ".curlrc").write_text("verbose\nnetrc\ntrace trace.txt\n")
    program = (
        "import sys, simstudio\n"
        "client = simstudio.SimStudioClient(sys.argv[1], sys.argv[2])\n"
        "client.execute_workflow('wf'); client.execute_workflow('wf'); print(repr(client))\n"
    )
    environment = dict(os.environ, HOME=str(tmp_path), CURL_HOME=str(tmp_path), NETRC=str(tmp_path / ".netrc"),
                       CURL_VERBOSE="1", SIMSTUDIO_DEBUG="1", PYTHONDEVMODE="1")
    done = subprocess.run([sys.executable, "-c", program, KEY, server.url], cwd=str(tmp_path), env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, check=True)
    assert (done.stdout, done.stderr) == ("<SimStudioClient base_url='%s'>\n" % server.url, "")
    sent = [(r.headers["Authorization"], r.headers["Cookie"], r.headers["X-API-Key"]) for r in server.requests]
    assert sent == [(None, None, KEY)] * 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [".curlrc", ".netrc", "_netrc"]
