"""Prints the flags to compile and to link a program with this interpreter in it.

Ends with 3 where the interpreter has no library to link."""

import os
import sys
import sysconfig


def find_library(variable):
    config = sysconfig.get_config_var
    folders = [config("LIBDIR"), config("LIBPL"), os.path.join(config("LIBDIR"), config("MULTIARCH") or "")]
    for folder in folders:
        path = os.path.join(folder, config(variable) or "-")
        if os.path.isfile(path):
            return path
    return None


def main():
    library = find_library("LDLIBRARY") or find_library("LIBRARY")
    if library is None:
        sys.exit(3)
    if sys.argv[1] == "compile":
        print('-I%s -DFUZZ_PYTHON="\\"%s\\""' % (sysconfig.get_path("include"), sys.executable))
    else:
        words = [library, "-Wl,-rpath," + os.path.dirname(library)]
        words += [sysconfig.get_config_var(name) or "" for name in ("LIBS", "SYSLIBS", "LINKFORSHARED")]
        print(" ".join(words))


if __name__ == "__main__":
    main()
