"""Times as the Sim API writes them."""

from datetime import datetime, timedelta, timezone


def now():
    return datetime.now(timezone.utc)


def iso(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (moment.microsecond // 1000)


def in_a_minute():
    return now() + timedelta(seconds=60)


def milliseconds(start, end):
    return int((end - start).total_seconds() * 1000)
