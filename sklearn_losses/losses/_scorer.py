"""Losses as scorers: what `loss.scorer()` returns.

Knows losses, and estimators by their public methods only.
"""

import warnings

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.utils.metadata_routing import UNUSED

from ._arrays import labels_of, with_columns_of_zeros
from ._targets import as_numpy


class LossScorer(BaseEstimator):
    """A loss as a scorer: ``scorer(estimator, X, y)`` is the negated loss, so that greater is better.

    It takes the prediction that the loss is about (`predict`, `predict_proba` or `decision_function`),
    and reads ``estimator.classes_``: so a fold in which a class is missing is still scored. A label that
    the model never saw has probability 0, which costs the clipped loss and warns.

    Parameters
    ----------
    loss : Loss

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn_losses import Huber
    >>> X, y = load_diabetes(return_X_y=True)
    >>> cross_val_score(LinearRegression(), X, y, scoring=Huber(delta=50).scorer(), cv=3).round(1)
    array([-1260.5, -1352.4, -1150.4])
    """

    __metadata_request__score = {"estimator": UNUSED}  # an argument of `score`, but no metadata

    def __init__(self, loss):
        self.loss = loss

    def __call__(self, estimator, X, y, sample_weight=None):
        """Return the negated loss of the estimator's predictions, a float."""
        return self.score(estimator, X, y, sample_weight=sample_weight)

    def score(self, estimator, X, y, sample_weight=None):
        """Return the negated loss of the estimator's predictions, a float."""
        prediction = self._predict(estimator, X)
        labels = None
        if self.loss.response_method != "predict" and np.ndim(y) == 1:
            labels = getattr(estimator, "classes_", None)
        if labels is not None:
            prediction, labels = self._with_unseen(estimator, prediction, as_numpy(labels), y)
        return self._score(y, prediction, sample_weight=sample_weight, labels=labels)

    def _score(self, y, prediction, **keywords):
        return -self.loss(y, prediction, **keywords)

    def _predict(self, estimator, X):
        method = self.loss.response_method
        if not hasattr(estimator, method):
            raise ValueError(
                f"{self.loss!r} is a loss of what {method} returns, but {type(estimator).__name__} has no "
                f"{method}."
            )
        return getattr(estimator, method)(X)

    def _with_unseen(self, estimator, prediction, labels, y):
        """Give labels that the estimator never saw probability zero."""
        unseen = np.setdiff1d(labels_of(y), labels)
        if len(unseen) == 0:
            return prediction, labels
        if self.loss.response_method != "predict_proba":
            raise ValueError(
                f"y holds the labels {unseen.tolist()}, which {type(estimator).__name__} never saw in fit, "
                f"and a decision function says nothing about them. Use stratified folds, or a loss of "
                f"probabilities."
            )
        warnings.warn(
            f"y holds the labels {unseen.tolist()}, which {type(estimator).__name__} never saw in fit: their "
            f"predicted probability counts as 0, clipped to machine epsilon.",
            UndefinedMetricWarning,
            stacklevel=4,
        )
        return with_columns_of_zeros(prediction, len(unseen)), np.concatenate([labels, unseen])

    def _accept_sample_weight(self):
        """Tell searches fitted with sample weights that the score is to be weighted, too."""
        return True

    @property
    def _score_func(self):
        """Tuning of a decision threshold asks scorers for this: say why there is none."""
        raise AttributeError(
            f"{self!r} scores {self.loss.response_method}, so it has no use for a decision threshold: a "
            f"threshold turns these into labels. Tune the threshold with a metric of labels, such as "
            f"make_scorer(balanced_accuracy_score) or a cost of your own."
        )


class SkillScorer(LossScorer):
    """The skill of a loss as a scorer: ``scorer(estimator, X, y)`` is D², see `Loss.d2`; greater is better.

    Parameters
    ----------
    loss : Loss

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn_losses import AbsoluteError
    >>> X, y = load_diabetes(return_X_y=True)
    >>> cross_val_score(LinearRegression(), X, y, scoring=AbsoluteError().d2_scorer(), cv=3).round(2)
    array([0.26, 0.31, 0.37])
    """

    def _score(self, y, prediction, **keywords):
        return self.loss.d2(y, prediction, **keywords)
