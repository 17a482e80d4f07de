"""Fixed-radius search with removal: exact, in two and three dimensions, on every backend."""

from ferrumba.spatial.grid import NeighborGrid
from ferrumba.spatial.neighbors import Neighbors
from ferrumba.spatial.point_bin import PointBin3D

__all__ = ["NeighborGrid", "Neighbors", "PointBin3D"]
