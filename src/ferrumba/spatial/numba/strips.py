"""How many cells the strips of a grid have: the first step of its construction."""

from ferrumba.dispatch.jit import jit
from ferrumba.spatial.numba.geometry import strip_of


@jit
def strips(points, frame, strip_count, strip_cell):
    """Fill ``strip_cell`` with the first cell of every strip: one for every two of its points, and one more."""
    count = strip_count[0]
    for s in range(count + 1):
        strip_cell[s] = 0
    for i in range(points.shape[0]):
        strip_cell[strip_of(points[i, 0], points[i, 1], points[i, 2], frame)] += 1
    first = 0
    for s in range(count):
        cells = strip_cell[s] // 2 + 1
        strip_cell[s] = first
        first += cells
    strip_cell[count] = first
    return -1
