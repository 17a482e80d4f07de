"""Inputs of the HEALPix kernels for parity tests, benchmarks, calibration and ``ferrumba verify``.

Made without any kernel: ids are drawn digit by digit, coordinates uniformly on the sphere and on the borders of cells.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

MAX_ORDER = 29
MAX_MORTON_ORDER = 18

Arrays = tuple[np.ndarray, ...]


def one_order(order: int) -> np.ndarray:
    """Return the length-1 array that stands for this order in every row."""
    return np.array([order], dtype=np.int64)


def sphere(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return n longitudes and latitudes in degrees, uniform on the sphere."""
    return rng.uniform(-180.0, 180.0, n), np.rad2deg(np.arcsin(rng.uniform(-1.0, 1.0, n)))


def borders(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return n points on or within 10 ulp of the borders of cells: the hard cases of the pixel formula."""
    steps = 2.0 ** rng.integers(0, 20, n)
    lon = rng.integers(-16, 17, n) * 45.0 + rng.integers(-8, 9, n) * 90.0 / steps
    edge = np.rad2deg(np.arcsin(2.0 / 3.0))
    lat = rng.choice(np.array([0.0, -0.0, edge, -edge, 90.0, -90.0, 45.0, -30.0]), n)
    belt = np.rad2deg(np.arcsin(np.clip(rng.integers(-8, 9, n) / steps * (2.0 / 3.0), -1.0, 1.0)))
    lat = np.where(rng.random(n) < 0.5, lat, belt)
    nudge = rng.integers(-10, 11, n)
    lat = np.clip(lat + nudge * np.spacing(np.abs(lat)), -90.0, 90.0)
    return lon + rng.integers(-10, 11, n) * np.spacing(np.abs(lon)), lat


def polar(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return n points in the polar caps, many of them very near a pole."""
    away = 10.0 ** rng.uniform(-12.0, 1.5, n)
    return rng.uniform(-720.0, 720.0, n), np.where(rng.random(n) < 0.5, 1.0, -1.0) * (90.0 - away)


def orders(rng: np.random.Generator, n: int, highest: int) -> np.ndarray:
    """Return n orders from 0 to ``highest``."""
    return rng.integers(0, highest + 1, n, dtype=np.int64)


def nested_ids(rng: np.random.Generator, order: np.ndarray, n: int) -> np.ndarray:
    """Return n nested ids, each valid at its order."""
    return rng.integers(0, np.broadcast_to(np.int64(12) << (2 * order), n), dtype=np.int64)


def morton_ids(rng: np.random.Generator, order: np.ndarray, n: int) -> np.ndarray:
    """Return n valid decimal Morton ids of these orders, built digit by digit."""
    order = np.broadcast_to(order, n)
    value = rng.integers(1, 7, n, dtype=np.int64)
    for level in range(1, MAX_MORTON_ORDER + 1):
        digit = rng.integers(1, 5, n, dtype=np.int64)
        value = np.where(level <= order, value * 10 + digit, value)
    return np.where(rng.random(n) < 0.5, -value, value)


def _spoilt(rng: np.random.Generator, values: np.ndarray, bad: list) -> np.ndarray:
    values = values.copy()
    if len(values):
        rows = rng.integers(0, len(values), min(len(values), 2 * len(bad)))
        values[rows] = rng.choice(np.array(bad, dtype=values.dtype), len(rows))
    return values


BAD_COORDINATES = [np.nan, np.inf, -np.inf, 90.0000001, -90.0000001, 1e300, -1e300]
BAD_IDS = [-1, np.iinfo(np.int64).min, np.iinfo(np.int64).max]
BAD_MORTON = [0, 7, 10, 15, 50, 111111111111111110, 61234123412341234125, 9, -7, -16]
BAD_MORTON = [b for b in BAD_MORTON if abs(b) < 2**63] + [np.iinfo(np.int64).min, np.iinfo(np.int64).max]


def lonlat_order(highest: int):
    """Return the cases of a kernel on (lon, lat, order) with orders up to ``highest``."""

    def cases(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
        yield "sphere, order 18", (*sphere(rng, n), one_order(18))
        yield "borders, order 12", (*borders(rng, n), one_order(12))
        yield "polar caps, highest order", (*polar(rng, n), one_order(highest))
        yield "order 0", (*sphere(rng, n), one_order(0))
        yield "mixed orders", (*borders(rng, n), orders(rng, n, highest))
        lon, lat = sphere(rng, n)
        yield (
            "invalid rows",
            (_spoilt(rng, lon, BAD_COORDINATES[:3]), _spoilt(rng, lat, BAD_COORDINATES), one_order(18)),
        )
        yield "huge longitudes", (lon * 10.0 ** rng.uniform(0, 290, n), lat, one_order(18))

    return cases


def nested_order(highest: int):
    """Return the cases of a kernel on (nested, order) with orders up to ``highest``."""

    def cases(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
        for label, order in (
            ("order 18", one_order(18)),
            ("order 0", one_order(0)),
            ("order 1", one_order(1)),
            ("highest order", one_order(highest)),
            ("mixed orders", orders(rng, n, highest)),
        ):
            yield label, (nested_ids(rng, order, n), order)
        yield "invalid rows", (_spoilt(rng, nested_ids(rng, one_order(5), n), [*BAD_IDS, 12 << 10]), one_order(5))

    return cases


def uniq(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield the cases of a kernel on UNIQ ids."""
    for label, order in (("order 18", one_order(18)), ("mixed orders", orders(rng, n, MAX_ORDER))):
        yield label, ((np.int64(4) << (2 * order)) + nested_ids(rng, order, n),)
    edges = np.array(
        [f(o) for o in range(30) for f in (lambda o: 4 << 2 * o, lambda o: (16 << 2 * o) - 1)], dtype=np.int64
    )
    yield "first and last cells", (rng.choice(edges, n),)
    yield "invalid rows", (_spoilt(rng, (np.int64(4) << 36) + nested_ids(rng, one_order(18), n), [*BAD_IDS, 0, 3]),)


def morton(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield the cases of a kernel on decimal Morton ids."""
    yield "order 18", (morton_ids(rng, one_order(18), n),)
    yield "order 0", (morton_ids(rng, one_order(0), n),)
    yield "mixed orders", (morton_ids(rng, orders(rng, n, MAX_MORTON_ORDER), n),)
    yield "invalid rows", (_spoilt(rng, morton_ids(rng, one_order(18), n), BAD_MORTON),)
    yield "any integers", (rng.integers(np.iinfo(np.int64).min, np.iinfo(np.int64).max, n, endpoint=True),)


def morton_lower_order(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield the cases of a kernel on (morton, an order no finer than the id's)."""
    yield "18 to 9", (morton_ids(rng, one_order(18), n), one_order(9))
    own = orders(rng, n, MAX_MORTON_ORDER)
    yield "mixed", (morton_ids(rng, own, n), rng.integers(0, own + 1, n, dtype=np.int64))
    yield "invalid rows", (_spoilt(rng, morton_ids(rng, one_order(12), n), BAD_MORTON), orders(rng, n, 14))


def morton_higher_order(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield the cases of a kernel on (morton, an order no coarser than the id's)."""
    yield "9 to 18", (morton_ids(rng, one_order(9), n), one_order(18))
    own = orders(rng, n, MAX_MORTON_ORDER)
    yield "mixed", (morton_ids(rng, own, n), rng.integers(own, MAX_MORTON_ORDER + 1, n, dtype=np.int64))
    yield "invalid rows", (_spoilt(rng, morton_ids(rng, one_order(12), n), BAD_MORTON), 10 + orders(rng, n, 8))


def morton_levels(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield the cases of a kernel on (morton, levels to go down)."""
    yield "one level", (morton_ids(rng, one_order(12), n), one_order(1))
    yield "no level", (morton_ids(rng, one_order(12), n), one_order(0))
    yield "three levels", (morton_ids(rng, orders(rng, n, 15), n), one_order(3))
    yield "invalid rows", (_spoilt(rng, morton_ids(rng, orders(rng, n, 18), n), BAD_MORTON), one_order(2))


def morton_pairs(rng: np.random.Generator, n: int) -> Iterator[tuple[str, Arrays]]:
    """Yield the cases of a kernel on (ancestor, descendant)."""
    descendant = morton_ids(rng, one_order(18), n)
    ancestor = np.sign(descendant) * (np.abs(descendant) // np.int64(10) ** rng.integers(0, 19, n))
    yield "ancestors", (ancestor, descendant)
    yield "strangers", (morton_ids(rng, orders(rng, n, 2), n), morton_ids(rng, orders(rng, n, 4), n))
    yield "one ancestor", (np.array([-6], dtype=np.int64), descendant)
    yield "invalid rows", (_spoilt(rng, ancestor, BAD_MORTON), _spoilt(rng, descendant, BAD_MORTON))
