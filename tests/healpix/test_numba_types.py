"""What Numba makes of the references: integers stay integers, and the encoder's first stage is vectorised."""

import functools
import importlib
import platform
import re
import sys

import numba
import numpy as np
import pytest
from numba.core.caching import NullCache

from ferrumba.dispatch.contracts import Bitwise
from ferrumba.healpix import cases
from ferrumba.healpix.declarations import KERNELS
from ferrumba.healpix.numba.encode import encode

INTEGER = [k for k in KERNELS if not any(array.dtype == "float64" for array in (*k.inputs, *k.outputs))]


def is_float(kind):
    return isinstance(kind, numba.types.Float) or isinstance(getattr(kind, "dtype", None), numba.types.Float)


def integer_overloads(dispatcher):
    """Return what was compiled without a float argument; kernels of degrees may have asked for the rest."""
    return [each for each in dispatcher.overloads.values() if not any(is_float(kind) for kind in each.signature.args)]


def callees(dispatcher, seen):
    """Return a compiled function and every one that it calls."""
    if dispatcher in seen:
        return seen
    seen.append(dispatcher)
    for overload in integer_overloads(dispatcher):
        for kind in overload.type_annotation.typemap.values():
            if isinstance(kind, numba.types.Dispatcher):
                callees(kind.dispatcher, seen)
    return seen


def typed_float(overloads):
    """Return the float variables of these overloads."""
    return [item for each in overloads for item in each.type_annotation.typemap.items() if is_float(item[1])]


@pytest.fixture(scope="module", autouse=True)
def compiled_here():
    """Forget what was loaded from the disk, which has no types, and load no more."""
    importlib.import_module("ferrumba.healpix.numba.encode")
    for kernel in KERNELS:
        importlib.import_module(f"ferrumba.healpix.numba.{kernel.stem}")
    for name, module in list(sys.modules.items()):
        for value in vars(module).values() if name.startswith("ferrumba.healpix") else ():
            if isinstance(value, numba.core.registry.CPUDispatcher):
                value._cache = NullCache()
                value._reset_overloads()


@pytest.mark.parametrize("kernel", INTEGER, ids=lambda kernel: kernel.stem)
def test_integer_kernels_have_no_float_variable(kernel):
    function = getattr(importlib.import_module(f"ferrumba.healpix.numba.{kernel.stem}"), kernel.stem)
    _, inputs = next(kernel.cases(np.random.default_rng(0), 10))
    function(*inputs, *kernel.allocate(10, inputs))
    functions = callees(function, [])
    assert len(functions) > 1
    for each in functions:
        assert typed_float(integer_overloads(each)) == [], each.__name__


def test_the_float_check_sees_floats():
    order = cases.one_order(3)
    encode(np.zeros(1), np.zeros(1), order, np.int64(29), np.empty(1, np.int64))
    assert typed_float(encode.overloads.values())


@functools.cache
def assembly():
    order = cases.one_order(3)
    encode(np.zeros(8), np.zeros(8), order, np.int64(29), np.empty(8, np.int64))
    return "\n".join(encode.inspect_asm().values())


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="looks for x86-64 vector instructions")
@pytest.mark.parametrize("operation", ["mulpd", "addpd", "subpd", "cvttpd2dq", "cvtdq2pd"])
def test_first_stage_of_the_encoder_is_vectorised(operation):
    wide = "xyz" if re.search("ymm", assembly()) else "x"
    assert re.search(rf"\bv?{operation}\b.*%[{wide}]mm", assembly())


def test_contracts_are_bitwise():
    assert all(isinstance(kernel.contract, Bitwise) for kernel in KERNELS)


def test_multiplications_and_additions_are_not_contracted():
    # Scalar ones are allowed: LLVM takes the exact remainder of a division by 4 with one.
    assert not re.search(r"\bvfn?m(add|sub)\w*pd", assembly())
