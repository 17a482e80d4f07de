"""Declared, implemented, tested and documented kernels are one set; an addition fails here until it is complete."""

import ast
import importlib
from pathlib import Path

import pytest

import ferrumba
from ferrumba.dispatch.backends import backends
from ferrumba.dispatch.registry import kernels

PACKAGE = Path(ferrumba.__file__).parent
ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("kernel", kernels().values(), ids=lambda kernel: kernel.name)
class TestKernel:
    def test_has_a_numba_reference(self, kernel):
        assert callable(backends()["numba"].load(kernel.name))

    def test_has_a_public_function(self, kernel):
        if not kernel.elementwise:
            pytest.skip("it is a step behind the methods of a class")
        family = importlib.import_module(f"ferrumba.{kernel.family}")
        assert kernel.stem in family.__all__
        assert getattr(family, kernel.stem).__doc__.count(">>>") > 0

    def test_has_a_rust_file_of_the_same_stem(self, kernel):
        if not (ROOT / "rust_backend").is_dir():
            pytest.skip("the Rust sources are not part of this distribution")
        family = ROOT / "rust_backend" / "kernels" / "src" / kernel.family
        if not family.is_dir():
            pytest.skip("no kernel of this family has a twin")
        assert (family / f"{kernel.stem}.rs").exists()

    def test_is_served_by_an_installed_rust_wheel(self, kernel):
        if "rust" not in backends():
            pytest.skip("the Rust wheel is not installed here, or switched off")
        if not any(name.startswith(f"{kernel.family}.") for name in backends()["rust"].manifest):
            pytest.skip("no kernel of this family has a twin")
        assert backends()["rust"].refusal(kernel) is None

    def test_declaration_is_complete(self, kernel):
        assert kernel.revision >= 1
        assert kernel.summary.endswith(".")
        assert kernel.inputs
        assert kernel.outputs
        labels = [label for label, _ in kernel.cases(importlib.import_module("numpy").random.default_rng(0), 10)]
        assert len(labels) == len(set(labels)) >= 3


def test_no_reference_without_a_declaration():
    stems = {kernel.name for kernel in kernels().values()}
    for path in PACKAGE.glob("*/numba/*.py"):
        decorated = [node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
        if path.stem in decorated and f"{path.parent.parent.name}.{path.stem}" not in stems:
            # A helper file may define a helper of its own name; it must be used by a kernel.
            users = [p for p in PACKAGE.rglob("*.py") if f".numba.{path.stem} import" in p.read_text()]
            assert users, f"{path} is neither declared nor used"
