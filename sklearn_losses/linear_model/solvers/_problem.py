"""What a solver of linear models is handed, and what it hands back.

Knows arrays and programs; nothing of losses as classes, of estimators, or of how a problem is solved.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from sklearn.utils.extmath import safe_sparse_dot

from ...formula import Program
from ._columns import Columns
from ._quadratic import misfit
from ._row_sums import raw_sums, row_sums
from ._scales import curvature_between, median, slopes_aside
from ._several_bends import several_bends

ROUNDING = 1e-15
EXACT = 100_000  # data of at most so many entries are solved by Newton's steps to the last digits, ...
EXACT_TOL = 1e-3  # ... unless `tol` is larger
SOME = 10_000  # samples tell what is typical
BLOCK = 1 << 17  # entries that are taken to float64 at a time
NOISE = 1e-12  # of a sum of slopes, relative to the sum of their sizes
FEW_ROWS = 1_000  # tell where columns lie


class Scales(NamedTuple):
    """Where columns lie and how wide they spread: z = (x - centre) · rate^½."""

    centre: np.ndarray
    """Of shape (d,); zero without an intercept that takes it up."""
    rate: np.ndarray
    """Of shape (d,): 1 / scale²."""


class SummedProblem:
    """Minimise F(w, b) = Σ_i weight_i ℓ(y_i, x_i · w + b) + l2/2 ‖w‖² + l1 ‖w‖₁, given by sums over the data.

    This is all that `lbfgs` and `newton_of_sums` ask of a problem, so that the data may lie anywhere: in other
    processes, or on another device. Who extends it supplies these attributes, `slopes`, and `bends` where the loss
    has one raw prediction. Whatever is handed over is NumPy's float64.
    """

    l2: float
    l1: float
    fit_intercept: bool
    n_features: int
    n_outputs: int | None
    """K, where the loss compares K outputs with each other; else None."""
    constant: float | np.ndarray
    """The best constant raw prediction, one an output; 0 without an intercept."""
    spread: float
    """How far raw predictions are expected to lie from it."""
    steep: float
    """How steep the loss of a sample typically is so far from it."""
    null: float
    """F of the best constant."""
    columns: Columns | Scales
    """Centre and scale of every column."""
    shift_free: bool = False
    """Whether K raw predictions that are shifted together cost the same."""
    exact: bool = False
    """Whether the data are so small that Newton's steps had better go on to the last digits."""
    rounding: float = ROUNDING
    """By how much, relative to itself and to a typical one, an objective changes for no reason."""

    def slopes(self, coef, intercept):
        """Sum losses and slopes at coefficients of scaled columns: f_i = z_i · coef + intercept.

        Parameters
        ----------
        coef : ndarray of shape (d,) or (K, d)
            Of scaled columns.
        intercept : float or ndarray of shape (K,)
            Beside them.

        Returns
        -------
        loss : float
            Σ weight ℓ; infinite where something overflows, and the rest is then of no use.
        of_coef : ndarray of the shape of `coef`
            Σ weight ℓ' z.
        of_intercept : float or ndarray of shape (K,)
            Σ weight ℓ'.
        """
        raise NotImplementedError(f"{type(self).__name__} gives no slopes.")

    def bends(self, coef, intercept):
        """Give what `slopes` gives, and the Hessian of the loss, Σ weight ℓ'' [z, 1] [z, 1]ᵀ of shape (d + 1, d + 1).

        Of K outputs it is that by K (d + 1) numbers, the (K, d) coefficients and then the K intercepts.
        """
        raise NotImplementedError(f"{type(self).__name__} gives no curvature.")

    def shortest_of_shifts(self, coef, intercept):
        """Return the shortest of the models that differ by a shift of all raw predictions together."""
        if not self.shift_free:
            return coef, intercept
        if self.fit_intercept:
            intercept = intercept - intercept.mean()
        return (coef - coef.mean(axis=0) if self.l2 == self.l1 == 0.0 else coef), intercept

    def look(self, coef, intercept):
        """Return raw predictions in float64, if they are at hand, and F there."""
        return None, self.objective_at(coef, intercept)

    def left_to_gain(self, coef, intercept, f=None) -> float:
        """Estimate what one more step along single coordinates gains; nothing is known of that here."""
        return 0.0

    def objective_at(self, coef, intercept) -> float:
        """F at raw coefficients, in float64; infinite where something overflows."""
        centre, rate = self.columns.centre, self.columns.rate
        loss, *_ = self.slopes(coef * rate**-0.5, intercept + coef @ centre)
        return float(loss) + self.penalty(coef)

    @property
    def whereabouts(self) -> tuple[np.ndarray, np.ndarray]:
        """Where columns lie, and how large their entries are: roughly."""
        centre = self.columns.centre
        return centre, np.abs(centre) + self.columns.rate**-0.5

    @property
    def steepest(self) -> float:
        """How steep the losses are on average, a few very steep ones among them."""
        return self.steep

    @property
    def size(self) -> float:
        """What a typical mistake costs."""
        return self.spread * self.steep

    def allowed(self, tol, objective) -> float:
        """The gap at which a solver may end: tol · (F_null - F), or what rounding hides."""
        return max(tol * (self.null - objective), self.rounding * (self.size + abs(objective)))

    def penalty(self, coef) -> float:
        """Give l2/2 ‖w‖² + l1 ‖w‖₁."""
        coef = np.ravel(coef)
        return float(0.5 * self.l2 * (coef @ coef) + self.l1 * np.abs(coef).sum())


@dataclass
class LinearProblem(SummedProblem):
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
    shift_free: bool = False
    """Whether K raw predictions that are shifted together cost the same, as those of a softmax do."""
    orthogonal: bool = False
    """Whether Newton's steps are to be made in orthogonal directions, whatever these cost."""

    @property
    def is_dense(self) -> bool:
        """Whether X is an array rather than CSR."""
        return isinstance(self.X, np.ndarray)

    @property
    def exact(self) -> bool:  # type: ignore[override]
        """Whether the data are so small that Newton's steps had better go on to the last digits."""
        return self.X.shape[0] * self.X.shape[1] <= EXACT

    @property
    def n_features(self) -> int:  # type: ignore[override]
        """Columns of X."""
        return self.X.shape[1]

    @property
    def n_outputs(self) -> int | None:  # type: ignore[override]
        """K, where the loss compares K outputs with each other; else None."""
        return np.size(self.constant) if self.value.takes_vectors else None

    @cached_property
    def columns(self) -> Columns:  # type: ignore[override]
        """Centre and scale of every column."""
        return Columns(self.X, self.weight, centred=self.fit_intercept)

    @cached_property
    def whereabouts(self) -> tuple[np.ndarray, np.ndarray]:
        """Where columns lie, and how large their entries are, as some rows tell."""
        some = self.X[:: max(1, self.X.shape[0] // FEW_ROWS)]
        size = np.asarray(abs(some).mean(axis=0), dtype=np.float64).ravel()
        return np.asarray(some.mean(axis=0), dtype=np.float64).ravel(), size

    @cached_property
    def null(self) -> float:  # type: ignore[override]
        """F of the best constant."""
        shape = (len(self.y),) if self.n_outputs is None else (len(self.y), self.n_outputs)
        return self.mean_loss(np.broadcast_to(self.constant, shape))

    def steepness(self, chosen=slice(None)) -> np.ndarray:
        """How steep the loss of samples is one spread from the best constant, on its steeper side."""
        return _steeper(slopes_aside(self.gradient, self.y[chosen], self.constant, self.spread))

    @cached_property
    def _typical(self):
        """Steepness and curvature of a typical loss, of one raw prediction or several, and the mean steepness."""
        y, weight = self.y, self.weight
        if len(y) > SOME or not weight.all():
            some = np.flatnonzero(weight)
            some = some[:: max(1, len(some) // SOME)]
            y, weight = y[some], weight[some]
        sides = slopes_aside(self.gradient, y, self.constant, self.spread)
        steepness = _steeper(sides)
        mean = float(steepness.mean())
        steep = median(steepness) or mean or self.null / self.spread or 1.0
        bend = 0.0 if self.n_outputs else curvature_between(sides, weight, self.spread)
        return steep, bend, max(steep, mean)

    @property
    def steep(self) -> float:  # type: ignore[override]
        """A typical steepness."""
        return self._typical[0]

    @property
    def steepest(self) -> float:
        """How steep the losses are on average."""
        return self._typical[2]

    @property
    def bend(self) -> float:
        """How much the loss of one raw prediction bends on average, between one spread below and above the constant."""
        return self._typical[1]

    def subset(self, chosen) -> "LinearProblem":
        """Give the same problem of some rows, on the same scales; some of the rows have to count."""
        chosen = np.sort(chosen)
        weight = self.weight[chosen]
        part = replace(self, X=self.X[chosen], y=self.y[chosen], weight=weight / weight.sum())
        part.columns, part._typical, part.null = self.columns, self._typical, self.null
        return part

    def of_rows(self, chosen) -> "LinearProblem":
        """Return the same problem of some rows, the only ones that count."""
        part = replace(self, X=self.X[chosen], y=self.y[chosen], weight=self.weight[chosen])
        part._typical, part.null = self._typical, self.null
        return part

    def of_columns(self, X) -> "LinearProblem":
        """Give the same problem with another X, of some of its columns."""
        part = replace(self, X=X)
        part._typical, part.null = self._typical, self.null
        return part

    def raw_prediction(self, coef, intercept) -> np.ndarray:
        """X @ coef.T + intercept in float64, of shape (n,) or (n, K)."""
        coef = np.asarray(coef, dtype=self.X.dtype)
        return np.asarray(safe_sparse_dot(self.X, coef.T), dtype=np.float64) + intercept

    def mean_loss(self, raw_prediction) -> float:
        """Σ weight ℓ(y, f); infinite where it overflows."""
        total, *_ = self.value.total(self.y, raw_prediction, self.weight)
        return total if np.isfinite(total) else np.inf

    def slopes(self, coef, intercept):
        """Sum losses and slopes, as `SummedProblem` says. X is read twice and never written."""
        scale = self.columns.rate**-0.5
        centre = self.columns.centre
        raw = coef / scale
        loss, pull, sums = raw_sums(self.value, self.X, self.y, self.weight, raw, intercept - raw @ centre)
        if not np.isfinite(loss):
            return np.inf, np.zeros_like(coef), np.zeros_like(intercept)
        return loss, (pull - np.multiply.outer(sums, centre)) / scale, sums

    def bends(self, coef, intercept):
        """Sum losses, slopes and curvatures, as `SummedProblem` says."""
        if self.n_outputs is not None:
            return several_bends(self, coef, intercept)
        return row_sums(self.curvature, self.X, self.y, self.weight, self.columns, coef, intercept)

    def objective(self, coef, intercept) -> float:
        """F(w, b)."""
        return self.mean_loss(self.raw_prediction(coef, intercept)) + self.penalty(coef)

    def objective_at(self, coef, intercept) -> float:
        """F(w, b), whose products are taken in float64 even where X is float32."""
        return self.look(coef, intercept)[1]

    def look(self, coef, intercept):
        """Return raw predictions in float64, and F there."""
        f = self.raw_prediction_in_double(coef, intercept)
        return f, self.mean_loss(f) + self.penalty(coef)

    def raw_prediction_in_double(self, coef, intercept) -> np.ndarray:
        """X @ coef.T + intercept, whose products are taken in float64 even where X is float32."""
        if self.X.dtype == np.float64:
            return np.asarray(safe_sparse_dot(self.X, coef.T), dtype=np.float64) + intercept
        f = np.empty((self.X.shape[0], *np.shape(intercept)))
        for start in range(0, len(f), rows := max(64, BLOCK // max(self.X.shape[1], 1))):
            part = slice(start, start + rows)
            f[part] = safe_sparse_dot(self.X[part].astype(np.float64), coef.T) + intercept
        return f

    def left_to_gain(self, coef, intercept, f=None) -> float:
        """Estimate what one step along the intercept alone gains, or along one scaled column of small data.

        It is no bound of F - F*, but F - F* is no smaller, unless the loss bends more on the way.
        """
        if self.kinked or not self.convex:
            return 0.0
        if f is None:
            f = self.raw_prediction_in_double(coef, intercept)
        (_, slopes, bends), _ = self.curvature.arrays(self.y, f)
        weight = self.weight if f.ndim == 1 else self.weight[:, None]
        with np.errstate(all="ignore"):
            slopes, bends = (np.where(weight > 0.0, weight * each, 0.0) for each in (slopes, bends))
            gain = 0.0
            if self.fit_intercept:
                left = np.abs(slopes.sum(axis=0))
                left = np.where(left > NOISE * np.abs(slopes).sum(axis=0), left, 0.0)
                gain = float(np.max(np.where(left > 0.0, 0.5 * left * left / bends.sum(axis=0), 0.0)))
            if self.exact and self.is_dense:
                centre, root_rate = self.columns.centre, np.sqrt(self.columns.rate)
                z = (self.X - centre) * root_rate
                l2, l1, v = self.l2 * root_rate**2, self.l1 * root_rate, coef / root_rate
                left = misfit(-(slopes.T @ z + l2 * v), l1, v)
                left[left <= NOISE * (np.abs(slopes).T @ np.abs(z) + np.abs(l2 * v))] = 0.0
                bent = np.maximum(bends, 0.0).T @ np.square(z) + l2
                gain = max(
                    gain, float(np.max(0.5 * left * left / np.where(bent > 0.0, bent, 1.0), initial=0.0))
                )
        return gain if not np.isnan(gain) else 0.0


def _steeper(sides):
    """Give the larger size of two slopes, each the sum over the outputs where there are several."""
    sizes = [np.abs(side) for side in sides]
    if not np.isfinite(sum(size.sum() for size in sizes)):
        sizes = [np.nan_to_num(size, posinf=0.0) for size in sizes]
    return np.maximum(*(size if size.ndim == 1 else size.sum(axis=1) for size in sizes))


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
    tol: float = np.nan
    """What was asked for, entered by who asked."""
    unbounded: bool = False
    """Whether the solver saw that no finite coefficients are best."""
    certain: bool = False
    """Whether the objective was measured at these very coefficients, and the gap follows from the whole gradient."""
    rounding: float = 0.0
    """How much of the gap comes from the type of the coefficients that are returned."""
    curve: list[float] | None = None
    """The objective after each iteration, from a solver of `KEEP_CURVES` or entered by who asked for the solution."""


# Every solver is a function of its own file,
#
#     solve(problem, coef, intercept, *, tol, max_iter, random_state, watch) -> LinearSolution
#
# that starts at (coef, intercept) and ends when its estimate of F - F* is at most tol · (F_null - F), or after
# `max_iter` iterations, or when watch(n_iter, coef, intercept, objective, gap), called after each, returns True.
# It never returns an objective above that of its start or of the best constant.
