"""The best monotone function of predictions, for whatever a loss elicits.

Knows losses of one number a sample and their functionals; pools adjacent violators.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.isotonic import IsotonicRegression

from ..losses._functionals import functional

KNOWN = ("mean", "median", "quantile", "expectile")


def elicited(
    loss: Any, y_true: Any, y_pred: Any, labels: Any, pos_label: Any, purpose: str
) -> tuple[Any, np.ndarray]:
    """Return encoded data of a loss that elicits a functional, and y in numbers.

    Raises
    ------
    ValueError
        If the loss elicits nothing, or has several outputs: it cannot be `purpose` then.
    """
    data = loss._encode(y_true, y_pred, labels, pos_label, raw=False)
    if data.f.ndim != 1 or data.loss.elicits is None:
        raise ValueError(
            f"{data.loss!r} cannot be {purpose}: that needs one prediction a sample and a loss that elicits the "
            f"mean, the median, a quantile or an expectile."
        )
    return data, data.loss.check_target(data.y)


def of_sample(loss: Any) -> Callable[[np.ndarray, np.ndarray | None], float]:
    """Return the function that gives the functional of a sample, of y and its weights or None."""
    if loss.elicits in KNOWN:
        return lambda y, weights: functional(loss.elicits, y, weights, loss.level)
    return lambda y, weights: float(loss.link.prediction(loss.constant_minimizer(y, weights)))


def isotonic(loss: Any, y: np.ndarray, prediction: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Return the values of the non-decreasing function of the predictions that has the least mean loss.

    What has no weight is level with the next smaller prediction that has one, or with the least of these.
    """
    if weights is not None and not weights.all():
        there = weights != 0.0
        at, places = np.unique(prediction[there], return_index=True)
        fitted = isotonic(loss, y[there], prediction[there], weights[there])[places]
        return fitted[np.maximum(np.searchsorted(at, prediction, side="right") - 1, 0)]
    if loss.elicits == "mean":
        return IsotonicRegression().fit(prediction, y, sample_weight=weights).predict(prediction)
    value = of_sample(loss)
    _, group = np.unique(prediction, return_inverse=True)
    order = np.argsort(group, kind="stable")
    y, w = y[order], None if weights is None else weights[order]
    ends = np.cumsum(np.bincount(group))

    def of(start, end):
        if end - start == 1 and loss.elicits in KNOWN:
            return float(y[start])
        return value(y[start:end], None if w is None else w[start:end])

    blocks: list[tuple[int, int, float]] = []  # (start, end, value): pool adjacent ones that fall
    for start, end in zip(np.r_[0, ends[:-1]], ends, strict=True):
        block = (int(start), int(end), of(start, end))
        while blocks and blocks[-1][2] >= block[2]:
            first = blocks.pop()[0]
            block = (first, block[1], of(first, block[1]))
        blocks.append(block)
    fitted = np.empty(len(y))
    for start, end, level in blocks:
        fitted[order[start:end]] = level
    return fitted
