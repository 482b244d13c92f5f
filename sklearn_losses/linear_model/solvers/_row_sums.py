"""Sums of losses, slopes and curvatures over rows, of scaled columns, without writing X as a whole.

Knows arrays and programs.
"""

import numpy as np
from sklearn.utils.extmath import safe_sparse_dot

BLOCK = 1 << 17  # entries that are scaled at a time
CACHED = 1 << 18  # entries that are read twice in a row: 2 MB
PRODUCTS = 500_000  # multiplications at a time
LARGEST = 1e100


def row_sums(program, X, y, weight, columns, coef, intercept):
    """Sum over the rows of X what a program gives, at coefficients of scaled columns.

    Dense rows are centred and scaled block by block in float64, so that no digits are lost in columns far from
    zero; sparse ones too where curvatures are summed, and else stay as they are.

    Parameters
    ----------
    program : Program
        Gives ℓ and ℓ'; or, of one raw prediction, ℓ, ℓ' and ℓ''.
    X : ndarray or CSR
        Of shape (n, d).
    y : ndarray
        As the program takes it.
    weight : ndarray of shape (n,)
        Not negative.
    columns : Columns or Scales
        z = (x - centre) · rate^½.
    coef, intercept
        Of shapes (d,) and (), or (K, d) and (K,): f = z · coef + intercept.

    Returns
    -------
    loss : float
        Σ weight ℓ; infinite where something overflows.
    of_coef : ndarray of the shape of `coef`
        Σ weight ℓ' z.
    of_intercept : float or ndarray of shape (K,)
        Σ weight ℓ'.
    hessian : ndarray of shape (d + 1, d + 1)
        Σ weight ℓ'' [z, 1] [z, 1]ᵀ, of convex losses, if the program gives ℓ''.
    """
    bends = program.n_results > 2
    d = X.shape[1]
    if not isinstance(X, np.ndarray) and not bends:
        return _sparse_slopes(program, X, y, weight, columns, coef, intercept)
    root_rate = np.sqrt(columns.rate)
    loss = 0.0
    pull = np.zeros(np.shape(intercept) + (d + 1,))
    hessian = np.zeros((d + 1, d + 1)) if bends else None
    v = np.concatenate([coef, np.asarray(intercept)[..., None]], axis=-1)
    step = max(64, BLOCK // (d + 1))
    z = np.empty((min(step, X.shape[0]), d + 1))
    z[:, d] = 1.0
    for start in range(0, X.shape[0], step):
        part = X[start : start + step]
        rows = z[: part.shape[0]]
        np.subtract(part if isinstance(part, np.ndarray) else part.toarray(), columns.centre, out=rows[:, :d])
        rows[:, :d] *= root_rate
        chosen = slice(start, start + step)
        total, slopes, *curvatures = weighted_losses(program, y[chosen], rows @ v.T, weight[chosen])
        if not np.isfinite(total):
            return np.inf, np.zeros_like(coef), np.zeros_like(intercept), *([hessian] * bends)
        loss += total
        pull += slopes.T @ rows
        if hessian is not None:
            rows *= np.sqrt(curvatures[0])[:, None]
            hessian += rows.T @ rows
            rows[:, d] = 1.0
    of_intercept = pull[..., d]
    return (
        loss,
        pull[..., :d],
        of_intercept if np.ndim(intercept) else float(of_intercept),
        *([hessian] * bends),
    )


def raw_sums(program, X, y, weight, coef, intercept):
    """Sum over the rows of X what a program gives, at coefficients of X itself; else as `row_sums`.

    Dense rows are read in blocks that stay in a processor's cache, and, for several outputs, multiplied in yet smaller
    ones: products of so few numbers skip the copies that linear algebra makes for larger ones.
    """
    if not isinstance(X, np.ndarray):
        return _sums_of_block(program, X, y, weight, coef, intercept)
    n, d = X.shape
    coef = np.ascontiguousarray(coef.T, dtype=X.dtype)
    step = max(64, CACHED // max(d, 1))
    total = None
    for start in range(0, n, step):
        part = slice(start, start + step)
        sums = _sums_of_block(program, X[part], y[part], weight[part], coef.T, intercept)
        total = sums if total is None else [a + b for a, b in zip(total, sums, strict=True)]
    return total


def _sums_of_block(program, X, y, weight, coef, intercept):
    loss, slopes = weighted_losses(program, y, _raw_predictions(X, coef) + intercept, weight)
    pull = safe_sparse_dot(slopes.T.astype(X.dtype, copy=False), X)
    return loss, np.asarray(pull, dtype=np.float64), slopes.sum(axis=0)


def _raw_predictions(X, coef):
    """X · coef in float64."""
    if coef.ndim == 1 or not isinstance(X, np.ndarray):
        return np.asarray(safe_sparse_dot(X, np.asarray(coef, dtype=X.dtype).T), dtype=np.float64)
    f = np.empty((len(X), len(coef)))
    step = max(16, PRODUCTS // max(coef.size, 1))
    for start in range(0, len(X), step):
        f[start : start + step] = X[start : start + step] @ coef.T
    return f


def weighted_losses(program, y, f, weight):
    """Give Σ weight ℓ, and for every sample weight · ℓ' and, if there is one, weight · ℓ''."""
    (values, *slopes), _ = program.arrays(y, f)
    if not weight.all():
        empty = weight == 0.0
        for each in (values, *slopes):
            each[empty] = 0.0
    with np.errstate(all="ignore"):
        total = float(weight @ values)
        for each in slopes:
            each *= weight if each.ndim == 1 else weight[:, None]
        if not np.isfinite(slopes[0].sum()):
            total = np.inf
    curvatures = [np.maximum(np.nan_to_num(each, nan=0.0, posinf=LARGEST), 0.0) for each in slopes[1:]]
    return total if np.isfinite(total) else np.inf, slopes[0], *curvatures


def _sparse_slopes(program, X, y, weight, columns, coef, intercept):
    root_rate = np.sqrt(columns.rate)
    coef = coef * root_rate
    f = np.asarray(safe_sparse_dot(X, coef.T), dtype=np.float64) + (intercept - coef @ columns.centre)
    loss, slopes = weighted_losses(program, y, f, weight)
    if not np.isfinite(loss):
        return np.inf, np.zeros_like(coef), np.zeros_like(intercept)
    sums = slopes.sum(axis=0)
    pull = np.asarray(safe_sparse_dot(slopes.T, X), dtype=np.float64)
    return loss, (pull - np.multiply.outer(sums, columns.centre)) * root_rate, sums
