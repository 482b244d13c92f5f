"""learning_rate="auto": steps whose length nobody needs to choose, on columns of any size.

Knows arrays and programs; the pass itself is compiled (`_schedule_free.pyx`). Columns are scaled implicitly:
X is never written. The penalty stays on the raw coefficients.
"""

import numpy as np
from sklearn.utils.extmath import safe_sparse_dot

from ._scales import check_bounded, coupled_curvature, mean_curvature
from ._schedule_free import dense_pass, sparse_pass
from ._schedule_free_several import dense_pass as dense_pass_of_several
from ._schedule_free_several import sparse_pass as sparse_pass_of_several

LONGEST_FIRST_STEP = 1.0  # in units of 1 / (curvature * mean squared norm of the scaled rows)
SHORTENING = 0.5
SEARCH = 15
LEAST_PROGRESS = 0.0005  # a pass that gains less, relative to all that was gained, ends with shorter steps


class AutoDescent:
    """One linear model on its way: schedule-free passes, with shorter steps when they stall.

    It has one output, or K that its loss compares.

    Minimises sum(w * loss) / sum(w) + l2 / 2 ||coef||^2 + l1 ||coef||_1, the intercept free. `coef` and
    `intercept` are always the best so far by the objective, at worst the constant `constant`.

    Parameters
    ----------
    programs : (Program, Program)
        Loss with gradient, and gradient alone.
    X : ndarray or CSR
        The features.
    columns : Columns
    y : float64 array
        As the programs take it; (n_samples,), or (n_samples, K).
    weight : float64 array or None
    coef, intercept : array and float, or arrays of shape (K, n_features) and (K,)
        Where to start.
    constant : float or array of shape (K,)
        The best constant prediction.
    spread : float
        How far raw predictions may be from it.
    l2, l1 : float
    fit_intercept : bool
    seed : int or None
    held_out : bool array or None
        Samples that are not trained on.
    """

    measured = True
    average_coef = None
    average_intercept = 0.0

    def __init__(
        self, programs, X, columns, y, weight, coef, intercept, *, constant, spread, l2, l1, fit_intercept,
        seed, held_out=None,
    ):  # fmt: skip
        self.value, self.gradient = programs
        self.X, self.columns, self.y = X, columns, y
        trained = np.ones(len(y), dtype=bool) if held_out is None else ~held_out
        weight = np.where(trained, 1.0 if weight is None else weight, 0.0)
        self.weight = weight / weight[trained].mean()
        self.order = np.flatnonzero(trained & (weight > 0)).astype(np.int32)
        self.l2, self.l1, self.fit_intercept = l2, l1, fit_intercept
        self.random = None if seed is None else np.random.default_rng(seed)
        self.squares = columns.row_squares(X)
        self.sparse = not isinstance(X, np.ndarray)
        self.dtype = X.dtype
        self.coupled = coef.ndim == 2
        self.best = start = np.array(coef, dtype=np.float64), np.array(intercept, dtype=np.float64)
        self.objective = np.inf
        if fit_intercept:
            self._keep(np.zeros_like(start[0]), constant)
        self._keep(*start)
        self.null = self.objective
        curvature = self._curvature(spread)
        self.scales = curvature, spread
        mean_square = np.average(self.squares, weights=self.weight) + fit_intercept
        self.step = LONGEST_FIRST_STEP / (curvature * (mean_square or 1.0))
        self._restart()

    def _curvature(self, spread):
        """Slope of the mean gradient, across `spread` to both sides of the start."""
        if self.coupled:
            few = self.order[:: max(1, len(self.order) // 1000)]
            coef, intercept = self.best
            raw = np.asarray(safe_sparse_dot(self.X[few], coef.T), dtype=np.float64) + intercept
            return coupled_curvature(self.gradient, self.y[few], self.weight[few], raw, spread)
        return mean_curvature(self.gradient, self.y, self.weight, self.intercept, spread)

    def _keep(self, coef, intercept):
        """Measure a model, and keep it if it is the best."""
        with np.errstate(over="ignore", invalid="ignore"):
            raw = np.asarray(safe_sparse_dot(self.X, coef.T.astype(self.dtype)), dtype=np.float64) + intercept
            total, whole, *_ = self.value.total(self.y, raw, self.weight)
            objective = total / whole + 0.5 * self.l2 * np.vdot(coef, coef) + self.l1 * np.abs(coef).sum()
        if objective < self.objective or self.objective == np.inf:
            self.objective, self.loss = float(objective), total / whole
            self.best = np.array(coef), np.array(intercept, dtype=np.float64)

    def consider(self, coef, intercept):
        """Go on from these, if they are better."""
        self._keep(coef, intercept)
        self._restart()

    def _restart(self):
        """Begin at the best model: outputs side by side, padded to a multiple of four where there are several."""
        coef, intercept = self.best
        n_outputs = intercept.size
        width = -(-n_outputs // 4) * 4 if self.coupled else 1
        self.x = np.zeros((coef.shape[-1] + 1, width))
        self.x[:-1, :n_outputs] = np.atleast_2d(coef).T
        self.x[-1, :n_outputs] = intercept + coef @ self.columns.centre
        self.z = self.x.copy()
        self.touched = np.zeros(coef.shape[-1])
        self.t = 0.0

    def _model(self):
        """Give coefficients and intercept of x."""
        coef, intercept = self.best
        x = self.x[:, : intercept.size]
        coef = np.ascontiguousarray(x[:-1].T).reshape(coef.shape)
        return coef, x[-1].reshape(intercept.shape) - coef @ self.columns.centre

    def run_epoch(self):
        """Make one pass."""
        before = self.objective
        if self.random is not None:
            self.random.shuffle(self.order)
        columns = self.columns
        y: np.ndarray = self.y
        state: tuple = self.z.ravel(), self.x.ravel()  # views
        pass_of = sparse_pass if self.sparse else dense_pass
        if self.coupled:
            y, state = y.reshape(len(y), -1), (np.size(self.intercept), self.z, self.x)
            pass_of = sparse_pass_of_several if self.sparse else dense_pass_of_several
        last = self.step, self.t, self.l2, self.l1, self.fit_intercept
        if self.sparse:
            starts = np.asarray(self.X.indptr, dtype=np.int64)
            self.t = pass_of(
                self.gradient, self.X.data, self.X.indices, starts, y, self.weight, self.order,
                columns.rate, columns.frequency, self.squares, *state, self.touched, *last,
            )  # fmt: skip
        else:
            self.t = pass_of(
                self.gradient, self.X, y, self.weight, self.order, columns.centre, columns.rate,
                self.squares, *state, *last,
            )  # fmt: skip
        self._keep(*self._model())
        check_bounded(self.null - self.objective, self.null, *self.scales)
        if before - self.objective <= LEAST_PROGRESS * (self.null - self.objective):
            self.step *= SHORTENING
            self._restart()

    @property
    def coef(self):
        """The best coefficients so far."""
        return self.best[0].astype(self.dtype)

    @property
    def intercept(self):
        """The best intercept so far: a number, or one an output."""
        return self.best[1] if self.coupled else float(self.best[1])

    @property
    def is_finite(self):
        """Always: a model that is not is never the best."""
        return True

    def slow_down(self):
        """Steps get shorter by themselves."""
        return False


class Exhausted:
    """Tells when the objective has gained less than `tol` of all that was gained, `patience` passes in a row.

    While nothing at all is gained, the steps are still finding their length: that may take `SEARCH` passes.
    """

    def __init__(self, tol, patience, first):
        self.tol, self.patience, self.first = tol, patience, first
        self.last, self.waited, self.passes = first, 0, 0

    def reached(self, objective):
        """Takes the objective of one more pass."""
        self.passes += 1
        if objective >= self.first and self.passes < SEARCH:
            return False
        gained = self.last - objective
        enough = gained > 0 and gained >= self.tol * (self.first - objective)
        self.waited = 0 if enough else self.waited + 1
        self.last = min(self.last, objective)
        return self.waited >= self.patience
