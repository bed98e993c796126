"""The experiment of a run that is there: its declaration met with its data once more."""

from linreg_sweep.config import load_sweep
from linreg_sweep.errors import Complaint, ResultsError
from linreg_sweep.experiment import Experiment
from linreg_sweep.prepare import load_data, prepare
from linreg_sweep.results import Run


def reopen(run: Run) -> Experiment:
    """Returns what a run's trials are a pure function of.

    Raises:
        ResultsError: the data are not those of the run.
        ConfigError: its config.yaml cannot be read.
        DataError: its data cannot be read.
    """
    declaration = load_sweep(run.store.config)
    experiment = prepare(declaration, load_data(declaration))
    if experiment.digest != run.metadata["data"]["sha256"]:
        text = f"the data of the run have changed since ({experiment.data.source})"
        raise ResultsError(Complaint(str(run.path), text, "restore them, or run the sweep on the new data"))
    return experiment
