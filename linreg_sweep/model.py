"""A fitted model by itself: coefficients in the data's own units, and what new rows have to look like."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from linreg_sweep.array_types import Flags, Floats
from linreg_sweep.errors import Complaint, DataError, ResultsError
from linreg_sweep.guards.regular_files import open_regular_file
from linreg_sweep.tabular.arrays import matrix_of
from linreg_sweep.words import MAX_NAMED, did_you_mean, listed, shorten

KIND = "linreg-sweep model"
VERSION = 1

MAX_BYTES = 2**26
"""Bytes that a model's file may have."""


@dataclass(frozen=True, eq=False)
class Model:
    """A line, or a plane of F features, for each of O targets.

    Attributes:
        features: F names.
        targets: O names.
        weights: [F, O], in units of y per unit of x.
        bias: [O], in units of y; zeros where none is fitted.
        low: the least value of each feature in the rows that it was trained on [F].
        high: the largest, likewise.
        fit_bias: whether a bias is fitted.
        trained: how it was made: run, trial, hyperparameters, data, versions.
    """

    features: tuple[str, ...]
    targets: tuple[str, ...]
    weights: Floats
    bias: Floats
    low: Floats
    high: Floats
    fit_bias: bool = True
    trained: Mapping[str, Any] = field(default_factory=dict)

    def predict(self, x: object) -> Floats:
        """Returns what rows are predicted to have: [m], of several targets [m, O].

        Args:
            x: a DataFrame with the features among its columns, in any order; or [m, F] or, of one feature,
                [m] numbers, in the order of the features.

        Raises:
            DataError: a column is missing, or a cell is no finite number.
        """
        predicted = self.of_rows(self.rows(x))
        return predicted[:, 0] if len(self.targets) == 1 else predicted

    def rows(self, x: Any) -> Floats:
        """Returns rows [m, F] as numbers, in the order of the features; see predict."""
        if getattr(x, "columns", None) is not None:
            names = [*map(str, x.columns)]
            complaints = self.complaints("x", names)
            if complaints:
                raise DataError(*complaints)
            x = x[[x.columns[names.index(name)] for name in self.features]]
        found, known, complaints = matrix_of("x", x, None)
        if not complaints and found.shape[1] != len(self.features):
            text = f"must have {len(self.features)} columns ({listed(self.features)}), got {len(known)}"
            complaints = [Complaint("x", text)]
        if complaints:
            raise DataError(*complaints)
        return found

    def complaints(self, where: str, names: list[str]) -> list[Complaint]:
        """Returns what is wrong with the names of columns: a feature is missing, or there twice."""
        found = list[Complaint]()
        for name in self.features:
            if name not in names:
                text = f"must have the column {shorten(name)!r}, which the model was trained on"
                found.append(Complaint(where, text, did_you_mean(name, names, else_list=not found)))
            elif names.count(name) > 1:
                found.append(Complaint(where, f"must have the column {shorten(name)!r} once"))
        return found[:MAX_NAMED]

    def of_rows(self, x: Floats) -> Floats:
        """Returns what rows [m, F] are predicted to have [m, O]."""
        predicted = np.repeat(self.bias[None], len(x), axis=0)
        for column, weights in zip(x.T, self.weights, strict=True):
            predicted += column[:, None] * weights
        return predicted

    def outside(self, x: Floats) -> Flags:
        """Returns which features of rows [m, F] lie outside the range of the training rows [m, F]."""
        return np.asarray((x < self.low) | (x > self.high))

    def as_json(self) -> str:
        """Returns it as JSON, every float to its last bit."""
        told = {
            "kind": KIND,
            "version": VERSION,
            "features": list(self.features),
            "targets": list(self.targets),
            "coefficients": {
                target: dict(zip(self.features, self.weights[:, place].tolist(), strict=True))
                for place, target in enumerate(self.targets)
            },
            "bias": dict(zip(self.targets, self.bias.tolist(), strict=True)) if self.fit_bias else None,
            "ranges": {
                name: [low, high]
                for name, low, high in zip(self.features, self.low.tolist(), self.high.tolist(), strict=True)
            },
            "trained": dict(self.trained),
        }
        return json.dumps(told, indent=2, allow_nan=False) + "\n"


def read_model(file: str | Path) -> Model:
    """Returns the model that a file holds.

    Raises:
        ResultsError: there is no such file, or it holds none.
    """
    where = str(file)
    try:
        with open_regular_file(Path(file)) as stream:
            content = stream.read(MAX_BYTES + 1)
        told = json.loads(content[:MAX_BYTES])
        if told["kind"] != KIND:
            raise ValueError(f"its kind is {told['kind']!r}")
        if told["version"] > VERSION:
            text = f"the model's version is {told['version']}, this version reads up to {VERSION}"
            raise ResultsError(Complaint(where, text, "update linreg-sweep"))
        return _of_json(told)
    except OSError as error:
        text = f"must be a run's directory or a model's file: {error.strerror or error}"
        raise ResultsError(Complaint(where, text)) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        hint = "make it by `linreg-sweep export RUN --to model`"
        raise ResultsError(Complaint(where, f"holds no model ({error})", hint)) from error


def _of_json(told: Mapping[str, Any]) -> Model:
    """Returns a model from what JSON has.

    Raises:
        ValueError, KeyError, TypeError: it cannot be one.
    """
    features, targets = tuple(map(str, told["features"])), tuple(map(str, told["targets"]))
    weights = [[told["coefficients"][target][name] for target in targets] for name in features]
    ranges = [told["ranges"][name] for name in features]
    bias, fit_bias = told["bias"], told["bias"] is not None
    numbers = {
        "weights": np.array(weights, np.float64).reshape(len(features), len(targets)),
        "bias": np.array([bias[target] if fit_bias else 0.0 for target in targets], np.float64),
        "low": np.array([low for low, _ in ranges], np.float64),
        "high": np.array([high for _, high in ranges], np.float64),
    }
    if not targets or not all(np.isfinite(each).all() for each in numbers.values()):
        raise ValueError("its numbers must be finite")
    return Model(features, targets, **numbers, fit_bias=fit_bias, trained=dict(told["trained"]))
