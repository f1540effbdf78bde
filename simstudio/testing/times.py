"""Times as the Sim API writes them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone


def now() -> datetime:
    return datetime.now(timezone.utc)


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (moment.microsecond // 1000)


def in_a_minute() -> datetime:
    return now() + timedelta(seconds=60)


def milliseconds(start: datetime, end: datetime) -> int:
    return int((end - start).total_seconds() * 1000)
