"""What is said about configs and sweeps that are refused."""

import re
from pathlib import Path

import pytest

from linreg_sweep.config import load_config, load_sweep
from linreg_sweep.errors import ConfigError

DATA = "data: {name: tutorial}\n"
GRID = f"{DATA}method: grid\nparameters:\n  "


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test stands in a folder that holds one sweep, named sweep.yaml."""
    monkeypatch.chdir(tmp_path)
    Path("sweep.yaml").write_text(f"{GRID}learning_rate: 1\n", encoding="utf-8")


def config_message(text: str, *overrides: str) -> str:
    """Returns what is said about a config, given as x.yaml."""
    Path("x.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config("x.yaml", overrides)
    return str(caught.value)


def sweep_message(text: str, *overrides: str) -> str:
    """Returns what is said about a sweep, given as x.yaml."""
    Path("x.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_sweep("x.yaml", overrides)
    return str(caught.value)


def unhinted(message: str) -> str:
    """Returns a message without what it says to write, which test_suggestions.py writes and reads."""
    return re.sub(r"(?m)\. Hint: .*\bwrite \w+: \{.*$", "", message)
