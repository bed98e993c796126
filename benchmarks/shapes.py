"""Iterated descent in every shape, beside NumPy's BLAS, JAX and the most that a matrix product does.

`python -m benchmarks shapes` prints all tables, `--table NAME ...` some of them, and `--features 200` and the
like only such shapes of theirs. Without a table, options such as `--features 10 200 --batch all 32` name all
their combinations. Rates are trial-epochs a second of CPU time, the engines' with their events and results,
once everything is compiled, each the median of rounds in turn. `--memory` measures by how much memory a call
grows at its peak instead, which Linux tells.
"""

import argparse
import ctypes
import gc
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks import trained
from benchmarks.loops import Descent, blas_loop, gemm, jax_scan
from benchmarks.machine import middle, shown
from linreg_sweep.method import Method
from linreg_sweep.theory.problem import Problem, loss_factor

ENGINES = ("numpy", "numba")
LOOP, JAX, PEAK = "BLAS loop", "JAX", "GEMM"

MOST_EPOCHS, FEWEST_EPOCHS = 2**20, 256
"""Epochs of one measurement at most, and at least, unless they take too long."""

BUDGET, ROUNDS = 0.4, 3
"""Seconds of a measurement, about, and how often it is made: what a call takes anyway counts for little."""

TOO_SLOW = 4.0
"""Seconds from which on a measurement is not repeated."""


@dataclass(frozen=True)
class Shape:
    """What is trained.

    Attributes:
        features: F; a bias comes on top.
        rows: n.
        batch: rows a step; 0: all.
        trials: K.
        dtype: float64 or float32.
        targets: O.
        optimizer: sgd, momentum or adam.
        shuffle: whether rows are permuted in each epoch.
    """

    features: int
    rows: int = 1024
    batch: int = 0
    trials: int = 1024
    dtype: str = "float64"
    targets: int = 1
    optimizer: str = "sgd"
    shuffle: bool = False

    @property
    def size(self) -> int:
        """Rows a step."""
        return self.batch or self.rows

    def cells(self) -> dict[str, str]:
        """Returns how a table shows it, by column."""
        batch = f"{self.batch}{' shuffled' if self.shuffle else ''}" if self.batch else "all"
        return {
            "features": f"{self.features:,}",
            "rows": f"{self.rows:,}",
            "batch": batch,
            "trials": f"{self.trials:,}",
            "bits": {"float64": "64", "float32": "32"}[self.dtype],
            "targets": str(self.targets),
            "optimizer": self.optimizer,
        }


SIZES, BATCHES = (1, 10, 50, 200, 1000), (0, 256, 32, 8, 1)

TABLES: dict[str, tuple[Shape, ...]] = {
    "batches": tuple(
        Shape(
            features,
            rows=128 if features == 1000 and batch in {1, 8} else 1024,
            batch=batch,
            trials=1024 if features <= 10 else 256,
        )
        for features, batch in product(SIZES, BATCHES)
    ),
    "trials": tuple(
        Shape(features, rows=128 if features == 1000 and batch else 1024, batch=batch, trials=trials)
        for features, batch, trials in (
            *product(SIZES, (0,), (1, 8, 100)),
            *product((1, 10, 200), (0,), (10_000,)),
            *product(SIZES, (32, 1), (1,)),
        )
    ),
    "rows": (
        *(Shape(10, rows=rows) for rows in (30, 2**10, 2**15, 2**20)),
        Shape(200, rows=30, trials=256),
        Shape(10, rows=2**20, batch=256, trials=64),
    ),
    "precision": tuple(
        Shape(features, batch=batch, trials=1024 if features <= 10 else 256, dtype="float32")
        for features, batch in (*product(SIZES, (0,)), *product(SIZES[:-1], (32, 1)))
    ),
    "rules": tuple(
        Shape(features, batch=batch, trials=1024 if features <= 10 else 256, optimizer=optimizer)
        for optimizer, features, batch in product(("momentum", "adam"), (1, 10, 50, 200), (0, 32))
    ),
    "orders": tuple(
        Shape(
            features,
            rows=128 if features == 1000 and batch in {1, 8} else 1024,
            batch=batch,
            trials=trials or (1024 if features <= 10 else 256),
            shuffle=True,
        )
        for features, batch, trials in (
            *product(SIZES[:-1], (32, 1), (0,)),
            *product(SIZES, BATCHES[1:], (1, 8)),
        )
    ),
    "targets": tuple(
        Shape(features, batch=batch, trials=1024 if features <= 10 else 256, targets=3)
        for features, batch in product((1, 10, 200), (0, 32))
    ),
}
"""Every number of features with every batch, few rows where a step of each is long, and what else varies."""


def main(arguments: Sequence[str] = ()) -> None:
    """Prints a table for each selection, and what its last column says."""
    chosen = _options().parse_args(arguments)
    if chosen.batch:
        chosen.batch = [0 if each == "all" else int(each) for each in chosen.batch]
    tables = _selected(chosen)
    for shape in (shape for shapes in tables.values() for shape in shapes):
        if shape.rows % shape.size:
            sys.exit(f"--batch must divide --rows, got {shape.batch} and {shape.rows}")
    has_jax = find_spec("jax") is not None and not chosen.no_jax
    if not has_jax:
        print(
            "Without JAX: it is not installed, or was not asked for (`pip install -c constraints.txt jax`)."
        )
    names = (*chosen.engines, LOOP, *([JAX] if has_jax else []))
    if chosen.memory:
        _print_memory(tables, names)
        return
    print(f"Trial-epochs/s, one thread, CPU time, medians of {ROUNDS} rounds in turn")
    ratios = [
        *(
            (f"{engine} / loop", engine, LOOP)
            for engine in chosen.engines
            if engine == "numpy" or not has_jax
        ),
        *((f"{engine} / JAX", engine, JAX) for engine in chosen.engines if engine == "numba" and has_jax),
    ]
    for table, shapes in tables.items():
        rows = []
        for number, shape in enumerate(shapes, 1):
            with threadpool_limits(limits=1):
                speeds, peak = _measured(shape, names)
            rows.append(
                (
                    *shape.cells().values(),
                    *(f"{speeds[name]:.2e}" for name in names),
                    *(f"{speeds[one] / speeds[other]:.2f}" for _, one, other in ratios),
                    *(f"{speeds[engine] / peak:.2f}" for engine in chosen.engines),
                )
            )
            print(f"{table} {number} of {len(shapes)}: {' '.join(rows[-1])}", file=sys.stderr)
        headers = (
            *shapes[0].cells(),
            *names,
            *(title for title, *_ in ratios),
            *(f"{engine} / peak" for engine in chosen.engines),
        )
        print(f"\n### {table}\n")
        print(shown(headers, rows), flush=True)
    print()
    print("peak: a large matrix product's rate, over the fewest products that an epoch's gradients need;")
    print(
        "costs and updates are left out, which are most of the work of few features. On H it may be passed."
    )


def _print_memory(tables: Mapping[str, Sequence[Shape]], names: Sequence[str]) -> None:
    """Prints a table for each selection: by how many MB a call of each way grows at its peak."""
    print("MB that a call of about 0.4 s takes at its peak beside the data, compiled before")
    for table, shapes in tables.items():
        rows = []
        for number, shape in enumerate(shapes, 1):
            with threadpool_limits(limits=1):
                _, ways = _ways(shape)
                found = [_memory(partial(ways[name], _epochs_for(ways[name]))) for name in names]
            rows.append((*shape.cells().values(), *(f"{each / 1e6:.1f}" for each in found)))
            print(f"{table} {number} of {len(shapes)}: {' '.join(rows[-1])}", file=sys.stderr)
        print(f"\n### {table}\n")
        print(shown((*shapes[0].cells(), *names), rows), flush=True)


def _memory(call: Callable[[], object]) -> int:
    """Returns by how many bytes the process grows at its peak while something is called."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what is free is taken anew
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak so far is forgotten
    before = _status("VmRSS")
    call()
    return _status("VmHWM") - before


def _status(name: str) -> int:
    """Returns a number of bytes that Linux tells of this process."""
    found = re.search(rf"{name}:\s+([0-9]+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found is not None
    return 1024 * int(found[1])


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks shapes", description=__doc__)
    parser.add_argument(
        "--table", nargs="+", choices=TABLES, help="of these tables, what the options below name"
    )
    parser.add_argument("--features", type=int, nargs="+")
    parser.add_argument("--rows", type=int, nargs="+")
    parser.add_argument("--batch", nargs="+", help="rows a step, or all")
    parser.add_argument("--trials", type=int, nargs="+")
    parser.add_argument("--dtype", nargs="+", choices=("float64", "float32"))
    parser.add_argument("--targets", type=int, nargs="+")
    parser.add_argument("--optimizer", nargs="+", choices=("sgd", "momentum", "adam"))
    parser.add_argument("--shuffle", action="store_true", help="permute the rows in each epoch")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--no-jax", action="store_true")
    parser.add_argument("--memory", action="store_true", help="measure memory instead, on Linux")
    return parser


AXES = ("features", "rows", "batch", "trials", "dtype", "targets", "optimizer")


def _selected(chosen: argparse.Namespace) -> dict[str, list[Shape]]:
    """Returns the shapes of each table that are asked for; without one, all combinations of what is named."""
    named = {axis: getattr(chosen, axis) for axis in AXES if getattr(chosen, axis)}
    if not chosen.table and (named or chosen.shuffle):
        plain = Shape(10, batch=32 if chosen.shuffle else 0, shuffle=chosen.shuffle)
        values = [named.get(axis, [getattr(plain, axis)]) for axis in AXES]
        combined = [replace(plain, **dict(zip(AXES, each, strict=True))) for each in product(*values)]
        return {"chosen": combined}
    tables = {
        table: [
            shape
            for shape in TABLES[table]
            if all(getattr(shape, axis) in values for axis, values in named.items())
        ]
        for table in chosen.table or TABLES
    }
    return {table: shapes for table, shapes in tables.items() if shapes} or sys.exit(
        "no table has such shapes"
    )


def _measured(shape: Shape, names: Sequence[str]) -> tuple[dict[str, float], float]:
    """Returns the trial-epochs a second of each way, and of a matrix product at its peak."""
    descent, ways = _ways(shape)
    epochs = {name: _epochs_for(ways[name]) for name in names}
    multiply, flops = gemm(shape.dtype)
    found: dict[str, list[float]] = {name: [] for name in (*names, PEAK)}
    too_slow = set[str]()
    for _ in range(ROUNDS):
        for name in names:
            if name in too_slow:
                continue
            seconds = _seconds(partial(ways[name], epochs[name]))
            found[name].append(shape.trials * epochs[name] / seconds)
            if seconds > TOO_SLOW:
                too_slow.add(name)
        found[PEAK].append(flops / _seconds(multiply) / descent.flops())
    return {name: middle(found[name]) for name in names}, max(found[PEAK])


def _ways(shape: Shape) -> tuple[Descent, dict[str, Callable[[int], object]]]:
    """Returns what is trained, and the ways to train it for so many epochs."""
    problem = _problem(shape)
    rates = (
        np.geomspace(1e-9, 1e-7, shape.trials) / problem.eigenvalues[-1]
    )  # so that no trial comes to its end
    descent = Descent(problem, rates, shape.size, shape.shuffle, shape.optimizer, shape.dtype)
    return descent, {
        LOOP: partial(blas_loop, descent),
        JAX: partial(jax_scan, descent),
        **{engine: partial(_train, engine, shape, problem, rates) for engine in ENGINES},
    }


def _seconds(call: Callable[[], object]) -> float:
    started = time.process_time()  # of all threads: others use the machine, too
    call()
    return max(time.process_time() - started, 1e-9)


def _epochs_for(way: Callable[[int], object]) -> int:
    """Returns how many epochs take about as long as a measurement should, beside what a call takes anyway."""
    way(1)
    first, epochs = _seconds(partial(way, 1)), 8
    while (seconds := _seconds(partial(way, epochs)) - first) < BUDGET / 3 and epochs < MOST_EPOCHS:
        epochs *= 8
    an_epoch = max(seconds, 1e-9) / (epochs - 1)
    return int(np.clip(BUDGET / an_epoch, max(1, min(FEWEST_EPOCHS, TOO_SLOW / an_epoch)), MOST_EPOCHS))


def _problem(shape: Shape) -> Problem:
    """Returns random rows as a problem, its spectrum in float64: only its descent is measured."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(shape.rows, shape.features))
    y = x @ generator.normal(size=(shape.features, shape.targets)) + 0.5
    y += 0.1 * generator.normal(size=y.shape)
    design = np.column_stack([x, np.ones(shape.rows)])
    k = float(loss_factor("mse", shape.rows, shape.targets))
    hessian, constant = k * design.T @ design, k * design.T @ y
    eigenvalues, vectors = np.linalg.eigh(hessian)
    eigenvalues[: max(0, len(hessian) - shape.rows)] = 0.0
    optimum = np.asarray(np.linalg.lstsq(design, y)[0], np.float64)
    return Problem(
        n_rows=shape.rows,
        x=x,
        y=y,
        loss="mse",
        fit_bias=True,
        hessian=hessian,
        hessian_low=np.zeros_like(hessian),
        constant=constant,
        constant_low=np.zeros_like(constant),
        optimum=optimum,
        optimum_low=np.zeros_like(optimum),
        eigenvalues=eigenvalues,
        eigenvalue_lows=np.zeros_like(eigenvalues),
        eigenvectors=vectors,
        cost_min=float(((y - design @ optimum) ** 2).mean()),
        scale=float(y.var(axis=0).mean()),
    )


def _train(engine: str, shape: Shape, problem: Problem, rates: NDArray[np.float64], n_epochs: int) -> None:
    """Trains by an engine of this project, which looks for events in every epoch."""
    none = np.zeros(shape.trials)
    values = {"learning_rate": rates, "weight_decay": none}
    if shape.optimizer == "adam":
        values |= {"beta1": none + 0.9, "beta2": none + 0.999, "eps": none + 1e-8}
    else:
        values |= {"momentum": none + (0.9 if shape.optimizer == "momentum" else 0.0), "dampening": none}
    method = Method(
        optimizer="adam" if shape.optimizer == "adam" else "sgd",
        active=frozenset(["momentum"] if shape.optimizer == "momentum" else []),
        batch_size=shape.batch or None,
        order="reshuffle" if shape.shuffle else "file",
    )
    trained.train(engine, problem, values, n_epochs, dtype=shape.dtype, method=method)
