"""The border of the Rust wheel: whatever arrives, it answers or raises an ordinary exception, and harms no memory."""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from ferrumba.dispatch.registry import kernels

wheel = pytest.importorskip("ferrumba_rust", reason="the Rust wheel is not installed")
MANIFEST = wheel.backend.MANIFEST
SERVED = sorted(name for name in MANIFEST if name in kernels())


def call(name, rows=40, case=0):
    """Return a kernel's declaration, its function, and arrays that fit: inputs and outputs."""
    kernel = kernels()[name]
    cases = list(kernel.cases(np.random.default_rng(1), rows))
    inputs = [np.array(values) for values in cases[case % len(cases)][1]]
    outputs = list(kernel.allocate(kernel.count_rows(inputs), inputs))
    for values in outputs:
        values.fill(0)
    return kernel, wheel.backend.load(name), inputs, outputs


def written(kernel):
    """Return the positions of the arguments that a kernel writes."""
    return [*kernel.states, *range(len(kernel.inputs), len(kernel.arguments))]


@pytest.fixture(params=SERVED)
def fitting(request):
    return call(request.param)


def test_the_manifest_names_the_functions_of_the_binary():
    """Every name loads, at the declared revision, and nothing else does."""
    for name, revision in MANIFEST.items():
        assert callable(wheel.backend.load(name))
        if name in kernels():
            assert revision == kernels()[name].revision
    assert set(kernels()) <= set(MANIFEST)
    with pytest.raises(KeyError, match=r"has no kernel 'healpix.nothing'; it has .*healpix.is_morton"):
        wheel.backend.load("healpix.nothing")


def test_info_tells_of_build_and_processor():
    """What a report of a fault needs is there."""
    facts = wheel.backend.info()
    assert facts.keys() >= {"profile", "opt_level", "debug_assertions", "rustc", "target", "target_features"}
    assert facts["simd_active"] in facts["simd_available"]
    assert set(facts["simd_available"]) <= set(facts["simd_compiled"])
    assert facts["simd_available"][0] == "baseline"


def test_fitting_arrays_are_taken(fitting):
    """The arrays that the other tests spoil are good ones."""
    _, function, inputs, outputs = fitting
    assert isinstance(function(*inputs, *outputs), int)


def test_wrong_dtypes_are_refused(fitting):
    """Another type, another byte order and what is no array: a TypeError that says what is taken."""
    _, function, inputs, outputs = fitting
    arrays = [*inputs, *outputs]
    for i, values in enumerate(arrays):
        swapped = values.astype(values.dtype.newbyteorder()) if values.dtype.itemsize > 1 else values.astype("i2")
        single, half = np.zeros(values.shape, "f4"), np.zeros(values.shape, "u2")
        for bad in (single, half, swapped, values.tolist(), None, 7):
            with pytest.raises(TypeError, match=f"native {values.dtype}"):
                function(*arrays[:i], bad, *arrays[i + 1 :])


def test_wrong_numbers_of_arguments_are_refused(fitting):
    """One too few, one too many, and names."""
    _, function, inputs, outputs = fitting
    arrays = [*inputs, *outputs]
    for bad in (arrays[:-1], [*arrays, arrays[0]], []):
        with pytest.raises(TypeError):
            function(*bad)
    with pytest.raises(TypeError):
        function(*arrays, backend="numba")


def test_wrong_layouts_are_refused(fitting):
    """Strides, Fortran order and odd addresses: a ValueError that names the argument."""
    kernel, function, inputs, outputs = fitting
    arrays = [*inputs, *outputs]
    for i, (argument, values) in enumerate(zip(kernel.arguments, arrays, strict=True)):
        if values.size < 2:
            continue
        name = f"{argument.name} " if i < len(kernel.inputs) else ""
        tables = ("history", "columns", "row") if kernel.history is not None else ()
        strided = argument.kind in tables  # kernels of tables take any strides
        spoilt = [] if strided or len(values) < 2 else [np.repeat(values, 2, axis=0)[::2], values[::-1]]
        if values.ndim > 1 and min(values.shape) > 1 and not strided:
            spoilt.append(np.asfortranarray(values))
        if values.dtype.itemsize > 1:
            buffer = np.zeros(values.nbytes + 1, np.uint8)
            spoilt.append(buffer[1:].view(values.dtype).reshape(values.shape))
        for bad in spoilt:
            with pytest.raises(ValueError, match=f"{name}is not (C-contiguous and )?aligned"):
                function(*arrays[:i], bad, *arrays[i + 1 :])


def test_wrong_lengths_are_refused(fitting):
    """An array with a row too many, unless any number of rows will do."""
    kernel, function, inputs, outputs = fitting
    arrays = [*inputs, *outputs]
    by_row = [i for i, argument in enumerate(kernel.arguments) if argument.kind in ("row", "columns")]
    uniform = [i for i, argument in enumerate(kernel.arguments) if argument.kind == "uniform"]
    for i in [*(by_row if len(by_row) > 1 else []), *uniform]:
        longer = np.concatenate([arrays[i], arrays[i][:1], arrays[i][:1]])
        with pytest.raises(ValueError, match=r"has the length|has the shape"):
            function(*arrays[:i], longer, *arrays[i + 1 :])


def test_wrong_dimensions_are_refused(fitting):
    """One dimension more, and none."""
    _, function, inputs, outputs = fitting
    arrays = [*inputs, *outputs]
    for i, values in enumerate(arrays):
        for bad in (values[..., None], np.zeros((), values.dtype)):
            with pytest.raises(ValueError, match="has the shape"):
                function(*arrays[:i], bad, *arrays[i + 1 :])


def test_read_only_arrays_are_read_and_not_written(fitting):
    """Inputs may be read-only; outputs and states may not."""
    kernel, function, inputs, outputs = fitting
    arrays = [*inputs, *outputs]
    for i, values in enumerate(arrays):
        frozen = values.copy()
        frozen.flags.writeable = False
        before = frozen.tobytes()
        if i in written(kernel):
            with pytest.raises(ValueError, match="read-only"):
                function(*arrays[:i], frozen, *arrays[i + 1 :])
        else:
            function(*arrays[:i], frozen, *arrays[i + 1 :])
        assert frozen.tobytes() == before


def test_written_arrays_share_no_memory(fitting):
    """An output that overlaps an input or another output, wholly or by one element, is refused."""
    kernel, function, inputs, outputs = fitting
    arrays = [*inputs, *outputs]
    for i in written(kernel):
        for j, other in enumerate(arrays):
            if i == j or not (arrays[i].size and other.size):
                continue
            first, second = (arrays[k].nbytes + 8 - arrays[k].nbytes % 8 for k in (i, j))
            buffer = np.zeros(first + second, np.uint8)
            start = first - 8
            one = buffer[: arrays[i].nbytes].view(arrays[i].dtype).reshape(arrays[i].shape)
            for offset in (0, max(0, start - start % 8 - 8)):
                two = buffer[offset : offset + other.nbytes].view(other.dtype).reshape(other.shape)
                if not np.shares_memory(one, two):
                    continue
                two[...] = other
                spoilt = list(arrays)
                spoilt[i], spoilt[j] = one, two
                with pytest.raises(ValueError, match="shares memory"):
                    function(*spoilt)


def test_threads_fill_disjoint_slices_of_one_array():
    """Eight threads on the slices of one output do not get into each other's way."""
    _, function, (lon, lat, order), _ = call("healpix.lonlat_to_nested", 8 * 5000)
    expected, found = np.empty(len(lon), np.int64), np.empty(len(lon), np.int64)
    function(lon, lat, order[:1], expected)
    faults = []

    def work(part):
        rows = slice(5000 * part, 5000 * (part + 1))
        try:
            for _ in range(50):
                function(lon[rows], lat[rows], order[:1], found[rows])
        except Exception as fault:  # noqa: BLE001 - a thread hands over whatever it met
            faults.append(fault)

    workers = [threading.Thread(target=work, args=(part,)) for part in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not faults
    assert np.array_equal(found, expected)


def strided_views(rows, columns):
    """Return tables of one shape that lie in memory in every way: the views, and the arrays that they are cut from."""
    wide = np.zeros((2 * rows, 3 * columns))
    return [
        np.zeros((rows, columns)),
        np.zeros((rows, columns), order="F"),
        np.zeros((rows, columns))[::-1, ::-1],
        wide[::2, ::3],
        wide.T.copy().T[1::2, 1::3],
        np.zeros((columns, rows))[::-1].T,
    ]


def test_tables_of_any_strides_are_read_and_written_in_place():
    """Nothing beside the elements of a view is touched."""
    _, function, (values, *rest), (median,) = call("timeseries.rolling_median", 50, 1)
    function(values, *rest, median)
    for source in strided_views(*values.shape):
        source[...] = values
        for target in strided_views(*median.shape):
            whole = target if target.base is None else target.base
            target[...] = np.nan
            others = np.count_nonzero(whole == 0.0)
            function(source, *rest, target)
            np.testing.assert_array_equal(target, median)
            target[...] = np.nan
            assert np.count_nonzero(whole == 0.0) == others


def test_a_table_that_is_written_has_each_element_once():
    """Views in which two elements share memory are refused as outputs, and taken as inputs."""
    _, function, (_, *rest), _ = call("timeseries.rolling_median", 50)
    view = np.lib.stride_tricks.as_strided
    row = np.zeros(60)
    for twice in (view(row, (50, 3), (8, 8)), view(row, (50, 3), (0, 8)), view(row, (20, 5), (16, 8))):
        function(twice, *rest, np.zeros(twice.shape))
        with pytest.raises(ValueError, match="elements that share memory"):
            function(np.zeros(twice.shape), *rest, twice)


@pytest.mark.parametrize("order", ["C", "F"])
def test_threads_fill_interleaved_columns_of_one_table(order):
    """Column by column and block by block of one output, at the same time; only true overlaps are refused."""
    _, function, (values, *rest), _ = call("timeseries.rolling_median", 4000, 1)
    expected = np.zeros(values.shape)
    function(values, *rest, expected)
    found = np.zeros(values.shape, order=order)
    faults = []

    def work(first):
        try:
            for _ in range(50):
                for columns in (slice(first, first + 1), slice(first + 1, first + 3)):
                    function(values[:, columns], *rest, found[:, columns])
        except Exception as fault:  # noqa: BLE001 - a thread hands over whatever it met
            faults.append(fault)

    workers = [threading.Thread(target=work, args=(first,)) for first in (0, 3, 6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not faults
    np.testing.assert_array_equal(found[:, :9], expected[:, :9])
    buffer = np.zeros((30, 12))
    for mine, other in (
        (buffer[:, 2:5], buffer[:, 4:7]),
        (buffer[:10, 2:5], buffer[9:20, 4:7]),
        (buffer[::2, :3], buffer[::2, 2:5]),
        (buffer[:, :3], buffer[::2, :3]),
    ):
        for source, target in ((mine, other), (other, mine)):
            rows = min(len(source), len(target))
            with pytest.raises(ValueError, match="shares memory"):
                function(source[:rows], *rest, target[:rows, : source.shape[1]])
    function(buffer[:, 2:5], *rest, buffer[:, 5:8])
    function(buffer[::-1, 2:5], *rest, buffer[::-1, 8:5:-1])
    with pytest.raises(ValueError, match="has the length"):
        function(np.zeros((9, 2)), *rest, np.zeros((10, 2)))


def test_flags_may_hold_any_byte():
    """A NumPy array of flags may hold other bytes than 0 and 1; they count as true, and outputs may hold any."""
    _, function, inputs, (count,) = call("spatial.count", 300, 2)
    inputs[5] = np.full(len(inputs[4]), 173, np.uint8).view(bool)
    function(*inputs, count)
    expected = count.copy()
    inputs[5] = np.ones(len(inputs[4]), bool)
    function(*inputs, count)
    assert np.array_equal(count, expected)
    _, function, inputs, _ = call("healpix.is_morton", 300)
    valid = np.full(300, 255, np.uint8)
    function(*inputs, valid.view(bool))
    assert set(valid) <= {0, 1}


@pytest.mark.parametrize("name", [name for name in SERVED if name.startswith("spatial.")])
def test_any_bytes_in_the_tables_of_a_grid_do_no_harm(name):
    """Tables that are no grid lead to some result or to an ordinary exception, never beyond the arrays."""
    rng = np.random.default_rng(7)
    special = [0.0, -0.0, np.nan, np.inf, -np.inf, 1e300, -1e300, 5e-324, 2.0**31, 2.0**63]
    for case in range(6):
        kernel, function, inputs, outputs = call(name, 60, case)
        tables = [i for i, a in enumerate(kernel.inputs) if a.kind in ("whole", "state") or a.name == "order"]
        for _ in range(60):
            arrays = [values.copy() for values in inputs]
            for i in rng.choice(tables, rng.integers(1, 4)) if tables else []:
                values = arrays[i].reshape(-1)
                if not values.size or kernel.inputs[i].name == "k":
                    continue
                at = rng.integers(0, values.size, 1 + values.size // 4)
                if values.dtype.kind == "f":
                    values[at] = rng.choice(special, len(at))
                elif values.dtype.kind == "i":
                    limits = np.iinfo(values.dtype)
                    values[at] = rng.choice([limits.min, limits.max, -1, 0, 1, 59, 60, 61, 1000], len(at))
                else:
                    values[at] = rng.random(len(at)) < 0.5
            with contextlib.suppress(ValueError):
                assert isinstance(function(*arrays, *outputs), int)


def test_tables_of_other_lengths_do_no_harm():
    """A grid's tables that are too short or too long are no grid."""
    for name in (name for name in SERVED if name.startswith("spatial.")):
        kernel, function, inputs, outputs = call(name, 60)
        for i, argument in enumerate(kernel.inputs):
            if argument.kind in ("whole", "state"):
                for values in (inputs[i][:0], inputs[i][:-1], np.concatenate([inputs[i], inputs[i][:1]])):
                    function(*inputs[:i], values.copy(), *inputs[i + 1 :], *outputs)


BAD_LEVEL = """
import json, numpy as np, ferrumba_rust
faults = []
for _ in range(2):
    try:
        ferrumba_rust.backend.load("healpix.morton_order")(np.array([1]), np.empty(1, np.int64))
    except Exception as fault:
        faults.append([type(fault).__name__, str(fault)])
print(json.dumps([faults, ferrumba_rust.backend.info()["simd_active"]]))
"""


@pytest.mark.parametrize("value", ["AVX2", "sse9", "1", "avx1024"])
def test_an_unknown_level_is_an_error_every_time(value):
    """The switch for the SIMD level is parsed strictly, and the import works whatever it says."""
    environment = {**os.environ, "FERRUMBA_RUST_SIMD": value}
    done = subprocess.run(
        [sys.executable, "-c", BAD_LEVEL], env=environment, capture_output=True, text=True, check=True
    )
    faults, active = json.loads(done.stdout)
    assert len(faults) == 2
    for kind, text in faults:
        assert kind == "ValueError"
        assert re.search(f'FERRUMBA_RUST_SIMD is "{value}", which is unknown; set it to auto, baseline', text)
    assert "FERRUMBA_RUST_SIMD" in active


def test_the_stems_of_both_languages_agree():
    """Each kernel is the file of the same stem on both sides."""
    root = Path(__file__).parents[2]
    source = root / "rust_backend" / "kernels" / "src"
    if not source.is_dir():
        pytest.skip("the sources of the Rust wheel are not here")
    for name in kernels():
        family, _, stem = name.partition(".")
        assert (source / family / f"{stem}.rs").is_file()
        assert (root / "src" / "ferrumba" / family / "numba" / f"{stem}.py").is_file()
