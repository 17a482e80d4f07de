"""Which points of a grid are removed: a light object, so that several can share one grid."""

from __future__ import annotations

from typing import Any

import numpy as np

EVERY = np.empty(0, bool)


class Removal:
    """Flags, and a log of what was removed; nothing is allocated before the first point goes.

    Parameters
    ----------
    n : int
        Number of places of the grid.
    """

    def __init__(self, n: int) -> None:
        self._n = n
        self._states: tuple[Any, ...] | None = None

    @property
    def alive(self) -> np.ndarray:
        """The flag of every place, or an empty array while nothing is removed."""
        return EVERY if self._states is None or self._states[3][0] == 0 else self._states[0]

    @property
    def count(self) -> int:
        """The number of removed points."""
        return 0 if self._states is None else int(self._states[3][0])

    @property
    def nbytes(self) -> int:
        """Bytes allocated; those of the log are touched only as points go."""
        return 0 if self._states is None else sum(array.nbytes for array in self._states)

    def states(self) -> tuple[Any, ...]:
        """Return flags, found ids, found places and their number, as the kernel ``take`` changes them."""
        if self._states is None:
            n = self._n
            self._states = (np.ones(n, bool), np.empty(n, np.int64), np.empty(n, np.int32), np.zeros(1, np.int64))
        return self._states

    def remove(self, places: np.ndarray, index: np.ndarray) -> None:
        """Remove the points at these places."""
        alive, found, log, tally = self.states()
        places = places[alive[places]]
        before = int(tally[0])
        alive[places] = False
        log[before : before + len(places)] = places
        found[before : before + len(places)] = np.sort(index[places])
        tally[0] += len(places)

    def restore(self) -> None:
        """Bring every point back."""
        if self._states is not None:
            alive, _, log, tally = self._states
            alive[log[: int(tally[0])]] = True
            tally[0] = 0

    def __getstate__(self) -> dict[str, Any]:
        """Leave the unused part of the log behind."""
        return {
            "n": self._n,
            "places": np.empty(0, np.int32) if self._states is None else self._states[2][: self.count],
        } | {"found": np.empty(0, np.int64) if self._states is None else self._states[1][: self.count]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._n, self._states = state["n"], None
        count = len(state["places"])
        if count:
            alive, found, log, tally = self.states()
            alive[state["places"]] = False
            found[:count], log[:count], tally[0] = state["found"], state["places"], count
