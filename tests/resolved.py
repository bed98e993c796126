"""The configs that the tests of resolving and of the JSON Schema share."""

from pathlib import Path

import pytest

CONFIG = """\
# configs/tutorial.yaml
data:
  name: tutorial            # built in: the tutorial's 30 rows. Or a file:
  # path: ../data/houses.csv   (CSV or Parquet, relative to this file)
training:
  engine: numpy             # numpy | torch
  loss: half_mse            # half_mse | mse | sse: what the step descends
  learning_rate: 0.005
  initial_weight: 0.0       # a number for every weight, or a list with one per feature
  initial_bias: 0.0
  epochs: 10000
  batch_size: null          # null: full batch
  order: file               # mini-batches in file order, or drawn from the seed
  momentum: 0.0
  dtype: float64            # float32 | float64
  device: cpu               # torch only: cpu | cuda
  early_stop: true
outcome: {tolerance: 1e-6, divergence: 1e6, settle: {epochs: 10, fraction: 0.01}}
history: {every: 0}
seed: 0
"""

GRID = """\
name: learning-rate-by-start
extends: ../configs/tutorial.yaml      # the set-up; keys below override it
method: grid                           # grid | random
parameters:
  learning_rate:  {min: 1e-4, max: 1e-2, num: 41, scale: log}   # 41 points, both ends exact
  initial_weight: {min: -10, max: 10, step: 0.5}                # both ends included
  initial_bias:   {values: [0, 1]}                              # or {value: 0}, or simply 0
"""

RANDOM = """\
extends: ../configs/tutorial.yaml
method: random
trials: 10000
seed: 7
parameters:
  learning_rate:  {min: 1e-4, max: 1e-2, scale: log}            # log-uniform
  initial_weight: {min: -10, max: 10}                           # uniform
  initial_bias:   {distribution: normal, mu: 0, sigma: 3}       # normal; with scale: log, log-normal
  batch_size:     {values: [5, 10, 30]}                         # a choice
"""

FILE = (
    "data: {path: ../data/houses.csv, x: [size, rooms], y: price, standardize: true}\ntraining: {epochs: 5}\n"
)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test stands in a folder with the documentation's examples."""
    monkeypatch.chdir(tmp_path)
    write("configs/tutorial.yaml", CONFIG)
    write("configs/houses.yaml", FILE)
    write("sweeps/grid.yaml", GRID)
    write("sweeps/random.yaml", RANDOM)


def write(name: str, text: str) -> None:
    """Writes a file and the folders above it."""
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")
