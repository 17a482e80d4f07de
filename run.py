"""Run the demo or all tests in an environment made for it: ``python3 run.py demo`` or ``python3 run.py test``.

Needs Python 3.10 or newer with pip. With cargo on the PATH the Rust backend is built too; without it everything runs on
Numba alone. The environments are ``.venv-demo`` and ``.venv-test`` beside this file; delete them to start afresh.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
RUST = ROOT / "rust_backend"

# What is meant for other environments; and what would make each process compile anew what it imports.
FOREIGN = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE"}
# noxfile.py runs these same commands.
RUST_CHECKS = {
    "cargo fmt": ["cargo", "fmt", "--all", "--check"],
    "cargo clippy": ["cargo", "clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"],
    "cargo test": ["cargo", "test", "--workspace", "--locked"],
}
WHEEL = ["-m", "pip", "wheel", "--quiet", "--no-input", "--no-deps", "--wheel-dir"]
# A process a core; all tests of a file in one, which then compiles what they share once.
PYTEST = ["-m", "pytest", "-n", "auto", "--maxprocesses", "4", "--dist", "loadfile", "-m", "not soak"]
PYTEST_FAST = [*PYTEST[:-1], "not soak and not slow"]
# With the wheel: all but cases of the Numba backend by name, and what tests no kernel; those were tested without it.
NUMBA = "[numba or -numba] or -numba- or numba_types or jit_cache"
NO_KERNEL = "packaging or example_plugin or test_layers or test_sensors or timestamps or broken_files or point_files"
PYTEST_RUST = [*PYTEST, "-k", f"not ({NUMBA} or {NO_KERNEL}) or slow"]
# Compiles what is compiled on import, once: the processes of the tests begin together and would all do it.
LOAD = """
from ferrumba.dispatch.backends import REFERENCE, backends
from ferrumba.dispatch.registry import kernels

for name in kernels():
    backends()[REFERENCE].load(name)
"""
# What depends on the variable: the engine, the names of the source projects and the examples of every function; but not
# what sets variables for processes of its own.
FORCED = ["./tests/dispatch", "./tests/compat", "./tests/test_enumeration.py", "ferrumba"]
PYTEST_FORCED = [*PYTEST_FAST, "-k", "not jit_cache and not mortie_own and not mortie_force", *FORCED]


def say(text):
    """Print a line now, so that it stands before the output of the next command."""
    print(f"== {text}", flush=True)


def call(*command, cwd=ROOT, output=None, **environment):
    """Run a command and return its exit code; what it says goes to a file, if there is one."""
    inherited = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    inherited["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    command = [str(part) for part in command]
    error = None if output is None else subprocess.STDOUT
    return subprocess.call(command, cwd=cwd, env={**inherited, **environment}, stdout=output, stderr=error)


def require(*command, reason):
    """Run a command; when it fails, end with a sentence that says what failed."""
    code = call(*command)
    if code != 0:
        sys.exit(f"run.py: {reason} (exit code {code}); the lines above say why.")


def find_cargo():
    """Return whether the Rust backend can be built; rustup's folder counts, on the PATH or not."""
    rustup = str(Path.home() / ".cargo" / "bin")
    if shutil.which("cargo") is None and shutil.which("cargo", path=rustup):
        os.environ["PATH"] = os.environ.get("PATH", os.defpath) + os.pathsep + rustup
    return RUST.is_dir() and shutil.which("cargo") is not None


def digest(*facts):
    """Return a digest of all that decides what gets installed: the sources and these facts."""
    state = hashlib.sha256(repr((sys.version, sys.prefix, facts)).encode())
    for folder in (ROOT / "src", RUST):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not {"target", "__pycache__"} & set(path.relative_to(ROOT).parts):
                state.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    state.update((ROOT / "pyproject.toml").read_bytes() + (ROOT / "README.md").read_bytes())
    return state.hexdigest()


def make_environment(folder):
    """Return the Python of the virtual environment in ``folder``, made anew unless a working one is there."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    same, pip = f"str(sys.version_info[:2]) == '{sys.version_info[:2]}'", "importlib.util.find_spec('pip')"
    if python.exists() and call(python, "-c", f"import sys, importlib.util; sys.exit(not ({same} and {pip}))") == 0:
        return python
    say(f"Making the virtual environment {folder.name}")
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    # Debian and Ubuntu split ensurepip off, so the pip that is there puts a pip into the environment instead. Where
    # even that pip is too old for --python, the bundled one is the last way.
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-input", "pip>=25.1"]
    if call(*install):
        require(python, "-m", "ensurepip", "--upgrade", reason="no pip could be put into the virtual environment")
        require(python, "-m", "pip", "install", "--quiet", "--upgrade", "pip>=25.1", reason="pip could not be updated")
    return python


def install_package(python, *requirements):
    """Install Ferrumba from this checkout; its dependencies come as ready wheels."""
    say("Installing Ferrumba and what it needs (about a minute the first time)")
    require(python, "-m", "pip", "install", "--quiet", "--no-input", *requirements, reason="the installation failed")


def install_rust(python):
    """Build and install the Rust backend; return whether that worked."""
    say("Building the Rust backend (about a minute the first time)")
    return call(python, "-m", "pip", "install", "--quiet", "--no-input", "--no-deps", RUST) == 0


def remove_rust(python):
    """Uninstall the Rust backend, so that none from an earlier build takes part."""
    call(python, "-m", "pip", "uninstall", "-qq", "--yes", "ferrumba-rust")


def demo(arguments):
    """Install into ``.venv-demo`` and run ``ferrumba demo`` there."""
    folder = ROOT / ".venv-demo"
    python = make_environment(folder)
    cargo, stamp = find_cargo(), folder / "installed"
    state = digest(cargo)
    if not stamp.exists() or stamp.read_text() != state:
        stamp.unlink(missing_ok=True)
        install_package(python, ".[all]")
        remove_rust(python)
        if not cargo:
            say("No cargo on the PATH: going on with Numba alone; Rust is at https://rustup.rs")
        elif not install_rust(python):
            say("The Rust backend could not be built (see above): going on with Numba alone")
            state = "without Rust"
        stamp.write_text(state)
    return call(python, "-m", "ferrumba", "demo", *arguments)


def test(arguments):
    """Run every check and the whole test-suite, on each backend and without the Rust wheel; sum up at the end."""
    for name in [name for name in os.environ if name.startswith(("FERRUMBA_", "MORTIE_"))]:
        del os.environ[name]
    python, cargo, results = make_environment(ROOT / ".venv-test"), find_cargo(), {}

    def step(name, *command, **options):
        if "output" not in options:
            say(name)
        started = time.monotonic()
        code = call(*command, **options)
        results[name] = (code == 0, f"{name} {'ok' if code == 0 else 'FAILED'} ({time.monotonic() - started:.0f} s)")

    def rust_beside(output):
        """Check and build the Rust backend; the end of it keeps one core busy, and the other has pip and the tests."""
        for name, command in RUST_CHECKS.items():
            probe = [*command[:2], "--version"]
            if name != "cargo test" and subprocess.run(probe, check=False, capture_output=True).returncode:
                output.write(f"== {name} is not installed here and left out\n")
                output.flush()
                continue
            step(name, *command, cwd=RUST, output=output)
        step("Rust wheel", python, *WHEEL, built, RUST, output=output)

    compiled, built = (ROOT / ".venv-test" / name for name in ("compiled", "built"))
    for folder in (compiled, built):
        shutil.rmtree(folder, ignore_errors=True)
    os.environ["FERRUMBA_NUMBA_CACHE"] = str(compiled)  # what one process compiles, all others load
    log = ROOT / ".venv-test" / "rust.log"
    with open(log, "w", encoding="utf-8") as output:
        beside = threading.Thread(target=rust_beside, args=[output])
        if cargo:
            say("Checking, testing and building the Rust backend beside what follows")
            beside.start()
        # Not compiled before somebody imports it: all of it takes 47 s of one core, what is imported 8.
        install_package(python, "--no-compile", ".[all]", "--group", "test")
        remove_rust(python)
        step("loading every kernel", python, "-c", LOAD)
        step("pytest, Rust wheel absent", python, *(PYTEST_FAST if cargo else PYTEST), *arguments)
        if cargo:
            beside.join()
    if cargo:
        say("Rust")
        print(log.read_text(encoding="utf-8", errors="replace"), flush=True)
        wheels = list(built.glob("*.whl"))
        if wheels and call(python, "-m", "pip", "install", "--quiet", "--no-input", "--no-deps", *wheels) == 0:
            step("pytest, Rust wheel installed", python, *PYTEST_RUST, *arguments)
            step("pytest, FERRUMBA_FORCE_NUMBA=1", python, *PYTEST_FORCED, *arguments, FERRUMBA_FORCE_NUMBA="1")
        else:
            results["Rust backend"] = (False, "Rust backend FAILED to build or to install")
    else:
        say("No cargo on the PATH: Numba alone was tested; Rust is at https://rustup.rs")
    passed = all(good for good, _ in results.values())
    say(f"{'All passed' if passed else 'FAILED'}: " + ", ".join(text for _, text in results.values()))
    return 0 if passed else 1


if __name__ == "__main__":
    commands = {"demo": demo, "test": test}
    if sys.version_info < (3, 10):  # noqa: UP036 -- this file runs before any installer could have checked
        sys.exit(f"run.py: Python 3.10 or newer is needed, and this is {sys.version.split()[0]}; call a newer python3.")
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    sys.exit(commands[sys.argv[1]](sys.argv[2:]))
