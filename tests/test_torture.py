"""Calls without memory: tests/torture, on a build whose allocations can be refused.

Every nth allocation is refused here; `make torture` refuses each of them.
"""

import os
import subprocess
import sys
from pathlib import Path

STRIDE = 41


def test_calls_without_memory_fail_cleanly(tmp_path):
    script = Path(__file__).parent.parent / "scripts" / "torture.sh"
    ran = subprocess.run(
        [str(script), sys.executable, str(tmp_path), "--stride", str(STRIDE)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        timeout=600,
        env={**os.environ, "FLAGS": "-O0"},  # compiles sooner
    )
    assert ran.returncode == 0, ran.stdout[-4000:]
    assert ", 0 complaints" in ran.stdout
