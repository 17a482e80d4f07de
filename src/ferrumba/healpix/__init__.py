"""HEALPix cells as nested, UNIQ and decimal Morton ids: exact, on arrays, on every backend.

``ferrumba.healpix.jit`` holds the scalar forms for use inside your own Numba functions.
"""

from ferrumba.healpix.cells import cell_area, cell_vertices, neighbours, resolution
from ferrumba.healpix.morton import (
    is_morton,
    lonlat_to_morton,
    morton_children,
    morton_contains,
    morton_order,
    morton_parent,
    morton_range,
    morton_search,
    morton_to_lonlat,
    morton_to_nested,
    nested_to_morton,
)
from ferrumba.healpix.pixels import lonlat_to_nested, nested_to_lonlat, nested_to_uniq, uniq_to_nested

__all__ = [
    "cell_area",
    "cell_vertices",
    "is_morton",
    "lonlat_to_morton",
    "lonlat_to_nested",
    "morton_children",
    "morton_contains",
    "morton_order",
    "morton_parent",
    "morton_range",
    "morton_search",
    "morton_to_lonlat",
    "morton_to_nested",
    "neighbours",
    "nested_to_lonlat",
    "nested_to_morton",
    "nested_to_uniq",
    "resolution",
    "uniq_to_nested",
]
