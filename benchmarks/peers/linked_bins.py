"""A grid of linked lists as the original PointBin3D describes it, compiled by Numba: the peer of search and remove."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def linked_lists() -> tuple[Callable[..., Any], Callable[..., int]]:
    """Return the functions of a grid of linked lists: build, and search-and-remove, both compiled."""
    from numba import njit

    @njit
    def build(points, width):
        n = points.shape[0]
        origin, top = np.empty(3), np.empty(3)
        for a in range(3):
            origin[a], top[a] = points[:, a].min(), points[:, a].max()
        shape = np.floor((top - origin) / width).astype(np.int64) + 1
        keys = np.empty(n, np.int64)
        for i in range(n):
            b = np.floor((points[i] - origin) / width).astype(np.int64)
            keys[i] = (b[0] * shape[1] + b[1]) * shape[2] + b[2]
        order = np.argsort(keys)
        ordered = points[order]
        head, following = np.full(shape[0] * shape[1] * shape[2], -1), np.empty(n, np.int64)
        for i in range(n):
            key = keys[order[i]]
            following[i] = head[key]
            head[key] = i
        return origin, shape, order, ordered, head, following

    @njit
    def take(origin, shape, ordered, head, following, found, count, width, q, r):
        low = np.maximum(np.floor((q - r - origin) / width).astype(np.int64), 0)
        high = np.minimum(np.floor((q + r - origin) / width).astype(np.int64), shape - 1)
        for bx in range(low[0], high[0] + 1):
            for by in range(low[1], high[1] + 1):
                for bz in range(low[2], high[2] + 1):
                    key = (bx * shape[1] + by) * shape[2] + bz
                    before, i = -1, head[key]
                    while i >= 0:
                        after = following[i]
                        dx, dy, dz = ordered[i, 0] - q[0], ordered[i, 1] - q[1], ordered[i, 2] - q[2]
                        if dx * dx + dy * dy + dz * dz <= r * r:
                            if before < 0:
                                head[key] = after
                            else:
                                following[before] = after
                            found[count] = i
                            count += 1
                        else:
                            before = i
                        i = after
        return count

    return build, take


def linked_class() -> Any:
    """Return the same as a jitclass with the attributes and the method of the original."""
    from numba import float64, int64
    from numba.experimental import jitclass

    build, take = linked_lists()

    @jitclass(
        [
            ("width", float64), ("origin", float64[:]), ("shape", int64[:]), ("order", int64[:]),
            ("ordered", float64[:, :]), ("head", int64[:]), ("following", int64[:]), ("head0", int64[:]),
            ("following0", int64[:]), ("found", int64[:]), ("found_count", int64),
        ]
    )  # fmt: skip
    class LinkedBins:
        def __init__(self, points, width):
            self.width = width
            self.origin, self.shape, self.order, self.ordered, self.head, self.following = build(points, width)
            self.head0, self.following0 = self.head.copy(), self.following.copy()
            self.found, self.found_count = np.empty(points.shape[0], np.int64), 0

        def radius_search(self, q, r):
            self.found_count = take(
                self.origin,
                self.shape,
                self.ordered,
                self.head,
                self.following,
                self.found,
                self.found_count,
                self.width,
                q,
                r,
            )

        def reset(self):
            self.head[:], self.following[:] = self.head0, self.following0
            self.found_count = 0

    return LinkedBins
