"""Sums of losses that compare K raw predictions, with the whole Hessian by K (d + 1) coefficients.

Knows arrays and programs. The K × K Hessian of each loss comes from differences of its slopes.
"""

import numpy as np

from ._row_sums import weighted_losses

ENTRIES = 1 << 18  # of what is multiplied at a time
STEP = 1e-5  # of raw predictions, in spreads
NONE = 1e-12  # sums of slopes are zero within this, relative to the largest slope


def several_bends(problem, coef, intercept):
    """Sum over the rows of a `LinearProblem`, at coefficients of scaled columns.

    Parameters
    ----------
    problem : LinearProblem
        Of K outputs.
    coef : ndarray of shape (K, d)
        Where.
    intercept : ndarray of shape (K,)
        Beside them.

    Returns
    -------
    loss : float
        Σ weight ℓ; infinite where something overflows.
    of_coef : ndarray of shape (K, d)
        Σ weight ∂ℓ/∂f_k z.
    of_intercept : ndarray of shape (K,)
        Σ weight ∂ℓ/∂f_k.
    hessian : ndarray of shape (K (d + 1), K (d + 1))
        By coefficients, output after output, and then by the intercepts.
    """
    X, columns, (n_outputs, d) = problem.X, problem.columns, coef.shape
    root_rate = np.sqrt(columns.rate)
    v = np.column_stack([coef, intercept])
    loss, pull = 0.0, np.zeros((n_outputs, d + 1))
    hessian = np.zeros((n_outputs, d + 1, n_outputs, d + 1))
    rows = max(64, ENTRIES // (n_outputs * (d + 1)))
    for start in range(0, X.shape[0], rows):
        chosen = slice(start, start + rows)
        part = X[chosen] if problem.is_dense else X[chosen].toarray()
        z = np.ones((len(part), d + 1))
        np.multiply(part - columns.centre, root_rate, out=z[:, :d])
        y, weight, f = problem.y[chosen], problem.weight[chosen], z @ v.T
        total, slopes = weighted_losses(problem.value, y, f, weight)
        if not np.isfinite(total):
            return np.inf, np.zeros_like(coef), np.zeros_like(intercept), hessian.reshape(v.size, -1)
        loss += total
        pull += slopes.T @ z
        bends = _bends(problem.gradient, y, f, weight, STEP * problem.spread)
        for k in range(n_outputs):
            sums = z.T @ (bends[:, k, k:, None] * z[:, None]).reshape(len(z), -1)
            hessian[k, :, k:] += sums.reshape(d + 1, -1, d + 1)
    for k in range(n_outputs):
        hessian[k + 1 :, :, k] = hessian[k, :, k + 1 :].transpose(1, 0, 2)
    places = np.arange(v.size).reshape(n_outputs, d + 1)
    order = np.append(places[:, :d], places[:, d])
    return loss, pull[:, :d], pull[:, d], hessian.reshape(v.size, -1)[np.ix_(order, order)]


@np.errstate(all="ignore")
def _bends(gradient, y, f, weight, step):
    """Weight times the Hessian of each loss by its raw predictions, (n, K, K); zero where there is none."""
    n, n_outputs = f.shape
    shifts = step * np.concatenate([np.eye(n_outputs), -np.eye(n_outputs)])
    shifted = (f + shifts[:, None]).reshape(-1, n_outputs)
    (slopes,), _ = gradient.arrays(np.concatenate([y] * len(shifts)), shifted)
    above, below = slopes.reshape(2, n_outputs, n, n_outputs)
    bends = (above - below).transpose(1, 0, 2) * (weight / (2.0 * step))[:, None, None]
    bends = np.nan_to_num(0.5 * (bends + bends.transpose(0, 2, 1)), posinf=0.0, neginf=0.0)
    if (
        np.abs(above.sum(axis=-1)).max() <= NONE * np.abs(above).max()
    ):  # shifting all f together changes nothing
        bends -= bends.mean(axis=1, keepdims=True)
        bends -= bends.mean(axis=2, keepdims=True)
    return bends
