"""Properties of every declared kernel on every backend: cutting, repetition, any bits at all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ferrumba.dispatch import driver
from ferrumba.dispatch.backends import backends
from ferrumba.dispatch.registry import kernels
from ferrumba.testing.conformance import reference


def pairs(fits):
    return [
        pytest.param(kernel, name, id=f"{kernel.name}-{name}")
        for kernel in kernels().values()
        for name, backend in backends().items()
        if fits(kernel) and backend.refusal(kernel) is None
    ]


def call(kernel, backend, inputs, rows):
    outputs = kernel.allocate(rows, inputs)
    return outputs, driver.run(kernel, inputs, outputs, backend)


def part(kernel, arrays, rows, start, stop):
    """Return the inputs and the outputs of some rows."""
    cut = tuple(driver.blocks_of(kernel, arrays, rows).cut(start, stop))
    return cut[: len(kernel.inputs)], cut[len(kernel.inputs) :]


def assert_same(kernel, expected, found):
    for wanted, got in zip(expected, found, strict=True):
        assert (fault := kernel.contract.check(wanted, got)) is None, fault


@pytest.mark.parametrize(("kernel", "backend"), pairs(lambda kernel: not kernel.serial))
@settings(max_examples=20)
@given(seed=st.integers(0, 2**32), rows=st.integers(1, 300), data=st.data())
def test_rows_do_not_depend_on_each_other(kernel, backend, seed, rows, data):
    """A call on two halves gives the rows of one call on the whole, and the first invalid row of either."""
    drawn = data.draw(st.integers(0, rows))
    for _, inputs in kernel.cases(np.random.default_rng(seed), rows):
        cut = drawn
        if kernel.anchored:  # cut where sums begin anew, if that is at all
            window = inputs[kernel.window]
            cut = drawn // window[0] * window[0] if len(window) == 1 else 0
        whole, first_bad = call(kernel, backend, inputs, rows)
        joined = kernel.allocate(rows, inputs)
        low, high = (
            driver.run(kernel, *part(kernel, (*inputs, *joined), rows, *ends), backend)
            for ends in ((0, cut), (cut, rows))
        )
        assert_same(kernel, whole, joined)
        assert first_bad == (low if low >= 0 else high + cut if high >= 0 else -1)


SPECIAL = {
    "float64": [0.0, -0.0, 5e-324, 90.0, -90.0, 180.0, 360.0, 1e308, np.inf, -np.inf, np.nan],
    "int64": [0, 1, -1, 2**62, -(2**62), 2**63 - 1, -(2**63), 10**18, -(10**18), 29, 30],
}


@pytest.mark.parametrize(("kernel", "backend"), pairs(lambda kernel: kernel.elementwise))
@settings(max_examples=60)
@given(data=st.data(), rows=st.integers(0, 20))
def test_any_bits_give_what_the_reference_gives(kernel, backend, data, rows):
    """Whatever 64 bits stand in an input, no backend crashes, and all agree; only sizes of results stay sane.

    Tables are excepted: a kernel trusts the grid that its family built.
    """
    inputs = []
    for argument in kernel.inputs:
        if argument.name == "levels":
            values = [data.draw(st.integers(0, 3))]
        else:
            any_bits = st.integers(-(2**63), 2**63 - 1) if argument.dtype == "int64" else st.floats(width=64)
            values = data.draw(
                st.lists(any_bits | st.sampled_from(SPECIAL[argument.dtype]), min_size=rows, max_size=rows)
            )
        inputs.append(np.array(values, argument.dtype))
    expected, first_bad = reference(kernel, tuple(inputs))
    found, status = call(kernel, backend, tuple(inputs), rows)
    assert_same(kernel, expected, found)
    assert status == first_bad
