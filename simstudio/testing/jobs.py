"""Queued runs of the local server."""

from __future__ import annotations

import itertools
import threading
from typing import Any, Iterable

from .eras import Era
from .times import iso, milliseconds, now
from .workflows import Workflow


class _Job:
    def __init__(self, job_id: str, workflow: Workflow, given: Any) -> None:
        self.id, self.workflow, self.given = job_id, workflow, given
        self.polls = 0
        self.started = now()
        # Once it is over: what its state says of that, and the times.
        self.outcome: tuple[dict[str, Any], dict[str, Any]] | None = None
        self.lock = threading.Lock()  # held while the workflow runs, which happens once

    def finish(self) -> tuple[dict[str, Any], dict[str, Any]]:
        with self.lock:
            if self.outcome is not None:
                return self.outcome
            try:
                output = self.workflow.run(self.given)
            except Exception as error:
                outcome: dict[str, Any] = {"status": "failed", "error": str(error)}
            else:
                outcome = {"status": "completed", "output": {"success": True, "output": output}}
            ended = now()
            self.outcome = (outcome, {"completedAt": iso(ended),
                                      "duration": milliseconds(self.started, ended)})
            return self.outcome


class Jobs:
    """The queued runs. A job goes a step further each time that it is polled.

    steps: the statuses that the polls before the last one see; None: what the server's era says,
        ("queued", "processing").
    """

    def __init__(self, era: Era) -> None:
        self.steps: Iterable[str] | None = None
        self._era = era
        self._jobs: dict[str, _Job] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    @property
    def ids(self) -> list[str]:
        """The ids of all jobs (list of str), in the order of their coming."""
        with self._lock:
            return list(self._jobs)

    def cancel(self, job_id: str) -> None:
        """Ends a job: its status is "cancelled" from now on, unless it was over."""
        job = self._jobs[job_id]
        with job.lock:
            if job.outcome is None:
                job.outcome = ({"status": "cancelled"}, {})

    def add(self, workflow: Workflow, given: Any) -> str:
        """Queues a run and returns its id."""
        with self._lock:
            job_id = "run_%d" % next(self._numbers)
            self._jobs[job_id] = _Job(job_id, workflow, given)
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
        if job.outcome is None and polls <= len(steps):
            state["status"] = steps[polls - 1]
            if self._era.has_job_times:
                state["estimatedDuration"] = 180000
                if state["status"] != self._era.waiting:
                    state["metadata"] = {"startedAt": iso(job.started)}
            return state
        outcome, times = job.finish()
        state.update(outcome)
        if self._era.has_job_times:
            state["metadata"] = dict(times, startedAt=iso(job.started))
        return state
