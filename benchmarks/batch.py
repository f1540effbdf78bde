"""A thousand calls on one thread: the last hundred cost what the first hundred did.

Pages that are touched for the first time, in the interpreter's pools as well, are all touched by then: growth
that goes on shows in the calls after them."""

from statistics import median

from harness import Worker, at_most, beside, builds

CALLS, PART, AFTER = 1000, 100, 9000


def rows(lab):
    for build in builds():
        growth, later, ratios = [], [], []
        for _ in range(3 if lab.quick else 9):
            worker = Worker(lab.client(build), lab.environment())
            try:
                worker.batch(2)  # connected
                parts = [worker.batch(PART) for _ in range(CALLS // PART)]
                end = worker.batch(AFTER)
            finally:
                worker.end()
            growth.append(parts[-1]["Private_Dirty"] - parts[0]["Private_Dirty"])
            later.append(end["Private_Dirty"] - parts[-1]["Private_Dirty"])
            ratios.append(parts[-1]["cpu"] / parts[0]["cpu"])
        yield at_most("1,000 calls: CPU of the last 100, to the first", build, median(ratios), 1.1)
        yield beside("1,000 calls: memory grown since the first 100", build, "%.0f KiB" % median(growth))
        yield at_most("9,000 calls after them: memory grown", build, median(later), 4, unit="KiB")
