"""HEALPix-Morton beside its peers: healpy, cdshealpix, healpix-geo, astropy-healpix, mortie (newest and 0.5.2).

``python -m benchmarks.peers.healpix -o results.json`` measures on one thread and on two, each in a process of its own
with every library told so, and prints winning and losing rows alike. Peers that are not installed are named as
missing. Two versions of mortie cannot be installed together: give folders made by ``pip install --no-deps --target
FOLDER mortie==...``.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.sidebyside import Row, apart, facts, floor, optional, race, show, write

ORDER = 18
DISTRIBUTIONS = (
    "numpy",
    "numba",
    "ferrumba",
    "ferrumba-rust",
    "healpy",
    "cdshealpix",
    "healpix-geo",
    "astropy-healpix",
)
Contenders = dict[str, Callable[[], Any]]


def sphere(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return points uniform on the sphere, in degrees."""
    rng = np.random.default_rng(20261121)
    return rng.uniform(-180.0, 180.0, rows), np.rad2deg(np.arcsin(rng.uniform(-1.0, 1.0, rows)))


def mortie_from(folder: str | None) -> Any | None:
    """Return the mortie in a folder as a module of its own, whatever other version was imported before."""
    if not folder:
        return None
    for name in [name for name in sys.modules if name.partition(".")[0] == "mortie"]:
        del sys.modules[name]
    sys.path.insert(0, folder)
    try:
        return importlib.import_module("mortie")
    finally:
        sys.path.remove(folder)


class Peers:
    """The tasks: for each, the contenders, the bytes that must be read and written, and what an answer is."""

    def __init__(self, rows: int, threads: int, old_mortie: str | None, new_mortie: str | None) -> None:
        import ferrumba
        from ferrumba import healpix

        self.rows, self.threads = rows, threads
        self.lon, self.lat = sphere(rows)
        self.nested = healpix.lonlat_to_nested(self.lon, self.lat, ORDER)
        self.morton = healpix.nested_to_morton(self.nested, ORDER)
        self.backends = [name for name, backend in ferrumba.backends().items() if backend.fault is None]
        self.healpix = healpix
        self.healpy = optional("healpy")
        self.cds = optional("cdshealpix.nested")
        self.geo = optional("healpix_geo.nested")
        self.astropy = optional("astropy_healpix.core")
        self.old, self.new = mortie_from(old_mortie), mortie_from(new_mortie)

    def ours(self, stem: str, *arguments: Any, shapes: tuple[Any, ...] = (np.int64,), width: int = 0) -> Contenders:
        """Return our own contenders, writing to arrays that are there already, as the peers' own loops do inside."""
        function = getattr(self.healpix, stem)
        shape = (self.rows, width) if width else (self.rows,)

        def contender(backend: str) -> Callable[[], Any]:
            outs = tuple(np.empty(shape, dtype) for dtype in shapes)
            out = outs if len(outs) > 1 else outs[0]
            return lambda: function(*arguments, out=out, backend=backend)

        found = {f"ferrumba ({backend})": contender(backend) for backend in self.backends}
        found["ferrumba (auto, allocating)"] = lambda: function(*arguments)
        return found

    def tasks(self) -> Iterator[tuple[str, Contenders, int, Callable[[Any], np.ndarray] | None]]:
        """Yield (name, contenders, bytes read and written a row, how to compare an answer)."""
        yield "lon/lat to nested", self.lonlat_to_nested(), 24, np.asarray
        yield "lon/lat to decimal Morton", self.lonlat_to_morton(), 24, np.asarray
        yield "nested to decimal Morton", self.nested_to_morton(), 16, np.asarray
        yield "decimal Morton to nested", self.morton_to_nested(), 16, lambda found: np.asarray(found)[: self.few]
        yield "nested to lon/lat", self.nested_to_lonlat(), 24, None
        yield "eight neighbours", self.neighbours(), 72, lambda found: np.sort(np.asarray(found).reshape(-1, 8), axis=1)

    def lonlat_to_nested(self) -> Contenders:
        found = self.ours("lonlat_to_nested", self.lon, self.lat, ORDER)
        if self.healpy:
            found["healpy"] = lambda: self.healpy.ang2pix(2**ORDER, self.lon, self.lat, nest=True, lonlat=True)
        if self.cds:
            from astropy.coordinates import Latitude, Longitude

            lon, lat = Longitude(self.lon, unit="deg"), Latitude(self.lat, unit="deg")
            found["cdshealpix"] = lambda: self.cds.lonlat_to_healpix(lon, lat, ORDER, num_threads=self.threads).astype(
                np.int64, copy=False
            )
        if self.geo:
            found["healpix-geo"] = lambda: self.geo.lonlat_to_healpix(
                self.lon, self.lat, ORDER, num_threads=self.threads
            )
        if self.astropy:
            from astropy import units

            qlon, qlat = self.lon * units.deg, self.lat * units.deg
            found["astropy-healpix"] = lambda: self.astropy.lonlat_to_healpix(qlon, qlat, 2**ORDER, order="nested")
        return found

    def lonlat_to_morton(self) -> Contenders:
        found = self.ours("lonlat_to_morton", self.lon, self.lat, ORDER)
        if self.old:
            found["mortie 0.5.2 (Rust)"] = lambda: self.old.tools.geo2mort(self.lat, self.lon, ORDER)
        if self.new:
            version = "newest"
            found[f"mortie {version} (packed ids)"] = lambda: self.new.geo2mort(
                self.lat, self.lon, ORDER, latitude="geodetic-spherical"
            )
        return found

    def nested_to_morton(self) -> Contenders:
        found = self.ours("nested_to_morton", self.nested, ORDER)
        if self.old:
            parents, normed = self.nested >> (2 * ORDER), self.nested & ((1 << 2 * ORDER) - 1)
            found["mortie 0.5.2 (Rust)"] = lambda: self.old.tools.fastNorm2Mort(ORDER, normed, parents)
        return found

    few = 2000
    """Rows for a peer that loops in Python."""

    def morton_to_nested(self) -> Contenders:
        found = self.ours("morton_to_nested", self.morton)
        if self.old:
            few = self.morton[: self.few]
            found[f"mortie 0.5.2 (Python loop; {self.few} rows, scaled)"] = lambda: self.old.tools.mort2healpix(few)[0]
        return found

    def nested_to_lonlat(self) -> Contenders:
        found = self.ours("nested_to_lonlat", self.nested, ORDER, shapes=(np.float64, np.float64))
        if self.healpy:
            found["healpy"] = lambda: self.healpy.pix2ang(2**ORDER, self.nested, nest=True, lonlat=True)
        if self.cds:
            ids = self.nested.astype(np.uint64)
            found["cdshealpix"] = lambda: self.cds.healpix_to_lonlat(ids, ORDER, num_threads=self.threads)
        if self.geo:
            uids = self.nested.astype(np.uint64)
            found["healpix-geo"] = lambda: self.geo.healpix_to_lonlat(uids, ORDER, num_threads=self.threads)
        if self.astropy:
            found["astropy-healpix"] = lambda: self.astropy.healpix_to_lonlat(self.nested, 2**ORDER, order="nested")
        return found

    def neighbours(self) -> Contenders:
        found = self.ours("neighbours", self.nested, ORDER, width=8)
        if self.healpy:
            found["healpy"] = lambda: self.healpy.get_all_neighbours(2**ORDER, self.nested, nest=True).T
        if self.cds:
            ids = self.nested.astype(np.uint64)
            found["cdshealpix"] = lambda: self.without_centre(self.cds.neighbours(ids, ORDER, num_threads=self.threads))
        if self.geo:
            uids = self.nested.astype(np.uint64)
            found["healpix-geo"] = lambda: self.without_centre(
                self.geo.kth_neighbourhood(uids, ORDER, 1, num_threads=self.threads)
            )
        if self.astropy:
            found["astropy-healpix"] = lambda: self.astropy.neighbours(self.nested, 2**ORDER, order="nested").T
        return found

    checking = True

    def without_centre(self, found: np.ndarray) -> np.ndarray:
        """Return the eight of the nine that some peers give; only while answers are compared."""
        if not self.checking:
            return found
        found = np.asarray(found).astype(np.int64)
        return found[found != self.nested[:, None]].reshape(-1, 8)

    def degrees(self, found: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return plain degrees, whatever units an answer carries."""
        lon, lat = (np.asarray(part.to_value("deg") if hasattr(part, "to_value") else part) for part in found)
        return lon % 360.0, lat

    def agree(self, task: str, contenders: Contenders, view: Callable[[Any], np.ndarray] | None) -> None:
        """Raise unless every contender gives the answer of the first; packed ids of another kind are exempt."""
        self.checking = True
        answers = {name: call() for name, call in contenders.items() if "packed ids" not in name}
        names = list(answers)
        for name in names[1:]:
            if view is None:
                (lon, lat), (other_lon, other_lat) = self.degrees(answers[names[0]]), self.degrees(answers[name])
                apart = np.hypot(((lon - other_lon + 180) % 360 - 180) * np.cos(np.radians(lat)), lat - other_lat)
                assert apart.max() < 1e-9, f"{task}: {name} is {apart.max()} degrees off"
            else:
                wrong = int((view(answers[names[0]]) != view(answers[name])).sum())
                assert wrong == 0, f"{task}: {name} differs in {wrong} rows"
        self.checking = False


def measure(rows: int, threads: int, rounds: int, old_mortie: str | None, new_mortie: str | None) -> list[Row]:
    """Return the rows of every task."""
    import ferrumba

    results: list[Row] = []
    with ferrumba.threads(threads):
        peers = Peers(rows, threads, old_mortie, new_mortie)
        for task, contenders, row_bytes, view in peers.tasks():
            peers.agree(task, contenders, view)
            copying = {"floor: copying the bytes": floor(row_bytes * rows)}
            found = race(task, copying | contenders, rows, threads, rounds)
            for row in found:
                if "scaled" in row.contender:
                    scale = rows / peers.few
                    row.least_ms, row.median_ms, row.spread_ms = (
                        t * scale for t in (row.least_ms, row.median_ms, row.spread_ms)
                    )
            results += found
    return results


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_200_000)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--old-mortie", metavar="FOLDER", help="folder with mortie 0.5.2, the last with decimal ids")
    parser.add_argument("--new-mortie", metavar="FOLDER", help="folder with the newest mortie")
    parser.add_argument("--threads", type=int, help="measure in this process with this many threads")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    if options.threads:
        rows = measure(options.rows, options.threads, options.rounds, options.old_mortie, options.new_mortie)
        print(json.dumps([row.as_dict() for row in rows]))
        return
    rows = [row for threads in (1, 2) for row in apart("benchmarks.peers.healpix", sys.argv[1:], threads)]
    show(rows)
    if options.output:
        write(options.output, {**facts(options.rounds, DISTRIBUTIONS), "rows": rows})


if __name__ == "__main__":
    main()
