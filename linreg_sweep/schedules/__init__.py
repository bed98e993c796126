"""One file a schedule: what can be declared for it, and its factor on the learning rate in each epoch."""

from linreg_sweep.schedules.base import Schedule
from linreg_sweep.schedules.chebyshev import CHEBYSHEV
from linreg_sweep.schedules.constant import CONSTANT
from linreg_sweep.schedules.cosine import COSINE
from linreg_sweep.schedules.exponential import EXPONENTIAL
from linreg_sweep.schedules.inverse_time import INVERSE_TIME
from linreg_sweep.schedules.listed import LIST
from linreg_sweep.schedules.one_cycle import ONE_CYCLE
from linreg_sweep.schedules.polynomial import POLYNOMIAL
from linreg_sweep.schedules.power import POWER
from linreg_sweep.schedules.silver import SILVER
from linreg_sweep.schedules.step import STEP

SCHEDULES: dict[str, Schedule] = {
    each.name: each
    for each in (
        *(CONSTANT, STEP, EXPONENTIAL, INVERSE_TIME, POWER, POLYNOMIAL),
        *(COSINE, ONE_CYCLE, CHEBYSHEV, SILVER, LIST),
    )
}
