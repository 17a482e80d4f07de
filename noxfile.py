"""The checks one by one: ``nox -l`` lists them, ``nox -s lint`` runs one; ``python3 run.py test`` is their core."""

import re
import sys
from pathlib import Path

import nox

sys.path.insert(0, str(Path(__file__).parent))
from run import PYTEST, PYTEST_FAST, RUST_CHECKS

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["tests", "tests-numba", "stale", "minimum", "rust", "lint", "types", "docs"]

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)


def group(name):
    """Return the requirements of a dependency group."""
    return nox.project.dependency_groups(PROJECT, name)


def install(session, *groups, rust):
    """Install Ferrumba, with all extras, as a user gets it: from wheels, nothing editable."""
    session.install(".[all]", *(["./rust_backend"] if rust else []), *(r for name in groups for r in group(name)))


@nox.session(python=PYTHONS)
def tests(session):
    """Run all tests with the Rust wheel installed, on the automatic choice and on Numba by force."""
    install(session, "test", rust=True)
    session.run("python", *PYTEST, *session.posargs)
    session.run("python", *PYTEST, *session.posargs, env={"FERRUMBA_FORCE_NUMBA": "1"})


@nox.session(name="tests-numba", python=PYTHONS)
def tests_numba(session):
    """Run all tests with the Rust wheel absent."""
    install(session, "test", rust=False)
    session.run("python", *PYTEST, *session.posargs)


@nox.session
def stale(session):
    """Let a Rust wheel with one older revision win: only that kernel may fall back."""
    install(session, "test", rust=True)
    session.run("python", *PYTEST, "tests/test_stale_wheel.py", *session.posargs)


@nox.session(python=PYTHONS[0])
def minimum(session):
    """Run the fast tests on the lowest versions that pyproject.toml admits."""
    extras = PROJECT["project"]["optional-dependencies"]
    admitted = PROJECT["project"]["dependencies"] + extras["cli"] + extras["report"] + extras["dask"]
    session.install(".", "./rust_backend", *(re.sub(">=", "==", r) for r in admitted), *group("test"))
    session.run("python", *PYTEST_FAST, "./tests", *session.posargs)  # the doctests show NumPy 2's form of scalars


@nox.session(venv_backend="none")
def rust(session):
    """Format, lint and test the Rust workspace."""
    session.chdir("rust_backend")
    for command in RUST_CHECKS.values():
        session.run(*command, external=True)


@nox.session
def lint(session):
    """Check the Python sources with ruff, rules and form."""
    session.install(*group("lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def types(session):
    """Check the types of the package with mypy."""
    session.install(".[all]", *group("lint"))
    session.run("mypy")


@nox.session
def docs(session):
    """Build the documentation; a warning is an error."""
    session.install(".[all]", *group("docs"))
    session.run("sphinx-build", "-W", "--keep-going", "-b", "html", "docs", "docs/_build/html", *session.posargs)


@nox.session
def bench(session):
    """Compare the backends quickly with pytest-benchmark; further arguments go to pytest."""
    install(session, "bench", rust=True)
    session.run("python", "-m", "pytest", "benchmarks/quick", *session.posargs)  # alone: no process beside
