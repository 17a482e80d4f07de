"""Points for the demonstration: random walks around a rough outline of Antarctica and inland along ice divides."""

from __future__ import annotations

import numpy as np

LATITUDES = (-88.4, -63.2)
"""The range of the drainage outlines of Antarctica that this job was first done for."""

# Longitude and latitude of the coast, clockwise from Greenwich as seen from above the pole, to about a degree.
_COAST_TEXT = """
0 -70, 15 -70, 30 -69, 40 -69, 50 -66.5, 57 -67, 65 -67.6, 70 -69, 71 -72, 74 -70, 78 -68, 88 -66.8, 100 -66,
110 -66.2, 120 -66.8, 130 -66.2, 140 -66.7, 148 -68.3, 157 -69.5, 164 -70.5, 170 -71.8, 167 -75, 165 -78,
175 -80, -175 -82.5, -160 -83.5, -150 -82, -155 -79.5, -157 -77.5, -148 -76, -138 -74.8, -125 -73.8,
-112 -74.6, -102 -74.5, -100 -72.4, -90 -73, -80 -73.2, -73 -72.5, -70 -69.8, -67 -68, -65 -65.6, -60 -63.7,
-57 -63.2, -59 -64.6, -62 -66.5, -62 -69, -61 -72, -64 -75, -72 -77.5, -80 -79, -78 -81.5, -65 -82.5,
-52 -81.5, -45 -79.5, -36 -78.2, -27 -76, -19 -73.5, -10 -71.2
"""
COAST = np.array([pair.split() for pair in _COAST_TEXT.split(",")], dtype=float)
DIVIDES = 18
COAST_ROUGHNESS, DIVIDE_ROUGHNESS = 0.22, 0.14
"""Standard deviation of a walk half-way along its leg, as a part of the leg's length."""


def _plane(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Return stereographic coordinates around the pole as complex numbers."""
    return np.tan(np.radians(90.0 + lat) / 2.0) * np.exp(1j * np.radians(lon))


def _walk(rng: np.random.Generator, start: complex, stop: complex, n: int, roughness: float) -> np.ndarray:
    """Return n points of a random walk that leads from one point to another: a Brownian bridge."""
    steps = rng.normal(size=(2, n))
    walk = np.cumsum(steps[0] + 1j * steps[1]) / np.sqrt(max(n, 1))
    along = np.arange(1, n + 1) / n if n else np.empty(0)
    bridge = walk - along * (walk[-1] if n else 0.0)
    return start + (stop - start) * along + roughness * abs(stop - start) * bridge


def antarctic_tracks(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return n longitudes and latitudes in degrees with 7 decimals, the same for the same seed."""
    rng = np.random.default_rng(seed)
    coast = _plane(COAST[:, 0], COAST[:, 1])
    around = np.exp(1j * np.linspace(0.0, 2.0 * np.pi, DIVIDES, endpoint=False))
    inland = coast[np.argmax((coast / np.abs(coast) * np.conj(around)[:, None]).real, axis=1)]
    ends = _plane(np.degrees(np.angle(inland)) + rng.normal(0.0, 15.0, DIVIDES), rng.uniform(-88.4, -85.0, DIVIDES))
    starts, stops = np.concatenate([coast, inland]), np.concatenate([np.roll(coast, -1), ends])
    roughness = np.repeat([COAST_ROUGHNESS, DIVIDE_ROUGHNESS], [len(coast), DIVIDES])
    bounds = np.concatenate([[0.0], np.cumsum(np.abs(stops - starts))])
    counts = np.diff(np.rint(bounds / bounds[-1] * n).astype(int))
    legs = zip(starts, stops, counts, roughness, strict=True)
    points = np.concatenate([_walk(rng, *leg) for leg in legs])
    lat = 2.0 * np.degrees(np.arctan(np.abs(points))) - 90.0
    low, high = LATITUDES
    span = max(float(np.ptp(lat)), 1e-9)
    lat = low + (lat - lat.min()) * ((high - low) / span)
    return np.round(np.degrees(np.angle(points)), 7), np.round(lat, 7)
