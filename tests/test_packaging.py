"""What is in the wheel and the source distribution, and what the installed metadata promise."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import entry_points, metadata, requires
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build the wheel and the source distribution with the build backend itself, in this environment."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def wheel_files(built):
    (wheel,) = built.glob("*.whl")
    return zipfile.ZipFile(wheel).namelist()


@pytest.fixture(scope="module")
def sdist_files(built):
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        return [name.partition("/")[2] for name in archive.getnames()]


def test_wheel_is_pure_python(built):
    assert [path.name for path in built.glob("*.whl")] == ["ferrumba-0.1.0-py3-none-any.whl"]


def test_wheel_holds_the_package_and_nothing_else(wheel_files):
    assert {name.split("/")[0] for name in wheel_files} == {"ferrumba", "ferrumba-0.1.0.dist-info"}
    suffixes = {Path(name).suffix for name in wheel_files if name.startswith("ferrumba/")}
    assert suffixes <= {".py", ".json", ".typed", ".html", ".jinja", ".md"}
    assert not [name for name in wheel_files if "__pycache__" in name]


def test_wheel_is_typed_and_licensed(wheel_files):
    assert "ferrumba/py.typed" in wheel_files
    assert "ferrumba-0.1.0.dist-info/licenses/LICENSE" in wheel_files


def test_wheel_has_the_shipped_calibration(wheel_files):
    assert "ferrumba/dispatch/calibration.json" in wheel_files


def test_sdist_leaves_out_the_rust_backend(sdist_files):
    """It is a distribution of its own; the two never contain each other."""
    assert "pyproject.toml" in sdist_files
    assert "src/ferrumba/__init__.py" in sdist_files
    assert not [name for name in sdist_files if name.startswith("rust_backend")]


def test_extras_are_offered():
    offered = set(metadata("ferrumba").get_all("Provides-Extra"))
    assert offered == {"rust", "cli", "report", "dask", "all"}


def test_four_required_dependencies():
    required = [r for r in requires("ferrumba") if "extra ==" not in r]
    assert sorted(r.split(">=")[0] for r in required) == ["numba", "numpy", "pandas", "scipy"]


def test_extra_all_leaves_rust_to_the_user():
    """A wheel that is missing for a platform must not make ``ferrumba[all]`` uninstallable."""
    assert not [r for r in requires("ferrumba") if "rust" in r and "extra == 'all'" in r.replace('"', "'")]


def test_command_is_on_the_path():
    command = Path(sys.executable).parent / "ferrumba"
    found = shutil.which(str(command))
    assert found
    answer = subprocess.run([found, "--help"], check=True, capture_output=True, text=True).stdout
    assert "encode" in answer


def test_pytest_plugin_is_registered():
    assert [point.value for point in entry_points(group="pytest11", name="ferrumba")] == ["ferrumba.testing.plugin"]
