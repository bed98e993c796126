"""Facts about what CSV files are refused: each mistake is one exact complaint, a table of them."""

from pathlib import Path

from tests.data_files import FILL, MEND, complaints, write

QUOTES = 'a value with a comma in it needs double quotes around it, as in "1,5"'

BAD_CSV: dict[str, tuple[str | bytes, list[str]]] = {
    "empty": ("", ["F: data must have a header and rows, the file is empty"]),
    "blank lines": ("\n\n", ["F: data must have a header and rows, the file is empty"]),
    "a byte order mark": (b"\xef\xbb\xbf", ["F: data must have a header and rows, the file is empty"]),
    "a header": ("x,y\n", ["F: data must have rows, the file ends after its header"]),
    "a header, no newline": ("x,y", ["F: data must have rows, the file ends after its header"]),
    "text": ("x,y\n1,2\nabc,3\n", [f"F:3: row 2 of column 'x' must be a number, got 'abc'. Hint: {MEND}"]),
    "long text": (
        f"x,y\n1,2\n{'z' * 100},3\n",
        [f"F:3: row 2 of column 'x' must be a number, got '{'z' * 27}...'. Hint: {MEND}"],
    ),
    "text twice": (
        "x,y\n1,2\na,3\nb,4\nc,5\n",
        [f"F:3: row 2 of column 'x' must be a number, got 'a' (and 2 more such cells). Hint: {MEND}"],
    ),
    "an empty cell": (
        "x,y\n1,2\n,3\n",
        [f"F:3: row 2 of column 'x' must be a number, the cell is empty. Hint: {FILL}"],
    ),
    "NaN": ("x,y\n1,2\n1,NaN\n", [f"F:3: row 2 of column 'y' must be a number, got 'NaN'. Hint: {FILL}"]),
    "NA": ("x,y\n1,2\nNA,3\n", [f"F:3: row 2 of column 'x' must be a number, got 'NA'. Hint: {FILL}"]),
    "infinity": ("x,y\n1,2\n-inf,3\n", ["F:3: row 2 of column 'x' must be finite, got '-inf'"]),
    "too large": ("x,y\n1,2\n1,1e999\n", ["F:3: row 2 of column 'y' must be finite, got '1e999'"]),
    "a leading zero": (
        "x,y\n007,2\n1,3\n",
        [
            "F:2: row 1 of column 'x' must be a number, got '007'. "
            "Hint: a leading zero marks a label; where it is a number, write 7 for 007"
        ],
    ),
    "thousands": (
        'x,y\n1,2\n"1,234",3\n',
        ["F:3: row 2 of column 'x' must be a number, got '1,234'"],
    ),
    "underscores": (
        "x,y\n1,2\n1_000,3\n",
        [
            "F:3: row 2 of column 'x' must be a number, got '1_000'. "
            "Hint: write numbers without a thousands separator"
        ],
    ),
    "a decimal comma": (
        'x,y\n1,2\n"1,5",3\n',
        ["F:3: row 2 of column 'x' must be a number, got '1,5'"],
    ),
    "a unit": (
        "x,y\n1,2\n5 kg,3\n",
        [
            "F:3: row 2 of column 'x' must be a number, got '5 kg'. "
            "Hint: a cell must hold the number alone, without a unit"
        ],
    ),
    "other digits": (
        "x,y\n1,2\n\u0663,3\n",
        [f"F:3: row 2 of column 'x' must be a number, got '\u0663'. Hint: {MEND}"],
    ),
    "a boolean": (
        "x,y\n1,2\n2,true\n",
        [f"F:3: row 2 of column 'y' must be a number, got 'true'. Hint: {MEND}"],
    ),
    "a date": (
        "x,y\n1,2\n2024-01-01,3\n",
        [f"F:3: row 2 of column 'x' must be a number, got '2024-01-01'. Hint: {MEND}"],
    ),
    "everything at once, in the order of the file": (
        "x,y\n1,abc\n,3\ninf,4\nq,5\n",
        [
            f"F:2: row 1 of column 'y' must be a number, got 'abc'. Hint: {MEND}",
            f"F:3: row 2 of column 'x' must be a number, the cell is empty. Hint: {FILL}",
            "F:4: row 3 of column 'x' must be finite, got 'inf'",
            f"F:5: row 4 of column 'x' must be a number, got 'q'. Hint: {MEND}",
        ],
    ),
    "two cells of a row, in the order of the columns": (
        "x,y\nq,r\n1,2\n",
        [
            f"F:2: row 1 of column 'x' must be a number, got 'q'. Hint: {MEND}",
            f"F:2: row 1 of column 'y' must be a number, got 'r'. Hint: {MEND}",
        ],
    ),
    "a line after quoted newlines and blank lines": (
        '\nx,note,y\n1,"a\nb\n\nc",2\n\n3,d,?\n',
        [f"F:8: row 2 of column 'y' must be a number, got '?'. Hint: {MEND}"],
    ),
    "a row too long": (
        "x,y\n1,2\n1,2,3\n",
        [f"F:3: every row must have 2 values as the header has, this one has 3. Hint: {QUOTES}"],
    ),
    "rows too short": (
        "x,y\n1\n1,2\n1\n",
        ["F:2: every row must have 2 values as the header has, this one has 1 (and 1 more such row)"],
    ),
    "semicolons": (
        "x;y\n1,5;2\n",
        ["F:1: columns must be separated by commas, here they look separated by semicolons"],
    ),
    "tabs": (
        "x\ty\n1\t2\n",
        ["F:1: columns must be separated by commas, here they look separated by tabs"],
    ),
    "Latin-1 in a cell": (
        b"x,y\n1,2\n\xe9,3\n",
        ["F:3: text must be UTF-8, but this line has other bytes"],
    ),
    "Latin-1 in the header": (
        b"\xe9,y\n1,2\n",
        ["F:1: text must be UTF-8, but this line has other bytes"],
    ),
    "UTF-16": (
        b"\xff\xfex\0,\0y\0",
        ["F: must be CSV in UTF-8, but it is not. Hint: this looks like UTF-16"],
    ),
    "a spreadsheet": (
        b"PK\x03\x04...",
        [
            "F: must be CSV in UTF-8, but it is not. Hint: this is a zip archive, or a spreadsheet: "
            "let its name end in .xlsx"
        ],
    ),
    "Parquet": (
        b"PAR1...",
        [
            "F: must be CSV in UTF-8, but it is not. "
            "Hint: this is a Parquet file: let its name end in .parquet"
        ],
    ),
    "a quotation mark left open": (
        'x,y\n1,"' + "2" * 200_000,
        [
            "F:2: must be a CSV row: field larger than field limit (131072). "
            "Hint: look for a quotation mark that is never closed"
        ],
    ),
    "two columns of a name": (
        "x,x,y\n1,2,3\n",
        [
            "F:1: column names must differ, columns 1 and 2 are called 'x'. "
            "Hint: give each a name of its own in the first line"
        ],
    ),
    "a column without a name": (
        ",y\n0,2\n1,3\n",
        ["F:1: column 1 has no name. Hint: give it one in the first line"],
    ),
    "a newline in a name": (
        '"a\nb",y\n1,2\n',
        ["F:1: column names must consist of printable characters, got 'a\\nb' in x"],
    ),
    "no numbers beside y": (
        "s,y\na,2\n",
        ["F:1: x must have a numeric column, none is left beside y: 's' starts with 'a' (not numeric)"],
    ),
    "nothing beside y": ("y\n2\n", ["F:1: x must have a numeric column, none is left beside y"]),
    "dates and thousands beside y": (
        'date,amount,none,y\n2024-01-01,"1,000",,1\n2024-01-02,"2,000",NA,2\n',
        [
            "F:1: x must have a numeric column, none is left beside y: 'date' starts with '2024-01-01' "
            "(not numeric), 'amount' starts with '1,000' (numbers written like '1,000' are not understood), "
            "'none' is empty"
        ],
    ),
    "many texts beside y": (
        f"{','.join('abcdefghij')},y\n{','.join('abcdefghij')},1\n",
        [
            "F:1: x must have a numeric column, none is left beside y: "
            + "".join(f"'{name}' starts with '{name}' (not numeric), " for name in "abcdefgh")
            + "and 2 more"
        ],
    ),
    "no y": ("x,yy\n1,2\n", ["F:1: y must name columns of the file, got 'y'. Hint: did you mean 'yy'?"]),
    "no header": (
        "1,2\n3,4\n",
        [
            "F:1: y must name columns of the file, got 'y'. "
            "Hint: the first line must hold the column names, here it holds numbers"
        ],
    ),
}


def test_bad_csv(tmp_path: Path) -> None:
    """Each mistake in a CSV file is one exact complaint that names its line, row and column."""
    for case, (text, expected) in BAD_CSV.items():
        assert complaints(write(tmp_path / "bad.csv", text), None, ["y"]) == expected, case
