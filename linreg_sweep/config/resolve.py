"""From a file or a mapping, what it extends and what `--set` changes, to one checked declaration.

Values are merged before anything is checked, so that every rule is applied once, to what will be used.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Self

from pydantic import ValidationError
from typing_extensions import TypeVar

from linreg_sweep.config.faults import at, config_error, in_order, placed
from linreg_sweep.config.messages import faults_of
from linreg_sweep.config.nodes import Node, Source, child, from_python, locate, merge, plain, replace_at
from linreg_sweep.config.overrides import apply_overrides, without_effect
from linreg_sweep.config.products import blocks_of, split, swept
from linreg_sweep.config.reader import read_content, read_file
from linreg_sweep.config.renamed import renewed
from linreg_sweep.config.scalars import UNPRINTABLE
from linreg_sweep.config.schema import Config
from linreg_sweep.config.sweeps import SWEEPS, BestConfig, GridSweep, ListSweep, RandomSweep, Sweep, SweepBase
from linreg_sweep.config.trial_list import read_trials
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.guards.names import name_after
from linreg_sweep.optimizers import OPTIMIZERS
from linreg_sweep.places import is_url
from linreg_sweep.words import KeyPath, closest, did_you_mean, joined, show

MAX_EXTENDS = 8

METHODS = joined([*SWEEPS], "or")

_SWEEP_KEYS = ("parameters", "method", "trials", "max_trials")

M = TypeVar("M", bound=Config)
C = TypeVar("C", bound=Config, default=Config | Sweep, covariant=True)
Given = str | os.PathLike[str] | Mapping[str, Any]


@dataclass(frozen=True)
class Declaration(Generic[C]):
    """A checked config or sweep that still knows where everything was written.

    Attributes:
        config: the model, complete; `data.path` is absolute.
        folder: that of the file which says `data.path`; of the file loaded where there is none.
        root: the values with their places.
    """

    config: C
    folder: Path
    root: Node = field(repr=False, compare=False)

    def complaint(self, path: KeyPath, text: str, hint: str = "") -> Complaint:
        """Returns a complaint about the value at a path such as ("data", "x", 0), for what is found later."""
        return placed(at(path, text, hint), self.root)

    def error(self, path: KeyPath, text: str, hint: str = "") -> ConfigError:
        """Returns the error that carries such a complaint."""
        return ConfigError(self.complaint(path, text, hint))


def load_config(
    given: Given, overrides: Iterable[str] = (), *, data_given: bool = False
) -> Declaration[Config]:
    """Loads a training set-up.

    Args:
        given: a YAML file, or its content as a mapping.
        overrides: texts as `--set` takes them: `training.epochs=500`.
        data_given: the data will come from Python, so it need not name any.

    Raises:
        ConfigError: it cannot be read, or is invalid; all complaints at once.
    """
    loaded = _Loaded.read(given, overrides, Config, data_given=data_given)
    for key in _SWEEP_KEYS:
        if key in loaded.root.value:
            where = locate(loaded.root, (key,), at_key=True)
            text = f"this is a sweep (it has {key}): use `linreg-sweep run`"
            raise ConfigError(Complaint(where, text))
    return loaded.declaration(Config)


def load_sweep(
    given: Given, overrides: Iterable[str] = (), *, data_given: bool = False
) -> Declaration[Sweep]:
    """Loads a sweep, which without a name takes the file's; see load_config."""
    return _sweep_of(_Loaded.read(given, overrides, RandomSweep, data_given=data_given))


def load_sweep_text(content: bytes, name: str, folder: Path) -> Declaration[Sweep]:
    """Loads the sweep of a run, of an older version too, from the content of its file, wherever that lies.

    Messages call it by the name, and relative paths in it start from the folder.

    Raises:
        ConfigError: it is invalid; all complaints at once.
    """
    source = Source(name, folder.resolve())
    root = read_trials(renewed(read_content(content, source)))
    return _sweep_of(_Loaded(root, [source], [], []))


def _sweep_of(loaded: "_Loaded") -> Declaration[Sweep]:
    keys = loaded.root.value
    if not any(key in keys for key in ("name", *_SWEEP_KEYS)):
        where = locate(loaded.root, ())
        text = "this is a config (it has no parameters): use `linreg-sweep train`"
        raise ConfigError(Complaint(where, text, "a sweep has method and parameters"))
    method = plain(keys["method"]) if "method" in keys else None
    if isinstance(method, str) and method in SWEEPS:
        return loaded.declaration(SWEEPS[method])
    guess = _guessed_method(loaded.root, method)
    assumed = replace_at(loaded.root, ("method",), _beside(loaded.root, guess))
    _, faults = loaded.checked(SWEEPS[guess], assumed)
    raise loaded.refusal([_method_fault(keys, method), *faults])


def _method_fault(keys: Mapping[str, Node], method: Any) -> Complaint:
    if "method" not in keys:
        return at(("method",), "is required", f"write method: {METHODS}")
    hint = did_you_mean(method, SWEEPS) if isinstance(method, str) else ""
    return at(("method",), f"must be {METHODS}, got {show(method)}", hint)


def _guessed_method(root: Node, method: Any) -> str:
    """Returns the method that was meant, so that what else is wrong can be said along with it."""
    meant = closest(method, SWEEPS) if isinstance(method, str) else ""
    if meant:
        return meant
    if isinstance(plain(root).get("trials"), dict):
        return "list"
    declared = (each for block in blocks_of(plain(root)) for each in block.values())
    is_drawn = any(isinstance(each, dict) and "distribution" in each for each in declared)
    return "random" if is_drawn or "trials" in root.value else "grid"


def _beside(root: Node, value: Any) -> Node:
    """Returns a value that nobody wrote, placed where the tree starts."""
    return Node(value, root.at, root.at)


def _context(data: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what the checks of a set-up need to know of a sweep: what it varies, and which optimizers.

    An empty name stands for the set-up's optimizer.
    """
    optimizers = list[str]()
    for block in blocks_of(data):
        optimizers += [word for key, declared in block.items() for word in _words(key, declared)] or [""]
    return {"swept": swept(data), "optimizers": tuple(dict.fromkeys(optimizers))}


def _words(key: str, declared: Any) -> list[str]:
    """Returns the optimizers that a declaration names, by themselves or at their place of rows."""
    names = split(key)
    if "optimizer" not in names:
        return []
    place = names.index("optimizer")
    if isinstance(declared, dict):
        declared = declared.get("values", declared.get("value"))
    listed = declared if isinstance(declared, list) else [declared]
    words = (each[place] if isinstance(each, list) and place < len(each) else each for each in listed)
    return [word for word in words if isinstance(word, str) and word in OPTIMIZERS]


@dataclass(frozen=True)
class _Loaded:
    """What was read and merged, not yet checked.

    Attributes:
        root: the values with their places.
        sources: what they were read from, in the order of complaints.
        found: what the reader complains about.
        complaints: about overrides.
    """

    root: Node
    sources: list[Source]
    found: list[Complaint]
    complaints: list[Complaint]

    @classmethod
    def read(cls, given: Given, overrides: Iterable[str], model: type[Config], *, data_given: bool) -> Self:
        """Reads a file or mapping, lays it over what it extends, and sets what is overridden."""
        found: list[Complaint] = []
        if isinstance(given, Mapping):
            root = from_python(given, Source("", Path.cwd()))
            seen: tuple[Path, ...] = ()
        else:
            root = read_file(Path(given), found=found)
            seen = (Path(given).resolve(),)
        sources = [root.at.source]
        try:
            root = _extended(root, seen, sources, found)
        except ConfigError as error:
            refused = {complaint.where for complaint in found}
            others = [complaint for complaint in error.complaints if complaint.where not in refused]
            raise config_error([*found, *others]) from None
        each = [overrides] if isinstance(overrides, str) else overrides
        root, options, complaints = apply_overrides(root, each, model)
        try:
            root = read_trials(root)
        except ConfigError as error:
            complaints += error.complaints
        complaints += without_effect(root, options)
        return cls(_with_a_source(root) if data_given else root, sources + options, found, complaints)

    def declaration(self, model: type[M]) -> Declaration[M]:
        """Checks everything.

        Raises:
            ConfigError: all complaints, in the order of the sources.
        """
        root = self.root
        config, faults = self.checked(model, root)
        if config is None or self.found or self.complaints:
            raise self.refusal(faults)
        return Declaration(*_with_absolute_path(config, root), root)

    def checked(self, model: type[M], root: Node) -> tuple[M | None, list[Complaint]]:
        """Returns the model of a tree, or None and what is wrong with it."""
        if issubclass(model, SweepBase) and "name" not in root.value:
            root = replace_at(root, ("name",), _beside(root, name_after(self.sources[0].name, "sweep")))
        data = plain(root)
        try:
            config = model.model_validate(data, context=_context(data))
            settled: dict[str, Any] = {"training": config.training.completed(config.optimizers)}
            if isinstance(config, SweepBase):
                settled["best"] = BestConfig(by=config.best_by)
            return config.model_copy(update=settled), []
        except ValidationError as error:
            faults = faults_of(error, model, ("extends",))
        if isinstance(data.get("trials"), dict) and "path" in data["trials"]:
            faults = [fault for fault in faults if fault.path != ("trials", "columns")]  # of a file not read
        other = "trials" if model is GridSweep else "parameters" if model is ListSweep else ""
        if other in data:
            faults = [fault for fault in faults if fault.path != (other,)]
            text = f"cannot be combined with method: {'grid' if model is GridSweep else 'list'}"
            faults.append(at((other,), text, at_key=True))
        return None, faults

    def refusal(self, faults: Iterable[Complaint]) -> ConfigError:
        """Returns the error with these faults, except of values refused before, and with all found before."""
        refused = {complaint.where for complaint in self.found}
        fresh = [each for each in (placed(fault, self.root) for fault in faults) if each.where not in refused]
        return config_error(in_order([*self.found, *fresh, *self.complaints], self.sources))


def _extended(root: Node, seen: tuple[Path, ...], sources: list[Source], found: list[Complaint]) -> Node:
    """Returns a tree laid over what it extends, and that over what it extends in turn."""
    node = child(root, "extends")
    if node is None:
        return root
    own = Node({key: below for key, below in root.value.items() if key != "extends"}, root.at, root.key_at)

    def refused(text: str, hint: str = "") -> ConfigError:
        return ConfigError(Complaint(node.at, text, hint, ("extends",)))

    if not isinstance(node.value, str) or not node.value:
        raise refused(f"must be the path of a config, got {show(plain(node))}")
    path, name = node.at.source.beside(node.value)
    if len(sources) > MAX_EXTENDS:
        raise refused(f"more than {MAX_EXTENDS} files extend one another")
    try:
        base = read_file(path, name, found)
        resolved = path.resolve()
    except ConfigError as error:
        first = error.complaints[0]
        if str(first.where) != name:  # it is about the content, and says where
            raise
        raise refused(f"{name}: {first.text}", first.hint) from None
    if resolved in seen:
        raise refused(f"must not form a cycle, got {name} again")
    swept = [key for key in _SWEEP_KEYS if key in base.value]
    if swept:
        raise refused(f"must be a config, but {name} is a sweep (it has {swept[0]})")
    sources.append(base.at.source)
    return _laid_over(_extended(base, (*seen, resolved), sources, found), own)


def _laid_over(base: Node, top: Node) -> Node:
    """Merges, but a data block that says where its data is replaces the other whole."""
    data = child(top, "data")
    if data is not None and data.is_block and data.value.keys() & {"name", "path"}:
        base = Node({key: node for key, node in base.value.items() if key != "data"}, base.at, base.key_at)
    elif data is not None and child(data, "holdout") is not None and child(base, "data") is not None:
        base = replace_at(base, ("data", "holdout"), _beside(top, None))  # one way or another, never both
    return merge(base, top)


def _with_a_source(root: Node) -> Node:
    """Names the built-in data where none are named, as a stand-in for those that come from Python."""
    block = child(root, "data") or Node({}, root.at, root.at)
    if not block.is_block or block.value.keys() & {"name", "path"}:
        return root
    return replace_at(
        root,
        ("data",),
        Node({"name": Node("tutorial", block.at, block.at), **block.value}, block.at, block.key_at),
    )


def _with_absolute_path(config: M, root: Node) -> tuple[M, Path]:
    """Returns the config with the paths of its data made absolute, but for URLs, and its folder."""
    data, folder = config.data, root.at.source.folder
    if data.holdout is not None and data.holdout.path is not None and not is_url(data.holdout.path):
        path, _ = _absolute(data.holdout.path, ("data", "holdout", "path"), root)
        data = data.model_copy(update={"holdout": data.holdout.model_copy(update={"path": path})})
    if data.path is not None and not is_url(data.path):
        path, folder = _absolute(data.path, ("data", "path"), root)
        data = data.model_copy(update={"path": path})
    return config.model_copy(update={"data": data}), folder


def _absolute(given: str, key: KeyPath, root: Node) -> tuple[str, Path]:
    """Returns a path made absolute, and the folder that it is relative to: that of the file that says so."""
    folder = locate(root, key).source.folder
    path = os.path.normpath(folder / given)
    if UNPRINTABLE.search(path):
        text = f"must lie in a folder whose name YAML can hold, got {path!a}"
        raise ConfigError(placed(at(key, text, "rename the folder"), root))
    return path, folder
