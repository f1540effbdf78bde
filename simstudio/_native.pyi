"""The types of the extension module. What things mean: help(simstudio)."""

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

def libcurl_version() -> str: ...

class SimStudioError(Exception):
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
    success: bool
    output: Optional[Any] = None
    error: Optional[str] = None
    logs: Optional[List[Any]] = None
    metadata: Optional[Dict[str, Any]] = None
    trace_spans: Optional[List[Any]] = None
    total_duration: Optional[float] = None

@dataclass
class AsyncExecutionResult:
    success: bool
    task_id: str
    status: str
    created_at: str
    links: Dict[str, str]

@dataclass
class WorkflowStatus:
    is_deployed: bool
    deployed_at: Optional[str] = None
    is_published: bool = False
    needs_redeployment: bool = False

@dataclass
class RateLimitInfo:
    limit: int
    remaining: int
    reset: int
    retry_after: Optional[int] = None

@dataclass
class RateLimitStatus:
    is_limited: bool
    limit: int
    remaining: int
    reset_at: str

@dataclass
class UsageLimits:
    success: bool
    rate_limit: Dict[str, Any]
    usage: Dict[str, Any]

@dataclass
class StreamEvent:
    type: str
    block_id: Optional[str] = None
    text: Optional[str] = None
    data: Optional[Any] = None
    raw: Optional[str] = None

@final
class WorkflowStream:
    @property
    def blocks(self) -> Dict[str, str]: ...
    @property
    def text_stream(self) -> Iterator[str]: ...
    def result(self) -> WorkflowExecutionResult: ...
    def close(self) -> None: ...
    def __iter__(self) -> "WorkflowStream": ...
    def __next__(self) -> StreamEvent: ...
    def __enter__(self) -> "WorkflowStream": ...
    def __exit__(
        self,
        exc_type: Optional[Type[BaseException]],
        exc_value: Optional[BaseException],
        traceback: Optional[TracebackType],
        /,
    ) -> None: ...

@disjoint_base
class SimStudioClient:
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
    ) -> WorkflowExecutionResult: ...
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
    ) -> WorkflowExecutionResult: ...
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
    ) -> WorkflowExecutionResult: ...
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
    ) -> WorkflowStream: ...
    def get_workflow_status(self, workflow_id: str) -> WorkflowStatus: ...
    def validate_workflow(self, workflow_id: str) -> bool: ...
    def get_job_status(self, task_id: str) -> Dict[str, Any]: ...
    def get_rate_limit_info(self) -> Optional[RateLimitInfo]: ...
    def get_usage_limits(self) -> UsageLimits: ...
    def set_api_key(self, api_key: Optional[str]) -> None: ...
    def set_base_url(self, base_url: str) -> None: ...
    def close(self) -> None: ...
    def __enter__(self: _Client) -> _Client: ...
    def __exit__(
        self,
        exc_type: Optional[Type[BaseException]],
        exc_value: Optional[BaseException],
        traceback: Optional[TracebackType],
        /,
    ) -> None: ...
