"""Many numbers as few bytes: each less what its neighbours foretell, in planes of bytes, compressed.

What is smooth over a map takes a few bits a cell so. `scripts/packing.js` is the way back.
Source: Weinberger, Seroussi & Sapiro (2000), The LOCO-I lossless image compression algorithm, section 2.
"""

import base64
import gzip
from typing import Any

import numpy as np

from linreg_sweep.array_types import Floats, Integers

NOT_THERE = -1
"""Stands for NaN among whole numbers."""

LOW_WORD = 32
"""Bits of a float64 of which a cost is kept to the nearest: the other 32 hold seven digits."""


def packed_whole(values: Integers) -> dict[str, Any]:
    """Returns whole numbers [n] or [h, w], below 2**48 in size, as JSON has them.

    A number is foretold to be left + below - (left of below), which continues its neighbours' slopes.
    """
    rows = np.atleast_2d(values)
    along = np.diff(rows, axis=1, prepend=0)
    left = np.diff(along, axis=0, prepend=0)
    positive = np.where(left < 0, -2 * left - 1, 2 * left).astype("<u8")  # small where left is small
    planes = positive.reshape(-1, 1).view(np.uint8).T
    n_kept = int(np.flatnonzero(planes.any(axis=1)).max(initial=-1)) + 1
    squeezed = gzip.compress(planes[:n_kept].tobytes(), 6, mtime=0)
    return {"count": rows.size, "wide": rows.shape[1], "bytes": base64.b64encode(squeezed).decode()}


def packed_halves(values: Floats) -> dict[str, Any]:
    """Returns numbers of which twice is whole and not negative, exactly; NaN stays NaN."""
    return packed_whole(np.where(np.isnan(values), NOT_THERE, 2 * values).astype(np.int64)) | {"of": "halves"}


def packed_words(values: Floats) -> dict[str, Any]:
    """Returns any numbers to seven digits: the higher half of each float64, rounded."""
    bits = np.ascontiguousarray(values, np.float64).view(np.int64)
    is_finite = np.isfinite(values)
    words = np.where(is_finite, bits + (1 << (LOW_WORD - 1)), bits) >> LOW_WORD
    return packed_whole(words) | {"of": "words"}
