# pyright: strict, reportUnnecessaryTypeIgnoreComment=true
"""A user's program, for type checkers in strict mode: it is checked, never run.

assert_type() says what a checker must see. An ignored line must be an error: that an ignore is of
no use is one itself.
"""

from typing import Any, Dict, Iterator, List, Optional, Union

from typing_extensions import assert_type

import simstudio
from simstudio import (
    AsyncExecutionResult,
    Client,
    RateLimitInfo,
    RateLimitStatus,
    SimStudioClient,
    SimStudioError,
    StreamEvent,
    UsageLimits,
    WorkflowExecutionResult,
    WorkflowStatus,
    WorkflowStream,
)
from simstudio.testing import Hold, RecordedRequest, Response, SimServer, Stream, Workflow

AnyResult = Union[WorkflowExecutionResult, AsyncExecutionResult]


def make(key: Optional[str]) -> SimStudioClient:
    SimStudioClient()  # type: ignore[call-arg]
    SimStudioClient(b"key")  # type: ignore[arg-type]
    client = SimStudioClient(api_key=key, base_url="https://sim.ai")
    assert_type(client.base_url, str)
    assert_type(client.api_key, Optional[str])
    client.set_api_key(None)
    client.set_base_url(None)  # type: ignore[arg-type]
    assert_type(Client("key"), SimStudioClient)
    assert_type(simstudio.__version__, str)
    return client


def execute(client: SimStudioClient, later: bool, perhaps: Optional[bool]) -> None:
    given: Dict[str, int] = {"a": 1}
    assert_type(client.execute_workflow("id", given), WorkflowExecutionResult)
    assert_type(client.execute_workflow("id", async_execution=False), WorkflowExecutionResult)
    assert_type(client.execute_workflow("id", async_execution=True), AnyResult)
    assert_type(client.execute_workflow("id", async_execution=later), AnyResult)
    assert_type(client.execute_workflow("id", stream=perhaps, async_execution=perhaps), AnyResult)
    assert_type(client.execute_workflow("id", None, 1, False, ["a.b"], True), AnyResult)
    assert_type(client.execute_workflow("id", None, 1, None, None, None), WorkflowExecutionResult)
    assert_type(client.execute_workflow("id", stream=None), WorkflowExecutionResult)
    assert_type(client.execute_workflow("id", async_execution=None), WorkflowExecutionResult)
    assert_type(client.execute_workflow("id", None, 1, None, None, True), AnyResult)
    client.execute_workflow("id", stream="yes")  # type: ignore
    client.execute_workflow("id", async_execution=True).task_id  # type: ignore[union-attr]
    client.execute_workflow("id", ["a list"])  # type: ignore
    client.execute_workflow()  # type: ignore
    assert_type(client.execute_workflow_sync("id", timeout=(1, None)), WorkflowExecutionResult)
    client.execute_workflow_sync("id", timeout=(1, 2, None))
    client.execute_workflow_sync("id", stream=perhaps)
    client.execute_workflow_sync("id", timeout="30")  # type: ignore[arg-type]
    client.execute_workflow_sync("id", async_execution=True)  # type: ignore[call-arg]


def retry(client: SimStudioClient, perhaps: Optional[bool]) -> None:
    assert_type(client.execute_with_retry("id", max_retries=2), WorkflowExecutionResult)
    assert_type(
        client.execute_with_retry("id", async_execution=True, max_delay=0.5), AnyResult
    )
    assert_type(
        client.execute_with_retry("id", None, None, False, None, True, 1, 0.5, 1.0, 2.0), AnyResult
    )
    assert_type(
        client.execute_with_retry("id", None, None, False, None, False, 1, 0.5),
        WorkflowExecutionResult,
    )
    assert_type(
        client.execute_with_retry("id", stream=None, async_execution=None), WorkflowExecutionResult
    )
    assert_type(client.execute_with_retry("id", None, 1, None, None, None, 1), WorkflowExecutionResult)
    assert_type(client.execute_with_retry("id", stream=perhaps, async_execution=perhaps), AnyResult)


def queue(client: SimStudioClient) -> Any:
    queued = client.execute_workflow("id", async_execution=True)
    if isinstance(queued, WorkflowExecutionResult):
        return queued.output
    assert_type(queued, AsyncExecutionResult)
    assert_type(queued.links, Dict[str, str])
    state = client.get_job_status(queued.task_id)
    assert_type(state, Dict[str, Any])
    return state["output"]


def stream(client: SimStudioClient) -> str:
    with client.stream_workflow("id", {"a": 1}, selected_outputs=["a.b"], timeout=5) as run:
        assert_type(run, WorkflowStream)
        for event in run:
            assert_type(event, StreamEvent)
            assert_type(event.block_id, Optional[str])
            assert_type(event.text, Optional[str])
        assert_type(run.text_stream, Iterator[str])
        assert_type(run.blocks, Dict[str, str])
        assert_type(run.result(), WorkflowExecutionResult)
    client.stream_workflow("id", None, ["a.b"])  # type: ignore
    return "".join(client.stream_workflow("id").text_stream)


def ask(client: SimStudioClient) -> None:
    assert_type(client.get_workflow_status("id"), WorkflowStatus)
    assert_type(client.validate_workflow("id"), bool)
    assert_type(client.get_usage_limits(), UsageLimits)
    assert_type(client.get_rate_limit_info(), Optional[RateLimitInfo])
    client.get_rate_limit_info().limit  # type: ignore[union-attr]


def handle(error: SimStudioError) -> Optional[float]:
    assert_type(error.code, Optional[str])
    assert_type(error.status, Optional[int])
    assert_type(error.retry_after, Optional[int])
    raise SimStudioError("message", code="TIMEOUT", status=408) from error


def make_records() -> None:
    result = WorkflowExecutionResult(success=True, output={"a": 1})
    assert_type(result.success, bool)
    assert_type(result.error, Optional[str])
    assert_type(result.logs, Optional[List[Any]])
    assert_type(result.metadata, Optional[Dict[str, Any]])
    assert_type(result.total_duration, Optional[float])
    WorkflowExecutionResult()  # type: ignore[call-arg]
    WorkflowStatus(True, deployed="never")  # type: ignore[call-arg]
    assert_type(RateLimitStatus(False, 60, 59, "2025-11-30T10:00:00Z").reset_at, str)


class Traced(SimStudioClient):
    """A subclass that was written for 0.1.1."""

    def get_workflow_status(self, workflow_id: str) -> WorkflowStatus:
        return super().get_workflow_status(workflow_id)

    def __enter__(self) -> "Traced":
        return super().__enter__()


class Final(WorkflowStream):  # type: ignore[misc]
    """There is no class below WorkflowStream at run time either."""


def answer(given: Dict[str, Any]) -> Response:
    return Response(given, 201, {"A": "b"})


def serve() -> None:
    hold = Hold()
    with SimServer(api_key="key") as server, Traced("key", server.url) as client:
        assert_type(server, SimServer)
        assert_type(client, Traced)
        assert_type(server.add_workflow("id", {"any": "output"}), Workflow)
        server.add_workflow("streamed", len, stream=Stream(["a", ("b", "c"), 0.1, hold]))
        server.add_workflow("response", answer)
        server.rate_limit(times=None, retry_after="soon")
        client.validate_workflow("id")
        assert_type(server.jobs.ids, List[str])
        server.jobs.steps = ("pending", "unknown")
        server.jobs.cancel(1)  # type: ignore[arg-type]
        assert_type(server.requests, List[RecordedRequest])
        assert_type(server.requests[0].status, Optional[int])
        assert_type(server.requests[0].body, bytes)
    hold.release()
    SimServer(port="80")  # type: ignore[arg-type]
