"""The switch of mortie's users, ``MORTIE_FORCE_NUMBA=1``, in processes of their own, where it is read."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ENVIRONMENT = {**os.environ, "MORTIE_FORCE_NUMBA": "1", "FERRUMBA_FORCE_NUMBA": "0"}


def test_no_plugin_code_runs():
    code = """
import sys
import ferrumba
from ferrumba.compat.mortie import tools
tools.geo2mort(45.0, -122.0)
assert list(ferrumba.backends()) == ["numba"]
assert "ferrumba_rust" not in sys.modules
print(ferrumba.explain("healpix.lonlat_to_morton").reason)
"""
    run = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=True)
    assert run.stdout == "MORTIE_FORCE_NUMBA=1\n"


@pytest.mark.slow
def test_the_behaviours_of_mortie_hold():
    tests = Path(__file__).with_name("test_mortie.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)]
    run = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=280, check=False)
    assert run.returncode == 0, run.stdout[-3000:]
    assert "[rust]" not in run.stdout
