"""Facts about hyperparameters that are words or missing: as axes of summaries, maps, comparisons and files.

The oracle is pandas on the whole table.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure
from matplotlib.text import Text

import linreg_sweep as ls
from linreg_sweep.plots.cells import cells, varying
from linreg_sweep.plots.parallel import NONE
from linreg_sweep.reports.payload import map_of, trials_of
from linreg_sweep.theory.outcome import OUTCOMES
from tests.worded import OPTIMIZERS, SCHEDULES, worded


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> ls.Run:
    """The run whose optimizer, schedule and schedule.gamma are words and may be missing."""
    return worded(tmp_path_factory.mktemp("words"))


BY = (["optimizer"], ["schedule", "optimizer"], ["schedule.gamma"], ["optimizer", "schedule.gamma"])


@pytest.mark.parametrize("by", BY, ids=str)
def test_a_summary_by_words_is_what_pandas_groups(run: ls.Run, by: list[str]) -> None:
    """In the declared order, what is missing last; of a part of the trials as of all."""
    for trials, found in (
        (run.trials, run.summary(by)),
        (run.trials.iloc[::2], None),
    ):
        table = ls.analysis.tables.summary(trials, by) if found is None else found
        groups = trials.groupby(by, observed=True, dropna=False, sort=True)
        keys = groups.size().reset_index()
        for name in by:
            assert [None if pd.isna(key) else key for key in table[name]] == [
                None if pd.isna(key) else key for key in keys[name]
            ]
        assert table["trials"].tolist() == groups.size().tolist()
        assert table["best_cost"].tolist() == groups["cost"].min().tolist()
        for outcome in OUTCOMES:
            ended = trials.assign(ended=trials["outcome"] == outcome).groupby(by, observed=True, dropna=False)
            assert table[outcome].tolist() == ended["ended"].sum().tolist()


def test_words_keep_their_declared_order_and_trials_are_found_by_them(run: ls.Run) -> None:
    """Not that of the alphabet; a dot in a name is part of it."""
    trials = run.trials
    assert tuple(trials["optimizer"].cat.categories) == OPTIMIZERS
    assert run.default_by() == ["optimizer", "schedule"]
    for text, mask in {
        "optimizer == sgd": trials["optimizer"] == "sgd",
        "optimizer in (sgd, 'rms prop')": trials["optimizer"].isin(["sgd", "rms prop"]),
        "schedule.gamma > 0 and not optimizer == '=adam'": (trials["schedule.gamma"] > 0)
        & (trials["optimizer"] != "=adam"),
        "schedule.gamma != schedule.gamma": trials["schedule.gamma"].isna(),
    }.items():
        assert run.where(text)["trial"].tolist() == trials["trial"][mask].tolist()


@pytest.mark.parametrize(
    ("x", "y"), [("schedule", "optimizer"), ("learning_rate", "schedule.gamma"), ("optimizer", None)]
)
def test_the_cells_of_a_map_are_what_pandas_counts(run: ls.Run, x: str, y: str | None) -> None:
    """A word has a cell in its declared place; trials without a value of an axis are in none, and counted."""
    found = cells(run, x, y)
    assert found.y is not None
    trials = run.trials.dropna(subset=[found.x.name, found.y.name])
    assert found.left_out == len(run.trials) - len(trials)
    counted = pd.crosstab(trials[found.y.name], trials[found.x.name])
    assert found.trials.tolist() == counted.to_numpy().tolist()
    least = trials.pivot_table("cost", found.y.name, found.x.name, "min", observed=True)
    assert found.best_cost.tolist() == least.to_numpy().tolist()
    for side in (found.x, found.y):
        if side.is_words:
            assert side.labels == tuple(run.trials[side.name].cat.categories)
            assert side.edges.tolist() == [place - 0.5 for place in range(len(side.labels) + 1)]


def test_pictures_name_words(run: ls.Run) -> None:
    """Ticks of a map and of bars are words in their order; a line passes below where none is."""
    figure = Figure()
    axes = ls.plot(run, axes=figure.add_subplot(), x="schedule", y="optimizer")
    assert words_of(axes.get_xticklabels()) == list(SCHEDULES)
    assert words_of(axes.get_yticklabels()) == list(OPTIMIZERS)
    names = varying(run)
    assert names == ["optimizer", "schedule", "schedule.gamma", "learning_rate"]
    panels = ls.plot(run, kind="slice", size=(20, 4), columns=len(names))
    shown = [words_of(panel.get_xticklabels()) for panel in panels]
    pyplot.close("all")
    assert shown[:3] == [list(OPTIMIZERS), list(SCHEDULES), ["0", "1", "2", "none"]]
    trials, axes = run.trials, ls.plot(run, kind="parallel", axes=Figure().add_subplot())
    drawn = [np.asarray(line.get_ydata(), np.float64) for line in axes.lines]
    lines = np.array([heights for heights in drawn if len(heights) == len(names) + 1])
    assert sorted(lines[:, 0].tolist()) == sorted((trials["optimizer"].cat.codes / 2).tolist())
    assert (lines[:, 2] == NONE).sum() == trials["schedule.gamma"].isna().sum()
    assert "none" in [text.get_text() for text in axes.texts]


def words_of(labels: list[Text]) -> list[str]:
    """Returns what ticks say, however it is broken into lines."""
    return [label.get_text().replace("\n", " ") for label in labels]


def test_runs_are_matched_on_words_and_on_what_is_missing(run: ls.Run, tmp_path: Path) -> None:
    """Whatever codes the words have in each; missing equals missing, and a word that one lacks none."""
    other = worded(tmp_path, ("rms prop", "sgd", "nadam"), training={"epochs": 300})
    found = ls.compare(run, other, by=["optimizer"])
    keys = ["optimizer", "schedule", "schedule.gamma", "learning_rate"]
    first, second = (each.trials.astype({"optimizer": str, "schedule": str}) for each in (run, other))
    both = first.merge(second, on=keys, how="outer", suffixes=("_a", "_b"), indicator=True)
    sizes = both["_merge"].value_counts()
    row = found.matched.iloc[0]
    assert (row["matched"], row["only_first"], row["only_second"]) == (
        *(sizes["both"], sizes["left_only"], sizes["right_only"]),
    )
    matched = both[both["_merge"] == "both"]
    changed = matched["outcome_a"].astype(str) != matched["outcome_b"].astype(str)
    by = found.by.set_index("optimizer")
    assert list(by.index) == ["sgd", "rms prop"]
    for name, group in changed.groupby(matched["optimizer"]):
        assert by.loc[name, "outcome_changed"] == group.sum()
        assert by.loc[name, "matched"] == len(group)
    assert set(found.only["optimizer"]) == {"=adam", "nadam"}
    assert set(found.changed["optimizer"]) == {"sgd", "rms prop"}


def test_files_for_other_programs_have_the_words(run: ls.Run, tmp_path: Path) -> None:
    """CSV escapes what a spreadsheet would run; no other format changes a word; missing is missing."""
    trials = run.trials
    table = pd.read_csv(ls.export(run, "csv", tmp_path / "x.csv"))
    assert table["optimizer"].tolist() == [
        f"'{word}" if word[0] == "=" else word for word in trials["optimizer"]
    ]
    assert table["schedule.gamma"].equals(trials["schedule.gamma"])
    records = json.loads(Path(str(ls.export(run, "json", tmp_path / "x.json"))).read_text(encoding="utf-8"))
    assert [each["optimizer"] for each in records] == trials["optimizer"].tolist()
    gamma = [None if np.isnan(cell) else cell for cell in trials["schedule.gamma"].tolist()]
    assert [each["schedule.gamma"] for each in records] == gamma
    again = pd.read_parquet(ls.export(run, "parquet", tmp_path / "x.parquet"))
    pd.testing.assert_frame_equal(again, trials)


def test_a_page_gets_words_in_their_order(run: ls.Run) -> None:
    """Axes name them as they name listed numbers, tables sort by them; numbers stay numbers with gaps."""
    told = map_of(run, cells(run, "schedule", "optimizer"))
    assert (told["x"]["values"], told["y"]["values"]) == (list(SCHEDULES), list(OPTIMIZERS))
    assert map_of(run, cells(run))["x"]["values"] == [0.001, 0.005, 0.006, 0.007]
    columns = {column["name"]: column for column in trials_of(run.trials, run.types)}
    assert columns["optimizer"]["order"] == list(OPTIMIZERS)
    assert (columns["optimizer"]["number"], columns["schedule.gamma"]["number"]) == (False, True)
    unpacked = [columns["optimizer"]["different"][place] for place in columns["optimizer"]["rows"]]
    assert unpacked == run.trials["optimizer"].tolist()
