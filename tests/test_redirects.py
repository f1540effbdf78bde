"""Which redirects are followed, what is sent to where they point, and what an error says of others."""

import pickle

import pytest
from errors import error_of
from world import origin_of

from simstudio import SimStudioClient

KEY = "sk-sim-secret"
STATUS, EXECUTE = "/api/workflows/wf/status", "/api/workflows/wf/execute"
DONE = {"success": True, "output": "done", "isDeployed": True}
MOVED = {"moved": True}
SITE = "http://sim.example"


class Method:
    """A GET and a POST, to ask the same of both."""

    def __init__(self, name, path, action):
        self.name, self.path, self.action = name, path, action

    def __call__(self, base, key=KEY):
        return self.action(SimStudioClient(key, base))


GET = Method("GET", STATUS, lambda client: client.get_workflow_status("wf"))
POST = Method("POST", EXECUTE, lambda client: client.execute_workflow("wf", {"a": 1}))

each_method = pytest.mark.parametrize("method", [GET, POST], ids=["GET", "POST"])


def assert_refused(world, error, method, status=307, host=None):
    assert len(world.visits) == 1
    code = "EXECUTION_ERROR" if method is POST else "STATUS_ERROR"
    assert (error.status, error.code, error.details) == (status, code, MOVED)
    assert KEY not in str(error)
    if host is not None:
        prefix = "Failed to execute workflow" if method is POST else "Failed to get workflow status"
        assert str(error).startswith("%s: HTTP %d redirects to %s, which is not followed: " % (prefix, status, host))


# ---- which places are one site ----


@each_method
@pytest.mark.parametrize("base, target", [
    ("http://sim.example", "http://www.sim.example"),
    ("http://www.sim.example", "http://sim.example"),
    ("http://sim.example:80", "http://WWW.SIM.example"),
    ("http://sim.example", "http://www.sim.example:80"),
    ("http://sim.example:8080", "http://www.sim.example:8080"),
    ("http://sim.example:8080", "https://sim.example:8080"),
    ("http://sim.example", "https://sim.example"),
    ("http://sim.example", "https://www.sim.example:443"),
    ("http://www.sim.example:80", "https://sim.example"),
    ("https://sim.example", "https://www.sim.example"),
    ("https://www.sim.example", "https://sim.example:443"),
    ("https://sim.example:8443", "https://www.sim.example:8443"),
])
def test_the_same_site_is_followed(world, method, base, target):
    world.answer(base, MOVED, 308, Location=target + method.path)
    world.answer(target, DONE)
    method(base)
    first, second = world.visits
    assert origin_of(second.url) == origin_of(target) and second.url.endswith(method.path)
    assert (second.method, second.body, second.headers["X-API-Key"]) == (method.name, first.body, KEY)
    assert second.headers["Content-Type"] == first.headers["Content-Type"]
    assert first.body == (b'{"a": 1}' if method is POST else b"")


@each_method
@pytest.mark.parametrize("base, target, host", [
    ("http://sim.example", "http://other.example", "other.example"),
    ("http://sim.example", "//other.example", "other.example"),
    ("http://sim.example", "http://sim.example.other.example", "sim.example.other.example"),
    ("http://sim.example", "http://api.sim.example", "api.sim.example"),
    ("http://sim.example", "http://wwwsim.example", "wwwsim.example"),
    ("http://sim.example", "http://wwwxsim.example", "wwwxsim.example"),
    ("http://sim.example", "http://www.www.sim.example", "www.www.sim.example"),
    ("http://www.sim.example", "http://ww.sim.example", "ww.sim.example"),
    ("http://sim.example", "http://sim.example.", "sim.example."),
    ("http://sim.example", "http://example", "example"),
    ("http://127.0.0.1", "http://[::1]", "::1"),
    ("http://sim.example", "http://sim.example:8080", "sim.example"),
    ("http://sim.example:8080", "http://sim.example", "sim.example"),
    ("http://sim.example:8080", "https://sim.example", "sim.example"),
    ("http://sim.example", "https://sim.example:8443", "sim.example"),
    ("https://sim.example", "http://sim.example", "sim.example"),
    ("https://sim.example", "http://sim.example:443", "sim.example"),
    ("https://sim.example", "https://sim.example:8443", "sim.example"),
    ("http://sim.example", "http://user:pass@sim.example", "sim.example"),
    ("http://sim.example", "http://sim.example@other.example", "other.example"),
    ("http://sim.example", "http://sim.example:80@other.example", "other.example"),
    ("http://sim.example", "http://other.example#@sim.example", "other.example"),
    ("http://sim.example", "http://other.example?@sim.example", "other.example"),
    ("http://sim.example", "http://other.example:99999", "other.example"),
    ("http://sim.example", "ftp://sim.example", "sim.example"),
    ("http://sim.example", "file://sim.example", "sim.example"),
    ("http://sim.example", "file://", "an invalid URL"),
    ("http://sim.example", "javascript:", None),
    ("http://sim.example", "http://other.example\\@sim.example", None),
    ("http://sim.example", "http://other\x7f.example", None),
    ("http://sim.example", "http://\x1b[31mother.example", None),
    ("http://sim.example", "http://[sim.example", None),
    ("http://sim.example", "http://s\xefm.example", None),
])
def test_another_place_is_not_followed(world, method, base, target, host):
    world.answer(base, MOVED, 307, Location=target + method.path)
    assert_refused(world, error_of(method, base), method, host=host)
    assert len(world.connects) <= 1 and not set(str(world.connects)) & set("\x1b\x7f")


@pytest.mark.parametrize("call, message, code", [
    (lambda client: client.execute_workflow("wf"), "Failed to execute workflow", "EXECUTION_ERROR"),
    (lambda client: client.get_workflow_status("wf"), "Failed to get workflow status", "STATUS_ERROR"),
    (lambda client: client.get_job_status("job"), "Failed to get job status", "STATUS_ERROR"),
    (lambda client: client.get_usage_limits(), "Failed to get usage limits", "USAGE_ERROR"),
    (lambda client: client.execute_with_retry("wf"), "Failed to execute workflow", "EXECUTION_ERROR"),
    (lambda client: client.execute_workflow("wf", stream=True), "Failed to execute workflow", "EXECUTION_ERROR"),
    (lambda client: client.execute_workflow("wf", async_execution=True), "Failed to execute workflow", "EXECUTION_ERROR"),
    (lambda client: list(client.stream_workflow("wf")), "Failed to execute workflow", "EXECUTION_ERROR"),
], ids="execute status job usage retry stream async events".split())
@pytest.mark.parametrize("body, details", [
    ({"error": "own words", "code": "OWN"}, {"error": "own words", "code": "OWN"}),
    (b"<html>Moved</html>", "<html>Moved</html>"),
    (b"", None),
])
def test_every_call_says_what_it_did_not_follow(world, call, message, code, body, details):
    world.answer(SITE, body, 302, Location="http://other.example/x")
    error = error_of(call, SimStudioClient(KEY, SITE))
    reason = "which is not followed: it leads to another site"
    assert str(error) == "%s: HTTP 302 redirects to other.example, %s" % (message, reason)
    assert (error.code, error.status, error.details) == (code, 302, details)
    assert len(world.visits) == 1


# ---- which answers are redirects ----


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_get_follows_every_redirect(world, status):
    world.answer(SITE, MOVED, status, Location="/elsewhere?a=b")
    world.answer(SITE, DONE)
    assert GET(SITE).is_deployed is True
    assert [(visit.method, visit.url) for visit in world.visits] == [
        ("GET", SITE + STATUS), ("GET", SITE + "/elsewhere?a=b")]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_post_stays_a_post(world, status):
    world.answer(SITE, MOVED, status, Location="/v1" + EXECUTE)
    world.answer(SITE, DONE)
    assert POST(SITE).output == "done"
    assert [(visit.method, visit.url, visit.body) for visit in world.visits] == [
        ("POST", SITE + EXECUTE, b'{"a": 1}'), ("POST", SITE + "/v1" + EXECUTE, b'{"a": 1}')]


@each_method
@pytest.mark.parametrize("status", [300, 303, 304, 305, 306, 399])
def test_other_statuses_are_answers(world, method, status):
    if (method, status) == (GET, 303):
        return  # followed: above
    world.answer(SITE, b"" if status == 304 else MOVED, status, Location="http://www.sim.example/v1" + method.path)
    error = error_of(method, SITE)
    assert (error.status, len(world.visits)) == (status, 1)
    assert "redirects to www.sim.example" in str(error)


@each_method
@pytest.mark.parametrize("headers", [{}, {"Location": ""}])
def test_a_redirect_to_nowhere_is_an_error(world, method, headers):
    world.answer(SITE, MOVED, 302, **headers)
    error = error_of(method, SITE)
    assert (str(error), error.status, error.details) == ("HTTP 302: Found", 302, MOVED)


# ---- where a POST may go on ----


@pytest.mark.parametrize("location", [
    "/v1" + EXECUTE,
    "/a/b%20c" + EXECUTE,
    "v2" + EXECUTE,  # relative to /api/workflows/wf/
    "https://www.sim.example/deep" + EXECUTE,
])
def test_a_moved_prefix_is_followed(world, location):
    world.answer(SITE, MOVED, 307, Location=location)
    for origin in (SITE, "https://www.sim.example"):
        world.answer(origin, DONE)
    assert POST(SITE).success
    assert len(world.visits) == 2


def test_a_prefix_moves_once(world):
    """Else an answer that names a new one each time would have the run posted as often."""
    for prefix in ("/v1", "/v2"):
        world.answer(SITE, MOVED, 307, Location=prefix + EXECUTE)
    error = error_of(POST, SITE)
    assert [visit.url for visit in world.visits] == [SITE + EXECUTE, SITE + "/v1" + EXECUTE]
    assert str(error).endswith(": the path of a POST moves only once")


def test_an_origin_is_not_come_back_to(world):
    for at, to in ((SITE, "http://www.sim.example" + EXECUTE), ("http://www.sim.example", SITE + "/v1" + EXECUTE)):
        world.answer(at, MOVED, 307, Location=to)
    error = error_of(POST, SITE)
    assert world.urls == [SITE + EXECUTE, "http://www.sim.example" + EXECUTE]
    assert str(error).endswith(": a POST has been sent there")


def test_an_origin_may_move_before_and_after_its_prefix(world):
    moves = [SITE + EXECUTE, "https://sim.example" + EXECUTE, "https://sim.example/v1" + EXECUTE,
             "https://www.sim.example/v1" + EXECUTE]
    for at, to in zip(moves, moves[1:]):
        world.answer(origin_of(at), MOVED, 308, Location=to)
    world.answer("https://www.sim.example", DONE)
    assert POST(SITE).success
    assert [visit.url for visit in world.visits] == moves


@pytest.mark.parametrize("action, text", [
    (lambda client: client.execute_workflow("wf", stream=True).output, "done"),
    (lambda client: client.execute_workflow("wf", async_execution=True).output, "done"),
    (lambda client: client.execute_with_retry("wf").output, "done"),
    (lambda client: [event.text for event in client.stream_workflow("wf")][0], "Hello"),
], ids="stream async retry events".split())
def test_every_way_to_run_is_followed(world, action, text):
    """What comes with the redirect itself is no part of the answer, whatever it looks like."""
    lure = b'data: {"blockId": "b", "chunk": "Lure"}\n\n'
    world.answer(SITE, lure, 308, Location="/v1" + EXECUTE, Content_Type="text/event-stream")
    if text == "done":
        world.answer(SITE, DONE)
    else:
        stream = lure.replace(b"Lure", b"Hello") + b'data: {"event": "final", "data": {"success": true}}\n\n'
        world.answer(SITE, stream, Content_Type="text/event-stream")
    assert action(SimStudioClient(KEY, SITE)) == text
    first, second = world.visits
    assert second.body == first.body and second.url == SITE + "/v1" + EXECUTE
    for name in ("X-API-Key", "X-Execution-Mode", "Content-Type"):
        assert second.headers[name] == first.headers[name]


@pytest.mark.parametrize("location", [
    "/", "/login", "", "?again", EXECUTE + "/", EXECUTE + "?a=b", EXECUTE + "d", EXECUTE[:-1],
    "/v1/api/workflows/other/execute", "/v1" + EXECUTE + "#part?x", "/v1" + EXECUTE + "/x",
    "/v1" + EXECUTE.replace("wf", "%77f"), "/v1" + EXECUTE.upper(), "http://www.sim.example",
])
def test_another_path_is_not_posted_to(world, location):
    world.answer(SITE, MOVED, 307, Location=location)
    error = error_of(POST, SITE)
    assert (error.status, error.details, len(world.visits)) == (307, MOVED, 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", [
    EXECUTE,
    SITE + EXECUTE,
    "http://SIM.example:80" + EXECUTE,
    "/v1/.." + EXECUTE,
    "/./" + EXECUTE[1:],
    SITE + "/" + EXECUTE,
    SITE + "/%2f/" + EXECUTE,
    SITE + "/%2e/x/%2E%2e" + EXECUTE,
    "execute",
    "../wf/execute",
    "/v1/%2e%2e/v2/.%2e" + EXECUTE,
    "/v1/%2e" + EXECUTE,
])
def test_a_workflow_that_answers_with_a_redirect_to_itself_runs_once(world, status, location):
    world.answer(SITE, MOVED, status, Location=location)
    assert_refused(world, error_of(POST, SITE), POST, status)


@pytest.mark.parametrize("dots", ["/v1/..", "/.", "/v1/%2E%2e", "/%2e"])
def test_a_base_with_dots_is_sent_no_post_again(world, dots):
    """Where libcurl asks is not what the base says, so where the call has been is in doubt."""
    world.answer(SITE, MOVED, 307, Location=EXECUTE)
    assert_refused(world, error_of(POST, SITE + dots), POST)


def test_a_post_never_returns_to_where_it_has_been(world):
    world.answer(SITE, MOVED, 307, Location="http://www.sim.example" + EXECUTE)
    world.answer("http://www.sim.example", MOVED, 307, Location=SITE + EXECUTE)
    error = error_of(POST, SITE)
    assert (error.status, world.urls) == (307, [SITE + EXECUTE, "http://www.sim.example" + EXECUTE])


def test_the_next_call_may_go_there_again(world):
    world.answer(SITE, MOVED, 307, Location="http://www.sim.example" + EXECUTE)
    world.answer("http://www.sim.example", DONE)
    client = SimStudioClient(KEY, SITE)
    assert [POST.action(client).output for _ in range(3)] == ["done"] * 3
    assert len(world.visits) == 6


@pytest.mark.parametrize("redirects", [30, 31])
def test_a_get_follows_thirty_redirects_and_no_more(world, redirects):
    for number in range(redirects):
        world.answer(SITE, MOVED, 307, Location="/%d%s" % (number, STATUS))
    world.answer(SITE, DONE)
    if redirects == 30:
        GET(SITE)
    else:
        assert str(error_of(GET, SITE)).endswith(": there were too many redirects before it")
    assert len(world.visits) == 31


def test_a_get_in_circles_ends(world):
    world.answer(SITE, MOVED, 302, Location=STATUS)
    assert error_of(GET, SITE).status == 302
    assert world.urls == [SITE + STATUS] * 31


# ---- moves for good ----


def move(world, base, target, status=301, method=POST):
    world.answer(base, MOVED, status, Location=target + method.path)
    world.answer(target, DONE)


def test_the_default_is_moved_once_for_good(world):
    """https://sim.ai is the default and answers with 301: no call but the first pays for it."""
    with SimStudioClient(KEY) as client:
        move(world, "https://sim.ai", "https://www.sim.ai")
        assert POST.action(client).output == "done"
        GET.action(client)
        client.close()
        POST.action(client)
    assert world.urls == ["https://sim.ai" + EXECUTE] + ["https://www.sim.ai" + path for path in (EXECUTE, STATUS, EXECUTE)]
    assert {visit.headers["X-API-Key"] for visit in world.visits} == {KEY}
    assert all(connect.headers["X-API-Key"] is None for connect in world.connects)


@pytest.mark.parametrize("status, is_kept", [(301, True), (302, False), (307, False), (308, True)])
@pytest.mark.parametrize("target", ["http://www.sim.example", "https://sim.example"])
def test_only_a_permanent_move_is_remembered(world, status, is_kept, target):
    move(world, SITE, target, status)
    client = SimStudioClient(KEY, SITE)
    POST.action(client)
    POST.action(client)
    assert len(world.visits) == (3 if is_kept else 4)


def test_a_chain_of_moves_is_remembered_whole(world):
    move(world, SITE, "http://www.sim.example")
    world.answers.pop("http://www.sim.example:80")
    move(world, "http://www.sim.example", "https://www.sim.example", 308)
    client = SimStudioClient(KEY, SITE)
    POST.action(client)
    POST.action(client)
    assert world.urls[2:] == ["https://www.sim.example" + EXECUTE] * 2


@pytest.mark.parametrize("statuses", [(301, 302), (302, 301)])
def test_a_chain_with_a_temporary_part_is_not_remembered(world, statuses):
    world.answer(SITE, MOVED, statuses[0], Location="http://www.sim.example" + EXECUTE)
    move(world, "http://www.sim.example", "https://www.sim.example", statuses[1])
    client = SimStudioClient(KEY, SITE)
    POST.action(client)
    POST.action(client)
    assert len(world.visits) == 6


@pytest.mark.parametrize("location", ["/v1" + EXECUTE, "http://www.sim.example/v1" + EXECUTE, EXECUTE + EXECUTE])
def test_only_a_move_of_the_origin_is_remembered(world, location):
    """What one workflow answers must not lead the calls of others to another path."""
    world.answer(SITE, MOVED, 301, Location=location)
    world.answer("http://www.sim.example", DONE)
    if not location.startswith("http"):
        world.answer(SITE, DONE)
    client = SimStudioClient(KEY, SITE)
    POST.action(client)
    world.visits.clear()
    world.answer(SITE, DONE)
    GET.action(client)
    assert world.urls[0] == SITE + STATUS


@pytest.mark.parametrize("status", [404, 500, None])
def test_a_move_to_where_nothing_works_is_forgotten(world, status):
    """A workflow's own redirect cannot lead its client astray for good."""
    world.answer(SITE, MOVED, 301, Location="https://www.sim.example" + EXECUTE)
    if status is None:
        world.dead.add("https://www.sim.example:443")
    else:
        world.answer("https://www.sim.example", {"error": "not here"}, status)
    client = SimStudioClient(KEY, SITE)
    error_of(POST.action, client)
    world.visits.clear()
    world.answers[SITE + ":80"] = []
    world.answer(SITE, DONE)
    assert GET.action(client).is_deployed is True
    assert world.urls == [SITE + STATUS]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_that_leads_to_nobody_leaves_the_run_in_doubt(world, status):
    """A workflow may have answered with it after it ran."""
    world.answer(SITE, MOVED, status, Location="https://www.sim.example" + EXECUTE)
    world.dead.add("https://www.sim.example:443")
    error = error_of(POST, SITE)
    assert (error.code, error.status) == ("EXECUTION_ERROR", None)
    assert str(error).endswith("; the run may have happened")


def test_a_move_is_remembered_by_its_client_alone(world):
    move(world, SITE, "http://www.sim.example")
    first, second = SimStudioClient(KEY, SITE), SimStudioClient(KEY, SITE)
    for client in (first, second, pickle.loads(pickle.dumps(first))):
        POST.action(client)
    assert world.urls == [SITE + EXECUTE, "http://www.sim.example" + EXECUTE] * 3


def test_another_base_has_not_moved(world):
    move(world, SITE, "http://www.sim.example")
    client = SimStudioClient(KEY, SITE)
    POST.action(client)
    for base, first in ((SITE + "/v1", SITE + "/v1"), (SITE, "http://www.sim.example"), (SITE.upper(), SITE.upper())):
        world.visits.clear()
        client.set_base_url(base)
        POST.action(client)
        assert world.urls[0].lower() == first.lower() + EXECUTE


def test_a_redirect_of_an_earlier_call_is_not_named(world):
    world.answer(SITE, MOVED, 302, Location="http://other.example/")
    world.answer(SITE, {"error": "Workflow not found"}, 404)
    client = SimStudioClient(KEY, SITE)
    assert [str(error_of(GET.action, client)) for _ in range(2)] == [
        "Failed to get workflow status: HTTP 302 redirects to other.example, which is not followed: it leads to another site",
        "Workflow not found"]


# ---- what goes along ----


@each_method
def test_credentials_of_the_base_go_to_its_host_alone(world, method):
    basic = "Basic dXNlcjpwQHNz"
    path = "/v1" + method.path
    world.answer(SITE, MOVED, 307, Location=path)
    world.answer(SITE, MOVED, 307, Location="https://sim.example" + path)
    world.answer("https://sim.example", MOVED, 307, Location="https://www.sim.example" + path)
    world.answer("https://www.sim.example", DONE)
    method("http://user:p%40ss@sim.example")
    assert [visit.headers["Authorization"] for visit in world.visits] == [basic] * 3 + [None]
    assert all("@" not in url for url in world.urls)


def test_credentials_of_one_call_are_not_those_of_the_next(world):
    world.answer(SITE, DONE)
    client = SimStudioClient(KEY, "http://user:pass@sim.example")
    GET.action(client)
    client.set_base_url(SITE)
    GET.action(client)
    client.set_base_url("http://user@sim.example")
    GET.action(client)
    assert [visit.headers["Authorization"] for visit in world.visits] == ["Basic dXNlcjpwYXNz", None, "Basic dXNlcjo="]


def test_a_key_set_meanwhile_counts_from_the_next_call(world):
    world.answer(SITE, DONE)
    client = SimStudioClient(KEY, SITE)
    GET.action(client)
    client.api_key = None
    GET.action(client)
    assert [visit.headers["X-API-Key"] for visit in world.visits] == [KEY, None]
