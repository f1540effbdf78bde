"""Queued runs of the local server."""

from __future__ import annotations

import itertools
import threading
import uuid
from typing import Any, Iterable

from .eras import Era
from .times import iso, milliseconds, now
from .workflows import Workflow, output_of


class _Job:
    def __init__(self, workflow_id: str, execution_id: str, workflow: Workflow, given: Any) -> None:
        self.workflow_id, self.execution_id = workflow_id, execution_id
        self.workflow, self.given = workflow, given
        self.polls = 0
        self.started = now()
        # Once it is over: what its state says of that, and the times.
        self.outcome: tuple[dict[str, Any], dict[str, Any]] | None = None
        self.lock = threading.Lock()  # held while the workflow runs, which happens once

    def finish(self, era: Era) -> tuple[dict[str, Any], dict[str, Any]]:
        with self.lock:
            if self.outcome is not None:
                return self.outcome
            try:
                output = output_of(self.workflow.run(self.given), era)
            except BaseException as error:
                ended = self._end({"status": "failed", "error": era.job_error(str(error))})
                if not isinstance(error, Exception):  # pytest.fail(), which is to be told
                    raise
                return ended
            return self._end({"status": "completed", "output": {
                "success": True, "workflowId": self.workflow_id,
                "executionId": self.execution_id, "output": output, "executedAt": iso(now())}})

    def _end(self, outcome: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        ended = now()
        self.outcome = (outcome, {"completedAt": iso(ended),
                                  "duration": milliseconds(self.started, ended)})
        return self.outcome

    def ids(self) -> dict[str, Any]:
        """What today's servers say in place of times."""
        return {"workflowId": self.workflow_id, "userId": "user", "workspaceId": "workspace",
                "correlation": {"executionId": self.execution_id, "requestId": "00000000",
                                "source": "workflow", "workflowId": self.workflow_id,
                                "triggerType": "api"}}


class Jobs:
    """The queued runs. A job goes a step further each time that it is polled.

    steps: the statuses that the polls before the last one see, an iterable of str; None: the
        server's own, ("queued", "processing") or ("pending", "processing").
    """

    def __init__(self, era: Era) -> None:
        self.steps: Iterable[str] | None = None
        self._era = era
        self._jobs: dict[str, _Job] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    @property
    def ids(self) -> list[str]:
        """The ids of all jobs (list of str), the oldest first."""
        with self._lock:
            return list(self._jobs)

    def cancel(self, job_id: str) -> None:
        """Ends a job: its status is "cancelled" from now on, unless it was over."""
        job = self._jobs[job_id]
        with job.lock:
            if job.outcome is None:
                job.outcome = ({"status": "cancelled"}, {})

    def add(self, workflow: Workflow, given: Any, workflow_id: str = "workflow",
            execution_id: str | None = None) -> str:
        """Queues a run and returns its id."""
        execution_id = execution_id or str(uuid.uuid4())
        with self._lock:
            job_id = self._era.job_id(execution_id, next(self._numbers))
            self._jobs[job_id] = _Job(workflow_id, execution_id, workflow, given)
        return job_id

    def poll(self, job_id: str) -> dict[str, Any] | None:
        """The state of a job as the server tells it; None for an unknown one."""
        steps = tuple(self.steps or ()) or (self._era.waiting, "processing")
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None:
                return None
            job.polls += 1
            polls = job.polls
        state: dict[str, Any] = {"success": True, "taskId": job_id, "metadata": {}}
        if not self._era.has_job_times:
            state.update(metadata=job.ids(), output=None)
        if job.outcome is None and polls <= len(steps):
            state["status"] = steps[polls - 1]
            if self._era.has_job_times:
                state["estimatedDuration"] = 180000
                if state["status"] != self._era.waiting:
                    state["metadata"] = {"startedAt": iso(job.started)}
            return state
        outcome, times = job.finish(self._era)
        state.update(outcome)
        if self._era.has_job_times:
            state["metadata"] = dict(times, startedAt=iso(job.started))
        return state
