"""What bucket-search's own tests ask of its classes, through the compatible module."""

import numpy as np
import pytest

from ferrumba.compat.bucket_search import PointBin3D, PointBin3D_JIT

POINTS = np.array([[0.0, 0.0, 0.0], [10.0, 10.0, 10.0], [5.5, 5.5, 5.5], [9.0, 1.0, 1.0], [0.5, 0.5, 1.36602540378]])
WIDTHS = np.array([5.0, 5.0, 5.0])


@pytest.fixture(params=[PointBin3D, PointBin3D_JIT])
def bins(request):
    return request.param(POINTS, WIDTHS)


def test_search_accumulate_reset(bins):
    bins.radius_search(np.array([5.0, 5.0, 5.0]), 1.5)
    assert bins.found_indices().tolist() == [2]
    bins.radius_search(np.array([0.5, 0.5, 0.0]), 0.8)
    assert bins.found_indices().tolist() == [2, 0]
    bins.radius_search(np.array([5.0, 5.0, 5.0]), 1.5)
    assert len(bins.found_indices()) == 2
    bins.reset()
    assert bins.found_indices().tolist() == []
    bins.radius_search(np.array([5.0, 5.0, 5.0]), 1.5)
    assert bins.found_indices().tolist() == [2]
    assert repr(bins) == "PointBin3D(n_points=5, found_count=1)"


def test_attributes_of_the_numba_class():
    bins = PointBin3D_JIT(POINTS, WIDTHS)
    np.testing.assert_array_equal(bins.bin_shape, [3, 3, 3])
    np.testing.assert_array_equal(bins.origin, [0, 0, 0])
    np.testing.assert_array_equal(bins.original_points, POINTS)
    np.testing.assert_array_equal(bins.points, POINTS[bins.original_indices])
    assert bins.first_member[1, 1, 1] >= 0
    bins.radius_search(np.array([5.0, 5.0, 5.0]), 1.5)
    assert bins.found_count == 1
    assert bins.first_member[1, 1, 1] == -1
    bins.reset()
    assert POINTS[bins.original_indices[bins.first_member[1, 1, 1]]].tolist() == [5.5, 5.5, 5.5]


def test_accessors_of_the_rust_class():
    bins = PointBin3D(POINTS, WIDTHS)
    assert bins.found_count() == 0
    assert bins.bin_shape().tolist() == [3, 3, 3]
    assert bins.origin().tolist() == [0, 0, 0]
    bins.original_points()[:] = 7.0
    np.testing.assert_array_equal(bins.original_points(), POINTS)


@pytest.mark.parametrize("kind", [PointBin3D, PointBin3D_JIT])
def test_error_texts(kind):
    with pytest.raises(ValueError, match="3 columns"):
        kind(np.zeros((4, 2)), WIDTHS)
    with pytest.raises(ValueError, match="3 elements"):
        kind(POINTS, np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="3 elements"):
        kind(POINTS, WIDTHS).radius_search([1.0], 1.0)


def test_bins_that_no_memory_would_hold():
    bins = PointBin3D_JIT(np.array([[0.0, 0, 0], [1e12, 1e12, 1e12]]), [0.1, 0.1, 0.1])
    assert bins.bin_shape.min() > 9e12
    bins.radius_search([1e12, 1e12, 1e12], 1.0)
    assert bins.found_indices().tolist() == [1]
    with pytest.raises(ValueError, match="first_member would hold"):
        bins.first_member  # noqa: B018 - the access is the test


def test_no_points(bins):
    empty = type(bins)(np.empty((0, 3)), WIDTHS)
    empty.radius_search([0.0, 0, 0], np.inf)
    assert empty.found_indices().tolist() == []
