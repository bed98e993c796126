"""Which of OpenBLAS's kernels this machine can run, and Python on one of them."""

import os
import subprocess
import sys
from pathlib import Path

RUNS = {"Nehalem": "sse4_2", "Sandybridge": "avx", "Haswell": "avx2", "Zen": "avx2", "SkylakeX": "avx512f"}
"""What a processor must have to run a kernel, as Linux tells it."""


def kernels() -> list[str]:
    """Returns the kernels of OpenBLAS that this machine can run."""
    told = Path("/proc/cpuinfo")
    flags = set(told.read_text().split()) if told.exists() else set()
    return [name for name, flag in RUNS.items() if flag in flags]


def on_kernel(name: str, code: str) -> str:
    """Returns what code prints in a fresh Python whose BLAS takes a kernel."""
    where = {"OPENBLAS_CORETYPE": name, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | where, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
