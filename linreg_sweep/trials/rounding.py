"""What decides how trials round, beside versions: the form of their products, and whose BLAS makes them."""

from threadpoolctl import threadpool_limits

from linreg_sweep.engines import ENGINES
from linreg_sweep.engines.forms import BY_BLAS, PLAIN
from linreg_sweep.gemm import kernel
from linreg_sweep.theory.rotation import FEW
from linreg_sweep.trials.experiment import Experiment

UNTOLD = {"form": str(PLAIN), "blas": "none"}
"""What runs had that say nothing of it: there was no other when they were made."""


def arithmetic(experiment: Experiment) -> dict[str, str]:
    """Returns the forms of an experiment's products, and the BLAS of this process where it makes any.

    The forms are those of all that trials are grouped by; of a batch size that varies, of its ends. Whatever
    the engine, theory rotates many parameters by BLAS.
    """
    engine, told = experiment.config.training.engine, dict[str, str]()
    is_by_blas = experiment.problem.shape[0] > FEW
    if ENGINES[engine].forms is not None:
        with threadpool_limits(limits=1):
            forms = {str(example.form(engine)) for example in experiment.examples_of_sizes}
        told["form"] = "; ".join(sorted(forms))
        is_by_blas |= any(BY_BLAS in form for form in forms)
    return told | {"blas": kernel()} if is_by_blas else told
