"""The kernels of the spatial family, declared.

A grid is five tables: ``frame``, ``strip_cell``, ``start``, ``xyz`` and ``index`` (see ``numba/geometry.py``), made
in two steps by ``strips`` and ``arrange``; ``alive`` holds a flag for each place, or nothing where no point was
removed. Points and queries are n x 3 arrays; a row of ``collect`` and ``distribute`` is a tile of TILE queries, with
TILE numbers in ``after`` and ``row``. A kernel trusts the grid, ``after`` and ``row``, and checks every query.
"""

from __future__ import annotations

import math

from ferrumba.dispatch.contracts import Bitwise
from ferrumba.dispatch.kernel import Input, Kernel, Output
from ferrumba.spatial import cases
from ferrumba.spatial.cases import PAD

LIMIT = 1e150

POINTS = Input("points", "float64")
FRAME, STRIP_CELL = Input("frame", "float64", "whole"), Input("strip_cell", "int32", "whole")
START, XYZ = Input("start", "int32", "whole"), Input("xyz", "float64", "whole")
INDEX, ALIVE = Input("index", "int32", "whole"), Input("alive", "bool", "whole")
GRID = (FRAME, STRIP_CELL, START, XYZ, INDEX)
QUERY, RADIUS = Input("query", "float64"), Input("radius", "float64", "uniform")
AFTER, ROW = Input("after", "int32", "uniform"), Input("row", "int32")
QUERIES, RADII = Input("query", "float64", "whole"), Input("radius", "float64", "whole")


def point_fault(x: float, y: float, z: float) -> str:
    """Return what is wrong with a point."""
    values = ", ".join(f"{value!r}" for value in (x, y, z))
    return (
        f"points holds ({values}), but coordinates are finite numbers up to {LIMIT:g}; drop such rows or pass "
        "invalid='ignore', which never finds them"
    )


def query_fault(x: float, y: float, z: float, radius: float) -> str:
    """Return what is wrong with a query."""
    if not radius >= 0.0:
        return f"radius is {radius!r}, but a radius is a number from 0 to infinity; give one"
    values = ", ".join(f"{value!r}" for value in (x, y, z))
    return f"the query point is ({values}), but coordinates are finite numbers up to {LIMIT:g}; drop such rows"


def cell_fault(cell: int, cell_count: int) -> str:
    """Return what is wrong with a cell."""
    return f"cell is {cell}, but the grid has cells from 0 to {cell_count - 1}; locate the queries in it"


def radius_fault(radius: float) -> str:
    """Return what is wrong with the radius of a whole set."""
    return query_fault(0.0, 0.0, 0.0, radius)


def _kernel(stem, summary, inputs, outputs, made_by, fault, revision=1, **more):
    return Kernel(f"spatial.{stem}", revision, summary, inputs, outputs, Bitwise(), made_by, fault, **more)


KERNELS = (
    _kernel(
        "survey",
        "The bounds of a set of points, and the first that is not finite.",
        (POINTS,),
        (Output("bounds", "float64", math.nan, lambda points: (2, 3), "whole"),),
        cases.clouds,
        point_fault,
    ),
    _kernel(
        "strips",
        "The first cell of every strip of a grid.",
        (POINTS, FRAME, Input("strip_count", "int64", "whole")),
        (Output("strip_cell", "int32", 0, lambda points, frame, strip_count: (int(strip_count[0]) + 1,), "whole"),),
        cases.framed_clouds,
        point_fault,
    ),
    _kernel(
        "arrange",
        "The points of a grid in the order of its cells.",
        (POINTS, FRAME, STRIP_CELL),
        (
            Output("start", "int32", 0, lambda points, frame, strip_cell: (int(strip_cell[-1]) + 1,), "whole"),
            Output("xyz", "float64", math.nan, lambda points, frame, strip_cell: (3, len(points) + PAD), "whole"),
            Output("index", "int32", 0, lambda points, frame, strip_cell: (len(points),), "whole"),
        ),
        cases.strip_clouds,
        point_fault,
    ),
    _kernel(
        "locate",
        "The cell that each query lies in.",
        (FRAME, STRIP_CELL, QUERY, RADIUS),
        (Output("cell", "int32", 0),),
        cases.locations,
        query_fault,
    ),
    _kernel(
        "walk",
        "The order in which queries are answered: by cell.",
        (Input("cell", "int32"), Input("cell_count", "int32", "whole")),
        (Output("row", "int32", 0, lambda cell, cell_count: (len(cell),), "whole"),),
        cases.walks,
        cell_fault,
    ),
    _kernel(
        "count",
        "How many points lie within a radius of each query.",
        (*GRID, ALIVE, QUERIES, RADII, AFTER, ROW),
        (Output("count", "int64", 0, lambda *inputs: (len(inputs[9]),), "scattered"),),
        cases.queries,
        query_fault,
        revision=2,
        costly=True,
    ),
    _kernel(
        "search",
        "Which points lie within a radius of each query, and how far away.",
        (*GRID, ALIVE, QUERIES, RADII, AFTER, ROW, Input("edges", "int64", "whole")),
        (
            Output("indices", "int64", -1, lambda *inputs: (int(inputs[-1][-1]),), "scattered"),
            Output("distances", "float64", math.nan, lambda *inputs: (int(inputs[-1][-1]),), "scattered"),
        ),
        cases.searches,
        query_fault,
        revision=2,
        sizes=(1, 1_000, 100_000),
        costly=True,
    ),
    _kernel(
        "collect",
        "Which points lie within a radius of each query, held until all are counted.",
        (
            *GRID,
            ALIVE,
            QUERIES,
            RADII,
            Input("after", "int32"),
            ROW,
            Input("room", "int64", "whole"),
        ),
        (
            Output("count", "int64", 0, lambda *inputs: (inputs[9].size,), "scattered"),
            Output("ids", "int32", -1, lambda *inputs: (int(inputs[10][0]),)),
        ),
        cases.collections,
        query_fault,
        revision=2,
        sizes=(1, 60, 6_000),
        costly=True,
    ),
    _kernel(
        "distribute",
        "The ids that were held, each where it belongs.",
        (Input("ids", "int32"), ROW, Input("edges", "int64", "whole")),
        (
            Output("indices", "int64", -1, lambda ids, row, edges: (int(edges[-1]),), "scattered"),
            Output("held", "int32", 0),
        ),
        cases.distributions,
        query_fault,
        sizes=(1, 60, 6_000),
    ),
    _kernel(
        "nearest",
        "The k nearest points of each query.",
        (*GRID, ALIVE, QUERY, Input("k", "int64", "whole"), RADIUS),
        (
            Output("distances", "float64", math.inf, lambda *inputs: (int(inputs[7][0]),)),
            Output("indices", "int64", -1, lambda *inputs: (int(inputs[7][0]),)),
        ),
        cases.nearest,
        query_fault,
        costly=True,
    ),
    _kernel(
        "take",
        "The points within reach of each query in turn, removed as they are found.",
        (
            *GRID,
            Input("alive", "bool", "state"),
            Input("log", "int64", "state"),
            QUERY,
            RADIUS,
        ),
        (Output("count", "int64", 0),),
        cases.removals,
        query_fault,
    ),
    _kernel(
        "assign_first",
        "The first query that reaches each point.",
        (*GRID, ALIVE, QUERY, RADIUS),
        (Output("label", "int64", -1, lambda *inputs: (len(inputs[4]),), "whole"),),
        cases.assignments,
        query_fault,
    ),
    _kernel(
        "decimate",
        "The points that stay when each, in a given order, drops its neighbours.",
        (*GRID, ALIVE, Input("place", "int32", "whole"), Input("order", "int64"), Input("radius", "float64", "whole")),
        (Output("kept", "bool", False, lambda *inputs: (len(inputs[4]),), "whole"),),
        cases.thinnings,
        radius_fault,
    ),
)

BY_STEM = {kernel.stem: kernel for kernel in KERNELS}
