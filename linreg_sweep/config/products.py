"""What a sweep varies, read: a product of parameters, a union of products, or the columns of a list."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from linreg_sweep.config.declarations import checked, read_parameter
from linreg_sweep.config.faults import MAX_COMPLAINTS, at
from linreg_sweep.config.messages import suggest
from linreg_sweep.config.parameters import OWN_WEIGHT, Parameter, Product
from linreg_sweep.config.training import OPTIMIZER_KEYS
from linreg_sweep.config.varied import BLOCKS, FIXED, KINDS, NAMES, Kind, canonical, kind_of
from linreg_sweep.errors import Complaint
from linreg_sweep.words import closest, show

EMPTY = ("must have a value", "fill it in")
"""What is said of a cell that is empty, and to do."""


def read_products(
    given: Any, method: str, kinds: Mapping[str, Kind] | None
) -> tuple[tuple[Product, ...], list[Complaint]]:
    """Returns what a sweep varies, a mapping or a list of them, and everything that is wrong with it.

    The kinds are those of every parameter; None: those of the schedule are not known.
    """
    blocks = given if isinstance(given, list) and given else [given]
    products: list[Product] = []
    faults: list[Complaint] = []
    for place, declared in enumerate(blocks):
        product, found = _read_product(declared, method, kinds)
        products.append(product)
        faults += [each.below(place) for each in found] if isinstance(given, list) and given else found
        if len(faults) > MAX_COMPLAINTS:
            break
    return tuple(products), faults


def _read_product(
    given: Any, method: str, kinds: Mapping[str, Kind] | None
) -> tuple[Product, list[Complaint]]:
    if not isinstance(given, dict) or not given:
        text = f"must be a block of at least one parameter, got {show(given)}"
        return {}, [at((), text, "write for example learning_rate: {values: [0.001, 0.005]}")]
    product: dict[str, Parameter] = {}
    faults: list[Complaint] = []
    first: dict[str, str] = {}
    for key, declared in given.items():
        if len(faults) > MAX_COMPLAINTS:
            break
        names = split(key, kinds or KINDS)
        found = list(_faults_of_names(key, names, first, kinds))
        first.update((name, key) for name in names)
        if not found:
            parameter, found = read_parameter(names, declared, method, kinds or KINDS)
            if parameter is not None:
                product[", ".join(names)] = parameter
        elif len(names) == 1 and kind_of(names[0], kinds or KINDS) is None:
            meant = "" if "." in names[0] else closest(names[0], kinds or KINDS)
            found += read_parameter((meant,), declared, method, kinds or KINDS)[1] if meant else []
        faults += [each.below(key) for each in found]
    return product, faults


def read_columns(
    given: Any, kinds: Mapping[str, Kind] | None
) -> tuple[dict[str, tuple[Any, ...]], list[Complaint]]:
    """Returns the values of each parameter of a list of trials, and everything that is wrong with them.

    An optimizer's key may be None in some trials where optimizers vary: those whose optimizer has none.
    """
    if not isinstance(given, dict) or not given or not all(isinstance(each, list) for each in given.values()):
        return {}, [at((), f"must be columns, a list of values each, got {show(given)}")]
    columns: dict[str, tuple[Any, ...]] = {}
    faults: list[Complaint] = []
    first: dict[str, str] = {}
    n_trials = len(next(iter(given.values())))
    for key, column in given.items():
        name = canonical(key, kinds or KINDS)
        found = list(_faults_of_names(key, (name,), first, kinds))
        first[name] = key
        kind = kind_of(name, kinds or KINDS)
        if not found and (not column or len(column) != n_trials):
            found.append(at((), f"must have a value for each trial, got {len(column):,} of {n_trials:,}"))
        if not found and kind is not None:
            places = [place for place, each in enumerate(column) if each is not None]
            values, found = checked(kind.column, [column[place] for place in places])
            found = [replace(each, path=(places[int(each.path[0])], *each.path[1:])) for each in found]
            columns[name] = values
            if len(places) < n_trials:
                missing = [at((place,), *EMPTY) for place, each in enumerate(column) if each is None]
                is_optional = name in OPTIMIZER_KEYS and "optimizer" in given and places
                found = found if is_optional else [*missing, *found]
                filled = dict(zip(places, values or (), strict=False))
                columns[name] = tuple(map(filled.get, range(n_trials)))
        faults += [each.below(key) for each in found[: MAX_COMPLAINTS + 1]]
    return columns, faults


def blocks_of(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns what a declaration varies, unchecked: a block per product, and one of a list's columns."""
    given, trials = data.get("parameters"), data.get("trials")
    blocks = [*given] if isinstance(given, list) else [given]
    columns = trials.get("columns") if isinstance(trials, dict) else None
    if isinstance(columns, dict):
        blocks.append({name: {"values": column} for name, column in columns.items()})
    return [block for block in blocks if isinstance(block, dict)]


def swept(data: Mapping[str, Any]) -> set[str]:
    """Returns the names of all that a declaration varies, not yet checked."""
    return {name for block in blocks_of(data) for key in block for name in split(key)}


def split(key: str, kinds: Mapping[str, Kind] = KINDS) -> tuple[str, ...]:
    """Returns the names that a key stands for, those of `learning_rate, momentum` or one."""
    parts = [canonical(part.strip(), kinds) for part in key.split(",")]
    if len(parts) > 1 and (not key.startswith(OWN_WEIGHT) or all(kind_of(part, kinds) for part in parts)):
        return tuple(parts)
    return (canonical(key, kinds),)


def _faults_of_names(
    key: str, names: tuple[str, ...], first: Mapping[str, str], kinds: Mapping[str, Kind] | None
) -> Iterator[Complaint]:
    """Yields names that are unknown, or do not go with those before them."""
    seen = dict(first)
    for name in names:
        if kinds is None and name.startswith(BLOCKS):
            continue
        if name.rpartition(".")[2] in FIXED:
            hint = "it is the same in all trials"
            yield at((), f"{show(name)} cannot vary", hint, at_key=True)
        elif kind_of(name, kinds or KINDS) is None:
            blocks = [each for each in kinds or () if each.startswith(BLOCKS)]
            known = blocks if blocks and name.startswith(BLOCKS) else [*NAMES, *blocks]
            text = "unknown parameter" if len(names) == 1 else f"unknown parameter {show(name)}"
            yield at((), text, suggest(name, known), at_key=True)
        if name in seen:
            yield at((), f"{show(name)} is given twice", "keep one of them", at_key=True)
        own = [each for each in seen if each.startswith(OWN_WEIGHT)]
        hint = "give each feature its own, or all of them one"
        if name.startswith(OWN_WEIGHT) and "initial_weight" in seen:
            text = "cannot be combined with initial_weight, which is the start of every feature"
            yield at((), text, hint, at_key=True)
        elif name == "initial_weight" and own:
            yield at((), f"cannot be combined with {own[0]}", hint, at_key=True)
        block = name.partition(".")[0]
        clashing = [each for each in seen if each.partition(".")[0] == block and each != name]
        if f"{block}." in BLOCKS and (clashing if name == block else block in clashing):
            yield at((), f"{block} and a number of it cannot both vary", "list it whole", at_key=True)
        seen[name] = key
