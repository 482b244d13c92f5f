"""More kinds of losses with several raw predictions a sample: margins of classes, labels, vectors, moments.

They differ in what y is; what they share with all others is in ``_base.py``.
"""

import numpy as np

from ..formula import apply
from ..links import IDENTITY, UNIT
from . import _paths as paths
from ._arrays import stacked
from ._base import Encoded, Loss
from ._examples import IndicatorExamples, MomentExamples, VectorExamples
from ._frames import columns_by_name
from ._kinds import MulticlassLoss
from ._namespaces import as_numpy, on_host, survey
from ._targets import as_numbers, as_rows, check_range, dense


class MulticlassMarginLoss(MulticlassLoss):
    """A loss of K classes and of their decision functions: y is one-hot, f holds K scores.

    Metrics take labels of any type, or one-hot rows, and what `decision_function` returns; for two classes
    that is one column, the score of the second class over the first.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_losses import MulticlassMarginLoss
    >>> class Wrong(MulticlassMarginLoss):
    ...     def formula(self, y, f):
    ...         return np.where(np.max(f, axis=-1) > np.sum(y * f, axis=-1), 1, 0)
    >>> Wrong()(["a", "b", "c"], [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    0.3333333333333333
    """

    link = IDENTITY
    response_method = "decision_function"


class _UnlabelledLoss(Loss):
    """What the losses share that need no names of classes."""

    couples_outputs = True

    def as_metric(self, y_true, y_pred, *, sample_weight=None):
        """Return the weighted mean loss: the functional metric."""
        return self(y_true, y_pred, sample_weight=sample_weight)


class MultilabelLoss(_UnlabelledLoss):
    """A loss of K labels that may hold together: y holds 0 and 1, f one raw prediction a label.

    Metrics take indicator matrices of shape (n_samples, K), dense or sparse, and predictions of that shape;
    or, as scikit-learn's multi-output classifiers return them, K arrays of probabilities of shape
    (n_samples, 2).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_losses import MultilabelLoss
    >>> class SquaredMargins(MultilabelLoss):
    ...     def formula(self, y, f):
    ...         return np.mean((2 * y - 1 - f) ** 2, axis=-1)
    >>> SquaredMargins()([[0, 1], [1, 1]], [[-1.0, 1.0], [1.0, -1.0]])
    1.0
    """

    target = UNIT
    target_kind = "indicator"
    response_method = "decision_function"
    _examples = IndicatorExamples
    _path = staticmethod(paths.of_labels)

    def _encode(self, y_true, prediction, labels, pos_label, raw):
        data = self._encode_target(y_true, labels, pos_label)
        name = "raw_prediction" if raw else "y_pred"
        if isinstance(prediction, list) and prediction and np.ndim(prediction[0]) == 2:
            prediction = stacked([on_host(_of_label(rows, k)) for k, rows in enumerate(prediction)])
        f = as_numbers(columns_by_name(prediction, y_true), name)
        f = f[:, None] if f.ndim == 1 else f
        if f.shape[1] != data.y.shape[1]:
            raise ValueError(
                f"y_true has {data.y.shape[1]} columns and {name} {f.shape[1]}: both need one column a label."
            )
        return data._replace(f=f)

    def _encode_target(self, y_true, labels, pos_label):
        if labels is not None or pos_label is not None:
            raise ValueError(
                f"{type(self).__name__} takes an indicator matrix: labels and pos_label mean nothing to it. "
                f"MultiLabelBinarizer makes such a matrix of lists of labels."
            )
        y = as_numbers(dense(y_true, "y_true"), "y_true")
        y = y[:, None] if y.ndim == 1 else y
        return Encoded(self, y, np.broadcast_to(0.0, tuple(y.shape)))

    def check_target(self, y, name="y"):
        """Return an indicator matrix as a float array, or raise a ValueError that names what is wrong."""
        y = as_rows(y, name, "1 for each label that the sample has, 0 for the others")
        check_range(y, survey(y), UNIT, name, "A row holds 1 for each label of the sample, 0 for the others.")
        return y


def _of_label(rows, k):
    """Return the probability that label k is there, of those of both its values."""
    if rows.shape[1] != 2:
        raise ValueError(
            f"y_pred[{k}] has shape {tuple(rows.shape)}, and two columns are needed, the probabilities of 0 and of 1: "
            f"a model has one where label {k} was the same in all of its training set, and does not say which. Use a "
            f"scorer, which reads classes_, or pass one array that holds a column for each label."
        )
    return rows[:, 1]


class VectorLoss(_UnlabelledLoss):
    """A loss of vectors: y and f both hold K numbers a sample, which the formula compares as a whole.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_losses import VectorLoss
    >>> class Distance(VectorLoss):
    ...     def formula(self, y, f):
    ...         return np.linalg.norm(y - f, axis=-1)
    >>> Distance()([[0.0, 0.0], [1.0, 1.0]], [[3.0, 4.0], [1.0, 1.0]])
    2.5
    """

    target_kind = "vector"
    _examples = VectorExamples
    _path = staticmethod(paths.of_vectors)

    def _encode(self, y_true, prediction, labels, pos_label, raw):
        data = self._encode_target(y_true, labels, pos_label)
        f = as_numbers(columns_by_name(prediction, y_true), "raw_prediction" if raw else "y_pred")
        f = f[:, None] if f.ndim == 1 else f
        if f.shape[1] != data.y.shape[1]:
            raise ValueError(
                f"y_true of shape {tuple(data.y.shape)} and a prediction of shape {tuple(f.shape)} do not "
                f"match: both must be vectors of one length."
            )
        return data._replace(f=f)

    def _encode_target(self, y_true, labels, pos_label):
        if labels is not None or pos_label is not None:
            raise ValueError(
                f"{type(self).__name__} compares vectors: labels and pos_label mean nothing to it."
            )
        if np.ndim(y_true) < 2:
            raise ValueError(
                f"{type(self).__name__} compares vectors, one in each row; y_true has shape {tuple(np.shape(y_true))}. "
                f"For a single pair of vectors pass [y_true] and [y_pred]."
            )
        y = as_numbers(y_true, "y_true")
        y = y[:, None] if y.ndim == 1 else y
        return Encoded(self, y, np.broadcast_to(0.0, tuple(y.shape)))

    def check_target(self, y, name="y"):
        """Return vectors as a float array, or raise a ValueError that names what is wrong."""
        y = as_rows(y, name, "the vector that belongs to it")
        check_range(y, survey(y), self.target, name)
        return y


class MomentsLoss(_UnlabelledLoss):
    """A loss of a number and of its predicted mean and variance: f[..., 0] and f[..., 1] > 0.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_losses import MomentsLoss
    >>> class SquaredStandardError(MomentsLoss):
    ...     def formula(self, y, f):
    ...         return (y - f[..., 0]) ** 2 / f[..., 1]
    >>> SquaredStandardError()([1.0, 2.0], [[1.0, 1.0], [4.0, 2.0]])
    1.0
    """

    target_kind = "moments"
    _examples = MomentExamples
    _path = staticmethod(paths.of_moments)

    def _encode(self, y_true, prediction, labels, pos_label, raw):
        data = self._encode_target(y_true, labels, pos_label)
        name = "raw_prediction" if raw else "y_pred"
        f = as_numbers(prediction, name)
        if f.ndim != 2 or f.shape[1] != 2:
            raise ValueError(
                f"{name} must have two columns, mean and variance, shape (n_samples, 2); got {tuple(f.shape)}."
            )
        return data._replace(f=f)

    def _encode_target(self, y_true, labels, pos_label):
        if labels is not None or pos_label is not None:
            raise ValueError(
                f"{type(self).__name__} compares numbers: labels and pos_label mean nothing to it."
            )
        y = as_numbers(y_true, "y_true")
        if y.ndim != 1:
            raise ValueError(f"y_true must have shape (n_samples,), got {tuple(y.shape)}.")
        return Encoded(self, y, np.broadcast_to(0.0, (y.shape[0], 2)), "number")

    def _checks(self, y, f, encoding, raw):
        return [-apply("gather", f, 1.0)]

    def _inspect(self, data, ranges, excess, raw):
        super()._inspect(data, ranges, excess, raw)
        self._inspect_excess(data, excess)

    def _inspect_excess(self, data, excess):
        if excess and not max(excess) < 0.0:
            f = as_numpy(data.f)
            i = int(np.argmin(f[:, 1]))
            raise ValueError(
                f"The prediction contains the variance {f[i, 1]:g} at position {i}; its second column must be positive."
            )
