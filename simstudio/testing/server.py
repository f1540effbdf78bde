"""SimServer: what a test or a demo holds in its hands."""

from __future__ import annotations

import sys
import threading
from http.server import ThreadingHTTPServer
from socket import SHUT_RDWR
from socketserver import TCPServer
from types import TracebackType
from typing import Any, Callable

from .eras import ERAS
from .handler import Handler, RecordedRequest
from .jobs import Jobs
from .streams import Stream
from .times import in_a_minute, iso
from .workflows import BUILT_IN, Workflow, fixed

HANDLER_ENDS_S = 0.5  # a workflow that runs for longer outlives its server


class SimServer:
    """A Sim server on the loopback interface, in a thread of its own.

    api_key: str; requests with another key get 401. None: any key will do.
    port: int; 0 takes a free one.
    era: which Sim to answer and to stream like; a key of simstudio.testing.eras.ERAS.
    log: callable(str); gets a line for every answer.

    Use it in a with statement, or call start() and close(). It is yours to change at any time:

    workflows: dict of Workflow by id.
    requests: list of RecordedRequest, the oldest first.
    jobs: the queued runs: jobs.ids, a list of str, the oldest first; jobs.cancel(id); and
        jobs.steps, the statuses that the polls of a job see before its end, a tuple of str.
    usage: dict, what the usage limits report. At its limit, runs are answered with 402.
    headers: dict of further header fields of every answer.
    """

    def __init__(self, api_key: str | None = None, port: int = 0, era: str = "documented",
                 log: Callable[[str], None] | None = None) -> None:
        if era not in ERAS:
            raise ValueError("era must be one of %s" % ", ".join(ERAS))
        self.api_key, self.era, self.log = api_key, ERAS[era], log
        self.workflows = dict(BUILT_IN)
        self.requests: list[RecordedRequest] = []
        self.jobs = Jobs(self.era)
        self.usage: dict[str, Any] = {"currentPeriodCost": 3.21, "limit": 20, "plan": "pro"}
        self.headers: dict[str, str] = {}
        self.closing = threading.Event()
        self._port = port
        self._limits_left: int | None = 0
        self._limit_headers: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._running: tuple[_HttpServer, threading.Thread] | None = None

    @property
    def url(self) -> str:
        """The base URL of the running server (str)."""
        if self._running is None:
            raise RuntimeError("the server has not been started")
        return "http://127.0.0.1:%d" % self._running[0].server_address[1]

    def start(self) -> SimServer:
        """Begins to serve; returns the server. Legal twice, and after close()."""
        if self._running is None:
            self.closing.clear()
            http = _HttpServer(("127.0.0.1", self._port), self)
            thread = threading.Thread(target=http.serve_forever, args=(0.02,), name="SimServer",
                                      daemon=True)
            thread.start()
            self._running = http, thread
        return self

    def close(self) -> None:
        """Ends serving, and every connection with it. Legal twice."""
        if self._running is None:
            return
        http, thread = self._running
        self.closing.set()
        http.shutdown()
        thread.join()
        http.server_close()
        http.close_connections()
        self._running = None

    def __enter__(self) -> SimServer:
        return self.start()

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()

    def add_workflow(self, workflow_id: str, run: Any, deployed: bool = True,
                     stream: Stream | Callable[[Any], Stream] | None = None) -> Workflow:
        """Adds a workflow and returns it; `run` is a callable(input) -> output, or the output
        itself. `deployed` and `stream`: as for Workflow."""
        if not isinstance(workflow_id, str):
            raise TypeError("workflow_id must be a str, not %s" % type(workflow_id).__name__)
        workflow = Workflow(run if callable(run) else fixed(run), deployed, stream)
        self.workflows[workflow_id] = workflow
        return workflow

    def rate_limit(self, times: int | None = 1, retry_after: float | str | None = 1,
                   limit: int | None = 60, remaining: int = 0, reset: str = "iso") -> None:
        """Answers the next `times` runs with 429; times=None: all of them, 0: none any more.

        retry_after: the Retry-After field: seconds, any str, or None for none.
        limit, remaining: the X-RateLimit fields; limit=None: none of the three.
        reset: X-RateLimit-Reset, in a minute: "iso" or "epoch"; or any other str as it is.
        """
        forms: dict[str, Any] = {"iso": iso(in_a_minute()), "epoch": int(in_a_minute().timestamp())}
        headers: dict[str, Any] = {}
        if limit is not None:
            headers = {"X-RateLimit-Limit": limit, "X-RateLimit-Remaining": remaining,
                       "X-RateLimit-Reset": forms.get(reset, reset)}
        if retry_after is not None:
            headers["Retry-After"] = retry_after
        with self._lock:
            self._limits_left, self._limit_headers = times, headers

    # ---- for the handler ----

    def record(self, request: RecordedRequest) -> None:
        """Keeps a request."""
        with self._lock:
            self.requests.append(request)

    def take_limit(self) -> dict[str, Any] | None:
        """The headers of a 429, where one is due; None for none."""
        with self._lock:
            if self._limits_left == 0:
                return None
            if self._limits_left is not None:
                self._limits_left -= 1
            return self._limit_headers


class _HttpServer(ThreadingHTTPServer):
    """Knows its connections, so that closing leaves none behind."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], sim: SimServer) -> None:
        self.sim = sim
        self._connections: set[Any] = set()
        self._handlers: list[threading.Thread] = []
        self._lock = threading.Lock()
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer's would ask for the host's name, perhaps afar

    def process_request(self, request: Any, client_address: Any) -> None:
        handler = threading.Thread(target=self.process_request_thread, daemon=True,
                                   args=(request, client_address))
        with self._lock:
            self._connections.add(request)
            self._handlers = [each for each in self._handlers if each.is_alive()] + [handler]
            handler.start()

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        with self._lock:
            connections, handlers = list(self._connections), self._handlers
        for connection in connections:
            try:
                connection.shutdown(SHUT_RDWR)
            except OSError:
                pass  # it is gone already
        for handler in handlers:
            if handler is not threading.current_thread():  # a workflow may close its server
                handler.join(HANDLER_ENDS_S)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):  # a client that left is no news
            super().handle_error(request, client_address)
