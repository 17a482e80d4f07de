"""Which points of a grid are removed: a light object, so that several can share one grid."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

EVERY = np.empty(0, bool)
PLACES = 32
"""Bits of an entry of the log that hold the place; those above hold the id."""


class Removal:
    """Flags, and a log of what was removed; nothing is allocated before the first point goes.

    Parameters
    ----------
    n : int
        Number of places of the grid.

    Attributes
    ----------
    lock : threading.Lock
        To be held by whoever changes the state.
    """

    def __init__(self, n: int) -> None:
        self._n = n
        self._states: tuple[np.ndarray, np.ndarray] | None = None
        self.lock = threading.Lock()

    @property
    def alive(self) -> np.ndarray:
        """The flag of every place, or an empty array while nothing is removed."""
        return EVERY if self._states is None or self._states[1][0] == 0 else self._states[0]

    @property
    def count(self) -> int:
        """The number of removed points."""
        return 0 if self._states is None else int(self._states[1][0])

    @property
    def nbytes(self) -> int:
        """Bytes allocated; those of the log are touched only as points go."""
        return 0 if self._states is None else sum(array.nbytes for array in self._states)

    def states(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the flags and the log, as the kernel ``take`` changes them."""
        if self._states is None:
            log = np.empty(self._n + 1, np.int64)
            log[0] = 0
            self._states = (np.ones(self._n, bool), log)
        return self._states

    def entries(self, since: int = 0) -> np.ndarray:
        """Return the log of what was removed, without the first ``since``: a view that the next removal extends."""
        return np.empty(0, np.int64) if self._states is None else self._states[1][1 + since : 1 + self.count]

    def ids(self, since: int = 0) -> np.ndarray:
        """Return the ids of what was removed, without the first ``since``."""
        return self.entries(since) >> PLACES

    def remove(self, places: np.ndarray, index: np.ndarray) -> None:
        """Remove the points at these places."""
        alive, log = self.states()
        places = places[alive[places]].astype(np.int64)
        before = self.count + 1
        alive[places] = False
        log[before : before + len(places)] = np.sort((index[places].astype(np.int64) << PLACES) | places)
        log[0] += len(places)

    def restore(self) -> None:
        """Bring every point back, in time proportional to the number of those that are gone."""
        if self._states is not None:
            alive, log = self._states
            alive[self._places()] = True
            log[0] = 0

    def _places(self) -> np.ndarray:
        return self.entries() & ((1 << PLACES) - 1)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the unused part of the log behind."""
        return {"n": self._n, "entries": self.entries()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["n"])  # type: ignore[misc]
        entries = state["entries"]
        if len(entries):
            alive, log = self.states()
            log[0], log[1 : 1 + len(entries)] = len(entries), entries
            alive[self._places()] = False
