"""Blocks of rows and columns: every element once, with the history that its window needs, by sizes only."""

import itertools

import numpy as np
import pytest

from ferrumba.dispatch.registry import kernels
from ferrumba.dispatch.tables import SHARE, TILE, WIDE, TableBlocks

KERNEL = kernels()["timeseries.rolling_median"]


def blocks(rows, columns, window, size=512, before=0, dtype=np.float64):
    values = np.arange((before + rows) * columns, dtype=dtype).reshape(before + rows, columns)
    inputs = (values, np.atleast_1d(window).astype(np.int64), np.array([1]), np.array([False]))
    out = np.zeros((rows, columns), dtype)
    return TableBlocks(KERNEL, (*inputs, out), rows, size), values, out


@pytest.mark.parametrize("rows", [0, 1, 7, 300, 2000])
@pytest.mark.parametrize("columns", [0, 1, 3, 8, 9, 30])
@pytest.mark.parametrize("window", [1, 16, 10**9])
def test_every_element_is_filled_once_and_sees_its_window(rows, columns, window):
    """Also with rows before those of the call."""
    for before in (0, 5):
        cut, values, out = blocks(rows, columns, window, before=before)

        def copy(seen, width, _least, _propagate, part):
            history = len(seen) - len(part)
            np.testing.assert_array_equal(part, 0.0)
            first = seen[0, 0] // columns  # the values are those of arange
            assert history == min(int(width[0]) - 1, first + history)
            part += seen[history:] + 1.0
            return -1

        for index in range(len(cut)):
            assert cut.run(copy, index) == -1
        np.testing.assert_array_equal(out, values[before:] + 1.0)


def test_windows_of_their_own_reach_back_as_far_as_they_say():
    """The first row of a block has the earliest window."""
    width = np.minimum(np.arange(1, 1001), np.where(np.arange(1000) < 500, 3, 40))
    cut, _, _ = blocks(1000, 1, width, size=64)
    starts = [cut.start(index) for index in range(len(cut) + 1)]
    assert len(starts) > 1
    for start, stop in itertools.pairwise(starts):
        seen, own = cut.cut(start, stop)[:2]
        assert len(own) == stop - start
        assert len(seen) == stop - start + width[start] - 1


def test_history_is_a_small_share_of_what_is_read():
    """Long windows make long blocks, and longer ones where a column is cut into series that all need history."""
    for window, columns in itertools.product((10, 100, 1000), (1, 3, 8)):
        cut, _, _ = blocks(100_000, columns, window)
        sizes = np.diff([cut.start(index) for index in range(len(cut) + 1)])
        assert (len(cut) - 1) * window <= 100_000 / SHARE
        assert sizes[0] >= 0.9 * min(SHARE * window * (TILE // columns), 100_000 / 4)


@pytest.mark.parametrize(
    ("stem", "window", "order", "wide"),
    [
        ("rolling_median", 1, "C", TILE),
        ("rolling_slope", 1, "C", WIDE[1]),
        ("rolling_slope", 10_000, "C", WIDE[0]),
        ("rolling_slope", 1, "F", TILE),
    ],
)
def test_blocks_of_sums_are_wider_where_lines_of_the_cache_lie_across_columns(stem, window, order, wide):
    values = np.asarray(np.ones((70_000, 100)), order=order)
    rules = (np.array([window]), np.array([1]), np.array([False]))
    more = (np.empty((len(values), 0)), np.ones(1)) if stem == "rolling_slope" else ()  # times and rate
    arrays = (values, *rules, *more, np.empty(values.shape))
    widths = []
    cut = TableBlocks(kernels()[f"timeseries.{stem}"], arrays, len(values), 1 << 16)
    for index in range(len(cut)):
        cut.run(lambda *part: widths.append(part[-1].shape[1]) or -1, index)
    assert max(widths) == wide
    assert sum(widths) % 100 == 0


@pytest.mark.parametrize("dtype", [np.float32, np.int32, ">f8"])
def test_other_element_types_are_converted_block_by_block(dtype):
    cut, values, out = blocks(300, 9, 4, dtype=dtype)

    def double(seen, _width, _least, _propagate, part):
        assert seen.dtype == part.dtype == np.float64
        assert seen.dtype.isnative
        part[...] = 2.0 * seen[len(seen) - len(part) :]
        return -1

    if np.dtype(dtype).kind == "i":
        out = np.zeros(out.shape)
        cut = TableBlocks(KERNEL, (values, np.array([4]), np.array([1]), np.array([False]), out), 300, 512)
    for index in range(len(cut)):
        cut.run(double, index)
    np.testing.assert_array_equal(out, 2.0 * values)
