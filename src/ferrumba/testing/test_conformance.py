"""Every kernel that a backend claims keeps its contract in every case, memory layout and thread count."""

from ferrumba.dispatch.backends import backends
from ferrumba.dispatch.registry import kernels
from ferrumba.testing.conformance import verify_kernel


def test_backend_loaded(conforming_backend, kernel):
    """The backend is installed, loaded without a fault, and its function for the kernel can be had."""
    assert conforming_backend in backends(), f"installed: {', '.join(backends())}"
    assert backends()[conforming_backend].fault is None
    assert callable(backends()[conforming_backend].load(kernel.name))


def test_contract(conforming_backend, kernel):
    """The answers keep the contract, inputs stay as they are, and the first invalid row is told."""
    results = list(verify_kernel(kernel, conforming_backend))
    faults = [result for result in results if result.fault]
    assert len(results) > 0
    assert not faults, "\n".join(map(str, faults))


def test_only_declared_kernels(conforming_backend, kernel):  # noqa: ARG001 - the two are given together
    """The manifest names no kernel that is not declared."""
    assert set(backends()[conforming_backend].manifest) <= set(kernels())
