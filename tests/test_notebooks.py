"""Facts about notebooks: results are tables and pictures, a bar counts trials, editors know the kinds."""

import re
from base64 import b64decode
from pathlib import Path
from typing import Any, get_args, get_type_hints

import nbformat
import numpy as np
import pytest
from matplotlib import image
from nbclient import NotebookClient
from nbformat import v4

import linreg_sweep as ls
from linreg_sweep.analysis.shown import COLORS, bars, curve
from linreg_sweep.exporting import MODEL, WRITERS
from linreg_sweep.plots.kinds import KINDS
from linreg_sweep.plots.look import STYLES
from tests.reported import made

WITH_BAR = """
import linreg_sweep as ls
ls.run({
    "data": {"name": "tutorial"}, "method": "grid",
    "training": {"epochs": 15_000, "engine": "numpy", "early_stop": False},
    "parameters": {"learning_rate": {"min": 1e-4, "max": 1e-3, "num": 400}},
}, out="OUT", jobs=1, part_size=40)
"""


def pictures(html: str) -> list[Any]:
    """Returns the pixels [height, width, 3] of each picture in HTML, from 0 to 1."""
    from io import BytesIO

    found = re.findall(r'<img alt="[^"]+" width="\d+" src="data:image/png;base64,([^"]+)">', html)
    return [image.imread(BytesIO(b64decode(text)), format="png")[..., :3] for text in found]


def share(pixels: Any, color: str) -> float:
    """Returns the share of pixels that have a colour, of those that have any outcome's."""
    counts = {
        each: (np.abs(pixels - np.array([int(each[at : at + 2], 16) / 255 for at in (1, 3, 5)])) < 0.01)
        .all(axis=-1)
        .sum()
        for each in COLORS.values()
    }
    return float(counts[color] / sum(counts.values()))


def test_a_run_is_its_summary_and_the_shares_of_its_outcomes(tmp_path: Path) -> None:
    """One bar of three is that of trials that diverged; before any trial is done there is a line."""
    run = made(
        tmp_path, parameters={"learning_rate": {"values": [0.0001, 0.001, 0.01]}}, training={"epochs": 9}
    )
    html = run._repr_html_()
    [picture] = pictures(html)
    assert share(picture, COLORS["diverged"]) == pytest.approx(1 / 3, abs=0.03)
    assert share(picture, COLORS["unfinished"]) == pytest.approx(2 / 3, abs=0.03)
    assert html.count("<tr") == 4
    for part in (run.path / "trials").iterdir():
        part.unlink()
    assert ls.load(run.path)._repr_html_().startswith("<p>&lt;Run &#x27;told&#x27;: 0 of 3 trials")


def test_plan_training_and_comparison_have_a_picture_each(tmp_path: Path) -> None:
    """Of what is expected, of the cost by the epoch, and of the outcomes of each run."""
    data = {"data": {"name": "tutorial"}}
    plan = ls.plan(data | {"method": "grid", "parameters": {"learning_rate": {"values": [0.001, 0.01]}}})
    [expected] = pictures(plan._repr_html_())
    assert share(expected, COLORS["diverged"]) == pytest.approx(0.5, abs=0.05)
    training = ls.train(data | {"training": {"learning_rate": 0.003, "epochs": 50}})
    assert len(pictures(training._repr_html_())) == 1
    runs = [made(tmp_path, parameters={"learning_rate": {"values": values}}) for values in ([0.003], [0.01])]
    [compared] = pictures(ls.compare(*runs)._repr_html_())
    assert share(compared, COLORS["converged"]) == pytest.approx(0.5, abs=0.05)


def test_pictures_take_any_text_and_are_left_out_where_they_show_nothing() -> None:
    """Neither mathematics nor letters that no font has are an error; one point is no curve."""
    assert (
        len(pictures(bars(["$\\frac", "\U000f0000"], {"converged": [1, 0], "failed": [0, 2]}, "a < b"))) == 1
    )
    assert bars([], {"converged": []}, "x") == bars(["a"] * 99, {"converged": [1] * 99}, "x") == ""
    assert curve([0], [1.0], "y") == curve([0, 1], [1.0, np.inf], "y") == ""
    assert len(pictures(curve([0, 1], [1.0, 0.0], "$y"))) == 1


def test_editors_complete_every_kind() -> None:
    """The types of arguments list what the registries hold, in their order."""
    plot, export = get_type_hints(ls.plot, {"Axes": Any}), get_type_hints(ls.export)
    assert get_args(plot["kind"]) == tuple(KINDS)
    assert get_args(get_args(plot["style"])[0]) == tuple(STYLES)
    assert get_args(export["to"]) == (*WRITERS, MODEL)


@pytest.mark.system
def test_a_notebook_shows_a_bar_and_a_script_shows_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """In a real kernel: it counts trials up to all of them; where all are there already there is none."""
    code = WITH_BAR.replace("OUT", str(tmp_path / "a"))
    make: Any = v4
    notebook = make.new_notebook(cells=[make.new_code_cell(code), make.new_code_cell(code)])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    nbformat.validate(notebook)
    streams = [
        "".join(output.get("text", "") for output in cell.outputs if output.get("name") == "stderr")
        for cell in notebook.cells
    ]
    assert "400/400" in streams[0]
    assert streams[1] == ""
    capfd.readouterr()  # of the kernel
    exec(WITH_BAR.replace("OUT", str(tmp_path / "b")), {})
    assert capfd.readouterr() == ("", "")
