"""What `import simstudio` costs over a bare interpreter, and what it loads."""

import subprocess

from harness import BENCH, Row, at_most, builds, python

UNWANTED = ("requests", "ssl", "asyncio", "dataclasses", "json", "typing", "inspect")


def added_modules(interpreter):
    """Those of UNWANTED that the import loads, and the interpreter alone does not."""
    script = "import sys; bare = set(sys.modules); import simstudio; print(*set(sys.modules) - bare)"
    loaded = subprocess.check_output([interpreter, "-c", script], universal_newlines=True).split()
    return sorted(set(loaded) & set(UNWANTED))


def rows(lab):
    commands = {"loader": [BENCH + "/load", "libcurl.so.4", "libcjson.so.1"], "no loader": [BENCH + "/load"]}
    for name in [*builds(), "peers"]:
        commands[name] = [python(name), "-c", "import simstudio"]
        commands["bare " + name] = [python(name), "-c", "pass"]
    medians = lab.processes(commands, 5 if lab.quick else 41)
    loader = medians["loader"][0] - medians["no loader"][0]
    pure = medians["peers"][0] - medians["bare peers"][0]
    for build in builds():
        ours = medians[build][0] - medians["bare " + build][0]
        text = "%.3f x (%.2f ms; %.1f ms)" % (ours / pure, ours * 1e3, pure * 1e3)
        yield at_most("import, to the pure-Python SDK", build, ours / pure, 1 / 8, text)
        text = "%.2f x (%.2f ms)" % (ours / loader, loader * 1e3)
        yield at_most("import, to loading libcurl and cJSON alone", build, ours / loader, 1.5, text)
        unwanted = added_modules(python(build))
        yield Row("import loads none of %d modules" % len(UNWANTED), build, " ".join(unwanted) or "none", "none", not unwanted)
