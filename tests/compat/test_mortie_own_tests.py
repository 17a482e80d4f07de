"""The tests that the wheel of mortie 0.5 carries, on our functions; its data are not ours to ship."""

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = ("test_tools.py", "test_morton_counts.py", "test_polygon_regression.py")


@pytest.fixture
def impostor(tmp_path):
    """Make a package ``mortie`` with our functions and its own tests and data."""
    try:
        version = importlib.metadata.version("mortie")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("mortie is not installed; pip install mortie==0.5.2 brings its tests")
    if not version.startswith("0.5."):
        pytest.skip(f"mortie {version} has other ids; 0.5.2 is the last with decimal ones")
    package = tmp_path / "mortie"
    shutil.copytree(Path(importlib.util.find_spec("mortie").origin).parent / "tests", package / "tests")
    (package / "__init__.py").write_text("from ferrumba.compat.mortie import tools\n")
    (package / "tools.py").write_text("from ferrumba.compat.mortie import *\n")
    return package


@pytest.mark.parametrize(
    "switch",
    [{"FERRUMBA_BACKEND": "rust?"}, pytest.param({"MORTIE_FORCE_NUMBA": "1"}, marks=pytest.mark.slow)],
    ids=str,
)
def test_all_fifty_pass(impostor, switch):
    paths = [str(impostor / "tests" / name) for name in TESTS]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(impostor.parent), *paths],
        env={**os.environ, **switch, "PYTHONPATH": str(impostor.parent)},
        cwd=impostor.parent,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:]
    assert "50 passed" in run.stdout
