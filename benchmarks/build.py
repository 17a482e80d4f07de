"""Build and install both wheels of a commit, for asv; see ``asv.conf.json``.

``build.py build SOURCE CACHE`` puts the pure wheel into CACHE and the Rust wheel into CACHE/rust; ``build.py install
CACHE`` installs what is there. A commit from before the Rust backend has the pure wheel only. The Cargo target folder
is shared by all commits (``.asv/cargo``), so that a further commit compiles only what it changed.
"""

import os
import subprocess
import sys
from pathlib import Path

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]


def build(source: Path, cache: Path) -> None:
    """Build the wheels of the commit checked out in ``source``."""
    subprocess.run([*PIP, "wheel", "--no-deps", "-w", str(cache), str(source)], check=True)
    rust = source / "rust_backend"
    if (rust / "pyproject.toml").exists():
        target = Path(__file__).resolve().parents[1] / ".asv" / "cargo"
        environment = {"CARGO_TARGET_DIR": str(target), **os.environ}
        command = [*PIP, "wheel", "--no-deps", "-w", str(cache / "rust"), str(rust)]
        subprocess.run(command, check=True, env=environment)


def install(cache: Path) -> None:
    """Install the wheels of one commit in place of any earlier ones."""
    wheels = [str(wheel) for wheel in (*cache.glob("*.whl"), *(cache / "rust").glob("*.whl"))]
    subprocess.run([*PIP, "install", "--no-deps", "--no-index", "--force-reinstall", *wheels], check=True)


if __name__ == "__main__":
    {"build": build, "install": install}[sys.argv[1]](*(Path(argument) for argument in sys.argv[2:]))
