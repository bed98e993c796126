"""Facts about signals that come while the command is loaded, or once all is said."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

import linreg_sweep as ls
from tests.hearing import hear_signals

KILL = "import os, runpy, signal, sys; kill = lambda: os.kill(os.getpid(), signal.{name}); "
RUN = "sys.argv[1:] = ['--version']; runpy.run_module('linreg_sweep', run_name='__main__')"
WHILE_LOADED = (
    "finder = type('', (), {{'find_spec': lambda name, *_: kill() if name == 'click' else None}});"
    "sys.meta_path.insert(0, finder);"
)
AT_LAST = "import atexit; atexit.register(kill);"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize(("moment", "said"), [(WHILE_LOADED, False), (AT_LAST, True)])
def test_a_signal_before_or_after_all_ends_the_command_quietly(name: str, moment: str, said: bool) -> None:
    """As it would end any process: no traceback; to a shell that is 130, 143 or 129 as ever."""
    done = after((KILL + moment + RUN).format(name=name))
    assert done.returncode == -signal.Signals[name]
    assert done.stderr == ""
    assert ("linreg-sweep" in done.stdout) == said


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_while_the_end_is_told(name: str, code: int, tmp_path: Path) -> None:
    """It comes where what it raised could only be printed: while an object is taken apart."""
    told = (
        "import weakref; from linreg_sweep import cli; from linreg_sweep.text import runs as text_runs\n"
        "class Mortal: pass\n"
        "def tell(*_):\n"
        "    mortal = Mortal(); gone = weakref.ref(mortal, lambda _: kill()); del mortal; yield 'told'\n"
        f"text_runs.format_run = tell; os.chdir({str(tmp_path)!r})\n"
        "sys.exit(cli.main(['run', 'x.yaml', '--jobs', '1']))"
    )
    (tmp_path / "x.yaml").write_text(
        "name: x\ndata: {name: tutorial}\nmethod: grid\nparameters: {learning_rate: 0.005}\n"
    )
    done = after(KILL.format(name=name) + told)
    assert (done.returncode, done.stderr) == (code, "Stopped.\n" if name == "SIGINT" else "")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("moment", [WHILE_LOADED, AT_LAST])
def test_what_is_ignored_stays_so(name: str, moment: str) -> None:
    """As under nohup, or in the background of a shell."""
    deaf = "signal.signal(signal.{name}, signal.SIG_IGN); "
    done = after((KILL + deaf + moment + RUN).format(name=name))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.system
@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)])
def test_closed_streams_lead_nowhere(closed: tuple[int, ...], tmp_path: Path) -> None:
    """As by `>&-` in a shell: what is said is lost, no file of the run takes it, and workers work."""
    sweep = tmp_path / "x.yaml"
    sweep.write_text("name: x\ndata: {name: tutorial}\nmethod: grid\nparameters: {learning_rate: 0.005}\n")
    shut = "".join(f"os.close({number}); " for number in closed)
    words = [sys.executable, "-m", "linreg_sweep", "run", str(sweep), "--out", str(tmp_path), "--jobs", "2"]
    done = after(f"import os; {shut}os.execv({sys.executable!r}, {words!r})")
    assert done.returncode == 0
    assert bool(done.stdout) == (1 not in closed)
    (run,) = tmp_path.glob("x-*")
    assert ls.load(run).finished
    assert not ls.verify(run).mismatches
    assert "lost" not in (run / "run.log").read_text()


@pytest.mark.system
@pytest.mark.parametrize("engine", ["numpy", "torch"])
def test_too_little_memory_is_said(engine: str, tmp_path: Path) -> None:
    """Wherever it ends, in a library that is loaded or a thread that is started: no traceback.

    Libraries may abort by themselves (SIGABRT), and a stack that cannot grow ends any process (SIGSEGV).
    """
    (tmp_path / "x.yaml").write_text(
        f"name: x\ndata: {{name: tutorial}}\ntraining: {{engine: {engine}}}\n"
        "method: grid\nparameters: {learning_rate: 0.005}\n"
    )
    said = ""
    for megabytes in (20, 60, 250, 300, 400, 600, 800):
        limit = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({megabytes} << 20,) * 2); "
        words = [sys.executable, "-m", "linreg_sweep", "run", "x.yaml", "--jobs", "1"]
        done = after(
            f"import os; os.chdir({str(tmp_path)!r}); {limit} os.execv({sys.executable!r}, {words!r})"
        )
        assert "Traceback" not in done.stderr
        assert done.returncode in (0, 1, 127, -signal.SIGABRT, -signal.SIGSEGV)
        said += done.stderr
    assert "not enough memory. Hint: " in said


def after(code: str) -> "subprocess.CompletedProcess[str]":
    """Returns how Python ended that ran some code, and listened to signals before."""
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=hear_signals,
    )
