"""The same declarations under pytest-benchmark, for a quick comparison of the backends: ``nox -s bench``."""

import pytest

from benchmarks.kernels import benchmark_call
from ferrumba.dispatch.backends import backends
from ferrumba.dispatch.registry import kernels


@pytest.mark.parametrize("backend", list(backends()))
@pytest.mark.parametrize("kernel", kernels().values(), ids=lambda kernel: kernel.name)
def test_kernel(benchmark, kernel, backend):
    benchmark.group = kernel.name
    call = benchmark_call(kernel, max(kernel.sizes), backend)
    call()
    benchmark(call)
