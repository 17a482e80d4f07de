"""The polynomials of the encoder and the decoder: where their coefficients come from, and what they are worth."""

import math

import mpmath
import numpy as np
import pytest

from ferrumba.healpix.numba.encode import BELT, SIN, SQRT6, sin_degrees
from ferrumba.healpix.numba.project import ASIN, INVERSE_SQRT6, asin_degrees


@pytest.fixture(autouse=True)
def fifty_digits():
    with mpmath.workdps(50):
        yield


def horner(coefficients, t):
    """Return the polynomial with these ascending coefficients at t."""
    value = mpmath.mpf(0)
    for coefficient in reversed(coefficients):
        value = value * t + coefficient
    return value


def minimax(function, end, degree):
    """Return the polynomial nearest to function on [0, end] in relative error (Remez), and that error."""
    count = degree + 2
    points = [end * (1 - mpmath.cos(mpmath.pi * i / (count - 1))) / 2 for i in range(count)]
    grid = [end * (1 - mpmath.cos(mpmath.pi * i / (40 * count))) / 2 for i in range(40 * count + 1)]
    values = [function(t) for t in grid]
    for _ in range(8):
        system = mpmath.matrix(count, count)
        for i, t in enumerate(points):
            for j in range(degree + 1):
                system[i, j] = t**j / function(t)
            system[i, degree + 1] = (-1) ** i
        solution = mpmath.lu_solve(system, mpmath.matrix([1] * count))
        coefficients = [solution[j] for j in range(degree + 1)]
        errors = [horner(coefficients, t) / value - 1 for t, value in zip(grid, values, strict=True)]
        extremes = []
        for i, error in enumerate(errors):
            if not extremes or (error > 0) != (errors[extremes[-1]] > 0):
                extremes.append(i)
            elif abs(error) > abs(errors[extremes[-1]]):
                extremes[-1] = i
        if len(extremes) != count:
            break
        points = [grid[i] for i in extremes]
    return coefficients, max(abs(error) for error in errors)


def sine_quotient(t):
    degree = mpmath.pi / 180
    return mpmath.sin(mpmath.sqrt(t) * degree) / mpmath.sqrt(t) if t else degree


def arcsine_quotient(t):
    degree = mpmath.pi / 180
    return mpmath.asin(mpmath.sqrt(t)) / mpmath.sqrt(t) / degree if t else 1 / degree


@pytest.mark.parametrize(
    ("quotient", "end", "coefficients", "bound"),
    [
        (sine_quotient, 41.82**2, SIN, 1.9e-15),
        (arcsine_quotient, 4 / 9 + 2.0**-40, ASIN, 4.1e-17),
    ],
    ids=["sine", "arcsine"],
)
def test_coefficients_are_those_of_the_minimax_polynomial(quotient, end, coefficients, bound):
    derived, error = minimax(quotient, mpmath.mpf(end), len(coefficients) - 1)
    assert error < bound
    # The last coefficients of the arcsine react to the last digits of the interval; they must do as well, not agree.
    np.testing.assert_allclose(coefficients[:4], [float(c) for c in derived[:4]], rtol=1e-9)
    given = [mpmath.mpf(c) for c in coefficients]
    grid = [mpmath.mpf(end) * i / 400 for i in range(401)]
    worst = max(abs(horner(given, t) / quotient(t) - 1) for t in grid)
    assert worst < bound + 2**-53


def samples(end, count):
    """Return a dense sweep, random points and every power of two up to ``end``."""
    rng = np.random.default_rng(11)
    dense = np.linspace(0.0, end, count)[1:]
    tiny = 2.0 ** -np.arange(1.0, 300.0)
    return np.concatenate([dense, rng.uniform(0.0, end, count), tiny[tiny < end]])


def test_sine_is_within_the_bound_of_the_guards_proof():
    for x in samples(41.82, 4000).tolist():
        exact = mpmath.sin(mpmath.mpf(x) * mpmath.pi / 180)
        assert abs(sin_degrees(x) - exact) <= 2.4e-15 * exact, x
        assert sin_degrees(-x) == -sin_degrees(x)


def test_arcsine_is_within_two_ulp():
    for x in samples(2 / 3, 4000).tolist():
        exact = mpmath.asin(mpmath.mpf(x)) * 180 / mpmath.pi
        assert abs(asin_degrees(x) - exact) <= 2 * math.ulp(float(exact)), x
        assert asin_degrees(-x) == -asin_degrees(x)


def test_constants_are_the_nearest_numbers():
    assert float(mpmath.sqrt(6)) == SQRT6
    assert float(1 / mpmath.sqrt(6)) == INVERSE_SQRT6
    assert abs(mpmath.asin(mpmath.mpf(2) / 3) * 180 / mpmath.pi - BELT) < 1e-14
