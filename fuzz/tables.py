"""Data files: examples changed, and tables of odd cells, types, names, encodings and line ends."""

import io
from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile, ZipInfo

from fuzz.mutations import mutated, words

if TYPE_CHECKING:
    from openpyxl import Workbook

ROOT = Path(__file__).parents[1]

CELLS = [
    *words("cells"),
    "",
    " ",
    '"',
    '"unclosed',
    "1" * 400,
    "0." + "3" * 400,
    "a" * 5000,
    "\x1b[31m",
    "a\0b",
    "\u202e",
    "1 ",
]
NAMES = [
    "x",
    "y",
    "x",
    "y",
    "size",
    "",
    " ",
    "weight",
    "bias",
    "1",
    "a\x1b[2J",
    "é",
    "x" * 300,
    '"a\nb"',
    "__index_level_0__",
]

_NOISE = [
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b'"',
    b'""',
    b",",
    b";",
    b"\t",
    b"\n",
    b"\r",
    b"\r\n",
    b"PK\x03\x04",
]
TOKENS = [*(cell.encode() for cell in CELLS), *_NOISE]

CSV = [file.read_bytes() for file in sorted((ROOT / "data").glob("*.csv"))]


def csv_file(random: Random) -> bytes:
    """Returns the content of a CSV file."""
    if random.random() < 0.5:
        return mutated(random, random.choice(CSV)[:3000], TOKENS)
    width = random.choice((1, 2, 2, 3, 3, 5, 40))
    separator = random.choice((",", ",", ",", ",", ";", "\t", "|"))
    end = random.choice(("\n", "\n", "\r\n", "\r", "\n\n"))
    odd = random.choice((0.0, 0.05, 0.5))
    names = [random.choice(NAMES) if random.random() < odd else f"x{i}" for i in range(width - 1)] + ["y"]
    rows = [names]
    for _ in range(random.choice((0, 1, 2, 3, 10, 30))):
        row = [random.choice(CELLS) if random.random() < odd else _plain(random) for _ in range(width)]
        rows.append(row[: random.randint(0, width)] if random.random() < odd / 10 else row)
    text = end.join(separator.join(row) for row in rows) + end * random.randint(0, 1)
    encoding = random.choice(("utf-8",) * 12 + ("utf-8-sig", "utf-16", "utf-32", "latin-1", "cp037"))
    content = text.encode(encoding, "replace")
    return mutated(random, content, TOKENS) if random.random() < 0.3 else content


def _plain(random: Random) -> str:
    return random.choice(
        (str(random.randint(-99, 99)), f"{random.lognormvariate(0, random.choice((1, 1, 50))):.6g}")
    )


def parquet_file(random: Random) -> bytes:
    """Returns the content of a Parquet file: an odd table, mostly with a few bytes changed."""
    import pyarrow as pa
    from pyarrow import parquet

    n_rows = random.choice((0, 1, 2, 3, 10, 300))
    width = random.choice((1, 2, 3, 6))
    names = [random.choice(NAMES) if random.random() < 0.2 else f"x{i}" for i in range(width)] + ["y"]
    columns = [odd_column(random, n_rows, odd=0.5) for _ in range(width)] + [
        odd_column(random, n_rows, odd=0.1)
    ]
    table = pa.table(columns, names=[name.replace("\0", "") for name in names])
    if random.random() < 0.3:
        said = random.choice(
            ('{"index_columns": ["x0"]}', '{"index_columns": 5}', "[]", "{", '{"index_columns": [[1]]}')
        )
        table = table.replace_schema_metadata({"pandas": said})
    stream = io.BytesIO()
    parquet.write_table(
        table,
        stream,
        compression=random.choice(("none", "snappy", "zstd", "gzip", "lz4", "brotli")),
        use_dictionary=random.random() < 0.5,
        row_group_size=random.choice((None, 1, 7)),
        data_page_version=random.choice(("1.0", "2.0")),
        write_page_checksum=random.random() < 0.2,
        store_schema=random.random() < 0.7,
    )
    content = stream.getvalue()
    if random.random() < 0.2:
        return content
    if random.random() < 0.7:  # the footer alone, which says what is where
        at = max(4, len(content) - random.choice((8, 12, 100, 1000)))
        return content[:at] + mutated(random, content[at:], TOKENS)
    return mutated(random, content, TOKENS)


SHEET = [
    *(
        b'<row r="2">',
        b'<row r="99999999">',
        b'<c r="ZZZ1">',
        b'<c r="B2" t="s">',
        b'<c t="b">',
        b'<c t="d">',
        b"</row>",
    ),
    *(
        b"<v>1e999</v>",
        b"<v>nan</v>",
        b"<v>1_0</v>",
        b"<v>45000</v>",
        b"<f>1/0</f>",
        b"&lt;",
        b"&#0;",
        b"<!DOCTYPE a>",
    ),
]


def excel_file(random: Random) -> bytes:
    """Returns the content of an .xlsx file: an odd sheet, mostly with something changed in or around it."""
    from openpyxl import Workbook

    book, width, odd = Workbook(), random.choice((1, 2, 3, 6)), random.choice((0.0, 0.05, 0.5))
    assert book.active is not None
    names = [random.choice(NAMES) if random.random() < odd else f"x{i}" for i in range(width)] + ["y"]
    others = [
        None,
        True,
        "1.5",
        "NA",
        datetime(2024, 5, 6),
        time(1, 2),
        "=1+1",
        "#N/A",
        2**60,
        1e308,
        "",
        " ",
    ]
    book.active.append([_allowed(name) for name in names][: random.choice((99, 99, 99, width))])
    for _ in range(random.choice((0, 1, 2, 10, 300))):
        row = [random.choice(others) if random.random() < odd else float(_plain(random)) for _ in names]
        book.active.append([_allowed(cell) for cell in row])
    parts = _parts_of(book)
    if random.random() < 0.3:
        return _archive(parts)
    if random.random() < 0.3:
        return mutated(random, _archive(parts), TOKENS)
    changed = random.choice(("xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"))
    return _archive(parts | {changed: mutated(random, parts[changed], SHEET)})


def _parts_of(book: "Workbook") -> dict[str, bytes]:
    """Returns the parts of a workbook by name, without the one that says when it was written."""
    stream = io.BytesIO()
    book.save(stream)
    with ZipFile(stream) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != "docProps/core.xml"}


def _archive(parts: dict[str, bytes]) -> bytes:
    """Returns an .xlsx file of the same bytes at any hour: an archive keeps when each part was written."""
    stream = io.BytesIO()
    with ZipFile(stream, "w") as archive:
        for name, content in parts.items():
            archive.writestr(ZipInfo(name), content)
    return stream.getvalue()


def _allowed(cell: Any) -> Any:
    return "".join(letter for letter in cell if letter >= " ") if isinstance(cell, str) else cell


def odd_column(random: Random, n_rows: int, odd: float) -> Any:
    """Returns a column as Arrow has it, of numbers or, so often, of any type."""
    import pyarrow as pa

    whole = [random.randint(-(2**31), 2**31 - 1) for _ in range(n_rows)]
    if random.random() >= odd:
        return pa.array([random.gauss(0, 1) for _ in range(n_rows)] if random.random() < 0.5 else whole)
    kind = random.choice(
        (pa.int8(), pa.uint64(), pa.float16(), pa.float32(), pa.bool_(), pa.null(), pa.date32())
    )
    small = [number % 100 for number in whole]
    choices: list[Any] = [
        pa.array([None if number % 3 == 0 else float(number) for number in whole], pa.float64()),
        pa.array([random.choice((float("nan"), float("inf"), 1e308, 5e-324, 1.0)) for _ in whole]),
        pa.array([Decimal(number) / 1000 for number in small], pa.decimal128(38, 3)),
        pa.array([Decimal(number) for number in whole], pa.decimal256(76, 10)),
        pa.array([str(number) for number in whole]),
        pa.array([str(number) for number in small]).dictionary_encode(),
        pa.array(small).dictionary_encode(),
        pa.array([[number] * (number % 3) for number in small], pa.list_(pa.int64())),
        pa.array(
            [{"a": number, "x": 1.0} for number in small], pa.struct({"a": pa.int64(), "x": pa.float64()})
        ),
        pa.array([b"\xff" * (number % 5) for number in small]),
        pa.array(small).cast(kind) if kind not in (pa.null(), pa.date32()) else pa.nulls(n_rows, kind),
        pa.array(whole).cast(pa.timestamp("us")),
        pa.array([], pa.float64()) if not n_rows else pa.array([2**63 - 1 - number for number in small]),
    ]
    return random.choice(choices)
