"""The Sim SDK for Python, native: run agent workflows on Sim.

SimStudioClient, also known as Client, makes the calls; SimStudioError is what a failed one raises.
What calls return: WorkflowExecutionResult, AsyncExecutionResult, WorkflowStatus, RateLimitInfo,
UsageLimits; and WorkflowStream, an iterator of StreamEvent. (No call returns a RateLimitStatus, as
in 0.1.1.) help() of each says more. simstudio.testing is a local Sim server, for tests and demos.
"""

from ._native import (
    AsyncExecutionResult,
    RateLimitInfo,
    SimStudioClient,
    SimStudioError,
    UsageLimits,
    WorkflowExecutionResult,
    WorkflowStatus,
)

# "as" offers these to type checkers as well, though __all__, which is 0.1.1's, lacks them.
from ._native import RateLimitStatus as RateLimitStatus
from ._native import StreamEvent as StreamEvent
from ._native import WorkflowStream as WorkflowStream
from ._native import __version__ as __version__

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
