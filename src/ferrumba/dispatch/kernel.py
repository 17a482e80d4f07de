"""The declaration of a kernel: its name, revision, arrays, numeric contract and cases.

From a declaration come the parity test of every backend, the property test, the benchmarks, the calibration point and
the line in the documentation. A kernel itself is a plain loop ``f(*inputs, *outputs) -> int``:

* inputs and outputs are aligned arrays of native byte order, of the declared dtypes, and C-contiguous unless their kind
  says otherwise;
* n, the number of rows, is any number >= 0; what each array has to do with the rows is its ``kind``:

  ========= ========================================================================================================
  row       n rows; the driver cuts it
  uniform   an input of n elements, or of 1 that stands for every row
  whole     an input that every block sees uncut (a grid, a table), or an output that only a serial kernel can fill
  scattered an output that every block sees uncut, and in which each row fills elements of its own, wherever they are
  history   an input table of n rows or more and of any strides: the last n are the rows of the call, and those before
            them are what their windows reach back to; it goes with a uniform input ``window``, the rows that the window
            of a row has, that row included; another input of this kind is cut by rows only
  columns   an output table of n rows and of any strides, whose columns belong to those of the history input
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
    kind : {"row", "uniform", "whole", "state", "history"}
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

    An output by rows or columns has ``(n, *trailing(*inputs))`` elements, any other ``trailing(*inputs)``.

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
    kind : {"row", "whole", "scattered", "columns"}
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
    grain : int
        Rows of a block where a row is a task by itself, such as a pair of columns; 0 leaves it to the driver.
    looks_ahead : bool
        Whether a row may depend on later ones, so that only columns are cut.
    anchored : bool
        Whether sums begin anew where a window of rows ends that began where the last one ended, from the first row of a
        call on: rows are cut there and nowhere else, and not at all where windows differ.
    streams : bool
        Whether a value costs less than its way from memory, so that blocks of row-major tables are several lines of the
        cache wide.

    Attributes
    ----------
    elementwise : bool
        Whether every array is a row array, so that the public manners of ``apply`` fit.
    states : tuple of int
        The positions of the inputs that a call changes.
    serial : bool
        Whether one call must see all rows.
    history : int or None
        The position of the input with the history.
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
    grain: int = 0
    looks_ahead: bool = False
    anchored: bool = False
    streams: bool = False
    # Every call reads these; as cached properties they took 0.05 us each, as attributes 0.01.
    elementwise: bool = field(init=False, repr=False, compare=False)
    states: tuple[int, ...] = field(init=False, repr=False, compare=False)
    serial: bool = field(init=False, repr=False, compare=False)
    history: int | None = field(init=False, repr=False, compare=False)
    tiled: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        kinds = [argument.kind for argument in self.inputs]
        states = tuple(i for i, kind in enumerate(kinds) if kind == "state")
        serial = self.looks_ahead or bool(states) or any(output.kind == "whole" for output in self.outputs)
        for name, value in (
            ("elementwise", all(a.kind in ("row", "uniform") for a in self.arguments)),
            ("states", states),
            ("serial", serial),
            ("history", kinds.index("history") if "history" in kinds else None),
            ("tiled", any(output.kind == "columns" for output in self.outputs)),
        ):
            object.__setattr__(self, name, value)

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
    def window(self) -> int:
        """The position of the input that says how far a row reaches back."""
        return [argument.name for argument in self.inputs].index("window")

    def count_rows(self, inputs: Sequence[Any], outputs: Sequence[Any] = ()) -> int:
        """Return n for these arrays."""
        if outputs and self.outputs[0].kind in ("row", "columns"):
            return len(outputs[0])
        if self.history is not None:
            return len(inputs[self.history])
        rows = [len(values) for argument, values in zip(self.inputs, inputs, strict=True) if argument.kind == "row"]
        return rows[0] if rows else len(inputs[0])

    def allocate(self, rows: int, inputs: Sequence[np.ndarray]) -> Arrays:
        """Return uninitialised outputs for ``rows`` rows of these inputs."""
        return tuple(np.empty(self._shape(output, rows, inputs), output.numpy) for output in self.outputs)

    def _shape(self, output: Output, rows: int, inputs: Sequence[np.ndarray]) -> tuple[int, ...]:
        if output.kind in ("row", "columns"):
            return (rows, *output.trailing(*inputs))
        return output.trailing(*inputs)
