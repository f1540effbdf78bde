"""How Sim's answers changed over time: one row for each kind of server that is still met."""

from collections import namedtuple

#: queued: callable(job id, time, base URL) -> the 202 body; None: the run is made at once, and
#:     its result is the answer.
#: failed_status: the HTTP status of a run in which a block failed.
#: has_codes: whether errors of the execute endpoint have a `code`.
#: waiting: what a job's status is before it starts.
#: has_job_times: whether a job's state has startedAt, completedAt, duration and the estimate.
#: limit_key: what a bucket of the usage limits calls its size.
Era = namedtuple("Era", "queued failed_status has_codes waiting has_job_times limit_key")


def _task(job_id, time, _url):
    return {"success": True, "taskId": job_id, "status": "queued", "createdAt": time,
            "links": {"status": "/api/jobs/" + job_id}}


def _job(job_id, _time, url):
    return {"success": True, "async": True, "jobId": job_id,
            "message": "Workflow execution queued", "statusUrl": "%s/api/jobs/%s" % (url, job_id)}


def _run(job_id, _time, url):
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
