"""A clean room for the tests of the engine: no plug-in, no request, everything forgotten afterwards."""

import pytest

import ferrumba
from ferrumba.dispatch import backends as backends_module
from ferrumba.dispatch import environment
from ferrumba.dispatch.kernel import Kernel
from ferrumba.dispatch.registry import kernels

THREAD_VARIABLES = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS")


@pytest.fixture(autouse=True)
def clean_room(monkeypatch):
    for name in (*environment.VARIABLES, *THREAD_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FERRUMBA_CALIBRATION", "off")
    monkeypatch.setattr(backends_module, "entry_points", lambda group: [])
    ferrumba.refresh()
    ferrumba.set_backend(None)
    yield
    monkeypatch.undo()
    ferrumba.refresh()
    ferrumba.set_backend(None)


class FakePlugin:
    """A plug-in whose kernels are Python functions that fill the first output with a mark."""

    PROTOCOL = 1
    VERSION = "9.9"

    def __init__(self, mark=77, manifest=None, first_bad=-1):
        self.mark, self.first_bad, self.loaded, self.calls = mark, first_bad, [], []
        self.MANIFEST = {k.name: k.revision for k in kernels().values()} if manifest is None else manifest

    def load(self, name):
        self.loaded.append(name)

        def function(*arrays):
            self.calls.append(arrays)
            arrays[-1][...] = self.mark
            return self.first_bad

        return function

    def info(self):
        return {"profile": "release"}


@pytest.fixture
def fake():
    return FakePlugin


@pytest.fixture
def is_morton() -> Kernel:
    return kernels()["healpix.is_morton"]
