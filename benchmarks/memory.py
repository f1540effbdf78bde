"""Memory after the import and 1,000 calls, over a bare interpreter that runs the same script."""

from statistics import median

from harness import at_most, builds

CALLS = 1000
FIGURES = {"Private_Dirty": ("private dirty memory", 0.2), "Rss": ("resident memory", 0.6)}


def grown(lab, environment, rounds):
    """Kilobytes over the bare interpreter."""
    clients = {
        name: [lab.once(lab.client(environment, name), CALLS) for _ in range(rounds)] for name in ("bare", "sdk")
    }
    return {
        figure: median(one[figure] for one in clients["sdk"]) - median(one[figure] for one in clients["bare"])
        for figure in FIGURES
    }


def rows(lab):
    rounds = 3 if lab.quick else 7
    pure = grown(lab, "peers", rounds)
    for build in builds():
        ours = grown(lab, build, rounds)
        for figure, (name, most) in FIGURES.items():
            text = "%.2f x (%d KiB; %d KiB)" % (ours[figure] / pure[figure], ours[figure], pure[figure])
            yield at_most(name + ", to the pure-Python SDK", build, ours[figure] / pure[figure], most, text)
