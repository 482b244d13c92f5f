"""The objectives of a problem, evaluated at raw coefficients in float64, and whether they have a minimum."""

from functools import cached_property

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog

EPS = 2.3e-16


class Objective:
    """Σ share ℓ(y, X w + b) + l2/2 ‖w‖² + l1 ‖w‖₁ of one output, or of K that the loss compares.

    Parameters
    ----------
    X : float64 array of shape (n, d)
    y : array of shape (n,), or (n, K) where the loss compares outputs
    weight : array of shape (n,)
    formula : Formula
    l2, l1 : float
    fit_intercept : bool
    rows : slice
        Which rows of `coef_` it is about.
    """

    def __init__(self, X, y, weight, formula, l2, l1, fit_intercept, rows):
        counts = weight > 0
        self.X, self.y, weight = X[counts], y[counts], weight[counts]
        self.share = weight / weight.sum()
        self.formula, self.l2, self.l1, self.fit_intercept = formula, l2, l1, fit_intercept
        self.rows = rows
        self.K = y.shape[1] if y.ndim == 2 else 1

    def __call__(self, coef, intercept):
        """F of coefficients (K, d) and intercepts (K,); infinite where it overflows."""
        with np.errstate(all="ignore"):
            f = self.X @ coef.T + intercept
            value = self.mean(f) + 0.5 * self.l2 * np.sum(coef**2) + self.l1 * np.abs(coef).sum()
        return float(value) if np.isfinite(value) else np.inf

    def shaped(self, f):
        """Raw predictions as the formula takes them."""
        return f if self.formula.coupled else f[:, 0]

    def mean(self, f):
        """Mean loss of raw predictions (n, K)."""
        with np.errstate(all="ignore"):
            return self.share @ self.formula.value(self.y, self.shaped(f))

    def rounding(self, coef, intercept):
        """By how much F changes for no reason: in its sum, and where coefficients are rounded."""
        value = self(coef, intercept)
        if not np.isfinite(value):
            return 0.0
        rng = np.random.default_rng(0)
        off = [
            self(
                coef * (1 + EPS * rng.choice([-1, 1], coef.shape)),
                intercept * (1 + EPS * rng.choice([-1, 1])),
            )
            for _ in range(8)
        ]
        return float(np.nan_to_num(max(abs(np.array(off) - value)))) + 1e-12 * self.size(coef, intercept)

    def size(self, coef, intercept):
        """The size of what is added up in F; of counts also a thousandth of terms that cancel in a plain formula."""
        with np.errstate(all="ignore"):
            f = self.shaped(self.X @ coef.T + intercept)
            size = self.share @ np.abs(self.formula.value(self.y, f)) + abs(self(coef, intercept))
            if self.formula.target == "count":
                size += 1e-3 * self.share @ (self.y * (1 + np.abs(f)))
            return size

    @cached_property
    def attained(self):
        """Whether some finite coefficients are best."""
        if not self.formula.falls_for_ever:
            return True
        X = self.X if self.l2 == self.l1 == 0.0 else np.zeros((len(self.X), 0))
        if not self.fit_intercept and X.shape[1] == 0:
            return True
        return not _falls(X, self.y, self.fit_intercept, self.formula.falls_for_ever)


def _falls(X, y, fit_intercept, kind):
    """Tell whether along some direction f the loss only falls, by a linear program in the span of the columns."""
    K = y.shape[1] if y.ndim == 2 else 1
    if kind in ("sign", "zero", "labels"):
        Y = y if y.ndim == 2 else y[:, None]
        return any(_falls_one(X, Y[:, k], fit_intercept, kind) for k in range(K))
    basis = _basis(X, fit_intercept)
    r = basis.shape[1]
    of = [sp.csr_matrix(np.kron(np.eye(K)[k], basis)) for k in range(K)]  # f_k of all directions
    differences = [(of[k] - of[j])[y[:, k] > 0] for k in range(K) for j in range(K) if j != k]
    A = sp.vstack(differences)
    return _positive(A, np.zeros(A.shape[0]), np.ones(A.shape[0]), K * r)


def _falls_one(X, y, fit_intercept, kind):
    basis = sp.csr_matrix(_basis(X, fit_intercept))
    if kind == "zero":
        return _positive(-basis, np.zeros(len(y)), 1.0 * (y == 0), basis.shape[1])
    sign = y if kind == "sign" else 2 * y - 1
    return _positive(sp.diags(sign) @ basis, np.zeros(len(y)), np.ones(len(y)), basis.shape[1])


def _positive(A, low, high, r):
    """Tell whether A u can lie between the bounds and be more than zero somewhere."""
    if r == 0:
        return False
    found = linprog(
        -np.asarray(A.sum(axis=0)).ravel(),
        A_ub=sp.vstack([A, -A]),
        b_ub=np.concatenate([high, -low]),
        bounds=(None, None),
        method="highs",
    )
    return found.status != 0 or -found.fun > 1e-6


def _basis(X, fit_intercept):
    """Give an orthogonal basis of the columns, centred where there is an intercept, and of a column of ones."""
    Z = X - X.mean(axis=0) if fit_intercept else X
    size = np.sqrt((Z**2).mean(axis=0))
    Z = Z[:, size > 1e-13 * np.abs(X).max(axis=0, initial=0.0)]
    Z = Z / np.sqrt((Z**2).mean(axis=0))
    U, s, _ = np.linalg.svd(Z, full_matrices=False)
    U = U[:, s > 1e-12 * s.max(initial=0.0)]
    return np.column_stack([U, np.ones(len(X)) / np.sqrt(len(X))]) * np.sqrt(len(X)) if fit_intercept else U


def objectives(problem):
    """Give the objective of each output that is trained on its own, or the one of all."""
    formula, s = problem.formula, problem.settings
    X = (problem.X.toarray() if sp.issparse(problem.X) else problem.X).astype(np.float64)
    n, y = len(X), problem.y
    weight = np.ones(n) if problem.weight is None else problem.weight
    share = {None: 0.0, "l2": 0.0, "l1": 1.0, "elasticnet": s["l1_ratio"]}[s["penalty"]]
    alpha = 0.0 if s["penalty"] is None else s["alpha"]
    rest = formula, alpha * (1 - share), alpha * share, s["fit_intercept"]
    if formula.target == "classes":
        names = np.unique(y)
        return [Objective(X, (y[:, None] == names).astype(float), weight, *rest, slice(0, len(names)))]
    if formula.coupled:
        return [Objective(X, y.astype(float), weight, *rest, slice(0, y.shape[1]))]
    if formula.target == "sign":
        names = np.unique(y)
        columns = [names[1]] if len(names) == 2 else names
        targets = [np.where(y == name, 1.0, -1.0) for name in columns]
    else:
        targets = list(y.reshape(n, -1).T)
    return [Objective(X, t, weight, *rest, slice(k, k + 1)) for k, t in enumerate(targets)]
