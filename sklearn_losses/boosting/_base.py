"""What boosted regressors and classifiers share: fit, start, raw predictions, and what is handed to the library.

Knows estimators and asks the loss for its facts; what a library wants, its adapter knows.
"""

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.utils import get_tags
from sklearn.utils.validation import (
    check_array,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from .._sparse import check_sparse
from ..linear_model._parameters import InvalidParameterError, check_weights, unchanged_on_error
from ..losses import get_loss
from ._libraries import library_of


class Evaluation(NamedTuple):
    """Data that are scored in every round, encoded."""

    X: Any
    target: np.ndarray
    weights: np.ndarray | None


class BoostedModel(MetaEstimatorMixin, BaseEstimator):
    """A loss trained by the trees of a library: the raw prediction is ``baseline_`` plus what the trees say."""

    _for_classifier: bool

    def __init__(self, estimator, loss):
        self.estimator = estimator
        self.loss = loss

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        own = get_tags(self.estimator).input_tags
        tags.input_tags.sparse, tags.input_tags.allow_nan = own.sparse, own.allow_nan
        return tags

    def set_params(self, **params):
        """Set parameters, those of the estimator and the loss too: ``estimator__max_depth``, ``loss__delta``."""
        loss = params.get("loss", self.loss)
        nested = [name for name in params if name.startswith("loss__")]
        if nested and not hasattr(loss, "set_params"):
            raise InvalidParameterError(
                f"{nested[0]} is a parameter of a loss object, but loss={loss!r} is a name or a function. "
                f"Pass an object, such as loss=Huber()."
            )
        return super().set_params(**params)

    @property
    def feature_importances_(self):
        """The importances of the features, as the library computes them."""
        check_is_fitted(self)
        return self.estimator_.feature_importances_

    def _get_loss(self):
        return get_loss(self.loss, for_classifier=self._for_classifier)

    def _fit(self, X, y, sample_weight, eval_set, eval_sample_weight, options):
        with unchanged_on_error(self):
            library = library_of(self.estimator, self)
            if y is None:
                raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None.")
            X = self._check_features(X, reset=True)
            y = _as_target(y)
            check_consistent_length(X, y)
            weights = check_weights(sample_weight, len(y))
            target, weights, n_outputs = self._set_target(y, weights)
            self.baseline_ = self._best_constant(target, weights, n_outputs)
            evaluations = self._evaluations(eval_set, eval_sample_weight)
            model = library.model(self.loss_, target, n_outputs)
            self.evals_result_ = library.fit(model, X, target, weights, self.baseline_, evaluations, options)
            self.estimator_ = model
        return self

    def _check_features(self, X, *, reset):
        """Take note of the columns, or compare them; data frames are for the library to convert."""
        if hasattr(X, "__dataframe__") or hasattr(X, "__arrow_c_stream__") or hasattr(X, "columns"):
            validate_data(self, X, reset=reset, skip_check_array=True)
            return X
        check_sparse(X, "X")
        X = validate_data(
            self,
            X,
            reset=reset,
            accept_sparse="csr",
            ensure_all_finite=False,
            ensure_min_samples=2 if reset else 1,
        )
        return sp.csr_matrix(X) if sp.issparse(X) else X  # LightGBM does not take csr_array

    def _evaluations(self, eval_set, eval_sample_weight):
        if eval_set is None:
            return []
        pairs = [eval_set] if isinstance(eval_set, tuple) else list(eval_set)
        weights = [None] * len(pairs) if eval_sample_weight is None else list(eval_sample_weight)
        if len(weights) != len(pairs):
            raise ValueError(
                f"eval_sample_weight holds {len(weights)} arrays of weights for the {len(pairs)} pairs of eval_set; "
                f"None stands for no weights."
            )
        return [
            Evaluation(
                self._check_features(X, reset=False), self._encode(_as_target(y)), check_weights(w, len(y))
            )
            for (X, y), w in zip(pairs, weights, strict=True)
        ]

    def _best_constant(self, target, weights, n_outputs):
        """Return the constant raw prediction, one an output, that boosting starts from."""
        loss = self.loss_
        if target.ndim == 1 and n_outputs > 1:
            if loss.couples_outputs:
                return loss.constant_minimizer(target, weights, labels=range(n_outputs))
            low, high = loss.binary_values
            ones = [np.where(target == k, high, low) for k in range(n_outputs)]
            return np.array([loss.constant_minimizer(y, weights) for y in ones])
        return loss.constant_minimizer(target, weights)

    def _raw_prediction(self, X):
        check_is_fitted(self)
        X = self._check_features(X, reset=False)
        added = library_of(self.estimator_, self).raw_prediction(self.estimator_, X)
        return self.baseline_ + np.asarray(added, dtype=np.float64)


def _as_target(y):
    """Return y as an array, a column of numbers or labels as one dimension."""
    y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
    return column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y
