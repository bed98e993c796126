"""How well the trials of a run fit, and beside the best one the optimum that it makes for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from linreg_sweep.analysis.folds import Setting, least, ranked, settings_of
from linreg_sweep.analysis.formats import finite
from linreg_sweep.analysis.quality import MEASURES, means, measures
from linreg_sweep.column_types import ranked_by
from linreg_sweep.errors import Complaint, ResultsError
from linreg_sweep.runs.stored import StoredRun
from linreg_sweep.storage.layout import TRIALS
from linreg_sweep.storage.metadata import Targets
from linreg_sweep.storage.parquet import read_arrays

if TYPE_CHECKING:
    import pandas as pd

    from linreg_sweep.trials.experiment import Experiment

SIMPLER = {"weight_decay": -1.0, "max_epochs": 1.0}
"""The parameters that make a fit simpler, the first that varies: with more penalty, or with fewer epochs."""


def quality(run: StoredRun) -> "pd.DataFrame":
    """Returns R squared and the root mean squared error of every trial; see Run.quality."""
    import pandas as pd

    data = run.metadata["data"]
    if "variance" not in data:
        text = "this run was made by a version that kept no variance of the target"
        raise ResultsError(Complaint(str(run.path), text, "run the sweep again with --out elsewhere"))
    held_out = "held_out_variance" in data
    has_folds = "fold" in run.columns
    names = ["trial", *run.varied, "cost", *(["held_out_cost"] if held_out else [])]
    table = run.read([*dict.fromkeys([*names, *(["fold"] if has_folds else [])])])
    fold = table["fold"].to_numpy(np.intp) if has_folds else np.zeros(len(table), np.intp)
    found = measures(
        table["cost"].to_numpy(np.float64),
        np.array(data["variance"])[fold],
        table["held_out_cost"].to_numpy(np.float64) if held_out else None,
        np.array(data["held_out_variance"])[fold] if held_out else 0.0,
    )
    return pd.concat([table[["trial", *run.varied]], pd.DataFrame(found, table.index)], axis=1)


def best_setting(run: StoredRun) -> tuple[Setting, Setting | None] | None:
    """Returns the setting that is best in the mean over folds, and the simplest as good; None: no folds.

    As good are those whose mean is within one standard error of the best one's (Breiman et al.,
    Classification and Regression Trees, 1984, sec. 3.4.3); simplest is the one of most penalty or, where that
    does not vary, of fewest epochs.
    """
    n_folds, by = run.n_folds, run.best_by
    if n_folds == 1 or by == "converged_at":
        return None
    best = least(settings_of(run.parts(["trial", *ranked_by(by)]), by, n_folds), n_folds)
    simpler = next((name for name in SIMPLER if name in run.varied), None)
    if best is None or simpler is None:
        return None if best is None else (best, None)
    parts = settings_of(run.parts(["trial", *ranked_by(by), simpler]), by, n_folds)
    found = least(
        parts,
        n_folds,
        lambda part: SIMPLER[simpler] * np.asarray(part.columns[simpler], np.float64),
        most=best.mean + best.standard_error,
    )
    return best, found


def best_trials(run: StoredRun, n: int) -> list[int]:
    """Returns the trials of the settings that are best in the mean over folds, n of them, the best first."""
    settings = -(-n // run.n_folds)
    first = ranked(
        settings_of(run.parts(["trial", *ranked_by(run.best_by)]), run.best_by, run.n_folds), settings
    )
    return [int(trial) for trial in (first[:, None] + np.arange(run.n_folds)).ravel()[:n]]


def cells_of(run: StoredRun, trial: int, names: Sequence[str]) -> dict[str, Any]:
    """Returns some cells of a trial, as metadata.json has them."""
    part, row = divmod(trial, run.part_size)
    layout = run.layout(TRIALS)
    columns = read_arrays(run.store.part(run.store.trials, part), list(names), layout)
    return {name: finite(layout.types[name].cell(columns[name][row].item())) for name in names}


def fits_of(run: StoredRun, experiment: "Experiment", best: int, setting: Setting | None) -> dict[str, Any]:
    """Returns what metadata.json says of the best trial's fit: its quality, and the optimum it makes for.

    Over folds the means of its setting are taken; None: it stands for itself.
    """
    trials = [best] if setting is None else [setting.first + fold for fold in range(setting.n_folds)]
    names = ["cost", *(["held_out_cost"] if experiment.holds_out else [])]
    each: dict[str, list[dict[str, float]]] = {"best_trial": []}
    told: dict[str, Any] = {}
    for trial in trials:
        values = experiment.values(trial, trial + 1)
        [group] = experiment.groups(values)
        problem, quadratic, held_out = group.problem, group.trials.quadratic, group.problem.held_out
        cells = cells_of(run, trial, names)
        costs = {"best_trial": [np.nan if cells[name] is None else cells[name] for name in names]}
        optima = {"penalised": quadratic.optimum[..., 0]} if group.options.method.is_penalised else {}
        optima["least_squares"] = problem.optimum
        for name, theta in optima.items():
            held = problem.held_out_cost(theta[None]).tolist() if experiment.holds_out else []
            cost = problem.cost_min if name == "least_squares" else float(quadratic.cost_at_optimum[0])
            costs[name] = [cost, *held]
            if name not in told:
                named = experiment.named(theta, group.kind)
                told[name] = {
                    "cost": cost,
                    "parameters": {parameter: finite(value) for parameter, value in named.items()},
                }
        spread = 0.0 if held_out is None else held_out.variance
        for name, (cost, *held) in costs.items():
            on = np.array(held) if held else None
            found = measures(np.array([cost]), problem.variance, on, spread)
            each.setdefault(name, []).append({key: float(value[0]) for key, value in found.items()})
    fit = {
        name: {
            key: finite(value)
            for key, value in means(
                {key: np.array([fold[key] for fold in folds]) for key in MEASURES if key in folds[0]}
            ).items()
        }
        for name, folds in each.items()
    }
    return {**told, "quality": fit}


def folds_told(run: StoredRun, found: tuple[Setting, Setting | None]) -> dict[str, Any]:
    """Returns what metadata.json says of the best setting over folds, and of the simplest as good."""
    best, simplest = found

    def told(setting: Setting) -> dict[str, Any]:
        names = [name for name in run.settings if name != "seed"] + ["seed"] * ("seed" in run.varied)
        return {
            "first": setting.first,
            "mean": setting.mean,
            "standard_error": setting.standard_error,
            "setting": cells_of(run, setting.first, names),
        }

    return {"best": told(best), **({} if simplest is None else {"simplest": told(simplest)})}


def held_out_facts(experiment: "Experiment") -> Targets:
    """Returns what metadata.json says of targets: their variance, and of those held out, fold by fold."""
    problems = [
        next(each for kind, each in experiment.problems.items() if kind.fold == fold)
        for fold in range(len(experiment.headers))
    ]
    facts: Targets = {"variance": [problem.variance for problem in problems]}
    held = [problem.held_out for problem in problems if problem.held_out is not None]
    if held:
        facts["held_out_rows"] = experiment.held_out_rows
        facts["held_out_variance"] = [each.variance for each in held]
    if experiment.is_in_every_fold:
        facts["folds"] = len(problems)
    return facts
