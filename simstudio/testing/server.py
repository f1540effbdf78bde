"""The HTTP side of the local Sim server: routes, bodies and headers as the real one has them."""

import itertools
import json
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .workflows import BUILT_IN, Stream, Workflow

CONTROL_FIELDS = ("stream", "selectedOutputs", "triggerType", "useDraftState", "workflowStateOverride")


def _iso(moment):
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _now():
    return datetime.now(timezone.utc)


class RecordedRequest:
    """A request as the server got it: method, path, headers (case-insensitive), body (bytes)."""

    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class SimServer:
    """A Sim server on the loopback interface.

    api_key: str; requests with another key get 401. None: any key will do.
    port: int; 0 takes a free one.
    Use it in a with statement, or call start() and close(). `url` is its base URL, `requests` the
    RecordedRequests so far, `workflows` a dict of Workflow by id.
    """

    def __init__(self, api_key=None, port=0):
        self.api_key = api_key
        self.workflows = dict(BUILT_IN)
        self.requests = []
        self._lock = threading.Lock()
        self._jobs = {}
        self._job_numbers = itertools.count(1)
        self._limit = None
        handler = type("Handler", (_Handler,), {"sim": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._http.daemon_threads = True
        self._http.block_on_close = False
        self._thread = None
        self.url = "http://127.0.0.1:%d" % self._http.server_port

    def start(self):
        """Begins to serve, in a thread of its own; returns the server."""
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def close(self):
        """Ends serving. Legal twice."""
        if self._thread is not None:
            self._http.shutdown()
            self._thread.join()
            self._thread = None
        self._http.server_close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *exception):
        self.close()

    def add_workflow(self, workflow_id, run, deployed=True, stream=None):
        """Adds a workflow; `run` is a callable(input) -> output, or the output itself."""
        call = run if callable(run) else lambda _input: run
        self.workflows[workflow_id] = Workflow(call, deployed, stream)

    def rate_limit(self, times=1, retry_after=1, limit=60, remaining=0):
        """Answers the next `times` executions with 429. `retry_after`: the header (seconds as a
        number, any str, or None for none)."""
        with self._lock:
            self._limit = {"times": times, "retry_after": retry_after, "limit": limit,
                           "remaining": remaining}

    def record(self, request):
        with self._lock:
            self.requests.append(request)

    def take_limit(self):
        with self._lock:
            if self._limit is None or self._limit["times"] == 0:
                return None
            self._limit["times"] -= 1
            return dict(self._limit)

    def queue(self, workflow, given):
        """Queues a run and returns its id."""
        with self._lock:
            job_id = "run_%d" % next(self._job_numbers)
            self._jobs[job_id] = {"workflow": workflow, "input": given, "polls": 0, "start": _now()}
        return job_id

    def poll(self, job_id):
        """The state of a queued run, a step further with each poll; None for an unknown one."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None:
                return None
            job["polls"] += 1
        state = {"success": True, "taskId": job_id, "metadata": {}}
        if job["polls"] == 1:
            return dict(state, status="queued", estimatedDuration=180000)
        state["metadata"] = {"startedAt": _iso(job["start"])}
        if job["polls"] == 2:
            return dict(state, status="processing", estimatedDuration=180000)
        state["metadata"].update(completedAt=_iso(_now()), duration=12)
        try:
            output = job["workflow"].run(job["input"])
        except Exception as error:
            return dict(state, status="failed", error=str(error))
        return dict(state, status="completed", output={"success": True, "output": output})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    sim = None

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        self._route()

    def do_POST(self):
        self._route()

    # ---- answers ----

    def _answer(self, status, body, headers=()):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        for name, value in headers:
            self.send_header(name, str(value))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _fail(self, status, message, code):
        self._answer(status, {"error": message, "code": code})

    def _chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _stream(self, stream):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for message in stream.messages():
                text = message if isinstance(message, str) else json.dumps(message)
                self._chunk(b"data: %s\n\n" % text.encode())
            self.wfile.write(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    # ---- routes ----

    def _route(self):
        length = int(self.headers.get("Content-Length") or 0)
        request = RecordedRequest(self.command, self.path, self.headers, self.rfile.read(length))
        self.sim.record(request)
        parts = self.path.split("?")[0].strip("/").split("/")
        if self.sim.api_key is not None and self.headers.get("X-API-Key") != self.sim.api_key:
            self._fail(401, "Unauthorized: Invalid API key", "UNAUTHORIZED:_INVALID_API_KEY")
        elif len(parts) == 4 and parts[:2] == ["api", "workflows"] and parts[3] == "execute":
            self._execute(parts[2], request)
        elif len(parts) == 4 and parts[:2] == ["api", "workflows"] and parts[3] == "status":
            self._status(parts[2])
        elif len(parts) == 3 and parts[:2] == ["api", "jobs"]:
            self._job(parts[2])
        elif parts == ["api", "users", "me", "usage-limits"]:
            self._usage()
        else:
            self._fail(404, "Not found", "NOT_FOUND")

    def _execute(self, workflow_id, request):
        if request.method != "POST":
            self.send_response(405)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        limit = self.sim.take_limit()
        if limit is not None:
            headers = [("X-RateLimit-Limit", limit["limit"]),
                       ("X-RateLimit-Remaining", limit["remaining"]),
                       ("X-RateLimit-Reset", _iso(_now() + timedelta(seconds=60)))]
            if limit["retry_after"] is not None:
                headers.append(("Retry-After", limit["retry_after"]))
            self._answer(429, {"error": "Rate limit exceeded. Please try again later."}, headers)
            return
        try:
            body = json.loads(request.body or b"{}")
        except ValueError:
            self._fail(400, "Invalid JSON in request body", "INVALID_JSON_IN_REQUEST_BODY")
            return
        workflow = self.sim.workflows.get(workflow_id)
        if not isinstance(body, dict):
            self._answer(400, {"error": "Invalid request body"})
        elif workflow is None:
            self._fail(404, "Workflow not found", "WORKFLOW_NOT_FOUND")
        elif not workflow.deployed:
            self._fail(403, "Workflow is not deployed", "WORKFLOW_IS_NOT_DEPLOYED")
        else:
            given = {key: value for key, value in body.items() if key not in CONTROL_FIELDS}
            self._run(workflow, given, body.get("stream") is True)

    def _run(self, workflow, given, is_stream):
        if self.headers.get("X-Execution-Mode") == "async":
            job_id = self.sim.queue(workflow, given)
            self._answer(202, {"success": True, "taskId": job_id, "status": "queued",
                               "createdAt": _iso(_now()), "links": {"status": "/api/jobs/" + job_id}})
            return
        if is_stream and workflow.stream is not None:
            self._stream(workflow.stream)
            return
        start = _now()
        try:
            result = {"success": True, "output": workflow.run(given)}
            status = 200
        except Exception as error:
            result = {"success": False, "output": {}, "error": str(error)}
            status = 500
        end = _now()
        duration = int((end - start).total_seconds() * 1000)
        result["metadata"] = {"duration": duration, "startTime": _iso(start), "endTime": _iso(end)}
        if is_stream and status == 200:
            self._stream(Stream([], output=result["output"]))
        elif is_stream:
            self._stream(Stream([], ending="error", error=result["error"]))
        else:
            self._answer(status, result)

    def _status(self, workflow_id):
        workflow = self.sim.workflows.get(workflow_id)
        if workflow is None:
            self._fail(404, "Workflow not found", "WORKFLOW_NOT_FOUND")
            return
        deployed_at = "2025-11-28T09:12:44.031Z" if workflow.deployed else None
        self._answer(200, {"isDeployed": workflow.deployed, "deployedAt": deployed_at,
                           "needsRedeployment": False})

    def _job(self, job_id):
        state = self.sim.poll(job_id)
        if state is None:
            self._fail(404, "Task not found", "TASK_NOT_FOUND")
        else:
            self._answer(200, state)

    def _usage(self):
        reset = _iso(_now() + timedelta(seconds=60))
        bucket = {"isLimited": False, "limit": 25, "remaining": 25, "resetAt": reset}
        self._answer(200, {
            "success": True,
            "rateLimit": {"sync": bucket, "async": dict(bucket, limit=200, remaining=199),
                          "authType": "api"},
            "usage": {"currentPeriodCost": 3.21, "limit": 20, "plan": "pro"},
        })
