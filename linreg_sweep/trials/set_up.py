"""What the set-up says of each hyperparameter, and trials have where the sweep says nothing of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from linreg_sweep.array_types import Floats
from linreg_sweep.config import Config, Sweep
from linreg_sweep.config.parameters import OWN_WEIGHT, own_weight
from linreg_sweep.optimizers import KEYS, OPTIMIZERS
from linreg_sweep.trials.space import Space

Values = dict[str, Floats]
"""Hyperparameters [K] by their names; a code for what is no number, NaN where a trial has none."""


@dataclass(frozen=True)
class SetUp:
    """The declared values of hyperparameters.

    Attributes:
        config: the resolved declaration.
        space: what the trials vary.
        x_names: of the features.
        most_rows: that any trial is trained on.
    """

    config: Config | Sweep
    space: Space
    x_names: Sequence[str]
    most_rows: int

    def completed(self, varied: Values, count: int) -> Values:
        """Returns what varies, [count] each, with what does not."""
        fixed = self.fixed()
        values = {name: varied.get(name, np.full(count, value)) for name, value in fixed.items()}
        for name in self.space.choices:
            values[name] = filled(values[name], fixed[name])
        for name in self.space.choices.keys() & KEYS:
            for code, optimizer in enumerate(self.space.choices.get("optimizer", ())):
                if name not in OPTIMIZERS[optimizer].settings.model_fields:
                    values[name] = np.where(values["optimizer"] == code, np.nan, values[name])
        for name in values:  # numbers of a block, such as schedule.gamma, stay as the trial's block has them
            missing = np.isnan(values[name])
            if name not in self.space.choices and "." not in name and missing.any():
                values[name] = np.where(missing, self._own(name, values, fixed[name]), values[name])
        return values

    def fixed(self) -> dict[str, float]:
        """Returns the set-up's value of every hyperparameter in the table, in the table's order.

        Those that the sweep varies are among them, with the value that the sweep replaces; NaN where
        it is none of the set-up's numbers.
        """
        training, varied = self.config.training, self.space.names
        own = [own_weight(name) for name in self.x_names]
        weight = training.initial_weight
        values = {"learning_rate": training.learning_rate}
        if "initial_weight" in varied or (isinstance(weight, float) and not set(varied) & set(own)):
            values["initial_weight"] = weight if isinstance(weight, float) else 0.0
        else:
            weights = [weight] * len(own) if isinstance(weight, float) else weight
            values |= dict(zip(own, weights, strict=True))
        values["initial_bias"] = training.initial_bias
        return values | {name: self._declared(name) for name in varied if name not in values}

    def _declared(self, name: str) -> float:
        """Returns the set-up's value of what is varied; NaN where it has none for all trials.

        Of what is no number it is the first value that is declared, where no trial has the set-up's.
        """
        if name in self.space.choices:
            values, chosen = self.space.choices[name], self.choice(name)
            return float(values.index(chosen)) if chosen in values else 0.0
        if name == "fold":
            return 0.0
        if name == "batch_size":
            return float(self.config.training.batch_size or self.most_rows)
        value: Any = self.config
        for key in ("seed",) if name == "seed" else ("training", *name.split(".")):
            value = getattr(value, key, None)
        return float(value) if isinstance(value, int | float) else np.nan

    def choice(self, name: str) -> Any:
        """Returns the set-up's value of what is no number."""
        if name == "standardize":
            return self.config.data.standardize
        training = self.config.training
        value = getattr(training, name)
        return getattr(training.of(training.optimizer), name, None) if value is None else value

    def _own(self, name: str, values: Values, declared: float) -> Floats:
        """Returns the set-up's value [K] of a number; NaN where a trial's optimizer has no such key.

        A feature's own weight begins where all weights do, if those have a common start.
        """
        training, found = self.config.training, np.full(len(values["learning_rate"]), declared)
        if name.startswith(OWN_WEIGHT) and "initial_weight" in values:
            return values["initial_weight"]
        if name not in KEYS:
            return found
        optimizers = self.space.choices.get("optimizer", (training.optimizer,))
        codes = values.get("optimizer", np.zeros(len(found)))
        for code, optimizer in enumerate(optimizers):
            found[codes == code] = getattr(training.of(optimizer), name, np.nan)
        return found

    def chosen(self, name: str, codes: Floats) -> Any:
        """Returns what the first of some trials has chosen; the set-up's where its product has no choice."""
        if not len(codes) or np.isnan(codes[0]):
            return self.choice(name)
        return self.space.choices[name][int(codes[0])]


def filled(given: Floats, declared: float) -> Floats:
    """Returns numbers [K] with the declared one where they are missing."""
    missing = np.isnan(given)
    return np.where(missing, declared, given) if missing.any() else given
