"""Several files with the same columns as one, their rows one below the other."""

from collections.abc import Iterator, Sequence

from linreg_sweep.errors import Complaint, DataError
from linreg_sweep.tabular.cells import Block, File
from linreg_sweep.words import listed


def one_below_the_other(where: str, files: Sequence[File]) -> File:
    """Returns opened files as one, in their order; a complaint about all of them says where.

    Raises:
        DataError: one of them has other columns than the first, or in another order.
    """
    first = files[0]
    complaints = [_other_columns(first, file) for file in files if file.names != first.names]
    if complaints:
        more = [Complaint(where, f"so have {len(complaints) - 1} more files")] if len(complaints) > 1 else []
        raise DataError(complaints[0], *more)
    starts: list[int] = []

    def read(numbers: list[int]) -> Iterator[Block]:
        starts[:] = [0]
        for file in files:
            n_rows = 0
            for rows, columns in file.read(numbers):
                n_rows += len(rows)
                yield rows, columns
            starts.append(starts[-1] + n_rows)

    def places(rows: set[int]) -> dict[int, tuple[str, int]]:
        found: dict[int, tuple[str, int]] = {}
        for file, start, stop in zip(files, starts, starts[1:], strict=False):
            own = {row - start for row in rows if start < row <= stop}
            told = file.places(own)
            found |= {start + row: told.get(row, (file.where, row)) for row in own}
        return found

    def text(number: int) -> list[str]:
        return [cell for file in files for cell in file.text(number)]

    known = [file.n_rows for file in files if file.n_rows is not None]
    n_rows = sum(known) if len(known) == len(files) else None
    is_headless = all(file.is_headless for file in files)
    return File(
        first.path, where, first.names, first.labels, read, text, places, n_rows, is_headless, first.form
    )


def _other_columns(first: File, file: File) -> Complaint:
    lacking = [name for name in first.names if name not in file.names]
    more = [name for name in file.names if name not in first.names]
    said = [f"it lacks {listed(lacking)}"] if lacking else []
    said += [f"it has {listed(more)} besides"] if more else []
    if not said:
        said = [f"it has {listed(file.names)}"]
    text = f"must have the same columns in the same order as {first.path.name}: {' and '.join(said)}"
    return Complaint(file.where, text)
