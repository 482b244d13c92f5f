"""Skill: how much better predictions are than the best constant.

Knows programs and constants; called by `Loss.d2` alone.
"""

import numpy as np

from ..links import UNIT
from ._constant import minimizing_constant
from ._programs import program_of
from ._targets import checked_weights


def skill(data, sample_weight):
    """Return 1 - loss / loss of the best constant, averaged over the outputs of a regression."""
    loss = data.loss
    if not loss.complete:
        raise ValueError(
            f"{loss!r} may be negative, so that its ratio to the best constant's means nothing: it has no D²."
        )
    weights = checked_weights(sample_weight, len(data.f))
    scores = np.array(loss._averages(data, weights))
    constants = minimizing_constant(data, weights)
    program = program_of(loss, "value", data.encoding)
    references = []
    for k, (y, f) in enumerate(loss._columns(data)):
        constant = constants if loss.couples_outputs or data.f.ndim == 1 else constants[k]
        total, weight, _, _ = program.total(
            y, np.broadcast_to(np.asarray(constant, dtype=np.float64), f.shape), weights
        )
        references.append(total / weight)
    best = np.array(references)
    # Of a constant y, as scikit-learn's r2_score has it; probabilities are clipped, and so never quite certain.
    nothing = 4.0 * np.finfo(np.float64).eps if loss.link.predictions == UNIT else 0.0
    perfect = np.where(scores <= nothing, 1.0, 0.0)
    return float(
        np.mean(np.where(best > nothing, 1.0 - scores / np.where(best > nothing, best, 1.0), perfect))
    )
