"""Memory after the import and 1,000 calls, over a bare interpreter."""

import json
import os
import subprocess

from harness import HERE, at_most, builds, python

CALLS = 1000
BARE = "import json, sys; sys.path.insert(0, %r); from worker import memory; print(json.dumps(memory()))" % HERE
FIGURES = {"Private_Dirty": ("private dirty memory", 0.2), "Rss": ("resident memory", 0.6)}


def grown(lab, environment):
    """Kilobytes over an interpreter with the same imports but ours."""
    bare = json.loads(subprocess.check_output([python(environment), "-c", BARE], env=dict(os.environ)))
    after = lab.once(lab.client(environment), CALLS)
    return {figure: after[figure] - bare[figure] for figure in FIGURES}


def rows(lab):
    pure = grown(lab, "peers")
    for build in builds():
        ours = grown(lab, build)
        for figure, (name, most) in FIGURES.items():
            text = "%.2f x (%d KiB; %d KiB)" % (ours[figure] / pure[figure], ours[figure], pure[figure])
            yield at_most(name + ", to the pure-Python SDK", build, ours[figure] / pure[figure], most, text)
