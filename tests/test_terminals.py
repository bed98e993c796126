"""Facts about terminals, pipes and full disks behind a command: what each gets, and how it ends."""

import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import linreg_sweep as ls
from tests.shells import SWEEP, Shell, path, python, shell

__all__ = ["path", "shell"]

ROOT = Path(__file__).parents[1]


def on_terminal(folder: Path, *arguments: str, columns: int = 80, **more: Any) -> tuple[str, str]:
    """Runs a command whose stdout and stderr are terminals; returns what each got."""
    import fcntl
    import pty
    import struct
    import termios
    import threading

    def read(end: int, got: list[bytes]) -> None:
        with suppress(OSError):  # the terminal ends with its process
            while chunk := os.read(end, 4096):
                got.append(chunk)

    out, err = pty.openpty(), pty.openpty()
    for pair in (out, err):
        fcntl.ioctl(pair[1], termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-m", "linreg_sweep", *arguments],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(ROOT)} | more,
        stdout=out[1],
        stderr=err[1],
    )
    got: tuple[list[bytes], list[bytes]] = ([], [])
    readers = [
        threading.Thread(target=read, args=(pair[0], chunks))
        for pair, chunks in zip((out, err), got, strict=True)
    ]
    for pair, reader in zip((out, err), readers, strict=True):
        os.close(pair[1])
        reader.start()
    assert process.wait(60) == 0
    for pair, reader in zip((out, err), readers, strict=True):
        reader.join(10)
        os.close(pair[0])
    texts = [b"".join(chunks).decode().replace("\r\n", "\n") for chunks in got]
    return texts[0], texts[1]


needs_terminal = pytest.mark.skipif(os.name == "nt", reason="there are no pseudo-terminals")


@needs_terminal
@pytest.mark.parametrize(("columns", "left_out"), [(100, 4), (200, 0)])
def test_a_narrow_terminal_goes_without_some_columns(path: Path, columns: int, left_out: int) -> None:
    """As many as need be; how many is told on stderr, and what stays says what the sweep found."""
    out, err = on_terminal(ROOT, "show", str(path), columns=columns)
    head, rule, *_ = out.splitlines()
    everything = ls.load(path).summary().columns
    assert len(rule) <= columns
    assert len(head.split()) == len(everything) - left_out
    assert {"learning_rate", "trials", "converged", "median_converged_at", "regime"} <= set(head.split())
    assert err == (f"{left_out} columns left out: widen the terminal, or --format csv\n" if left_out else "")
    assert ("share_converged" in out) == (left_out == 0)


@needs_terminal
def test_a_run_on_a_narrow_terminal_still_finds_the_best(tmp_path: Path) -> None:
    """What is left out of the table is not left out of the answer."""
    (tmp_path / "small.yaml").write_text(SWEEP)
    out, err = on_terminal(tmp_path, "run", "small.yaml", columns=60)
    assert "share_converged" not in out
    assert (
        "Overall, learning_rate 0.005 does best: 1 of 3 trials converged, after a median of 20 epochs." in out
    )
    assert re.search(r"4 columns left out: widen the terminal, or linreg-sweep show \S+ --format csv", err)


@needs_terminal
def test_a_comparison_on_a_narrow_terminal_keeps_the_first_columns(path: Path, tmp_path: Path) -> None:
    """Below each table it is told how many more there are; what is no terminal gets all of them."""
    other = ls.run(ls.load(path).store.config, overrides=["training.epochs=7"], out=tmp_path, jobs=1)
    out, err = on_terminal(ROOT, "compare", str(path), str(other.path), columns=80)
    tables = [line for line in out.splitlines() if re.fullmatch("-[- ]+", line)]
    assert len(tables) > 4
    assert max(map(len, tables)) <= 80
    assert re.search(r"\n\.\.\. and \d+ columns more: widen the terminal, or --format json\n", out)
    assert err == ""


@needs_terminal
def test_a_narrow_terminal_shows_what_differs_of_every_run(path: Path, tmp_path: Path) -> None:
    """Long settings are cut, since their names alone would show nothing."""
    config, union = ls.load(path).store.config, "parameters=[{learning_rate: 1e-3}, {learning_rate: 5e-3}]"
    other = ls.run(config, overrides=[union, "name=other"], out=tmp_path, jobs=1)
    out, _ = on_terminal(ROOT, "compare", str(path), str(other.path), columns=60)
    head, *lines = out.partition("Settings that differ:")[2].split("\n\n")[1].splitlines()
    assert head.split() == ["setting", ls.load(path).name, "other"]
    assert max(map(len, lines)) <= 60
    assert re.search(r"\nparameters +\[\{learn\S*\.\.\.", "\n".join(lines))


@needs_terminal
@pytest.mark.parametrize(("value", "bar"), [("1", False), ("", True)])
def test_no_color_turns_the_bar_off(tmp_path: Path, value: str, bar: bool) -> None:
    """Where it is set and not empty, even on a terminal."""
    (tmp_path / "small.yaml").write_text(SWEEP)
    _, err = on_terminal(tmp_path, "run", "small.yaml", "--part-size", "1", columns=200, NO_COLOR=value)
    assert ("trials" in err) == bar


def test_a_pipe_gets_all_columns(path: Path) -> None:
    """However narrow COLUMNS says that a terminal is."""
    done = python("-m", "linreg_sweep", "show", str(path), COLUMNS="40")
    assert "share_converged" in done.stdout
    assert done.stderr == ""


@pytest.mark.skipif(os.name == "nt", reason="pipes end otherwise there")
@pytest.mark.parametrize("arguments", [["schema"], ["show", "RUN", "--trials", "--format", "csv"]])
def test_a_reader_that_leaves_is_no_failure(path: Path, tmp_path: Path, arguments: list[str]) -> None:
    """`| head -1` gets its line, and no traceback or warning follows."""
    command = [sys.executable, "-m", "linreg_sweep", *(str(path) if a == "RUN" else a for a in arguments)]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()  # gone before the first byte
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 0
    assert err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("command", ["show {}", "--help"])
def test_a_full_disk_behind_stdout_is_told(command: str, path: Path) -> None:
    """Where the output cannot be written, the command fails with one line."""
    done = subprocess.run(
        f"{sys.executable} -m linreg_sweep {command.format(path)} > /dev/full",
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "cannot write the output: No space left on device\n"


def test_an_error_of_the_system_is_named(shell: Shell, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not of writing the output is not called so."""

    def fail(path: str) -> None:
        raise PermissionError(13, "Permission denied", "a/file")

    monkeypatch.setattr("linreg_sweep.runs.results.load", fail)
    assert shell("show", path, code=1).err == "a/file: Permission denied\n"


def test_pipes_get_plain_text(path: Path, tmp_path: Path) -> None:
    """No colours, no bars, and nothing that plain ASCII cannot hold."""
    (tmp_path / "small.yaml").write_text(SWEEP)
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    for environment, *arguments in (
        ({}, "run", "small.yaml"),
        (ascii_only, "run", "small.yaml"),
        (ascii_only, "show", str(path)),
        (ascii_only, "--help"),
        (ascii_only, "bogus"),
    ):
        done = python("-m", "linreg_sweep", *arguments, folder=tmp_path, **environment)
        assert "\x1b" not in done.stdout + done.stderr
        assert "\r" not in done.stdout + done.stderr
        assert (done.stdout + done.stderr).isascii()
