"""The last blocks of a call are shorter, and all of them cover its rows."""

import numpy as np
import pytest

from ferrumba.dispatch.blocks import block_edges


@pytest.mark.parametrize("rows", [1, 2, 7, 1000, 10**9])
@pytest.mark.parametrize("block", [1, 3, 64, 1 << 16])
@pytest.mark.parametrize("least", [1, 20, 1 << 20])
def test_the_last_blocks_are_shorter(rows, block, least):
    rows = min(rows, 1000 * block)
    edges = block_edges(rows, block, least)
    sizes = np.diff(edges)
    assert (edges[0], edges[-1]) == (0, rows)
    assert sizes.min() > 0
    assert sizes.max() <= block
    assert (np.diff(sizes) <= 0).all()
    assert len(sizes) <= rows / block + 6
    assert (sizes[:-1] >= min(least, block)).all()
    assert sizes[-1] <= max(1, -(-block // 4), min(least, block))


def test_no_rows_have_no_blocks():
    assert block_edges(0, 64) == [0]
