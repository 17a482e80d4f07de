"""What scikit-learn asks of an estimator, without importing it: parameters, tags, checks of input, forms of output.

An :class:`Estimator` works in pipelines, searches and ``clone``, and obeys ``sklearn.set_config``; scikit-learn is
looked up where it is loaded already, so that objects of Ferrumba cost nothing to those who do not use it.
"""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

FORMS = ("default", "pandas", "polars")


class NotFittedError(ValueError, AttributeError):
    """A method was called that needs ``fit`` before; scikit-learn's own class is raised where that is loaded."""


def as_rows(x: Any) -> Any:
    """Return rows as they are, arrays of objects as numbers; the words of the errors are scikit-learn's.

    Raises
    ------
    ValueError
        If they are complex or sparse.
    TypeError
        If an object is no number.
    """
    if isinstance(x, np.ndarray) and x.dtype == object:
        return x.astype(np.float64)
    if np.dtype(getattr(x, "dtype", None) or np.float64).kind == "c":
        raise ValueError(f"Complex data not supported: X holds {x.dtype}; give real numbers")
    if hasattr(x, "toarray"):
        raise TypeError("X is sparse, but dense rows are needed; give X.toarray()")
    return x


class Estimator:
    """The parameters of an object, which are the arguments of its ``__init__`` and attributes of the same names."""

    @classmethod
    def _parameters(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002 - asked for by name
        """Return the parameters by name.

        Parameters
        ----------
        deep : bool
            Has no meaning here, where no parameter is an estimator.
        """
        return {name: getattr(self, name) for name in self._parameters()}

    def set_params(self, **params: Any) -> Any:
        """Set parameters by name and return self.

        Raises
        ------
        ValueError
            If there is no parameter of that name.
        """
        known = self._parameters()
        for name, value in params.items():
            if name not in known:
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {type(self).__name__}; choose from {', '.join(known)}"
                )
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        given = {
            name: value for name, value in self.get_params().items() if repr(value) != repr(defaults[name].default)
        }
        changed = [f"{name}={value!r}" for name, value in given.items()]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "n_features_in_")

    def _require_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            loaded = sys.modules.get("sklearn.exceptions")
            raise (NotFittedError if loaded is None else loaded.NotFittedError)(
                f"This {type(self).__name__} instance is not fitted yet; call fit with the training rows first"
            )

    def _note_columns(self, columns: int, names: Sequence[str] | None) -> None:
        """Remember the columns of the training rows."""
        self.n_features_in_ = columns
        if names is not None:
            self.feature_names_in_ = np.asarray(names, object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _check_columns(self, columns: int, names: Sequence[str] | None) -> None:
        """Raise if rows have other columns than those of ``fit``; the words are scikit-learn's."""
        own, known = type(self).__name__, getattr(self, "feature_names_in_", None)
        if known is not None and names is None:
            _warn(f"X does not have valid feature names, but {own} was fitted with feature names")
        elif known is None and names is not None:
            _warn(f"X has feature names, but {own} was fitted without feature names")
        elif known is not None and names is not None and list(known) != list(names):
            raise ValueError(_other_names(list(known), list(names)))
        wanted = self.n_features_in_
        if columns != wanted:
            raise ValueError(f"X has {columns} features, but {own} is expecting {wanted} features as input")


def _warn(sentence: str) -> None:
    warnings.warn(sentence, UserWarning, stacklevel=4)


def _other_names(known: list[str], given: list[str]) -> str:
    told = ["The feature names should match those that were passed during fit."]
    for title, names in (
        ("Feature names unseen at fit time:", sorted(set(given) - set(known))),
        ("Feature names seen at fit time, yet now missing:", sorted(set(known) - set(given))),
    ):
        if names:
            told += [title, *(f"- {name}" for name in names[:5]), *(["- ..."] if len(names) > 5 else [])]
    if len(told) == 1:
        told.append("Feature names must be in the same order as they were in fit.")
    return "\n".join(told) + "\n"


class Transformer(Estimator):
    """An estimator that makes columns of columns."""

    def fit_transform(self, X: Any, y: Any = None, **params: Any) -> Any:  # noqa: N803 - scikit-learn's name
        """Fit to the training rows, and return their features."""
        return self.fit(X, y, **params).transform(X)  # type: ignore[attr-defined]

    def set_output(self, *, transform: str | None = None) -> Any:
        """Choose what ``transform`` returns: the kind of table it is given, or always one of pandas or Polars.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, optional
            None leaves the choice as it is.
        """
        if transform is not None:
            if transform not in FORMS:
                raise ValueError(f"transform is {transform!r}, but the forms are {', '.join(map(repr, FORMS))}")
            self._form = transform
        return self

    def _output_form(self) -> str:
        """Return the form that was chosen for this object, or in scikit-learn's configuration."""
        own = getattr(self, "_form", None)
        loaded = sys.modules.get("sklearn")
        return own or ("default" if loaded is None else loaded.get_config()["transform_output"])

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type="transformer",
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(preserves_dtype=["float64"]),
            input_tags=InputTags(allow_nan=True),
        )
