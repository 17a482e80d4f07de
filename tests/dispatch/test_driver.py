import threading
import time
import timeit

import numpy as np
import pytest

import ferrumba
from ferrumba.dispatch.driver import Pieces, run, serving
from ferrumba.dispatch.state import STATE
from ferrumba.testing.conformance import small_blocks
from ferrumba.testing.loopback import installed


class Recorder:
    """A plug-in whose one kernel copies its input and remembers in which pieces and threads it was called."""

    PROTOCOL, VERSION = 1, "0"

    def __init__(self, function=None):
        self.MANIFEST = {"healpix.morton_order": 1}
        self.sizes, self.threads, self.function = [], set(), function

    def load(self, name):
        def copy(morton, out):
            self.sizes.append(len(morton))
            self.threads.add(threading.get_ident())
            if self.function:
                return self.function(morton, out)
            out[:] = morton
            return -1

        return copy

    def info(self):
        return {}


@pytest.fixture
def kernel():
    from ferrumba.dispatch.registry import kernels

    return kernels()["healpix.morton_order"]


EXPECTED_BLOCKS = {
    **{rows: [rows] for rows in (0, 1, 255, 256)},
    257: [65, 64, 64, 64],
    5000: [256] * 16 + [226, 170, 127, 96, 72, 64, 64, 64, 21],
}


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("rows", [0, 1, 255, 256, 257, 5000])
def test_blocks_cover_every_row_once_and_depend_on_rows_only(kernel, rows, count):
    recorder = Recorder()
    values, out = np.arange(rows), np.full(rows, -9)
    with installed(recorder, "recorder"), small_blocks(256), ferrumba.threads(count):
        assert run(kernel, (values,), (out,), "recorder") == -1
    np.testing.assert_array_equal(out, values)
    assert sorted(recorder.sizes, reverse=True) == EXPECTED_BLOCKS[rows]
    assert len(recorder.threads) <= count


@pytest.mark.parametrize("count", [1, 7])
def test_first_invalid_row_is_the_first_of_all_blocks(kernel, count):
    def first_multiple(morton, out):
        bad = np.flatnonzero(morton % 1000 == 999)
        return int(bad[0]) if len(bad) else -1

    with installed(Recorder(first_multiple), "recorder"), small_blocks(64), ferrumba.threads(count):
        assert run(kernel, (np.arange(5000),), (np.empty(5000, np.int64),), "recorder") == 999


def test_uniform_inputs_are_not_cut(fake):
    from ferrumba.dispatch.registry import kernels

    plugin = fake()
    lon = np.zeros(1000)
    with installed(plugin, "fake"), small_blocks(100):
        run(kernels()["healpix.lonlat_to_nested"], (lon, lon, np.array([3])), (np.empty(1000, np.int64),), "fake")
    assert {len(arrays[2]) for arrays in plugin.calls} == {1}
    assert sum(len(arrays[0]) for arrays in plugin.calls) == 1000
    assert max(len(arrays[0]) for arrays in plugin.calls) == 100


@pytest.mark.parametrize("count", [1, 2])
def test_an_exception_of_a_kernel_reaches_the_caller(kernel, count):
    def fail(morton, out):
        raise OSError("a kernel broke")

    with (
        installed(Recorder(fail), "recorder"),
        small_blocks(64),
        ferrumba.threads(count),
        pytest.raises(OSError, match="a kernel broke"),
    ):
        run(kernel, (np.arange(5000),), (np.empty(5000, np.int64),), "recorder")


@pytest.mark.parametrize(
    "layout", [np.asfortranarray, lambda a: a[::-1, ::2], lambda a: a.astype(">f4"), lambda a: a.T]
)
def test_pieces_are_canonical_and_in_c_order(layout):
    array = layout(np.arange(60.0).reshape(6, 10))
    pieces = Pieces(array, np.dtype("float64"))
    assert len(pieces) == array.size
    for rows in (slice(0, 7), slice(7, 1000)):
        piece = pieces[rows]
        assert piece.dtype == np.float64
        assert piece.dtype.isnative
        assert piece.flags.c_contiguous
        np.testing.assert_array_equal(piece, array.reshape(-1)[rows])


BARE = 80e-9
"""Seconds of a bare call of a function of two arguments where the bounds were set."""


def costs_less(through, direct, seconds):
    """Return whether a call costs less than that over another, in the best of up to 20 moments of a shared machine.

    Where the other one, a bare call, takes more than ``BARE``, the machine is slow today and gets more in proportion.
    """
    for _ in range(20):
        least = [min(timeit.repeat(call, number=2000, repeat=10)) / 2000 for call in (through, direct)]
        if least[0] - least[1] < seconds * max(1.0, least[1] / BARE):
            return True
        time.sleep(0.2)
    return False


def test_dispatch_costs_at_most_one_microsecond(kernel):
    """The whole way through the registry, less the call of the kernel itself; the least of many trials."""

    class Nothing:
        PROTOCOL, VERSION, MANIFEST = 1, "0", {"healpix.morton_order": 1}

        def load(self, name):
            return lambda morton, out: -1

        def info(self):
            return {}

    values, out = np.zeros(1, np.int64), np.zeros(1, np.int64)
    with installed(Nothing(), "nothing"):
        bare = Nothing().load("")
        assert costs_less(lambda: run(kernel, (values,), (out,), "nothing"), lambda: bare(values, out), 1e-6)


def test_what_is_serving_obeys_every_later_request(kernel, fake, monkeypatch):
    values, out = np.array([-31]), np.zeros(1, np.int64)
    with installed(fake(mark=77), "fake"):
        serve = serving(kernel)

        def answer():
            function, traced = serve()
            assert traced == (STATE.get().calls is not None)
            assert function(values, out) == -1
            return int(out[0])

        assert answer() == 1
        ferrumba.set_backend("fake")
        assert answer() == 77
        with ferrumba.use_backend("numba"):
            assert answer() == 1
            with ferrumba.use_backend("fake"):
                assert answer() == 77
            assert answer() == 1
        assert answer() == 77
        with ferrumba.trace() as calls:
            assert [answer(), answer()] == [77, 77]
        assert [(c.kernel, c.backend, c.rows) for c in calls] == [(kernel.name, "fake", 1)] * 2
        monkeypatch.setenv("FERRUMBA_FORCE_NUMBA", "1")
        ferrumba.refresh()
        with pytest.raises(ferrumba.errors.BackendUnavailable, match="FERRUMBA_FORCE_NUMBA=1 switches every plug-in"):
            serve()
        ferrumba.set_backend(None)
        assert answer() == 1


def test_what_is_serving_insists_on_its_own_request(kernel, fake):
    out = np.zeros(1, np.int64)
    with installed(fake(mark=77), "fake"):
        serve = serving(kernel, "fake")
        with ferrumba.use_backend("numba"):
            serve()[0](np.array([-31]), out)
        assert out[0] == 77
    with pytest.raises(ferrumba.errors.InvalidBackendRequest, match="'fake' is unknown"):
        serve()


def test_what_is_serving_differs_between_threads_of_different_contexts(kernel, fake):
    """Each thread gets what it asked for, however the two alternate."""
    seen = {"fake": set(), "numba": set()}
    with installed(fake(first_bad=7), "fake"):
        serve, values = serving(kernel), np.array([-31])

        def work(name):
            with ferrumba.use_backend(name):
                seen[name].update(serve()[0](values, np.zeros(1, np.int64)) for _ in range(3000))

        workers = [threading.Thread(target=work, args=(name,)) for name in seen]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert seen == {"fake": {7}, "numba": {-1}}


def test_asking_what_is_serving_costs_at_most_half_a_microsecond(kernel):
    class Nothing:
        PROTOCOL, VERSION, MANIFEST = 1, "0", {"healpix.morton_order": 1}

        def load(self, name):
            return lambda morton, out: -1

        def info(self):
            return {}

    arrays = np.zeros(1, np.int64), np.zeros(1, np.int64)
    bare = Nothing().load("")
    with installed(Nothing(), "nothing"):
        serve = serving(kernel, "nothing")
        assert costs_less(lambda: serve()[0](*arrays), lambda: bare(*arrays), 5e-7)
