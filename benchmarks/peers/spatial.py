"""Fixed-radius search beside its peers: SciPy, scikit-learn, freud, vesin, pykdtree, pynanoflann, linked lists.

``python -m benchmarks.peers.spatial -o FILE.json`` measures uniform and clustered points on one thread and on two, each
in a process of its own, and prints winning and losing rows alike; then the most memory that finding all lists takes.
Before anything is timed, the contenders of a task must find the same number of neighbours. Peers that are not installed
are left out. The linked lists follow the description of the original PointBin3D, a Numba class.

Part of it, such as ``--points 100000 --kinds uniform --threads 1``, replaces these rows of the file and keeps all
others.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.linked_bins import linked_class
from benchmarks.peers.sidebyside import Row, apart, facts, optional, race, show, update
from benchmarks.peers.spatial_memory import most_memory, show_memory

DISTRIBUTIONS = (
    "numpy", "numba", "ferrumba", "ferrumba-rust", "scipy", "scikit-learn", "freud-analysis", "vesin", "pykdtree",
    "pynanoflann",
)  # fmt: skip
FEW = 10_000
Contenders = dict[str, Callable[[], Any]]


def cloud(n: int, kind: str) -> np.ndarray:
    """Return n points: uniform in the unit cube, or in 100 Gaussian blobs."""
    rng = np.random.default_rng(20261121)
    if kind == "uniform":
        return rng.random((n, 3))
    return rng.random((100, 3))[rng.integers(0, 100, n)] + 0.01 * rng.standard_normal((n, 3))


class Peers:
    """The tasks on one set of points: for each, the contenders and how many rows an answer has."""

    def __init__(self, n: int, kind: str, threads: int) -> None:
        from scipy.spatial import cKDTree

        import ferrumba
        from ferrumba.spatial import NeighborGrid, PointBin3D
        from ferrumba.spatial.declarations import KERNELS

        self.threads, self.points = threads, cloud(n, kind)
        self.few = np.ascontiguousarray(self.points[np.random.default_rng(1).integers(0, n, FEW)] + 1e-4)
        tree = cKDTree(self.points)
        self.radius = float(np.median(tree.query(self.points[:2000], 31)[0][:, -1]))
        present = ferrumba.backends()
        self.backends = [name for name in present if all(present[name].refusal(kernel) is None for kernel in KERNELS)]
        self.grid, self.bins, self.tree = NeighborGrid, PointBin3D, tree
        self.grids = {name: NeighborGrid(self.points, backend=name) for name in self.backends}
        self.freud, self.vesin = optional("freud"), optional("vesin")
        self.pykdtree, self.nanoflann, self.neighbors = (
            optional("pykdtree.kdtree"),
            optional("pynanoflann"),
            optional("sklearn.neighbors"),
        )
        self.linked = linked_class()

    def ours(self, call: Callable[[Any], Any]) -> Contenders:
        """Return a contender for each backend."""
        return {f"ferrumba ({name})": lambda grid=grid: call(grid) for name, grid in self.grids.items()}

    def tasks(self) -> Iterator[tuple[str, Contenders]]:
        """Yield (task, contenders)."""
        yield "build", self.build()
        yield "all lists", self.all_lists()
        yield "pairs", self.pairs()
        yield "counts", self.counts()
        yield "10,000 queries", self.queries()
        yield "10,000 searches with removal", self.removal()
        yield "10,000 queries, first one wins", self.first()
        yield "decimate", self.ours(lambda grid: grid.decimate(self.radius))
        yield "8 nearest", self.nearest()

    def build(self) -> Contenders:
        points = self.points
        found = {f"ferrumba ({name})": lambda name=name: self.grid(points, backend=name) for name in self.backends}
        found["SciPy cKDTree"] = lambda: type(self.tree)(points)
        found["linked lists (jitclass)"] = lambda: self.linked(points, self.radius)
        if self.freud:
            single = points.astype(np.float32)
            box = self.freud.box.Box.cube(4.0)
            found["freud LinkCell"] = lambda: self.freud.locality.LinkCell(box, single, self.radius)
        if self.pykdtree:
            found["pykdtree"] = lambda: self.pykdtree.KDTree(points)
        if self.nanoflann:
            found["pynanoflann"] = lambda: self.nanoflann.KDTree(metric="L2").fit(points)
        return found

    def scipy_lists(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the lists of all points by way of query_pairs, SciPy's fastest."""
        n = len(self.points)
        pairs = self.tree.query_pairs(self.radius, output_type="ndarray")
        from scipy.sparse import coo_array

        rows, columns = (
            np.concatenate([pairs[:, 0], pairs[:, 1], np.arange(n)]),
            np.concatenate([pairs[:, 1], pairs[:, 0], np.arange(n)]),
        )
        matrix = coo_array((np.ones(len(rows), bool), (rows, columns)), shape=(n, n)).tocsr()
        return matrix.indptr, matrix.indices

    def all_lists(self) -> Contenders:
        found = self.ours(lambda grid: grid.query_many(self.points, self.radius))
        found["SciPy query_pairs"] = self.scipy_lists
        found["SciPy query_ball_point"] = lambda: self.tree.query_ball_point(
            self.points, self.radius, workers=self.threads
        )
        if self.vesin:
            nothing = np.zeros((3, 3))
            search = self.vesin.NeighborList(cutoff=self.radius, full_list=True)
            found["vesin"] = lambda: search.compute(self.points, nothing, periodic=False, quantities="ij")
        if self.neighbors and len(self.points) <= 200_000:
            tree = self.neighbors.KDTree(self.points)
            found["scikit-learn KDTree"] = lambda: tree.query_radius(self.points, self.radius)
        return found

    def pairs(self) -> Contenders:
        found = self.ours(lambda grid: grid.pairs(self.radius))
        found["SciPy query_pairs"] = lambda: self.tree.query_pairs(self.radius, output_type="ndarray")
        if self.vesin:
            nothing = np.zeros((3, 3))
            search = self.vesin.NeighborList(cutoff=self.radius, full_list=False)
            found["vesin"] = lambda: search.compute(self.points, nothing, periodic=False, quantities="ij")
        return found

    def counts(self) -> Contenders:
        found = self.ours(lambda grid: grid.count_many(self.points, self.radius))
        found["SciPy query_ball_point"] = lambda: self.tree.query_ball_point(
            self.points, self.radius, return_length=True, workers=self.threads
        )
        return found

    def queries(self) -> Contenders:
        found = self.ours(lambda grid: grid.query_many(self.few, self.radius))
        found["SciPy query_ball_point"] = lambda: self.tree.query_ball_point(
            self.few, self.radius, workers=self.threads
        )
        if self.neighbors:
            tree = self.neighbors.KDTree(self.points)
            found["scikit-learn KDTree"] = lambda: tree.query_radius(self.few, self.radius)
        if self.nanoflann:
            index = self.nanoflann.KDTree(metric="L2", radius=self.radius)
            index.fit(self.points)
            found["pynanoflann"] = lambda: index.radius_neighbors(self.few, n_jobs=self.threads)
        return found

    def sweep(self, bins: Any) -> int:
        """Return how many points are found by searching and removing, query by query."""
        bins.reset()
        for query in self.few:
            bins.radius_search(query, self.radius)
        return bins.found_count

    def first(self) -> Contenders:
        found = self.ours(lambda grid: grid.assign_first(self.few, self.radius))
        found["linked lists (jitclass)"] = functools.partial(self.sweep, self.linked(self.points, self.radius))
        return found

    def removal(self) -> Contenders:
        def sweep_tree() -> int:
            alive, count = np.ones(len(self.points), bool), 0
            for query in self.few:
                near = self.tree.query_ball_point(query, self.radius)
                near = [i for i in near if alive[i]]
                alive[near] = False
                count += len(near)
            return count

        widths = [self.radius] * 3
        found = {
            f"ferrumba ({name})": functools.partial(self.sweep, self.bins(self.points, widths, backend=name))
            for name in self.backends
        }
        found["linked lists (jitclass)"] = functools.partial(self.sweep, self.linked(self.points, self.radius))
        found["SciPy query_ball_point"] = sweep_tree
        return found

    def nearest(self) -> Contenders:
        found = self.ours(lambda grid: grid.nearest(self.points, 8))
        found["SciPy cKDTree"] = lambda: self.tree.query(self.points, 8, workers=self.threads)
        if self.pykdtree:
            tree = self.pykdtree.KDTree(self.points)
            found["pykdtree"] = lambda: tree.query(self.points, 8)
        return found


def size(answer: Any) -> int:
    """Return the number of neighbours in an answer of whatever form."""
    if isinstance(answer, (int, np.integer)):
        return int(answer)
    if isinstance(answer, np.ndarray) and answer.dtype != object:
        return len(answer) if answer.ndim == 2 else int(answer.sum())
    if type(answer) is tuple and hasattr(answer[1][0], "__len__"):
        return sum(map(len, answer[1]))
    if isinstance(answer, np.ndarray) or (
        isinstance(answer, list) and answer and hasattr(answer[0], "__len__") and len(answer) > 3
    ):
        return sum(map(len, answer))
    return len(answer[1])


def agree(task: str, contenders: Contenders, n: int) -> None:
    """Raise unless all contenders find as many neighbours as the first; vesin does not list a point with itself."""
    if task == "build":
        return
    if task in ("decimate", "10,000 queries, first one wins"):
        answers = [call() for call in contenders.values()]
        for answer in answers[1:]:
            if isinstance(answer, int):
                assert answer == (answers[0] >= 0).sum(), task
            else:
                np.testing.assert_array_equal(answer, answers[0])
        return
    if task == "8 nearest":
        answers = [np.asarray(call()[0]) for call in contenders.values()]
        for answer in answers[1:]:
            np.testing.assert_allclose(answer, answers[0], rtol=1e-12, atol=1e-300)
        return
    expected = None
    for name, call in contenders.items():
        found = size(call()) + (n if (task, name) == ("all lists", "vesin") else 0)
        expected = found if expected is None else expected
        border = 1e-5 * expected if "nanoflann" in name else 0
        assert abs(found - expected) <= border, f"{task}: {name} finds {found}, not {expected}"


def measure(n: int, kind: str, threads: int, rounds: int) -> list[Row]:
    """Return the rows of every task."""
    import ferrumba

    results: list[Row] = []
    with ferrumba.threads(threads):
        for task, contenders in Peers(n, kind, threads).tasks():
            agree(task, contenders, n)
            results += race(task, contenders, n, threads, rounds, kind)
    return results


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--kinds", nargs="+", default=["uniform", "clustered"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--inside", action="store_true", help="measure in this process and print JSON")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    if options.inside:
        rows = measure(options.points[0], options.kinds[0], options.threads[0], options.rounds)
        print(json.dumps([row.as_dict() for row in rows]))
        return
    for n, kind, threads in itertools.product(options.points, options.kinds, options.threads):
        arguments = ["--inside", "--points", str(n), "--kinds", kind, "--rounds", str(options.rounds)]
        new = apart("benchmarks.peers.spatial", arguments, threads)
        show(new)
        earlier = json.loads(options.output.read_text()) if options.output and options.output.exists() else {}
        report = {**facts(options.rounds, DISTRIBUTIONS), "rows": new, "memory": earlier.get("memory", [])}
        if threads == 1 and kind == "uniform":
            memory = most_memory(n)
            show_memory(memory)
            report["memory"] = [row for row in report["memory"] if row["rows"] != n] + memory
        if options.output:
            update(options.output, report)


if __name__ == "__main__":
    main()
