"""The pytest plug-in of Ferrumba: ``--ferrumba-backend=NAME`` chooses what the conformance suite looks at."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption(
        "--ferrumba-backend",
        action="append",
        default=[],
        metavar="NAME",
        help="run ferrumba.testing on this installed backend (repeatable; all installed ones by default)",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give every test that asks for ``conforming_backend`` one run for each backend and kernel."""
    if "conforming_backend" not in metafunc.fixturenames:
        return
    from ferrumba.dispatch.backends import backends
    from ferrumba.dispatch.registry import kernels

    asked = metafunc.config.getoption("--ferrumba-backend") or list(backends())
    pairs = [
        pytest.param(name, kernel, id=f"{name}-{kernel.name}")
        for name in asked
        for kernel in kernels().values()
        if name not in backends() or backends()[name].manifest.get(kernel.name) == kernel.revision
    ]
    metafunc.parametrize(("conforming_backend", "kernel"), pairs)
