"""Targets of regression: numbers, one a sample or several, and vectors.

Knows what a loss says of itself (`target_kind`, `link`, ...); see `_targets.py`.
"""

import numpy as np
from sklearn.metrics import r2_score

from ._targets import Problem, Target, shape_of
from .solvers._scales import LARGEST


class Numbers(Target):
    """Numbers: one a sample, or K whose losses have nothing to do with each other.

    Parameters
    ----------
    loss : Loss
    n_columns : int or None
        Columns of y; None where y is (n_samples,), and `coef_` (n_features,).
    """

    def __init__(self, loss, n_columns):
        super().__init__(loss, 1 if n_columns is None else n_columns)
        self.flat = n_columns is None

    def problems(self, y, sample_weight):
        """Give the problem of each column."""
        y = _of_ordinary_size(self.loss.check_target(y))
        if self.flat:
            return [Problem(np.ascontiguousarray(y), sample_weight, slice(0, 1))]
        columns = np.ascontiguousarray(y.reshape(len(y), -1).T)
        names = [""] if self.n_outputs == 1 else [f"[output {k}] " for k in range(self.n_outputs)]
        return [
            Problem(column, sample_weight, slice(k, k + 1), name=name)
            for k, (column, name) in enumerate(zip(columns, names, strict=True))
        ]

    def quality(self, problem, sample_weight):
        """Coefficient of determination R² of the prediction."""
        return lambda raw: r2_score(problem.y, self.loss.link.prediction(raw), sample_weight=sample_weight)

    def predict(self, raw):
        """Give the inverse link of the raw predictions."""
        return self.loss.link.prediction(raw[:, 0] if self.flat else raw)


class Vectors(Target):
    """Vectors, for a loss that compares them as a whole."""

    flat = False

    def problems(self, y, sample_weight):
        """Give the one problem."""
        rows = np.ascontiguousarray(_of_ordinary_size(self.loss.check_target(y)))
        return [Problem(rows, sample_weight, slice(0, self.n_outputs), True)]

    def quality(self, problem, sample_weight):
        """Coefficient of determination R², the mean over columns, as `score` says."""
        return lambda raw: r2_score(problem.y, self.loss.link.prediction(raw), sample_weight=sample_weight)

    def predict(self, raw):
        """Give the inverse link of the raw predictions."""
        return self.loss.link.prediction(raw)


def _of_ordinary_size(y):
    """Return a target in float64, or raise a ValueError if its numbers cannot be squared."""
    y = np.asarray(y, dtype=np.float64)
    largest = max(y.max(), -y.min())
    if not largest < LARGEST:
        raise ValueError(
            f"y holds a number of size {largest:g}, too large to be squared: beyond {LARGEST:g} nothing is trained. "
            f"Divide y by its scale."
        )
    return y


def check_regression(loss, y, name):
    """Raise unless a regressor, which errors call `name`, can learn this with this loss, as far as shape tells."""
    kind = loss.target_kind
    if kind in ("sign", "classes", "indicator"):
        remedy = loss.alias and f"loss={loss.alias!r}"
        raise ValueError(
            f"{loss!r} is a loss of {'labels' if kind == 'indicator' else 'classes'}, and {name} predicts numbers. "
            f"Use a regression loss, such as 'squared_error' or 'huber', or a classifier: "
            f"{name.replace('Regressor', 'Classifier')}({remedy or 'loss=...'})."
        )
    if kind == "moments":
        raise ValueError(
            f"{loss!r} scores a predicted mean and variance; linear models predict no variance. Use it as a "
            f"metric, and train with 'squared_error'."
        )
    if kind == "vector" and y is not None:
        shape = shape_of(y)
        if len(shape) != 2:
            raise ValueError(
                f"{loss!r} compares vectors: y must have shape (n_samples, n_outputs), got {shape}. Use a loss of "
                f"numbers, such as 'squared_error', for one number a sample."
            )


def regression(loss, n_columns):
    """Give the target of a regression with this number of columns in y, None where y is (n_samples,)."""
    return Vectors(loss, n_columns) if loss.target_kind == "vector" else Numbers(loss, n_columns)
