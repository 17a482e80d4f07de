"""Small multiples of series and their features: a row for each sensor, a column for each kind of feature."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from ferrumba.report.overview import Envelope, Overview

INK, SOFT, FAINT = "#1c2733", "#51606e", "#d9e1e8"
BLUE, ORANGE, GREEN = "#2563a8", "#d9730d", "#1a7f4b"

PANELS = (
    ("series", ("", "med")),
    ("mean", ("mean",)),
    ("spread", ("std", "mad")),
    ("slope, a row", ("slope",)),
    ("shape", ("skew", "kurt")),
    ("energy", ("energy_0", "energy_1", "energy_2")),
    ("robust z", ("rz",)),
)
CALLED = {
    "": "values",
    "med": "median",
    "mad": "MAD",
    "skew": "skewness",
    "kurt": "kurtosis",
    "energy_0": "low",
    "energy_1": "middle",
    "energy_2": "high",
}
"""Names of the curves that share a panel with others."""

LOGARITHMIC = "energy"


def small_multiples(overview: Overview) -> bytes:
    """Return a PNG picture of the sensors that an overview shows."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    there = {"": overview.values, **dict(zip(overview.statistics, overview.features, strict=True))}
    known = {name for _, names in PANELS for name in names}
    others = [(name, (name,)) for name in overview.statistics if name not in known]
    panels = [
        (title, [name for name in names if name in there])
        for title, names in (*PANELS, *others)
        if any(name in there for name in names)
    ]
    rows, columns = max(overview.shown, 1), len(panels)
    width, height = max(2.1, 11.0 / columns) * columns + 0.6, 1.2 * rows + 0.9
    figure = Figure(figsize=(width, height), dpi=150, facecolor="white")
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True)
    figure.subplots_adjust(
        left=0.75 / width, right=1 - 0.15 / width, top=1 - 0.5 / height, bottom=0.4 / height, hspace=0.22, wspace=0.34
    )
    for row in range(rows):
        for column, (title, names) in enumerate(panels):
            axes = grid[row, column]
            drawn = False
            if overview.rows:
                for name, colour in zip(names, (BLUE, ORANGE, GREEN), strict=False):
                    drawn |= _draw(axes, overview.times, there[name], row, colour, CALLED.get(name, name))
            _dress(axes, title if row == 0 else "", logarithmic=drawn and names[0].startswith(LOGARITHMIC))
            if not drawn:
                axes.text(0.5, 0.5, "no values", transform=axes.transAxes, ha="center", fontsize=7, color=SOFT)
                axes.set_yticks([])
            if row == 0 and overview.rows and any(name in CALLED for name in names):
                axes.legend(fontsize=6.5, frameon=False, labelcolor=SOFT, handlelength=1.0, loc="upper right")
        label = overview.sensors[row] if row < overview.shown else ""
        grid[row, 0].set_ylabel(label if len(label) <= 22 else label[:21] + "…", fontsize=8, color=INK)
    for axes in grid[-1]:
        _times(axes, overview.times)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Title": f"{overview.shown} sensors and their features"})
    return picture.getvalue()


def _draw(axes: Any, times: Any, envelope: Envelope, column: int, colour: str, name: str) -> bool:
    """Draw a curve, and return whether it has a value."""
    low, high = envelope.low[:, column], envelope.high[:, column]
    axes.fill_between(times, low, high, color=colour, alpha=0.28, linewidth=0)
    axes.plot(times, low + (high - low) / 2, color=colour, linewidth=0.7, label=name)
    return bool(np.isfinite(low).any())


def _dress(axes: Any, title: str, logarithmic: bool) -> None:
    if logarithmic:
        axes.set_yscale("symlog", linthresh=1e-3)
    axes.set_title(title, fontsize=9, color=INK)
    axes.tick_params(labelsize=7, color=FAINT, labelcolor=SOFT, length=2)
    axes.margins(x=0.01)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)


def _times(axes: Any, times: Any) -> None:
    """Put few dates below the axes, the shorter the closer they are."""
    if times is not None and np.asarray(times).dtype.kind == "M":
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator(minticks=2, maxticks=4)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        axes.xaxis.get_offset_text().set_fontsize(7)
