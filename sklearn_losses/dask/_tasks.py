"""What is computed in the chunks: a survey of the data, sums at coefficients, and scores.

Knows arrays, targets and programs; knows nothing of dask, and runs in any process that can import the package.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.validation import check_array

from .._sparse import check_sparse
from ..linear_model._parameters import check_weights
from ..linear_model._targets_of_classes import encode_labels
from ..linear_model.solvers._columns import moments
from ..linear_model.solvers._problem import Scales
from ..linear_model.solvers._row_sums import row_sums
from ..losses._targets import as_classes, dense, distinct

# ---- what comes in -----------------------------------------------------------------------------------


def features(X, dtype, *, check=False):
    """Give a chunk of X as an array or CSR; `check` that all is finite."""
    if hasattr(X, "to_scipy_sparse"):  # of the library sparse
        X = X.to_scipy_sparse()
    check_sparse(X, "X")
    if check:
        return check_array(X, accept_sparse="csr", dtype=dtype, order="C", input_name="X")
    if hasattr(X, "tocsr"):
        return X.tocsr().astype(dtype, copy=False)
    return np.asarray(X, dtype=dtype)


def target_of(y, *, labels):
    """Give a chunk of y: labels (n,), or numbers (n,) or (n, K)."""
    y = np.asarray(dense(y, "y"))
    return y.ravel() if labels else y


def weights_of(weight, n):
    """Give a chunk of weights, float64; ones if there are none."""
    return np.ones(n) if weight is None else np.asarray(weight, dtype=np.float64).ravel()


# ---- survey ------------------------------------------------------------------------------------------


@dataclass
class Look:
    """How the survey looks at chunks."""

    loss: Any
    dtype: Any
    labels: bool
    """Whether y holds labels, rather than numbers."""
    sampled: int
    """Rows of y that are taken from each chunk, where y holds numbers."""


@dataclass
class Survey:
    """What is known of the rows of some chunks; two can be added."""

    n_rows: int
    weight: float
    there: np.ndarray
    """The share of rows, by weight, whose entry in a column is not zero."""
    mean: np.ndarray
    variance: np.ndarray
    """About the mean; of sparse columns the mean is taken for zero."""
    is_sparse: bool
    labels: np.ndarray | None
    """The sorted labels; None where y holds numbers."""
    totals: np.ndarray
    """The weight of each label; of numbers, Σ w y."""
    masses: Any
    """Σ y of numbers, without weights."""
    sample: tuple
    """Some rows of y and the weights that they stand for."""

    def __add__(self, other):
        weight = self.weight + other.weight
        share = other.weight / weight if weight > 0.0 else 0.5
        apart = other.mean - self.mean
        if self.labels is None:
            labels, totals = None, self.totals + other.totals
        else:
            labels = np.union1d(self.labels, other.labels)
            totals = np.zeros(len(labels))
            for part in (self, other):
                totals[encode_labels(part.labels, labels)] += part.totals
        return Survey(
            self.n_rows + other.n_rows,
            weight,
            self.there + share * (other.there - self.there),
            self.mean + share * apart,
            self.variance + share * (other.variance - self.variance) + share * (1.0 - share) * apart**2,
            self.is_sparse or other.is_sparse,
            labels,
            totals,
            self.masses + other.masses,
            tuple(np.concatenate(pair) for pair in zip(self.sample, other.sample, strict=True)),
        )

    @property
    def mean_square(self):
        """Of every column."""
        return self.variance + self.mean**2


def survey(look, X, y, sample_weight):
    """Check a chunk, and give its `Survey`."""
    X = features(X, look.dtype, check=True)
    y = check_array(target_of(y, labels=look.labels), dtype=None, ensure_2d=False, input_name="y")
    n, d = X.shape
    weight = np.ones(n)
    if sample_weight is not None:
        weight = check_weights(np.asarray(sample_weight).ravel(), n, all_may_be_zero=True)
        if weight.min() < 0.0:
            raise ValueError(f"Sample weights must not be negative; got {weight.min():g}.")
    total = float(weight.sum())
    there = mean = variance = np.zeros(d)
    if total > 0.0:
        there, mean, variance = moments(X, weight / total)
    if look.labels:
        names, totals = _totals(as_classes(y, "y"), weight)
        return Survey(n, total, there, mean, variance, not isinstance(X, np.ndarray), names, totals, 0, ())
    y = np.asarray(look.loss.check_target(y), dtype=np.float64).reshape(y.shape)
    chosen = np.arange(n)
    if n > look.sampled:
        chosen = np.sort(np.random.default_rng(n).choice(n, look.sampled, replace=False))
    sample = y[chosen], weight[chosen] * (n / len(chosen))
    return Survey(
        n,
        total,
        there,
        mean,
        variance,
        not isinstance(X, np.ndarray),
        None,
        weight @ y,
        y.sum(axis=0),
        sample,
    )


def _totals(y, weight):
    """Give the labels, and the weight of each."""
    if y.dtype.kind == "f":  # numbers with a fraction are no labels, whatever chunk they are in
        distinct(y, "y", "A classifier needs labels; for probabilities of classes pass one column a class.")
    labels, codes = np.unique(y, return_inverse=True)
    return labels, np.bincount(codes.ravel(), weight, minlength=len(labels))


# ---- sums --------------------------------------------------------------------------------------------


@dataclass
class Ask:
    """What a pass is to sum."""

    target: Any
    dtype: Any
    labels: bool
    class_weight: Any
    """The factor of each class, where y holds labels; of rows of probabilities a dictionary; or None."""
    scales: Scales
    programs: list
    """Of every problem."""
    points: dict
    """Coefficients of scaled columns and intercept, by key; the first entry of a key says which problem."""


def sums(ask, X, y, sample_weight):
    """Give Σ weight and what `row_sums` gives, by the keys of the points."""
    X = features(X, ask.dtype)
    y = target_of(y, labels=ask.labels)
    weight = weights_of(sample_weight, X.shape[0])
    keywords = {}
    if ask.labels and ask.class_weight is not None:
        weight = weight * ask.class_weight[encode_labels(y, ask.target.classes)]
    elif ask.class_weight is not None:
        keywords = {"class_weight": ask.class_weight}
    if ask.labels:
        keywords["rest_weighs_one"] = False
    problems = ask.target.problems(y, weight, **keywords)
    found = {}
    for key, (coef, intercept) in ask.points.items():
        problem = problems[key[0]]
        program = ask.programs[key[0]]
        found[key] = (
            float(problem.weight.sum()),
            *row_sums(program, X, problem.y, problem.weight, ask.scales, coef, intercept),
        )
    return found


def add(one, other):
    """Add the sums of two chunks."""
    return {key: tuple(a + b for a, b in zip(values, other[key], strict=True)) for key, values in one.items()}


# ---- predictions and scores --------------------------------------------------------------------------


@dataclass
class Prediction:
    """Which method of which model."""

    model: Any
    method: str


def predict(prediction, X):
    """Give what the method gives for a chunk."""
    return getattr(prediction.model, prediction.method)(plain(X))


def plain(X):
    """Give a chunk as estimators take it."""
    return X.to_scipy_sparse() if hasattr(X, "to_scipy_sparse") else X


def accuracy(model, X, y, sample_weight):
    """Give the weighted sum of what `score` averages, and that of the weights."""
    weight = weights_of(sample_weight, X.shape[0])
    if not weight.any():
        return np.zeros(2)
    y = np.asarray(dense(y, "y"))
    return np.array([model.score(plain(X), y, sample_weight=weight), 1.0]) * weight.sum()


@dataclass
class Residuals:
    """What R² is made of, for every output; two can be added."""

    weight: float
    mean: np.ndarray
    spread: np.ndarray
    """Σ w (y - mean)²."""
    rest: np.ndarray
    """Σ w (y - prediction)²."""

    def __add__(self, other):
        weight = self.weight + other.weight
        share = other.weight / weight if weight > 0.0 else 0.5
        apart = other.mean - self.mean
        between = (share * (1.0 - share) * weight) * apart**2
        return Residuals(
            weight, self.mean + share * apart, self.spread + other.spread + between, self.rest + other.rest
        )


def residuals(model, X, y, sample_weight):
    """Give the `Residuals` of a chunk."""
    y = np.asarray(y, dtype=np.float64)
    y = y.reshape(len(y), -1)
    weight = weights_of(sample_weight, len(y))
    total = float(weight.sum())
    mean = weight @ y / total if total > 0.0 else np.zeros(y.shape[1])
    f = np.asarray(model.predict(plain(X)), dtype=np.float64).reshape(y.shape)
    return Residuals(total, mean, weight @ np.square(y - mean), weight @ np.square(y - f))
