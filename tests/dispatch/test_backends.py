from importlib.metadata import EntryPoint

import pytest

import ferrumba
from ferrumba.dispatch import backends as module
from ferrumba.dispatch.registry import kernels
from ferrumba.errors import BackendIncompatible, BackendUnavailable
from ferrumba.testing.loopback import installed


class Point:
    """An entry point that loads what it is told, and counts how often."""

    dist = None
    value = "somewhere:backend"

    def __init__(self, name, plugin):
        self.name, self._plugin, self.loads = name, plugin, 0

    def load(self):
        self.loads += 1
        if isinstance(self._plugin, Exception):
            raise self._plugin
        return self._plugin


@pytest.fixture
def points(monkeypatch):
    def offer(*points):
        monkeypatch.setattr(module, "entry_points", lambda group: list(points) if group == "ferrumba.backends" else [])
        ferrumba.refresh()

    return offer


def test_reference_alone(points):
    points()
    assert list(ferrumba.backends()) == ["numba"]
    assert ferrumba.backends()["numba"].manifest == {k.name: k.revision for k in kernels().values()}


def test_discovered_once(points, fake):
    point = Point("made", fake())
    points(point)
    assert list(ferrumba.backends()) == ["numba", "made"]
    assert ferrumba.backends()["made"].version == "9.9"
    assert point.loads == 1


@pytest.mark.parametrize("switch", ["FERRUMBA_FORCE_NUMBA", "MORTIE_FORCE_NUMBA"])
def test_kill_switch_runs_no_plugin_code(points, fake, monkeypatch, switch):
    point = Point("made", fake())
    points(point)
    monkeypatch.setenv(switch, "1")
    assert list(ferrumba.backends()) == ["numba"]
    assert point.loads == 0


def test_broken_plugin_is_kept_with_its_fault(points, fake):
    points(Point("broken", RuntimeError("no such library")), Point("good", fake()))
    found = ferrumba.backends()
    assert isinstance(found["broken"].fault, RuntimeError)
    assert found["good"].fault is None
    with pytest.raises(BackendUnavailable, match="broken failed to load: RuntimeError: no such library") as caught:
        ferrumba.explain("healpix.is_morton", backend="broken")
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_broken_plugin_never_breaks_auto(points):
    points(Point("broken", RuntimeError("no such library")))
    choice = ferrumba.explain("healpix.is_morton")
    assert choice.backend == "numba"
    assert "no such library" in choice.reason


@pytest.mark.parametrize(("protocol", "remedy"), [(0, r"ferrumba\[made\]"), (2, "ferrumba'")])
def test_other_protocol(points, fake, protocol, remedy):
    plugin = fake()
    plugin.PROTOCOL = protocol
    points(Point("made", plugin))
    with pytest.raises(BackendIncompatible, match=f"speaks protocol {protocol} .*pip install -U .*{remedy}"):
        ferrumba.explain("healpix.is_morton", backend="made")


@pytest.mark.parametrize("missing", ["PROTOCOL", "VERSION", "MANIFEST", "load", "info"])
def test_incomplete_plugin(fake, missing):
    plugin = fake()
    setattr(plugin, missing, None)
    with pytest.raises(BackendIncompatible, match=f"lacks {missing}"):
        module.adopt("made", plugin, "here")


@pytest.mark.parametrize("name", ["numba", "auto"])
def test_reserved_names(fake, name):
    with pytest.raises(BackendIncompatible, match="reserved"):
        module.adopt(name, fake(), "here")


def test_revision_handshake_is_per_kernel(fake, is_morton):
    plugin = fake(manifest={"healpix.is_morton": is_morton.revision + 1, "healpix.neighbours": 1})
    with installed(plugin, "old") as backend:
        assert "at revision 2, not 1" in backend.refusal(is_morton)
        assert backend.refusal(kernels()["healpix.neighbours"]) is None
        assert "has no healpix.uniq_to_nested" in backend.refusal(kernels()["healpix.uniq_to_nested"])


def test_entry_point_group_is_the_documented_one():
    assert module.GROUP == "ferrumba.backends"
    assert EntryPoint("rust", "ferrumba_rust:backend", module.GROUP).group == "ferrumba.backends"
