"""Losses as scorers: what `loss.scorer()` returns.

Knows losses, and estimators by their public methods and attributes only.
"""

import warnings
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import make_scorer
from sklearn.utils.metadata_routing import UNUSED

from ._arrays import both_columns, columns_of, indicator_of, labels_of, stacked, with_columns_of_zeros
from ._targets import as_numpy

_OF_CLASSES = ("sign", "probability", "classes")
_Scorer: Any = type(make_scorer(max))
"""scikit-learn's own scorers: for several of these, and for no others, `cross_validate` predicts once."""


class LossScorer(BaseEstimator, _Scorer):
    """A loss as a scorer: ``scorer(estimator, X, y)`` is the negated loss, so that greater is better.

    It takes the prediction that the loss is about (`predict`, `predict_proba` or `decision_function`),
    and reads ``estimator.classes_``: so a fold in which a class is missing is still scored. A label that
    the model never saw has probability 0, which costs the clipped loss and warns.

    A loss of two classes that means no other for several scores these as they are trained: the mean over classes
    of the loss of each against the rest, of its column of the prediction.

    Parameters
    ----------
    loss : Loss
    pos_label : label, default=None
        The positive class of two, which matters where the loss is not symmetric; by default the second of
        ``estimator.classes_``, the last one in sorted order.

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
    _sign = -1

    def __init__(self, loss, pos_label=None):
        self.loss = loss
        self.pos_label = pos_label

    @property
    def __name__(self) -> str:
        """What displays of scikit-learn call the score; `get_scorer` knows those of the catalogue by it."""
        return f"neg_{self.loss.__name__}"

    def __call__(self, estimator, X, y, sample_weight=None) -> float:
        """Return the negated loss of the estimator's predictions, a float."""
        return self.score(estimator, X, y, sample_weight=sample_weight)

    def score(self, estimator, X, y, sample_weight=None) -> float:
        """Return the negated loss of the estimator's predictions, a float."""
        return self._score(None, estimator, X, y, sample_weight=sample_weight)

    def _score(self, method_caller, estimator, X, y, sample_weight=None):
        """Score as scikit-learn's scorers do for several at once, which share predictions."""
        prediction = self._predict(estimator, X, _cache_of(method_caller))
        labels = self._labels(estimator, y)
        if labels is None:
            if self.loss.target_kind == "indicator":
                prediction = _of_labels(estimator, prediction)
            return self._of(y, prediction, sample_weight=sample_weight, **self._positive())
        prediction = self._checked(estimator, prediction, labels)
        prediction, labels = self._with_unseen(estimator, prediction, labels, y)
        if len(labels) > 2 and self.loss.target_kind != "classes" and self.loss.several_classes() is None:
            return self._one_against_rest(y, prediction, labels, sample_weight)
        positive = self._positive()
        if positive and columns_of(prediction) == 1 and self.pos_label == labels[0]:
            prediction = -prediction if self.loss.response_method == "decision_function" else 1.0 - prediction
        return self._of(y, prediction, sample_weight=sample_weight, labels=labels, **positive)

    def _of(self, y, prediction, **keywords):
        """Return the score of a prediction."""
        return -self.loss(y, prediction, **keywords)

    def _one_against_rest(self, y, prediction, labels, sample_weight):
        """Return the mean score of each class against the others, which is what is trained."""
        if self.pos_label is not None:
            raise ValueError(
                f"pos_label={self.pos_label!r} names the positive class of two, but there are the classes "
                f"{labels.tolist()}."
            )
        scores = [
            self._of(
                indicator_of(y, label), prediction[:, k], sample_weight=sample_weight, labels=[False, True]
            )
            for k, label in enumerate(labels.tolist())
        ]
        return float(np.mean(scores))

    def _positive(self):
        return {} if self.pos_label is None else {"pos_label": self.pos_label}

    def _predict(self, estimator, X, cache=None):
        """Return what the loss is about; predicted once for all scorers that share a cache."""
        method = self.loss.response_method
        if not hasattr(estimator, method):
            raise ValueError(
                f"{self.loss!r} is a loss of what {method} returns, but {type(estimator).__name__} has no "
                f"{method}."
            )
        if cache is None:
            return getattr(estimator, method)(X)
        # Of two classes scikit-learn keeps the column of its positive one: a key of our own for all columns.
        key = method if method == "predict" else f"all columns of {method}"
        if key not in cache:
            cache[key] = getattr(estimator, method)(X)
        return cache[key]

    def _labels(self, estimator, y):
        """Return the classes of an estimator where y holds labels and the loss is about them, or None."""
        if self.loss.response_method == "predict" or self.loss.target_kind not in _OF_CLASSES:
            return None
        labels = getattr(estimator, "classes_", None)
        return None if labels is None or columns_of(y) != 1 else as_numpy(labels)

    def _checked(self, estimator, prediction, labels):
        """Return a prediction whose columns are classes, or refuse scores of pairs of classes."""
        if len(labels) == 2 and self.loss.response_method == "predict_proba" and columns_of(prediction) == 1:
            return both_columns(prediction)
        if (
            self.loss.response_method == "decision_function"
            and len(labels) > 2
            and _compares_pairs(estimator)
        ):
            raise ValueError(
                f"{self.loss!r} needs one score a class, but decision_function of {type(estimator).__name__} "
                f"compares pairs of classes: decision_function_shape='ovo'. Set it to 'ovr'."
            )
        return prediction

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
            stacklevel=5,
        )
        return with_columns_of_zeros(prediction, len(unseen)), np.concatenate([labels, unseen])

    # ---- what scikit-learn asks of a scorer ------------------------------------------------------

    _get_metadata_request = BaseEstimator._get_metadata_request  # `score` tells, as in every estimator

    def _accept_sample_weight(self):
        """Tell searches fitted with sample weights that the score is to be weighted, too."""
        return True

    @property
    def _response_method(self):
        """The method of which predictions are shared; `fit` where it is missing, so that scoring itself says so."""
        return self.loss.response_method, "fit"

    @property
    def _kwargs(self):
        return {}

    @property
    def _score_func(self):
        """The metric by which a decision threshold is tuned, where the loss is one of what `predict` returns."""
        if self.loss.response_method == "predict":
            return self.loss
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
    pos_label : label, default=None
        The positive class of two; see `LossScorer`.

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

    _sign = 1

    @property
    def __name__(self) -> str:
        """As in `LossScorer`."""
        return f"d2_{vars(type(self.loss)).get('alias') or self.loss.__name__}"

    def _of(self, y, prediction, **keywords):
        return self.loss.d2(y, prediction, **keywords)

    @property
    def _score_func(self):
        return super()._score_func.d2


def _cache_of(method_caller: Any) -> dict | None:
    """Return where scikit-learn keeps the predictions that several scorers share, if it does."""
    arguments = getattr(method_caller, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], dict) else None


def _of_labels(estimator, prediction):
    """Return one column a label, where an estimator gives one array of probabilities for each.

    A label that was constant in training has one column, of its one value.
    """
    if not isinstance(prediction, list):
        return prediction
    values = getattr(estimator, "classes_", None)
    if not isinstance(values, list) or len(values) != len(prediction):
        return prediction
    return stacked([_positive_of(rows, as_numpy(of)) for rows, of in zip(prediction, values, strict=True)])


def _positive_of(rows, values):
    """Return the column of the value 1 among the values of a label; zeros where there is none."""
    places = np.flatnonzero(values == 1)
    return rows[:, int(places[0])] if len(places) else 0.0 * rows[:, 0]


def _compares_pairs(estimator):
    """Tell whether the decision function has one column for each pair of classes, as that of an SVC may."""
    if getattr(estimator, "decision_function_shape", None) == "ovo":
        return True
    inner = (getattr(estimator, name, None) for name in ("best_estimator_", "estimator_", "_final_estimator"))
    return any(_compares_pairs(part) for part in inner if part is not None and part is not estimator)
