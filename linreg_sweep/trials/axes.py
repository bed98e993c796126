"""What a sweep varies, in words: each parameter with its ends and how its values lie between them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel

from linreg_sweep.config.parameters import (
    Normal,
    Parameter,
    Points,
    Product,
    Steps,
    Uniform,
    Values,
    count,
    each_alone,
    ends,
)
from linreg_sweep.trials.columns import parameter_column
from linreg_sweep.trials.space import label


@dataclass(frozen=True)
class Axis:
    """One parameter of a sweep, in words.

    Attributes:
        name: of the parameter.
        values: how many different values it takes; None: as many as there are trials.
        first: the smallest; None: there is none.
        last: the largest; None: there is none.
        how: in what way the values lie between the two.
        product: of a union, the number of the product that it is an axis of, from 1; None: there is one.
    """

    name: str
    values: int | None
    first: float | None
    last: float | None
    how: str
    product: int | None = None


def axes_of(products: Sequence[Product]) -> tuple[Axis, ...]:
    """Returns what varies, in the declared order; of several products, one after the other."""
    several = len(products) > 1
    return tuple(
        replace(_axis(name, parameter), product=number if several else None)
        for number, product in enumerate(products, start=1)
        for name, parameter in each_alone(product).items()
    )


def _axis(name: str, parameter: Parameter) -> Axis:
    axis = _axis_in_its_unit(parameter_column(name), parameter)
    return axis if parameter.unit is None else replace(axis, how=f"{axis.how}, in stability limits")


def _axis_in_its_unit(column: str, parameter: Parameter) -> Axis:
    match parameter:
        case Values((str() | bool() | BaseModel(), *_)):
            shown = ", ".join(map(label, parameter.values))
            return Axis(column, len(parameter.values), None, None, f"the values given: {shown}")
        case Values(values):
            how = "fixed" if len(values) == 1 else "the values given"
            return Axis(column, len(values), *ends(parameter), how)
        case Points(scale=scale):
            return Axis(column, count(parameter), *ends(parameter), f"evenly spaced, {scale} scale")
        case Steps(step=step):
            return Axis(column, count(parameter), *ends(parameter), f"in steps of {step:g}")
        case Uniform(scale=scale):
            return Axis(column, None, *ends(parameter), f"random, evenly over a {scale} scale")
        case Normal(mu, sigma, scale):
            kind = "log-normal" if scale == "log" else "normal"
            return Axis(column, None, None, None, f"random, {kind} with mu {mu:g} and sigma {sigma:g}")
    raise TypeError(f"{column} is several parameters")
