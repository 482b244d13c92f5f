"""Boosted regressors with any loss."""

from contextlib import suppress

import numpy as np
from sklearn.base import RegressorMixin

from ..linear_model._tags import tag_regressor
from ._base import BoostedModel


class BoostedRegressor(RegressorMixin, BoostedModel):
    """Any loss of numbers, trained by the trees of XGBoost or LightGBM.

    Around an estimator of the library, it puts back what a custom objective loses: boosting starts from the
    best constant of the loss, predictions are on the scale of the target (the inverse link of the raw
    prediction), weights count, `eval_set` is scored by the loss itself, and every loss has a positive curvature.

    Parameters
    ----------
    estimator : XGBRegressor or LGBMRegressor
        Whose trees are grown, with all its parameters: ``estimator__max_depth`` tunes one. Its own objective and
        metric stay at their defaults.
    loss : str, Loss or callable, default='squared_error'
        A name of the catalogue, a loss, or a function ``(y, f)`` written in NumPy. ``loss__delta`` tunes a
        parameter of a loss object.

    Attributes
    ----------
    estimator_ : XGBRegressor or LGBMRegressor
        The fitted estimator of the library. It predicts what is added to `baseline_`.
    baseline_ : float or ndarray of shape (n_outputs,)
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
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_losses import Pinball
    >>> from sklearn_losses.boosting import BoostedRegressor
    >>> from xgboost import XGBRegressor  # doctest: +SKIP
    >>> X, y = load_diabetes(return_X_y=True)
    >>> trees = XGBRegressor(n_estimators=50)  # doctest: +SKIP
    >>> upper = BoostedRegressor(trees, loss=Pinball(quantile=0.9)).fit(X, y)  # doctest: +SKIP
    """

    _for_classifier = False

    def __init__(self, estimator, loss="squared_error"):
        super().__init__(estimator, loss)

    def fit(self, X, y, sample_weight=None, *, eval_set=None, eval_sample_weight=None, **options):
        """Train.

        A failed fit leaves the estimator as it was.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Whatever the library takes.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The target, in the domain of the loss; several outputs with XGBoost only.
        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each sample; 1 if not given.
        eval_set : list of pairs (X, y), or one pair, default=None
            Scored by the loss after each round; what the library's early stopping watches.
        eval_sample_weight : list of array-like, default=None
            The weights of each part of `eval_set`; None among them for none.
        **options : dict
            For the library's own `fit`: ``callbacks``, ``verbose``, ``categorical_feature``, …

        Returns
        -------
        self : BoostedRegressor

        Raises
        ------
        ValueError
            For parameters and targets that it cannot take.
        """
        return self._fit(X, y, sample_weight, eval_set, eval_sample_weight, options)

    def predict(self, X):
        """Predict the target: the inverse link of the raw prediction.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Whatever the library takes.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        raw = self._raw_prediction(X)
        return self.loss_.link.prediction(raw)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        with suppress(ValueError, TypeError):  # an unknown loss, of which fit complains
            tag_regressor(tags, self._get_loss())
        return tags

    def _set_target(self, y, weights):
        self.loss_ = self._get_loss()
        target = self._encode(y)
        return target, weights, 1 if target.ndim == 1 else target.shape[1]

    def _encode(self, y):
        loss = self.loss_
        if not loss.couples_outputs:
            return np.ascontiguousarray(loss.check_target(y))
        data = loss._encode_target(y, None, None)
        if data.encoding == "number":
            raise ValueError(
                f"{loss!r} compares a number with a predicted mean and variance: it is a metric, and no tree is "
                f"trained with it."
            )
        if data.encoding == "label":
            raise ValueError(f"{loss!r} takes labels, and BoostedRegressor numbers. Use BoostedClassifier.")
        return np.asarray(data.y, dtype=np.float64)
