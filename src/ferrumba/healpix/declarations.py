"""The kernels of the HEALPix-Morton family, declared.

Orders are int64 of length n or 1. The sentinels of invalid rows are -1 for nested ids, UNIQ ids and orders, 0 for
decimal Morton ids, NaN for degrees. Each kernel's loop is in ``numba/<stem>.py`` and ``kernels/src/healpix/<stem>.rs``.
"""

from __future__ import annotations

import math

from ferrumba.dispatch.contracts import Bitwise
from ferrumba.dispatch.kernel import Input, Kernel, Output
from ferrumba.healpix import cases
from ferrumba.healpix.cases import MAX_MORTON_ORDER, MAX_ORDER

LON, LAT = Input("lon", "float64"), Input("lat", "float64")
NESTED, UNIQ, MORTON = (Input(name, "int64") for name in ("nested", "uniq", "morton"))
ORDER = Input("order", "int64", "uniform")

TO_NESTED, TO_UNIQ, TO_ORDER = (Output(name, "int64", -1) for name in ("nested", "uniq", "order"))
TO_MORTON = Output("morton", "int64", 0)
TO_LON, TO_LAT = Output("lon", "float64", math.nan), Output("lat", "float64", math.nan)


def order_fault(order: int, highest: int = MAX_ORDER) -> str | None:
    """Return what is wrong with an order, or None."""
    if 0 <= order <= highest:
        return None
    kind = "decimal Morton ids fit 64 bits at orders" if highest == MAX_MORTON_ORDER else "HEALPix orders are"
    return f"is {order}, but {kind} 0 to {highest}; give an order in that range"


def lonlat_fault(lon: float, lat: float, order: int, highest: int = MAX_ORDER) -> str:
    """Return what is wrong with a coordinate pair."""
    if fault := order_fault(order, highest):
        return f"order {fault}"
    if not math.isfinite(lon):
        return f"lon is {lon!r}, but longitudes are finite degrees; drop such rows or pass invalid='mask' or 'sentinel'"
    return (
        f"lat is {lat!r}, but latitudes lie in [-90, 90] degrees; drop such rows or pass invalid='mask' or 'sentinel'"
    )


def nested_fault(nested: int, order: int, highest: int = MAX_ORDER) -> str:
    """Return what is wrong with a nested id."""
    if fault := order_fault(order, highest):
        return f"order {fault}"
    last = (12 << 2 * order) - 1
    return f"nested is {nested}, but ids at order {order} run from 0 to {last}; check the id or its order"


def uniq_fault(uniq: int) -> str:
    """Return what is wrong with a UNIQ id."""
    return f"uniq is {uniq}, but UNIQ ids run from 4 (order 0) to {(16 << 58) - 1} (order 29); check that it is one"


def morton_fault(morton: int) -> str:
    """Return what is wrong with a decimal Morton id."""
    return (
        f"morton is {morton}, which is no decimal Morton id: a sign, a digit 1 to 6, then up to 18 digits 1 to 4; "
        "test ids with is_morton or pass invalid='mask' or 'sentinel'"
    )


def _is_morton(morton: int) -> bool:
    digits = str(abs(morton))
    return len(digits) <= MAX_MORTON_ORDER + 1 and digits[0] in "123456" and set(digits[1:]) <= set("1234")


def lower_order_fault(morton: int, order: int) -> str:
    """Return what is wrong with a Morton id and an ancestor's order."""
    if not _is_morton(morton):
        return morton_fault(morton)
    own = len(str(abs(morton))) - 1
    return f"order is {order}, but the ancestors of {morton} have orders 0 to {own}; ask for one of those"


def higher_order_fault(morton: int, order: int) -> str:
    """Return what is wrong with a Morton id and a descendant's order."""
    if not _is_morton(morton):
        return morton_fault(morton)
    own = len(str(abs(morton))) - 1
    return f"order is {order}, but the descendants of {morton} have orders {own} to 18; ask for one of those"


def levels_fault(morton: int, levels: int) -> str:
    """Return what is wrong with a Morton id and a number of levels to go down."""
    if not _is_morton(morton):
        return morton_fault(morton)
    own = len(str(abs(morton))) - 1
    return f"levels is {levels}, but {morton} is of order {own}, {18 - own} above the finest; ask for 0 to {18 - own}"


def pair_fault(ancestor: int, descendant: int) -> str:
    """Return which of two Morton ids is wrong."""
    name, value = ("descendant", descendant) if _is_morton(ancestor) else ("ancestor", ancestor)
    return morton_fault(value).replace("morton", name, 1)


def _morton_lonlat_fault(lon: float, lat: float, order: int) -> str:
    return lonlat_fault(lon, lat, order, MAX_MORTON_ORDER)


def _morton_nested_fault(nested: int, order: int) -> str:
    return nested_fault(nested, order, MAX_MORTON_ORDER)


KERNELS = tuple(
    Kernel(f"healpix.{stem}", 1, summary, inputs, outputs, Bitwise(), made_by, fault)
    for stem, summary, inputs, outputs, made_by, fault in (
        (
            "lonlat_to_nested",
            "Nested ids of the cells that hold points given in degrees, as healpy computes them.",
            (LON, LAT, ORDER),
            (TO_NESTED,),
            cases.lonlat_order(MAX_ORDER),
            lonlat_fault,
        ),
        (
            "lonlat_to_morton",
            "Decimal Morton ids of the cells that hold points given in degrees.",
            (LON, LAT, ORDER),
            (TO_MORTON,),
            cases.lonlat_order(MAX_MORTON_ORDER),
            _morton_lonlat_fault,
        ),
        (
            "nested_to_lonlat",
            "Centres of cells in degrees.",
            (NESTED, ORDER),
            (TO_LON, TO_LAT),
            cases.nested_order(MAX_ORDER),
            nested_fault,
        ),
        (
            "morton_to_lonlat",
            "Centres in degrees of cells given by decimal Morton ids of any orders.",
            (MORTON,),
            (TO_LON, TO_LAT),
            cases.morton,
            morton_fault,
        ),
        (
            "nested_to_morton",
            "Decimal Morton ids of nested ids.",
            (NESTED, ORDER),
            (TO_MORTON,),
            cases.nested_order(MAX_MORTON_ORDER),
            _morton_nested_fault,
        ),
        (
            "morton_to_nested",
            "Nested ids, each at its own order, of decimal Morton ids.",
            (MORTON,),
            (TO_NESTED,),
            cases.morton,
            morton_fault,
        ),
        ("morton_order", "Orders of decimal Morton ids.", (MORTON,), (TO_ORDER,), cases.morton, morton_fault),
        (
            "morton_parent",
            "Ancestors of decimal Morton ids at given orders.",
            (MORTON, ORDER),
            (TO_MORTON,),
            cases.morton_lower_order,
            lower_order_fault,
        ),
        (
            "morton_children",
            "All descendants of decimal Morton ids some levels down, in Z-order.",
            (MORTON, Input("levels", "int64", "uniform")),
            (Output("children", "int64", 0, lambda morton, levels: (4 ** int(levels[0]),)),),
            cases.morton_levels,
            levels_fault,
        ),
        (
            "morton_contains",
            "Whether decimal Morton ids are ancestors of, or equal to, others.",
            (Input("ancestor", "int64", "uniform"), Input("descendant", "int64")),
            (Output("contains", "bool", False),),
            cases.morton_pairs,
            pair_fault,
        ),
        (
            "morton_range",
            "Smallest and largest id at an order among the descendants of decimal Morton ids.",
            (MORTON, ORDER),
            (Output("first", "int64", 0), Output("last", "int64", 0)),
            cases.morton_higher_order,
            higher_order_fault,
        ),
        (
            "is_morton",
            "Whether integers are decimal Morton ids.",
            (MORTON,),
            (Output("valid", "bool", False),),
            cases.morton,
            morton_fault,
        ),
        (
            "neighbours",
            "The eight neighbours SW, W, NW, N, NE, E, SE, S of nested cells, -1 where a corner has none.",
            (NESTED, ORDER),
            (Output("neighbours", "int64", -1, lambda nested, order: (8,)),),
            cases.nested_order(MAX_ORDER),
            nested_fault,
        ),
        (
            "nested_to_uniq",
            "UNIQ ids of nested ids.",
            (NESTED, ORDER),
            (TO_UNIQ,),
            cases.nested_order(MAX_ORDER),
            nested_fault,
        ),
        (
            "uniq_to_nested",
            "Nested ids and orders of UNIQ ids.",
            (UNIQ,),
            (TO_NESTED, TO_ORDER),
            cases.uniq,
            uniq_fault,
        ),
        (
            "cell_vertices",
            "The corners N, W, S, E of nested cells in degrees.",
            (NESTED, ORDER),
            tuple(Output(name, "float64", math.nan, lambda nested, order: (4,)) for name in ("lon", "lat")),
            cases.nested_order(MAX_ORDER),
            nested_fault,
        ),
    )
)

BY_STEM = {kernel.stem: kernel for kernel in KERNELS}
