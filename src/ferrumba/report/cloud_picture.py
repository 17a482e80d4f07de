"""A cloud of points before and after thinning, seen from the same side, every point drawn."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np

INK, SOFT, FAINT, PAPER = "#1c2733", "#51606e", "#c3ced8", "#ffffff"
PIXELS = 900
AZIMUTH, ELEVATION = np.radians(-60.0), np.radians(28.0)
FAINTEST_DOT, LARGEST_DOT, DOT_SHARE = 2.0, 7.0, 0.10
"""Radii of dots in pixels, and the share of the picture that the dots of a cloud may cover if spread evenly."""

MANY = 200_000
"""Points that fill a picture with dots of one pixel each; fewer get larger ones."""


def _view(dimensions: int) -> np.ndarray:
    """Return the axes of the picture as rows: right, up, and towards the eye."""
    if dimensions == 2:
        return np.eye(2)
    sine, cosine = np.sin(AZIMUTH), np.cos(AZIMUTH)
    right = np.array([-sine, cosine, 0.0])
    eye = np.array([np.cos(ELEVATION) * cosine, np.cos(ELEVATION) * sine, np.sin(ELEVATION)])
    return np.stack([right, np.cross(eye, right), eye])


def _disc(radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the offsets of the pixels of a dot."""
    reach = np.arange(-int(radius), int(radius) + 1)
    down, across = np.meshgrid(reach, reach, indexing="ij")
    inside = across**2 + down**2 <= radius**2
    return across[inside], down[inside]


def _splat(place: np.ndarray, values: np.ndarray, shape: tuple[int, int], dot: float) -> np.ndarray:
    """Return an image of dots, each painted over those before it; NaN where there is none."""
    image = np.full(shape, np.nan)
    across, down = _disc(dot)
    columns, rows = place[:, 0].astype(np.int64), place[:, 1].astype(np.int64)
    for start in range(0, len(place), 1 << 18):  # the dots of so many points at a time
        part = slice(start, start + (1 << 18))
        i = np.clip(rows[part, None] + down, 0, shape[0] - 1)
        j = np.clip(columns[part, None] + across, 0, shape[1] - 1)
        image[i.ravel(), j.ravel()] = np.repeat(values[part], len(across))
    return image


def _corners(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return np.stack(np.meshgrid(*zip(low, high, strict=True), indexing="ij"), axis=-1).reshape(-1, len(low))


def _frame(axes: Any, low: np.ndarray, high: np.ndarray, view: np.ndarray, names: Sequence[str]) -> None:
    """Draw the edges of the bounding box behind the cloud and below it, and write the extent beside two of them."""
    corners = _corners(low, high)
    flat = corners @ view[:2].T
    nearest = int(np.argmax(corners @ view[2]))
    edges = [(a, a ^ bit) for a in range(8) for bit in (1, 2, 4) if a < a ^ bit and nearest not in (a, a ^ bit)]
    for a, b in edges:
        axes.plot(*flat[[a, b]].T, color=FAINT, linewidth=0.8, zorder=0)
    below = nearest & 6
    for axis, bit in ((0, 4), (1, 2)):
        ends = flat[[below, below ^ bit]]
        left = ends[1, 0] < ends[0, 0]
        axes.annotate(
            f"{names[axis]}: {low[axis]:.4g} to {high[axis]:.4g}",
            ends.mean(axis=0),
            (-4 if left else 4, -5),
            textcoords="offset points",
            ha="right" if left else "left",
            va="top",
            fontsize=8,
            color=SOFT,
        )


def _ticks(axes: Any, names: Sequence[str], first: bool) -> None:
    """Give a flat picture its axes."""
    axes.set_xlabel(names[0], fontsize=9, color=INK)
    if first:
        axes.set_ylabel(names[1], fontsize=9, color=INK)
    axes.tick_params(labelsize=8, color=FAINT, labelcolor=SOFT)
    for side in axes.spines.values():
        side.set_color(FAINT)


def _ball(axes: Any, radius: float, width: float, corner: np.ndarray) -> None:
    """Draw a ball of the radius, to scale, unless it is too small or too large to be seen."""
    from matplotlib.patches import Circle

    gap = 0.012 * width
    size = radius if 0.004 * width <= radius <= 0.12 * width else 0.0
    middle = corner + gap + size
    if size:
        axes.add_patch(Circle(tuple(middle), size, facecolor="none", edgecolor=INK, linewidth=0.9, zorder=5))
    text = axes.text(middle[0] + size + gap, middle[1], f"radius {radius:g}", fontsize=8, color=SOFT, zorder=5)
    text.set_verticalalignment("center" if size else "bottom")


def before_and_after(
    points: np.ndarray, kept: np.ndarray, radius: float, names: Sequence[str], values: np.ndarray, label: str
) -> bytes:
    """Return a PNG picture of a cloud and of what stays of it.

    Parameters
    ----------
    points : ndarray, shape (n, 2) or (n, 3)
    kept : ndarray of int64
        The rows that stay.
    radius : float
        Drawn to scale.
    names : sequence of str
        What the axes are called.
    values : ndarray of n floats
        What the colours show, logarithmically where the least is 1.
    label : str
        What these are.
    """
    from matplotlib import colormaps
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import ListedColormap, LogNorm, Normalize
    from matplotlib.figure import Figure

    solid = points.shape[1] == 3
    low = points.min(axis=0) if len(points) else np.zeros(points.shape[1])
    high = points.max(axis=0) if len(points) else np.ones(points.shape[1])
    view = _view(points.shape[1])
    outline = _corners(low, high) @ view[:2].T
    left, right = outline.min(axis=0), outline.max(axis=0)
    longest = float((right - left).max()) or 1.0
    size = np.maximum(right - left, 0.25 * longest) + 0.06 * longest
    origin = (left + right - size) / 2.0
    scale = PIXELS / size.max()
    shape = int(size[1] * scale) + 1, int(size[0] * scale) + 1
    depth = points @ view[2] if solid else values
    top = float(values.max(initial=1.0))
    least = float(values.min(initial=top))
    scaled = LogNorm(1.0, max(top, 2.0)) if least == 1.0 else Normalize(least, top if top > least else least + 1.0)
    colours = ListedColormap(colormaps["viridis"](np.linspace(0.0, 0.88, 256)))  # its yellow is lost on white

    side, foot = (4.6, 0.85) if solid else (4.2, 1.2)
    width, height = 2.0 * side + 2.1, side * size[1] / size[0] + foot + 0.55
    if size[1] > 1.6 * size[0]:
        side *= 1.6 * size[0] / size[1]
        height = side * size[1] / size[0] + foot + 0.55
    figure = Figure(figsize=(width, height), dpi=PIXELS / 4.6, facecolor=PAPER)
    FigureCanvasAgg(figure)
    margin = (width - 2.0 * side) / 3.0
    dots = [
        float(
            np.clip(np.sqrt(DOT_SHARE * shape[0] * shape[1] / (np.pi * max(many, 1))), float(many < MANY), LARGEST_DOT)
        )
        for many in (len(points), len(kept))
    ]
    drawn = None
    for position, (title, rows) in enumerate((("Before", np.arange(len(points))), ("After", kept))):
        place = margin * (position + 1) + side * position
        axes = figure.add_axes((place / width, foot / height, side / width, 1.0 - (foot + 0.45) / height))
        # The same dots in both pictures, so that the second looks no denser, unless they would be too faint there.
        dot = max(dots[0], min(dots[position], FAINTEST_DOT))
        order = rows[np.argsort(depth[rows], kind="stable")]
        image = _splat((points[order] @ view[:2].T - origin) * scale, values[order], shape, dot)
        ends = origin + np.array([shape[1], shape[0]]) / scale
        extent = (origin[0], ends[0], origin[1], ends[1])
        drawn = axes.imshow(image, origin="lower", cmap=colours, norm=scaled, interpolation="none", extent=extent)
        drawn.set_zorder(2)
        if solid:
            axes.set_axis_off()
            _frame(axes, low, high, view, names)
        else:
            _ticks(axes, names, position == 0)
        _ball(axes, radius, size[0], origin)
        axes.set_xlim(extent[:2])
        axes.set_ylim(extent[2:])
        axes.set_title(f"{title}: {len(rows):,} points", fontsize=13, color=INK)
    place = figure.add_axes((0.3, 0.52 / height, 0.4, 0.1 / height))
    bar = figure.colorbar(drawn, cax=place, orientation="horizontal")
    bar.set_label(label, fontsize=9, color=INK)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8, color=FAINT, labelcolor=SOFT)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Title": f"{len(points):,} points, {len(kept):,} kept"})
    return picture.getvalue()
