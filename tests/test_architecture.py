"""Facts about how modules depend on one another, read from their imports by Python's own parser."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "linreg_sweep"

HEAVY = {
    *("torch", "pandas", "numpy", "pyarrow", "matplotlib", "joblib", "pydantic", "yaml", "tqdm"),
    *("threadpoolctl", "tabulate", "numba", "scipy", "jinja2", "distributed", "dask", "fsspec"),
}

DASK = ("dask_client", "dask_cluster", "guarded_dask")


def name_of(path: Path) -> str:
    """Returns a module's dotted name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def file_of(name: str) -> Path:
    """Returns the file of a module, named without the package."""
    return PACKAGE / f"{name.replace('.', '/')}.py"


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports(path: Path, *, at_load: bool = False) -> Iterator[str]:
    """Yields the names of what a module imports anywhere, those for types alone apart.

    Args:
        path: of the module.
        at_load: only what is imported when the module itself is, so nothing within functions.
    """
    pending: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if at_load and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports in full"
            assert node.module is not None
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else node.module
        pending += ast.iter_child_nodes(node)


def own(path: Path) -> set[str]:
    """Returns the package's modules that a module imports anywhere, within functions as well."""
    return {name for name in imports(path) if name in MODULES} - {name_of(path)}


def foreign(path: Path, *, at_load: bool = False) -> set[str]:
    """Returns the top names of what a module imports from outside the package."""
    tops = {name.partition(".")[0] for name in imports(path, at_load=at_load)}
    return tops - set(sys.stdlib_module_names) - {"linreg_sweep"}


def users(library: str, *, at_load: bool = False) -> set[str]:
    """Returns the modules, named without the package, that import a library."""
    names = {name for name, path in MODULES.items() if library in foreign(path, at_load=at_load)}
    return {name.removeprefix("linreg_sweep.") for name in names}


def modules_loaded_by(code: str) -> set[str]:
    """Returns the top names of all that a fresh Python has loaded after some code."""
    asked = f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stderr.split()}


def test_there_is_something_to_look_at() -> None:
    """The parser finds the modules, and their imports."""
    assert len(MODULES) > 40
    assert "linreg_sweep.execution.parts" in own(file_of("sweep"))
    assert "linreg_sweep.data" in own(file_of("trials.prepare"))
    assert "pandas" in foreign(file_of("analysis.tables"), at_load=True)


def test_there_is_no_import_cycle_and_none_is_hidden() -> None:
    """Neither at the top of modules nor within functions."""
    order = TopologicalSorter({name: own(path) for name, path in MODULES.items()}).static_order()
    assert set(order) >= set(MODULES) - {"linreg_sweep"}


def test_nothing_is_imported_from_the_command_line() -> None:
    """It is the roof: only `python -m` stands on it, and it alone on the commands."""
    roof = {"linreg_sweep.cli", "linreg_sweep.__main__"}
    commands = {name for name in MODULES if name.startswith("linreg_sweep.commands")}
    assert len(commands) > 10
    for name, path in MODULES.items():
        if name != "linreg_sweep.__main__":
            assert not own(path) & roof, name
        if name not in roof | commands:
            assert not own(path) & commands, name


def test_engines_know_arrays_and_the_problem_alone() -> None:
    """They import one another, the mathematics, and what rules and schedules are: no files, no configs."""
    rules = {"method", "optimizers", "schedules", "averages", "variants"}
    allowed = {"array_types", "engines", "theory", "gemm", "errors"} | rules
    for name in [name for name in MODULES if ".engines" in name]:
        assert {other.split(".")[1] for other in own(MODULES[name])} <= allowed, name


CORE = ("theory.", "engines.", "analysis.", "samplers.", "trials.space")


def test_the_core_opens_prints_and_exits_nothing() -> None:
    """No call of open, print, input or exit, nor of a path's own."""
    for name in [name for name in MODULES if name.partition(".")[2].startswith(CORE)]:
        calls = {
            node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
        }
        assert not calls & {
            "open",
            "print",
            "input",
            "exit",
            "read_text",
            "write_text",
            "echo",
            "eval",
            "exec",
        }


def test_only_the_command_line_prints_or_exits() -> None:
    """Others return, yield or raise; only a worker process whose parent is gone ends itself."""
    line = ("cli", "commands", "terminal", "__main__")
    ends = {"sys.exit", "exit", "quit", "SystemExit", "os._exit"}
    for name, path in MODULES.items():
        if name.partition(".")[2].startswith(line):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ends | {"click.echo"} or name == "linreg_sweep.workers.processes", name
                if called == "print":
                    assert "file" in {keyword.arg for keyword in node.keywords}, name


def test_every_library_is_declared() -> None:
    """What is imported is a dependency in pyproject.toml; extras are for those alone who need them."""
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[project.optional")[0]
    known = {*re.findall(r'^  "([a-z0-9]+)>=', declared, re.MULTILINE)} | {"yaml", "pydantic_core", "upath"}
    for name, path in MODULES.items():
        assert foreign(path) - {"numba", "llvmlite", "dask", "distributed", "tornado"} <= known | {
            "typing_extensions"
        }, name
    compiled = ("elementwise", "kernels", "passes", "steps", "tiles", "vectors")
    assert users("numba") | users("llvmlite") <= {f"engines.numba_{name}" for name in compiled}


def test_importing_the_package_loads_nothing_heavy() -> None:
    """`import linreg_sweep` costs nothing; a name is loaded when it is first used."""
    loaded = modules_loaded_by("import linreg_sweep")
    assert "linreg_sweep" in loaded
    assert not loaded & (HEAVY | {"click"})
    assert "pydantic" in modules_loaded_by("import linreg_sweep; linreg_sweep.plan")


def test_a_sweep_on_numpy_does_not_load_torch() -> None:
    """Only runs that use torch wait for it."""
    code = (
        "import linreg_sweep, tempfile\n"
        "sweep = {'data': {'name': 'tutorial'}, 'method': 'grid', 'parameters': {'learning_rate': 0.005}}\n"
        "linreg_sweep.run(sweep, out=tempfile.mkdtemp())"
    )
    assert "torch" not in modules_loaded_by(code)


def test_every_name_of_the_package_can_be_had() -> None:
    """Each name of `__all__` is there, and no other is."""
    import linreg_sweep

    for name in linreg_sweep.__all__:
        assert getattr(linreg_sweep, name) is not None
    with pytest.raises(AttributeError, match="module 'linreg_sweep' has no attribute 'nothing'"):
        _ = linreg_sweep.nothing


def documented() -> dict[str, str]:
    """Returns the table of docs/architecture.md from top to bottom: each file or folder, and what it owns."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:3] for line in text.splitlines() if line.startswith("| `")]
    return {name: owns for names, owns in rows for name in re.findall(r"`([a-z_]+(?:\.py|/))`", names)}


def test_imports_go_up_the_documented_table() -> None:
    """A module imports only from those above it, or from its own folder."""
    rank = {name.removesuffix(".py").removesuffix("/"): place for place, name in enumerate(documented())}

    def row(module: str) -> str:
        return module.split(".")[1]

    for name, path in MODULES.items():
        if name == "linreg_sweep":
            continue
        for other in own(path) - {"linreg_sweep"}:
            if row(name) != row(other):
                assert rank[row(other)] < rank[row(name)], f"{name} imports {other}"
