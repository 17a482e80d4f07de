"""Rolling sums against sums of fractions: the nearest float, whatever is in the window and was before it."""

from fractions import Fraction

import numpy as np
import pytest
from brute_windows import same_bits
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ferrumba import timeseries
from ferrumba.dispatch.backends import backends
from ferrumba.timeseries.cases import hard

BACKENDS = list(backends())


def nearest(exact):
    """Return the float nearest to a fraction."""
    try:
        return float(exact)
    except OverflowError:
        return np.inf if exact > 0 else -np.inf


def expected(x, widths):
    """Return sums and means of one column; a mean is the rounded sum, divided."""
    total, mean = np.full((2, len(x)), np.nan)
    values = [Fraction(value) if np.isfinite(value) else None for value in x.tolist()]
    exact, count, first = Fraction(0), 0, 0
    for row, width in enumerate(np.broadcast_to(widths, len(x))):
        if values[row] is not None:
            exact, count = exact + values[row], count + 1
        while first < row + 1 - width:
            if values[first] is not None:
                exact, count = exact - values[first], count - 1
            first += 1
        if count:
            total[row] = nearest(exact)
            mean[row] = total[row] / count if np.isfinite(total[row]) else nearest(exact / 2**64) / count * 2.0**64
    return total, mean


def assert_exact(x, widths, backend, **options):
    window = options.pop("window", widths)
    total, mean = expected(x, widths)
    assert same_bits(total, timeseries.rolling_sum(x, window, backend=backend, **options))
    assert same_bits(mean, timeseries.rolling_mean(x, window, backend=backend, **options))


@pytest.mark.parametrize("backend", BACKENDS)
class TestSums:
    @pytest.mark.parametrize("width", [1, 2, 3, 16, 17, 100, 700])
    def test_hard_columns(self, backend, width):
        for column in hard(np.random.default_rng(width), 600).T:
            assert_exact(column, width, backend)

    @pytest.mark.parametrize("apart", [20, 38, 39, 40, 60, 100, 500, 1000])
    def test_values_far_apart(self, backend, apart):
        """The bits of small values beside great ones, which the grids hold or do not."""
        rng = np.random.default_rng(apart)
        x = rng.standard_normal(700) * np.exp2(np.where(rng.random(700) < 0.02, 0.0, -float(apart)))
        for width in (3, 128):
            assert_exact(x, width, backend)

    def test_a_spike_in_some_of_eight_columns(self, backend):
        """Leaves the others, and what comes after it, as they are."""
        x = np.random.default_rng(0).standard_normal((1500, 8))
        x[300, 2], x[301, 5], x[700, 6] = 1e12, 1e-300, -1e300
        total = timeseries.rolling_sum(x, 64, backend=backend)
        mean = timeseries.rolling_mean(np.asfortranarray(x), 64, backend=backend)
        for column in range(8):
            wanted = expected(x[:, column], 64)
            assert same_bits(wanted[0], total[:, column])
            assert same_bits(wanted[1], mean[:, column])

    def test_halves_go_to_the_even_number(self, backend):
        x = np.array([2.0**53, 1.0, 2.0**53, 3.0, -1.0, 2.0**-1074, 2.0**54, 2.0, 1.0, -(2.0**-1000)])
        for width in (2, 3, 4, 10):
            assert_exact(x, width, backend)

    def test_windows_in_time(self, backend):
        x = hard(np.random.default_rng(4), 500)[:, 0]
        x[100] = 1e15
        times = np.arange(500).view("datetime64[s]")
        assert_exact(x, np.minimum(np.arange(500) + 1, 60), backend, window="60s", times=times)

    @given(
        x=arrays(np.float64, st.integers(1, 40), elements=st.floats(allow_nan=True, allow_infinity=True)),
        width=st.integers(1, 45),
    )
    def test_any_floats(self, backend, x, width):
        assert_exact(x, width, backend)
