"""Runs every scenario with its first allocation refused, then its second, and so on.

    python torture.py FAULTS_LIBRARY [--stride N] [--kinds python,core,libcurl,cjson] [--only TEXT]

simstudio must be a build with SIM_MEMORY_FAULTS. Each run must end in MemoryError, or as it does
with memory (some allocations can be done without); where one of libcurl's fails, in SimStudioError
too, of which validate_workflow() makes False. Nothing may stay allocated, and the same call must
work right after. Prints what is wrong.
"""

import argparse
import ctypes
import gc
import re
import subprocess
import sys
from pathlib import Path

KINDS = ("python", "libcurl", "cjson", "core")  # the first three in the order of faults.c


# The cache of attributes keeps the names that were looked up last.
empty_caches = getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache


def settle():
    """Empties the lists of kept objects, which would need no allocation, and the caches."""
    gc.collect()
    empty_caches()


class Faults:
    """The two hooks behind one interface."""

    def __init__(self, path):
        self.library = ctypes.PyDLL(path)
        self.library.faults_call.restype = ctypes.py_object
        self.library.faults_call.argtypes = (ctypes.py_object, ctypes.c_int, ctypes.c_long)
        if self.library.faults_install() != 0:
            sys.exit("libcurl cannot be started with hooks")

    def attach(self, native):
        self.core = ctypes.CDLL(native.__file__)
        self.core.sim_memory_fail_after.argtypes = (ctypes.c_long,)
        self.core.sim_memory_live.restype = ctypes.c_long
        if self.library.faults_watch(ctypes.cast(self.core.sim_memory_live, ctypes.c_void_p)) != 0:
            sys.exit("the extension or the interpreter's loop is not to be found")

    def call(self, function, kind, allowed):
        """(result, exception, whether something was refused)"""
        index = KINDS.index(kind)
        result = error = None
        settle()
        if kind == "core":
            self.core.sim_memory_fail_after(allowed)
        try:
            result = self.library.faults_call(function, index if kind != "core" else 0, -1 if kind == "core" else allowed)
        except BaseException as raised:
            error = raised.with_traceback(None)
            error.__context__ = error.__cause__ = None
        if kind == "core":
            refused = self.core.sim_memory_has_failed()
            self.core.sim_memory_fail_after(-1)
        else:
            refused = self.library.faults_was_refused()
        return result, error, bool(refused)

    def count_live(self, counts):
        """Writes the blocks in use of each kind into a ctypes array: counting them takes none."""
        self.library.faults_count_live(counts)
        counts[KINDS.index("core")] = self.core.sim_memory_live()


# Scenarios that import the module anew. CPython 3.13 corrupts the dict of a type, and crashes on it
# later, when it has no memory for an attribute that is being set.
LEFT_OUT = {("import", "python"), ("dataclass", "python")} if sys.version_info[:2] == (3, 13) else set()


def show(result, error):
    """An outcome as text, addresses and durations aside."""
    if error is None:
        return repr(result) if not hasattr(result, "__loader__") else "a module"
    return re.sub(r"after \d+ ms", "after some ms", "%s: %s" % (type(error).__name__, error))


class Torture:
    def __init__(self, faults, error_type):
        self.faults = faults
        self.error_type = error_type
        self.complaints = []
        self.refusals = 0
        self.counts = (ctypes.c_long * len(KINDS))(), (ctypes.c_long * len(KINDS))()

    def complain(self, name, kind, allowed, text):
        self.complaints.append((name, kind, allowed))
        print("%s, %s allocation %d refused: %s" % (name, kind, allowed, text), flush=True)

    def is_acceptable(self, kind, outcome, error, expected):
        if isinstance(error, MemoryError) or outcome == expected:
            return True
        if kind == "python" and sys.version_info < (3, 12):
            # There, and in the first releases of 3.11, an exception whose message cannot be made is raised without.
            if re.findall(r"\w+Error\b", outcome) == re.findall(r"\w+Error\b", expected):
                return True
        if kind == "python":
            # CPython loses the exception of a Python function for whose frame it has no memory.
            return isinstance(error, SystemError) and str(error).startswith("<function ")
        return kind == "libcurl" and (isinstance(error, self.error_type) or outcome == "False")

    def leaks(self, function, kind, allowed):
        """Blocks that each further run leaves behind; caches fill in the first ones."""
        before, after = self.counts
        for _ in range(6):
            settle()
            self.faults.count_live(before)
            self.faults.call(function, kind, allowed)
            settle()
            self.faults.count_live(after)
            gained = [late - early for late, early in zip(after, before)]
            if max(gained) <= 0:
                return None
            del gained
        gained = [late - early for late, early in zip(after, before)]
        return "leaves %s blocks behind" % dict(zip(KINDS, gained))

    def run(self, name, function, kind, stride):
        expected = show(*self.faults.call(function, kind, -1)[:2])
        allowed = 0
        while True:
            result, error, refused = self.faults.call(function, kind, allowed)
            outcome = show(result, error)
            del result
            if not refused:
                break
            self.refusals += 1
            if not self.is_acceptable(kind, outcome, error, expected):
                self.complain(name, kind, allowed, "%s instead of %s" % (outcome[:600], expected[:600]))
            error = None
            leak = self.leaks(function, kind, allowed)
            if leak:
                self.complain(name, kind, allowed, leak)
            again = show(*self.faults.call(function, kind, -1)[:2])
            if again != expected:
                self.complain(name, kind, allowed, "afterwards %s instead of %s" % (again[:200], expected[:120]))
            allowed += stride
        return allowed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("library")
    parser.add_argument("--stride", type=int, default=1, help="refuse every so many-th allocation only")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--only", default="", help="scenarios with this text in their name")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()

    faults = Faults(options.library)
    import simstudio
    import simstudio._native

    faults.attach(simstudio._native)
    from scenarios import all_scenarios

    server = subprocess.Popen(
        [sys.executable, "-S", str(Path(__file__).with_name("answers.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        universal_newlines=True,
    )
    gc.collect()
    gc.freeze()
    torture = Torture(faults, simstudio.SimStudioError)
    try:
        url = "http://127.0.0.1:%d" % int(server.stdout.readline())
        for name, function in all_scenarios(simstudio, url, "http://127.0.0.1:1"):
            if options.only not in name:
                continue
            for kind in options.kinds.split(","):
                if (name, kind) in LEFT_OUT:
                    continue
                count = torture.run(name, function, kind, options.stride)
                if options.verbose:
                    print(name, kind, count, flush=True)
    finally:
        server.communicate()
    print("%d refusals, %d complaints" % (torture.refusals, len(torture.complaints)))
    return 1 if torture.complaints or torture.refusals == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
