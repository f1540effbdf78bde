"""One table of the lines that the tests run, of C and of Python: coverage_report.py FOLDER.

The folder holds what scripts/coverage.sh has measured. Fails when less than MINIMUM of csrc ran.
"""

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

MINIMUM = 95.0
ROOT = Path(__file__).resolve().parent.parent


def lines_of_c(folder):
    """{file: {line: how often it ran}}, all builds and runs together."""
    counts = defaultdict(lambda: defaultdict(int))
    for notes in sorted(folder.rglob("*.gcda")):
        answer = subprocess.run(
            ["gcov", "--json-format", "--stdout", str(notes)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
            cwd=str(ROOT),
        )
        for document in answer.stdout.splitlines():
            for file in json.loads(document)["files"]:
                path = (ROOT / file["file"]).resolve()
                if ROOT / "csrc" not in path.parents:
                    continue
                lines = counts[path.relative_to(ROOT).as_posix()]
                for line in file["lines"]:
                    lines[line["line_number"]] += line["count"]
    return counts


def lines_of_python(folder):
    """The same, as far as coverage.py counts: 1 for lines that ran."""
    files = json.loads((folder / "python.json").read_text())["files"]
    return {
        name: {
            **dict.fromkeys(file["executed_lines"], 1),
            **dict.fromkeys(file["missing_lines"], 0),
        }
        for name, file in files.items()
    }


def ranges(numbers):
    """[1, 2, 3, 5] as "1-3 5"."""
    found = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return " ".join(str(a) if a == b else "%d-%d" % (a, b) for a, b in found)


def show(files):
    """Prints the table; the percentage of all files together."""
    total = ran = 0
    for name in sorted(files):
        lines = files[name]
        missed = [line for line, count in lines.items() if count == 0]
        total += len(lines)
        ran += len(lines) - len(missed)
        share = 100.0 * (len(lines) - len(missed)) / max(1, len(lines))
        print("%-32s %5d lines %6.1f %%  %s" % (name, len(lines), share, ranges(missed)))
    share = 100.0 * ran / max(1, total)
    print("%-32s %5d lines %6.1f %%\n" % ("together", total, share))
    return share


def main():
    folder = Path(sys.argv[1])
    share = show(lines_of_c(folder))
    show(lines_of_python(folder))
    if share < MINIMUM:
        sys.exit("csrc: %.1f %% ran, less than %.0f %%" % (share, MINIMUM))


if __name__ == "__main__":
    main()
