"""What a solver of linear models is handed, and what it hands back.

Knows arrays and programs; nothing of losses as classes, of estimators, or of how a problem is solved.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sklearn.utils.extmath import safe_sparse_dot

from ...formula import Program
from ._columns import Columns

ROUNDING = 1e-15


@dataclass
class LinearProblem:
    """Minimise F(w, b) = Σ_i weight_i ℓ(y_i, x_i · w + b) + l2/2 ‖w‖² + l1 ‖w‖₁, the intercept b free.

    The penalty is on the raw coefficients w; solvers work on columns that are scaled implicitly.
    """

    value: Program
    """ℓ and ℓ'."""
    gradient: Program
    """ℓ' alone."""
    curvature: Program
    """ℓ, ℓ' and ℓ''; for K outputs the diagonal of the Hessian."""
    X: np.ndarray
    """C-contiguous, or CSR; float64 or float32."""
    y: np.ndarray
    """Of shape (n,), float64, as the programs take it. Coupled outputs: labels 0 … K-1, or rows of K numbers."""
    weight: np.ndarray
    """Of shape (n,), float64, not negative, of sum 1."""
    l2: float
    l1: float
    fit_intercept: bool
    constant: float | np.ndarray
    """The best constant raw prediction; 0 without an intercept."""
    spread: float
    """How far raw predictions are expected to lie from it."""
    convex: bool
    """Whether the loss is convex in f."""
    kinked: bool
    """Whether its slope jumps, or nearly so: then `curvature` is of little use."""

    @property
    def is_dense(self) -> bool:
        """Whether X is an array rather than CSR."""
        return isinstance(self.X, np.ndarray)

    @property
    def n_outputs(self) -> int | None:
        """K, where the loss compares K outputs with each other; else None."""
        return np.size(self.constant) if self.value.takes_vectors else None

    @cached_property
    def columns(self) -> Columns:
        """Centre and scale of every column."""
        return Columns(self.X, self.weight, centred=self.fit_intercept)

    @cached_property
    def null(self) -> float:
        """F of the best constant."""
        shape = (len(self.y),) if self.n_outputs is None else (len(self.y), self.n_outputs)
        return self.mean_loss(np.broadcast_to(self.constant, shape))

    def steepness(self, chosen=slice(None)) -> np.ndarray:
        """How steep the loss of samples is one spread from the best constant, on its steeper side."""
        y = self.y[chosen]
        shape = (len(y),) if self.n_outputs is None else (len(y), self.n_outputs)
        steepest = np.zeros(len(y))
        for side in (-self.spread, self.spread):
            (slopes, *_), _ = self.gradient.arrays(y, np.broadcast_to(self.constant + side, shape))
            slopes = np.abs(np.nan_to_num(slopes, posinf=0.0, neginf=0.0))
            steepest = np.maximum(steepest, slopes if slopes.ndim == 1 else slopes.sum(axis=1))
        return steepest

    @cached_property
    def steep(self) -> float:
        """A typical steepness."""
        some = np.flatnonzero(self.weight)
        steepness = self.steepness(some[:: max(1, len(some) // 10_000)])
        return float(np.median(steepness)) or float(steepness.mean()) or self.null / self.spread or 1.0

    @property
    def size(self) -> float:
        """What a typical mistake costs."""
        return self.spread * self.steep

    def allowed(self, tol, objective) -> float:
        """The gap at which a solver may end: tol · (F_null - F), or what rounding hides."""
        return max(tol * (self.null - objective), ROUNDING * (self.size + abs(objective)))

    def raw_prediction(self, coef, intercept) -> np.ndarray:
        """X @ coef.T + intercept in float64, of shape (n,) or (n, K)."""
        coef = np.asarray(coef, dtype=self.X.dtype)
        return np.asarray(safe_sparse_dot(self.X, coef.T), dtype=np.float64) + intercept

    def mean_loss(self, raw_prediction) -> float:
        """Σ weight ℓ(y, f); infinite where it overflows."""
        total, *_ = self.value.total(self.y, raw_prediction, self.weight)
        return total if np.isfinite(total) else np.inf

    def penalty(self, coef) -> float:
        """Give l2/2 ‖w‖² + l1 ‖w‖₁."""
        coef = np.ravel(coef)
        return float(0.5 * self.l2 * (coef @ coef) + self.l1 * np.abs(coef).sum())

    def objective(self, coef, intercept) -> float:
        """F(w, b)."""
        return self.mean_loss(self.raw_prediction(coef, intercept)) + self.penalty(coef)


@dataclass
class LinearSolution:
    """Where a solver ended."""

    coef: np.ndarray
    """float64, of shape (d,) or (K, d)."""
    intercept: float | np.ndarray
    objective: float
    gap: float
    """Estimate of F - F*, on which the stopping rule rests."""
    n_iter: int
    converged: bool
    duality_gap: float | None = None
    """A bound of F - F*, where the solver has one."""
    relative_gap: float = np.inf
    """The gap relative to F_null - F, entered by who asked for the solution."""
    unbounded: bool = False
    """Whether the solver saw that no finite coefficients are best."""


# Every solver is a function of its own file,
#
#     solve(problem, coef, intercept, *, tol, max_iter, random_state, watch) -> LinearSolution
#
# that starts at (coef, intercept) and ends when its estimate of F - F* is at most tol · (F_null - F), or after
# `max_iter` iterations, or when watch(n_iter, coef, intercept, objective, gap), called after each, returns True.
# It never returns an objective above that of its start or of the best constant.
