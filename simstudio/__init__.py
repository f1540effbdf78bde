"""The Sim SDK for Python, native: run agent workflows on Sim."""

from ._native import (
    AsyncExecutionResult,
    RateLimitInfo,
    RateLimitStatus,
    SimStudioClient,
    SimStudioError,
    StreamEvent,
    UsageLimits,
    WorkflowExecutionResult,
    WorkflowStatus,
    WorkflowStream,
    __version__,
)

Client = SimStudioClient

__all__ = [
    "SimStudioClient",
    "SimStudioError",
    "WorkflowExecutionResult",
    "WorkflowStatus",
    "AsyncExecutionResult",
    "RateLimitInfo",
    "UsageLimits",
]
