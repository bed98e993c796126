"""The one stability limit of all trials of an experiment, where there is one."""

import numpy as np

from linreg_sweep.trials.experiment import Experiment


def common_stability_limit(experiment: Experiment) -> float | None:
    """Returns the learning rate above which trials stop being stable; None: there is no one such rate."""
    if differing(experiment):
        return None
    limits = {float(example.stability_limit()[0]) for example in experiment.extreme_examples}
    return limits.pop() if len(limits) == 1 and np.isfinite([*limits]).all() else None


def differing(experiment: Experiment) -> list[str]:
    """Returns the numbers that move the stability limit and differ between trials."""
    space = experiment.space
    by_size = ["batch_size"] if "batch_size" in space.names and experiment.has_batches else []
    return [name for name in (*experiment.moving, *by_size) if len({*space.ends(name)}) > 1]
