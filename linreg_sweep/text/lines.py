"""A fitted line beside the one of least squares, which it may still be far from; both in the data's units."""

from collections.abc import Iterator, Mapping, Sequence

from linreg_sweep.analysis.formats import as_text
from linreg_sweep.column_types import parameter_names
from linreg_sweep.text.phrases import number
from linreg_sweep.words import counted

MAX_IN_A_LINE = 5
"""Features above which no equation is written, but a table."""

MAX_EQUATIONS = 3
"""Targets above which no equation is written, but a table."""

MAX_ROWS = 20
"""Parameters that such a table has at most."""

Parameters = Mapping[str, float | None]
"""Their values by their names in a table of trials; None: not finite."""


def format_lines(
    features: Sequence[str], targets: Sequence[str], lines: Mapping[str, Parameters]
) -> Iterator[str]:
    """Yields fitted lines, by what they are called, as equations where they are short, else as a table.

    A line is empty where it has no parameters that are worth a look.
    """
    every = parameter_names(features, targets, True)
    names = [name for name in every if any(name in values for values in lines.values())]
    if not names:
        return
    if len(features) > MAX_IN_A_LINE or len(targets) > MAX_EQUATIONS:
        shown = names[:MAX_ROWS]
        cells = {
            title.lower().replace(" ", "_"): [number(values.get(name)) for name in shown]
            for title, values in lines.items()
            if values
        }
        yield as_text({"parameter": shown, **cells}, "table")
        if len(names) > MAX_ROWS:
            yield f"and {counted(len(names) - MAX_ROWS, 'more parameter')}"
        return
    width = max(len(title) for title in lines) + 3
    for target in targets:
        suffix = f"_{target}" if len(targets) > 1 else ""
        for title, values in lines.items():
            line = _equation(features, values, suffix, named=len(features) > 1 or len(targets) > 1)
            if line:
                yield f"{title + ':':<{width}}{target} = {line}"


def _equation(features: Sequence[str], values: Parameters, suffix: str, *, named: bool) -> str:
    """Returns `2 * size - 3`; nothing where a number of it is not there or not finite."""
    terms = []
    for feature in features:
        terms.append((values.get(f"weight_{feature}{suffix}" if named else "weight"), f" * {feature}"))
    if f"bias{suffix}" in values:
        terms.append((values[f"bias{suffix}"], ""))
    known = [(value, of) for value, of in terms if value is not None]
    return _sum(known) if len(known) == len(terms) else ""


def _sum(terms: Sequence[tuple[float, str]]) -> str:
    """Returns `2 * size - 3` for factors and what each stands before."""
    first, *others = [(value, f"{abs(value):.6g}{of}") for value, of in terms]
    text = f"-{first[1]}" if first[0] < 0 else first[1]
    return text + "".join(f" {'-' if value < 0 else '+'} {term}" for value, term in others)
