"""A mean loss in pieces: sums that are exact, so that it does not matter how the samples are cut.

Knows how losses encode data, and sums; knows nothing of where the pieces lie.
"""

from typing import Any

import numpy as np

from ..links import REAL
from ._arrays import as_numpy, other_namespace
from ._targets import (
    as_classes,
    as_weights,
    check_range,
    has_fractions,
    holds_numbers,
    two_labels,
)

_BLOCK = 1 << 12  # numbers summed at once
_FINEST = 1074  # every double is a whole multiple of 2^-1074
_LARGE, _DOWN = 2.0**500, 600  # larger weights are halved so many times
_HUGE = 2.0**960  # above it the trick of `_exact` would overflow


class Accumulator:
    """A weighted mean loss that takes its samples in pieces; `Loss.accumulator` makes it.

    Sums are exact, so that the mean is the same, to the last bit of a sample's loss, however the samples are cut,
    and in whichever order the pieces come. It can be pickled, and holds a few numbers only.

    Parameters
    ----------
    loss : Loss
        Any loss.
    labels : sequence, default=None
        The classes, as the loss takes them when it is called. Without them those of the first piece are all that
        there may be.
    pos_label : label, default=None
        As the loss takes it when it is called.

    Examples
    --------
    >>> from sklearn_losses import Huber
    >>> morning, evening = Huber().accumulator(), Huber().accumulator()
    >>> morning.update([1.0, 2.0], [1.5, 2.0]).update([9.0], [3.0])
    Accumulator(loss=Huber(), n_samples=3)
    >>> evening.update([4.0], [4.5])
    Accumulator(loss=Huber(), n_samples=1)
    >>> morning.merge(evening).result()
    1.4375
    """

    def __init__(self, loss: Any, labels: Any = None, pos_label: Any = None):
        self.loss, self.labels, self.pos_label = loss, labels, pos_label
        self.n_samples = 0
        self.totals: list[tuple[Sum, Sum]] = []

    def __repr__(self) -> str:
        return f"Accumulator(loss={self.loss!r}, n_samples={self.n_samples})"

    def update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> "Accumulator":
        """Take a piece in.

        Parameters
        ----------
        y_true, y_pred : array-like
            What was observed and what was predicted, as the loss takes them when it is called.
        sample_weight : array-like of shape (n_samples,), default=None
            The weights; 1 if not given.

        Returns
        -------
        self : Accumulator

        Raises
        ------
        ValueError
            As calling the loss; the accumulator is then as it was.
        """
        if other_namespace(y_true, y_pred) is not None:
            y_true, y_pred = as_numpy(y_true), as_numpy(y_pred)
            sample_weight = None if sample_weight is None else as_numpy(sample_weight)
        data = self.loss._encode(y_true, y_pred, self.labels, self.pos_label, raw=False)
        weights = as_weights(sample_weight, len(data.f))
        if weights is not None:
            ends = float(weights.min()), float(weights.max()), bool(np.isnan(weights).any())
            check_range(weights, ends, REAL, "sample_weight")
            times = (
                _DOWN if max(-ends[0], ends[1]) > _LARGE else 0
            )  # so that no product with a loss overflows
            weights = np.ldexp(weights.astype(np.float64, copy=False), -times)
        each = data.loss._each(data, "metric", np.float64)
        columns = each[:, None] if each.ndim == 1 else each
        n = len(columns)
        weight = Sum().add(np.array([n]) if weights is None else weights)
        totals = [
            (Sum().add(column if weights is None else weights * column), weight) for column in columns.T
        ]
        if weights is not None and times:
            totals = [(total.doubled(times), weight.doubled(times)) for total, weight in totals]
        return self._take(totals, n, self._labels_of(y_true) if self.labels is None else self.labels)

    def merge(self, other: "Accumulator") -> "Accumulator":
        """Take in what another accumulator of the same loss has.

        Parameters
        ----------
        other : Accumulator
            It stays as it is.

        Returns
        -------
        self : Accumulator

        Raises
        ------
        ValueError
            If it is of another loss, or of other labels.
        """
        mine, theirs = repr(self.loss), repr(other.loss)
        if type(self.loss) is not type(other.loss) or mine != theirs:
            raise ValueError(f"Accumulators of two losses cannot be merged: {mine} and {theirs}.")
        known = [each for each in (self.labels, other.labels) if each is not None]
        if len(known) == 2 and np.asarray(known[0]).tolist() != np.asarray(known[1]).tolist():
            raise ValueError(
                f"Accumulators of other labels cannot be merged: {np.asarray(known[0]).tolist()} and "
                f"{np.asarray(known[1]).tolist()}. Name all of them, accumulator(labels=...)."
            )
        return self._take(other.totals, other.n_samples, known[0] if known else None)

    def result(self) -> float:
        """Return the weighted mean loss, over several outputs of a regression their mean.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If there is no sample, or the weights do not sum to more than zero.
        """
        return float(np.mean(self.averages()))

    def averages(self) -> list[float]:
        """Return the weighted mean loss of each output.

        Returns
        -------
        list of float
        """
        if not self.n_samples:
            raise ValueError("y_true is empty: at least one sample is needed.")
        self.loss._means(
            [(float(total), float(weight)) for total, weight in self.totals]
        )  # says what is wrong
        return [total.over(weight) for total, weight in self.totals]

    def _take(self, totals, n_samples, labels):
        if self.totals and totals and len(self.totals) != len(totals):
            raise ValueError(
                f"All pieces must have as many outputs: there were {len(self.totals)}, now {len(totals)}."
            )
        mine = self.totals or [(Sum(), Sum()) for _ in totals]
        if totals:
            self.totals = [(a.plus(c), b.plus(d)) for (a, b), (c, d) in zip(mine, totals, strict=True)]
        self.n_samples += n_samples
        self.labels = labels
        return self

    def _labels_of(self, y_true):
        """Return the labels by which all pieces are read alike; None where numbers stand for themselves."""
        kind = self.loss.target_kind
        if kind not in ("sign", "probability", "classes"):
            return None
        y = as_classes(y_true)
        if y.ndim == 2 or has_fractions(y):
            return None
        if kind != "classes":
            if holds_numbers(y) and (np.isin(y, (0, 1)).all() or np.isin(y, (-1, 1)).all()):
                return None
            if len(np.unique(y)) == 1 and self.pos_label is None:
                return None  # read without labels; a later piece has both
            if len(np.unique(y)) <= 2:
                return two_labels(y, None, self.pos_label)[0]
        return np.unique(y)


class Sum:
    """An exact sum of doubles, a whole number of 2^-1074; what is not finite is added up beside it."""

    __slots__ = ("infinite", "units")

    def __init__(self, units: int = 0, infinite: float = 0.0):
        self.units, self.infinite = units, infinite

    def add(self, values: np.ndarray) -> "Sum":
        """Take numbers in."""
        values = np.asarray(values, dtype=np.float64)
        for start in range(0, len(values), _BLOCK):
            block = values[start : start + _BLOCK]
            largest = max(float(block.max()), -float(block.min()))
            if not largest < np.inf:
                finite = np.isfinite(block)
                with np.errstate(invalid="ignore"):
                    self.infinite += float(block[~finite].sum())
                block = block[finite]
                largest = float(np.abs(block).max(initial=0.0))
            self.units += _exact(block, largest)
        return self

    def plus(self, other: "Sum") -> "Sum":
        """Return the sum of both."""
        return Sum(self.units + other.units, self.infinite + other.infinite)

    def doubled(self, times: int) -> "Sum":
        """Return the sum times a power of two."""
        return Sum(self.units << times, self.infinite)

    def over(self, other: "Sum") -> float:
        """Return the ratio, rounded once."""
        if self.infinite:
            return self.infinite
        return self.units / other.units

    def __float__(self) -> float:
        try:
            return self.infinite or self.units / (1 << _FINEST)
        except OverflowError:  # beyond the largest double, which only ratios may be
            return float(np.copysign(np.finfo(np.float64).max, self.units > 0 or -1))


def _exact(values, largest):
    """Return the exact sum of at most `_BLOCK` finite doubles, none larger than `largest`, in units of 2^-1074.

    The leading 40 bits of all of them, cut at the same place, are summed without rounding; then the next ones.
    (S. M. Rump, T. Ogita and S. Oishi, "Accurate floating-point summation", SIAM Journal on Scientific Computing 31,
    2008, doi:10.1137/050645671.)
    """
    if largest >= _HUGE:
        return sum(_units(value) for value in values.tolist())
    total, rest = 0, values.copy()
    while largest > 0.0:
        cut = 2.0 * _BLOCK * 2.0 ** int(np.frexp(largest)[1])
        leading = rest + cut
        leading -= cut
        rest -= leading
        total += _units(float(leading.sum()))
        largest = cut * 2.0**-53 if rest.any() else 0.0
    return total


def _units(value):
    numerator, denominator = value.as_integer_ratio()
    return numerator << (_FINEST + 1 - denominator.bit_length())
