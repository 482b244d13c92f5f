"""Skill: how much better predictions are than the best constant.

Knows programs and constants; called by `Loss.d2` alone.
"""

import warnings

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from ..links import UNIT
from ._constant import minimizing_constant
from ._programs import program_of
from ._targets import checked_weights, moderate

_EPS = float(np.finfo(np.float64).eps)


def skill(data, sample_weight):
    """Return 1 - loss / loss of the best constant, averaged over the outputs of a regression."""
    loss = data.loss
    if not loss.complete:
        raise ValueError(
            f"{loss!r} may be negative, so that its ratio to the best constant's means nothing: it has no D²."
        )
    weights = moderate(checked_weights(sample_weight, len(data.f)))
    if len(data.f) < 2:
        loss._averages(data, weights)  # raises for wrong input
        message = "D² is not defined for fewer than two samples: the score is nan."
        warnings.warn(message, UndefinedMetricWarning, stacklevel=4)
        return float("nan")
    scores = np.array(loss._averages(data, weights))
    constants = minimizing_constant(data, weights)
    program = program_of(loss, "value", data.encoding)
    best, nothing = [], []
    for k, (y, f) in enumerate(loss._columns(data)):
        constant = constants if loss.couples_outputs or data.f.ndim == 1 else constants[k]
        total, weight, ranges, _ = program.total(
            y, np.broadcast_to(np.asarray(constant, dtype=np.float64), f.shape), weights
        )
        best.append(total / weight)
        nothing.append(_rounding(loss, program, y, f, weights, ranges[0]))
    if not np.all(np.isfinite(best)):
        raise ValueError(
            f"{loss!r} of the best constant is no finite number on these data: y holds numbers that are too large. "
            f"Divide y and the predictions by their scale."
        )
    # scikit-learn's rule: of a target that a constant predicts perfectly, 1 for predictions that do so, too, else 0.
    undefined, perfect = np.array(best) <= nothing, scores <= nothing
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.mean(np.where(undefined, np.where(perfect, 1.0, 0.0), 1.0 - scores / best)))


def _rounding(loss, program, y, f, weights, found):
    """Return the mean loss of a constant that is nothing but rounding."""
    if loss.link.predictions == UNIT:
        return 4.0 * _EPS  # probabilities are clipped, and so never quite certain
    if loss.target_kind not in ("number", "vector"):
        return 64.0 * _EPS  # constants end where nothing changes any more
    lowest, highest, _ = found
    if highest - lowest > 1e-6 * max(abs(lowest), abs(highest)) and (weights is None or weights.all()):
        return 0.0  # y varies
    losses = []
    for step in np.linspace(-8.0, 8.0, 33) * _EPS:
        raw = loss.link.link(loss.link.predictions.keep(y * (1.0 + step)))
        total, weight, *_ = program.total(y, np.ascontiguousarray(raw, dtype=np.float64), weights)
        losses.append(abs(total / weight))
    return 16.0 * max(losses)
