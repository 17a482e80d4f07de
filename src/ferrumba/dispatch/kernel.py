"""The declaration of a kernel: its name, revision, arrays, numeric contract and cases.

From a declaration come the parity test of every backend, the property test, the benchmarks, the calibration point and
the line in the documentation. A kernel itself is a plain loop ``f(*inputs, *outputs) -> int``:

* inputs and outputs are C-contiguous, aligned arrays of native byte order, of the declared dtypes;
* inputs have length n, those declared ``uniform`` also 1 (one value for all rows); outputs have n rows; n is any
  number >= 0;
* the loop writes every row of every output, allocates nothing that grows with n, and never raises;
* it returns the index of the first row with an invalid input, or -1; such a row gets the sentinel of the output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
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
    uniform : bool
        Whether an array of length 1 may stand for one value in all rows.
    """

    name: str
    dtype: str
    uniform: bool = False
    numpy: np.dtype = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "numpy", np.dtype(self.dtype))


@dataclass(frozen=True)
class Output:
    """One output array of a kernel: ``(n, *trailing(*inputs))`` elements.

    Parameters
    ----------
    name : str
        Name of the result.
    dtype : str
        NumPy name of the element type.
    sentinel : object
        What an invalid row is filled with.
    trailing : callable
        From the inputs, the shape that follows the row axis.
    """

    name: str
    dtype: str
    sentinel: Any
    trailing: Callable[..., tuple[int, ...]] = lambda *inputs: ()
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

    @property
    def family(self) -> str:
        """The part of the name before the dot."""
        return self.name.partition(".")[0]

    @property
    def stem(self) -> str:
        """The part of the name after the dot: the name of its file on both sides of the language border."""
        return self.name.partition(".")[2]

    def allocate(self, rows: int, inputs: Sequence[np.ndarray]) -> Arrays:
        """Return uninitialised outputs for ``rows`` rows of these inputs."""
        return tuple(np.empty((rows, *output.trailing(*inputs)), dtype=output.dtype) for output in self.outputs)
