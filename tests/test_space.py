"""Facts about the values of trials; the oracles are NumPy, itertools, decimal and distribution functions."""

import itertools
import math
from collections import Counter
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linreg_sweep.array_types import Floats
from linreg_sweep.config.parameters import Normal, Parameter, Points, Steps, Uniform, Values, count, ends
from linreg_sweep.samplers.grid import at
from linreg_sweep.trials.space import Space, grid_space, random_space

N = 40_000
KOLMOGOROV = 1.95 / math.sqrt(N)
"""The distance of two distribution functions that one sample of N in a thousand exceeds by chance."""

RANDOM: dict[str, Parameter] = {
    "learning_rate": Uniform(1e-4, 1e-2, "log"),
    "initial_weight": Uniform(-10.0, 10.0),
    "initial_bias": Normal(0.0, 3.0),
    "momentum": Values((0.0, 0.5, 0.9)),
    "batch_size": Uniform(5, 30),
}


def rows(space: Space) -> list[tuple[float, ...]]:
    """Returns the values of every trial, in order."""
    return list(zip(*(column.tolist() for column in space.values(0, space.n_trials).values()), strict=True))


def trial(space: Space, number: int) -> dict[str, float]:
    """Returns the values of one trial."""
    return {name: float(values[0]) for name, values in space.values(number, number + 1).items()}


def points(parameter: Parameter) -> Floats:
    """Returns every point of a grid's parameter."""
    return at(parameter, np.arange(count(parameter)))


def drawn(parameter: Parameter, name: str = "learning_rate", seed: int = 7) -> Floats:
    """Returns N draws."""
    return random_space([{name: parameter}], N, seed).values(0, N)[name]


def distance(sample: Floats, distribution: Floats) -> float:
    """Returns the Kolmogorov distance of a sorted sample from the distribution function at it."""
    steps = np.arange(len(sample) + 1) / len(sample)
    return float(np.maximum(abs(distribution - steps[1:]), abs(distribution - steps[:-1])).max())


# --- grids


def test_a_grid_is_the_product_of_its_axes_and_the_last_turns_fastest() -> None:
    """Trials come in the order of itertools.product."""
    axes = [(0.001, 0.005, 0.01), (-1.0, 2.0), (0.0, 1.0, 5.0, 7.0)]
    names = ("learning_rate", "initial_weight", "initial_bias")
    space = grid_space({name: Values(axis) for name, axis in zip(names, axes, strict=True)})
    assert space.n_trials == 24
    assert rows(space) == list(itertools.product(*axes))
    assert list(space.values(0, 1)) == list(names)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    st.lists(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=4, unique=True), min_size=1, max_size=4),
    st.data(),
)
def test_any_stretch_of_a_grid_is_that_of_the_product(axes: list[list[float]], data: st.DataObject) -> None:
    """Trials [start, stop) are made without those before them."""
    space = grid_space({f"p{i}": Values(tuple(axis)) for i, axis in enumerate(axes)})
    everything = list(itertools.product(*axes))
    start = data.draw(st.integers(0, len(everything)))
    stop = data.draw(st.integers(start, len(everything)))
    columns = space.values(start, stop).values()
    assert list(zip(*map(np.ndarray.tolist, columns), strict=True)) == everything[start:stop]


def test_the_first_grid_of_scikit_learns_documentation() -> None:
    """`ParameterGrid({'a': [1, 2], 'b': [True, False]})` lists these four, and so does a grid."""
    space = grid_space({"a": Values((1.0, 2.0)), "b": Values((1.0, 0.0))})
    words = {1.0: True, 0.0: False}
    made = [{"a": int(a), "b": words[b]} for a, b in rows(space)]
    assert made == [
        {"a": 1, "b": True},
        {"a": 1, "b": False},
        {"a": 2, "b": True},
        {"a": 2, "b": False},
    ]


def test_the_list_of_grids_of_scikit_learns_documentation() -> None:
    """`[{'kernel': ['linear']}, {'kernel': ['rbf'], 'gamma': [1, 10]}]` is three trials, grid after grid."""
    kernels = {0.0: "linear", 1.0: "rbf"}
    grids = [
        grid_space({"kernel": Values((0.0,))}),
        grid_space({"kernel": Values((1.0,)), "gamma": Values((1.0, 10.0))}),
    ]
    trials = [trial(space, number) for space in grids for number in range(space.n_trials)]
    made = [{**trial, "kernel": kernels[trial["kernel"]]} for trial in trials]
    assert made == [
        {"kernel": "linear"},
        {"kernel": "rbf", "gamma": 1},
        {"kernel": "rbf", "gamma": 10},
    ]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12), st.integers(2, 60))
def test_linear_points_are_numpys_linspace_to_the_bit(one: float, other: float, num: int) -> None:
    """`num` on a linear scale follows numpy.linspace, both ends exact."""
    low, high = sorted((one, other))
    made = points(Points(low, high, num))
    assert made.tobytes() == np.linspace(low, high, num).tobytes()
    assert (made[0], made[-1]) == (low, high)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300), st.integers(2, 60))
def test_log_points_are_numpys_geomspace_to_the_bit(one: float, other: float, num: int) -> None:
    """`num` on a log scale follows numpy.geomspace, both ends exact."""
    low, high = sorted((one, other))
    made = points(Points(low, high, num, "log"))
    assert made.tobytes() == np.geomspace(low, high, num).tobytes()
    assert (made[0], made[-1]) == (low, high)


def test_any_stretch_of_points_has_the_bits_of_the_whole() -> None:
    """Points made one by one, or in any stretch, are those made at once."""
    for parameter in (Points(-3.3, 7.1, 101), Points(1e-4, 1e-2, 101, "log"), Steps(-5.0, 5.0, 0.1)):
        whole = points(parameter)
        for size in (1, 2, 3, 7, 16, 50):
            parts = [at(parameter, np.arange(first, min(first + size, 101))) for first in range(0, 101, size)]
            assert np.concatenate(parts).tobytes() == whole.tobytes()


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_one_point_is_its_value(scale: str) -> None:
    """`num: 1` is allowed where both ends are one."""
    assert points(Points(0.3, 0.3, 1, "log" if scale == "log" else "linear")).tolist() == [0.3]


def test_steps_are_decimal() -> None:
    """Point i is the float nearest to min + i * step in decimals: 0.1 * 3 is 0.3."""
    cases: list[tuple[str, str, str, int]] = [
        ("0", "0.3", "0.1", 4),
        ("-10", "10", "0.5", 41),
        ("0.0001", "0.01", "0.0001", 100),
        ("1e-7", "3e-7", "1e-8", 21),
        ("-0.3", "0.6", "0.1", 10),
        ("5", "30", "5", 6),
        ("1000000.1", "1000000.9", "0.2", 5),
    ]
    for low, high, step, num in cases:
        made = points(Steps(float(low), float(high), float(step)))
        assert made.tolist() == [float(Decimal(low) + i * Decimal(step)) for i in range(num)]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(-(10**6), 10**6), st.integers(1, 10**4), st.integers(1, 40), st.integers(0, 9))
def test_any_steps_are_decimal(first: int, stride: int, num: int, decimals: int) -> None:
    """The same holds for any decimal numbers, and both ends are exact."""
    unit = Decimal(10) ** -decimals
    expected = [float((first + i * stride) * unit) for i in range(num + 1)]
    made = points(Steps(expected[0], expected[-1], float(stride * unit)))
    assert made.tolist() == expected


def test_a_grid_has_no_negative_zero() -> None:
    """Steps through 0 have the plain 0 there."""
    made = points(Steps(-0.5, 0.5, 0.1))
    assert str(made.tolist()[5]) == "0.0"


def test_counts_are_exact_beyond_64_bits() -> None:
    """A grid of 10**30 trials has exactly so many, and its far trials are made like its first ones."""
    axis = Points(0.0, 1.0, 10**6)
    assert grid_space({f"p{i}": axis for i in range(5)}).n_trials == 10**30
    space = grid_space({f"p{i}": axis for i in range(3)})
    number = 123_456_789_012_345_678
    digits = [number // 10**12, number // 10**6 % 10**6, number % 10**6]
    expected = [np.linspace(0, 1, 10**6)[digit] for digit in digits]
    assert list(trial(space, number).values()) == expected


def test_a_space_that_varies_nothing_is_one_trial() -> None:
    """A config is a sweep of one trial."""
    assert (grid_space({}).n_trials, grid_space({}).values(0, 1)) == (1, {})


# --- random sweeps


def test_more_trials_extend_a_random_sweep() -> None:
    """The first 100 of 1,000 trials are the 100 of a sweep of 100, to the bit."""
    few, many = (random_space([RANDOM], n, 7).values(0, n) for n in (100, 1000))
    for name in RANDOM:
        assert few[name].tobytes() == many[name][:100].tobytes()


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 200), max_size=8))
def test_values_do_not_depend_on_where_parts_begin(cuts: list[int]) -> None:
    """Trials drawn in any parts are the trials drawn at once, to the bit."""
    space = random_space([RANDOM], 200, 7)
    edges = [0, *sorted(cuts), 200]
    parts = [space.values(start, stop) for start, stop in itertools.pairwise(edges)]
    whole = space.values(0, 200)
    for name in RANDOM:
        assert np.concatenate([part[name] for part in parts]).tobytes() == whole[name].tobytes()


def test_a_parameter_does_not_depend_on_the_others() -> None:
    """Its values are the same alone, and in whatever order parameters are declared."""
    whole = random_space([RANDOM], 50, 7).values(0, 50)
    turned = random_space([dict(reversed(RANDOM.items()))], 50, 7).values(0, 50)
    for name, parameter in RANDOM.items():
        alone = random_space([{name: parameter}], 50, 7).values(0, 50)
        assert whole[name].tobytes() == turned[name].tobytes() == alone[name].tobytes()


def test_seed_and_name_decide_the_values() -> None:
    """Another seed, or another name, gives values that are all others."""
    value = Uniform(0.0, 1.0)
    draws = [drawn(value), drawn(value, seed=8), drawn(value, name="initial_bias"), drawn(value, seed=70)]
    for one, other in itertools.combinations(draws, 2):
        assert (one != other).all()
        assert abs(np.corrcoef(one, other)[0, 1]) < 4 / math.sqrt(N)


def test_neighbouring_trials_are_independent() -> None:
    """A trial's value tells nothing of the next one's."""
    for parameter in (Uniform(0.0, 1.0), Normal(0.0, 1.0)):
        values = drawn(parameter)
        assert abs(np.corrcoef(values[1:], values[:-1])[0, 1]) < 4 / math.sqrt(N)


def test_uniform_values_are_uniform() -> None:
    """Their distribution function is a straight line, and all lie in the range."""
    values = np.sort(drawn(Uniform(-10.0, 10.0)))
    assert -10 <= values[0] < values[-1] <= 10
    assert distance(values, (values + 10) / 20) < KOLMOGOROV


def test_log_uniform_values_are_uniform_in_the_logarithm() -> None:
    """Each factor of ten gets an equal share, and all lie in the range."""
    values = np.sort(drawn(Uniform(1e-4, 1e-2, "log")))
    assert 1e-4 <= values[0] < values[-1] <= 1e-2
    assert distance(values, np.log(values / 1e-4) / math.log(100)) < KOLMOGOROV


def test_normal_values_are_normal() -> None:
    """Their distribution function is that of mu and sigma, by math.erf."""
    values = np.sort(drawn(Normal(2.0, 3.0)))
    expected = [0.5 * (1 + math.erf((value - 2) / (3 * math.sqrt(2)))) for value in values.tolist()]
    assert distance(values, np.array(expected)) < KOLMOGOROV


def test_log_normal_values_have_a_normal_logarithm() -> None:
    """Both mu and sigma are those of the natural logarithm."""
    values, logarithms = drawn(Normal(-6.0, 0.5, "log")), drawn(Normal(-6.0, 0.5))
    assert (values > 0).all()
    assert np.log(values) == pytest.approx(logarithms, rel=1e-12)


def test_choices_are_equally_likely() -> None:
    """Each of three values gets a third, within five standard deviations."""
    counts = Counter(drawn(Values((5.0, 10.0, 30.0))).tolist())
    assert counts.keys() == {5.0, 10.0, 30.0}
    for times in counts.values():
        assert abs(times - N / 3) < 5 * math.sqrt(N * 2 / 9)


def test_one_choice_is_fixed() -> None:
    """A value beside others that vary is the same in every trial."""
    assert set(drawn(Values((0.25,))).tolist()) == {0.25}


@pytest.mark.parametrize("name", ["batch_size", "epochs"])
def test_whole_numbers_weigh_equally_at_both_ends(name: str) -> None:
    """Of 1 to 5 each comes as often as the others, the ends included."""
    counts = Counter(drawn(Uniform(1, 5), name).tolist())
    assert counts.keys() == {1.0, 2.0, 3.0, 4.0, 5.0}
    for times in counts.values():
        assert abs(times - N / 5) < 5 * math.sqrt(N * 4 / 25)


def test_whole_numbers_on_a_log_scale_weigh_by_ratio() -> None:
    """The weight of k is that of the stretch from k - 1/2 to k + 1/2 on the log scale."""
    counts = Counter(drawn(Uniform(1, 8, "log"), "batch_size").tolist())
    for k in range(1, 9):
        share = math.log((k + 0.5) / (k - 0.5)) / math.log(8.5 / 0.5)
        assert abs(counts[float(k)] - N * share) < 5 * math.sqrt(N * share * (1 - share))


def test_random_whole_numbers_have_no_negative_zero() -> None:
    """A range of epochs from 0 on gives the plain 0."""
    values = drawn(Uniform(0, 2), "epochs")
    assert {str(value) for value in values.tolist()} == {"0.0", "1.0", "2.0"}


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300), st.integers(0, 2**63 - 1))
def test_uniform_values_never_leave_the_range(one: float, other: float, seed: int) -> None:
    """However far apart or close the ends are, rounding carries no value beyond them."""
    low, high = sorted((one, other))
    values = random_space([{"initial_weight": Uniform(low, high)}], 100, seed).values(0, 100)[
        "initial_weight"
    ]
    assert ((values >= low) & (values <= high)).all()


def test_far_trials_are_made_as_fast_as_near_ones() -> None:
    """Trial 10**15 needs none of those before it."""
    space = random_space([RANDOM], 10**15 + 2, 7)
    pair = space.values(10**15, 10**15 + 2)
    assert {name: float(column[1]) for name, column in pair.items()} == trial(space, 10**15 + 1)


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        (Values((3.0, -1.0, 2.0)), (-1.0, 3.0)),
        (Points(1e-4, 1e-2, 5, "log"), (1e-4, 1e-2)),
        (Steps(-10.0, 10.0, 0.5), (-10.0, 10.0)),
        (Uniform(1.0, 2.0), (1.0, 2.0)),
        (Normal(0.0, 1.0), (-math.inf, math.inf)),
        (Normal(0.0, 1.0, "log"), (0.0, math.inf)),
    ],
)
def test_ends_are_the_least_and_the_largest(parameter: Parameter, expected: tuple[float, float]) -> None:
    """What a parameter can take at most and at least; a normal one has no end."""
    assert ends(parameter) == expected
