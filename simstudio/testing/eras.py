"""How Sim's answers changed over time: one row for each kind of server that is still met."""

from __future__ import annotations

from typing import Any, Callable, Dict, NamedTuple, Optional


class Era(NamedTuple):
    """What tells one kind of server from another.

    queued: callable(job id, time, base URL) -> the 202 body; None: the run is made at once, and
        its result is the answer.
    failed_status: the HTTP status of a run in which a block failed.
    has_codes: whether errors of the execute endpoint have a `code`.
    waiting: what a job's status is before it starts.
    has_job_times: whether a job's state has startedAt, completedAt, duration and the estimate.
    limit_key: what a bucket of the usage limits calls its size.
    """

    queued: Optional[Callable[[str, str, str], Dict[str, Any]]]
    failed_status: int
    has_codes: bool
    waiting: str
    has_job_times: bool
    limit_key: str


def _task(job_id: str, time: str, _url: str) -> dict[str, Any]:
    return {"success": True, "taskId": job_id, "status": "queued", "createdAt": time,
            "links": {"status": "/api/jobs/" + job_id}}


def _job(job_id: str, _time: str, url: str) -> dict[str, Any]:
    return {"success": True, "async": True, "jobId": job_id,
            "message": "Workflow execution queued", "statusUrl": "%s/api/jobs/%s" % (url, job_id)}


def _run(job_id: str, _time: str, url: str) -> dict[str, Any]:
    return {"data": {"runId": job_id, "statusUrl": "%s/api/jobs/%s" % (url, job_id)}}


#: The documented API first; then servers by the day they are known from.
ERAS = {
    "documented": Era(_task, 500, True, "queued", True, "limit"),
    "2025-11-01": Era(_task, 200, True, "queued", True, "limit"),
    "2025-11-30": Era(None, 500, False, "queued", True, "limit"),
    "2026-01-25": Era(_job, 500, False, "queued", True, "requestsPerMinute"),
    "2026-08-21": Era(_job, 500, False, "pending", False, "requestsPerMinute"),
    "2026-08-21/v2": Era(_run, 500, False, "pending", False, "requestsPerMinute"),
}
