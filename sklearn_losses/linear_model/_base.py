"""What every linear estimator shares: input checks, encoding of labels, weights, and predictions.

Knows estimators and asks the loss for its facts (`binary_values`, `positive_probability`, `link`, ...). Knows
nothing of how coefficients are found: that is the solvers'.
"""

from contextlib import contextmanager
from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from ..losses import get_loss


class InvalidParameterError(ValueError, TypeError):
    """A parameter of an estimator has a value that it cannot have."""


@contextmanager
def unchanged_on_error(estimator):
    """Put every attribute back when the block fails, so that a fitted model survives a failed fit.

    Whoever trains inside the block assigns new arrays and never writes into those that are there.
    """
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


# A rule says in words what a parameter may be, and tells whether a value is that.


def number(kind, low=None, high=None, *, above=None, below=None, or_none=False):
    """Rule of a finite number: `low` <= value <= `high`, `above` < value < `below`."""
    bounds = [f">= {low}"] * (low is not None) + [f"> {above}"] * (above is not None)
    bounds += [f"<= {high}"] * (high is not None) + [f"< {below}"] * (below is not None)
    noun = "an integer" if kind is Integral else "a finite number"
    words = " ".join([noun, " and ".join(bounds)]).strip() + " or None" * or_none

    def holds(value):
        if value is None:
            return or_none
        return (
            isinstance(value, kind)
            and bool(np.isfinite(value))
            and (low is None or value >= low)
            and (above is None or value > above)
            and (high is None or value <= high)
            and (below is None or value < below)
        )

    return words, holds


def one_of(*values):
    """Rule of a value among a few."""
    words = "one of " + ", ".join(map(repr, values))
    return words, lambda value: any(value is v or (isinstance(v, str) and value == v) for v in values)


BOOLEAN = "True or False", lambda value: isinstance(value, (bool, np.bool_))


def check_parameters(estimator, rules):
    """Raise `InvalidParameterError` for the first parameter that breaks its rule."""
    for name, (words, holds) in rules.items():
        value = getattr(estimator, name)
        try:
            sound = holds(value)
        except (TypeError, ValueError):  # such as an array, whose comparisons are no bool
            sound = False
        if not sound:
            raise InvalidParameterError(
                f"The parameter {name!r} of {type(estimator).__name__} must be {words}; got {value!r}."
            )


def check_weights(sample_weight, n_samples, *, all_may_be_zero=False):
    """Turn weights into None (all are 1) or a float64 array with one entry a sample."""
    if sample_weight is None:
        return None
    if isinstance(sample_weight, Real):
        weight = np.full(n_samples, float(sample_weight))
    else:
        weight = check_array(
            sample_weight, dtype=np.float64, ensure_2d=False, order="C", input_name="sample_weight"
        )
    if weight.ndim != 1:
        raise ValueError(f"Sample weights must be 1D array or scalar, got {weight.ndim}D array.")
    if weight.shape != (n_samples,):
        raise ValueError(
            f"sample_weight.shape == {weight.shape}, expected {(n_samples,)}: one "
            "weight for each sample of X."
        )
    if not all_may_be_zero and not weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weight


class LinearModel(BaseEstimator):
    """f = X @ coef_.T + intercept_, and the checks of what comes in."""

    _for_classifier: bool

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _get_loss(self):
        """Turn the parameter `loss` into a scalar loss."""
        loss = get_loss(self.loss, for_classifier=self._for_classifier, epsilon=self.epsilon)
        if loss.couples_outputs:
            remedy = (
                "Use loss='log_loss': several classes are then trained one against the rest."
                if self._for_classifier
                else "Use a regression loss, such as 'squared_error'."
            )
            raise InvalidParameterError(
                f"{type(self).__name__} trains losses of one raw prediction a sample; {loss!r} needs the "
                f"predictions of all outputs at once. {remedy}"
            )
        return loss

    def _check_training_data(self, X, y, *, first):
        """Check X and y. After the first call they must fit the model that is there."""
        return validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            accept_large_sparse=True,
            dtype=[np.float64, np.float32] if first else self.coef_.dtype,
            order="C",
            y_numeric=not self._for_classifier,
            reset=first,
        )

    def _starting_point(self, shape, dtype, coef_init, intercept_init):
        """Give coefficients of this shape and intercepts, zero where none are handed in."""
        coef, intercept = np.zeros(shape, dtype), np.zeros(shape[0], dtype)
        for name, target, value in (
            ("coef_init", coef, coef_init),
            ("intercept_init", intercept, intercept_init),
        ):
            if value is None:
                continue
            value = (
                check_array(
                    value, dtype=dtype, ensure_2d=False, ensure_min_samples=0, allow_nd=True, input_name=name
                )
                if np.ndim(value)
                else np.asarray(value, dtype=dtype)
            )
            if value.shape != target.shape and not (shape[0] == 1 and value.shape in (target.shape[1:], ())):
                raise ValueError(
                    f"Provided {name} does not match dataset: it must have shape {target.shape}, "
                    f"got {value.shape}."
                )
            target[...] = value
        return coef, intercept

    def densify(self):
        """Turn `coef_` into a dense array, which it is after every fit.

        Returns
        -------
        self
        """
        check_is_fitted(self, "coef_")
        self.coef_ = self._dense_coef()
        return self

    def sparsify(self):
        """Turn `coef_` into a sparse matrix of shape (n_outputs, n_features).

        It takes less memory where an L1 penalty made most coefficients zero; predictions stay the same.

        Returns
        -------
        self
        """
        check_is_fitted(self, "coef_")
        self.coef_ = sp.csr_matrix(self.coef_)
        return self

    def _dense_coef(self):
        if not sp.issparse(self.coef_):
            return self.coef_
        coef = self.coef_.toarray()
        return coef if self._for_classifier else coef.ravel()

    def _raw_prediction(self, X):
        """X @ coef_.T + intercept_, of shape (n_samples,) where there is one output."""
        check_is_fitted(self, "coef_")
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False)
        coef = self.coef_ if sp.issparse(self.coef_) else np.atleast_2d(self.coef_)
        raw = safe_sparse_dot(X, coef.T, dense_output=True) + self.intercept_
        return raw.ravel() if raw.shape[1] == 1 else raw


class LinearRegressorBase(RegressorMixin, LinearModel):
    """What linear regressors share; `coef_` has shape (n_features,), `intercept_` (1,)."""

    _for_classifier = False

    def predict(self, X):
        """Predict the target: the inverse link of X @ coef_ + intercept_.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The features.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return self._get_loss().link.inverse(self._raw_prediction(X))


def gives_probabilities(classifier):
    """Tell `available_if` whether the loss of a classifier models probabilities."""
    try:
        loss = classifier._get_loss()
    except (ValueError, TypeError) as error:
        raise AttributeError(f"no probabilities: {error}") from error
    if loss.positive_probability is None:
        raise AttributeError(
            f"probability estimates are not available for loss={classifier.loss!r}. Use loss='log_loss', or "
            "sklearn.calibration.CalibratedClassifierCV around this estimator."
        )
    return True


class LinearClassifierBase(ClassifierMixin, LinearModel):
    """What linear classifiers share: two classes have one output, more have one each, against the rest."""

    _for_classifier = True

    def _classes_of(self, y):
        """Give the sorted classes of a first training target."""
        check_classification_targets(y)
        classes = np.unique(y)
        if len(classes) < 2:
            raise ValueError(
                f"The number of classes has to be greater than one; got {len(classes)} class, {classes[0]!r}."
            )
        return classes

    def _encode(self, y):
        """Give the index of each label among `classes_`."""
        try:
            indices = np.searchsorted(self.classes_, y)
        except TypeError as error:
            raise ValueError(f"y has labels of another type than classes_ {self.classes_!r}") from error
        indices = np.minimum(indices, len(self.classes_) - 1)
        known = self.classes_[indices] == y
        if not np.all(known):
            unknown = y[np.argmin(known)]
            raise ValueError(
                f"y contains the label {unknown!r}, which is not among the classes {self.classes_!r}. "
                "Name all classes in the first call of partial_fit."
            )
        return indices

    def _binary_problems(self, y, sample_weight, loss, *, rest_weighs_one=True):
        """Yield the targets and weights of each output.

        With two classes the second is positive and each class has its weight. Otherwise class k stands
        against the rest, whose weight stays 1, as in scikit-learn, or is that of each sample's own class.
        """
        n_classes = len(self.classes_)
        indices = self._encode(y)
        weight_of = np.ones(n_classes)
        if self.class_weight is not None:
            weight_of = compute_class_weight(self.class_weight, classes=self.classes_, y=y)
        negative, positive = loss.binary_values
        for k in [1] if n_classes == 2 else range(n_classes):
            is_positive = indices == k
            class_weight = weight_of[k], (weight_of[0] if n_classes == 2 else 1.0)
            weight = sample_weight
            if not rest_weighs_one:
                if self.class_weight is not None:
                    weight = weight_of[indices] * (1.0 if weight is None else weight)
            elif class_weight != (1.0, 1.0):
                weight = np.where(is_positive, *class_weight) * (1.0 if weight is None else weight)
            yield np.where(is_positive, float(positive), float(negative)), weight

    def decision_function(self, X):
        """Raw predictions X @ coef_.T + intercept_: the larger, the surer of the class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The features.

        Returns
        -------
        ndarray of shape (n_samples,) for two classes (positive: the second), else (n_samples, n_classes)
        """
        return self._raw_prediction(X)

    def predict(self, X):
        """Predict the class with the largest raw prediction.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The features.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        raw = self.decision_function(X)
        return self.classes_[(raw > 0).astype(np.intp) if raw.ndim == 1 else raw.argmax(axis=1)]

    @available_if(gives_probabilities)
    def predict_proba(self, X):
        """Probability of each class, for losses that model it (such as ``log_loss``).

        With several classes the probabilities of each against the rest are divided by their sum; where all
        are zero, every class gets the same.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The features.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.

        References
        ----------
        Zadrozny and Elkan (2002). Transforming classifier scores into accurate multiclass probability
        estimates. KDD. https://doi.org/10.1145/775047.775151
        """
        probability = np.asarray(self._get_loss().positive_probability.inverse(self.decision_function(X)))
        if probability.ndim == 1:
            return np.column_stack([1.0 - probability, probability])
        total = probability.sum(axis=1, keepdims=True)
        uniform = np.full_like(probability, 1.0 / probability.shape[1])
        return np.divide(probability, total, out=uniform, where=total > 0)

    @available_if(gives_probabilities)
    def predict_log_proba(self, X):
        """Logarithm of `predict_proba`; minus infinity where that is zero.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The features.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))
