"""The version is written where each tool reads it; these places agree."""

import re
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import ferrumba

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]


def read(path):
    return tomllib.loads((ROOT / path).read_text(encoding="utf-8"))


VERSION = read("pyproject.toml")["project"]["version"]


def test_package_tells_its_version():
    assert ferrumba.__version__ == VERSION


def test_installed_distribution_is_this_checkout():
    """A forgotten reinstallation would test the code of yesterday."""
    assert version("ferrumba") == VERSION


def test_extra_pins_the_rust_wheel_of_the_same_version():
    assert read("pyproject.toml")["project"]["optional-dependencies"]["rust"] == [f"ferrumba-rust=={VERSION}"]


def test_rust_workspace_has_the_version():
    assert read("rust_backend/Cargo.toml")["workspace"]["package"]["version"] == VERSION


def test_rust_crates_inherit_the_version():
    for crate in read("rust_backend/Cargo.toml")["workspace"]["members"]:
        assert read(f"rust_backend/{crate}/Cargo.toml")["package"]["version"] == {"workspace": True}


def test_rust_wheel_takes_its_version_from_the_workspace():
    project = read("rust_backend/pyproject.toml")["project"]
    assert project.get("version", VERSION) == VERSION
    assert "version" in project or "version" in project["dynamic"]


def test_installed_rust_wheel_has_the_version():
    ferrumba_rust = pytest.importorskip("ferrumba_rust", reason="the Rust wheel is not installed")
    assert ferrumba_rust.backend.VERSION == version("ferrumba-rust") == VERSION


def test_changelog_has_the_version():
    assert re.search(
        rf"^## \[{re.escape(VERSION)}\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
