"""Whatever the layout of its inputs, a reference is compiled once in a process: compiling takes seconds."""

import importlib

import numpy as np
import pytest

from ferrumba.dispatch.kernel import Kernel
from ferrumba.dispatch.public import apply
from ferrumba.dispatch.registry import kernels
from ferrumba.dispatch.threads import threads
from ferrumba.testing.conformance import LAYOUTS, THREADS, small_blocks

FAMILY = [kernel for kernel in kernels().values() if kernel.family == "healpix"]


@pytest.mark.parametrize("kernel", FAMILY, ids=lambda kernel: kernel.name)
def test_one_signature(kernel: Kernel):
    reference = getattr(importlib.import_module(f"ferrumba.healpix.numba.{kernel.stem}"), kernel.stem)
    before = len(reference.signatures)
    _, inputs = next(kernel.cases(np.random.default_rng(0), 1000))
    for layout in LAYOUTS.values():
        for count in THREADS:
            with small_blocks(), threads(count):
                apply(kernel, *[layout(v) if len(v) > 1 else v for v in inputs], backend="numba", invalid="sentinel")
    assert before <= len(reference.signatures) == 1
