"""Where boosting starts: at the best constant of the loss, or where the loss has slopes.

Knows losses and encoded targets; knows no library of boosting.
"""

import numpy as np
from scipy.special import logit

from ..losses._programs import program_of

LEVEL = 1e-3
"""A loss has levelled off where its mean slope is less than this times that at the log-odds of the classes."""
RAREST = 1e-6
"""The least share of a class that counts in its log-odds."""


def starting_point(loss, target, weights, n_outputs):
    """Return the constant raw prediction, one an output, that boosting starts from.

    That is the best constant. But a bounded loss of classes (1 - p, a sigmoid, a ramp) is often best where everyone is
    infinitely sure of the commonest class, and there no sample has a slope that a tree could follow. Where that
    is so, boosting starts at the log-odds of the classes.

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
        encoding, shares = "label", np.bincount(target, weights, minlength=n_outputs)
    else:
        best = loss.constant_minimizer(target, weights)
        low, high = loss.binary_values if loss.target_kind == "sign" else (0.0, 1.0)
        encoding, shares = "as it is", (np.average(target, axis=0, weights=weights) - low) / (high - low)
    if loss.target_kind == "classes":
        odds = np.log(np.maximum(shares / np.sum(shares), RAREST))
        odds -= odds.mean()
    elif loss.target_kind in ("sign", "probability", "indicator"):
        odds = logit(np.clip(shares, RAREST, 1.0 - RAREST))
    else:
        return best
    if _mean_slope(loss, target, weights, encoding, best) >= LEVEL * _mean_slope(
        loss, target, weights, encoding, odds
    ):
        return best
    return float(odds) if np.ndim(odds) == 0 else odds


def _mean_slope(loss, target, weights, encoding, constant):
    f = np.broadcast_to(np.asarray(constant, dtype=np.float64), (len(target), *np.shape(constant)))
    (gradient, *_), _ = program_of(loss, "gradient", encoding).arrays(target, f)
    sizes = np.abs(gradient)
    return np.average(sizes if sizes.ndim == 1 else sizes.sum(axis=1), weights=weights)
