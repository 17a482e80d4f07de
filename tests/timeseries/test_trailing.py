"""What all functions of trailing windows take."""

import inspect

import pytest

from ferrumba import timeseries
from ferrumba.timeseries import moments, order
from ferrumba.timeseries.trailing import DEFAULTS, Trailing

FUNCTIONS = [
    function for module in (moments, order) for name, function in vars(module).items() if name.startswith("rolling_")
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_every_parameter_is_in_the_signature_and_described(function):
    """Each once, and in the order of the signature."""
    described = [line.split(" : ")[0] for line in function.__doc__.splitlines() if " : " in line and line[0] != " "]
    parameters = inspect.signature(function).parameters
    assert [name for name in described if name in parameters] == list(parameters)
    for title in ("Parameters", "Returns", "Raises", "Examples"):
        assert function.__doc__.count(f"\n{title}\n---") == 1


def test_defaults_are_declared_and_true():
    assert set(DEFAULTS) == set(Trailing.__annotations__)
    x = [1.0, float("nan"), 3.0]
    assert str(timeseries.rolling_sum(x, 2, **DEFAULTS)) == str(timeseries.rolling_sum(x, 2))


def test_an_unknown_option_is_named():
    with pytest.raises(TypeError, match="minimum"):
        timeseries.rolling_mean([1.0], 1, minimum=1)
