"""Which points lie within a radius of each query."""

from math import sqrt

import numpy as np

from ferrumba.dispatch.jit import jit
from ferrumba.spatial.numba.geometry import (
    COUNT,
    INVERSE,
    PAD,
    gap,
    half_squared,
    is_periodic,
    is_query,
    span,
    strip_of,
    strip_span,
)
from ferrumba.spatial.numba.order import BATCH, BUCKETS, walk_order
from ferrumba.spatial.numba.run import CHUNK, gather, squares
from ferrumba.spatial.numba.sort import FEW, radix_sort, rank_sort


@jit
def search(frame, strip_cell, start, xyz, index, alive, query, radius, after, edges, indices, distances):
    """Fill ``indices`` and, unless it is empty, ``distances``, each row in ascending order of ids.

    ``edges`` must be those that ``count`` leads to. Rows of up to FEW hits are collected aside and sorted by rank on
    their way out, longer ones are sorted in place.
    """
    first_bad = np.int64(-1)
    x, y, z = xyz[0], xyz[1], xyz[2]
    rows, planes = np.int64(frame[1, COUNT]), np.int64(frame[2, COUNT])
    periodic = is_periodic(frame)
    square, ids, kept = np.empty(CHUNK + PAD), np.empty(CHUNK + 1, np.int32), np.empty(CHUNK + 1)
    wanted = distances.shape[0] > 0
    batch = min(query.shape[0], BATCH)
    order, bucket, first = np.empty(batch, np.int32), np.empty(batch, np.int32), np.empty(BUCKETS + 1, np.int32)
    for base in range(0, query.shape[0], BATCH):
        n = min(BATCH, query.shape[0] - base)
        walk_order(query[base : base + n], frame, strip_cell, order, bucket, first)
        for k in range(n):
            i = base + order[k]
            qx, qy, qz = query[i, 0], query[i, 1], query[i, 2]
            r = radius[i] if radius.shape[0] > 1 else radius[0]
            least = after[i] if after.shape[0] > 1 else after[0]
            if not is_query(qx, qy, qz, r):
                if first_bad < 0 or i < first_bad:
                    first_bad = i
                continue
            out, out_end = edges[i] - edges[0], edges[i + 1] - edges[0]
            total = out_end - out
            if total == 0:
                continue
            row_distances = distances[out:out_end] if wanted else distances[:0]
            found = np.int64(0)
            r2 = r * r
            h2 = half_squared(r2)
            half = sqrt(h2)
            own = strip_of(qy, qz, frame) if least > 0 else np.int64(0)  # lower strips hold lower places
            plane0, many_planes = span(frame, 2, qz, half, frame[2, INVERSE], frame[2, COUNT])
            row0, many_rows = span(frame, 1, qy, half, frame[1, INVERSE], frame[1, COUNT])
            for dp in range(many_planes):
                plane = plane0 + dp - (planes if plane0 + dp >= planes else 0)
                dz = gap(frame, 2, qz, plane)
                for dr in range(many_rows):
                    row = row0 + dr - (rows if row0 + dr >= rows else 0)
                    dy = gap(frame, 1, qy, row)
                    left = h2 - dz * dz - dy * dy
                    if left >= 0.0 and plane * rows + row >= own:
                        cell0, cells, c, many = strip_span(frame, strip_cell, plane * rows + row, qx, left)
                        while many > 0:
                            stop = min(c + many, cells)
                            begin, end = max(np.int64(start[cell0 + c]), least), np.int64(start[cell0 + stop])
                            for chunk in range(begin, end, CHUNK):
                                m = min(CHUNK, end - chunk)
                                squares(x, y, z, chunk, m, qx, qy, qz, frame, periodic, square)
                                if total <= FEW:
                                    found = gather(square, chunk, m, r2, alive, index, wanted, ids, kept, found)
                                else:
                                    hits = gather(square, chunk, m, r2, alive, index, wanted, ids, kept, 0)
                                    for t in range(hits):
                                        indices[out + found + t] = ids[t]
                                        if wanted:
                                            row_distances[found + t] = sqrt(kept[t])
                                    found += hits
                            many -= stop - c
                            c = 0
            if total <= FEW:
                rank_sort(ids, kept, total, indices[out:out_end], row_distances)
            else:
                radix_sort(indices[out:out_end], row_distances)
    return first_bad
