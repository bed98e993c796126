"""Facts about products whose columns keep their bits, on every BLAS kernel that this machine can run."""

import tracemalloc

import numpy as np
import pytest

from linreg_sweep.engines.forms import form_of
from linreg_sweep.gemm import WIDTHS, Factor, Multiplier, Product, blocks_for, in_lines, kernel
from linreg_sweep.method import Method
from tests.kernels import kernels, on_kernel

SHAPES = [
    *(Product(11, 11), Product(51, 51), Product(201, 201), Product(300, 300)),
    *(Product(32, 51), Product(51, 32, True), Product(40, 600), Product(5, 270, True)),
]

ENGINE = """
from dataclasses import replace
from linreg_sweep.engines.numpy_engine import train
from tests.cases import FORMS, Case
from tests.descents import check_bits_are_own

wide = [Case(features=50, targets=2, rows=60), Case(features=200, rows=210, batch_size=32, order="reshuffle")]
for case in [*FORMS.values(), *wide]:
    for dtype in ("float64", "float32"):
        case = replace(case, dtype=dtype)
        check_bits_are_own(train, case.problem, case.trials, case.options())
"""


def check_columns() -> None:
    """Holds every column of a product to its bits alone, at other places and beside what is no number."""
    generator = np.random.default_rng(1)
    for shape in SHAPES:
        for dtype in ("float64", "float32"):
            blocks = blocks_for([shape], dtype)
            assert blocks is not None, shape
            assert blocks.width in WIDTHS
            width = blocks.width
            left = generator.normal(size=(shape.inner, shape.rows)).astype(dtype).T
            left = left if shape.is_transposed else np.ascontiguousarray(left)
            factor, product = Factor(left), Multiplier(blocks)
            columns = generator.normal(size=(shape.inner, 2, 3 * width + 5)).astype(dtype)
            out = np.empty((shape.rows, *columns.shape[1:]), dtype)
            product.multiply(factor, columns, out)
            exact = np.tensordot(left.astype(np.float64), columns.astype(np.float64), 1)
            size = np.tensordot(abs(left), abs(columns), 1).max()
            assert abs(out - exact).max() <= shape.inner * np.finfo(dtype).eps * size
            for place in (0, 7, width - 1, width, 3 * width, 3 * width + 4):
                alone = np.empty((shape.rows, 2, 1), dtype)
                product.multiply(factor, columns[..., place : place + 1], alone)
                assert np.array_equal(alone[..., 0], out[..., place]), (shape, dtype, place)
            held = left.T if shape.is_transposed else left
            lines = in_lines(held.shape, dtype)
            lines[:, : held.shape[1]] = held
            for lying in Factor.of_lines(np.stack([lines, lines]), held.shape[1], lasts=False):
                own = lying.transposed if shape.is_transposed else lying
                product.multiply(own, columns[..., :1], alone)
                assert np.array_equal(alone, out[..., :1]), (shape, dtype)
            few, found = columns[..., [width, 0]].copy(), np.empty((shape.rows, 2, 2), dtype)
            few[..., 1] = np.nan
            product.multiply(factor, few[:, :1], found[:, :1])
            assert np.array_equal(found[:, 0, 0], out[:, 0, width]), (shape, dtype)
            for count in (2, 3, 4, 5, 8, 9, 12, 17, 24, 33, 40, 64, 65, width - 1):
                found = np.empty_like(out[..., :count])
                product.multiply(factor, columns[..., :count], found)
                assert np.array_equal(found, out[..., :count]), (shape, dtype, count)
            shifted, found = np.roll(columns, 3, axis=-1), np.empty_like(out)
            shifted[..., :3], shifted[..., 9::4] = np.nan, np.inf
            with np.errstate(invalid="ignore"):
                product.multiply(factor, shifted, found)
            same = np.isfinite(shifted[0, 0])
            assert np.array_equal(found[..., same], np.roll(out, 3, axis=-1)[..., same]), (shape, dtype)


def test_columns_keep_their_bits() -> None:
    """And are right, to the bound of a sum's rounding."""
    check_columns()


def test_room_for_trials_that_have_left_is_let_go() -> None:
    """A hundred columns of a thousand rows, then fewer and fewer, take no more than they did at first."""
    shape = Product(1000, 20)
    blocks = blocks_for([shape], "float64")
    assert blocks is not None
    product, factor = Multiplier(blocks), Factor(np.ones(shape[:2]))
    tracemalloc.start()
    try:
        for count in range(100, 0, -1):
            product.multiply(factor, np.ones((20, 1, count)), np.empty((1000, 1, count)))
        assert tracemalloc.get_traced_memory()[0] < 5 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.system
@pytest.mark.parametrize("name", kernels())
def test_columns_keep_their_bits_on_every_kernel(name: str) -> None:
    """Alone, in products, and in trials of every form, whatever stands beside them."""
    code = f"from tests.test_gemm import check_columns\ncheck_columns()\n{ENGINE}"
    told = on_kernel(name, f"{code}\nfrom linreg_sweep.gemm import kernel\nprint(kernel())")
    assert told.split()[-1] == {"Zen": "Haswell"}.get(name, name)


@pytest.mark.system
@pytest.mark.skipif("Haswell" not in kernels(), reason="the processor has no AVX2")
def test_a_block_is_narrower_where_a_wide_one_mixes_columns() -> None:
    """As of float32 on Haswell, where a column's bits depend on its place in a block of 32."""
    said = on_kernel(
        "Haswell",
        "from linreg_sweep.gemm import WIDTHS, Blocks, Product, blocks_for, trusted\n"
        "shape = Product(51, 51)\n"
        "found = bool(trusted(shape, (Blocks(WIDTHS[0]),), 'float32'))\n"
        "print(found, *blocks_for([shape], 'float32')[:1])",
    )
    assert said.split() == ["False", "16"]


def test_where_nothing_is_multiplied_all_blocks_do() -> None:
    """As of a single row, through which steps and costs go one number after the other."""
    blocks = blocks_for([], "float64")
    assert blocks is not None
    assert blocks.width == WIDTHS[0]


def test_the_kernel_is_named() -> None:
    """With the library's version, and the same each time."""
    assert kernel() == kernel() != "unknown"


@pytest.mark.parametrize(
    ("shape", "batch_size", "is_drawn", "expected"),  # steps by rows, costs by rows, by BLAS
    [
        ((30, 2), None, False, (False, False, False)),
        ((30, 8), None, False, (False, False, False)),
        ((3, 8), None, False, (False, False, False)),
        ((1000, 11), None, False, (False, False, True)),
        ((30, 201), None, False, (True, True, True)),
        ((1000, 2), 1, False, (True, False, True)),
        ((1000, 2), 32, True, (False, False, False)),
        ((1000, 11), 32, False, (False, False, True)),
        ((1000, 11), 32, True, (True, False, True)),
        ((1000, 201), 32, False, (True, False, True)),
        ((10**6, 201), 200, False, (True, False, True)),
    ],
)
def test_the_shape_decides_the_form(
    shape: tuple[int, int], batch_size: int | None, is_drawn: bool, expected: tuple[bool, bool, bool]
) -> None:
    """H where that asks for fewer products and is there or quickly made, else rows."""
    method = Method(batch_size=batch_size, order="reshuffle" if is_drawn else "file")
    found = form_of(shape[0], (shape[1], 1), method, "float64")
    assert (found.steps_by_rows, found.costs_by_rows, found.blocks is not None) == expected
