"""Early stopping: which samples are held out, and how what is watched on them is computed.

Knows splits, raw predictions and programs; knows no descents.
"""

from functools import partial

import numpy as np
from sklearn.utils.extmath import safe_sparse_dot


def hold_out(splitter, y, weight):
    """Choose the samples that are not trained on.

    Parameters
    ----------
    splitter : ShuffleSplit or StratifiedShuffleSplit
        Gives the one split.
    y : ndarray of shape (n_samples,) or (n_samples, K)
        The target.
    weight : ndarray of shape (n_samples,) or None
        None: all are 1.

    Returns
    -------
    ndarray of bool, of shape (n_samples,)

    Raises
    ------
    ValueError
        When one of the two parts is empty, or all that is held out weighs nothing.
    """
    _, chosen = next(splitter.split(np.zeros((len(y), 1)), y))
    if weight is not None and not np.any(weight[chosen] > 0):
        raise ValueError(
            "The sample weights for validation set are all zero, consider using a different random state."
        )
    held_out = np.zeros(len(y), dtype=bool)
    held_out[chosen] = True
    return held_out


def held_out_score(measure, X, held_out):
    """Give the score as a function of coefficients and intercept: `measure` of the raw prediction."""
    X = X[np.flatnonzero(held_out)]

    def score(coef, intercept):
        return float(measure(safe_sparse_dot(X, coef.T) + intercept))

    return score


def negative_loss(program, y, weight):
    """Minus the weighted mean Σ w ℓ / Σ w of the loss itself."""
    return partial(_negative_mean, program, y, weight)


def _negative_mean(program, y, weight, raw):
    total, whole, *_ = program.total(y, np.ascontiguousarray(raw), weight)
    return -total / whole
