"""The ends of a parameter's values."""

import math

import numpy as np

from linreg_sweep.config.parameters import Normal, Parameter, Tuples, Values


def ends(parameter: Parameter) -> tuple[float, float]:
    """Returns the smallest and the largest value a parameter can take; a normal one has no ends."""
    match parameter:
        case Values(values):
            return min(values), max(values)
        case Normal(scale=scale):
            return (0.0 if scale == "log" else -math.inf), math.inf
        case Tuples(names):
            raise TypeError(f"{', '.join(names)} are several")
    return parameter.min, parameter.max


def largest(parameter: Parameter) -> float:
    """Returns a number that no value of a parameter is above; a normal one is never drawn 10 sigma away."""
    match parameter:
        case Normal(mu, sigma, scale):
            highest = mu + 10 * sigma
            return float(np.exp(highest)) if scale == "log" else highest  # infinite where it overflows
    return ends(parameter)[1]
