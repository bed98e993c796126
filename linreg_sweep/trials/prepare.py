"""From a declaration and its data to an experiment."""

from dataclasses import replace
from itertools import product

from threadpoolctl import threadpool_limits

from linreg_sweep.blocks import InOrder, one_by_one
from linreg_sweep.config import Declaration
from linreg_sweep.config.schema import OutcomeConfig
from linreg_sweep.data import Data
from linreg_sweep.folds import Fold, folds_of
from linreg_sweep.theory.outcome import Criteria
from linreg_sweep.theory.problem import Problem, make_problem
from linreg_sweep.trials.checks import check, check_before
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.filing import with_rows_filed
from linreg_sweep.trials.groups import Kind
from linreg_sweep.trials.loading import scalings
from linreg_sweep.trials.space import make_space


def prepare(declaration: Declaration, data: Data, in_order: InOrder = one_by_one) -> Experiment:
    """Returns the experiment that a declaration of a config (one trial, nothing varies) or a sweep describes.

    `in_order` works on pieces of the rows; see make_problem.

    Raises:
        ConfigError: the declaration and the data do not fit together, all complaints at once.
        DataError: the squares of the data overflow or vanish.
    """
    config, space = declaration.config, make_space(declaration.config)
    check_before(declaration, data, space)
    losses, scaled = config.values_of("loss", config.training.loss), sorted(scalings(config))
    problems, headers = {}, []
    with threadpool_limits(limits=1):  # the same bits however many cores there are
        for number, fold in enumerate(folds_of(data)):
            headers.append(replace(fold.train, x=data.x[:0], y=data.y[:0]))
            for loss, standardize in product(losses, scaled):
                kind = Kind(loss, standardize, number)
                problems[kind] = _problem(fold, loss, standardize, config.data.fit_bias, in_order)
    experiment = Experiment(config, tuple(headers), data.digest, problems, space, criteria_of(config.outcome))
    check(declaration, data, experiment)
    return with_rows_filed(experiment)


def _problem(fold: Fold, loss: str, standardize: bool, fit_bias: bool, in_order: InOrder) -> Problem:
    seen, held = (rows if standardize else rows.as_given() for rows in (fold.train, fold.held_out))
    names = (*seen.x_names, *seen.y_names)
    problem = make_problem(
        seen.seen(),
        seen.y,
        loss=loss,
        fit_bias=fit_bias,
        noise=seen.noise(),
        names=names,
        in_order=in_order,
    )
    return problem.holding_out(held.seen(), held.y) if fold.n_held_out else problem


def criteria_of(outcome: OutcomeConfig) -> Criteria:
    """Returns when a trial counts as converged, diverged or settled, as a config says."""
    return Criteria(outcome.tolerance, outcome.divergence, outcome.settle.epochs, outcome.settle.fraction)
