"""What the libcurl that is tested with does."""

import os
import re

from simstudio import _native

VERSION = tuple(int(number) for number in re.findall(r"\d+", _native.libcurl_version().split()[0]))
# From 8.12.1 on; and where tests/test_other_libcurls.py has it built so.
LARGE_IN_FRAMES = VERSION >= (8, 12, 1) or "LARGE_IN_FRAMES" in os.environ
