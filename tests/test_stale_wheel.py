"""An older Rust wheel keeps serving what did not change; only the kernel whose revision rose falls back."""

import json
import os
import subprocess
import sys

import pytest

from ferrumba.dispatch.backends import backends
from ferrumba.dispatch.registry import kernels

STALE = "healpix.neighbours"

OLDER_WHEEL = f"""
from ferrumba_rust import backend as newest

PROTOCOL, VERSION, load, info = newest.PROTOCOL, "0.0.9", newest.load, newest.info
MANIFEST = {{**newest.MANIFEST, {STALE!r}: newest.MANIFEST[{STALE!r}] - 1}}
"""

QUESTIONS = """
import json, ferrumba
from ferrumba import healpix
from ferrumba.dispatch.registry import kernels

choices = {name: ferrumba.explain(name, 10**6) for name in kernels()}
answers = {"served": {name: choice.backend for name, choice in choices.items()}}
answers["reason"] = choices["healpix.neighbours"].reason
answers["neighbours"] = healpix.neighbours(0, 3).tolist()
try:
    healpix.neighbours(0, 3, backend="rust")
except ferrumba.errors.KernelUnavailable as error:
    answers["insisted"] = str(error)
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def older_wheel(tmp_path_factory):
    """Put a distribution ``ferrumba-rust`` 0.0.9 before the installed one; the first on the path counts."""
    pytest.importorskip("ferrumba_rust", reason="the Rust wheel is not installed")
    folder = tmp_path_factory.mktemp("older_wheel")
    (folder / "older_wheel.py").write_text(OLDER_WHEEL)
    metadata = folder / "ferrumba_rust-0.0.9.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: ferrumba-rust\nVersion: 0.0.9\n")
    (metadata / "entry_points.txt").write_text("[ferrumba.backends]\nrust = older_wheel\n")
    switches = {name: value for name, value in os.environ.items() if not name.endswith("_FORCE_NUMBA")}
    return {**switches, "PYTHONPATH": str(folder), "FERRUMBA_BACKEND": "rust?"}


@pytest.fixture(scope="module")
def answers(older_wheel):
    command = [sys.executable, "-W", "error", "-c", QUESTIONS]
    return json.loads(subprocess.run(command, env=older_wheel, check=True, capture_output=True, text=True).stdout)


def test_only_the_changed_kernel_falls_back(answers):
    offered = backends()["rust"].manifest if "rust" in backends() else kernels()
    expected = {name: "rust" if name in offered and name != STALE else "numba" for name in kernels()}
    assert answers["served"] == expected


def test_reason_names_the_wheel_and_both_revisions(answers):
    assert f"rust 0.0.9 has {STALE} at revision" in answers["reason"]


def test_the_reference_answers(answers):
    assert answers["neighbours"] == [277, 279, 2, 3, 1, 363, 362, 575]


def test_insisting_on_the_changed_kernel_raises(answers):
    assert "at revision" in answers["insisted"]


def test_verify_passes_on_the_kernels_it_still_serves(older_wheel):
    command = [sys.executable, "-m", "ferrumba", "verify", STALE, "healpix.is_morton"]
    subprocess.run(command, env=older_wheel, check=True, capture_output=True)
