"""A map of cells around the South Pole, coloured by how many points each holds."""

from __future__ import annotations

import io

import numpy as np

from ferrumba import healpix

OCEAN, INK, FAINT = "#f2f5f8", "#1c2733", "#9fb0bf"
EDGE_LATITUDE = -62.0
LABEL_MERIDIAN = 83.0
EARTH_RADIUS_KM = 6371.0


def _radius(lat: np.ndarray | float) -> np.ndarray | float:
    """Return the distance from the pole in the stereographic projection, where cells keep their shape."""
    return np.tan(np.radians(90.0 + np.asarray(lat)) / 2.0)


def south_polar_map(morton: np.ndarray, order: int) -> bytes:
    """Return a PNG picture of the cells of an order, coloured by the number of ids in each.

    Parameters
    ----------
    morton : ndarray of int64
        Decimal Morton ids of points in the south, of ``order`` or finer.
    order : int
        Order of the cells drawn.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

    cells, counts = np.unique(healpix.morton_parent(morton, order), return_counts=True)
    lon, lat = healpix.cell_vertices(healpix.morton_to_nested(cells), order)
    figure = Figure(figsize=(9.0, 9.0), dpi=150, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.07, 0.115, 0.86, 0.76), projection="polar")
    axes.set_theta_zero_location("N")
    axes.set_theta_direction(-1)
    axes.set_facecolor(OCEAN)
    axes.set_axisbelow(True)
    corners = np.stack([np.radians(lon), _radius(lat)], axis=-1)
    norm = LogNorm(vmin=max(1, np.percentile(counts, 2)), vmax=np.percentile(counts, 99.5) + 1)
    drawn = PolyCollection(
        corners, array=counts, cmap="viridis_r", norm=norm, edgecolors="face", linewidths=0.3, zorder=2
    )
    axes.add_collection(drawn)
    parallels = np.array([-85.0, -80.0, -75.0, -70.0, -65.0])
    axes.set_rlim(0.0, _radius(EDGE_LATITUDE))
    axes.set_rgrids(_radius(parallels), [])
    box = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 0.8}
    for parallel in parallels:
        place = np.radians(LABEL_MERIDIAN), _radius(parallel)
        axes.text(*place, f"{-parallel:.0f}°S", ha="center", va="center", fontsize=8.5, color=INK, bbox=box, zorder=5)
    meridians = np.arange(0, 360, 30)
    names = [f"{m}°" if m in (0, 180) else f"{m}°E" if m < 180 else f"{360 - m}°W" for m in meridians]
    axes.set_thetagrids(meridians, names, fontsize=10, color=INK)
    axes.grid(color=FAINT, linewidth=0.6, alpha=0.7)
    axes.spines["polar"].set_color(FAINT)
    size_km = EARTH_RADIUS_KM * np.radians(healpix.resolution(order))
    figure.text(0.5, 0.955, "Tracks around Antarctica in HEALPix-Morton cells", ha="center", fontsize=17, color=INK)
    subtitle = f"{len(morton):,} points in {len(cells):,} cells of order {order}, about {size_km:.0f} km wide"
    figure.text(0.5, 0.925, subtitle, ha="center", fontsize=11, color="#51606e")
    bar = figure.colorbar(drawn, cax=figure.add_axes((0.25, 0.06, 0.5, 0.016)), orientation="horizontal", extend="both")
    bar.set_label("points in a cell", fontsize=10, color=INK)
    bar.outline.set_visible(False)
    bar.ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    bar.ax.tick_params(labelsize=9, color=FAINT)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Title": subtitle})
    return picture.getvalue()
