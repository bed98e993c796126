"""What holds for trials whose batches are drawn: of each nothing, but of all draws the mean."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats, Indices, Integers
from linreg_sweep.theory.epoch_limits import crossings
from linreg_sweep.theory.epoch_map import Momentum
from linreg_sweep.theory.in_batches import DECIDING, InBatches, Values, alike
from linreg_sweep.theory.in_the_mean import Draws, MeanSteps, begin, draws_of, mean_steps
from linreg_sweep.theory.mean_course import MeanCourse
from linreg_sweep.theory.mean_long import PASSES, long_after, swinging_steps
from linreg_sweep.theory.mean_square import growth_at, limit_of, modes_of, plateau_of
from linreg_sweep.theory.quadratic import Quadratic
from linreg_sweep.theory.scatter import Scatter, scatter_of

MOST_WORK = 10**9
"""Rows times the square of parameters up to which the limit of second moments is looked for."""

MOST_MOMENTS = 100
"""Entries of second moments up to which a step is a matrix on them; beyond it is a pass over the rows."""

MOST_OF_PASS = 2 * 10**7
"""Rows times the square of parameters up to which a trial may take some dozens of passes."""

MOST_OF_COURSE = 2 * 10**9
"""The same times the passes that a trial may take: half a second."""

RATIO = 1.2
"""From one rate to the next, where a limit with momentum is looked for."""

TRIES = 200
"""Rates that are tried before no limit is known."""

REMEMBERED = 64
"""Groups of trials of which what was found is kept, for others that differ in their seeds alone."""

KEPT = 2**24
"""Numbers of what batches are drawn from that are kept, for all penalties together: 128 MB."""

TABLE = 2**20
"""Numbers of moments that are held at once."""


@dataclass(frozen=True)
class Drawn(InBatches):
    """Every batch is a draw of its own."""

    word = "in_the_mean"

    def draws(self, quadratic: Quadratic, decay: float) -> Draws:
        """Returns what the batches of one trial are drawn from."""
        found: Draws = self._from(draws_of, quadratic, decay)
        return found

    def _scatter(self, quadratic: Quadratic, decay: float) -> Scatter:
        """Returns the same, a pass over the rows at a time."""
        found: Scatter = self._from(scatter_of, quadratic, decay)
        return found

    def _from(self, made_of: Callable[..., Any], quadratic: Quadratic, decay: float) -> Any:
        key, of_late = (made_of, decay, *self.key), self.known.setdefault("draws", {})
        if key not in of_late:
            if len(of_late) >= max(2, KEPT // (self._numbers + MOST_MOMENTS**2)):
                of_late.clear()
            penalty = np.full(self.problem.shape[0], decay)
            penalty[-1] *= self.method.decays_bias or not self.problem.fit_bias
            replacement = self.method.order == "with_replacement"
            made = made_of(self.problem, self.batch_size, quadratic, penalty, replacement=replacement)
            of_late[key] = made
        return of_late[key]

    def n_moments(self, momentum: Momentum | None) -> int:
        """Returns how many entries second moments have."""
        size = self.problem.shape[0] * (1 if momentum is None else 2)
        return size * (size + 1) // 2

    def _blocks(
        self, quadratic: Quadratic, values: Values
    ) -> Iterator[tuple[Indices, Draws, Momentum | None]]:
        """Yields trials of one penalty each, not too many at once."""
        n_means = 2 * self.problem.optimum.size
        width = max(1, TABLE // (self.n_moments(self.momentum(values)) + n_means) ** 2)
        for penalty, these in _by_penalty(values):
            draws = self.draws(quadratic.take(these[:1]), penalty)
            for some in np.split(these, range(width, len(these), width)):
                own = {name: each[some] for name, each in values.items()}
                yield some, draws, self.momentum(own)

    def steps(self, draws: Draws, rate: Floats, momentum: Momentum | None) -> MeanSteps:
        """Returns what becomes of the moments of k trials, n_steps times an epoch."""
        return mean_steps(draws, rate, momentum)

    def plateau(self, quadratic: Quadratic, values: Values) -> Floats:
        """Returns the expected excess at rest [K]; NaN: it grows without bound, or it is not worked out."""

        def rest_of(k: int, course: MeanCourse) -> float:
            return plateau_of(course.scatter, course.modes) if course.is_stable else np.nan

        def at_rest(quadratic: Quadratic, values: Values) -> Floats:
            if self.n_moments(self.momentum(values)) > MOST_MOMENTS:
                return self._by_passes(quadratic, values, rest_of)
            found = np.empty(len(values["learning_rate"]))
            for some, draws, momentum in self._blocks(quadratic, values):
                found[some] = self.steps(draws, values["learning_rate"][some], momentum).plateau()
            return found

        return self._once("plateau", quadratic, values, (), at_rest)

    def _once(
        self,
        word: str,
        quadratic: Quadratic,
        values: Values,
        others: tuple[NDArray[Any], ...],
        find: Callable[..., Floats],
    ) -> Floats:
        """Returns what is found of trials [K]: once for all that are alike, or differ in their seeds alone.

        Args:
            word: what is sought.
            quadratic: what they descend.
            values: theirs.
            others: what else it depends on, [K, ...] each.
            find: given quadratic, values and others of trials that all differ, returns it of these.
        """
        numbers = [values[name] for name in ("learning_rate", *DECIDING) if name in values]
        columns = [each for other in others for each in other.reshape(len(other), -1).T]
        bits = blake2b(b"".join(each.tobytes() for each in (*numbers, *columns))).digest()
        key, of_late = (word, bits, *self.key), self.known.setdefault("found", {})
        if key not in of_late:
            if len(of_late) >= REMEMBERED:
                of_late.clear()
            groups, found = alike([*numbers, *columns], len(numbers[0])), np.empty(len(numbers[0]))
            first = np.array([group[0] for group in groups], np.intp)
            own = {name: each[first] for name, each in values.items()}
            with np.errstate(all="ignore"):
                different = find(quadratic.take(first), own, *(each[first] for each in others))
            for group, value in zip(groups, different, strict=True):
                found[group] = value
            of_late[key] = found
        kept: Floats = of_late[key]
        return kept

    def expected_excess(
        self, quadratic: Quadratic, values: Values, start: Floats, epochs: Integers
    ) -> Floats:
        """Returns the mean over all draws of the excess after so many epochs [K]; NaN: not worked out.

        Args:
            quadratic: what trials descend.
            values: theirs [K].
            start: theta_0 [K, P, O].
            epochs: [K].
        """

        def after(quadratic: Quadratic, values: Values, start: Floats, epochs: Integers) -> Floats:
            error, steps_of_each = quadratic.error(start), epochs * self.n_steps
            if self.n_moments(self.momentum(values)) > MOST_MOMENTS:
                first = self.momentum(values)  # the first step is not dampened
                first = None if first is None else replace(first, gain=np.ones(len(epochs)))

                def after_steps(k: int, course: MeanCourse) -> float:
                    n_steps, state = int(steps_of_each[k]), course.begin(error[k])
                    if first is not None and n_steps:
                        rate = values["learning_rate"][k] * course.scatter.unit
                        modes = modes_of(course.scatter.values, rate, first.take([k]))
                        state, n_steps = replace(course, modes=modes).step(state), n_steps - 1
                    return self._excess_after(course, state, n_steps)

                return self._by_passes(quadratic, values, after_steps)
            found = np.empty(len(epochs))
            for some, draws, momentum in self._blocks(quadratic, values):
                steps = self.steps(draws, values["learning_rate"][some], momentum)
                state = begin(draws, draws.frame.into @ error[some], momentum)
                moments = steps.after(state, steps_of_each[some])
                found[some] = np.nan_to_num(steps.excess(moments), nan=np.inf, posinf=np.inf)
            return found

        return self._once("expected", quadratic, values, (start, epochs), after)

    def n_passes(self, values: Values, epochs: Floats) -> Floats:
        """Returns about how many passes over the rows an expected excess takes [K]."""
        if self.n_moments(self.momentum(values)) <= MOST_MOMENTS or self._pass > MOST_OF_PASS:
            return 0 * epochs
        most = PASSES if self.momentum(values) is None else 2 * PASSES
        return np.minimum(np.minimum(epochs * self.n_steps, most), MOST_OF_COURSE / self._pass)

    def _by_passes(
        self, quadratic: Quadratic, values: Values, find: Callable[[int, MeanCourse], float]
    ) -> Floats:
        """Returns what is found of each trial [K] by passes over the rows; NaN: these take too long."""
        rates = values["learning_rate"]
        found = np.full(len(rates), np.nan)
        if self._pass > MOST_OF_PASS:
            return found
        momentum, limits = self.momentum(values), self.stability_limit(quadratic, values)
        for penalty, these in _by_penalty(values):
            scatter = self._scatter(quadratic.take(these[:1]), penalty)
            for k in these.tolist():
                own = None if momentum is None else momentum.take([k])
                modes = modes_of(scatter.values, rates[k] * scatter.unit, own)
                found[k] = find(k, MeanCourse(scatter, modes, bool(rates[k] < limits[k])))
        return found

    def _excess_after(self, course: MeanCourse, state: Floats, n_steps: int) -> float:
        """Returns the expected excess so many steps after moments; NaN: it takes too long."""
        swinging, most = swinging_steps(course), MOST_OF_COURSE / self._pass
        steps, integral = course.passes(n_steps), 2 * course.passes(swinging) + PASSES
        found = np.nan
        if steps <= min(most, integral):
            found = course.excess(course.after(state, n_steps, most))
        is_known = course.is_stable and 2 * swinging < n_steps and integral <= most
        return long_after(course, state, n_steps, swinging) if np.isnan(found) and is_known else found

    def stability_limit(
        self, quadratic: Quadratic, values: Values, epochs: NDArray[Any] | None = None
    ) -> Floats:
        """Returns the rate [K] from which on second moments grow without bound; NaN: not worked out."""
        momentum = self.momentum(values)

        def find(these: Indices) -> Floats:
            found, penalty = [], values.get("weight_decay", np.zeros(len(values["learning_rate"])))
            with np.errstate(all="ignore"):
                for k in these.tolist():
                    one = slice(k, k + 1)
                    own = None if momentum is None else momentum.take(one)
                    found.append(self._found_limit(quadratic.take(one), float(penalty[k]), own))
            return np.array(found)

        return self.limits(values, find)

    def _found_limit(self, one: Quadratic, penalty: float, momentum: Momentum | None) -> float:
        if momentum is None:
            return self._plain_limit(one, penalty)
        begins = self._plain_limit(one, penalty) * (1 - momentum.momentum[0]) / 8
        begins = float(begins / np.maximum(momentum.gain[0], 1e-300))
        if self.n_moments(momentum) > MOST_MOMENTS:
            if self._pass > MOST_OF_PASS:
                return np.nan
            scatter = self._scatter(one, penalty)
            return first_growth(lambda rate: growth_at(scatter, rate, momentum), begins)
        draws = self.draws(one, penalty)
        return first_growth(
            lambda rate: float(self.steps(draws, np.array([rate]), momentum).growth[0]), begins
        )

    def _plain_limit(self, one: Quadratic, penalty: float) -> float:
        """Returns the rate from which on second moments of one trial grow, without momentum."""
        return np.nan if self._pass > MOST_WORK else limit_of(self._scatter(one, penalty))

    @property
    def _numbers(self) -> int:
        """Numbers of the rows."""
        return self.problem.n_rows * self.problem.shape[0]

    @property
    def _pass(self) -> int:
        """Numbers that a pass over the rows works on."""
        return self._numbers * self.problem.shape[0]

    def limit_reason(self, values: Values, epochs: NDArray[Any] | None = None) -> str | None:
        """Returns why some trial has no stability limit, as half a sentence; None: all have one."""
        momentum = self.momentum(values)
        is_found_by_passes = momentum is not None and self.n_moments(momentum) > MOST_MOMENTS
        if self._pass > (MOST_OF_PASS if is_found_by_passes else MOST_WORK):
            return "second moments are not worked out for so many rows and parameters"
        return None


def _by_penalty(values: Values) -> Iterator[tuple[float, Indices]]:
    """Yields each penalty there is, and its trials."""
    decay = np.broadcast_to(values.get("weight_decay", np.zeros(1)), values["learning_rate"].shape)
    yield from ((float(decay[these[0]]), these) for these in alike([decay], len(decay)) if len(these))


def first_growth(growth_of: Callable[[float], float], begins: float) -> float:
    """Returns the first rate above `begins` from which on second moments grow; NaN: none was found.

    Where that is infinite or NaN, so is the rate.
    """
    if not np.isfinite(begins):
        return begins

    def growth(rates: Floats, trial: Indices) -> Floats:
        return np.minimum([growth_of(rate) for rate in rates.tolist()], 1.0)

    low, trial = np.array([begins]), np.zeros(1, np.intp)
    if growth(low, trial) < 0:
        for _ in range(TRIES):
            if growth(low * RATIO, trial) >= 0:
                return float(crossings(growth, low, low * RATIO, trial)[1][0])
            low = low * RATIO
    return np.nan
