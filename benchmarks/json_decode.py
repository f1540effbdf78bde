"""JSON to Python objects, to json.loads: one thread, and two that share the work."""

import json
import math
import os
import subprocess

from harness import BENCH, HERE, at_least, beside, builds, python

LEAST_OF_ANY = 0.9
MEAN = {"wheel": 1.3, "source": 1.0}  # the system's cJSON allocates node by node


def rows(lab):
    for build in builds():
        command = [python(build), os.path.join(HERE, "decode_worker.py"), os.path.join(BENCH, "decoder-" + build)]
        found = json.loads(subprocess.check_output(command + (["quick"] if lab.quick else [])))
        ratios = {name: times["json"] / times["ours"] for name, times in found["documents"].items()}
        mean = math.exp(sum(map(math.log, ratios.values())) / len(ratios))
        yield at_least("JSON, geometric mean, to json.loads", build, mean, MEAN[build])
        for name, ratio in ratios.items():
            size = found["documents"][name]["size"]
            what = "JSON, %s (%d bytes)" % (name, size)
            yield at_least(what, build, ratio, LEAST_OF_ANY) if build == "wheel" else beside(what, build, "%.2f x" % ratio)
        for name, (one, two) in found["threads"].items():
            times, gain = found["documents"][name], 2 * one / two
            held = 1 - times["parse"] / times["ours"]  # the share of the time that the GIL is needed for
            text = "%.0f %%, so no more than %.2f x" % (held * 100, 1 / held)
            yield beside("JSON, %s: time with the GIL" % name, build, text)
            what = "JSON, %s: two threads, to one" % name
            yield at_least(what, build, gain, 1.5) if build == "wheel" else beside(what, build, "%.2f x" % gain)
