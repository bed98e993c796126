"""Iterated descent in every shape, beside NumPy's BLAS, JAX and the most that a matrix product does.

`python -m benchmarks shapes` measures a selection, `--quick` a few of them, and options such as
`--features 10 200 --batch all 32` all their combinations. Rates are trial-epochs a second of CPU time, the
engines' with their events and results, each the median of rounds in turn.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from itertools import product

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.loops import Descent, blas_loop, gemm, jax_scan
from benchmarks.machine import middle, shown
from linreg_sweep.config.schema import OutcomeConfig
from linreg_sweep.engines import load_engine
from linreg_sweep.engines.interface import TrainOptions, Trials
from linreg_sweep.method import Method
from linreg_sweep.theory.problem import Problem, loss_factor
from linreg_sweep.trials.prepare import criteria_of

ENGINES = ("numpy", "numba")
LOOP, JAX, PEAK = "BLAS loop", "JAX", "GEMM"

MOST_EPOCHS, FEWEST_EPOCHS = 8192, 64
"""Epochs of one measurement at most, and at least, where they fit into ten times its seconds."""

TOO_SLOW = 2.0
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

    def cells(self) -> tuple[str, ...]:
        """Returns how a table shows it."""
        batch = f"{self.batch}{' shuffled' if self.shuffle else ''}" if self.batch else "all"
        kind = {"float64": "64", "float32": "32"}[self.dtype]
        return (
            *(f"{number:,}" for number in (self.features, self.rows)),
            batch,
            f"{self.trials:,}",
            kind,
            str(self.targets),
            self.optimizer,
        )


SIZES, BATCHES = (1, 10, 50, 200, 1000), (0, 256, 32, 8, 1)

EACH = tuple(
    Shape(
        features,
        rows=128 if features == 1000 and batch in {1, 8} else 1024,
        batch=batch,
        trials=1024 if features <= 10 else 256,
    )
    for features, batch in product(SIZES, BATCHES)
)
"""Every number of features with every batch; few rows where a step of each row is long."""

OTHERS = (
    *(replace(Shape(10), rows=rows) for rows in (30, 32768, 2**20)),
    Shape(10, rows=2**17, batch=256, trials=128),
    *(Shape(features, trials=trials) for features in (1, 10, 200) for trials in (1, 100, 10_000)),
    *(Shape(features, batch=32, trials=trials) for features in (10, 200) for trials in (1, 10_000)),
    *(Shape(features, batch=batch, dtype="float32") for features in (1, 10, 50, 200) for batch in (0, 32, 1)),
    Shape(1000, dtype="float32"),
    *(Shape(features, batch=batch, targets=3) for features in (1, 10, 200) for batch in (0, 32)),
    *(
        Shape(features, batch=batch, optimizer=optimizer)
        for optimizer in ("momentum", "adam")
        for features in (1, 10, 200)
        for batch in (0, 32)
    ),
    *(Shape(features, batch=batch, shuffle=True) for features in (1, 10, 200) for batch in (32, 1)),
)

QUICK = (
    *(shape for shape in EACH if shape.features in {1, 10, 50, 200} and shape.batch in {0, 32}),
    Shape(10, batch=1),
    Shape(50, batch=8, trials=256),
    Shape(200, batch=1, trials=256, rows=256),
    Shape(200, dtype="float32", trials=256),
    Shape(10, optimizer="adam"),
    Shape(10, trials=1),
)


def main(arguments: Sequence[str] = ()) -> None:
    """Prints one table, and where this project is the slower one."""
    chosen = _options().parse_args(arguments)
    shapes = (
        list(_combined(chosen)) if _names_axes(chosen) else [*QUICK] if chosen.quick else [*EACH, *OTHERS]
    )
    for shape in shapes:
        if shape.rows % shape.size:
            sys.exit(f"--batch must divide --rows, got {shape.batch} and {shape.rows}")
    has_jax = find_spec("jax") is not None and not chosen.no_jax
    rounds, budget = (2, 0.04) if chosen.quick else (3, 0.08)
    print(f"Trial-epochs/s, one thread, CPU time, medians of {rounds} rounds in turn")
    if not has_jax:
        print(
            "Without JAX: it is not installed, or was not asked for (`pip install -c constraints.txt jax`)."
        )
    print()
    names = (*chosen.engines, LOOP, *([JAX] if has_jax else []))
    ratios = [
        *((f"{engine} / loop", engine, LOOP) for engine in chosen.engines),
        *((f"{engine} / JAX", engine, JAX) for engine in chosen.engines if has_jax),
    ]
    rows = []
    for number, shape in enumerate(shapes, 1):
        with threadpool_limits(limits=1):
            speeds, peak = _measured(shape, names, rounds, budget)
        rows.append(
            (
                *shape.cells(),
                *(f"{speeds[name]:.2e}" for name in names),
                *(f"{speeds[one] / speeds[other]:.2f}" for _, one, other in ratios),
                *(f"{speeds[engine] / peak:.2f}" for engine in chosen.engines),
            )
        )
        print(f"shape {number} of {len(shapes)}: {' '.join(rows[-1])}", file=sys.stderr)
    headers = (
        *("features", "rows", "batch", "trials", "bits", "targets", "optimizer"),
        *names,
        *(title for title, *_ in ratios),
        *(f"{engine} / peak" for engine in chosen.engines),
    )
    print(shown(headers, rows))
    print()
    print("peak: a large matrix product's rate, over the fewest products that an epoch's gradients need;")
    print(
        "costs and updates are left out, which are most of the work of few features. On H it may be passed."
    )


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks shapes", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few shapes, in under two minutes")
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
    return parser


AXES = ("features", "rows", "batch", "trials", "dtype", "targets", "optimizer")


def _names_axes(chosen: argparse.Namespace) -> bool:
    return chosen.shuffle or any(getattr(chosen, axis) for axis in AXES)


def _combined(chosen: argparse.Namespace) -> Iterator[Shape]:
    """Yields all combinations of the values that were given, of the rest as in the selection."""
    plain = Shape(10, batch=32 if chosen.shuffle else 0, shuffle=chosen.shuffle)
    if chosen.batch:
        chosen.batch = [0 if each == "all" else int(each) for each in chosen.batch]
    values = [getattr(chosen, axis) or [getattr(plain, axis)] for axis in AXES]
    for combination in product(*values):
        yield replace(plain, **dict(zip(AXES, combination, strict=True)))


def _measured(
    shape: Shape, names: Sequence[str], rounds: int, budget: float
) -> tuple[dict[str, float], float]:
    """Returns the trial-epochs a second of each way, and of a matrix product at its peak."""
    problem = _problem(shape)
    rates = np.geomspace(1e-5, 1e-3, shape.trials) / problem.eigenvalues[-1]  # no trial ends early
    descent = Descent(problem, rates, shape.size, shape.shuffle, shape.optimizer, shape.dtype)
    ways: dict[str, Callable[[int], object]] = {
        LOOP: partial(blas_loop, descent),
        JAX: partial(jax_scan, descent),
        **{engine: partial(_train, engine, shape, problem, rates) for engine in ENGINES},
    }
    epochs = {name: _epochs_for(ways[name], budget) for name in names}
    multiply, flops = gemm(shape.dtype)
    found: dict[str, list[float]] = {name: [] for name in (*names, PEAK)}
    too_slow = set[str]()
    for _ in range(rounds):
        for name in names:
            if name in too_slow:
                continue
            seconds = _seconds(partial(ways[name], epochs[name]))
            found[name].append(shape.trials * epochs[name] / seconds)
            if seconds > TOO_SLOW:
                too_slow.add(name)
        found[PEAK].append(flops / _seconds(multiply) / descent.flops())
    return {name: middle(found[name]) for name in names}, max(found[PEAK])


def _seconds(call: Callable[[], object]) -> float:
    started = time.process_time()  # of all threads: others use the machine, too
    call()
    return max(time.process_time() - started, 1e-9)


def _epochs_for(way: Callable[[int], object], budget: float) -> int:
    """Returns how many epochs take about so many seconds, once all is compiled."""
    way(1)
    epochs = 1
    while True:
        seconds = _seconds(partial(way, epochs))
        if seconds >= budget / 3 or epochs >= MOST_EPOCHS:
            within = epochs * budget / seconds
            return int(np.clip(max(within, min(FEWEST_EPOCHS, 10 * within)), 1, MOST_EPOCHS))
        epochs = min(epochs * 8, MOST_EPOCHS)


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
        design=design,
        targets=y,
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
    start = np.zeros((shape.trials, *problem.shape))
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
    criteria = criteria_of(OutcomeConfig(tolerance=1e-300))
    options = TrainOptions(
        criteria.converged_excess(problem.scale),
        criteria.diverged_excess(problem.excess_cost(start), problem.cost_min, problem.scale),
        method=method,
        dtype=shape.dtype,
    )
    trials = Trials(start, np.full(shape.trials, n_epochs), values, problem.quadratic)
    results = load_engine(engine)(problem, trials, options)
    if (results.epochs != n_epochs).any():
        raise RuntimeError("a trial ended early: the contestants would not do the same work")
