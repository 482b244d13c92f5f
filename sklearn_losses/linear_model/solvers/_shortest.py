"""Where several coefficients give the same raw predictions, the shortest.

Knows problems; nothing of how they were solved.
"""

import numpy as np
from scipy.linalg import lapack

from ._quadratic import CONDITION

ROUNDING = 1e-15  # a singular value that is so small, relative to the largest, for each row is none


def shortest(problem, coef, intercept):
    """Give the shortest coefficients with the same raw predictions, and their intercept.

    This is where an L2 penalty that vanishes leads. Where columns are not linearly dependent, nothing changes.

    Parameters
    ----------
    problem : LinearProblem
        Of one raw prediction, with no fewer rows than columns, and small: its rows are copied.
    coef : ndarray of shape (d,)
        As they are.
    intercept : float
        Beside them.

    Returns
    -------
    coef : ndarray of shape (d,)
    intercept : float
    """
    columns, scale = problem.columns, problem.columns.rate**-0.5
    rows = problem.X if problem.is_dense else problem.X.toarray()
    rows = (rows - columns.centre) / scale  # what is dependent shows in columns of one size
    if problem.fit_intercept:
        rows -= rows.mean(axis=0)
    if _are_independent(rows):
        return coef, intercept
    _, sizes, directions = np.linalg.svd(rows, full_matrices=False)
    without_effect = directions[sizes <= ROUNDING * len(rows) * sizes[0]] / scale
    basis, _ = np.linalg.qr(without_effect.T)
    change = basis @ (basis.T @ coef)
    if problem.fit_intercept:
        intercept += float(np.mean(problem.X @ change))
    return coef - change, intercept


def _are_independent(columns):
    """Tell whether no column is a combination of others."""
    norms = np.sqrt(np.square(columns).sum(axis=0))
    if not norms.all():
        return False
    factor, info = lapack.dpotrf((columns.T @ columns) / np.multiply.outer(norms, norms), lower=1, clean=0)
    return info == 0 and np.min(np.diagonal(factor)) ** 2 > CONDITION
