"""What a table has in the rows that a column lacks."""

import numpy as np

from ferrumba.dispatch.jit import jit


@jit
def absent_sums(centred, missing, absent, column, sums):
    """Fill, for each column of ``absent``, three sums for every column of ``centred`` over the rows that it lacks.

    They are how many of these rows the other column has, its values there and their squares; all run down the rows.
    """
    columns = centred.shape[1]
    lacking = np.empty(centred.shape[0], np.int64)
    count = np.empty(columns, np.int32)
    for k in range(column.shape[0]):
        j = column[k]
        many = np.int64(0)
        for row in range(absent.shape[0]):
            lacking[many] = row
            many += np.int64(absent[row, j])
        total, square = sums[k, columns : 2 * columns], sums[k, 2 * columns :]
        for i in range(columns):
            count[i] = many
            total[i] = 0.0
            square[i] = 0.0
        for row in lacking[:many]:
            for i in range(columns):
                value = centred[row, i]
                total[i] += value
                square[i] += value * value
            for i in range(columns):
                count[i] -= np.int32(missing[row, i])
        for i in range(columns):
            sums[k, i] = count[i]
    return np.int64(-1)
