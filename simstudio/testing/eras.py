"""How Sim's answers changed over time: one row for each kind of server that is still met."""

from __future__ import annotations

from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple

#: What an error says: its message, and its code or None.
Words = Tuple[str, Optional[str]]


class KeyErrors(NamedTuple):
    """What an endpoint says to a request without a key, and to one with a wrong key."""

    missing: Words
    wrong: Words


class Era(NamedTuple):
    """What tells one kind of server from another.

    queued: callable(job id, execution id, time, base URL) -> the 202 body; None: the run is made at
        once, and its result is the answer.
    job_id: callable(execution id, number) -> the id of a queued run.
    failed_status: the HTTP status of a run in which a block failed.
    has_codes: whether errors of the execute endpoint have a `code`.
    has_execution_ids: whether results have an `executionId`.
    bad_json: what is said to a body that is not JSON; None: it counts as empty.
    key_errors: by endpoint; None where nobody is asked for a key.
    waiting: what a job's status is before it starts.
    has_job_times: whether a job's state has startedAt, completedAt, duration and the estimate;
        otherwise it has the ids of the run, and `output` from the start.
    job_error: callable(message) -> the `error` of a failed job.
    bucket: callable(limit) -> what a bucket of the usage limits says about its size.
    response: callable(data, status, headers) -> the output of a run that ends in a Response block
        and is streamed or queued, where the block cannot be the answer.
    dialect: what a Stream that names no dialect is sent in.
    """

    queued: Optional[Callable[[str, str, str, str], Dict[str, Any]]]
    job_id: Callable[[str, int], str]
    failed_status: int
    has_codes: bool
    has_execution_ids: bool
    bad_json: Optional[Words]
    key_errors: Dict[str, Optional[KeyErrors]]
    waiting: str
    has_job_times: bool
    job_error: Callable[[str], Any]
    bucket: Callable[[int], Dict[str, Any]]
    response: Callable[[Any, int, Dict[str, str]], Dict[str, Any]]
    dialect: str


def _task(job_id: str, _execution_id: str, time: str, _url: str) -> dict[str, Any]:
    return {"success": True, "taskId": job_id, "status": "queued", "createdAt": time,
            "links": {"status": "/api/jobs/" + job_id}}


def _job(job_id: str, _execution_id: str, _time: str, url: str) -> dict[str, Any]:
    return {"success": True, "async": True, "jobId": job_id,
            "message": "Workflow execution queued", "statusUrl": "%s/api/jobs/%s" % (url, job_id)}


def _job_of_execution(job_id: str, execution_id: str, time: str, url: str) -> dict[str, Any]:
    return dict(_job(job_id, execution_id, time, url), executionId=execution_id)


def _run(job_id: str, _execution_id: str, _time: str, url: str) -> dict[str, Any]:
    return {"data": {"runId": job_id, "statusUrl": "%s/api/jobs/%s" % (url, job_id)}}


def _thrown(message: str) -> dict[str, str]:
    return {"message": message, "name": "Error", "stackTrace": "Error: %s\n    at run" % message}


def _outputs(data: Any, status: int, headers: dict[str, str]) -> dict[str, Any]:
    return {"data": data, "status": status, "headers": headers}


_UNAUTHORIZED = KeyErrors(
    ("Unauthorized: API key required", "UNAUTHORIZED:_API_KEY_REQUIRED"),
    ("Unauthorized: Invalid API key", "UNAUTHORIZED:_INVALID_API_KEY"))
_REQUIRED = KeyErrors(*[("Authentication required", "AUTHENTICATION_REQUIRED")] * 2)
_BAD_JSON = "Invalid JSON in request body"

# The documented API; the others are told by what they changed.
_DOCUMENTED = Era(
    queued=_task,
    job_id=lambda _execution_id, number: "run_%d" % number,
    failed_status=500,
    has_codes=True,
    has_execution_ids=False,
    bad_json=(_BAD_JSON, "INVALID_JSON"),
    key_errors=dict.fromkeys(("execute", "status", "job", "usage"), _UNAUTHORIZED),
    waiting="queued",
    has_job_times=True,
    job_error=str,
    bucket=lambda limit: {"limit": limit},
    response=_outputs,
    dialect="documented",
)
_FIRST = _DOCUMENTED._replace(
    failed_status=200,
    bad_json=(_BAD_JSON, "INVALID_JSON_IN_REQUEST_BODY"),
    key_errors={"execute": _UNAUTHORIZED, "status": None, "job": _REQUIRED, "usage": _REQUIRED},
    job_error=_thrown,
    response=lambda *outputs: {"response": _outputs(*outputs)},
    dialect="sim",
)
_SECOND = _FIRST._replace(
    queued=None,
    failed_status=500,
    has_codes=False,
    bad_json=None,
    key_errors=dict(_FIRST.key_errors, execute=KeyErrors(
        ("Authentication required - provide session, API key, or internal JWT", None),
        ("Invalid API key", None))),
)
_THIRD = _SECOND._replace(
    queued=_job,
    bucket=lambda limit: {"requestsPerMinute": limit, "maxBurst": 2 * limit},
    response=_outputs,
)
_FOURTH = _THIRD._replace(
    queued=_job_of_execution,
    job_id=lambda execution_id, _number: "workflow-execution:" + execution_id,
    has_execution_ids=True,
    bad_json=(_BAD_JSON, None),
    key_errors={
        "execute": KeyErrors(("Unauthorized", None), ("Invalid API key", None)),
        "status": KeyErrors(("Unauthorized", None), ("Unauthorized", None)),
        "job": KeyErrors(("Unauthorized", "UNAUTHORIZED"), ("Invalid API key", "INVALID_API_KEY")),
        "usage": _REQUIRED,
    },
    waiting="pending",
    has_job_times=False,
    job_error=str,
)

#: The documented API first; then servers by the day they are known from.
ERAS = {
    "documented": _DOCUMENTED,
    "2025-11-01": _FIRST,
    "2025-11-30": _SECOND,
    "2026-01-25": _THIRD,
    "2026-08-21": _FOURTH,
    "2026-08-21/v2": _FOURTH._replace(queued=_run, job_id=lambda execution_id, _: execution_id),
}
