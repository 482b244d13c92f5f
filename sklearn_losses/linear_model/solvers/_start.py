"""Where to start when zero is no place to start from.

Some losses of vectors, such as the cosine distance, are flat at the raw prediction 0: no step leads away from there.
Knows arrays and programs; nothing of losses or estimators.
"""

import numpy as np
from sklearn.utils.extmath import safe_sparse_dot


def is_flat_at_zero(gradient, rows):
    """Tell whether the loss has no slope at the raw prediction 0.

    Parameters
    ----------
    gradient : Program
        Its last result is the slope.
    rows : ndarray of shape (n_samples, K)
        Targets.
    """
    few = rows[:: max(1, len(rows) // 100)]
    results, _ = gradient.arrays(few, np.zeros_like(few))
    return not results[-1].any()


def least_squares_step(X, rows, weight, *, fit_intercept):
    """Give the coefficients and intercepts after the first steepest-descent step of least squares, from the mean.

    Parameters
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
        The features.
    rows : ndarray of shape (n_samples, K)
        Targets.
    weight : ndarray of shape (n_samples,)
        Zero for samples that do not count.
    fit_intercept : bool
        Whether to start from the mean, rather than from zero.

    Returns
    -------
    coef : ndarray of shape (K, n_features)
    intercept : ndarray of shape (K,)
    """
    share = weight / weight.sum()
    intercept = share @ rows if fit_intercept else np.zeros(rows.shape[1])
    slopes = safe_sparse_dot(X.T, share[:, None] * (rows - intercept))
    with np.errstate(all="ignore"):  # overflow, or no slope at all
        along = safe_sparse_dot(X, slopes)
        curvature = share @ np.square(along).sum(axis=1)
        length = np.square(slopes).sum() / curvature
    return (length * slopes).T if 0 < length < np.inf else np.zeros_like(slopes.T), intercept
