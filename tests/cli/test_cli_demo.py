"""``ferrumba demo``: the whole job in small."""

import base64
import re
import sys

import numpy as np
import pytest

from ferrumba.cli import demonstration
from ferrumba.cli.tracks import LATITUDES, antarctic_tracks
from ferrumba.dispatch.backends import backends
from ferrumba.testing.loopback import Loopback, installed

ROWS = 140_000

# The lowest matplotlib that is admitted calls pyparsing by names that the newest one deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated.*use '.*_.*':DeprecationWarning")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(demonstration, "BUDGET", 0.0)


@pytest.mark.parametrize("rows", [1, 2, 100, ROWS])
def test_tracks(rows):
    lon, lat = antarctic_tracks(rows)
    assert len(lon) == len(lat) == rows
    assert lat.min() == LATITUDES[0]
    assert rows < 3 or lat.max() == LATITUDES[1]
    assert np.abs(lon).max() <= 180
    np.testing.assert_array_equal(lon, np.round(lon, 7))
    np.testing.assert_array_equal(lon, antarctic_tracks(rows)[0])


def test_demo(cli, tmp_path):
    said = cli("demo", "--rows", ROWS, "-o", tmp_path / "new" / "demo")
    assert f"All {ROWS:,} ids and coordinates are identical bit by bit" in said
    assert all(name in said for name in backends())
    picture = (tmp_path / "new" / "demo" / "map.png").read_bytes()
    page = (tmp_path / "new" / "demo" / "report.html").read_text()
    assert picture.startswith(b"\x89PNG")
    assert base64.b64decode(re.search(r'src="data:image/png;base64,([^"]+)"', page)[1]) == picture
    assert not re.search(r'(?:src|href)="(?!data:)', page)
    assert "identical bit by bit" in page
    assert "lonlat_to_morton" in page


def test_demo_without_other_backends(cli, tmp_path, monkeypatch):
    from ferrumba.dispatch import choice

    monkeypatch.setenv("FERRUMBA_FORCE_NUMBA", "1")
    choice.refresh()
    try:
        said = cli("demo", "--rows", 1000, "-o", tmp_path)
    finally:
        monkeypatch.undo()
        choice.refresh()
    assert "FERRUMBA_FORCE_NUMBA=1 switches every other backend off" in said


def test_demo_says_how_to_get_rust(monkeypatch):
    numba = {"numba": backends()["numba"]}
    monkeypatch.setattr(demonstration, "backends", lambda: numba)
    monkeypatch.setattr(demonstration.environment, "force_numba", lambda: None)
    (note,) = demonstration._notes()
    assert note == "This ran on Numba alone; for the Rust backend run: pip install 'ferrumba[rust]'"


def test_demo_finds_answers_that_differ(cli, tmp_path, monkeypatch):
    for name in ("FERRUMBA_FORCE_NUMBA", "MORTIE_FORCE_NUMBA"):
        monkeypatch.delenv(name, raising=False)

    class Wrong(Loopback):
        def load(self, name):
            function = super().load(name)

            def spoilt(*arrays):
                result = function(*arrays)
                arrays[-1][7] = -arrays[-1][7]
                return result

            return spoilt if name == demonstration.ENCODE else function

    with installed(Wrong(), "wrong"):
        said = cli("demo", "--rows", 1000, "-o", tmp_path, code=1)
    assert "wrong, 1 thread: 1 of 1,000 values of ids differ" in said
    assert "do not come back" in said
    assert "The answers differ." in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize("module", ["matplotlib", "jinja2"])
def test_demo_without_the_report_extra(cli, tmp_path, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    said = cli("demo", "--rows", 1000, "-o", tmp_path / "d")
    assert "identical bit by bit" in said
    assert f"No map and no report: the module '{module}' is not installed; run: pip install 'ferrumba[report]'" in said
    assert not (tmp_path / "d").exists()


def test_demo_into_a_file(cli, write):
    assert "is no folder" in cli("demo", "--rows", 10, "-o", write("f", "x"), code=1)
