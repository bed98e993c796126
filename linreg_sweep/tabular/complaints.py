"""What is wrong with the columns of a table: their names, their cells, or that none is left."""

from collections import Counter
from collections.abc import Sequence

from linreg_sweep.errors import Complaint, DataError
from linreg_sweep.guards.escapes import OBEYED
from linreg_sweep.tabular.cells import TEXT_CELL, Column, File, shortened
from linreg_sweep.words import MAX_NAMED, did_you_mean, joined, listed

MAX_COMPLAINTS = 20

HEADLESS = "the first line must hold the column names, here it holds numbers"


def name_complaints(where: str, x_names: Sequence[str], y_names: Sequence[str]) -> list[Complaint]:
    """Returns what is wrong with the names themselves: empty, twice, unprintable, in both x and y."""
    complaints = []
    for role, names in (("x", x_names), ("y", y_names)):
        for name, times in Counter(names).items():
            shown = f"{shortened(name)} in {role}"
            if not name.strip():
                place = list(names).index(name) + 1
                text = f"every column of {role} must have a name, column {place} of {role} has none"
                complaints.append(Complaint(where, text, "give it a name, or choose other columns"))
            elif OBEYED.search(name):
                complaints.append(
                    Complaint(where, f"column names must consist of printable characters, got {shown}")
                )
            if name.strip() and times > 1:
                text = f"each column must be named once, got {shown} {times} times"
                complaints.append(Complaint(where, text))
    both = set(x_names)
    for name in dict.fromkeys(y_names):
        if name in both and name.strip():
            complaints.append(
                Complaint(where, f"a column must be in x or in y, got {shortened(name)} in both")
            )
    return complaints


def header_complaints(
    file: File, x: Sequence[str] | None, y: Sequence[str], *, needs_y: bool = True
) -> list[Complaint]:
    """Returns what is wrong with names that a person gave: of no column, of several, of none at all."""
    complaints = name_complaints(file.where, x or (), y)
    if not y and needs_y:
        hint = did_you_mean("", file.names)
        complaints.append(Complaint(file.where, "y must name at least one column", hint))
    if x is not None and not x:
        complaints.append(
            Complaint(file.where, "x must name at least one column", "leave x out to use all columns")
        )
    there = Counter(file.names)
    for role, names in (("x", x or ()), ("y", y)):
        for name in dict.fromkeys(names):
            if len(complaints) > MAX_COMPLAINTS + 1:
                break
            if name not in there:
                hint = did_you_mean(name, filter(str.strip, file.names))
                if file.is_headless:
                    hint = HEADLESS
                if file.is_headless and file.form is not None:
                    hint += "; data.format.header: false calls the columns column_1, column_2, ..."
                if file.form is not None and not file.form.header:
                    hint = f"the file has no header; {did_you_mean('', file.names)}"
                text = f"{role} must name columns of the file, got {shortened(name)}"
                complaints.append(Complaint(file.where, text, hint))
            elif there[name] > 1:
                complaints.append(twice(file, name))
    return complaints


def complaints_apart(file: File, apart: str | None, used: Sequence[str]) -> list[Complaint]:
    """Returns what is wrong with the column that is read as text, beside those that are used."""
    if apart is None:
        return []
    if apart not in file.names:
        hint = did_you_mean(apart, filter(str.strip, file.names))
        text = f"data.holdout.column must name a column of the file, got {shortened(apart)}"
        return [Complaint(file.where, text, hint)]
    if apart in used:
        text = f"data.holdout.column must be neither x nor y, got {shortened(apart)}"
        return [Complaint(file.where, text, "name another column, or leave it out of x")]
    return [twice(file, apart)] if file.names.count(apart) > 1 else []


def refusal(complaints: list[Complaint]) -> DataError:
    """Returns the error with the first complaints of all."""
    rest = complaints[MAX_COMPLAINTS + 1 :]
    return DataError(*complaints[: MAX_COMPLAINTS + 1], *([Complaint("", "and more")] if rest else []))


def twice(file: File, name: str) -> Complaint:
    """Returns the complaint that several columns have one name."""
    places = [str(i + 1) for i, other in enumerate(file.names) if other == name]
    text = f"column names must differ, columns {joined(places)} are called {shortened(name)}"
    return Complaint(file.where, text, "give each a name of its own in the first line")


def unnamed(file: File, i: int, x_names: Sequence[str]) -> Complaint:
    """Returns the complaint about a column that only its place can be told by."""
    others = list(filter(str.strip, dict.fromkeys(x_names)))
    hint = f"leave it out by naming the others, x: [{listed(others)}], or " if others else ""
    return Complaint(file.where, f"column {i + 1} has no name", f"{hint}give it one in the first line")


def cell_complaints(file: File, columns: dict[int, Column]) -> list[Complaint]:
    """Returns what is wrong with cells, in the order of the rows; what helps all alike is said once."""
    every = ((i, flaw) for i, column in columns.items() for flaw in column.flaws)
    flaws = sorted(every, key=lambda item: item[1].row)
    said: set[str] = set()
    shown, rest = flaws[:MAX_COMPLAINTS], flaws[MAX_COMPLAINTS:]
    places = file.places({flaw.row for _, flaw in shown if flaw.row})
    complaints = []
    for i, flaw in shown:
        name = shortened(file.names[i])
        if not is_known(file, i):
            name = f"{i + 1} ({name if file.names[i].strip() else 'without a name'})"
        where, row = places.get(flaw.row, (file.where, flaw.row))
        cell = f"row {row} of column {name}" if row else f"column {name}"
        more = f" (and {flaw.more} more such cell{'s' * (flaw.more > 1)})" if flaw.more else ""
        hint = "" if flaw.hint in said else flaw.hint
        said |= {hint} if hint != TEXT_CELL else set()
        complaints.append(Complaint(where, f"{cell} {flaw.text}{more}", hint))
    if rest:
        complaints.append(Complaint(file.where, f"and {len(rest)} more complaints about cells"))
    return complaints


def without_x(file: File, columns: dict[int, Column], offered: list[int]) -> Complaint:
    """Returns the complaint that no column is left for x; it says what those beside y hold."""
    told = []
    for i in offered[:MAX_NAMED]:
        why = _why_left_out(columns, i)
        content = columns[i].content if i in columns else ""
        told.append(f"{shortened(called(file, i))} {f'{content} ({why})' if content else f'is {why}'}")
    if len(offered) > MAX_NAMED:
        told.append(f"and {len(offered) - MAX_NAMED} more")
    hints = (flaw.hint for i in offered if i in columns for flaw in columns[i].flaws)
    hint = next((hint for hint in hints if hint.startswith(("commas", "write numbers"))), "")
    text = "x must have a numeric column, none is left beside y"
    return Complaint(file.where, f"{text}: {', '.join(told)}" if told else text, hint)


def first_row(file: File) -> tuple[str, ...]:
    """Returns a note where the names of columns look like numbers."""
    if not file.is_headless:
        return ()
    return (f"the first row ({listed(file.names)}) was taken as column names",)


def is_known(file: File, i: int) -> bool:
    """Returns whether a column's name tells it from others."""
    return bool(file.names[i].strip()) and file.times[file.names[i]] == 1


def called(file: File, i: int) -> str:
    """Returns a column's name, or its place where the name tells too little."""
    if not file.names[i].strip():
        return f"column {i + 1}, which has no name"
    return file.names[i] if is_known(file, i) else f"column {i + 1} ({shortened(file.names[i])})"


def _why_left_out(columns: dict[int, Column], i: int) -> str:
    return columns[i].unusable if i in columns else "labels of rows"


def left_out(file: File, columns: dict[int, Column], numbers: list[int]) -> tuple[str, ...]:
    """Returns a note for each reason why columns, by their numbers, were left out."""
    reasons: dict[str, list[str]] = {}
    for i in numbers:
        reasons.setdefault(_why_left_out(columns, i), []).append(called(file, i))
    return tuple(f"left out, {why}: {listed(names)}" for why, names in reasons.items())
