"""What the transform of windows needs: tapers, scalings, and the frequencies in bands."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ferrumba.timeseries.windows import NAN_POLICIES

COSINES = {"boxcar": 1.0, "hann": 0.5, "hamming": 0.54}
"""The constant part of each taper; the rest of 1 is its cosine."""
SCALINGS = ("energy", "psd", "acm")
UNITS = ("hz", "nyquist")
SNAP = 1e-9
"""A bound that is so near a frequency, in distances between two, is taken for it: 0.3 * 0.5 is not quite 0.15."""


@lru_cache(maxsize=4)  # 0.1 ms for 256, several times what a small table takes
def roots_of_unity(width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the cosines and sines of the angles of ``width`` roots of unity, and the reciprocals of ``root - 1``.

    Each angle is reduced to the first eighth of the circle, where its sine and cosine are best.
    """
    eighths = np.arange(width) * 8
    octant = eighths // width
    part = np.where(octant % 2 == 1, (octant + 1) * width - eighths, eighths - octant * width) * (np.pi / (4 * width))
    cosine, sine = np.cos(part), np.sin(part)
    swapped = (octant % 4 == 1) | (octant % 4 == 2)
    across, up = np.where(swapped, sine, cosine), np.where(swapped, cosine, sine)
    circle = np.stack([np.where((octant >= 2) & (octant < 6), -across, across), np.where(octant >= 4, -up, up)], 1)
    slopes = np.full((width // 2 + 1, 2), -0.5)
    slopes[0] = 0.0
    angle = np.arange(1, width // 2 + 1) * (np.pi / width)
    slopes[1:, 1] = -0.5 * np.cos(angle) / np.sin(angle)
    return circle, slopes


def parts_of(taper: str) -> np.ndarray:
    """Return the constant part of a taper, and what each of the two waves of its cosine has of the rest."""
    return np.array([COSINES[taper], -0.5 * (1.0 - COSINES[taper])])


def taper_of(width: int, taper: str) -> np.ndarray:
    """Return what the values of a window are multiplied by, periodic over its rows."""
    cosine = COSINES[taper]
    return cosine - (1.0 - cosine) * np.cos(np.arange(width) * (2.0 * np.pi / width))


def gains_of(width: int, taper: str, scaling: str, fs: float) -> np.ndarray:
    """Return what the square of the transform is multiplied by, for each frequency."""
    gains = np.ones(width // 2 + 1)
    if scaling != "acm":
        cosine = COSINES[taper]
        power = width * (cosine**2 + 0.5 * (1.0 - cosine) ** 2 * (1 + (width == 2)))
        gains[1 : (width + 1) // 2] = 2.0
        gains /= power if scaling == "energy" else power * fs
    return gains


def check_words(fs: Any, taper: str, scaling: str, unit: str = "hz", nan: str = "omit") -> None:
    """Raise unless these are known."""
    for name, given, words in (
        ("taper", taper, tuple(COSINES)),
        ("scaling", scaling, SCALINGS),
        ("unit", unit, UNITS),
        ("nan", nan, NAN_POLICIES),
    ):
        if given not in words:
            raise ValueError(f"{name} is {given!r}, but it is one of {', '.join(map(repr, words))}; give one of them")
    if isinstance(fs, bool) or not isinstance(fs, (int, float, np.number)) or not 0.0 < fs < np.inf:
        raise ValueError(f"fs is {fs!r}, but it is the number of samples per unit of time; give a number above 0")


def frequencies_in(band: Any, rows: int, fs: float, unit: str, nyquist: bool) -> tuple[int, int]:
    """Return the first frequency in a band, in multiples of ``fs / rows``, and the one after the last."""
    try:
        low, high = map(float, band)
    except (TypeError, ValueError):
        raise ValueError(f"bands holds {band!r}, but a band is a pair of low and high; give two numbers") from None
    if not 0.0 <= low < high:
        raise ValueError(f"bands holds {band!r}, but a band goes from low, 0 or more, up to high; give these")
    low, high = (edge * 0.5 * rows if unit == "nyquist" else edge * rows / fs for edge in (low, high))
    first, last = _place(low), _place(high)
    at_end = nyquist and 2 * last == rows and high > last - 0.5 * SNAP * rows
    last = min(last + at_end, rows // 2 + 1)
    if not first < last:
        raise ValueError(
            f"bands holds {band!r}, in which no frequency lies: those of {rows} rows are {fs / max(rows, 1):g} apart "
            f"and end at {0.5 * fs:g}; widen it, or take more rows"
        )
    return first, last


def _place(position: float) -> int:
    nearest = round(position)
    return nearest if abs(position - nearest) <= SNAP * max(1.0, position) else int(np.ceil(position))
