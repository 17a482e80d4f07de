"""What holds for the tests of time series."""

import pytest

import ferrumba


@pytest.fixture(autouse=True)
def _no_compilation():
    """Where Rust is installed, the reference serves only tests that ask for it: it takes a minute to compile."""
    with ferrumba.use_backend("rust?"):
        yield
