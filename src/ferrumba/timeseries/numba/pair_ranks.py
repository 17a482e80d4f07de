"""Spearman's correlation of pairs of ranked columns over the rows that both have.

What a pair shares needs no sorting: the rank of a group of equal values among the shared rows is its rank in the column
less the lower ones that the partner lacks. All sums are of integers, so their order is free.
"""

from math import sqrt

import numpy as np

from ferrumba.dispatch.jit import jit

BLOCK = 4096
"""Rows whose products are added up as integers: 4096 squares of numbers below 2^25 fit 63 bits."""


@jit
def shared_ranks(group, size, groups, absent, lacking, rank):
    """Fill ``rank`` with twice the rank of each group, less its mean, and 0 for what is missing; return two sums.

    ``absent`` are the rows that the partner lacks, ``lacking`` is zero for every group and is so again afterwards.

    Returns
    -------
    shared : int
        The rows that both have.
    square : float
        The sum of the squares of these numbers over the shared rows.
    """
    shared = np.int64(0)
    for row in absent:
        lacking[group[row]] += 1
    lacking[groups] = 0
    for k in range(groups):
        shared += size[k] - lacking[k]
    before, ties = np.int64(0), 0.0
    for k in range(groups):
        here = np.int64(size[k]) - lacking[k]
        lacking[k] = 0
        rank[k] = 2 * before + here - shared
        before += here
        ties += np.float64(here) * (np.float64(here) * np.float64(here) - 1.0)
    rank[groups] = 0
    full = np.float64(shared)
    return shared, (full * (full * full - 1.0) - ties) / 3.0


@jit
def pair_ranks(group, size, groups, absent, ends, first, second, count, correlation):
    """Fill the shared rows and the correlation of pairs of columns; NaN where one has a single rank.

    ``absent`` are the rows that each column lacks, cut at ``ends``.
    """
    n = group.shape[1]
    lacking = np.zeros(n + 1, np.int32)
    rank_x, rank_y = np.empty(n + 1, np.int32), np.empty(n + 1, np.int32)
    for k in range(first.shape[0]):
        i, j = first[k], second[k]
        x, y = group[i], group[j]
        shared, xx = shared_ranks(x, size[i], groups[i], absent[ends[j] : ends[j + 1]], lacking, rank_x)
        shared, yy = shared_ranks(y, size[j], groups[j], absent[ends[i] : ends[i + 1]], lacking, rank_y)
        xy = 0.0
        for start in range(0, n, BLOCK):
            products = np.int64(0)
            for row in range(start, min(start + BLOCK, n)):
                products += np.int64(rank_x[x[row]]) * np.int64(rank_y[y[row]])
            xy += np.float64(products)
        count[k] = shared
        correlation[k] = min(max(xy / sqrt(xx * yy), -1.0), 1.0) if xx > 0.0 and yy > 0.0 else np.nan
    return np.int64(-1)
