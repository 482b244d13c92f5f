"""Where boosting starts: at the best constant of the loss, or where the loss has slopes.

Knows losses and encoded targets; knows no library of boosting.
"""

import numpy as np
from scipy.special import logit

from ._curvature import is_curved

RAREST = 1e-6
"""The least share of a class that counts in its log-odds."""


def starting_point(loss, target, weights, n_outputs):
    """Return the constant raw prediction, one an output, that boosting starts from.

    That is the best constant. But a bounded loss of classes (1 - p, a sigmoid, a ramp) is often best where everyone is
    infinitely sure of the commonest class, and there no sample has a slope that a tree could follow. So where
    the best constant of a loss that is not convex is surer than the log-odds of the classes (and than a margin of 1),
    boosting starts at these.

    Parameters
    ----------
    loss : Loss
        What is trained.
    target : ndarray of shape (n,) or (n, n_outputs)
        Encoded: codes of several classes, or numbers as the formula takes them.
    weights : ndarray of shape (n,) or None
        Of the samples.
    n_outputs : int
        How many raw predictions a sample has.

    Returns
    -------
    float or ndarray of shape (n_outputs,)
    """
    if target.ndim == 1 and n_outputs > 1:
        if not loss.couples_outputs:
            low, high = loss.binary_values
            each = [np.where(target == k, high, low) for k in range(n_outputs)]
            return np.array([starting_point(loss, y, weights, 1) for y in each])
        best = loss.constant_minimizer(target, weights, labels=range(n_outputs))
        shares = np.bincount(target, weights, minlength=n_outputs)
    else:
        best = loss.constant_minimizer(target, weights)
        low, high = loss.binary_values if loss.target_kind == "sign" else (0.0, 1.0)
        shares = (np.average(target, axis=0, weights=weights) - low) / (high - low)
    if loss.target_kind == "classes":
        odds = np.log(np.maximum(shares / np.sum(shares), RAREST))
        odds -= odds.mean()
    elif loss.target_kind in ("sign", "probability", "indicator"):
        odds = logit(np.clip(shares, RAREST, 1.0 - RAREST))
    else:
        return best
    surer = np.ptp(best) if loss.couples_outputs else np.abs(best)
    usual = np.ptp(odds) if loss.couples_outputs else np.abs(odds)
    if loss.convex or np.all(surer <= (1.0 + 1e-6) * np.maximum(usual, 1.0)) or is_curved(loss):
        return best
    return float(odds) if np.ndim(odds) == 0 else odds
