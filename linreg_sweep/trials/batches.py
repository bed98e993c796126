"""What steps on batches bring about in an experiment: whether there are any, and what is known of them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linreg_sweep.trials.experiment import Experiment


def has_batches(experiment: "Experiment") -> bool:
    """Returns whether any trial's steps see some of the rows, or rows that are drawn."""
    return any(example.options.method.batch_size is not None for example in experiment.examples)


def has_plateau(experiment: "Experiment") -> bool:
    """Returns whether it is known of any trial where its batches bring it to rest."""
    return any(example.has_plateau for example in experiment.examples)


def has_expected_excess(experiment: "Experiment") -> bool:
    """Returns whether of any trial the mean over all draws is known."""
    return any(example.has_mean for example in experiment.examples)
