"""What every linear estimator shares: checks of X and y, and predictions.

Knows estimators; what y means is `_targets.py`'s. Knows nothing of how coefficients are found: that is the
solvers'.
"""

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import column_or_1d
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from ..losses import get_loss
from ..losses._targets import as_numpy
from ._arrays import ArrayTarget, check_same_place, is_foreign, logarithm, on_host, raw_prediction
from ._parameters import InvalidParameterError, check_weights
from ._plain import is_plain
from ._targets import is_matrix
from ._targets_of_classes import (
    check_classification,
    classification,
    models_probabilities,
    target_of_classes,
)
from ._targets_of_numbers import check_regression, regression


def _is_table(X):
    """Tell whether X is a matrix of a type that solvers take, with a column at least."""
    return type(X) is np.ndarray and X.dtype in (np.float64, np.float32) and X.ndim == 2 and X.shape[1] > 0


class LinearModel(BaseEstimator):
    """f = X @ coef_.T + intercept_, and the checks of what comes in."""

    _for_classifier: bool
    n_features_in_: int

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def set_params(self, **params):
        """Set parameters; those of the loss, as in ``loss__delta``, need a loss object.

        Parameters
        ----------
        **params : dict
            Names and values.

        Returns
        -------
        self : object
        """
        loss = params.get("loss", self.loss)
        nested = [name for name in params if name.startswith("loss__")]
        if nested and not hasattr(loss, "set_params"):
            raise InvalidParameterError(
                f"{nested[0]} is a parameter of a loss object, but loss={loss!r} is a name or a function. "
                f"Pass an object, such as loss=Huber()."
            )
        return super().set_params(**params)

    def _get_loss(self):
        """Turn the parameter `loss` into a loss."""
        epsilon = getattr(self, "epsilon", None)  # scikit-learn's SGD has such a parameter
        return get_loss(self.loss, for_classifier=self._for_classifier, epsilon=epsilon)

    def _penalty_strengths(self):
        """Give the factors of ||coef||^2 / 2 and of ||coef||_1."""
        l1_ratio = {"l2": 0.0, "l1": 1.0, "elasticnet": self.l1_ratio, None: None}[self.penalty]
        if l1_ratio is None:
            return 0.0, 0.0
        return self.alpha * (1.0 - l1_ratio), self.alpha * l1_ratio

    def _target_kind(self):
        """Give what the loss says y is; None while `loss` is none."""
        try:
            return self._get_loss().target_kind
        except (ValueError, TypeError):
            return None

    def _check_training_data(self, X, y, *, first, multi_output, finite=True):
        """Check X and y. After the first call they must fit the model that is there.

        With ``finite=False`` the caller sees to it that X is finite.
        """
        if is_foreign(X):
            raise ValueError(
                f"{type(self).__name__} trains on NumPy arrays and SciPy matrices, and X is an array of another "
                f"library. Convert it, or use LinearClassifier or LinearRegressor, which train where X is."
            )
        if not first and not hasattr(self, "feature_names_in_"):
            if is_plain(X, y, self.n_features_in_, self.coef_.dtype, finite=finite):
                return X, y
        elif first and _is_table(X) and is_plain(X, y, X.shape[1], X.dtype, finite=True):
            self.__dict__.pop("feature_names_in_", None)
            self.n_features_in_ = X.shape[1]
            return X, y
        return validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            accept_large_sparse=True,
            dtype=[np.float64, np.float32] if first else self.coef_.dtype,
            order="C",
            y_numeric=not self._for_classifier,
            multi_output=multi_output,
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
        if is_foreign(self.coef_):
            raise ValueError("sparsify makes SciPy's matrices, and coef_ is an array of another library.")
        self._sparse_of_vector = self._is_flat
        self.coef_ = sp.csr_matrix(as_numpy(self._dense_coef()))
        return self

    @property
    def _is_flat(self):
        """Whether `coef_`, when dense, has shape (n_features,)."""
        return self._sparse_of_vector if sp.issparse(self.coef_) else self.coef_.ndim == 1

    def _dense_coef(self):
        if not sp.issparse(self.coef_):
            return self.coef_
        coef = self.coef_.toarray()
        return coef.ravel() if self._is_flat else coef

    def _raw_prediction(self, X, method):
        """X @ coef_.T + intercept_, of shape (n_samples, n_outputs), for a method of that name."""
        check_is_fitted(self, "coef_")
        check_same_place(self, X, method)
        if is_foreign(X):
            return raw_prediction(self, X)
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False)
        coef = self.coef_ if sp.issparse(self.coef_) else np.atleast_2d(as_numpy(self.coef_))
        return safe_sparse_dot(X, coef.T, dense_output=True) + as_numpy(self.intercept_)

    def _target_of(self, raw):
        """Give what tells what raw predictions mean."""
        target = self._fitted_target()
        return ArrayTarget(target, raw) if is_foreign(raw) else target


class LinearRegressorBase(RegressorMixin, LinearModel):
    """What linear regressors share.

    `coef_` has shape (n_features,) and `intercept_` (1,) where y is (n_samples,); else (n_outputs, n_features)
    and (n_outputs,).
    """

    _for_classifier = False
    _flattens_columns = False
    """Whether y of shape (n_samples, 1) is taken for (n_samples,), with a warning, as scikit-learn's SGD does."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = self._target_kind() != "vector"
        return tags

    def _check_training_set(self, X, y, loss, *, first, finite=True):
        """Check X and y, and give them with the target that they are."""
        check_regression(loss, y, type(self).__name__)
        X, y = self._check_training_data(X, y, first=first, multi_output=True, finite=finite)
        if self._flattens_columns and y.ndim == 2 and y.shape[1] == 1 and loss.target_kind != "vector":
            y = column_or_1d(y, warn=True)
        n_columns = y.shape[1] if y.ndim == 2 else None
        if not first and n_columns != self._n_columns:
            now, before = (
                "one number a sample" if n is None else f"{n} column{'s' * (n > 1)}"
                for n in (n_columns, self._n_columns)
            )
            raise ValueError(
                f"y has {now}, but this model was trained on {before}: every batch needs the same outputs. "
                f"Use a new model for others."
            )
        return X, y, regression(loss, n_columns)

    @property
    def _n_columns(self):
        """Columns of y; None where y is (n_samples,)."""
        return None if self._is_flat else self.intercept_.shape[0]

    def _fitted_target(self):
        return regression(self._get_loss(), self._n_columns)

    def predict(self, X):
        """Predict the target: the inverse link of X @ coef_.T + intercept_.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The features.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        raw = self._raw_prediction(X, "predict")
        return self._target_of(raw).predict(raw)


def gives_probabilities(classifier):
    """Tell `available_if` whether the loss of a classifier models probabilities."""
    try:
        loss = classifier._get_loss()
    except (ValueError, TypeError) as error:
        raise AttributeError(f"no probabilities: {error}") from error
    if not models_probabilities(loss):
        raise AttributeError(
            f"probability estimates are not available for loss={classifier.loss!r}. Use loss='log_loss' or "
            "'cross_entropy', or sklearn.calibration.CalibratedClassifierCV around this estimator."
        )
    return True


class LinearClassifierBase(ClassifierMixin, LinearModel):
    """What linear classifiers share.

    With a loss of one raw prediction two classes have one output, more have one each, against the rest. With a
    loss of several, every class or label has one.
    """

    _for_classifier = True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        several = self._target_kind() == "indicator"
        tags.classifier_tags.multi_label = several
        tags.target_tags.multi_output = several
        tags.target_tags.single_output = not several
        return tags

    def _check_training_set(self, X, y, loss, classes=None, *, first, finite=True):
        """Check X and y, and give them with the target that they are."""
        check_classification(loss, y, type(self).__name__)
        rows = y is not None and (loss.target_kind == "indicator" or is_matrix(y))
        X, y = self._check_training_data(X, y, first=first, multi_output=rows, finite=finite)
        return X, y, classification(loss, y, classes) if first else self._fitted_target()

    def _fitted_target(self):
        return target_of_classes(self._get_loss(), as_numpy(self.classes_))

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
        raw = self._raw_prediction(X, "decision_function")
        return self._target_of(raw).decision(raw)

    def predict(self, X):
        """Predict the class with the largest raw prediction.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The features.

        Returns
        -------
        ndarray of shape (n_samples,), or (n_samples, n_labels)
            Classes; or for losses of several labels an indicator matrix, 1 where the raw prediction is positive.
        """
        raw = self._raw_prediction(X, "predict")
        return self._target_of(raw).predict(raw)

    @available_if(gives_probabilities)
    def predict_proba(self, X):
        """Probability of each class or label, for losses that model it, such as ``log_loss``, ``cross_entropy``.

        Those of several classes, each against the rest, are divided by their sum; where all are zero, every class
        gets the same. Losses of several labels give the probability of each label; rows need not sum to one.

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
        raw = self._raw_prediction(X, "predict_proba")
        return self._target_of(raw).probabilities(raw)

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
        raw = self._raw_prediction(X, "predict_log_proba")
        probability = self._target_of(raw).probabilities(raw)
        with np.errstate(divide="ignore"):
            return logarithm(probability)

    def score(self, X, y, sample_weight=None):
        """Accuracy of `predict`; where y holds class probabilities, the mean probability of the predicted class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The features.
        y : array-like of shape (n_samples,) or (n_samples, n_classes)
            Labels, class probabilities, or an indicator matrix (all labels of a sample must then be right).
        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each sample; 1 if not given.

        Returns
        -------
        float
        """
        if self._target_kind() != "classes" or not is_matrix(y):
            return super().score(X, y, sample_weight)
        raw = as_numpy(self._raw_prediction(X, "score"))
        target = self._fitted_target()
        weight = check_weights(on_host(sample_weight), len(raw))
        (problem,) = target.problems(as_numpy(y), weight)
        return float(target.quality(problem, problem.weight)(raw))
