"""What a search takes beyond the points and the answer: at most 24 bytes a point and 64 MiB."""

import re
from pathlib import Path

import numpy as np
import pytest

from ferrumba.spatial import NeighborGrid

N = 1_000_000
RADIUS = (30.0 / N * 3.0 / (4.0 * np.pi)) ** (1.0 / 3.0)
STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
pytestmark = pytest.mark.skipif(not RESET.exists(), reason="this system does not tell the most memory of some time")


def resident(field):
    return 1024 * int(re.search(rf"{field}:\s+(\d+) kB", STATUS.read_text())[1])


def most_beyond(work, points):
    """Return the most memory that ``work`` takes above what there was and what it returns, after a call with few."""
    work(points[:1000])
    before = resident("VmRSS")
    RESET.write_text("5")  # from here on VmHWM is the most
    answer = work(points)
    return resident("VmHWM") - before - sum(part.nbytes for part in answer)


@pytest.mark.parametrize("outlier", [None, 1e12])
def test_a_grid_takes_few_bytes_a_point(backend, outlier):
    points = np.random.default_rng(0).random((N, 3))
    if outlier is not None:
        points[7] = outlier

    def work(array):
        NeighborGrid(array, backend=backend)
        return ()

    assert most_beyond(work, points) <= 24 * N + (64 << 20)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["query_many", "pairs", "iter_pairs", "decimate", "assign_first", "count_many"])
def test_an_answer_takes_few_bytes_a_point(backend, what):
    def work(array):
        grid = NeighborGrid(array, backend=backend)
        if what in ("query_many", "count_many"):
            answer = getattr(grid, what)(array, RADIUS)
        elif what == "assign_first":
            answer = grid.assign_first(array[:10_000], RADIUS)
        elif what == "iter_pairs":
            answer = np.array([len(ids) for ids, _ in grid.iter_pairs(RADIUS, max_memory=1 << 22, distances=True)])
        else:
            answer = getattr(grid, what)(RADIUS)
        return answer if isinstance(answer, tuple) else (answer,)

    assert most_beyond(work, np.random.default_rng(0).random((N, 3))) <= 24 * N + (64 << 20)
