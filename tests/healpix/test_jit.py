"""The scalar functions for users' own Numba code return what the array kernels return, valid or not."""

import importlib

import numba
import numpy as np
import pytest

from ferrumba.healpix import jit
from ferrumba.healpix.declarations import BY_STEM

SCALARS = (
    "lonlat_to_nested",
    "lonlat_to_morton",
    "nested_to_lonlat",
    "nested_to_morton",
    "morton_to_nested",
    "morton_order",
    "morton_parent",
    "morton_contains",
    "nested_to_uniq",
    "uniq_to_nested",
)


@pytest.mark.parametrize("stem", SCALARS)
def test_scalars_are_the_rows_of_the_kernel(stem):
    kernel, scalar = BY_STEM[stem], getattr(jit, stem)
    loop = getattr(importlib.import_module(f"ferrumba.healpix.numba.{stem}"), stem)
    for _, inputs in kernel.cases(np.random.default_rng(1), 400):
        outputs = kernel.allocate(400, inputs)
        loop(*inputs, *outputs)
        rows = zip(*[np.broadcast_to(values, 400).tolist() for values in inputs], strict=True)
        answers = np.array([scalar(*row) for row in rows]).T.reshape(len(outputs), 400)
        for ours, expected in zip(answers, outputs, strict=True):
            np.testing.assert_array_equal(ours, expected)


def test_neighbours_are_the_rows_of_the_kernel():
    kernel = BY_STEM["neighbours"]
    loop = importlib.import_module("ferrumba.healpix.numba.neighbours").neighbours
    row = np.empty(8, dtype=np.int64)
    for _, inputs in kernel.cases(np.random.default_rng(1), 400):
        (expected,) = kernel.allocate(400, inputs)
        loop(*inputs, expected)
        for nested, order, answer in zip(inputs[0], np.broadcast_to(inputs[1], 400), expected, strict=True):
            exists = jit.neighbours(nested, order, row)
            np.testing.assert_array_equal(row, answer)
            assert exists == (answer[0] >= 0 or answer[2] >= 0 or answer[4] >= 0)


def test_scalars_work_inside_compiled_functions():
    @numba.njit
    def there_and_back(nested, order):
        changed = 0
        for cell in nested:
            lon, lat = jit.nested_to_lonlat(cell, order)
            changed += jit.lonlat_to_nested(lon, lat, order) != cell
            changed += jit.morton_to_nested(jit.nested_to_morton(cell, order)) != cell
        return changed

    assert there_and_back(np.arange(12 << 8), 4) == 0
