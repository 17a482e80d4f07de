"""A PEP 517 build backend: maturin, after a look whether Cargo is there.

Without Cargo maturin would download a whole Rust toolchain; a user who did not ask for that is told what to do instead.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any


def _oldest() -> tuple[int, int]:
    manifest = (Path(__file__).parent.parent / "Cargo.toml").read_text(encoding="utf-8")
    major, minor = re.search(r'^rust-version = "(\d+)\.(\d+)', manifest, re.MULTILINE).groups()
    return int(major), int(minor)


def _require_cargo() -> None:
    needed = "{}.{}".format(*_oldest())
    advice = (
        f"install Rust {needed} or newer from https://rustup.rs and try again, "
        "or use ferrumba without ferrumba-rust: it then runs on Numba alone, with the same results"
    )
    cargo = shutil.which("cargo")
    if cargo is None:
        raise SystemExit(f"ferrumba-rust is compiled with Cargo, which is not on the PATH; {advice}.")
    answer = subprocess.run([cargo, "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"cargo (\d+)\.(\d+)", answer.stdout)
    if version is None:
        raise SystemExit(f"ferrumba-rust is compiled with Cargo, but {cargo} does not run; {advice}.")
    if tuple(map(int, version.groups())) < _oldest():
        raise SystemExit(f"ferrumba-rust needs Rust {needed}, but {cargo} is of {answer.stdout.split()[1]}; {advice}.")


def _maturin() -> Any:
    import maturin

    return maturin


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:  # noqa: ARG001 - the hook's signature
    """Ask for nothing beyond ``build-system.requires``, once Cargo was found."""
    _require_cargo()
    return []


get_requires_for_build_editable = get_requires_for_build_sdist = get_requires_for_build_wheel


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Any = None) -> str:
    """Write the metadata of the wheel with maturin."""
    return _maturin().prepare_metadata_for_build_wheel(metadata_directory, config_settings)


def prepare_metadata_for_build_editable(metadata_directory: str, config_settings: Any = None) -> str:
    """Write the metadata of the editable wheel with maturin."""
    return _maturin().prepare_metadata_for_build_editable(metadata_directory, config_settings)


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """Build the wheel with maturin."""
    return _maturin().build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """Build the editable wheel with maturin."""
    return _maturin().build_editable(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    """Build the source distribution with maturin."""
    return _maturin().build_sdist(sdist_directory, config_settings)
