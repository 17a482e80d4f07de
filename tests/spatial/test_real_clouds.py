"""Points that nobody made up: a protein in water, the surface of an aircraft."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from ferrumba.spatial import NeighborGrid


def file_of(package, path):
    found = importlib.util.find_spec(package)
    if found is None:
        pytest.skip(f"{package} is not installed")
    return Path(found.origin).parent / path


def ordered(pairs):
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


@pytest.fixture(scope="module")
def atoms():
    """Positions in nanometres, in fixed columns of a GROMACS file, many of them on a lattice of a picometre."""
    lines = file_of("MDAnalysisTests", "data/adk_oplsaa.gro").read_text().splitlines()
    rows = lines[2 : 2 + int(lines[1])]
    box = np.array(lines[2 + int(lines[1])].split(), float)
    return np.array([[float(row[20 + 8 * k : 28 + 8 * k]) for k in range(3)] for row in rows]), box


def test_atoms_of_a_protein_in_water(backend, atoms):
    positions, box = atoms
    grid, tree = NeighborGrid(positions, backend=backend), cKDTree(positions)
    assert len(grid) == 47681
    expected = tree.query_pairs(0.3, output_type="ndarray")
    np.testing.assert_array_equal(ordered(grid.pairs(0.3).to_pairs()), ordered(expected))
    np.testing.assert_array_equal(
        grid.count_many(positions, 0.5), tree.query_ball_point(positions, 0.5, return_length=True)
    )
    assert len(box) == 9
    with pytest.raises(ValueError, match="right angles"):
        NeighborGrid(positions, box=box.reshape(3, 3))


def test_decimated_atoms_cover_the_others(backend, atoms):
    positions, _ = atoms
    kept = NeighborGrid(positions, backend=backend).decimate(0.5)
    thin = cKDTree(positions[kept])
    assert len(thin.query_pairs(0.5)) == 0
    assert thin.query(positions)[0].max() <= 0.5


def test_points_of_an_aircraft(backend):
    lines = file_of("pyvista", "examples/airplane.ply").read_text().splitlines()
    first = lines.index("end_header") + 1
    points = np.array([line.split() for line in lines[first : first + 1335]], np.float32)
    grid, tree = NeighborGrid(points, backend=backend), cKDTree(points.astype(float))
    for radius in (0.0, 5.0, 100.0):
        expected = [sorted(row) for row in tree.query_ball_point(points.astype(float), radius)]
        assert grid.query_many(points, radius).to_lists() == expected
    distances, _ = grid.nearest(points, 5)
    np.testing.assert_array_equal(distances, tree.query(points.astype(float), 5)[0])
