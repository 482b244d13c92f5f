"""Targets of classification: labels, rows of class probabilities, and indicators of several labels.

Knows labels and class weights, and what a loss says of itself (`target_kind`, `binary_values`, `link`, ...); see
`_targets.py`.
"""

import reprlib

import numpy as np
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets

from ..links import UNIT
from ..losses._targets import distinct
from ._targets import Problem, Target, is_matrix, shape_of


def encode_labels(y, classes):
    """Give the index of each label among the sorted classes."""
    if len(classes) == 2:  # two comparisons take a fifth of the time of a search
        second = y == classes[1]
        if isinstance(second, np.ndarray) and np.all(second | (y == classes[0])):
            return second.astype(np.intp)
    try:
        indices = np.searchsorted(classes, y)
    except TypeError as error:
        raise ValueError(f"y has labels of another type than classes_ {classes!r}") from error
    indices = np.minimum(indices, len(classes) - 1)
    known = classes[indices] == y
    if not np.all(known):
        unknown = y[[np.argmin(known)]].tolist()[0]
        raise ValueError(
            f"y contains the label {unknown!r}, which is not among the classes {reprlib.repr(classes.tolist())}. "
            "Name all classes in the first call of partial_fit."
        )
    return indices


def class_weights(class_weight, classes, y, sample_weight=None):
    """Give the weight of each class; all are 1 without `class_weight`. `y` holds labels.

    What is balanced are the samples, or their weights where these are given.
    """
    if class_weight is None:
        return np.ones(len(classes))
    if isinstance(class_weight, str) and sample_weight is not None:
        weights = np.bincount(encode_labels(y, classes), sample_weight, minlength=len(classes))
        return weights.sum() / (len(classes) * np.where(weights > 0.0, weights, 1.0))
    return compute_class_weight(class_weight, classes=classes, y=y)


def _times(factor, weight):
    return factor if weight is None else factor * weight


class Categories(Target):
    """A target that has classes."""

    def __init__(self, loss, classes, n_outputs):
        super().__init__(loss, n_outputs)
        self.classes = classes

    def decision(self, raw):
        """Give what `decision_function` returns."""
        return raw


class OneAgainstRest(Categories):
    """Labels; each class against all others, or the second of two against the first."""

    def __init__(self, loss, classes):
        super().__init__(loss, classes, 1 if len(classes) == 2 else len(classes))

    def problems(self, y, sample_weight, class_weight=None, *, rest_weighs_one=True):
        """Give the problem of each output.

        With two classes the second is positive and each class has its weight. Otherwise class k stands
        against the rest, whose weight stays 1, as in scikit-learn, or is that of each sample's own class.
        """
        n_classes = len(self.classes)
        codes = encode_labels(y, self.classes)
        weight_of = class_weights(class_weight, self.classes, y, None if rest_weighs_one else sample_weight)
        levels = np.array(self.loss.binary_values, dtype=np.float64)
        problems = []
        for output, k in enumerate([1] if n_classes == 2 else range(n_classes)):
            is_positive = codes == k
            of_class = weight_of[k], (weight_of[0] if n_classes == 2 else 1.0)
            weight = sample_weight
            if not rest_weighs_one:
                if class_weight is not None:
                    weight = _times(weight_of[codes], weight)
            elif of_class != (1.0, 1.0):
                weight = _times(np.where(is_positive, *of_class), weight)
            target = levels.take(is_positive.view(np.int8))  # a third of the time of np.where
            name = "" if n_classes == 2 else f"[{self.classes[k]}] "
            problems.append(Problem(target, weight, slice(output, output + 1), name=name))
        return problems

    def quality(self, problem, sample_weight):
        """Share of samples on the right side of zero."""
        positive = problem.y == max(self.loss.binary_values)
        return lambda raw: np.average((raw > 0) == positive, weights=sample_weight)

    def decision(self, raw):
        """Give one column as (n_samples,)."""
        return raw[:, 0] if self.n_outputs == 1 else raw

    def predict(self, raw):
        """Give the class with the largest raw prediction; with one output, the second if it is positive."""
        chosen = (raw[:, 0] > 0).astype(np.intp) if self.n_outputs == 1 else raw.argmax(axis=1)
        return self.classes[chosen]

    def probabilities(self, raw):
        """Give the probability of each class; those of several against the rest are divided by their sum."""
        probability = np.asarray(self.loss.positive_probability.prediction(raw))
        if self.n_outputs == 1:
            return np.hstack([1.0 - probability, probability])
        total = probability.sum(axis=1, keepdims=True)
        uniform = np.full_like(probability, 1.0 / probability.shape[1])
        return np.divide(probability, total, out=uniform, where=total > 0)


class Classes(Categories):
    """Labels, or rows of class probabilities, for a loss that compares the outputs of all classes."""

    def __init__(self, loss, classes):
        super().__init__(loss, classes, len(classes))

    def problems(self, y, sample_weight, class_weight=None, *, rest_weighs_one=False):
        """Give the one problem. A class weight counts for the part of a sample that is of the class."""
        outputs = slice(0, self.n_outputs)
        if y.ndim == 1:
            codes = encode_labels(y, self.classes)
            if class_weight is not None:
                sample_weight = _times(
                    class_weights(class_weight, self.classes, y, None if rest_weighs_one else sample_weight)[
                        codes
                    ],
                    sample_weight,
                )
            return [Problem(codes.astype(np.float64), sample_weight, outputs, True, "label")]
        rows = np.ascontiguousarray(self.loss.check_target(y), dtype=np.float64)
        self._check_width(rows, "classes")
        if class_weight is not None:
            rows = rows * self.weights_by_share(class_weight, rows)
            shares = rows.sum(axis=1)
            sample_weight = _times(shares, sample_weight)
            rows = np.divide(rows, shares[:, None], out=np.full_like(rows, 1 / self.n_outputs),
                             where=shares[:, None] > 0)  # fmt: skip
        return [Problem(rows, sample_weight, outputs, True)]

    def weights_by_share(self, class_weight, rows):
        """Give the weight of each class; 'balanced' goes by how much of all rows is of the class."""
        if isinstance(class_weight, str):
            masses = rows.sum(axis=0)
            balanced = np.zeros(self.n_outputs)
            return np.divide(masses.sum() / self.n_outputs, masses, out=balanced, where=masses > 0)
        return class_weights(class_weight, self.classes, self.classes)

    def quality(self, problem, sample_weight):
        """Share of samples whose class is chosen; of distributions, their mass there."""
        y, coded = problem.y, problem.encoding == "label"

        def accuracy(raw):
            chosen = raw.argmax(axis=1)
            return np.average(chosen == y if coded else y[np.arange(len(y)), chosen], weights=sample_weight)

        return accuracy

    def decision(self, raw):
        """Give the raw predictions; of two classes, by how much the second exceeds the first."""
        return raw[:, 1] - raw[:, 0] if self.n_outputs == 2 else raw

    def predict(self, raw):
        """Give the class with the largest raw prediction."""
        return self.classes[raw.argmax(axis=1)]

    def probabilities(self, raw):
        """Give the probability of each class: the inverse of the loss's own link."""
        return np.asarray(self.loss.link.prediction(raw))


class Labels(Categories):
    """Indicator matrices: each column tells whether a sample has that label."""

    def __init__(self, loss, classes):
        super().__init__(loss, classes, len(classes))

    def problems(self, y, sample_weight, class_weight=None, *, rest_weighs_one=False):
        """Give the one problem."""
        if class_weight is not None:
            raise ValueError(
                f"class_weight must be None for samples that may have several labels, got {class_weight!r}. "
                f"Pass sample_weight instead."
            )
        rows = np.ascontiguousarray(self.loss.check_target(y), dtype=np.float64)
        self._check_width(rows, "labels")
        return [Problem(rows, sample_weight, slice(0, self.n_outputs), True)]

    def quality(self, problem, sample_weight):
        """Share of samples all of whose labels are right, as `score` says."""
        there = problem.y > 0.5
        return lambda raw: np.average(((raw > 0) == there).all(axis=1), weights=sample_weight)

    def predict(self, raw):
        """Give the indicator matrix of the labels whose raw prediction is positive."""
        return (raw > 0).astype(int)

    def probabilities(self, raw):
        """Give the probability of each label; rows need not sum to one."""
        return np.asarray(self.loss.link.prediction(raw))


def models_probabilities(loss):
    """Tell whether a classifier of this loss has `predict_proba`."""
    if loss.target_kind in ("classes", "indicator"):
        return loss.link.predictions == UNIT
    return loss.positive_probability is not None


def check_classification(loss, y, name):
    """Raise unless a classifier, which errors call `name`, can learn this with this loss, as far as shape tells."""
    kind = loss.target_kind
    if kind in ("vector", "moments"):
        wanted = "vectors of numbers" if kind == "vector" else "numbers"
        raise ValueError(
            f"{loss!r} is a loss of {wanted}, and {name} is for classes. Use loss='cross_entropy' for classes, "
            f"or a regressor."
        )
    if y is None:
        return
    shape = shape_of(y)
    if kind == "indicator":
        if len(shape) != 2:
            raise ValueError(
                f"{loss!r} needs an indicator matrix, shape (n_samples, n_labels), with 1 for each label that a "
                f"sample has; got y of shape {shape}. MultiLabelBinarizer makes such a matrix; for one label a "
                f"sample use loss='cross_entropy' or 'log_loss'."
            )
    elif kind != "classes" and is_matrix(y):
        raise ValueError(
            f"y should be a 1d array of labels for {loss!r}, a loss of two classes (more are trained one against "
            f"the rest); got an array of shape {shape}. For class probabilities in rows use "
            f"loss='cross_entropy', for indicators of several labels 'multilabel_log_loss'."
        )


def classification(loss, y, classes=None):
    """Give the target of a first training set.

    Parameters
    ----------
    loss : Loss
        What the target is for.
    y : ndarray of shape (n_samples,) or (n_samples, K)
        Labels; or distributions or indicators, for losses of these.
    classes : array-like of shape (n_classes,) or None
        All classes that will ever come. With rows: one for each column, sorted; 0 … K-1 if None.
    """
    if y.ndim == 2:
        return target_of_classes(loss, _names_of_columns(y.shape[1], classes))
    source = y if classes is None else np.asarray(classes)
    names = _distinct_labels(source)
    if len(names) < 2:
        raise ValueError(
            f"The number of classes has to be greater than one; got {len(names)} class, {names[0]!r}."
        )
    return target_of_classes(loss, names)


def _distinct_labels(source):
    """Give the sorted classes, or raise if these are no labels."""
    if (
        isinstance(source, np.ndarray) and source.dtype.kind in "biuU"
    ):  # what has to be looked at are other types
        names = distinct(source)
        if 2 * len(names) <= len(source):
            return names
    check_classification_targets(source)
    return np.unique(source)


def _names_of_columns(n_columns, classes):
    if classes is None:
        return np.arange(n_columns)
    classes = np.asarray(classes)
    if classes.shape != (n_columns,) or not np.array_equal(np.unique(classes), classes):
        raise ValueError(
            f"classes must name the {n_columns} columns of y, sorted and without repetition: column k of y belongs "
            f"to class k. Got {reprlib.repr(classes.tolist())}."
        )
    return classes


def target_of_classes(loss, classes):
    """Give the target of a model whose classes are known."""
    kinds = {"classes": Classes, "indicator": Labels}
    return kinds.get(loss.target_kind, OneAgainstRest)(loss, classes)
