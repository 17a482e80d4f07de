"""The values of a window in ascending order, between -infinity and infinity.

To take one value out and one in, every place takes the smaller or the greater of its neighbours and the two: a loop
that the compiler turns into vectors, without a branch or a search. Zeros of either sign are one value here; ``signed``
tells them apart by their rank, as -0.0 comes first.
"""

import numpy as np

from ferrumba.dispatch.jit import jit


@jit(inline=True)
def slide(windows, now, count, leaving, entering):
    """Make window ``1 - now`` of ``now`` without one value and with another; infinity stands for none.

    Without the one that leaves, place j has ``t[j] = s[j] < leaving ? s[j] : s[j + 1]``; with the one that enters,
    ``min(t[j], max(t[j - 1], entering))``. The window has ``count`` values before, at places 1 to ``count``.
    """
    then = 1 - now
    for j in range(1, count + 2):
        before = windows[now, j - 1] if windows[now, j - 1] < leaving else windows[now, j]
        here = windows[now, j] if windows[now, j] < leaving else windows[now, j + 1]
        before = before if before > entering else entering
        windows[then, j] = before if before < here else here
    windows[then, count + 2] = windows[then, count + 3] = np.inf


@jit(inline=True)
def signed(windows, now, count, rank, negative_zeros):
    """Return the value of a rank, from 0 on."""
    value = windows[now, rank + 1]
    if value != 0.0 or negative_zeros == 0:
        return value + 0.0
    low, high = np.int64(0), count
    while low < high:
        half = (low + high) >> np.int64(1)
        if windows[now, half + 1] < 0.0:
            low = half + 1
        else:
            high = half
    return -0.0 if rank - low < negative_zeros else 0.0
