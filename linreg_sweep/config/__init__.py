"""Everything a person declares, checked: strict YAML (reader), models (schema), loading (resolve)."""

from linreg_sweep.config.resolve import Declaration, load_config, load_sweep, load_sweep_text
from linreg_sweep.config.schema import Config
from linreg_sweep.config.sweeps import GridSweep, ListSweep, RandomSweep, Sweep
from linreg_sweep.config.writer import as_mapping, to_yaml

__all__ = [
    "Config",
    "Declaration",
    "GridSweep",
    "ListSweep",
    "RandomSweep",
    "Sweep",
    "as_mapping",
    "load_config",
    "load_sweep",
    "load_sweep_text",
    "to_yaml",
]
