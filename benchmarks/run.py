"""Runs the benchmarks and prints the table: python benchmarks/run.py [--quick] [--strict] [NAME...]

--quick: fewer rounds, for a look. --strict: exit code 1 when a bar is missed. NAME: some of SCRIPTS."""

import argparse
import importlib
import os
import platform
import subprocess
import sys
import time

from harness import BENCH, Lab, builds

SCRIPTS = ("call", "tls", "threads", "imports", "memory", "json_decode", "big_answer", "upload", "batch", "streaming")
VERDICTS = {True: "met", False: "MISSED", None: ""}


def libcurl_of(build):
    return subprocess.check_output([os.path.join(BENCH, "limit-" + build)], universal_newlines=True).strip()


def machine():
    """One line: processor, number of them, CPython, and the libcurl of each build."""
    model = platform.processor()
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), model)
    libraries = ", ".join("libcurl %s (%s)" % (libcurl_of(build), build) for build in builds())
    return "%s, %d processors, CPython %s, %s" % (model, os.cpu_count(), platform.python_version(), libraries)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", default=SCRIPTS)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--strict", action="store_true")
    options = parser.parse_args()
    if not builds():
        sys.exit("nothing is built to be measured: make bench")
    print("%s\n\n| what | build | measured | bar | |\n| --- | --- | --- | --- | --- |" % machine(), flush=True)
    missed, start = 0, time.monotonic()
    with Lab(options.quick) as lab:
        for name in options.names:
            for row in importlib.import_module(name).rows(lab):
                missed += row.met is False
                print("| %s | %s | %s | %s | %s |" % (*row[:4], VERDICTS[row.met]), flush=True)
    print("\n%d missed; %.0f s" % (missed, time.monotonic() - start))
    return 1 if missed and options.strict else 0


if __name__ == "__main__":
    sys.exit(main())
