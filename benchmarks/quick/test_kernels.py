"""The same declarations under pytest-benchmark, for a quick comparison of the backends: ``nox -s bench``."""

import pytest

from benchmarks.kernels import benchmark_inputs
from ferrumba.dispatch.backends import backends
from ferrumba.dispatch.driver import run
from ferrumba.dispatch.registry import kernels


@pytest.mark.parametrize("backend", list(backends()))
@pytest.mark.parametrize("kernel", kernels().values(), ids=lambda kernel: kernel.name)
def test_kernel(benchmark, kernel, backend):
    benchmark.group = kernel.name
    inputs = benchmark_inputs(kernel, 1_000_000)
    outputs = kernel.allocate(1_000_000, inputs)
    run(kernel, inputs, outputs, backend)
    benchmark(run, kernel, inputs, outputs, backend)
