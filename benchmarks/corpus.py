"""Documents such as Sim's servers send, made from a fixed seed: small, typical, large, number-heavy."""

import json
import random

WORDS = (
    "agent workflow block the model answered with a list of items and called the search tool again before the "
    "router chose its branch because of an error in the response café naïve “quoted” token cost output"
).split()


def sentence(dice, words):
    return " ".join(dice.choice(WORDS) for _ in range(words))


def stamp(dice):
    return "2026-11-23T%02d:%02d:%02d.%03dZ" % tuple(dice.randrange(top) for top in (24, 60, 60, 1000))


def identity(dice):
    text = "%032x" % dice.getrandbits(128)
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def small(dice):
    return {
        "success": True, "executionId": identity(dice),
        "output": {"result": {"echo": "hi", "n": 3, "unicode": "žluťoučký 🐎"}, "stdout": "hello from fn"},
        "metadata": {"duration": 8073.638017000001, "startTime": stamp(dice), "endTime": stamp(dice)},
    }


def log(dice):
    return {
        "blockId": identity(dice), "blockName": sentence(dice, 2), "blockType": dice.choice(["agent", "function", "router"]),
        "startedAt": stamp(dice), "endedAt": stamp(dice), "durationMs": dice.randrange(9000), "success": dice.random() < 0.95,
        "input": {"prompt": sentence(dice, 30)},
        "output": {"content": sentence(dice, 60) + "\n\t\"done\"", "tokens": {"prompt": dice.randrange(5000), "completion": 412}},
    }


def span(dice, depth=2):
    return {
        "id": identity(dice), "name": sentence(dice, 3), "type": "agent", "duration": dice.randrange(90000),
        "startTime": stamp(dice), "endTime": stamp(dice), "status": "success", "cost": {"total": dice.random(), "input": 0.0003},
        "toolCalls": [{"name": "search", "duration": dice.randrange(900), "status": "success", "error": None}],
        "children": [span(dice, depth - 1) for _ in range(2)] if depth else [],
    }


def run(dice, logs, spans):
    return {**small(dice), "logs": [log(dice) for _ in range(logs)], "traceSpans": [span(dice) for _ in range(spans)]}


def numbers(dice, rows):
    return {
        "success": True,
        "output": {
            "embeddings": [[dice.uniform(-1, 1) for _ in range(256)] for _ in range(rows)],
            "counts": [dice.randrange(10**6) for _ in range(rows * 64)],
        },
    }


def documents(quick=False):
    """{name: UTF-8 bytes}, compact and unescaped, as JavaScript's JSON.stringify writes them."""
    dice = random.Random(20261123)
    shrink = 8 if quick else 1
    trees = {
        "small": small(dice),
        "logs": run(dice, 30, 0),
        "spans": run(dice, 0, 12),
        "large": run(dice, 8000 // shrink, 1430 // shrink),
        "numbers": numbers(dice, 800 // shrink),
    }
    return {name: json.dumps(tree, separators=(",", ":"), ensure_ascii=False).encode() for name, tree in trees.items()}
