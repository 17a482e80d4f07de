"""Brute force with the predicate of the family, and sequential models."""

import numpy as np


def within(points, query, radius, box=None):
    """Return a matrix: whether each point lies within the radius of each query."""
    points, query = np.asarray(points, float), np.asarray(query, float)
    if box is not None:
        box = np.broadcast_to(np.asarray(box, float), points.shape[1])
        finite = np.isfinite(box)
        wrap = lambda a: np.where(finite, a - np.floor(a / np.where(finite, box, 1.0)) * np.where(finite, box, 0.0), a)  # noqa: E731
        points, query = wrap(points), wrap(query)
    d = points[None] - query[:, None]
    if box is not None:
        d = np.where(d < -0.5 * box, box + d, np.where(d > 0.5 * box, d - box, d))
    with np.errstate(under="ignore"):
        square = d[..., 0] * d[..., 0] + d[..., 1] * d[..., 1]
        if points.shape[1] == 3:
            square = square + d[..., 2] * d[..., 2]
        radius = np.broadcast_to(radius, len(query))
        return square <= (radius * radius)[:, None]


def lists(matrix):
    return [np.flatnonzero(row).tolist() for row in matrix]


def first_query(matrix):
    """Return the label of each point by removing query by query."""
    label = np.full(matrix.shape[1], -1)
    for i, row in enumerate(matrix):
        label[row & (label < 0)] = i
    return label


def greedy(matrix, order):
    """Return the ids that stay when each in turn drops its neighbours."""
    alive, kept = np.ones(len(matrix), bool), []
    for i in order:
        if alive[i]:
            kept.append(int(i))
            alive[matrix[i]] = False
    return sorted(kept)
