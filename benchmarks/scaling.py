"""How a sweep scales over processes and over a Dask cluster, and what each part costs beside its training."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from benchmarks.machine import middle, shown
from benchmarks.million import timed

SWEEP = """
name: scaling
data: {{name: tutorial}}
training: {{epochs: {epochs}, early_stop: false}}
method: grid
parameters:
  learning_rate: {{min: 1e-4, max: 6e-3, num: {rates}, scale: log}}
  initial_weight: {{min: -10, max: 10, num: 256}}
"""

WORK = {"epochs": 20_000, "rates": 512}
"""131,072 trials of 20,000 epochs: the work to be shared, about a minute for one core."""

LITTLE = {"epochs": 1, "rates": 64}
"""16,384 trials of one epoch, which take next to no time: what is left is the parts'."""

FEW, MANY = 16, 512
"""Parts that the little work is divided into."""

PART = 65_536
"""Trials of the largest parts that a sweep has where nothing is said."""

ROUNDS = 2

APART = "two commands, half each"

KEEPING = {"MALLOC_TRIM_THRESHOLD_": "134217728", "MALLOC_MMAP_THRESHOLD_": "33554432"}
"""As docs/cluster.md has workers started: Dask's own would give memory back after each operation."""


@contextmanager
def cluster(n_workers: int) -> Iterator[str]:
    """Gives the address of a Dask scheduler with so many workers, processes of one thread each."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scheduler.json"
        where = ["--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file)]
        started = [_start("dask_scheduler", *where)]
        try:
            while not file.exists() or not file.read_text():
                time.sleep(0.1)
            address = str(json.loads(file.read_text())["address"])
            started.append(_start("dask_worker", address, "--nworkers", str(n_workers), "--nthreads", "1"))
            _wait_for(address, n_workers)
            yield address
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait()


def _start(command: str, *arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.{command}", *arguments, "--no-dashboard"],
        env=os.environ | KEEPING,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _wait_for(address: str, n_workers: int) -> None:
    from distributed import Client

    with Client(address) as client:
        client.wait_for_workers(n_workers, timeout=60)


def main() -> None:
    """Prints seconds and efficiency of the same work, then what each part costs, then what follows."""
    with tempfile.TemporaryDirectory() as folder, cluster(2) as address:
        ways = {
            "one process": (["--jobs", "1"], 1),
            "two processes": (["--jobs", "2"], 2),
            "Dask, two workers": (["--backend", "dask", "--scheduler", address], 2),
        }
        jobs = {"work": (WORK, 32), "few": (LITTLE, FEW), "many": (LITTLE, MANY)}
        seconds: dict[tuple[str, str], list[float]] = {}
        for round_ in range(ROUNDS + 1):
            for job, (size, n_parts) in jobs.items():
                if not round_ and size is WORK:
                    continue  # long enough to need no warming up
                for way, (options, _) in ways.items():
                    measured = _run(Path(folder) / f"{job}-{way}-{round_}", size, n_parts, options)
                    if round_:
                        seconds.setdefault((job, way), []).append(measured)
            if round_:
                seconds.setdefault(("work", APART), []).append(_apart(Path(folder) / f"{APART}-{round_}"))
            print(f"round {round_} of {ROUNDS}", file=sys.stderr)
        written = _seconds_a_write(Path(folder))
    took = {key: middle(found) for key, found in seconds.items()}
    alone, apart = took["work", "one process"], took["work", APART]
    rows = [(APART, f"{apart:.1f}", _share(alone / 2, apart), "")]
    for way, (_, n_workers) in ways.items():
        efficiency = _share(alone / n_workers, took["work", way])
        a_part = (took["many", way] - took["few", way]) / (MANY - FEW)
        rows.append((way, f"{took['work', way]:.1f}", efficiency, f"{1000 * a_part:.1f}"))
    epochs = f"{WORK['epochs']:,} epochs"
    print(f"131,072 trials of {epochs} (engine numpy) in 32 parts; cold processes, table on disk; medians")
    print(f"of {ROUNDS} rounds in turn. A part's own cost: {MANY} parts of one epoch beside {FEW}.")
    print("Two commands at once, of half the trials each, share the machine alone: what it allows at best.")
    print()
    print(shown(("", "seconds", "efficiency", "milliseconds a part"), rows))
    print()
    _limit(took, written)


def _run(out: Path, size: dict[str, int], n_parts: int, options: list[str]) -> float:
    """Returns the seconds that a sweep takes in so many parts."""
    out.mkdir()
    sweep = out / "scaling.yaml"
    sweep.write_text(SWEEP.format(**size))
    part_size = size["rates"] * 256 // n_parts
    arguments = ["run", str(sweep), "--out", str(out), "--part-size", str(part_size), *options]
    return timed(["-m", "linreg_sweep", *arguments])[0]


def _apart(out: Path) -> float:
    """Returns the seconds that two commands take at once, each of which trains half of the trials."""
    out.mkdir()
    began = time.perf_counter()
    half = WORK | {"rates": WORK["rates"] // 2}
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda which: _run(out / which, half, 16, ["--jobs", "1"]), ("first", "second")))
    return time.perf_counter() - began


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.0%}"


def _seconds_a_write(folder: Path) -> float:
    """Returns the seconds that the driver takes to write one of the largest parts, flushed to this disk."""
    import numpy as np

    from linreg_sweep.storage import files
    from linreg_sweep.storage.parquet import encode

    generator = np.random.default_rng(0)
    content = encode({f"column {number}": generator.random(PART) for number in range(12)})
    began = time.perf_counter()
    for number in range(20):
        files.write(folder / f"part-{number}", content)
    return (time.perf_counter() - began) / 20


def _limit(took: dict[tuple[str, str], float], written: float) -> None:
    """Prints by arithmetic how many workers one driver can serve."""
    a_part = (took["many", "Dask, two workers"] - took["few", "Dask, two workers"]) / (MANY - FEW)
    training = took["work", "one process"] / (512 * 256) * PART
    busy = a_part + written
    print(f"By arithmetic, not measured: to write a part of {PART:,} trials takes {1000 * written:.0f} ms")
    print(f"here, and to hand it out and take it in {1000 * a_part:.1f} ms, so that one driver serves")
    print(
        f"at most {1 / busy:.0f} such parts a second. One core trains such a part, {WORK['epochs']:,} epochs,"
    )
    print(f"in {training:.1f} s: beyond about {training / busy:.0f} cores the driver would be the limit.")
