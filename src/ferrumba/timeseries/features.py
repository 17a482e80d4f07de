"""Many rolling statistics of many series at once, learnt on training rows and resumable: :class:`FeatureBuilder`."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ferrumba import timeseries
from ferrumba.estimators import Transformer, as_rows
from ferrumba.timeseries.tables import Table, as_table, deferred

STATISTICS = ("med", "mad", "mean", "std", "slope", "skew", "kurt", "energy", "rz")
"""All features, by the suffixes of their columns; ``energy`` has one column for each band."""

FILLS = ("median", None)

FUNCTIONS = {
    "med": "rolling_median",
    "mad": "rolling_mad",
    "mean": "rolling_mean",
    "std": "rolling_std",
    "slope": "rolling_slope",
    "skew": "rolling_skew",
    "kurt": "rolling_kurt",
}
"""The public functions of one result for each sensor and no parameter of their own."""


def default_bands(window: int) -> list[tuple[float, float]]:
    """Return three bands of frequencies, none of them empty, in cycles a row from 0 to 0.5.

    They end at 10 %, 30 % and 100 % of the Nyquist frequency, moved up where a band would hold none of the
    frequencies ``k / window``, k from 1, that a window of so many rows tells apart. Bounds lie half-way between two of
    those. Windows of less than 6 rows tell fewer than three, and get a band for each.

    Parameters
    ----------
    window : int
        Rows of the window.
    """
    highest = window // 2
    ends = [max(math.ceil(0.1 * highest), 2), 0, highest + 1]
    ends[1] = max(math.ceil(0.3 * highest), ends[0] + 1)
    if highest < 3:
        ends = [bin_ + 1 for bin_ in range(1, highest + 1)]
    begins = [1, *ends[:-1]]
    return [((b - 0.5) / window, min((e - 0.5) / window, 0.5)) for b, e in zip(begins, ends, strict=False)]


class FeatureBuilder(Transformer):
    """Rolling features of sensors: 11 columns for each by default.

    Each row's features are made of that row and those before it alone. Training rows give the fills; nothing of the
    rows that are transformed goes into another row's features but through the windows.

    Parameters
    ----------
    window : int
        Rows of the trailing windows.
    features : sequence of str, optional
        Which statistics, by the suffixes of their columns; all by default, which are ``med``, ``mad`` (of the window
        about its own median, not scaled), ``mean``, ``std`` (ddof 1), ``slope`` (a row), ``skew``, ``kurt`` (both
        bias-corrected, 0 for a normal distribution), ``energy`` (of frequency bands) and ``rz`` (the row's distance
        from the median in scaled MADs).
    min_periods : int
        How many finite values a window needs; std, slope and skew need 2, 2 and 3 at least, kurt 4.
    nan : {"omit", "propagate"}
        Whether a missing value is left out of its windows, or makes their features NaN.
    fill : {"median", None}
        What stands for missing values of a sensor: the median of its training rows, or nothing.
    bands : sequence of (float, float), optional
        Bounds of the frequency bands in cycles a row, from 0 to 0.5; see :func:`default_bands`.
    floor : float
        The least MAD that ``rz`` divides by, in units of the sensors: no less than their resolution, or the smallest
        steps of a quantised sensor look like faults.
    clip : float
        Bounds of ``rz`` on either side of 0.
    backend : str, optional
        Request for all calls.

    Attributes
    ----------
    fill_ : ndarray of shape (``n_features_in_``,)
        The fills; NaN for a sensor without a finite training value, and for all with ``fill=None``.
    bands_ : list of (float, float)
        The bands.
    statistics_ : list of str
        The suffixes of the columns that come out, in order.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Where the training rows have names.

    Notes
    -----
    Missing stays missing: where a window has too few values the feature is NaN, never 0.

    Columns come in blocks: a statistic of all sensors, then the next. Tables of pandas, Polars and Arrow come out as
    such, with their index and columns called ``<sensor>_<statistic>``; Dask collections come out lazily.

    The object is an estimator of scikit-learn in all but name, and works in pipelines and searches; scikit-learn itself
    is not needed.

    Examples
    --------
    >>> import numpy as np
    >>> from ferrumba.timeseries import FeatureBuilder
    >>> rows = np.array([[1.0, 5.0], [2.0, np.nan], [4.0, 7.0], [3.0, 9.0]])
    >>> builder = FeatureBuilder(window=3, features=["med", "mean"]).fit(rows)
    >>> builder.get_feature_names_out(["a", "b"]).tolist()
    ['a_med', 'b_med', 'a_mean', 'b_mean']
    >>> builder.transform(rows)[3].tolist()
    [3.0, 7.0, 3.0, 7.666666666666667]
    """

    def __init__(
        self,
        window: int = 16,
        features: Sequence[str] | None = None,
        *,
        min_periods: int = 1,
        nan: str = "omit",
        fill: str | None = "median",
        bands: Sequence[tuple[float, float]] | None = None,
        floor: float = 1e-9,
        clip: float = 100.0,
        backend: str | None = None,
    ) -> None:
        self.window = window
        self.features = features
        self.min_periods = min_periods
        self.nan = nan
        self.fill = fill
        self.bands = bands
        self.floor = floor
        self.clip = clip
        self.backend = backend

    def fit(self, X: Any, y: Any = None) -> FeatureBuilder:  # noqa: N803, ARG002 - scikit-learn's names
        """Learn the fills, and forget the rows of earlier calls of ``update``.

        Parameters
        ----------
        X : array_like or data frame, shape (n, c)
            Training rows.
        y : object
            Not used.

        Raises
        ------
        ValueError, TypeError
            If a parameter is out of its range, or the rows are no table of numbers.
        """
        chosen = self._checked()
        lazy = deferred(X)
        table = _as_table(lazy.sample(X) if lazy else X)
        if not lazy and not len(table.array):
            raise ValueError(
                f"Found array with 0 sample(s) (shape={table.array.shape}) while a minimum of 1 is required."
            )
        columns = table.array.shape[1]
        self._note_columns(columns, table.names)
        self.bands_ = list(default_bands(self.window) if self.bands is None else self.bands)
        self.statistics_ = [
            suffix
            for name in chosen
            for suffix in ([f"energy_{i}" for i in range(len(self.bands_))] if name == "energy" else [name])
        ]
        self._make(np.zeros((1, columns)), 0)  # whatever else is wrong with the parameters is found here
        self.fill_ = np.full(columns, np.nan)
        if self.fill == "median":
            self.fill_ = lazy.column_medians(X) if lazy else _medians(table.array)
        return self.reset()

    def reset(self) -> FeatureBuilder:
        """Forget the rows of earlier calls of ``update``: the next begins a series."""
        self._tail = np.empty((0, self.n_features_in_))
        return self

    def transform(self, X: Any) -> Any:  # noqa: N803 - scikit-learn's name
        """Return the features of rows that begin a series.

        Parameters
        ----------
        X : array_like or data frame, shape (n, c)
            Rows in time.

        Returns
        -------
        ndarray or data frame, shape (n, c * s) for s ``statistics_``
            float32 for float32 rows, else float64.
        """
        return self._features(X, None)

    def update(self, X: Any) -> Any:  # noqa: N803 - scikit-learn's name
        """Return the features of rows that go on where the last call of ``update`` ended.

        In blocks of any lengths the features are those of one piece: the same bits for order statistics, and for
        moments as their functions say. The state is the last ``window - 1`` rows; it is pickled with the object.

        Parameters
        ----------
        X : array_like or data frame, shape (n, c)
            The next rows in time.
        """
        return self._features(X, self._tail if self.__sklearn_is_fitted__() else None, keep=True)

    def get_feature_names_out(self, input_features: Sequence[str] | None = None) -> np.ndarray:
        """Return the names of the columns that come out.

        Parameters
        ----------
        input_features : sequence of str, optional
            Names of the sensors; by default those of the training rows, or ``x0``, ``x1``, ...
        """
        self._require_fitted()
        known = getattr(self, "feature_names_in_", None)
        if input_features is None:
            names = [f"x{i}" for i in range(self.n_features_in_)] if known is None else list(known)
        else:
            names = [str(name) for name in input_features]
            if known is not None and names != list(known):
                raise ValueError("input_features is not equal to feature_names_in_")
            if len(names) != self.n_features_in_:
                raise ValueError(
                    f"input_features should have length equal to number of features ({self.n_features_in_}), "
                    f"got {len(names)}"
                )
        return np.array([f"{name}_{suffix}" for suffix in self.statistics_ for name in names], object)

    def _checked(self) -> list[str]:
        """Return the statistics in order, after a look at the parameters that no function looks at."""
        if isinstance(self.window, (bool, str)) or not hasattr(self.window, "__index__"):
            raise TypeError(f"window is {self.window!r}, but here it is a number of rows")
        if self.window < 1:
            raise ValueError(f"window is {self.window!r}, but a window has at least 1 row")
        if self.fill not in FILLS:
            raise ValueError(f"fill is {self.fill!r}, but it is 'median' or None")
        if isinstance(self.features, str):
            raise TypeError(f"features is {self.features!r}, but it is a list of names; give [{self.features!r}]")
        chosen = list(STATISTICS if self.features is None else self.features)
        for name in chosen:
            if name not in STATISTICS:
                raise ValueError(f"features holds {name!r}, but the features are {', '.join(STATISTICS)}")
        if not chosen or len(set(chosen)) < len(chosen):
            raise ValueError(f"features is {self.features!r}; name each feature once, and one at least")
        if self.window == 1 and self.features is None:
            chosen = [name for name in chosen if name != "energy"]
        return chosen

    def _features(self, x: Any, before: np.ndarray | None, keep: bool = False) -> Any:
        self._require_fitted()
        if lazy := deferred(x):
            if keep:
                raise TypeError(f"X is a {type(x).__name__} of Dask, but update takes rows in memory; use transform")
            return lazy.windowed(self._alone().transform, x, int(self.window) - 1)
        table = _as_table(x)
        self._check_columns(table.array.shape[1], table.names)
        history = 0 if before is None else len(before)
        values = np.empty((table.array.shape[1], history + len(table.array)), table.dtype).T
        values[:history] = before
        new = values[history:]
        new[...] = table.array
        for column, fill in enumerate(self.fill_):
            if not math.isnan(fill):
                np.copyto(new[:, column], fill, where=~np.isfinite(new[:, column]))
        made = self._make(values, history)
        if keep:
            self._tail = values[max(0, len(values) - int(self.window) + 1) :].astype(np.float64)
        return self._dressed(table, made)

    def _alone(self) -> FeatureBuilder:
        """Return a copy without the rows of earlier calls of ``update``."""
        return copy.copy(self).reset()

    def _make(self, values: np.ndarray, history: int) -> np.ndarray:
        """Return the features of the rows behind the first ``history``."""
        rows, columns = values.shape
        made = np.empty((columns * len(self.statistics_), rows), values.dtype).T
        parts = {
            suffix: made[:, columns * place : columns * (place + 1)] for place, suffix in enumerate(self.statistics_)
        }
        rules = {"min_periods": self.min_periods, "nan": self.nan, "backend": self.backend}
        alone = dict(parts)
        if "med" in parts and "mad" in parts:
            pair = alone.pop("med"), alone.pop("mad")
            timeseries.rolling_median_mad(values, self.window, out=pair, **rules)
        for suffix, function in FUNCTIONS.items():
            if suffix in alone:
                getattr(timeseries, function)(values, self.window, out=alone[suffix], **rules)
        if "rz" in parts:
            timeseries.rolling_robust_zscore(
                values, self.window, floor=self.floor, clip=self.clip, out=parts["rz"], **rules
            )
        if "energy_0" in parts:
            energies = timeseries.rolling_band_energy(
                values, self.window, self.bands_, nyquist=True, backend=self.backend
            )
            for place in range(len(self.bands_)):
                parts[f"energy_{place}"][...] = energies[..., place]
        return made[history:]

    def _dressed(self, table: Table, made: np.ndarray) -> Any:
        """Return features in the form that was asked for."""
        form = self._output_form()
        names = [str(name) for name in self.get_feature_names_out(table.names)]
        if form == "default":
            return table.dress(made, names)
        if form == "pandas":
            import pandas as pd

            given = table.dress(made, names)
            return given if isinstance(given, pd.DataFrame) else pd.DataFrame(made, columns=names, copy=False)
        import polars as pl

        return pl.DataFrame({name: made[:, place] for place, name in enumerate(names)})


def _as_table(x: Any) -> Table:
    """Return rows as a table of at least one column."""
    table = as_table(as_rows(x), "X")
    if len(getattr(x, "shape", None) or (np.shape(x) if isinstance(x, (list, tuple)) else table.array.shape)) == 1:
        raise ValueError(
            "X has one dimension, but rows of one column or more are needed. Reshape your data: give x[:, None] for "
            "one sensor, or a frame of one column"
        )
    if not table.array.shape[1]:
        raise ValueError(_too_few("feature", table))
    return table


def _too_few(what: str, table: Table) -> str:
    return f"Found array with 0 {what}(s) (shape={table.array.shape}) while a minimum of 1 is required; give more"


def _medians(rows: np.ndarray) -> np.ndarray:
    """Return the median of the finite values of each column, NaN where there is none."""
    medians = np.full(rows.shape[1], np.nan)
    for column in range(rows.shape[1]):
        finite = rows[:, column][np.isfinite(rows[:, column])]
        if len(finite):
            medians[column] = np.median(finite.astype(np.float64))
    return medians
