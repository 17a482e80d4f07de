"""Search and thinning over partitions: what one machine answers, on every scheduler, whatever the cuts."""

import gc
import os
import pickle
import time

import numpy as np
import pytest

from ferrumba.spatial import NeighborGrid

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")

from ferrumba.integrations import dask_partition, dask_spatial  # noqa: E402

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _synchronous(request):
    if "cluster" in request.fixturenames:
        yield
        return
    with dask.config.set(scheduler="sync"):
        yield


def lattice(side, dimensions):
    return np.stack(np.meshgrid(*[np.arange(side) * 0.1] * dimensions, indexing="ij"), axis=-1).reshape(-1, dimensions)


def clustered(n, dimensions):
    return RNG.random((8, dimensions))[RNG.integers(0, 8, n)] + 0.02 * RNG.standard_normal((n, dimensions))


SETS = {
    f"{name} {dimensions}-D": points
    for dimensions in (2, 3)
    for name, points in {
        "uniform": RNG.random((300, dimensions)),
        "uniform, sorted": np.sort(RNG.random((300, dimensions)), axis=0),
        "clustered": clustered(300, dimensions),
        "duplicate": RNG.integers(0, 4, (300, dimensions)) * 0.3,
        "equal": np.full((90, dimensions), 0.1),
        "lattice": lattice(17 if dimensions == 2 else 7, dimensions),
        "lattice, shuffled": RNG.permutation(lattice(17 if dimensions == 2 else 7, dimensions)),
        "coplanar, far away": RNG.random((300, dimensions)) * ([1.0] * (dimensions - 1) + [0.0]) + 1e6,
        "one": np.zeros((1, dimensions)),
    }.items()
}
RADII = (0.0, 0.1, 0.1 * 3, np.inf)


def brute_force(points, queries, r):
    """Return a matrix: whether each point lies within the radius of each query."""
    d = [points[None, :, axis] - queries[:, None, axis] for axis in range(points.shape[1])]
    square = d[0] * d[0] + d[1] * d[1]
    if len(d) == 3:
        square = square + d[2] * d[2]
    return square <= np.square(np.broadcast_to(r, len(queries)))[:, None]


def greedy(matrix):
    alive, kept = np.ones(len(matrix), bool), []
    for row, near in enumerate(matrix):
        if alive[row]:
            kept.append(row)
            alive[near] = False
    return kept


def cut(table, pieces=4):
    return da.from_array(table, chunks=(-(-len(table) // pieces), table.shape[1]))


def same(found, expected):
    assert len(found) == len(expected)
    for result, plain in zip(dask.compute(*found), expected, strict=True):
        assert result.dtype == plain.dtype
        np.testing.assert_array_equal(result, plain)


@pytest.mark.slow
@pytest.mark.parametrize("points", SETS.values(), ids=SETS)
def test_one_answer_whatever_the_partitions(points):
    for r in RADII:
        matrix = brute_force(points, points, r)
        expected = NeighborGrid(points).query_many(points, r, distances=True)
        np.testing.assert_array_equal(expected.indices, np.nonzero(matrix)[1])
        kept = greedy(matrix)
        for partitions in (1, 7):
            where = dask_spatial.partition(cut(points), partitions).persist()
            same(dask_spatial.query_many(where, cut(points, 3), r, distances=True), expected)
            assert dask_spatial.decimate(where, r).compute().tolist() == kept
        assert dask_spatial.decimate(cut(points), r, shuffle=False).compute().tolist() == kept


def test_queries_anywhere_with_a_radius_each():
    points, queries = RNG.random((600, 3)), RNG.uniform(-1, 2, (500, 3))
    r = RNG.choice([0.0, 0.1, 0.7, np.inf], 500)
    expected = NeighborGrid(points).query_many(queries, r)
    same(dask_spatial.query_many(cut(points), queries, r), expected)
    same(dask_spatial.query_many(cut(points), cut(queries, 7), da.from_array(r, chunks=100), partitions=5), expected)
    same(dask_spatial.query_many(cut(points), cut(queries, 7), r, shuffle=False), expected)


def test_blocks_of_numpy_queries(monkeypatch):
    monkeypatch.setattr(dask_partition, "BLOCK", 60)
    points, queries = RNG.random((300, 2)), RNG.random((200, 2))
    found = dask_spatial.query_many(cut(points), queries, 0.1)
    assert found[1].numblocks == (4,)
    same(found, NeighborGrid(points).query_many(queries, 0.1))


def refuse(block):
    raise RuntimeError("a block was computed")


def test_nothing_is_computed_before_it_is_asked_for():
    bad = da.ones((3, 3)).map_blocks(refuse, dtype=float, meta=np.empty((0, 3)))
    found = dask_spatial.query_many(bad, bad, 1.0, distances=True)
    assert [array.dtype for array in found] == [np.int64, np.int64, np.float64]
    assert found[0].shape == (4,)
    with pytest.raises(RuntimeError, match="was computed"):
        found[1].compute()


def test_chunks_of_unknown_size_and_empty_ones():
    points = RNG.random((400, 3))
    unknown = cut(points)[cut(points)[:, 0] > 0.5]
    chosen = points[points[:, 0] > 0.5]
    grid = NeighborGrid(chosen)
    same(dask_spatial.query_many(unknown, unknown, 0.2), grid.query_many(chosen, 0.2))
    r = da.from_array(np.full(400, 0.2), chunks=100)[cut(points)[:, 0] > 0.5]
    same(dask_spatial.query_many(unknown, unknown, r), grid.query_many(chosen, 0.2))
    kept = dask_spatial.decimate(unknown, 0.2)
    assert not np.isnan(kept.shape[0])
    np.testing.assert_array_equal(kept.compute(), grid.decimate(0.2))
    none = cut(points)[cut(points)[:, 0] > 2.0]
    same(dask_spatial.query_many(none, cut(points), 1.0), (np.zeros(401, np.int64), np.empty(0, np.int64)))
    assert dask_spatial.decimate(none, 0.2).compute().tolist() == []
    same(dask_spatial.query_many(cut(points), none, 1.0), (np.zeros(1, np.int64), np.empty(0, np.int64)))
    nothing = da.zeros((0, 2))
    same(dask_spatial.query_many(nothing, nothing, 1.0), (np.zeros(1, np.int64), np.empty(0, np.int64)))
    assert dask_spatial.decimate(nothing, 1.0).shape == (0,)


def test_lists_of_delayed_chunks():
    points = RNG.random((400, 2))
    chunks = [dask.delayed(chunk) for chunk in np.split(points, [10, 10, 250])]
    grid = NeighborGrid(points)
    same(dask_spatial.query_many(chunks, chunks, 0.1), grid.query_many(points, 0.1))
    np.testing.assert_array_equal(dask_spatial.decimate(chunks, 0.1).compute(), grid.decimate(0.1))


def test_precision_and_kind_of_the_points_are_those_of_one_machine():
    for points in (RNG.random((500, 3)).astype(np.float32), RNG.integers(0, 9, (500, 2))):
        grid = NeighborGrid(points)
        for r in (0.1, 1.0):
            same(dask_spatial.query_many(cut(points), cut(points), r), grid.query_many(points, r))
            np.testing.assert_array_equal(dask_spatial.decimate(cut(points), r).compute(), grid.decimate(r))


def test_columns_in_several_chunks():
    points = RNG.random((300, 3))
    lazy = da.from_array(points, chunks=(100, 1))
    same(dask_spatial.query_many(lazy, lazy, 0.2), NeighborGrid(points).query_many(points, 0.2))


def test_cuts_follow_the_points():
    """Blobs far apart are parted into equal shares, to what a sample can tell."""
    points = clustered(20_000, 3)
    parts = dask.compute(dask_spatial.partition(cut(points), 8).parts)[0]
    sizes = [len(part.rows) for part in parts]
    assert sum(sizes) == 20_000
    assert max(sizes) < 1.3 * 20_000 / 8
    for part in parts:
        assert (np.diff(part.rows) > 0).all()
        np.testing.assert_array_equal(part.coordinates, points[part.rows])


def test_a_kept_point_changes_the_far_end_of_a_chain():
    """Each point hangs on the one before, across every border; an extra first point turns all of them round."""
    line = np.stack([np.arange(300.0), np.zeros(300)], axis=1)
    zigzag = line[np.argsort(line[:, 0] % 2, kind="stable")]
    for points in (line, line[::-1], line[1:], zigzag):
        expected = NeighborGrid(points).decimate(1.0)
        np.testing.assert_array_equal(dask_spatial.decimate(cut(points), 1.0, partitions=7).compute(), expected)


def test_chunks_as_they_are_need_no_more_rounds_than_their_number_and_one(monkeypatch):
    rounds = []
    one_round = dask_spatial._next_round
    monkeypatch.setattr(dask_spatial, "_next_round", lambda *state: rounds.append(1) or one_round(*state))
    points = RNG.random((3000, 2))
    for table in (points, points[points[:, 0].argsort()]):
        rounds.clear()
        kept = dask_spatial.decimate(cut(table, 6), 0.03, shuffle=False)
        assert 1 < len(rounds) <= 7
        np.testing.assert_array_equal(kept.compute(), NeighborGrid(table).decimate(0.03))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1e300])
def test_a_bad_coordinate_is_named_by_its_row_in_the_whole_table(bad):
    points = RNG.random((40, 3))
    fine = points.copy()
    points[33, 1] = bad
    with pytest.raises(ValueError, match=r"at row 33: points holds \(.*finite"):
        dask_spatial.decimate(cut(points), 0.1)
    with pytest.raises(ValueError, match=r"at row 33: queries holds \(.*finite"):
        dask_spatial.query_many(cut(fine), cut(points), 0.1)[1].compute()


@pytest.mark.parametrize("box", [1.0, [0.3, None, 0.7], 0.1 * 3])
@pytest.mark.parametrize("name", ["uniform 3-D", "lattice 3-D", "clustered 2-D"])
def test_periodic_boxes(name, box):
    """Points and queries outside are wrapped, and neighbours found across the border, to half the box and beyond."""
    points = SETS[name][:150]
    box = box[: points.shape[1]] if isinstance(box, list) else box
    queries = points[::3] + RNG.integers(-2, 3, (len(points[::3]), points.shape[1])) * 0.1
    grid = NeighborGrid(points, box=box)
    where = dask_spatial.partition(cut(points), 6, box=box).persist()
    for r in (0.0, 0.1, 0.15, 0.4, np.inf):
        same(dask_spatial.query_many(where, queries, r), grid.query_many(queries, r))
    for r in (0.0, 0.1, 0.4):
        np.testing.assert_array_equal(dask_spatial.decimate(where, r).compute(), grid.decimate(r))
    same(dask_spatial.query_many(cut(points), queries, 0.1, box=box, shuffle=False), grid.query_many(queries, 0.1))


def test_only_what_is_near_travels_in_a_periodic_box():
    """Slabs of a box are near the next and, the first and the last, each other."""
    slabs = [np.array([[k, 0.0, 0.0], [k + 0.9, 9.0, 9.0]]) for k in range(10)]
    near = dask_spatial._neighbouring(slabs, 0.5, [10.0, None, None])
    assert near == [sorted([(k - 1) % 10, (k + 1) % 10]) for k in range(10)]
    assert dask_spatial._neighbouring(slabs, 0.5, None)[0] == [1]


def test_an_order_of_visits():
    for name in ("uniform 2-D", "lattice 3-D"):
        points = SETS[name]
        order = RNG.permutation(len(points))
        for r in (0.1, np.inf):
            expected = NeighborGrid(points).decimate(r, order)
            for given in (order, da.from_array(order, chunks=50)):
                kept = dask_spatial.decimate(cut(points), r, given, partitions=5)
                np.testing.assert_array_equal(kept.compute(), expected)
            kept = dask_spatial.decimate(cut(points), r, order, shuffle=False, box=0.7)
            np.testing.assert_array_equal(kept.compute(), NeighborGrid(points, box=0.7).decimate(r, order))
    for bad in (order[1:], order * 1.0, np.zeros_like(order)):
        with pytest.raises(ValueError, match=f"permutation of the {len(order)} ids"):
            dask_spatial.decimate(cut(points), 0.1, bad)


def test_invalid_points_are_left_out_and_keep_their_rows():
    points = RNG.random((300, 3))
    points[::7] = [np.nan, 0.0, 0.0]
    points[100:150, 1] = -np.inf  # most of a chunk
    grid = NeighborGrid(points, invalid="ignore")
    order = RNG.permutation(300)
    for shuffle in (True, False):
        ignoring = {"invalid": "ignore", "shuffle": shuffle}
        queries = RNG.random((200, 3))
        same(dask_spatial.query_many(cut(points, 6), queries, 0.2, **ignoring), grid.query_many(queries, 0.2))
        kept = dask_spatial.decimate(cut(points, 6), 0.2, **ignoring)
        np.testing.assert_array_equal(kept.compute(), grid.decimate(0.2))
        kept = dask_spatial.decimate(cut(points, 6), 0.2, order, **ignoring)
        np.testing.assert_array_equal(kept.compute(), grid.decimate(0.2, order))
    none = cut(np.full((40, 2), np.nan))
    assert dask_spatial.decimate(none, 0.2, invalid="ignore").compute().tolist() == []


def test_a_bad_radius_is_refused():
    points = cut(RNG.random((40, 3)))
    for r in (-1.0, np.nan):
        with pytest.raises(ValueError, match=f"radius is {r}"):
            dask_spatial.query_many(points, points, r)
        with pytest.raises(ValueError, match=f"radius is {r}"):
            dask_spatial.decimate(points, r)
        each = np.ones(40)
        each[25] = r
        with pytest.raises(ValueError, match=f"at row 25: radius is {r}"):
            dask_spatial.query_many(points, points, each)[1].compute()
    with pytest.raises(TypeError, match="r is"):
        dask_spatial.decimate(points, [1.0])
    with pytest.raises(ValueError, match="one for each of the 40 queries"):
        dask_spatial.query_many(points, points, np.ones(39))
    with pytest.raises(ValueError, match="queries of unknown number"):
        dask_spatial.query_many(points, points[points[:, 0] > 0.5], np.ones(39))


def test_other_arguments_are_refused():
    plain = RNG.random((40, 3))
    with pytest.raises(TypeError, match="NeighborGrid takes what is in memory"):
        dask_spatial.decimate(plain, 0.1)
    with pytest.raises(ValueError, match=r"points has shape \(40, 4\)"):
        dask_spatial.decimate(da.zeros((40, 4)), 0.1)
    with pytest.raises(TypeError, match="queries holds complex128"):
        dask_spatial.query_many(cut(plain), plain.astype(complex), 0.1)
    with pytest.raises(ValueError, match="queries have 2 columns and points 3"):
        dask_spatial.query_many(cut(plain), plain[:, :2], 0.1)[1].compute()
    with pytest.raises(ValueError, match="partitions is 0"):
        dask_spatial.decimate(cut(plain), 0.1, partitions=0)
    with pytest.raises(ValueError, match="shuffle=False"):
        dask_spatial.decimate(cut(plain), 0.1, partitions=2, shuffle=False)
    with pytest.raises(ValueError, match="invalid is 'drop'"):
        dask_spatial.decimate(cut(plain), 0.1, invalid="drop")
    with pytest.raises(ValueError, match="box has shape"):
        dask_spatial.decimate(cut(plain), 0.1, box=[1.0, 1.0])
    with pytest.raises(ValueError, match="right angles"):
        dask_spatial.query_many(cut(plain), plain, 0.1, box=np.eye(3))
    where = dask_spatial.partition(cut(plain), 2)
    for option in ({"box": np.ones(3)}, {"invalid": "ignore"}, {"partitions": 2}, {"shuffle": False}):
        with pytest.raises(ValueError, match=f"{next(iter(option))} is .* partitioned already; give it to partition"):
            dask_spatial.query_many(where, plain, 0.1, **option)
    with pytest.raises(ValueError, match="a chunk of points has shape"):
        dask_spatial.decimate([dask.delayed(plain[:, 0])], 0.1)


def test_backend_travels_with_the_task():
    points = cut(RNG.random((40, 3)))
    with pytest.raises(ValueError, match="nowhere"):
        dask_spatial.decimate(points, 0.1, backend="nowhere")
    with pytest.raises(ValueError, match="nowhere"):
        dask_spatial.query_many(points, points, 0.1, backend="nowhere")[1].compute()


def test_tasks_hold_references():
    """Pickling a graph must not pickle functions by value: workers have their own Ferrumba."""
    points = da.random.default_rng(0).random((400, 3), chunks=(100, 3))
    found = dask_spatial.query_many(points, points, 0.2)
    packed = pickle.dumps(found[1])
    assert b"dask_spatial" in packed
    assert len(packed) < 100_000
    np.testing.assert_array_equal(pickle.loads(packed).compute(), found[1].compute())


def search_and_thin():
    grid = NeighborGrid(np.zeros((1, 3)))
    return grid.query_many(np.zeros((1, 3)), 1.0, distances=True), grid.decimate(1.0)


@pytest.fixture(scope="module", params=[True, False], ids=["processes", "threads"])
def cluster(request, tmp_path_factory):
    distributed = pytest.importorskip("distributed")
    quiet = {"distributed.worker.memory.terminate": False, "distributed.comm.timeouts.connect": "60s"}
    with pytest.MonkeyPatch.context() as patch, dask.config.set(quiet):
        if request.param and os.environ["FERRUMBA_NUMBA_CACHE"] == "0":  # only the workers: this process has compiled
            patch.setenv("FERRUMBA_NUMBA_CACHE", str(tmp_path_factory.mktemp("compiled")))
        with (
            distributed.LocalCluster(
                n_workers=2, threads_per_worker=2, processes=request.param, dashboard_address=":0", memory_limit=0
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            # One compiles, and the other reads what it left.
            client.submit(search_and_thin, workers=[min(client.scheduler_info()["workers"])]).result()
            yield client


def test_distributed(cluster):
    points, r = np.concatenate([RNG.random((6_000, 3)), clustered(2_000, 3)]), 0.04
    grid = NeighborGrid(points)
    expected, thin = grid.query_many(points, r, distances=True), grid.decimate(r)

    where = dask_spatial.partition(cut(points), 6).persist()
    same(dask_spatial.query_many(where, cut(points, 3), r, distances=True), expected)
    kept = dask_spatial.decimate(where, r)
    np.testing.assert_array_equal(kept.compute(), thin)

    futures = cluster.scatter(np.array_split(points, 5))
    same(dask_spatial.query_many(futures, futures, r), expected[:2])
    np.testing.assert_array_equal(dask_spatial.decimate(futures, r).compute(), thin)
    order, everywhere = RNG.permutation(len(points)), NeighborGrid(points, box=1.0)
    kept = dask_spatial.decimate(futures, r, order, box=1.0)
    np.testing.assert_array_equal(kept.compute(), everywhere.decimate(r, order))
    processes = set(cluster.run(os.getpid).values())
    assert (os.getpid() in processes) == (len(processes) == 1)


def test_nothing_stays_on_the_cluster(cluster):
    points = cut(RNG.random((500, 2)))
    dask_spatial.decimate(points, 0.1).compute()
    dask.compute(*dask_spatial.query_many(points, points, 0.1))

    def left(dask_scheduler):
        return len(dask_scheduler.tasks)

    deadline = time.monotonic() + 10
    while cluster.run_on_scheduler(left):
        assert time.monotonic() < deadline, "tasks are still on the scheduler"
        gc.collect()
        time.sleep(0.05)
