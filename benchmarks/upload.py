"""A 20 MB file in input_data: peak memory, and time."""

from statistics import median

from harness import at_least, at_most, beside, builds
from worker import UPLOAD_BYTES

BASE64_KIB = UPLOAD_BYTES * 4 / 3 / 1024


def rows(lab):
    medians = lab.interleave({name: lab.client(name, "upload") for name in [*builds(), "peers"]}, 1, 3 if lab.quick else 9)
    peak = {}
    for name in [*builds(), "peers"]:
        before = median(lab.once(lab.client(name, "upload"), 0)["VmHWM"] for _ in range(3))
        peak[name] = lab.once(lab.client(name, "upload"), 1)["VmHWM"] - before
    for build in builds():
        ratio = peak[build] / BASE64_KIB
        yield at_most("peak memory of a 20 MB file, to its base64", build, ratio, 1.5)
        for figure in ("wall", "cpu"):
            ours, pure = medians[build][figure], medians["peers"][figure]
            text = "%.2f x (%.0f ms; %.0f ms)" % (pure / ours, ours * 1e3, pure * 1e3)
            yield at_least("%s time of the pure-Python SDK for it, to ours" % figure, build, pure / ours, 3.0, text)
    yield beside("peak memory of a 20 MB file, to its base64", "pure", "%.2f x" % (peak["peers"] / BASE64_KIB))
