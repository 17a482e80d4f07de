"""Rolling moments against two passes over every window in long doubles."""

import numpy as np
import pytest

from ferrumba import timeseries
from ferrumba.dispatch.backends import backends
from ferrumba.timeseries.cases import hard

BACKENDS = list(backends())
NAMES = ("sum", "mean", "var", "std", "skew", "kurt")


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


def two_passes(values):
    """Return the six moments of some values, and what their errors are measured by."""
    n = len(values)
    if n == 0:
        return [np.nan] * 6, [1.0] * 6
    exact = values.astype(np.longdouble)
    from_first = exact - exact[0]
    apart = from_first - from_first.mean()
    square, cube, fourth = ((apart**power).sum() for power in (2, 3, 4))
    constant = square == 0
    n = np.longdouble(n)
    skew = 0.0 if constant else n * np.sqrt(n - 1) / (n - 2) * cube / square**1.5
    kurt = -3.0 if constant else (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * n * fourth / square**2 - 3 * (n - 1))
    size = np.abs(exact).sum()
    moments = [
        exact.sum(),
        exact.mean(),
        square / (n - 1),
        np.sqrt(square / (n - 1)),
        skew if n > 2 else np.nan,
        kurt if n > 3 else np.nan,
    ]
    skewed = 1 + abs(moments[4]) * 2
    return moments, [size, size / n, moments[2], moments[3], skewed, 1 + abs(moments[5]) * 2]


def expected(x, width, least=1):
    found, sizes = np.full((2, 6, *x.shape), np.nan, np.longdouble)
    with np.errstate(all="ignore"):
        for row, column in np.ndindex(x.shape):
            values = x[max(0, row - width + 1) : row + 1, column]
            values = values[np.isfinite(values)]
            if len(values) >= least:
                found[:, row, column], sizes[:, row, column] = two_passes(values)
    return found, sizes


def found(x, width, backend, **options):
    return [getattr(timeseries, f"rolling_{name}")(x, width, backend=backend, **options) for name in NAMES]


def assert_close(x, width, backend, **options):
    """Within the tolerances of the moments, also where a sum or a square is beyond the largest float."""
    wanted, sizes = expected(x, width)
    for name, bound, want, size, got in zip(
        NAMES, (4e-16, 4e-16, 2e-12, 1e-12, 1e-9, 1e-9), wanted, sizes, found(x, width, backend, **options), strict=True
    ):
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            rounded = want.astype(np.float64)
            np.testing.assert_array_equal(np.isnan(got), np.isnan(rounded), name)
            wrong = ~(np.abs(got - want) <= bound * size + 5e-324) & (got != rounded) & ~np.isnan(rounded)
        assert not wrong.any(), f"{name}: {got[wrong][:3]} for {want[wrong][:3]}"


@pytest.mark.parametrize("width", [1, 2, 3, 4, 7, 16, 17, 100, 500])
def test_moments_are_those_of_two_passes(backend, width):
    """Every column of the hard table: offsets, denormal numbers, 1.7e308, spikes, missing values, constants."""
    assert_close(hard(np.random.default_rng(width), 200), width, backend)
