"""Lines of pandas that turn a file that is not read here into one that is."""

from pathlib import Path

from linreg_sweep.text_format import TextFormat, as_declared

READERS = {
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

SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas", ":": "colons", " ": "blanks"}
"""What may stand between values, the most telling first."""

DECIMAL = (
    r"^[+-]?(?:[0-9]*,(?:[0-9]{1,2}|[0-9]{4,})|(?:0|[0-9]{4,})?,[0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+)$"
)
THOUSANDS = r"^[+-]?[0-9]{1,3}(?:(?:,[0-9]{3}){2,}(?:\.[0-9]+)?|,[0-9]{3}\.[0-9]+)$"
EITHER = r"^[+-]?[1-9][0-9]{0,2},[0-9]{3}$"
"""Cells in which a comma stands before decimals; between thousands; or one cannot know."""


def converted(path: Path, reader: str = "", **options: object) -> str:
    """Returns a line of pandas that reads a file and writes it as a CSV file with commas and points.

    Args:
        path: the file.
        reader: the function of pandas; none: by the file's name.
        options: of the reader.
    """
    stem, suffix = path.name.partition(".")[0] or "data", path.suffix.lower()
    name = f"{stem}-converted.csv" if suffix == ".csv" else f"{stem}.csv"
    given = "".join(f", {key}={value!r}" for key, value in options.items())
    read = reader or READERS.get(suffix, "read_csv")
    return f"in pandas, pd.{read}({path.name!r}{given}).to_csv({name!r}, index=False) writes what is read"


def of_commas(path: Path, form: TextFormat, found: frozenset[str], example: str) -> str:
    """Returns one hint for all cells of a file in which a comma, or a point, stands within a number.

    Args:
        path: the file.
        form: how it is said to be written.
        found: which of `decimal`, `thousands` and `either` its cells are.
        example: such a cell.
    """
    if (form.decimal, form.thousands) != (".", None):
        between = f"{form.thousands!r} between thousands" if form.thousands else "nothing between thousands"
        return f"data.format has {form.decimal!r} before decimals and {between}, in groups of three"
    if form.separator_in(path) == ",":
        decimal = converted(path, decimal=",")
    else:
        decimal = f"data.format: {as_declared(form.model_copy(update={'decimal': ','}))} says so"
    thousands = f"data.format: {as_declared(form.model_copy(update={'thousands': ','}))} says so"
    if "decimal" in found and "thousands" not in found:
        return f"commas mark decimals here: {decimal}"
    if "thousands" in found and "decimal" not in found:
        return f"commas separate thousands here: {thousands}"
    plain, point = example.replace(",", ""), example.replace(",", ".")
    means = f"{example} may be {point} or {plain}" if "thousands" not in found else "they do both here"
    return f"commas may mark decimals or separate thousands ({means}): {decimal}, or {thousands}"
