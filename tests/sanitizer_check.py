"""Shows that the sanitizer is at work before its silence is believed: sanitizer_check.py SANITIZER.

The extension must have been built with it, and faults made on purpose must be reported, in a
process that Python starts as the tests start theirs."""

import subprocess
import sys
from pathlib import Path

MALLOC = """
import ctypes, threading
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
"""
RACE = """
block = libc.malloc(1 << 20)
threads = [threading.Thread(target=lambda: [libc.memset(block, n, 1 << 20) for n in range(99)]) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""
# The sanitizer: what its code calls, and faults with the words that report them.
CHECKS = {
    "address": (
        [b"__asan_report_load", b"__ubsan_handle_"],
        [("libc.memset(libc.malloc(8), 0, 9)", "AddressSanitizer: heap-buffer-overflow"),
         ("libc.malloc(7777)", "LeakSanitizer: detected memory leaks")],
    ),
    "thread": ([b"__tsan_read", b"__tsan_func_entry"], [(RACE, "ThreadSanitizer: data race")]),
}


def main():
    marks, faults = CHECKS[sys.argv[1]]
    from simstudio import _native

    root = Path(__file__).resolve().parent.parent
    assert Path(_native.__file__).resolve().parent == root / "simstudio", "another extension: " + _native.__file__
    for mark in marks:
        assert mark in Path(_native.__file__).read_bytes(), "the extension was built without the sanitizer"
    for fault, words in [("", None)] + faults:
        done = subprocess.run([sys.executable, "-c", MALLOC + fault], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, universal_newlines=True)
        if words is None:
            assert done.returncode == 0, done.stdout
        else:
            assert done.returncode != 0 and words in done.stdout, "not reported: %s\n%s" % (fault, done.stdout)
    print("The %s sanitizer is at work: it saw %d faults made on purpose." % (sys.argv[1], len(faults)))


if __name__ == "__main__":
    main()
