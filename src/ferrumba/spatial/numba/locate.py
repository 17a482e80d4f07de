"""The cell that each query lies in."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.spatial.numba.geometry import cell_of, is_query


@jit
def locate(frame, strip_cell, query, radius, cell):
    """Fill ``cell``; the first query that cannot be answered is returned, and has cell 0 like all that cannot."""
    first_bad = np.int64(-1)
    for i in range(query.shape[0]):
        x, y, z = query[i, 0], query[i, 1], query[i, 2]
        cell[i] = 0
        if is_query(x, y, z, radius[i] if radius.shape[0] > 1 else radius[0]):
            cell[i] = cell_of(x, y, z, frame, strip_cell)
        elif first_bad < 0:
            first_bad = np.int64(i)
    return first_bad
