"""How a grid is cut: from the bounds and the local density of a set of points to the boxes along each axis."""

from __future__ import annotations

import numpy as np

from ferrumba.spatial.cases import FLAT, frame_of

SAMPLE = 4096
STRIP_WIDTH = 2.6
"""Width of a strip in mean distances between neighbouring points, about the radius that holds 30 of them: then nine
strips hold what a group of queries reaches. A fifth less takes 50 % longer, a fifth more 10 % (measured)."""
STRIP_LENGTH = 8.0
"""Length of a strip in widths. Cells divide a strip evenly, so it must not be much longer than a dense blob: for 1e6
points in 100 blobs, 64 widths take 50 % longer (measured). Where points are uniform, any length will do."""
WIDEST = 1.6
"""How far a hint widens strips. It saves up to 40 % for radii that reach more than a hundred points. None narrows them:
two thirds took as long for two neighbours and up to 2.5 times as long for 30, which is what the radius itself as a hint
asked for where points are in blobs."""
POINTS_PER_STRIP = 4
"""No more strips than one for this many points; where the extent asks for more, they are folded."""
MOST_BOXES = 2.0**26


def robust_bounds(sample: np.ndarray, bounds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the box to cut: that of the points, without what far outliers would add; those go to the border cells."""
    lo, hi = bounds[0].copy(), bounds[1].copy()
    cut = round(0.02 * (len(sample) - 1))
    ordered = np.partition(sample, [cut, len(sample) - 1 - cut], axis=0)
    inner_lo, inner_hi = ordered[cut], ordered[-1 - cut]
    margin = 2.0 * (inner_hi - inner_lo)
    inside = margin > 0.0
    lo[inside] = np.maximum(lo, inner_lo - margin)[inside]
    hi[inside] = np.minimum(hi, inner_hi + margin)[inside]
    return lo, hi


def spacing(sample: np.ndarray, n: int, lo: np.ndarray, hi: np.ndarray) -> float:
    """Return the mean distance between neighbours where the points are, from a sample.

    Boxes are halved until those around a point hold about four others of the sample; the share of the sample in a box
    and the volume of the box then give the local density. Without that, a few blobs in a large box would share a few
    strips.
    """
    extent = hi - lo
    axes = extent > FLAT
    if not axes.any():
        return 0.0
    dimensions = int(axes.sum())
    unit = np.clip((sample[:, axes] - lo[axes]) / extent[axes], 0.0, 1.0 - 1e-12)
    first = int(np.log2(max(len(sample), 8) / 8.0) / dimensions)  # before it, even boxes of equal numbers hold more
    for level in range(first, 20 // dimensions + 14):
        boxes = np.floor(unit * 2.0**level).astype(np.int64)
        keys = boxes[:, 0]
        for axis in range(1, dimensions):
            keys = (keys << np.int64(min(level, 20))) ^ boxes[:, axis]
        members = np.unique(keys, return_counts=True)[1]
        seen = float((members * members).sum()) / len(sample)
        if seen <= 8.0 or level >= 20:
            break
    density = seen * n / len(sample)
    side = float(np.exp(np.log(extent[axes]).mean())) * 0.5**level  # of a cube of the same volume
    return side / density ** (1.0 / dimensions)


def lay_out(points: np.ndarray, bounds: np.ndarray, cell: np.ndarray | None, period: np.ndarray) -> np.ndarray:
    """Return the frame for these points.

    Parameters
    ----------
    points : ndarray, shape (n, 3)
        Valid points.
    bounds : ndarray, shape (2, 3)
        Their minima and maxima.
    cell : ndarray of 3, optional
        Widths of cells that are wanted: a hint.
    period : ndarray of 3
        Infinite where the axis is open.
    """
    n = len(points)
    if n == 0:
        lo = hi = np.zeros(3)
    else:
        sample = np.ascontiguousarray(points[:: max(1, n // SAMPLE)])  # each point lies in a line of its own
        lo, hi = robust_bounds(sample, bounds)
    round_ = period < np.inf
    lo, hi = np.where(round_, 0.0, lo), np.where(round_, period, hi)
    extent = hi - lo
    if n == 0 or not (extent > FLAT).any():
        return frame_of(lo, hi, np.ones(3), period)
    width = np.full(3, STRIP_WIDTH * spacing(sample, n, lo, hi))
    if cell is not None:
        width[1:] = np.clip(cell[1:], width[1:], WIDEST * width[1:])
    width[0] *= STRIP_LENGTH
    with np.errstate(all="ignore"):
        boxes = np.clip(np.nan_to_num(np.ceil(extent / width), nan=1.0), 1.0, MOST_BOXES)
    places = np.ones(3)
    for axis, root in ((0, 3.0), (1, 2.0), (2, 1.0), (1, 1.0)):
        places[axis] = 1.0
        most = np.floor((n / POINTS_PER_STRIP / places.prod()) ** (1.0 / root))
        places[axis] = min(boxes[axis], max(1.0, most))
    return frame_of(lo, hi, places, period, np.ceil(boxes / places))
