"""Rolling moments against two passes over every window in long doubles."""

import math

import numpy as np
import pandas as pd
import pytest
from brute_windows import same_bits

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


def long_columns(n):
    """Return columns that change in size, miss one row or many after long runs without, or lose what sums hold."""
    rng = np.random.default_rng(n)
    table = rng.standard_normal((n, 10))
    table[n // 3, 1] = np.nan
    table[n // 2, 2] = 1e15
    table[n // 2 :, 3] *= 1e-12
    table[n // 4 : n // 2, 4] *= 1e9
    table[n // 2 :, 5] = np.where(rng.random(n - n // 2) < 0.2, np.nan, table[n // 2 :, 5])
    table[:, 6] *= 10.0 ** rng.integers(-40, 40, n)
    table[:, 7] = np.where(np.arange(n) // 700 % 2 == 0, np.nan, table[:, 7])
    table[: n // 2, 8] = np.inf
    return table


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize(("width", "least", "nan"), [(5, 1, "omit"), (300, 250, "omit"), (128, 100, "propagate")])
def test_long_sums_and_means_are_those_of_exact_arithmetic(backend, order, width, least, nan):
    """Also where some rows of a column need other arithmetic than those before."""
    x = np.asarray(long_columns(4_000), order=order)
    total = timeseries.rolling_sum(x, width, min_periods=least, nan=nan, backend=backend)
    mean = timeseries.rolling_mean(x, width, min_periods=least, nan=nan, backend=backend)
    for row, column in np.ndindex(x.shape):
        window = x[max(0, row - width + 1) : row + 1, column]
        values = window[np.isfinite(window)]
        enough = len(values) >= (max(least, len(window)) if nan == "propagate" else least)
        expected = math.fsum(values) if enough else math.nan
        assert same_bits(total[row, column], expected), (row, column)
        assert same_bits(mean[row, column], expected / max(len(values), 1)), (row, column)


@pytest.mark.parametrize("width", [3, 64, 300])
@pytest.mark.parametrize("order", "CF")
def test_windows_of_rows_are_windows_in_time(backend, width, order):
    """Bit for bit, although the ones meet their nodes on delay lines and the others pick them."""
    x = np.asarray(hard(np.random.default_rng(width), 700), order=order)
    times = np.arange(700).view("datetime64[s]")
    for name in ("mean", "std", "skew", "slope"):
        function = getattr(timeseries, f"rolling_{name}")
        more = {"per": "row"} if name == "slope" else {}
        by_rows = function(x, width, backend=backend, **more)
        assert same_bits(by_rows, function(x, f"{width}s", times=times, backend=backend, **more)), name


@pytest.mark.parametrize("width", [5, 16, 100])
def test_parts_agree_with_the_whole(backend, width):
    """To the tolerances, wherever a part begins; sums and means to the bit."""
    x = hard(np.random.default_rng(width), 400)
    whole = found(x, width, backend)
    for cut in (1, 37, 250):
        part = found(x[cut:], width, backend, history=x[:cut])
        for name, bound, want, got in zip(NAMES, (0, 0, 2e-12, 1e-12, 1e-9, 1e-9), whole, part, strict=True):
            more = 1.0 if name in ("skew", "kurt") else 0.0
            np.testing.assert_allclose(got, want[cut:], rtol=bound, atol=more * bound, err_msg=name)


class TestSlope:
    @pytest.mark.parametrize("width", [1, 2, 3, 16, 100])
    def test_slopes_are_those_of_long_doubles(self, backend, width):
        """Also with missing values, at an offset, and for denormal numbers and 1.7e308."""
        x = hard(np.random.default_rng(width), 200)
        found = timeseries.rolling_slope(x, width, backend=backend)
        for row, column in np.ndindex(x.shape):
            window = x[max(0, row - width + 1) : row + 1, column]
            times = np.flatnonzero(np.isfinite(window))
            if len(times) < 2:
                assert np.isnan(found[row, column])
                continue
            values = window[times].astype(np.longdouble)
            apart = (values - values[0]) - (values - values[0]).mean()
            times = times - times.mean(dtype=np.longdouble)
            slope = (times * apart).sum() / (times * times).sum()
            size = np.abs(apart).sum() / np.abs(times).sum()
            with np.errstate(over="ignore"):
                rounded = np.float64(slope)
            assert found[row, column] == rounded or abs(found[row, column] - slope) <= 1e-14 * size + 5e-324

    def test_per_second(self, backend):
        """By the times of the rows, however far they are apart."""
        rng = np.random.default_rng(0)
        x = rng.standard_normal(500)
        for most in (10**3, 10**9, 10**16):
            times = np.cumsum(rng.integers(1, most, 500)) + 1_700_000_000_000_000_000
            found = timeseries.rolling_slope(x, 20, times=times.view("datetime64[ns]"), backend=backend)
            seconds = (times - times[0]) * np.longdouble("1e-9")
            for row in range(1, 500):
                here = slice(max(0, row - 19), row + 1)
                late, apart = seconds[here] - seconds[here].mean(), x[here] - x[here].mean(dtype=np.longdouble)
                slope = (late * apart).sum() / (late * late).sum()
                size = np.sqrt((apart * apart).sum() / (late * late).sum())
                assert abs(found[row] - slope) <= (1e-13 if most < 10**15 else 1e-9) * size

    def test_frames_have_their_times(self):
        index = pd.date_range("2026-01-01", periods=5, freq="10s")
        frame = pd.DataFrame({"a": [0.0, 1, 2, 3, 4]}, index)
        assert timeseries.rolling_slope(frame, 3)["a"].iloc[-1] == 1.0
        assert timeseries.rolling_slope(frame, 3, per="second")["a"].iloc[-1] == 0.1
        assert timeseries.rolling_slope(frame, "30s", per="second")["a"].iloc[-1] == 0.1

    def test_what_is_refused(self):
        with pytest.raises(ValueError, match="per is 'minute', but a slope is per 'row' or per 'second'"):
            timeseries.rolling_slope([1.0], 2, per="minute")
        with pytest.raises(ValueError, match="but the rows have no times"):
            timeseries.rolling_slope([1.0], 2, per="second")
        with pytest.raises(ValueError, match="history is given with slopes per second"):
            timeseries.rolling_slope([1.0], 2, per="second", history=[1.0])
