"""Held ids on the way to where they belong."""

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.spatial.cases import TILE
from ferrumba.spatial.numba.collect import NONE


@jit
def distribute(ids, row, edges, indices, held):
    """Copy the ids of tiles, as ``collect`` left them, to their rows, and NONE where a query's ids are not held.

    Those of query k go to row ``row[k]``, which begins at ``edges[row[k]]``. ``held`` becomes how many queries of each
    tile had their ids in it. ``edges`` must be those that the counts lead to.
    """
    room = ids.shape[1]
    for tile in range(ids.shape[0]):
        used, whole = np.int64(0), True
        held[tile] = 0
        for slot in range(TILE):
            begin, end = edges[row[tile, slot]], edges[row[tile, slot] + 1]
            total = end - begin
            whole = whole and used + total <= room and (total == 0 or ids[tile, used + total - 1] != NONE)
            for k in range(total):
                indices[begin + k] = ids[tile, used + k] if whole else NONE
            used += total
            held[tile] += np.int32(whole)
    return np.int64(-1)
