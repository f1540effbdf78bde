"""What `import simstudio` costs over a bare interpreter, and what it loads.

What counts is the instructions of the whole process and its CPU time, user and system: it hardly
waits for anything, and wall-clock time would include what else the machine does."""

import subprocess

from harness import BENCH, Row, at_most, beside, builds, python

UNWANTED = ("requests", "ssl", "asyncio", "dataclasses", "json", "typing", "inspect")
LIBRARIES = ("libcurl.so.4", "libcjson.so.1")


def added_modules(interpreter):
    """Those of UNWANTED that the import loads, and the interpreter alone does not."""
    script = "import sys; bare = set(sys.modules); import simstudio; print(*set(sys.modules) - bare)"
    loaded = subprocess.check_output([interpreter, "-c", script], cwd=BENCH, universal_newlines=True).split()
    return sorted(set(loaded) & set(UNWANTED))


def rows(lab):
    load = BENCH + "/load"
    pairs = {"loader": ([load, *LIBRARIES], [load])}  # what is measured, and what it is measured over
    for name in [*builds(), "peers"]:
        pairs[name] = [python(name), "-c", "import simstudio"], [python(name), "-c", "pass"]
    commands = {(name, which): command for name, pair in pairs.items() for which, command in enumerate(pair)}
    medians = lab.processes(commands, 5 if lab.quick else 61)
    seconds = {name: medians[name, 0][1] - medians[name, 1][1] for name in pairs}
    executed = {name: lab.instructions(full) - lab.instructions(bare) for name, (full, bare) in pairs.items()}
    for build in builds():
        for other, words, most in (("peers", "to the pure-Python SDK", 1 / 8), ("loader", "to loading libcurl and cJSON", 1.5)):
            ratio = seconds[build] / seconds[other]
            text = "%.3f x (%.2f ms; %.2f ms)" % (ratio, seconds[build] * 1e3, seconds[other] * 1e3)
            yield at_most("import: CPU time, " + words, build, ratio, most, text)
            ratio = executed[build] / executed[other]
            text = "%.3f x (%.1f M; %.1f M)" % (ratio, executed[build] / 1e6, executed[other] / 1e6)
            yield beside("import: instructions, " + words, build, text)
        unwanted = added_modules(python(build))
        yield Row("import loads none of %d modules" % len(UNWANTED), build, " ".join(unwanted) or "none", "none", not unwanted)
