"""The declaration of a kernel: its name, revision, arrays, numeric contract and cases.

From a declaration come the parity test of every backend, the property test, the benchmarks, the calibration point and
the line in the documentation. A kernel itself is a plain loop ``f(*inputs, *outputs) -> int``:

* inputs and outputs are C-contiguous, aligned arrays of native byte order, of the declared dtypes;
* n, the number of rows, is any number >= 0; what each array has to do with the rows is its ``kind``:

  ========= ========================================================================================================
  row       n rows; the driver cuts it
  uniform   an input of n elements, or of 1 that stands for every row
  whole     an input that every block sees uncut (a grid, a table), or an output that only a serial kernel can fill
  scattered an output that every block sees uncut, and in which each row fills elements of its own, wherever they are
  state     an input that a serial kernel reads and changes, such as what was removed before
  ========= ========================================================================================================

* the loop writes every element of every output, allocates nothing that grows with n, and never raises;
* it returns the index of the first row with an invalid input, or -1; such a row gets the sentinel of the output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ferrumba.dispatch.contracts import Contract

Arrays = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Input:
    """One input array of a kernel.

    Parameters
    ----------
    name : str
        Name of the argument, as the public function and its errors call it.
    dtype : str
        NumPy name of the element type.
    kind : {"row", "uniform", "whole", "edges", "state"}
        What it has to do with the rows.
    """

    name: str
    dtype: str
    kind: str = "row"
    numpy: np.dtype = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "numpy", np.dtype(self.dtype))


@dataclass(frozen=True)
class Output:
    """One output array of a kernel.

    A row output has ``(n, *trailing(*inputs))`` elements, any other ``trailing(*inputs)``.

    Parameters
    ----------
    name : str
        Name of the result.
    dtype : str
        NumPy name of the element type.
    sentinel : object
        What an invalid row is filled with.
    trailing : callable
        From the inputs, the shape that follows the row axis, or the whole shape.
    kind : {"row", "whole", "scattered"}
        What it has to do with the rows.
    """

    name: str
    dtype: str
    sentinel: Any
    trailing: Callable[..., tuple[int, ...]] = lambda *inputs: ()
    kind: str = "row"
    numpy: np.dtype = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "numpy", np.dtype(self.dtype))


@dataclass(frozen=True)
class Kernel:
    """The declaration of a kernel; see the module's docstring for the calling convention.

    Parameters
    ----------
    name : str
        ``"family.function"``.
    revision : int
        Raised whenever any result may change; a backend serves the kernel only at exactly this revision.
    summary : str
        One sentence for the documentation and ``ferrumba kernels``.
    inputs, outputs : tuple
        The arrays, in calling order.
    contract : Contract
        What holds between backends.
    cases : callable
        ``cases(rng, n)`` yields ``(label, inputs)`` of n rows each; the first is the one that benchmarks time.
    fault : callable
        ``fault(*values)`` says in one sentence what is wrong with the inputs of one row.
    sizes : tuple of int
        Row counts for benchmarks and calibration.
    costly : bool
        Whether a row takes a microsecond rather than a nanosecond, so that smaller blocks are worth handing out.
    """

    name: str
    revision: int
    summary: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    contract: Contract
    cases: Callable[[np.random.Generator, int], Iterator[tuple[str, Arrays]]]
    fault: Callable[..., str]
    sizes: Sequence[int] = field(default=(1, 1_000, 100_000, 1_000_000))
    costly: bool = False

    @property
    def family(self) -> str:
        """The part of the name before the dot."""
        return self.name.partition(".")[0]

    @property
    def stem(self) -> str:
        """The part of the name after the dot: the name of its file on both sides of the language border."""
        return self.name.partition(".")[2]

    @cached_property
    def arguments(self) -> tuple[Input | Output, ...]:
        """Inputs and outputs, in calling order."""
        return (*self.inputs, *self.outputs)

    @cached_property
    def elementwise(self) -> bool:
        """Whether every array is a row array, so that the public manners of ``apply`` fit."""
        return all(a.kind in ("row", "uniform") for a in self.arguments)

    @cached_property
    def serial(self) -> bool:
        """Whether one call must see all rows."""
        return any(output.kind == "whole" for output in self.outputs) or bool(self.states)

    @cached_property
    def states(self) -> tuple[int, ...]:
        """The positions of the inputs that a call changes."""
        return tuple(i for i, argument in enumerate(self.inputs) if argument.kind == "state")

    def count_rows(self, inputs: Sequence[Any], outputs: Sequence[Any] = ()) -> int:
        """Return n for these arrays."""
        if outputs and self.outputs[0].kind == "row":
            return len(outputs[0])
        rows = [len(values) for argument, values in zip(self.inputs, inputs, strict=True) if argument.kind == "row"]
        return rows[0] if rows else len(inputs[0])

    def allocate(self, rows: int, inputs: Sequence[np.ndarray]) -> Arrays:
        """Return uninitialised outputs for ``rows`` rows of these inputs."""
        return tuple(np.empty(self._shape(output, rows, inputs), output.numpy) for output in self.outputs)

    def _shape(self, output: Output, rows: int, inputs: Sequence[np.ndarray]) -> tuple[int, ...]:
        if output.kind == "row":
            return (rows, *output.trailing(*inputs))
        return output.trailing(*inputs)
