"""How trials descend, as far as it is no number: what all trials share that an engine trains together."""

from dataclasses import dataclass
from typing import Any, Literal

from linreg_sweep.optimizers import OPTIMIZERS
from linreg_sweep.optimizers.base import Rule

Order = Literal["file", "reshuffle", "independent", "with_replacement"]
"""Which rows a step sees: those that follow in the data, or in a permutation, or a draw of its own."""


@dataclass(frozen=True)
class Method:
    """An update rule, how its learning rate changes, and which rows its steps see.

    Attributes:
        optimizer: its name.
        flags: those of the optimizer's boolean keys that are true.
        active: those of its number keys that any trial of the declaration has at another value than 0.
        schedule: of the learning rate; None: it stays.
        average: of the states; None: none is kept.
        batch_size: rows a step; None: all of them, each once.
        order: which rows these are, see engines/batches.py.
        seed: of what is drawn.
    """

    optimizer: str = "sgd"
    flags: frozenset[str] = frozenset()
    active: frozenset[str] = frozenset()
    schedule: Any = None
    average: Any = None
    batch_size: int | None = None
    order: Order = "file"
    seed: int = 0

    def rule(self, xp: Any) -> Rule:
        """Returns the formula of a step; xp is numpy or torch."""
        return OPTIMIZERS[self.optimizer].rule(self.active, self.flags, xp)

    @property
    def is_drawn(self) -> bool:
        """Whether the steps of one epoch see other rows than those of another."""
        return self.order != "file" and self.batch_size is not None

    def sees_all(self, n_rows: int) -> bool:
        """Returns whether each step sees every one of so many rows once."""
        return self.batch_size is None or (self.batch_size >= n_rows and self.order != "with_replacement")

    @property
    def is_plain(self) -> bool:
        """Whether a step is theta less the rate times the gradient of its rows, and nothing more is kept."""
        keeps = "momentum" in self.active or self.average is not None
        return self.optimizer == "sgd" and not keeps and not self.is_penalised

    @property
    def is_penalised(self) -> bool:
        """Whether any trial has a penalty."""
        return "weight_decay" in self.active

    @property
    def is_decoupled(self) -> bool:
        """Whether the penalty shrinks theta itself instead of adding to the gradient."""
        return self.is_penalised and OPTIMIZERS[self.optimizer].is_decoupled(self.flags)

    @property
    def decays_bias(self) -> bool:
        """Whether the bias is penalised, too."""
        return "decay_bias" in self.flags
