"""The kinds of losses: what their y is, and how it is checked and encoded.

Extend one of these four to write a loss of your own: give it parameters in ``__init__`` and a
`formula`, and it is a metric, a scorer and a training objective.
"""

from typing import ClassVar

import numpy as np

from ..formula import apply
from ..links import LOGIT, SOFTMAX, UNIT
from . import _paths as paths
from ._arrays import beside, both_columns, home_of
from ._base import Encoded, Loss
from ._examples import BinaryExamples, ClassExamples, NumberExamples
from ._frames import classes_by_name, columns_by_name
from ._namespaces import as_floats, as_numpy, on_host, space_of, survey
from ._programs import ENCODINGS
from ._targets import (
    as_classes,
    as_numbers,
    as_rows,
    as_weights,
    check_columns,
    check_range,
    check_sums,
    distinct,
    encode,
    furthest_sum,
    has_fractions,
    holds_numbers,
    two_labels,
)

_AS_ROWS = "Pass distributions as rows, of shape (n_samples, n_classes)."


class RegressionLoss(Loss):
    """A loss of numbers: `formula(y, f)` compares an observation `y` with a prediction.

    Both may have several outputs, of shape (n_samples, n_outputs); then the loss is the mean over them.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_losses import RegressionLoss
    >>> class Quartic(RegressionLoss):
    ...     def formula(self, y, f):
    ...         return (y - f) ** 4
    >>> Quartic()([1.0, 2.0], [2.0, 4.0])
    8.5
    >>> Quartic().gradient([1.0, 2.0], [2.0, 4.0])
    array([ 4., 32.])
    """

    _examples = NumberExamples
    _path = staticmethod(paths.of_number)

    def as_metric(self, y_true, y_pred, *, sample_weight=None, multioutput="uniform_average"):
        """Return the weighted mean loss, for each output or averaged over them: the functional metric.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
            What was observed.
        y_pred : array-like of shape (n_samples,) or (n_samples, n_outputs)
            What was predicted.
        sample_weight : array-like of shape (n_samples,), default=None
            The weights.
        multioutput : {'raw_values', 'uniform_average'} or array-like of shape (n_outputs,)
            One number an output, their mean, or their mean with these weights.

        Returns
        -------
        float, or ndarray of shape (n_outputs,)
        """
        home = home_of(y_pred, y_true, sample_weight)
        if home is not None:
            each = np.array(home.averages(self, y_true, y_pred, sample_weight, None, None))
        else:
            data = self._encode(y_true, y_pred, None, None, raw=False)
            each = np.array(self._averages(data, as_weights(sample_weight, len(data.f))))
        if isinstance(multioutput, str) and multioutput == "raw_values":
            return each if home is None else beside(each, y_pred)
        if isinstance(multioutput, str) and multioutput == "uniform_average":
            return float(each.mean())
        multioutput = on_host(multioutput)
        if isinstance(multioutput, str) or np.shape(multioutput) != each.shape:
            raise ValueError(
                f"multioutput must be 'raw_values', 'uniform_average', or hold one weight for each of the "
                f"{len(each)} outputs, got {multioutput!r}."
            )
        return float(np.average(each, weights=multioutput))

    def _encode(self, y_true, prediction, labels, pos_label, raw):
        self._refuse_labels(labels, pos_label)
        if type(prediction) is not np.ndarray:
            prediction = columns_by_name(prediction, y_true)
        y, f = as_numbers(y_true, "y_true"), as_numbers(prediction, "raw_prediction" if raw else "y_pred")
        if y.shape[1:] != f.shape[1:]:
            raise ValueError(
                f"y_true of shape {tuple(np.shape(y_true))} and a prediction of shape "
                f"{tuple(np.shape(prediction))} do not match: each sample needs one prediction for each of its outputs."
            )
        return Encoded(self, y, f)

    def _encode_target(self, y_true, labels, pos_label):
        self._refuse_labels(labels, pos_label)
        y = as_floats(as_numbers(y_true, "y_true"))
        return Encoded(self, y, y)

    def _refuse_labels(self, labels, pos_label):
        if labels is not None or pos_label is not None:
            raise ValueError(
                f"{type(self).__name__} compares numbers: labels and pos_label mean nothing to it."
            )

    def check_target(self, y, name="y"):
        """Return the target as a float array, or raise a ValueError that names what is wrong with it."""
        y = as_floats(as_numbers(y, name))
        check_range(y, survey(y), self.target, name)
        return y


class _BinaryLoss(Loss):
    """What the losses of two classes share."""

    _examples = BinaryExamples
    _path = staticmethod(paths.of_two_classes)
    _zero_one: ClassVar[str]
    """How the formula reads a target in [0, 1]."""
    _signs: ClassVar[str]
    """How the formula reads a target in {-1, 1}."""
    _soft_targets: ClassVar[bool]
    """Whether the formula takes what lies between its two values."""

    def as_metric(self, y_true, y_pred, *, sample_weight=None, labels=None, pos_label=None):
        """Return the weighted mean loss: the functional metric."""
        return self(y_true, y_pred, sample_weight=sample_weight, labels=labels, pos_label=pos_label)

    def _encode(self, y_true, prediction, labels, pos_label, raw):
        y = as_classes(y_true)
        if type(prediction) is not np.ndarray:
            prediction, labels = classes_by_name(columns_by_name(prediction, y_true), y, labels)
        f = as_numbers(prediction, "raw_prediction" if raw else "y_pred")
        if self._of_two_columns(y) and f.shape[1:] in ((), (2,)) and not (raw and f.ndim == 2):
            check_range(y, survey(y), UNIT, "y_true", "A row holds the probabilities of a sample's classes.")
            check_sums(furthest_sum(y), y, "y_true")
            y, labels = y[:, 1], None
        several = self._other_than_two(y, labels, f)
        if several is not None:
            return several._encode(y, prediction, labels, pos_label, raw)
        if f.ndim == 2:
            self._check_columns(f, raw)
        y, encoding, positive = self._encode_classes(y, labels, pos_label, one_column=f.ndim == 1)
        return Encoded(self, y, f[:, positive] if f.ndim == 2 else f, encoding)

    def _of_two_columns(self, y):
        """Return whether y holds both probabilities of each sample, which stand for the second one."""
        return self._soft_targets and y.ndim == 2 and y.shape[1] == 2

    def _encode_target(self, y_true, labels, pos_label):
        y = as_classes(y_true)
        several = self._other_than_two(y, labels, y)
        if several is None and labels is None and not has_fractions(y) and len(distinct(y)) > 2:
            several = self.several_classes()
        if several is not None:
            return several._encode_target(y, labels, pos_label)
        codes, encoding, _ = self._encode_classes(y, labels, pos_label, one_column=True)
        return self._checked(Encoded(self, codes, codes, encoding))

    def check_target(self, y):
        """Return a target of numbers as the formula takes it: as ±1, or as a probability.

        Here 0 and 1, or -1 and 1, stand for themselves; other labels are an error.
        """
        y = as_numbers(y, "y")
        if y.ndim == 2:
            raise ValueError(f"y must hold one number for each sample, got shape {tuple(y.shape)}.")
        encoding = self._reading(y)
        if encoding is None:
            check_range(y, survey(y), UNIT, "y", "Encode two classes as 0 and 1, or as -1 and 1.")
        return self._checked(Encoded(self, y, y, encoding)).numbers()

    def _checked(self, data):
        """Return data that no program has seen yet, or raise if a target is none of the two values."""
        if self._reads_labels(data.encoding):
            numbers = data.numbers()
            low, high = self.binary_values
            if not bool(space_of(numbers).all((numbers == low) | (numbers == high))):
                two_labels(as_numpy(data.y), None, None)  # says what is wrong with the labels
        return data

    def _other_than_two(self, y, labels, f):
        """Return the loss of several classes if the data are about these and there is one."""
        several = f.ndim == 2 and f.shape[1] > 2
        several = several or y.ndim == 2 or (labels is not None and len(labels) != 2)
        return self.several_classes() if several else None

    def _encode_classes(self, y, labels, pos_label, *, one_column):
        """Return numbers, how the formula is to read them, and which of two columns is the positive class."""
        if labels is None and pos_label is None and holds_numbers(y) and y.ndim == 1:
            encoding = self._reading(y)
            if encoding is not None:
                return y, encoding, 1
            if self._soft_targets and has_fractions(y):
                check_range(y, survey(y), self.target, "y_true", "Pass probabilities, or labels.")
        labels, positive = two_labels(y, labels, pos_label, one_column=one_column)
        return encode(y, labels) == positive, self._zero_one, positive

    def _reading(self, y):
        """Return how the formula reads numbers; None if they are labels to be encoded, or wrong."""
        low, high = (y.min(), y.max()) if type(y) is np.ndarray else survey(y)[:2]
        if low >= 0 and high <= 1:
            return self._zero_one
        return self._signs if low == -1 and high in (-1, 1) else None

    def _check_columns(self, f, raw):
        """Raise unless one of the columns of `f` is the prediction for the positive class."""
        name, wanted = ("raw_prediction", "raw prediction") if raw else ("y_pred", "decision function")
        raise ValueError(
            f"{name} has shape {tuple(f.shape)}, but {type(self).__name__} is for two classes: pass one number a "
            f"sample, the {wanted}. Score several classes with CrossEntropy, on predict_proba."
        )

    def _reads_labels(self, encoding):
        return not (self._soft_targets and encoding == "as it is")

    def _checks(self, y, f, encoding, raw):
        if not self._reads_labels(encoding):
            return []
        low, high = self.binary_values
        read = ENCODINGS[encoding](y)
        return [apply("abs", (read - low) * (read - high))]

    def _inspect(self, data, ranges, excess, raw):
        self._inspect_excess(data, excess)
        super()._inspect(data, ranges, excess, raw)

    def _inspect_excess(self, data, excess):
        if excess and excess[0] > 0.0:
            two_labels(as_numpy(data.y), None, None)  # says what is wrong with the labels


class MarginLoss(_BinaryLoss):
    """A loss of two classes, y in {-1, +1}, and of the margin y·f of the decision function f.

    Metrics take any two labels; they are encoded.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_losses import MarginLoss
    >>> class SmoothHinge(MarginLoss):
    ...     def formula(self, y, f):
    ...         return np.log1p(np.exp(1 - y * f))
    >>> round(SmoothHinge()(["no", "yes"], [-3.0, 0.5]), 6)
    0.550502
    """

    target_kind = "sign"
    response_method = "decision_function"
    _zero_one, _signs, _soft_targets = "0 or 1 to sign", "as it is", False


class ProbabilityLoss(_BinaryLoss):
    """A loss of two classes, y in [0, 1] (soft targets welcome), and of the log-odds f.

    Metrics take probabilities of the positive class, of shape (n_samples,), or of both classes, of shape
    (n_samples, 2), clipped to [eps, 1 - eps] of their dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.special import expit
    >>> from sklearn_losses import ProbabilityLoss
    >>> class SquaredProbability(ProbabilityLoss):
    ...     def formula(self, y, f):
    ...         return (y - expit(f)) ** 2
    >>> round(SquaredProbability()([0, 1], [0.2, 0.6]), 6)
    0.1
    """

    target = UNIT
    target_kind = "probability"
    link = LOGIT
    response_method = "predict_proba"
    binary_values = (0.0, 1.0)
    positive_probability = LOGIT
    _zero_one, _signs, _soft_targets = "as it is", "sign to 0 or 1", True

    def _check_columns(self, f, raw):
        if f.shape[1] == 2 and not raw:
            check_sums(furthest_sum(f), f, "y_pred")
            return
        name, wanted = ("raw_prediction", "the log-odds") if raw else ("y_pred", "the probability")
        raise ValueError(
            f"{name} has shape {tuple(f.shape)}, but {type(self).__name__} is for two classes: pass one number a "
            f"sample, {wanted} of the positive class{'' if raw else ', or shape (n_samples, 2)'}."
        )


class MulticlassLoss(Loss):
    """A loss of K classes: y is one-hot or a distribution, f holds K raw predictions (logits).

    Metrics take labels of any type, or distributions of shape (n_samples, K), and probabilities of shape
    (n_samples, K), clipped to [eps, 1 - eps] of their dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_losses import MulticlassLoss
    >>> from sklearn_losses.formula import softmax
    >>> class SquaredProbabilities(MulticlassLoss):
    ...     def formula(self, y, f):
    ...         return np.sum((y - softmax(f)) ** 2, axis=-1)
    >>> round(SquaredProbabilities()(["a", "b", "c"], np.full((3, 3), 1 / 3)), 6)
    0.666667
    """

    target = UNIT
    target_kind = "classes"
    link = SOFTMAX
    response_method = "predict_proba"
    couples_outputs = True
    _examples = ClassExamples
    _path = staticmethod(paths.of_classes)

    def as_metric(self, y_true, y_pred, *, sample_weight=None, labels=None):
        """Return the weighted mean loss: the functional metric."""
        return self(y_true, y_pred, sample_weight=sample_weight, labels=labels)

    def _encode(self, y_true, prediction, labels, pos_label, raw):
        if pos_label is not None:
            raise ValueError("pos_label is for losses of two classes; name all classes with labels=.")
        y = as_classes(y_true)
        if type(prediction) is not np.ndarray:
            prediction, labels = classes_by_name(columns_by_name(prediction, y_true), y, labels)
        f = as_numbers(prediction, "raw_prediction" if raw else "y_pred")
        if f.ndim == 1:
            of_one_class = raw or (np.ndim(prediction) == 2 and self._count(y, labels) == 1)
            f = f[:, None] if of_one_class else self._both_columns(f)
        y, encoding = self._encode_classes(y, labels, f.shape[1])
        return Encoded(self, y, f, encoding)

    def _count(self, y, labels):
        """Return how many classes there are."""
        return (
            len(labels)
            if labels is not None
            else y.shape[1]
            if y.ndim == 2
            else len(distinct(y, advice=_AS_ROWS))
        )

    def _both_columns(self, f):
        """Take one number a sample for what is predicted of the second of two classes."""
        if self.link.predictions != UNIT:
            return 0.5 * both_columns(f, whole=0.0)  # it is their difference
        found, slack = survey(f), self._slack(f)
        if not (found[0] >= -slack and found[1] <= 1.0 + slack):
            check_range(f, found, UNIT, "y_pred", "Pass probabilities, such as predict_proba returns.")
        return both_columns(f)

    def _encode_target(self, y_true, labels, pos_label):
        if pos_label is not None:
            raise ValueError("pos_label is for losses of two classes; name all classes with labels=.")
        y = as_classes(y_true)
        if y.ndim == 1 and labels is None:
            labels = distinct(y, advice=_AS_ROWS)
        n_outputs = y.shape[1] if y.ndim == 2 else len(labels)
        y, encoding = self._encode_classes(y, labels, n_outputs)
        if encoding == "as it is":
            y = self.check_target(y, "y_true")
        return Encoded(self, y, np.broadcast_to(0.0, (len(y), n_outputs)), encoding)

    def check_target(self, y, name="y"):
        """Return rows of probabilities as a float array, or raise a ValueError that names what is wrong."""
        y = as_rows(y, name, "the probabilities of each sample's classes")
        check_range(y, survey(y), UNIT, name, "A row holds the probabilities of a sample's classes.")
        check_sums(furthest_sum(y), y, name)
        return y

    def _encode_classes(self, y, labels, n_outputs):
        """Return codes and "label", or rows of probabilities."""
        if labels is not None and len(labels) != n_outputs:
            raise ValueError(
                f"labels names {len(labels)} classes, but the prediction has {n_outputs} columns."
            )
        if y.ndim == 2:
            if y.shape[1] != n_outputs:
                raise ValueError(
                    f"y_true has {y.shape[1]} columns and the prediction {n_outputs}: both need one a class."
                )
            return y, "as it is"
        if labels is None:
            labels = distinct(y, advice=_AS_ROWS)
            check_columns(labels, n_outputs)
        return encode(y, labels), "label"

    def _checks(self, y, f, encoding, raw):
        rows = [] if encoding == "label" else [y]
        rows += [f] if not raw and self.link.predictions == UNIT else []
        return [apply("abs", apply("sum", row) - 1.0) for row in rows]

    def _inspect(self, data, ranges, excess, raw):
        super()._inspect(data, ranges, excess, raw)
        self._inspect_excess(data, excess)

    def _inspect_excess(self, data, excess):
        rows = [] if data.encoding == "label" else [(data.y, "y_true")]
        for (array, name), worst in zip([*rows, (data.f, "y_pred")], excess, strict=False):
            check_sums(worst, array, name)
