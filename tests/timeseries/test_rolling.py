"""What holds for every rolling kernel, from its declaration: windows are trailing, local, and can be cut anywhere."""

import itertools

import numpy as np
import pytest

import ferrumba
from ferrumba.dispatch import driver
from ferrumba.dispatch.backends import backends
from ferrumba.testing.conformance import small_blocks
from ferrumba.timeseries import declarations
from ferrumba.timeseries.cases import hard, time_windows

WINDOWS = (1, 2, 3, 4, 15, 16, 17, 64, 255)

ROLLING = [
    pytest.param(kernel, name, id=f"{kernel.stem}-{name}")
    for kernel in declarations.KERNELS
    if kernel.inputs[:4] == declarations.ROLLING
    and kernel.stem != "rolling_band_energy"  # which takes windows of one length
    for name, backend in backends().items()
    if backend.refusal(kernel) is None
]


def extra(kernel, rows):
    """Return the inputs that a kernel takes beside those of every rolling one."""
    given = next(inputs for label, inputs in kernel.cases(np.random.default_rng(0), 5) if "hard" in label)
    declared = zip(kernel.inputs[4:], given[4:], strict=True)
    return [np.empty((rows, 0)) if argument.kind == "history" else array for argument, array in declared]


def observed(kernel, values):
    """Return where there is an observation for each output column: a finite value, or two."""
    finite = np.isfinite(values)
    if "pairs" not in [argument.name for argument in kernel.inputs]:
        return finite
    first, second = extra(kernel, 0)[0].T
    return finite[:, first] & finite[:, second]


def call(kernel, backend, values, width, least=1, propagate=False, rows=None):
    """Return the outputs of a kernel for the last rows of a table."""
    rows = len(values) if rows is None else rows
    inputs = (
        values,
        np.atleast_1d(width).astype(np.int64),
        np.array([least]),
        np.array([propagate]),
        *extra(kernel, len(values)),
    )
    outputs = kernel.allocate(rows, inputs)
    for output in outputs:
        output.fill(7.0)
    driver.run(kernel, inputs, outputs, backend)
    return outputs


def assert_same(kernel, expected, found):
    for wanted, got in zip(expected, found, strict=True):
        assert (fault := kernel.contract.check(wanted, got)) is None, fault


def without(kernel, bad, outputs):
    """Return outputs with what stands for no result where values are bad."""
    results = []
    for declared, output in zip(kernel.outputs, outputs, strict=True):
        spread = np.repeat(bad, output.shape[1] // bad.shape[1], axis=1)
        results.append(np.where(spread, np.array(declared.sentinel, output.dtype), output))
    return results


@pytest.mark.parametrize(("kernel", "backend"), ROLLING)
class TestRolling:
    def test_causality(self, kernel, backend):
        """What comes later changes nothing."""
        x = hard(np.random.default_rng(1), 400)
        for width in (1, 7, 64):
            whole = call(kernel, backend, x, width)
            for row in (0, 1, 63, 64, 200):
                changed = x.copy()
                changed[row + 1 :] = 1e12
                found = call(kernel, backend, changed, width)
                assert_same(kernel, [o[: row + 1] for o in whole], [o[: row + 1] for o in found])

    def test_history_independence(self, kernel, backend):
        """A window gives the same behind spikes of 1e12 and anything else."""
        x = hard(np.random.default_rng(2), 300)
        for width in (1, 2, 5, 16, 64):
            expected = call(kernel, backend, x, width)
            for row in (299, 290, 128, 100):
                spoilt = x.copy()
                before = spoilt[: row - width + 1]
                before[:] = np.random.default_rng(3).choice([1e12, -1e300, np.nan, np.inf, 0.0], before.shape)
                found = call(kernel, backend, spoilt, width)
                assert_same(kernel, [o[row : row + 1] for o in expected], [o[row : row + 1] for o in found])

    @pytest.mark.parametrize("width", WINDOWS)
    def test_chunks_join_to_the_whole(self, kernel, backend, width):
        """Blocks with the rows before them as history give the bits of one piece; sums that begin anew do so there."""
        x = hard(np.random.default_rng(4), 600)
        whole = call(kernel, backend, x, width, min(width, 3))
        for cuts in ([0, 1, 2, 600], [0, width, 600], [0, 100, 350, 351, 600]):
            step = width if kernel.anchored else 1
            ends = list(itertools.pairwise(sorted({min(cut * step, 600) for cut in cuts})))
            parts = [
                call(kernel, backend, x[max(0, a - width + 1) : b], width, min(width, 3), rows=b - a) for a, b in ends
            ]
            assert_same(kernel, whole, [np.concatenate(part) for part in zip(*parts, strict=True)])

    @pytest.mark.parametrize("count", [1, 2, 7])
    def test_blocks_of_rows_and_columns_join(self, kernel, backend, count):
        """However the driver cuts, in either order of memory and with any number of threads."""
        rng = np.random.default_rng(5)
        x = np.hstack([hard(rng, 500), hard(rng, 500)])
        for width in (3, 40, time_windows(rng, 500, 60)):
            whole = call(kernel, backend, x, width)
            for layout in (np.ascontiguousarray, np.asfortranarray, lambda a: a[::-1, ::-1].copy()[::-1, ::-1]):
                with small_blocks(64), ferrumba.threads(count):
                    found = call(kernel, backend, layout(x), width)
                assert_same(kernel, whole, found)

    @pytest.mark.parametrize("n", [0, 1, 2, 15, 16, 17])
    def test_windows_beside_the_number_of_rows(self, kernel, backend, n):
        """Windows longer than the table are those of all rows."""
        x = hard(np.random.default_rng(6), n)
        longest = call(kernel, backend, x, max(n, 1))
        for width in (17, 1000, 2**62):
            assert_same(kernel, longest, call(kernel, backend, x, width))

    def test_row_windows_are_time_windows_of_equal_width(self, kernel, backend):
        """One width for all rows is the special case of one for each."""
        x = hard(np.random.default_rng(7), 300)
        for width in (1, 5, 64):
            assert_same(kernel, call(kernel, backend, x, width), call(kernel, backend, x, np.full(300, width)))

    def test_propagation_spoils_windows_with_missing_values_only(self, kernel, backend):
        """A window of finite values gives the same under both policies, and any other NaN."""
        x = hard(np.random.default_rng(8), 300)
        for width in (1, 3, 16):
            omitted = call(kernel, backend, x, width)
            found = call(kernel, backend, x, width, propagate=True)
            seen = observed(kernel, x)
            bad = np.array([~seen[max(0, i - width + 1) : i + 1].all(axis=0) for i in range(300)])
            assert_same(kernel, without(kernel, bad, omitted), found)

    def test_min_periods_counts_finite_values(self, kernel, backend):
        """With fewer finite values than that there is no result, and otherwise the same one."""
        x = hard(np.random.default_rng(9), 300)
        free = call(kernel, backend, x, 16)
        for least in (1, 8, 16):
            seen = observed(kernel, x)
            finite = np.array([seen[max(0, i - 15) : i + 1].sum(axis=0) for i in range(300)])
            assert_same(kernel, without(kernel, finite < least, free), call(kernel, backend, x, 16, least))
