"""Functionals of a sample: what a constant prediction is at best.

Knows numbers and weights; nothing of losses.
"""

import numpy as np


def functional(name, y, weights=None, level=None):
    """Return the mean, median, quantile, expectile, or mean and variance of a sample.

    Where all numbers of an interval are a quantile, its middle.

    Parameters
    ----------
    name : {'mean', 'median', 'quantile', 'expectile', 'mean and variance'}
        Which of them.
    y : ndarray of shape (n,)
        The sample.
    weights : ndarray of shape (n,) or None
        Of the sample.
    level : float
        Of a quantile or an expectile.
    """
    if name == "mean":
        return float(np.average(y, weights=weights))
    if name == "mean and variance":  # a variance is positive: where all are equal, the smallest number
        mean = np.average(y, weights=weights)
        variance = np.average((np.asarray(y, dtype=np.float64) - mean) ** 2, weights=weights)
        return np.array([mean, max(variance, np.finfo(np.float64).tiny)])
    if name == "expectile":
        return _expectile(y, weights, level)
    return _quantile(y, weights, 0.5 if name == "median" else level)


def _quantile(y, weights, level):
    if weights is None:
        n = len(y)
        below = level * n
        k = int(np.ceil(below - 1e-9))  # the smallest k with k/n >= level
        on_edge = abs(below - k) <= 1e-9 and 0 < k < n
        k = min(max(k, 1), n)
        if on_edge:
            part = np.partition(y, (k - 1, k))
            return float(0.5 * part[k - 1] + 0.5 * part[k])
        return float(np.partition(y, k - 1)[k - 1])
    y, weights = y[weights > 0], weights[weights > 0]
    order = np.argsort(y, kind="stable")
    y, total = y[order], np.cumsum(weights[order])
    share = total / total[-1]
    k = min(int(np.searchsorted(share, level - 1e-12)), len(y) - 1)
    if abs(share[k] - level) <= 1e-12 and k + 1 < len(y):
        return float(0.5 * y[k] + 0.5 * y[k + 1])
    return float(y[k])


def _expectile(y, weights, level):
    """Solve τ Σ w (y - e)₊ = (1 - τ) Σ w (e - y)₊, exactly: between two observations it is linear."""
    w = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=np.float64)
    order = np.argsort(y, kind="stable")
    y, w = np.asarray(y, dtype=np.float64)[order], w[order]
    below = np.concatenate([[0.0], np.cumsum(w)]), np.concatenate([[0.0], np.cumsum(w * y)])
    total = below[0][-1], below[1][-1]
    low = (1 - level) * below[0][1:]
    high = level * (total[0] - below[0][1:])
    candidates = ((1 - level) * below[1][1:] + level * (total[1] - below[1][1:])) / (low + high)
    k = int(np.argmax(candidates <= np.append(y[1:], np.inf)))  # the first that lies in its own interval
    return float(candidates[k])
