"""Peak memory of a 50 MB answer."""

from harness import BIG_BYTES, at_most, builds


def rows(lab):
    peak = {}
    for name in [*builds(), "peers"]:
        before = lab.once(lab.client(name), 1)
        peak[name] = lab.once(lab.client(name, workflow="big"), 1)["VmHWM"] - before["VmHWM"]
    for build in builds():
        ratio = peak[build] / peak["peers"]
        text = "%.2f x (%d MiB; %d MiB)" % (ratio, peak[build] >> 10, peak["peers"] >> 10)
        what = "peak memory of a %d MB answer, to the pure-Python SDK" % (BIG_BYTES // 10**6)
        yield at_most(what, build, ratio, 1.0, text)
