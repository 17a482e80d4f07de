"""Where the blocks of a call begin."""

from __future__ import annotations


def block_edges(rows: int, block: int, least: int = 1) -> list[int]:
    """Return where blocks begin and the last one ends: the last are shorter, so that threads end at about one time.

    From four blocks before the end on, each is a quarter of what is left, and no less than a quarter of a block or
    ``least``.
    """
    edges = [0]
    least = min(max(least, -(-block // 4)), block)
    while edges[-1] < rows:
        left = rows - edges[-1]
        edges.append(edges[-1] + min(left, block, max(-(-left // 4), least)))
    return edges
