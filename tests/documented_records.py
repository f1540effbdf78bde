"""The result types as the documentation gives them: plain dataclasses to measure ours by."""

from dataclasses import dataclass
from typing import Any, Dict, List, Optional


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
