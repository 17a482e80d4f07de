"""The manners of a public array function around its kernel: ``apply``.

Accepts scalars, lists and arrays of any layout; checks dtypes; broadcasts; allocates or checks ``out``; calls the
driver; says in a sentence which row is invalid, or masks it; gives scalars back for scalars. Arguments of other
libraries (pandas, Dask) go to the adapter named in ``ADAPTERS``, which is imported then and calls ``apply`` on plain
arrays.
"""

from __future__ import annotations

import importlib
import math
import sys
from typing import Any

import numpy as np

from ferrumba.dispatch import driver
from ferrumba.dispatch.driver import Pieces
from ferrumba.dispatch.kernel import Input, Kernel, Output

ADAPTERS = {
    "pandas": "ferrumba.integrations.pandas",
    "dask": "ferrumba.integrations.dask",
    "dask_expr": "ferrumba.integrations.dask",  # where Dask kept its Series until 2025
}
POLICIES = ("raise", "mask", "sentinel")

_FILL = {"float64": math.nan, "int64": np.iinfo(np.int64).min}
_PLAIN = frozenset({np.ndarray, np.float64, np.int64, float, int, list, tuple})


def adapter(values: tuple[Any, ...]) -> Any | None:
    """Return the module that handles the first argument of a foreign library, or None when all are plain."""
    for value in values:
        if type(value) not in _PLAIN:
            library = type(value).__module__.partition(".")[0]
            if library in ADAPTERS:
                return importlib.import_module(ADAPTERS[library])
    return None


def as_array(argument: Input, value: Any) -> np.ndarray:
    """Return an argument as an array that casts to the declared dtype without loss; masked elements become invalid.

    Raises
    ------
    TypeError
        If the elements are of another kind: booleans, texts, complex numbers, or floats where integers are meant.
    ValueError
        If an unsigned integer does not fit int64, or the nesting of a list is ragged.
    """
    if type(value) is np.ndarray and value.dtype == argument.numpy:
        return value
    masked = sys.modules.get("numpy.ma")  # which NumPy imports when somebody first masks an array
    if masked is not None and isinstance(value, masked.MaskedArray):
        plain = as_array(argument, value.filled(0) if value.dtype.kind in "iuf" else value.data)
        if value.mask.any():
            plain = plain.astype(argument.dtype)
            plain[value.mask] = _FILL[argument.dtype]
        return plain
    try:
        array = np.asarray(value)
    except ValueError as fault:
        raise ValueError(
            f"{argument.name} cannot be made an array ({fault}); give numbers in a regular shape"
        ) from None
    kind = array.dtype.kind
    if array.dtype == argument.numpy:
        return array
    if argument.dtype == "float64":
        if kind in "iu" or (kind == "f" and array.dtype.itemsize <= 8):
            return array
    elif kind in "iu":
        if array.dtype == np.uint64 and array.size and int(array.max()) > np.iinfo(np.int64).max:
            raise ValueError(
                f"{argument.name} holds {int(array.max())}, which does not fit int64; check that it is an id"
            )
        return array
    elif array.size == 0 and kind == "f":
        return array.astype(argument.dtype)
    wanted = "real numbers" if argument.dtype == "float64" else "integers"
    shown = f"{value!r}" if array.ndim == 0 else f"an array of {array.dtype}"
    raise TypeError(
        f"{argument.name} is {shown}, but {wanted} are needed; convert it first, so that nothing is lost silently"
    )


def _common_shape(kernel: Kernel, arrays: list[np.ndarray]) -> tuple[int, ...]:
    shapes = {array.shape for array in arrays} - {()}
    if len(shapes) <= 1:
        return shapes.pop() if shapes else ()
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        shown = ", ".join(f"{i.name} {a.shape}" for i, a in zip(kernel.inputs, arrays, strict=True))
        raise ValueError(f"shapes do not broadcast: {shown}; make them equal or 1 along each axis") from None


def _canonical(array: np.ndarray, dtype: np.dtype) -> bool:
    flags = array.flags
    return array.dtype == dtype and flags.c_contiguous and flags.aligned


class _Lender:
    """An object that lends the memory of an array, marked as writable."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array
        self.__array_interface__ = {**array.__array_interface__, "data": (array.ctypes.data, False)}


def writable(array: np.ndarray) -> np.ndarray:
    """Return an array that Numba holds to be of the usual type, also where it is read-only.

    Read-only arrays have a type of their own in Numba, and a kernel would be compiled anew, for seconds, for every
    combination of the two. No kernel writes to its inputs; the conformance suite checks it.
    """
    return array if array.flags.writeable else np.asarray(_Lender(array))


def _flat(argument: Input, array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray | Pieces:
    if array.shape != shape and not (argument.kind == "uniform" and array.size == 1):
        array = np.broadcast_to(array, shape)
    if _canonical(array, argument.numpy):
        return writable(array.reshape(-1))
    if array.size <= driver.BLOCK:
        return np.require(array, argument.numpy, ("C", "A")).reshape(-1)
    return Pieces(array, argument.numpy)


def _check_out(output: Output, out: Any, shape: tuple[int, ...]) -> None:
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out is {type(out).__name__}, but it must be a NumPy array of {output.dtype}")
    if out.dtype != output.dtype or out.shape != shape or not out.flags.writeable:
        raise ValueError(
            f"out is {out.dtype}{list(out.shape)}{'' if out.flags.writeable else ', read-only'}, "
            f"but {output.name} needs a writable array of {output.dtype}{list(shape)}"
        )


def _usable(out: np.ndarray, arrays: list[np.ndarray]) -> bool:
    return _canonical(out, out.dtype.newbyteorder("=")) and not any(np.may_share_memory(out, array) for array in arrays)


def check_policy(invalid: str) -> None:
    """Raise unless ``invalid`` is one of the policies for invalid rows."""
    if invalid not in POLICIES:
        raise ValueError(f"invalid is {invalid!r}, but the policies are {', '.join(map(repr, POLICIES))}")


def _masked(output: Output, result: np.ndarray) -> np.ma.MaskedArray:
    mask = np.isnan(result) if result.dtype.kind == "f" else result == output.sentinel
    return np.ma.MaskedArray(result, mask, fill_value=output.sentinel)


def _complain(kernel: Kernel, arrays: list[np.ndarray], shape: tuple[int, ...], row: int) -> ValueError:
    index = np.unravel_index(row, shape)
    values = [np.broadcast_to(array, shape)[index].item() for array in arrays]
    place = "" if shape == () else f"at index {int(index[0]) if len(shape) == 1 else tuple(map(int, index))}: "
    return ValueError(place + kernel.fault(*values))


def apply(kernel: Kernel, *values: Any, out: Any = None, backend: str | None = None, invalid: str = "raise") -> Any:
    """Call a kernel element by element on broadcast arguments.

    Parameters
    ----------
    kernel : Kernel
        The declaration; ``values`` are its inputs in order.
    out : ndarray or tuple of ndarray, optional
        Where the results go; exactly the declared dtype and the common shape. It may overlap an input. After an error
        its contents are unspecified.
    backend : str, optional
        Request for this call.
    invalid : {"raise", "mask", "sentinel"}
        What becomes of rows with an invalid input: an error that names the first, a masked array, or the sentinel.

    Returns
    -------
    ndarray or scalar, or a tuple of them
        One for each output, of the common shape followed by the output's own.
    """
    check_policy(invalid)
    if foreign := adapter(values):
        return foreign.apply(kernel, values, out=out, backend=backend, invalid=invalid)
    arrays = [as_array(argument, value) for argument, value in zip(kernel.inputs, values, strict=True)]
    shape = _common_shape(kernel, arrays)
    rows = math.prod(shape)
    inputs = [_flat(argument, array, shape) for argument, array in zip(kernel.inputs, arrays, strict=True)]
    results = _allocate(kernel, inputs, shape) if out is None else _adopt(kernel, inputs, shape, out, arrays)
    flat = [r if len(shape) == 1 else r.reshape(rows, *r.shape[len(shape) :]) for r in results]
    first_bad = driver.run(kernel, inputs, flat, backend)
    if first_bad >= 0 and invalid == "raise":
        raise _complain(kernel, arrays, shape, first_bad)
    if out is not None:
        results = _deliver(results, out)
    if invalid == "mask":
        results = [_masked(output, result) for output, result in zip(kernel.outputs, results, strict=True)]
    if shape == () and out is None:
        results = [result[()] for result in results]
    return results[0] if len(results) == 1 else tuple(results)


def _allocate(kernel: Kernel, inputs: list[Any], shape: tuple[int, ...]) -> list[np.ndarray]:
    return [np.empty(shape + output.trailing(*inputs), output.numpy) for output in kernel.outputs]


def _adopt(
    kernel: Kernel, inputs: list[Any], shape: tuple[int, ...], out: Any, arrays: list[np.ndarray]
) -> list[np.ndarray]:
    """Return the given arrays, or buffers in place of those that a kernel cannot fill directly."""
    given = out if isinstance(out, tuple) else (out,)
    if len(given) != len(kernel.outputs):
        names = ", ".join(output.name for output in kernel.outputs)
        raise ValueError(f"out holds {len(given)} arrays, but the results are {names}; give one array for each")
    for output, array in zip(kernel.outputs, given, strict=True):
        _check_out(output, array, shape + output.trailing(*inputs))
    return [
        array if _usable(array, arrays) else np.empty(array.shape, o.numpy)
        for o, array in zip(kernel.outputs, given, strict=True)
    ]


def _deliver(results: list[np.ndarray], out: Any) -> list[np.ndarray]:
    given = list(out) if isinstance(out, tuple) else [out]
    for array, result in zip(given, results, strict=True):
        if array is not result:
            np.copyto(array, result)
    return given
