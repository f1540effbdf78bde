"""CPU time and instructions of one call with a small answer, on a connection that is kept."""

from harness import at_least, at_most, beside, builds

PEERS = {
    "pure-Python SDK": "sdk",
    "pycurl + orjson": "pycurl_orjson",
    "httpx": "httpx",
    "aiohttp": "aiohttp",
}


def against_limit(lab, what, way):
    """Rows that hold each build against the C program with the same libraries; and the medians."""
    commands = {build: lab.client(build, way=way) for build in builds()}
    commands.update({"limit-" + build: lab.limit(build, way) for build in builds()})
    commands.update({"careful-" + build: lab.limit(build, way, "careful") for build in builds()})
    if way == "plain":
        commands.update({name: lab.client("peers", client, way) for name, client in PEERS.items()})
    medians = lab.interleave(commands, *((100, 5) if lab.quick else (200, 41)))
    rows = []
    for build in builds():
        ours, limit = medians[build]["cpu"], medians["limit-" + build]["cpu"]
        text = "%.2f x (%.1f us; %.1f us)" % (ours / limit, ours * 1e6, limit * 1e6)
        rows.append(at_most("%s: CPU, relative to the C program" % what, build, ours / limit, 1.2, text))
        careful = medians["careful-" + build]["cpu"]
        text = "%.2f x (%.1f us)" % (ours / careful, careful * 1e6)
        rows.append(beside("%s: CPU, relative to the same with our two system calls" % what, build, text))
        ours, limit = (lab.instructions_of_call(command) for command in (lab.client(build, way=way), lab.limit(build, way)))
        text = "%.2f x (%.0f; %.0f)" % (ours / limit, ours, limit)
        rows.append(at_most("%s: instructions, relative to the C program" % what, build, ours / limit, 1.2, text))
    return rows, medians


def rows(lab):
    found, medians = against_limit(lab, "call", "plain")
    yield from found
    for build in builds():
        ours = medians[build]["cpu"]
        for name in PEERS:
            theirs = medians[name]["cpu"]
            text = "%.2f x (%.1f us)" % (theirs / ours, theirs * 1e6)
            least = {"pure-Python SDK": 7.0, "pycurl + orjson": 1.0}.get(name)
            what = "call: CPU of %s, to ours" % name
            yield at_least(what, build, theirs / ours, least, text) if least else beside(what, build, text)
