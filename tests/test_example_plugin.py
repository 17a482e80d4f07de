"""The plug-in of docs/backends.md, built and installed for real, passes the installed conformance suite."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parent / "plugin_example"

BUILD = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return a folder for the import path with the plug-in as an installer would leave it."""
    folder = tmp_path_factory.mktemp("plugin")
    subprocess.run([sys.executable, "-c", BUILD, str(folder)], cwd=EXAMPLE, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(site, *arguments, **more):
    environment = {
        **os.environ,
        "PYTHONPATH": str(site),
        "FERRUMBA_FORCE_NUMBA": "0",
        "MORTIE_FORCE_NUMBA": "0",
        **more,
    }
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)


def test_passes_the_conformance_suite(site, tmp_path):
    arguments = (
        "-m",
        "pytest",
        "--pyargs",
        "ferrumba.testing",
        "--ferrumba-backend=example",
        "-q",
        "-p",
        "no:cacheprovider",
    )
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(site), "FERRUMBA_FORCE_NUMBA": "0", "MORTIE_FORCE_NUMBA": "0"},
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 passed" in done.stdout


def test_serves_calls_and_leaves_the_rest_to_others(site):
    code = """
import json, ferrumba
from ferrumba import healpix
with ferrumba.use_backend("example?"), ferrumba.trace() as calls:
    answers = [healpix.nested_to_uniq([4786, 0], [5, 0]).tolist(), healpix.morton_order([-31]).tolist()]
    healpix.is_morton([1])
print(json.dumps([answers, [call.backend for call in calls][:2], calls[2].backend != "example"]))
"""
    done = run(site, "-c", code)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[[8882, 4], [1]], ["example", "example"], True]


def test_a_wrong_answer_does_not_pass(site, tmp_path):
    """The suite fails, and names the kernel, when a plug-in's answer is off by one."""
    text = (site / "ferrumba_example.py").read_text()
    (tmp_path / "ferrumba_example.py").write_text(text.replace("len(text) - 1 if good", "len(text) if good"))
    for item in site.iterdir():
        if item.is_dir():
            (tmp_path / item.name).symlink_to(item)
    arguments = (
        "-m",
        "pytest",
        "--pyargs",
        "ferrumba.testing",
        "--ferrumba-backend=example",
        "-q",
        "-p",
        "no:cacheprovider",
    )
    done = run(tmp_path, *arguments)
    assert done.returncode == 1
    assert "1 failed, 5 passed" in done.stdout
    assert "healpix.morton_order" in done.stdout


def test_kill_switch_keeps_it_out(site):
    code = "import ferrumba, sys; print(list(ferrumba.backends()), 'ferrumba_example' in sys.modules)"
    assert run(site, "-c", code, FERRUMBA_FORCE_NUMBA="1").stdout.strip() == "['numba'] False"
