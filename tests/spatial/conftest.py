"""Backends and brute-force answers for the spatial family."""

import pytest

from ferrumba.dispatch.backends import backends
from ferrumba.dispatch.registry import kernels

SPATIAL = [kernel for kernel in kernels().values() if kernel.family == "spatial"]
PRESENT = [name for name, found in backends().items() if all(found.refusal(kernel) is None for kernel in SPATIAL)]


@pytest.fixture(params=PRESENT)
def backend(request):
    return request.param
