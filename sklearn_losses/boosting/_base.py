"""What boosted regressors and classifiers share: fit, start, raw predictions, and what is handed to the library.

Knows estimators and asks the loss for its facts; what a library wants, its adapter knows.
"""

import warnings
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from sklearn import get_config
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
from ._objective import Metric
from ._start import starting_point


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
            library.check_options(options)
            if y is None:
                raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None.")
            known = vars(self).copy()
            X = self._check_features(X, reset=True)
            _refuse_tensors(self, "y", y)
            y = _as_target(y)
            check_consistent_length(X, y)
            weights = check_weights(sample_weight, len(y))
            target, weights, n_outputs = self._set_target(y, weights)
            self.baseline_ = starting_point(self.loss_, target, weights, n_outputs)
            if options.get(library.model_option) is not None:
                options = {
                    **options,
                    library.model_option: self._go_on(library, options, known, X, target, weights),
                }
            evaluations = self._evaluations(eval_set, eval_sample_weight)
            model = library.model(self.loss_, target, weights, n_outputs, self.baseline_)
            self.evals_result_ = library.fit(model, X, target, weights, evaluations, options)
            self.estimator_ = model
        if library.n_splits(model) == 0:
            self._warn_of_no_split(target, weights)
        return self

    def _go_on(self, library, options, known, X, target, weights):
        """Return the booster that is trained on, and set `baseline_` to what its trees are added to."""
        given = options[library.model_option]
        if isinstance(given, BoostedModel):
            known = vars(given)
            fits = type(given) is type(self) and "estimator_" in known
            if not (fits and library_of(known["estimator_"], self).name == library.name):
                raise ValueError(
                    f"{library.model_option} must be a fitted {type(self).__name__} of trees of {library.name}, or a "
                    f"model of {library.name}; got {given!r}."
                )
            given = given.estimator_
        booster = library.earlier(given)
        if "estimator_" in known:
            own = known["estimator_"]
            if given is own or given is library_of(own, self).booster(own):
                same_shape = np.shape(known["baseline_"]) == np.shape(self.baseline_)
                if not (
                    same_shape and np.array_equal(known.get("classes_", ()), getattr(self, "classes_", ()))
                ):
                    raise ValueError(
                        f"{library.model_option} was trained on other classes or another number of targets than y "
                        f"has."
                    )
                self.baseline_ = known["baseline_"]
                return booster
        # Nothing says what the trees of a stored booster are added to: to our constant, or to the library's own.
        trees, own = library.parts_of_booster(booster, X)
        score = Metric(self.loss_, library.name)
        if score(target, own + trees, weights) < score(target, self.baseline_ + trees, weights):
            self.baseline_ = np.broadcast_to(own, np.shape(self.baseline_)) + 0.0 * self.baseline_
        return booster

    def _warn_of_no_split(self, target, weights):
        """Say that nothing was learnt, unless the start is perfect."""
        objective = self.estimator_.objective
        gradient, _ = objective(target, np.zeros((len(target), *np.shape(self.baseline_))), weights)
        if np.any(np.abs(gradient) > 1e-6 * objective.amplifier):
            warnings.warn(
                f"{type(self).__name__} made no split in {len(target)} samples: it predicts a constant. Either no "
                f"feature tells anything of y, or {type(self.estimator_).__name__} asks for more samples in a leaf "
                f"(LightGBM's min_child_samples is 20), for a larger sum of weights there, or for a larger gain.",
                stacklevel=4,
            )

    def _check_features(self, X, *, reset):
        """Take note of the columns, or compare them; data frames are for the library to convert."""
        _refuse_tensors(self, "X", X)
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

    def _raw_prediction(self, X):
        check_is_fitted(self)
        X = self._check_features(X, reset=False)
        added = library_of(self.estimator_, self).raw_prediction(self.estimator_, X)
        return self.baseline_ + np.asarray(added, dtype=np.float64)


def _refuse_tensors(model, name, array):
    """Raise for an array that scikit-learn would leave on its device."""
    if (
        get_config()["array_api_dispatch"]
        and hasattr(array, "__dlpack__")
        and not isinstance(array, np.ndarray)
    ):
        raise TypeError(
            f"{type(model).__name__} takes NumPy arrays, sparse matrices and data frames, which its library reads; "
            f"{name} is of type {type(array).__module__}.{type(array).__qualname__}. Convert it to a NumPy array (for "
            f"PyTorch: {name}.cpu().numpy())."
        )


def _as_target(y):
    """Return y as an array, a column of numbers or labels as one dimension."""
    y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
    return column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y
