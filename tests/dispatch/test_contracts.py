import numpy as np
import pytest

from ferrumba.dispatch.contracts import Bitwise, Close, CloseInRow, SameSet

NAN = np.nan


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ([1.0, NAN], [1.0, -NAN], True),
        ([0.0], [-0.0], False),
        ([1.0], [np.nextafter(1.0, 2.0)], False),
        ([NAN], [1.0], False),
        ([], [], True),
    ],
)
def test_bitwise(a, b, same):
    assert (Bitwise().check(np.array(a), np.array(b)) is None) is same


def test_form_counts_too():
    assert "dtype" in Bitwise().check(np.zeros(2), np.zeros(2, np.float32))
    assert "shape" in SameSet().check(np.zeros(2), np.zeros((2, 1)))


def test_first_difference_is_named():
    assert "2 of 4 values differ, first at (1,)" in Bitwise().check(np.array([1, 2, 3, 4]), np.array([1, 5, 3, 6]))


@pytest.mark.parametrize(("steps", "same"), [(0, True), (2, True), (3, False)])
def test_close(steps, same):
    other = 1.0 + steps * np.spacing(1.0)
    assert (Close(ulps=2).check(np.array([1.0, NAN, np.inf]), np.array([other, NAN, np.inf])) is None) is same


def test_close_does_not_take_infinity_for_a_number():
    assert Close(ulps=2).check(np.array([np.inf]), np.array([1.0])) is not None


def test_close_in_row():
    """What is small beside the largest value of its row may differ; rows do not count for each other."""
    contract = CloseInRow(1e-3)
    reference = np.array([[1.0, 1e-9], [NAN, 1e-9], [NAN, NAN], [0.0, 0.0]])
    other = reference.copy()
    other[0] += 5e-4
    assert contract.check(reference, other) is None
    other[1, 1] = 0.0
    assert "1 of 8 values differ, first at (1, 1)" in contract.check(reference, other)
    assert contract.check(reference, np.nan_to_num(reference)) is not None
    assert contract.check(np.empty((0, 2)), np.empty((0, 2))) is None
    assert not contract.switchable


def test_same_set():
    assert SameSet().check(np.array([[1, 2], [3, 4]]), np.array([[2, 1], [4, 3]])) is None
    assert SameSet().check(np.array([[1, 2], [3, 4]]), np.array([[3, 4], [1, 2]])) is not None


def test_only_the_invisible_may_switch():
    assert Bitwise().switchable
    assert not Close(ulps=1).switchable
    assert not SameSet().switchable
