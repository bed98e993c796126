"""Facts about summaries and best trials; the oracle is a recomputation in plain Python."""

import math
import random
import statistics
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linreg_sweep.analysis.aggregate import check_column
from linreg_sweep.analysis.shown import as_html
from linreg_sweep.analysis.tables import best, summary
from linreg_sweep.errors import ConfigError
from linreg_sweep.theory.outcome import OUTCOMES, REGIMES

Row = dict[str, Any]


def frame(rows: list[Row]) -> pd.DataFrame:
    """Returns a trials table of these rows."""
    table = pd.DataFrame(rows)
    table["outcome"] = table["outcome"].astype(pd.CategoricalDtype(list(OUTCOMES)))
    table["regime"] = table["regime"].astype(pd.CategoricalDtype(list(REGIMES)))
    table["converged_at"] = table["converged_at"].astype("Int64")
    return table


def trial(number: int, outcome: str = "converged", at: int | None = 5, cost: float = 1.0, **more: Any) -> Row:
    """Returns a row of the trials table."""
    row = {
        "trial": number,
        "learning_rate": 0.005,
        "outcome": outcome,
        "epochs": at if at is not None else 100,
    }
    return row | {"converged_at": at, "cost": cost, "regime": "good", "stability_ratio": 0.5} | more


def some_trials(seed: int, n: int = 300) -> list[Row]:
    """Returns trials of a few rates and starts, of all kinds of outcomes, some with odd numbers."""
    generator = random.Random(seed)
    rows = []
    for number in range(n):
        rate = generator.choice([0.001, 0.005, 0.01, 1e-7])
        outcome = generator.choice(OUTCOMES) if rate != 0.01 else "diverged"
        at = generator.randrange(1000) if outcome == "converged" else None
        rows.append(
            trial(
                number,
                outcome,
                at,
                generator.choice([generator.random(), math.inf])
                if outcome == "diverged"
                else generator.random(),
                learning_rate=rate,
                initial_weight=generator.choice([-1.0, 0.0, 2.0]),
                regime=generator.choice([*REGIMES, None]) if rate == 0.005 else "low",
                stability_ratio=rate / 0.0063,
            )
        )
    return rows


def quantile(values: list[int], share: Fraction) -> float:
    """Returns a quantile by linear interpolation between the two values around it, exactly."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return float(ordered[low] + (place - low) * (ordered[high] - ordered[low]))


def same(value: Any, expected: Any) -> bool:
    """Whether two cells are equal, a missing one being equal to a missing one."""
    return bool(pd.isna(value) if expected is None else value == pytest.approx(expected, rel=1e-14))


# --- the summary


@pytest.mark.parametrize(
    "by", [["learning_rate"], ["initial_weight"], ["initial_weight", "learning_rate"], []]
)
def test_a_summary_is_what_plain_python_counts(by: list[str]) -> None:
    """Every cell of it, for one parameter, two, or none, whatever the order of the trials."""
    rows = some_trials(1)
    random.Random(2).shuffle(rows)
    table = summary(frame(rows), by)
    groups: dict[tuple[float, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in by), []).append(row)
    assert len(table) == len(groups)
    for (key, group), (_, found) in zip(sorted(groups.items()), table.iterrows(), strict=True):
        assert tuple(found[name] for name in by) == key
        assert found["trials"] == len(group)
        for outcome in OUTCOMES:
            assert found[outcome] == sum(row["outcome"] == outcome for row in group)
        epochs = [row["converged_at"] for row in group if row["outcome"] == "converged"]
        assert found["share_converged"] == len(epochs) / len(group)
        assert same(found["median_converged_at"], statistics.median(epochs) if epochs else None)
        assert same(found["p90_converged_at"], quantile(epochs, Fraction(9, 10)) if epochs else None)
        assert found["best_cost"] == min(row["cost"] for row in group)
        known = sorted({REGIMES.index(row["regime"]) for row in group if row["regime"]})
        words = dict.fromkeys([REGIMES[known[0]], REGIMES[known[-1]]]) if known else {}
        assert same(found["regime"], None) if not words else found["regime"] == " to ".join(words)
        ratios = {row["stability_ratio"] for row in group}
        assert same(found["stability_ratio"], ratios.pop() if len(ratios) == 1 else None)


def test_the_columns_of_a_summary() -> None:
    """Their names, their order, and whole numbers as such."""
    table = summary(frame(some_trials(3)), ["learning_rate"])
    assert list(table) == [
        *("learning_rate", "trials", "converged", "unfinished", "diverged", "share_converged"),
        *("median_converged_at", "p90_converged_at", "best_cost", "regime", "stability_ratio"),
    ]
    assert {str(table[name].dtype) for name in ("trials", *OUTCOMES)} == {"int64"}
    assert list(table.index) == list(range(4))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.integers(1, 60), st.one_of(st.none(), st.integers(1, 5)))
def test_counts_add_up(seed: int, n: int, bins: int | None) -> None:
    """Outcomes add up to the trials of a row, and the rows to all trials, gathered or not."""
    table = summary(frame(some_trials(seed, n)), ["learning_rate", "initial_weight"], bins)
    assert (table[list(OUTCOMES)].sum(axis=1) == table["trials"]).all()
    assert table["trials"].sum() == n


def test_a_trial_that_left_the_optimum_again_is_not_counted() -> None:
    """Medians are over trials whose outcome is converged, not over all that ever had been close."""
    rows = [trial(0, at=10), trial(1, at=20), trial(2, "diverged", at=1), trial(3, "unfinished", at=2)]
    assert summary(frame(rows), [])["median_converged_at"].tolist() == [15.0]


def test_no_trials_have_a_summary_without_rows() -> None:
    """A comparison that holds for nothing leaves nothing to count."""
    table = summary(frame(some_trials(4)).iloc[:0], ["learning_rate"])
    assert (len(table), table["trials"].sum()) == (0, 0)


# --- ranges


@pytest.mark.parametrize(
    ("low", "high", "log_scaled", "edges"),
    [
        (-10.0, 10.0, [], np.linspace(-10, 10, 5)),
        (1e-4, 1e-2, ["learning_rate"], np.geomspace(1e-4, 1e-2, 5)),
        (1e-4, 1e-2, [], np.linspace(1e-4, 1e-2, 5)),
        (1.0, 9.0, ["learning_rate"], np.geomspace(1, 9, 5)),
    ],
)
def test_ranges_hold_what_lies_in_them(low: float, high: float, log_scaled: list[str], edges: Any) -> None:
    """Evenly spaced on the parameter's scale; both ends are in, each value once."""
    generator = np.random.default_rng(5)
    values = np.concatenate([[low, high], generator.uniform(low, high, 500)])
    rows = [trial(number, learning_rate=value) for number, value in enumerate(values.tolist())]
    table = summary(frame(rows), ["learning_rate"], 4, log_scaled)
    labels = [f"{a:.3g} to {b:.3g}" for a, b in pairwise(edges)]
    counts = [int(((values >= a) & (values < b)).sum()) for a, b in pairwise(edges)]
    counts[-1] += 1  # the upper end
    assert list(zip(table["learning_rate"].astype(str), table["trials"], strict=True)) == [
        pair for pair in zip(labels, counts, strict=True) if pair[1]
    ]


def test_few_values_are_not_gathered() -> None:
    """A parameter with no more values than ranges keeps its values."""
    table = summary(frame(some_trials(6)), ["learning_rate", "initial_weight"], bins=3)
    assert table["initial_weight"].drop_duplicates().tolist() == [-1.0, 0.0, 2.0]
    assert str(table["learning_rate"].iloc[0]).startswith("1e-07 to")


def test_words_and_missing_values_can_be_summarised_by() -> None:
    """Words are not gathered, missing values are a row of their own, and counts still add up."""
    table = frame(some_trials(9))
    for name in ("outcome", "converged_at", "cost", "regime"):
        for bins in (None, 2):
            assert summary(table, [name], bins)["trials"].sum() == len(table)
    assert summary(table, ["outcome"], 2)["outcome"].tolist() == list(OUTCOMES)
    by_regime = summary(table, ["regime"])
    assert list(by_regime)[:2] == ["regime", "trials"]
    assert by_regime["regime"].tolist()[:4] == list(REGIMES)
    assert summary(table, ["converged_at"], 2)["converged_at"].isna().tolist() == [False, False, True]


def test_close_ranges_have_names_that_differ() -> None:
    """As many digits are shown as it takes to tell ranges apart."""
    rows = [trial(number, learning_rate=1 + number * 1e-9) for number in range(100)]
    table = summary(frame(rows), ["learning_rate"], bins=5)
    assert table["learning_rate"].is_unique
    assert table["trials"].tolist() == [20] * 5


# --- the best trials


def test_the_best_trial_is_the_first_of_the_documented_order() -> None:
    """Converged, then fewest epochs, then lowest cost, then lowest number."""
    rows = [
        trial(0, "diverged", None, 0.1),
        trial(1, "unfinished", None, 0.1),
        trial(2, "converged", 9, 0.1),
        trial(3, "converged", 5, 0.3),
        trial(4, "converged", 5, 0.2),
        trial(5, "converged", 5, 0.2),
        trial(6, "converged", 0, 9.0),
        trial(7, "unfinished", None, 0.05),
        trial(8, "diverged", None, math.inf),
    ]
    random.Random(7).shuffle(rows)
    assert best(frame(rows), 9)["trial"].tolist() == [6, 4, 5, 3, 2, 7, 1, 0, 8]
    assert best(frame(rows), 2)["trial"].tolist() == [6, 4]
    assert len(best(frame(rows), 100)) == 9
    assert len(best(frame(some_trials(8)))) == 10


def test_the_best_trial_is_judged_by_when_it_converged() -> None:
    """Without early stop all trials do the same epochs; what counts is the first time near the optimum."""
    rows = [trial(0, at=50, epochs=100), trial(1, at=20, epochs=100)]
    assert best(frame(rows), 1)["trial"].tolist() == [1]


# --- names and notebooks


def test_an_unknown_column_is_named_with_the_nearest() -> None:
    """The message says what is known, or what was probably meant."""
    for function in (
        lambda: summary(frame([trial(0)]), ["lerning_rate"]),
        lambda: check_column("lerning_rate", ["learning_rate"]),
    ):
        with pytest.raises(ConfigError) as caught:
            function()
        assert str(caught.value) == ("there is no column 'lerning_rate'. Hint: did you mean 'learning_rate'?")
    with pytest.raises(ConfigError, match=r"there is no column 'q'\. Hint: known here: a, b$"):
        check_column("q", ["b", "a"])


def test_html_is_escaped() -> None:
    """Neither a caption nor a column's name nor a cell can be markup."""
    html = as_html("<script>1</script>", pd.DataFrame({"<b>": ["<i>&"], "n": [np.nan]}))
    for markup in ("<script>", "<b>", "<i>", "NaN"):
        assert markup not in html
    for text in ("&lt;script&gt;1&lt;/script&gt;", "&lt;b&gt;", "&lt;i&gt;&amp;"):
        assert text in html


def test_the_best_of_those_that_did_not_converge_has_the_lowest_cost() -> None:
    """Few epochs are a merit of the converged alone."""
    rows = [
        trial(0, outcome="unfinished", epochs=1, converged_at=None, cost=100.0),
        trial(1, outcome="unfinished", epochs=100, converged_at=3, cost=2.0),
        trial(2, outcome="unfinished", epochs=50, converged_at=None, cost=1.0),
    ]
    assert best(frame(rows), 3)["trial"].tolist() == [2, 1, 0]


def test_a_stability_ratio_that_some_trials_lack_is_not_the_groups() -> None:
    """One trial's ratio does not speak for others of which none is known."""
    rows = [trial(0, stability_ratio=0.5), trial(1, stability_ratio=float("nan"))]
    assert summary(frame(rows), [])["stability_ratio"].isna().all()
