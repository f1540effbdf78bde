"""The types of the extension module, and its docstrings, which editors look for here."""

from dataclasses import dataclass
from types import TracebackType
from typing import (
    Any,
    Dict,
    Iterator,
    List,
    Literal,
    Optional,
    Tuple,
    Type,
    TypeVar,
    Union,
    final,
    overload,
)

from typing_extensions import TypeAlias, disjoint_base

_Seconds: TypeAlias = Optional[float]
_Timeout: TypeAlias = Union[
    _Seconds, Tuple[_Seconds, _Seconds], Tuple[_Seconds, _Seconds, _Seconds]
]
_Client = TypeVar("_Client", bound="SimStudioClient")

__version__: str

def libcurl_version() -> str:
    """The names and versions of libcurl and of the libraries that it uses: str."""

class SimStudioError(Exception):
    """A call of the Sim API that failed.

    message: str; what str() of it gives.
    code: str such as UNAUTHORIZED, TIMEOUT, RATE_LIMIT_EXCEEDED, USAGE_LIMIT_EXCEEDED,
        EXECUTION_ERROR, or the server's own; or None.
    status: the HTTP status (int), or None if no HTTP status applies: timeouts, transport
        failures, a 2xx response that cannot be used.
    details: the response's body, parsed where it was JSON, otherwise its text; of one that
        broke off the text so far, of a stream that of its blocks by block id; or None.
    retry_after: milliseconds (int) from this response's Retry-After; or None.
    was_sent: bool; False if nothing of the request went out, so that nothing can have been
        run; None if this client did not raise the error.
    """

    code: Optional[str]
    status: Optional[int]
    details: Any
    retry_after: Optional[int]
    was_sent: Optional[bool]
    def __init__(
        self, message: str, code: Optional[str] = None, status: Optional[int] = None
    ) -> None: ...

@dataclass
class WorkflowExecutionResult:
    """What a finished run of a workflow returned.

    success: bool. output: what the workflow returned, of any JSON type.
    error: str, what went wrong; or None. logs, trace_spans: list or None.
    metadata: dict or None; its duration is in milliseconds, its times are ISO 8601 (str).
    total_duration: milliseconds (float) or None.
    """

    success: bool
    output: Optional[Any] = None
    error: Optional[str] = None
    logs: Optional[List[Any]] = None
    metadata: Optional[Dict[str, Any]] = None
    trace_spans: Optional[List[Any]] = None
    total_duration: Optional[float] = None

@dataclass
class AsyncExecutionResult:
    """A run that was queued: poll it with get_job_status(task_id).

    success: bool. task_id: str. status: str, "queued" as a rule.
    created_at: str, ISO 8601; '' where the server gave none. links: dict of str; 'status',
    where the server gave it, is the URL or the path at which the run can be polled.
    """

    success: bool
    task_id: str
    status: str
    created_at: str
    links: Dict[str, str]

@dataclass
class WorkflowStatus:
    """Whether a workflow is deployed.

    is_deployed: bool. deployed_at: str, ISO 8601; or None. is_published: bool.
    needs_redeployment: bool, whether it was changed since.
    """

    is_deployed: bool
    deployed_at: Optional[str] = None
    is_published: bool = False
    needs_redeployment: bool = False

@dataclass
class RateLimitInfo:
    """The rate limit according to the last response whose headers had one.

    limit: int, runs in a period. remaining: int, runs left in it. reset: int, its end in
    seconds since 1970. retry_after: int, milliseconds; or None.
    """

    limit: int
    remaining: int
    reset: int
    retry_after: Optional[int] = None

@dataclass
class RateLimitStatus:
    """The rate limit of one kind of run.

    is_limited: bool, whether a run would be refused. limit: int, runs in a period.
    remaining: int, runs left in it. reset_at: str, its end, ISO 8601.
    """

    is_limited: bool
    limit: int
    remaining: int
    reset_at: str

@dataclass
class UsageLimits:
    """Limits and usage of the account.

    success: bool. rate_limit, usage: dicts with the server's own keys, sync, async and the
    like, currentPeriodCost, limit and plan; costs are in USD (float).
    """

    success: bool
    rate_limit: Dict[str, Any]
    usage: Dict[str, Any]

@dataclass
class StreamEvent:
    """One event of a streamed run.

    type: str; chunk, final, done, error, stream_error, chunk_reset, thinking, tool, or the
    server's own word. block_id: str, the block that it is about; or None.
    text: str, of a chunk, of thinking or of a stream_error; or None.
    data: the parsed event, None where it was not JSON. raw: str, the event as it came.
    """

    type: str
    block_id: Optional[str] = None
    text: Optional[str] = None
    data: Optional[Any] = None
    raw: Optional[str] = None

@final
class WorkflowStream:
    """A streamed run: an iterator of StreamEvent, made by SimStudioClient.stream_workflow().

    The request is sent when iteration or the with statement begins. Leaving the with
    statement, close(), or dropping the stream frees its connection. One thread at a time may
    read it. Each step raises SimStudioError: TIMEOUT, EXECUTION_ERROR for a run that failed,
    STREAM_INTERRUPTED for a stream that breaks off.
    """

    @property
    def blocks(self) -> Dict[str, str]:
        """The text so far: a dict of str by block id."""
    @property
    def text_stream(self) -> Iterator[str]:
        """An iterator over the texts (str) of the chunks alone."""
    def result(self) -> WorkflowExecutionResult:
        """Reads what is left and returns the run's result.

        Returns WorkflowExecutionResult, the same object each time. Raises
        SimStudioError: EXECUTION_ERROR for a run that failed,
        STREAM_INTERRUPTED for a stream without its end, TIMEOUT.
        """
    def close(self) -> None:
        """Gives up the connection; what has not been read is dropped. The run goes on."""
    def __iter__(self) -> "WorkflowStream": ...
    def __next__(self) -> StreamEvent: ...
    def __enter__(self) -> "WorkflowStream":
        """Sends the request, if that has not been done, and returns the stream itself. Raises
        SimStudioError where no stream begins.
        """
    def __exit__(
        self,
        exc_type: Optional[Type[BaseException]],
        exc_value: Optional[BaseException],
        traceback: Optional[TracebackType],
        /,
    ) -> None:
        """Calls close(). Returns None: exceptions are not suppressed."""

@disjoint_base
class SimStudioClient:
    """A client of the Sim API.

    api_key: str, or None to send none.
    base_url: str; the http or https URL of the API.

    It may be shared by threads and used in a with statement. Connections are kept from call
    to call. Raises TypeError or ValueError for what cannot be sent.
    """

    api_key: Optional[str]
    base_url: str
    def __init__(self, api_key: Optional[str], base_url: str = "https://sim.ai") -> None: ...

    # An old server runs at once what it was asked to queue, so `async_execution` promises
    # either result. None stands for False, as in 0.1.1.
    @overload
    def execute_workflow(
        self,
        workflow_id: str,
        input_data: Optional[Dict[str, Any]] = None,
        timeout: _Timeout = 30.0,
        stream: Optional[bool] = False,
        selected_outputs: Optional[List[str]] = None,
        async_execution: Optional[Literal[False]] = False,
    ) -> WorkflowExecutionResult:
        """Runs a workflow and waits for its result.

        workflow_id: str, or anything whose str() is the id.
        input_data: dict of what json.dumps takes, and file objects; or None.
        timeout: seconds to connect, and the longest silence while sending or receiving after that
            (float, default 30.0); or (connect, read), or (connect, read, total); None: no bound.
        stream: bool; ask for a streamed run; the result is complete all the same.
        selected_outputs: list of str, each a blockName.attribute to stream; or None.
        async_execution: bool; queue the run and return at once.

        Returns WorkflowExecutionResult. With async_execution: AsyncExecutionResult, or
        WorkflowExecutionResult if the server ran it at once after all.
        Raises SimStudioError when the run cannot be made or fails, TypeError or ValueError for
        arguments that cannot be used. A run that a 2xx response reports as failed is returned,
        with success False.
        """
    @overload
    def execute_workflow(
        self,
        workflow_id: str,
        input_data: Optional[Dict[str, Any]] = None,
        timeout: _Timeout = 30.0,
        stream: Optional[bool] = False,
        selected_outputs: Optional[List[str]] = None,
        *,
        async_execution: Optional[bool],
    ) -> Union[WorkflowExecutionResult, AsyncExecutionResult]: ...
    @overload
    def execute_workflow(
        self,
        workflow_id: str,
        input_data: Optional[Dict[str, Any]],
        timeout: _Timeout,
        stream: Optional[bool],
        selected_outputs: Optional[List[str]],
        async_execution: Optional[bool],
    ) -> Union[WorkflowExecutionResult, AsyncExecutionResult]: ...
    def execute_workflow_sync(
        self,
        workflow_id: str,
        input_data: Optional[Dict[str, Any]] = None,
        timeout: _Timeout = 30.0,
        stream: Optional[bool] = False,
        selected_outputs: Optional[List[str]] = None,
    ) -> WorkflowExecutionResult:
        """Runs a workflow and waits for its result, like execute_workflow().

        workflow_id: str, or anything whose str() is the id.
        input_data: dict of what json.dumps takes, and file objects; or None.
        timeout: seconds to connect, and the longest silence while sending or receiving after that
            (float, default 30.0); or (connect, read), or (connect, read, total); None: no bound.
        stream: bool; ask for a streamed run; the result is complete all the same.
        selected_outputs: list of str, each a blockName.attribute to stream; or None.

        Returns WorkflowExecutionResult.
        Raises SimStudioError when the run cannot be made or fails, TypeError or ValueError for
        arguments that cannot be used. A run that a 2xx response reports as failed is returned,
        with success False.
        """
    @overload
    def execute_with_retry(
        self,
        workflow_id: str,
        input_data: Optional[Dict[str, Any]] = None,
        timeout: _Timeout = 30.0,
        stream: Optional[bool] = False,
        selected_outputs: Optional[List[str]] = None,
        async_execution: Optional[Literal[False]] = False,
        max_retries: int = 3,
        initial_delay: float = 1.0,
        max_delay: float = 30.0,
        backoff_multiplier: float = 2.0,
    ) -> WorkflowExecutionResult:
        """Runs a workflow like execute_workflow(), and again when the rate limit is exceeded.

        workflow_id: str, or anything whose str() is the id.
        input_data: dict of what json.dumps takes, and file objects; or None.
        timeout: seconds to connect, and the longest silence while sending or receiving after that
            (float, default 30.0); or (connect, read), or (connect, read, total); None: no bound.
        stream: bool; ask for a streamed run; the result is complete all the same.
        selected_outputs: list of str, each a blockName.attribute to stream; or None.
        async_execution: bool; queue the run and return at once.
        max_retries: int; attempts after the first.
        initial_delay: float; seconds before the second attempt.
        max_delay: float; seconds that waits do not grow beyond.
        backoff_multiplier: float; how many times longer each wait is than the one before.

        A wait varies by 25 % either way, so that clients do not come back together. If the
        response has a Retry-After, the wait is that and up to 25 % more; if it is over an hour,
        the error is raised at once. Nothing but RATE_LIMIT_EXCEEDED is tried again.

        Returns WorkflowExecutionResult. With async_execution: AsyncExecutionResult, or
        WorkflowExecutionResult if the server ran it at once after all.
        Raises SimStudioError when the run cannot be made or fails, TypeError or ValueError for
        arguments that cannot be used. A run that a 2xx response reports as failed is returned,
        with success False.
        """
    @overload
    def execute_with_retry(
        self,
        workflow_id: str,
        input_data: Optional[Dict[str, Any]] = None,
        timeout: _Timeout = 30.0,
        stream: Optional[bool] = False,
        selected_outputs: Optional[List[str]] = None,
        *,
        async_execution: Optional[bool],
        max_retries: int = 3,
        initial_delay: float = 1.0,
        max_delay: float = 30.0,
        backoff_multiplier: float = 2.0,
    ) -> Union[WorkflowExecutionResult, AsyncExecutionResult]: ...
    @overload
    def execute_with_retry(
        self,
        workflow_id: str,
        input_data: Optional[Dict[str, Any]],
        timeout: _Timeout,
        stream: Optional[bool],
        selected_outputs: Optional[List[str]],
        async_execution: Optional[bool],
        max_retries: int = 3,
        initial_delay: float = 1.0,
        max_delay: float = 30.0,
        backoff_multiplier: float = 2.0,
    ) -> Union[WorkflowExecutionResult, AsyncExecutionResult]: ...
    def stream_workflow(
        self,
        workflow_id: str,
        input_data: Optional[Dict[str, Any]] = None,
        *,
        selected_outputs: Optional[List[str]] = None,
        timeout: _Timeout = (30.0, 300.0),
    ) -> WorkflowStream:
        """Runs a workflow, and gives its events as they arrive.

        workflow_id, input_data, selected_outputs: as for execute_workflow().
        timeout: as for execute_workflow(); default (30.0, 300.0).

        Returns a WorkflowStream, an iterator of StreamEvent. Its request is sent when it is
        first read or entered, which raises SimStudioError if no stream begins. Raises TypeError
        or ValueError for arguments that cannot be used, and SimStudioError for an input that
        JSON cannot hold.
        """
    def get_workflow_status(self, workflow_id: str) -> WorkflowStatus:
        """Checks whether a workflow is deployed.

        workflow_id: str. Returns WorkflowStatus. Raises SimStudioError.
        """
    def validate_workflow(self, workflow_id: str) -> bool:
        """Checks whether a workflow is ready to be run.

        workflow_id: str. Returns bool: False also if that cannot be found out, so that no
        SimStudioError is raised. Raises TypeError or ValueError for an id that cannot be used.
        """
    def get_job_status(self, task_id: str) -> Dict[str, Any]:
        """Gets a queued run's status.

        task_id: str, of an AsyncExecutionResult.

        Returns the server's value unchanged; a dict with success, taskId, status, metadata, and
        output, error, estimatedDuration (milliseconds) where they apply. A status other than
        completed, failed or cancelled means that the run has not finished. What the workflow
        returned is ["output"]["output"]. Raises SimStudioError.
        """
    def get_rate_limit_info(self) -> Optional[RateLimitInfo]:
        """Returns the most recent rate limit seen; sends no request.

        It is the RateLimitInfo of the last response with rate-limit headers; None before the
        first.
        """
    def get_usage_limits(self) -> UsageLimits:
        """Gets the account's limits and its usage.

        Returns UsageLimits. Raises SimStudioError.
        """
    def set_api_key(self, api_key: Optional[str]) -> None:
        """Uses another API key from the next call on.

        api_key: str, or None to send none. Raises TypeError or ValueError
        for what an HTTP header cannot carry.
        """
    def set_base_url(self, base_url: str) -> None:
        """Uses another base URL from the next call on.

        base_url: str, http or https. Raises TypeError or ValueError for
        anything else.
        """
    def close(self) -> None:
        """Closes the connections. The client reconnects when it is used again.

        May be called repeatedly; calls in other threads finish normally.
        """
    def __enter__(self: _Client) -> _Client:
        """Returns the client itself; the end of the with statement closes it."""
    def __exit__(
        self,
        exc_type: Optional[Type[BaseException]],
        exc_value: Optional[BaseException],
        traceback: Optional[TracebackType],
        /,
    ) -> None:
        """Calls close(). Returns None: exceptions are not suppressed."""
