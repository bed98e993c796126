"""Lines of pandas that turn a file that is not read here into one that is."""

import re
from pathlib import Path

from linreg_sweep.guards.regular_files import open_regular_file

READERS = {
    ".xlsx": "read_excel",
    ".xls": "read_excel",
    ".ods": "read_excel",
    ".json": "read_json",
    ".feather": "read_feather",
    ".orc": "read_orc",
    ".dta": "read_stata",
    ".sav": "read_spss",
    ".html": "read_html",
}
"""What of pandas reads a kind of file; all others are taken for text."""

SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
"""What else than commas stands between values."""

DECIMAL = (
    r"^[+-]?(?:[0-9]*,(?:[0-9]{1,2}|[0-9]{4,})|(?:0|[0-9]{4,})?,[0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+)$"
)
THOUSANDS = r"^[+-]?[0-9]{1,3}(?:(?:,[0-9]{3}){2,}(?:\.[0-9]+)?|,[0-9]{3}\.[0-9]+)$"
EITHER = r"^[+-]?[1-9][0-9]{0,2},[0-9]{3}$"
"""Cells in which a comma stands before decimals; between thousands; or one cannot know."""

LOOKED_AT = 2**16
"""Bytes of a file that are looked at to see what it is."""


def converted(path: Path, reader: str = "", *, dropped: tuple[str, ...] = (), **options: object) -> str:
    """Returns a line of pandas that reads a file and writes it as a CSV file with commas and points.

    Args:
        path: the file.
        reader: the function of pandas; none: by the file's name.
        dropped: columns; rows that miss one of them are left out.
        options: of the reader.
    """
    stem, suffix = path.name.partition(".")[0] or "data", path.suffix.lower()
    name = f"{stem}-{'complete' if dropped else 'converted'}.csv" if suffix == ".csv" else f"{stem}.csv"
    given = "".join(f", {key}={value!r}" for key, value in options.items())
    rows = f".dropna(subset={list(dropped)!r})" if dropped else ""
    read = reader or READERS.get(suffix, "read_csv")
    return (
        f"in pandas, pd.{read}({path.name!r}{given}){rows}.to_csv({name!r}, index=False) writes what is read"
    )


def looked_at(path: Path) -> str:
    """Returns the line for a text that is separated, encoded or written otherwise, by its first bytes."""
    with open_regular_file(path) as stream:
        start = stream.read(LOOKED_AT)
    options: dict[str, str] = {}
    try:
        text = start.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        text = start.decode("latin-1")
        if error.start < len(start) - 4:  # not a letter that was cut in two
            options["encoding"] = "latin-1"
    head, *rows = text.splitlines() or [""]
    separator = max(SEPARATORS, key=head.count)
    if head.count(separator) > head.count(","):
        options = {"sep": separator, **options}
        cells = [cell.strip().strip('"') for row in rows for cell in row.split(separator)]
        if any(re.match(DECIMAL, cell) or re.match(EITHER, cell) for cell in cells):
            options["decimal"] = ","
        if any(re.match(r"^[+-]?[0-9]{1,3}(\.[0-9]{3})+,", cell) for cell in cells):
            options["thousands"] = "."
    return converted(path, "read_csv", dropped=(), **options)


def of_commas(path: Path, found: frozenset[str], example: str) -> str:
    """Returns one hint for all cells of a file in which a comma stands within a number.

    Args:
        path: the file.
        found: which of `decimal`, `thousands` and `either` its cells are.
        example: such a cell.
    """
    if "decimal" in found and "thousands" not in found:
        return f"commas stand before decimals here: {converted(path, decimal=',')}"
    if "thousands" in found and "decimal" not in found:
        return f"commas stand between thousands here: {converted(path, thousands=',')}"
    plain, point = example.replace(",", ""), example.replace(",", ".")
    means = f"{example} may be {point} or {plain}" if "thousands" not in found else "they stand for both here"
    line = converted(path, decimal=",")
    return f"commas may stand before decimals or between thousands ({means}): {line}, or thousands=',' does"
