"""What metadata.json says of a run, and whether what was read can be that.

A run may come from anywhere, and a checksum is no signature: whoever changes a file can seal it again.
So nothing of it names a file, is counted or is computed with before its type is known.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NotRequired, TypeAlias, TypedDict

from linreg_sweep.column_types import Kind, Role
from linreg_sweep.guards.names import is_name
from linreg_sweep.storage.typed import fits, misfits
from linreg_sweep.theory.outcome import OUTCOME_WORDS, OUTCOMES, REGIME_SOURCES, REGIMES, THEORY, BestBy, Loss

LARGEST = 2**63 - 1
"""The largest whole number that a column holds."""

MAX_WORDS = 2**15 - 1
"""Words that the codes of a column stand for."""

_HALVES = re.compile("[\ud800-\udfff]")
"""Halves of characters, which no file in UTF-8 can take."""


def _is_number(value: float) -> bool:
    return abs(value) <= LARGEST if isinstance(value, int) else math.isfinite(value)


def _differ(texts: Sequence[str]) -> bool:
    return len(set(texts)) == len(texts)


Count: TypeAlias = Annotated[int, lambda count: 0 <= count <= LARGEST]
Positive: TypeAlias = Annotated[int, lambda count: 0 < count <= LARGEST]
Number: TypeAlias = Annotated[int | float, _is_number]
Rate: TypeAlias = Annotated[int | float, lambda rate: rate == math.inf or _is_number(rate)]
Text: TypeAlias = Annotated[str, lambda text: not _HALVES.search(text)]
Names: TypeAlias = Annotated[list[Text], len]
Words: TypeAlias = Annotated[list[Text], len, lambda words: len(words) <= MAX_WORDS, _differ]
Cell: TypeAlias = Text | Number | None
Outcomes: TypeAlias = Annotated[
    dict[str, Count], lambda counts: counts.keys() >= {"converged", "unfinished", "diverged"}
]


class Column(TypedDict):
    """A column of a table, see column_types.ColumnType."""

    name: Text
    kind: Kind
    role: Role
    words: NotRequired[Words]


Columns: TypeAlias = Annotated[
    list[Annotated[Column, lambda column: column.keys() <= Column.__annotations__.keys()]],
    lambda columns: _differ([column["name"] for column in columns]),
]


class Tables(TypedDict):
    """The columns of both tables."""

    trials: Columns
    history: Columns


class Targets(TypedDict, total=False):
    """What a fit is measured against, fold by fold."""

    variance: Annotated[list[Number], len]
    held_out_rows: Annotated[list[Positive], len]
    held_out_variance: Annotated[list[Number], len]
    folds: Positive


class DataFacts(Targets):
    """The data that a run was trained on."""

    source: Text
    sha256: Text
    rows: Positive
    features: Names
    targets: Names
    notes: list[Text]


class Settle(TypedDict):
    """When a descent has settled, where regimes are measured."""

    epochs: Number
    fraction: Number


class Begun(TypedDict):
    """What is said from the beginning."""

    format_version: int
    name: Annotated[str, is_name]
    created: Text
    versions: dict[str, Text]
    checksums: dict[str, Text]
    data: DataFacts
    engine: Text
    loss: Loss
    method: Text
    varied: list[Text]
    log_scaled: list[Text]
    spans: dict[str, list[Number]]
    hyperparameters: list[Text]
    parameters: list[Text]
    columns: Tables
    history: bool
    regime_measured: bool
    settle: Settle
    divergence: Number
    n_trials: Positive
    part_size: Positive
    n_parts: Positive


class Failure(TypedDict):
    """A trial that could not be trained."""

    trial: Count
    reason: str


class Failures(TypedDict):
    """How many trials could not be trained, and the first of them."""

    count: Count
    first: list[Failure]


class BestTrial(TypedDict):
    """The best trial; its hyperparameters and parameters stand beside these."""

    trial: Count
    epochs: Count
    outcome: Text
    converged_at: Count | None
    cost: Number | None


class EdgeFacts(TypedDict):
    """Learning rates between which trials stop being stable, seen and by theory."""

    largest_stable: Rate | None
    smallest_diverged: Rate | None
    stability_limit: Rate | None


class Disagreement(TypedDict):
    """A trial that ended otherwise than predicted."""

    trial: Cell
    learning_rate: Cell
    outcome: Cell
    converged_at: Cell
    diverged_at: Cell
    predicted_outcome: Cell
    predicted_at: Cell


class AgreementFacts(TypedDict):
    """How often theory and experiment agree, and on how many trials theory is silent, and why."""

    predicted: Count
    same_outcome: Count
    same_epoch: Count
    largest_gap: Count
    lost_in_rounding: Count
    mini_batches: Count
    adaptive: NotRequired[Count]
    in_the_mean: NotRequired[Count]
    reshuffled: NotRequired[Count]
    epochs_predicted: NotRequired[Count]
    passing: NotRequired[Count]
    others: list[Annotated[Disagreement, lambda other: other.keys() <= Disagreement.__annotations__.keys()]]


class LeastSquares(TypedDict):
    """The optimum of the data."""

    cost: Number
    parameters: dict[str, Number | None]


class SettingFacts(TypedDict):
    """A setting in the mean over folds."""

    first: Count
    mean: Number
    standard_error: Number
    setting: dict[str, Cell]


class FoldFacts(TypedDict):
    """The setting that is best over folds, and the simplest as good."""

    best: SettingFacts
    simplest: NotRequired[SettingFacts]


class Found(TypedDict, total=False):
    """What is said of a finished run."""

    finished: Text
    failed: Failures
    outcomes: Outcomes
    best: Annotated[dict[str, Cell], lambda best: fits(best, BestTrial)]
    edge: EdgeFacts
    agreement: AgreementFacts


class Metadata(Begun, Found, total=False):
    """What metadata.json says; what was found only where the run is finished."""

    best_by: BestBy
    least_squares: LeastSquares
    penalised: LeastSquares
    quality: dict[str, dict[str, Number | None]]
    folds: FoldFacts


BEGUN, FOUND = (tuple(said.__annotations__) for said in (Begun, Found))
"""The keys that are there from the beginning, and in a finished run."""

SINCE = {"checksums": 3, "failed": 3, "columns": 4}
"""What runs of an older format than this do not say."""

READ_BY_PLACE = {
    "outcome": OUTCOME_WORDS,
    "regime": REGIMES,
    "regime_source": REGIME_SOURCES,
    "predicted_outcome": OUTCOMES,
    "theory": THEORY,
}
"""Columns whose codes are read as places among these words."""

NEEDED = {
    **dict.fromkeys(("trial", "epochs"), "count"),
    **dict.fromkeys(("converged_at", "diverged_at", "predicted_at"), "epoch"),
    **dict.fromkeys(("learning_rate", "cost", "stability_ratio"), "number"),
    **dict.fromkeys(READ_BY_PLACE, "words"),
}
"""Columns that every trials table has, with their kinds."""


def fault(metadata: Mapping[str, Any]) -> str:
    """Returns what is wrong with what metadata.json says; nothing where a run can be read by it."""
    needed = BEGUN + FOUND if "finished" in metadata else BEGUN
    old = [key for key, since in SINCE.items() if metadata["format_version"] < since]
    lacking = [key for key in needed if key not in metadata and key not in old]
    if lacking:
        return f"it lacks {', '.join(lacking)}"
    wrong = [key for key in misfits(metadata, Metadata) if key in metadata]
    if wrong:
        return f"what it says of {', '.join(wrong)} cannot be"
    if metadata["n_parts"] != -(-metadata["n_trials"] // metadata["part_size"]):
        return "its parts do not make up its trials"
    best = metadata.get("best")
    if best is not None and not best.keys() >= {*metadata["varied"], *metadata["parameters"]}:
        return "its best trial lacks columns"
    if best is not None and any(isinstance(best[name], str) for name in metadata["parameters"]):
        return "what it says of its best trial's parameters cannot be"
    has_columns = "columns" in metadata and "columns" not in old
    return "what it says of columns cannot be" if has_columns and not _go_together(metadata) else ""


def _go_together(metadata: Mapping[str, Any]) -> bool:
    """Returns whether the columns that are told of are those that readers ask for."""
    trials, history = (
        {each["name"]: each for each in metadata["columns"][of]} for of in ("trials", "history")
    )
    all_columns, parameters = [*trials.values(), *history.values()], metadata["parameters"]

    def of_role(role: Role) -> list[str]:
        return [name for name, each in trials.items() if each["role"] == role]

    return (
        all(name in trials and trials[name]["kind"] == kind for name, kind in NEEDED.items())
        and all(bool(each.get("words")) == (each["kind"] == "words") for each in all_columns)
        and all(each["kind"] == "number" for each in all_columns if each["role"] == "state")
        and all(_begins(trials[name]["words"], words) for name, words in READ_BY_PLACE.items())
        and of_role("key") == ["trial"]
        and of_role("hyperparameter") == metadata["hyperparameters"]
        and of_role("state") == parameters
        and {*metadata["varied"]} <= {*metadata["hyperparameters"]}
        and (not metadata["history"] or history.keys() >= {"trial", "epoch", *parameters, "cost"})
    )


def _begins(told: list[str], words: Sequence[str]) -> bool:
    """Returns whether words that are told of are the first of those known, three or all but one at least."""
    return len(told) >= min(len(words) - 1, 3) and told == list(words[: len(told)])
