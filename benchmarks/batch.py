"""A thousand calls on one thread: the last hundred cost what the first hundred did."""

from statistics import median

from harness import Worker, at_most, builds

CALLS, PART = 1000, 100


def rows(lab):
    for build in builds():
        growth, ratios = [], []
        for _ in range(3 if lab.quick else 9):
            worker = Worker(lab.client(build), lab.environment())
            try:
                worker.batch(2)  # connected
                parts = [worker.batch(PART) for _ in range(CALLS // PART)]
            finally:
                worker.end()
            growth.append(parts[-1]["Private_Dirty"] - parts[0]["Private_Dirty"])
            ratios.append(parts[-1]["cpu"] / parts[0]["cpu"])
        yield at_most("1,000 calls: CPU of the last 100, to the first", build, median(ratios), 1.1)
        yield at_most("1,000 calls: memory grown since the first 100", build, median(growth), 16, unit="KiB")
