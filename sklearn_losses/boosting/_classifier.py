"""Boosted classifiers with any loss."""

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets

from ..losses._targets import as_classes, encode
from ._base import BoostedModel


def _gives_probabilities(classifier):
    loss = classifier._get_loss()
    if loss.positive_probability is None and loss.response_method != "predict_proba":
        raise AttributeError(
            f"probability estimates are not available for loss={classifier.loss!r}. Use loss='log_loss', or "
            "sklearn.calibration.CalibratedClassifierCV around this estimator."
        )
    return True


class BoostedClassifier(ClassifierMixin, BoostedModel):
    """Any loss of classes, trained by the trees of XGBoost or LightGBM.

    Around an estimator of the library, it puts back what a custom objective loses: labels of any type, boosting
    from the best constant of the loss (the class priors, for log loss), probabilities, weights of samples and
    classes, `eval_set` scored by the loss itself, and a positive curvature for every loss.

    Of more than two classes, log loss trains the cross-entropy, hinge the loss of Crammer and Singer, Brier the
    Brier score of several classes; any other loss of two classes trains each class against the rest.

    Parameters
    ----------
    estimator : XGBClassifier, LGBMClassifier, XGBRegressor or LGBMRegressor
        Whose trees are grown, with all its parameters: ``estimator__max_depth`` tunes one. Its own objective and
        metric stay at their defaults.
    loss : str, Loss or callable, default='log_loss'
        A name of the catalogue, a loss, or a function ``(y, f)`` of y in {-1, +1} written in NumPy.
        ``loss__gamma`` tunes a parameter of a loss object.
    class_weight : dict, 'balanced' or None, default=None
        Factors of the samples' weights by class.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The sorted labels.
    estimator_ : XGBRegressor or LGBMRegressor
        The fitted estimator of the library: a regressor, because raw predictions are what it is for. It predicts
        what is added to `baseline_`.
    baseline_ : float or ndarray of shape (n_classes,)
        The best constant raw prediction.
    loss_ : Loss
        The loss that was trained.
    evals_result_ : dict
        The loss on each part of `eval_set` after each round, by the names that the library gives them.
    feature_importances_ : ndarray of shape (n_features,)
        As the library computes them.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X had names.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn_losses import Focal
    >>> from sklearn_losses.boosting import BoostedClassifier
    >>> from lightgbm import LGBMClassifier  # doctest: +SKIP
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = BoostedClassifier(LGBMClassifier(), loss=Focal(gamma=1.0)).fit(X, y)  # doctest: +SKIP
    >>> model.predict_proba(X).shape  # doctest: +SKIP
    (569, 2)
    """

    _for_classifier = True

    def __init__(self, estimator, loss="log_loss", *, class_weight=None):
        super().__init__(estimator, loss)
        self.class_weight = class_weight

    def fit(self, X, y, sample_weight=None, *, eval_set=None, eval_sample_weight=None, **options):
        """Train.

        A failed fit leaves the estimator as it was.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Whatever the library takes.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each sample; 1 if not given.
        eval_set : list of pairs (X, y), or one pair, default=None
            Scored by the loss after each round; what the library's early stopping watches. The labels are
            encoded as those of `y`.
        eval_sample_weight : list of array-like, default=None
            The weights of each part of `eval_set`; None among them for none.
        **options : dict
            For the library's own `fit`: ``callbacks``, ``verbose``, ``categorical_feature``, …

        Returns
        -------
        self : BoostedClassifier

        Raises
        ------
        ValueError
            For parameters and labels that it cannot take.
        """
        return self._fit(X, y, sample_weight, eval_set, eval_sample_weight, options)

    def decision_function(self, X):
        """Raw predictions: the larger, the surer of the class.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Whatever the library takes.

        Returns
        -------
        ndarray of shape (n_samples,) for two classes (positive: the second), else (n_samples, n_classes)
        """
        raw = self._raw_prediction(X)
        return raw[:, 1] - raw[:, 0] if raw.ndim == 2 and raw.shape[1] == 2 else raw

    def predict(self, X):
        """Predict the class with the largest raw prediction.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Whatever the library takes.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        raw = self.decision_function(X)
        return self.classes_[(raw > 0).astype(np.intp) if raw.ndim == 1 else raw.argmax(axis=1)]

    @available_if(_gives_probabilities)
    def predict_proba(self, X):
        """Probability of each class, for losses that model it.

        Where each class was trained against the rest, the probabilities are divided by their sum.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Whatever the library takes.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        raw = self._raw_prediction(X)
        if self.loss_.couples_outputs:
            return self.loss_.link.prediction(raw)
        probability = self.loss_.positive_probability.prediction(raw)
        if raw.ndim == 1:
            return np.column_stack([1.0 - probability, probability])
        probability[probability.sum(axis=1) == 0.0] = 1.0
        return probability / probability.sum(axis=1, keepdims=True)

    @available_if(_gives_probabilities)
    def predict_log_proba(self, X):
        """Logarithm of `predict_proba`; minus infinity where that is zero.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Whatever the library takes.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def _set_target(self, y, weights):
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        n_classes = len(self.classes_)
        if n_classes < 2:
            raise ValueError(
                f"The number of classes has to be greater than one; got {n_classes} class, {self.classes_[0]!r}."
            )
        loss = self._get_loss()
        if n_classes > 2:
            loss = loss.several_classes() or loss
        if loss.couples_outputs and not hasattr(loss, "_encode_classes"):
            raise ValueError(
                f"{loss!r} is no loss of classes. Use BoostedRegressor, whose y may have many columns."
            )
        self.loss_ = loss
        if self.class_weight is not None:
            factors = compute_class_weight(self.class_weight, classes=self.classes_, y=y)
            weights = factors[encode(as_classes(y), self.classes_)] * (1.0 if weights is None else weights)
        one_output = n_classes == 2 and not loss.couples_outputs
        return self._encode(y), weights, 1 if one_output else n_classes

    def _encode(self, y):
        codes = encode(as_classes(y), self.classes_)
        if len(self.classes_) == 2 and not self.loss_.couples_outputs:
            low, high = self.loss_.binary_values
            return np.where(codes == 1, float(high), float(low))
        return codes
