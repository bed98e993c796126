"""What metadata.json says of a run, and whether what was read can be that.

A run may come from anywhere, and a checksum is no signature: whoever changes a file can seal it again.
So nothing of it names a file, is counted or is computed with before its kind is known.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from linreg_sweep.column_types import Kind, Role
from linreg_sweep.guards.names import is_name
from linreg_sweep.theory.outcome import OUTCOME_WORDS, OUTCOMES, REGIME_SOURCES, REGIMES, THEORY

LARGEST = 2**63 - 1
"""The largest whole number that a column holds."""

MAX_WORDS = 2**15 - 1
"""Words that the codes of a column stand for."""


_HALVES = re.compile("[\ud800-\udfff]")
"""Halves of characters, which no such file can take."""


def _holds(condition: Any) -> AfterValidator:
    """Returns what refuses a value for which a condition does not hold."""

    def check(value: Any) -> Any:
        if not condition(value):
            raise ValueError("cannot be")
        return value

    return AfterValidator(check)


def _has_no_twin(values: list[Any]) -> bool:
    return len(set(values)) == len(values)


Text = Annotated[str, _holds(lambda text: not _HALVES.search(text))]
"""What a file in UTF-8 can take."""
Name = Annotated[str, _holds(is_name)]
Count = Annotated[int, Field(ge=0, le=LARGEST)]
Some = Annotated[int, Field(ge=1, le=LARGEST)]
Number = Annotated[int, Field(ge=-LARGEST, le=LARGEST)] | Annotated[float, Field(allow_inf_nan=False)]
Rate = Number | Annotated[float, _holds(lambda value: value == math.inf)] | None
Cell = Number | Text | None
Names = Annotated[list[Text], _holds(_has_no_twin)]


class Told(BaseModel):
    """What is said of something; more may be said than is known of."""

    model_config = ConfigDict(strict=True, extra="allow", hide_input_in_errors=True)


class ToldColumn(Told):
    """A column of a table; see column_types.ColumnType."""

    model_config = ConfigDict(extra="forbid")
    name: Text
    kind: Kind
    role: Role
    words: Annotated[list[Text], Field(min_length=1, max_length=MAX_WORDS), _holds(_has_no_twin)] | None = (
        None
    )


Table = Annotated[list[ToldColumn], _holds(lambda columns: _has_no_twin([each.name for each in columns]))]


class ToldTables(Told):
    """The columns of both tables, in their order."""

    trials: Table
    history: Table


class ToldData(Told):
    """The data of a run."""

    source: Text
    sha256: Text
    rows: Some
    features: Annotated[list[Text], Field(min_length=1)]
    targets: Annotated[list[Text], Field(min_length=1)]
    notes: list[Text]


class Settle(Told):
    """Within how many epochs a good rate settles, and to what fraction."""

    epochs: Number
    fraction: Number


class Begun(Told):
    """What is said from the beginning."""

    name: Name
    created: Text
    versions: dict[Text, Text]
    checksums: dict[Text, Text]
    data: ToldData
    engine: Text
    loss: Literal["half_mse", "mse", "sse"]
    method: Text
    varied: list[Text]
    log_scaled: list[Text]
    spans: dict[Text, list[Number]]
    hyperparameters: list[Text]
    parameters: list[Text]
    columns: ToldTables
    history: bool
    regime_measured: bool
    settle: Settle
    divergence: Number
    n_trials: Some
    part_size: Some
    n_parts: Some


class Failure(Told):
    """A trial that could not be trained; its reason may be any text."""

    trial: Count
    reason: str


class Failed(Told):
    """How many trials could not be trained, and the first of them."""

    count: Count
    first: list[Failure]


class Outcomes(Told):
    """How many trials ended in each."""

    converged: Count
    unfinished: Count
    diverged: Count


class Best(Told):
    """The cells of the best trial."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Cell]
    trial: Count
    epochs: Count
    outcome: Text
    converged_at: Count | None
    cost: Number | None


class Edge(Told):
    """Between which learning rates trials stop being stable."""

    largest_stable: Rate
    smallest_diverged: Rate
    stability_limit: Rate


class Other(Told):
    """A trial that ended otherwise than predicted."""

    model_config = ConfigDict(extra="forbid")
    trial: Cell
    learning_rate: Cell
    outcome: Cell
    converged_at: Cell
    diverged_at: Cell
    predicted_outcome: Cell
    predicted_at: Cell


class Agreement(Told):
    """How often theory told what the experiment then showed."""

    predicted: Count
    same_outcome: Count
    same_epoch: Count
    largest_gap: Count
    lost_in_rounding: Count
    mini_batches: Count
    others: list[Other]


class LeastSquares(Told):
    """The optimum; older runs do not tell of it."""

    cost: Number
    parameters: dict[Text, Number | None]


class Finished(Begun):
    """What is said of a finished run."""

    finished: Text
    failed: Failed
    outcomes: Outcomes
    best: Best
    edge: Edge
    agreement: Agreement
    least_squares: LeastSquares = Field(default_factory=lambda: LeastSquares(cost=0.0, parameters={}))


FOUND = [
    name
    for name, field in Finished.model_fields.items()
    if name not in Begun.model_fields and field.is_required()
]
"""What is said of a finished run alone."""

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
    """Returns what is wrong with what metadata.json says; nothing where a run can be read by it.

    Args:
        metadata: what it says, in one of the formats that can be read.
    """
    spared = {name for name, since in SINCE.items() if metadata["format_version"] < since}
    spared |= set() if "finished" in metadata else {*FOUND}
    lacking, wrong = list[str](), dict[str, None]()
    try:
        Finished.model_validate(metadata)
    except ValidationError as error:
        for each in error.errors(include_url=False, include_context=False, include_input=False):
            key = str(each["loc"][0])
            if key in metadata:
                wrong[key] = None
            elif key not in spared:
                lacking.append(key)
    if lacking:
        return f"it lacks {', '.join(lacking)}"
    if wrong:
        return f"what it says of {', '.join(wrong)} cannot be"
    if metadata["n_parts"] != -(-metadata["n_trials"] // metadata["part_size"]):
        return "its parts do not make up its trials"
    best = metadata.get("best")
    if best is not None and not best.keys() >= {*metadata["varied"], *metadata["parameters"]}:
        return "its best trial lacks columns"
    is_told = "columns" in metadata and "columns" not in spared
    return "what it says of columns cannot be" if is_told and not _go_together(metadata) else ""


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
    """Returns whether words that are told of are the first of those known, all but the last at least."""
    return len(told) >= len(words) - 1 and told == list(words[: len(told)])
