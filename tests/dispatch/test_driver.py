import os
import threading
import timeit

import numpy as np
import pytest

import ferrumba
from ferrumba.dispatch import driver
from ferrumba.dispatch.driver import Pieces, run
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


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("rows", [0, 1, 255, 256, 257, 5000])
def test_blocks_cover_every_row_once_and_depend_on_rows_only(kernel, rows, count):
    recorder = Recorder()
    values, out = np.arange(rows), np.full(rows, -9)
    with installed(recorder, "recorder"), small_blocks(256), ferrumba.threads(count):
        assert run(kernel, (values,), (out,), "recorder") == -1
    np.testing.assert_array_equal(out, values)
    assert sorted(recorder.sizes, reverse=True) == [256] * (rows // 256) + [rows % 256] * (rows % 256 > 0 or rows == 0)
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
    assert {len(arrays[0]) for arrays in plugin.calls} == {100}


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
        through = min(timeit.repeat(lambda: run(kernel, (values,), (out,), "nothing"), number=2000, repeat=30))
        direct = min(timeit.repeat(lambda: bare(values, out), number=2000, repeat=30))
    assert (through - direct) / 2000 < 1e-6


def test_block_is_large_enough_to_pay_for_its_handling():
    assert driver.BLOCK >= 1 << 14
    assert os.cpu_count()
