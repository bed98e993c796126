"""The products of a union, each as a run of its own, so that each has the axes that make sense of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from linreg_sweep.column_types import Array
from linreg_sweep.runs.reopening import declaration_of
from linreg_sweep.runs.results import Run
from linreg_sweep.trials.columns import parameter_column
from linreg_sweep.trials.space import make_space


@dataclass(frozen=True, repr=False)
class ProductOfRun(Run):
    """The trials of a run that one product of its union makes.

    Attributes:
        number: of the product, from 1.
        names: the columns of the parameters that it declares.
        trials_of_it: their numbers; every so many, where products take turns.
    """

    number: int = 1
    names: tuple[str, ...] = ()
    trials_of_it: range = range(0)

    @property
    def varied(self) -> list[str]:
        """The columns of the hyperparameters that the product declares, in the declared order."""
        return list(self.names)

    @property
    def n_trials_done(self) -> int:
        """How many of its trials are there."""
        return sum(len(columns["trial"]) for columns in self.parts(["trial"]))

    def parts(
        self, columns: Sequence[str], numbers: Sequence[int] | None = None
    ) -> Iterator[dict[str, Array]]:
        """Yields some columns of its trials, a part at a time; see Run.parts."""
        for found in super().parts(list(dict.fromkeys([*columns, "trial"])), numbers):
            trial, whole = np.asarray(found["trial"], np.int64), self.trials_of_it
            own = (trial >= whole.start) & (trial < whole.stop) & ((trial - whole.start) % whole.step == 0)
            if own.any():
                yield {name: values[own] for name, values in found.items()}


def products_of(run: Run) -> list[ProductOfRun]:
    """Returns the products of a run that is a union; of another run, none.

    Raises:
        ResultsError: its config.yaml is damaged or gone.
    """
    if run.is_ordered or run.metadata["method"] == "list":
        return []
    space = make_space(declaration_of(run).config)
    if len(space.samplers) < 2:
        return []
    found, first = [], 0
    for place, sampler in enumerate(space.samplers):
        if space.is_interleaved:
            trials = range(place, run.n_trials, len(space.samplers))
        else:
            trials = range(first, first + sampler.n_trials)
            first = trials.stop
        names = tuple(map(parameter_column, sampler.names))
        found.append(ProductOfRun(run.store, number=place + 1, names=names, trials_of_it=trials))
    return found
