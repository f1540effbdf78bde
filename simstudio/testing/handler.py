"""The HTTP side of the local Sim server: routes, bodies and headers as the real one has them."""

from __future__ import annotations

import json
import socket
import sys
import time
import traceback
import uuid
from datetime import datetime
from email.message import Message
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Callable, Iterator, Mapping, NoReturn
from urllib.parse import unquote

from .streams import Hold, Stream, to_json
from .times import in_a_minute, iso, milliseconds, now
from .workflows import Response, Workflow

if TYPE_CHECKING:
    from .server import SimServer

#: What the server takes out of the body before the workflow sees it.
CONTROL_FIELDS = ("stream", "selectedOutputs", "triggerType", "useDraftState",
                  "workflowStateOverride")

#: How often a pause in a stream looks for an end: of the pause, the client, or the server.
LOOK_S = 0.01


DEPLOYED_AT = "2025-11-28T09:12:44.031Z"


class RecordedRequest:
    """A request as the server got it.

    method, path: str; the path as it was sent, escaped. body: bytes.
    headers: email.message.Message; headers["x-api-key"] is found in any case.
    status: of the answer (int), None before it.
    was_dropped: bool; the client left before the answer was complete.
    """

    def __init__(self, method: str, path: str, headers: Message, body: bytes) -> None:
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self.status: int | None = None
        self.was_dropped = False

    def __repr__(self) -> str:
        return "<RecordedRequest %s %s %s>" % (self.method, self.path, self.status)

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


class ClientLeft(ConnectionError):
    """The connection is of no use any more."""


class Refusal(Exception):
    """An error answer, in place of a result."""

    def __init__(self, status: int, message: str, code: str | None = None,
                 headers: Mapping[str, Any] | None = None, details: Any = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers
        self.body: dict[str, Any] = {"error": message}
        if code is not None:
            self.body["code"] = code
        if details is not None:
            self.body["details"] = details


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    sim: SimServer
    record: RecordedRequest
    started: datetime
    has_begun: bool  # whether a head has gone out, so that no other can

    def setup(self) -> None:
        super().setup()
        self.sim = self.server.sim  # type: ignore[attr-defined]

    def log_message(self, *arguments: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET

    # ---- answers ----

    def _begin(self, status: int, headers: Mapping[str, Any]) -> None:
        self.record.status = status
        self.send_response(status)
        for name, value in list(headers.items()) + list(self.sim.headers.items()):
            if value is not None:
                self.send_header(name, str(value))
        if self.sim.log is not None:
            self.sim.log("%s %s -> %d" % (self.command, self.path, status))

    def _answer(self, status: int, body: Any, headers: Mapping[str, Any] | None = None) -> None:
        """Answers with JSON, or with bytes as they are."""
        data = body if isinstance(body, bytes) else to_json(body).encode()
        self._begin(status, dict({"Content-Type": "application/json"}, **(headers or {})))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self._send(data)

    def _answer_run(self, status: int, result: dict[str, Any]) -> None:
        """Answers with the result of a run and its times."""
        end = now()
        times = {"duration": milliseconds(self.started, end), "startTime": iso(self.started),
                 "endTime": iso(end)}
        self._answer(status, dict(result, metadata=times))

    def _fail(self, error: BaseException) -> None:
        """Answers as for a failed run, where what the server was given to run is at fault."""
        self._report()
        if self.has_begun:
            self.close_connection = True
            return
        self._headers_buffer: list[bytes] = []  # of the answer that failed
        self._answer_run(500, _failed(_described(error)))

    def _report(self) -> None:
        """Shows the exception that is being handled."""
        print("SimServer, at %s %s:\n%s" % (self.command, self.path, traceback.format_exc()),
              end="", file=sys.stderr)

    # An OSError of these two is the connection's; any other is one of what a test gave the server.

    def _send(self, data: bytes) -> None:
        try:
            self.wfile.write(data)
        except OSError as error:
            raise ClientLeft() from error

    def flush_headers(self) -> None:
        self.has_begun = True
        try:
            super().flush_headers()
        except OSError as error:
            raise ClientLeft() from error

    # ---- streams ----

    def _wait(self, pause: float | Hold) -> None:
        """Passes the time of a pause in a stream."""
        if isinstance(pause, Hold):
            pause.reached.set()
        end = time.monotonic() + (pause if not isinstance(pause, Hold) else float("inf"))
        while time.monotonic() < end and not (isinstance(pause, Hold) and pause.released.is_set()):
            if self.sim.closing.is_set() or self._client_has_left():
                raise ClientLeft()
            time.sleep(min(LOOK_S, max(0.0, end - time.monotonic())))

    def _client_has_left(self) -> bool:
        try:
            return not self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _pieces(self, stream: Stream) -> Iterator[bytes]:
        """The pieces of a stream; one that fails after its first piece ends as a failed run."""
        try:
            yield from stream.pieces(self._wait)
        except ClientLeft:
            raise
        except Exception as error:
            if not self.has_begun:
                raise
            self._report()
            yield from stream.failure(_described(error))

    def _stream(self, stream: Stream) -> None:
        """Sends a stream; its head goes out with its first piece, as the real server's does."""
        pieces = filter(None, self._pieces(stream))  # an empty one would be the end
        piece = next(pieces, b"")
        self._begin(200, {"Content-Type": "text/event-stream", "Cache-Control": "no-cache",
                          "X-Accel-Buffering": "no", "Transfer-Encoding": "chunked"})
        self.end_headers()
        while piece:
            self._send(b"%x\r\n%s\r\n" % (len(piece), piece))
            piece = next(pieces, b"")
        if stream.cut is True:
            self.close_connection = True
        else:
            self._send(b"0\r\n\r\n")

    # ---- routes ----

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        body = self.rfile.read(int(length) if length.isdecimal() else 0)
        self.started, self.has_begun = now(), False
        self.record = RecordedRequest(self.command, self.path, self.headers, body)
        self.sim.record(self.record)
        try:
            self._answer_or_fail(body)
        except ClientLeft:
            self.record.was_dropped = not self.sim.closing.is_set()
            self.close_connection = True

    def _answer_or_fail(self, body: bytes) -> None:
        try:
            self._answer_or_refuse(body)
        except ClientLeft:
            raise
        except BaseException as error:  # pytest.fail() raises no Exception
            self._fail(error)

    def _answer_or_refuse(self, body: bytes) -> None:
        try:
            self._route(body)
        except Refusal as refusal:
            self._answer(refusal.status, refusal.body, refusal.headers)

    def _route(self, body: bytes) -> None:
        path = self.path.split("?")[0]
        parts = [unquote(part) for part in path.split("/")[1:]]
        if not self.headers.get("User-Agent", "").strip():
            self._answer(403, b"", {"Content-Type": "text/plain"})
        elif path.endswith("/") and path != "/":
            target = path.rstrip("/")
            self._answer(308, target.encode(), {"Location": target, "Content-Type": None})
        elif len(parts) == 4 and parts[:2] == ["api", "workflows"] and parts[3] == "execute":
            self._route_method("POST", self._execute, parts[2], body)
        elif len(parts) == 4 and parts[:2] == ["api", "workflows"] and parts[3] == "status":
            self._route_method("GET", self._status, parts[2])
        elif len(parts) == 3 and parts[:2] == ["api", "jobs"]:
            self._route_method("GET", self._job, parts[2])
        elif parts == ["api", "users", "me", "usage-limits"]:
            self._route_method("GET", self._usage)
        else:
            self._answer(404, b"<!DOCTYPE html><title>404: This page could not be found.</title>",
                         {"Content-Type": "text/html; charset=utf-8"})

    def _route_method(self, method: str, serve: Callable[..., None], *arguments: Any) -> None:
        if self.command == method:
            serve(*arguments)
        else:
            self._answer(405, b"", {"Content-Type": None})

    def _check_key(self, endpoint: str) -> None:
        key, errors = self.headers.get("X-API-Key"), self.sim.era.key_errors[endpoint]
        if self.sim.api_key is None or key == self.sim.api_key or errors is None:
            return
        message, code = errors.missing if key is None else errors.wrong
        raise Refusal(401, message, code)

    def _workflow(self, workflow_id: str) -> Workflow | None:
        workflow = self.sim.workflows.get(workflow_id)
        if isinstance(workflow, (Workflow, type(None))):
            return workflow
        raise TypeError("workflows[%r] must be a Workflow, not %s"
                        % (workflow_id, type(workflow).__name__))

    # ---- runs ----

    def _execute(self, workflow_id: str, text: bytes) -> None:
        with_code = self.sim.era.has_codes

        def refuse(status: int, message: str, code: str,
                   headers: Mapping[str, Any] | None = None) -> NoReturn:
            raise Refusal(status, message, code if with_code else None, headers)

        self._check_key("execute")
        try:
            body = _check_run(json.loads(text or b"{}"))
        except ValueError:
            if self.sim.era.bad_json is not None:
                raise Refusal(400, *self.sim.era.bad_json) from None
            body = {}
        workflow = self._workflow(workflow_id)
        if workflow is None:
            refuse(404, "Workflow not found", "WORKFLOW_NOT_FOUND")
        if not workflow.deployed:
            refuse(403, "Workflow is not deployed", "WORKFLOW_IS_NOT_DEPLOYED")
        limit_headers = self.sim.take_limit()
        if limit_headers is not None:
            refuse(429, "Rate limit exceeded. Please try again later.", "RATE_LIMIT_EXCEEDED",
                   limit_headers)
        cost, most = self.sim.usage.get("currentPeriodCost", 0), self.sim.usage.get("limit")
        if most is not None and cost >= most:
            refuse(402, "Usage limit exceeded: %.2f$ used of %.2f$ limit. Please upgrade your plan "
                   "to continue." % (cost, most), "USAGE_LIMIT_EXCEEDED")
        self._run(workflow_id, workflow, body)

    def _run(self, workflow_id: str, workflow: Workflow, body: dict[str, Any]) -> None:
        given = {key: value for key, value in body.items() if key not in CONTROL_FIELDS}
        if self.headers.get("X-Execution-Mode") == "async" and self.sim.era.queued is not None:
            execution_id = str(uuid.uuid4())
            job_id = self.sim.jobs.add(workflow, given, workflow_id, execution_id)
            self._answer(202, self.sim.era.queued(job_id, execution_id, iso(now()), self.sim.url))
        elif body.get("stream") or self.headers.get("X-Stream-Response") == "true":
            stream = workflow.streamed(given, self.sim.era)
            self._stream(stream.of_run(self.sim.era.dialect, self.started))
        else:
            self._run_at_once(workflow, given)

    def _run_at_once(self, workflow: Workflow, given: Any) -> None:
        try:
            output = workflow.run(given)
        except Exception as error:
            self._answer_run(self.sim.era.failed_status, _failed(str(error)))
            return
        if isinstance(output, Response):
            self._answer(output.status, output.body, output.headers)
            return
        result = {"success": True, "output": output}
        if self.sim.era.has_execution_ids:
            result["executionId"] = str(uuid.uuid4())
        self._answer_run(200, result)

    # ---- the other endpoints ----

    def _status(self, workflow_id: str) -> None:
        self._check_key("status")
        workflow = self._workflow(workflow_id)
        if workflow is None:
            raise Refusal(404, "Workflow not found", "WORKFLOW_NOT_FOUND")
        self._answer(200, {"isDeployed": workflow.deployed,
                           "deployedAt": DEPLOYED_AT if workflow.deployed else None,
                           "needsRedeployment": False})

    def _job(self, job_id: str) -> None:
        self._check_key("job")
        state = self.sim.jobs.poll(job_id)
        if state is None:
            raise Refusal(404, "Task not found", "TASK_NOT_FOUND")
        self._answer(200, state)

    def _usage(self) -> None:
        self._check_key("usage")

        def bucket(limit: int) -> dict[str, Any]:
            return dict(self.sim.era.bucket(limit), isLimited=False, remaining=limit,
                        resetAt=iso(in_a_minute()))

        self._answer(200, {
            "success": True,
            "rateLimit": {"sync": bucket(25), "async": bucket(200), "authType": "api"},
            "usage": self.sim.usage,
            "storage": {"usedBytes": 1048576, "limitBytes": 53687091200, "percentUsed": 0.002},
        })


def _failed(message: str) -> dict[str, Any]:
    """The result of a failed run."""
    return {"success": False, "output": {}, "error": message}


def _described(error: BaseException) -> str:
    return ": ".join(filter(None, (type(error).__name__, str(error))))


def _json_type(value: Any) -> str:
    """A value's type in the words of the server's messages."""
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def _check_run(body: Any) -> dict[str, Any]:
    """The body of a run, checked."""
    wrong = []
    if not isinstance(body, dict):
        wrong = [("", "object", body)]
    else:
        for name, kind, word in (("stream", bool, "boolean"), ("selectedOutputs", list, "array")):
            if not isinstance(body.get(name, kind()), kind):
                wrong.append((name, word, body[name]))
    if wrong:
        raise Refusal(400, "Invalid request body", details=[
            {"path": path, "message": "Expected %s, received %s" % (word, _json_type(value))}
            for path, word, value in wrong])
    return dict(body)
