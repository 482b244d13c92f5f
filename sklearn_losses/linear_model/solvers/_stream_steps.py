"""learning_rate="auto" in partial_fit, many columns: schedule-free steps, columns scaled by all that came so far.

Knows arrays and programs; the pass over the rows is compiled (`_schedule_free.pyx`).
"""

from dataclasses import dataclass

import numpy as np
from sklearn.utils.extmath import safe_sparse_dot

from ._columns import Columns
from ._scales import bounded_constant, check_bounded, mean_curvature, spread_of
from ._schedule_free import dense_pass, sparse_pass

FIRST_PASSES, PASSES = 10, 3  # over the rows of a batch
LIVE_TARGETS = 256


@dataclass(frozen=True)
class Steps:
    """What a stream remembers; never written to."""

    rows: float
    weight: float
    shift: np.ndarray
    """Features are taken relative to it; zero for sparse ones."""
    there: np.ndarray
    squares: np.ndarray
    """Weighted sums, over the non-zeros of each column, of 1 and of the squares of the shifted features."""
    z: np.ndarray
    x: np.ndarray
    """Where the steps are, and their mean, which is the solution; both end with the intercept."""
    live: tuple
    """The last targets and their weights."""


class RunningColumns(Columns):
    """How wide each column spreads, from its sums."""

    def __init__(self, shift, there, squares, total):
        known = (there > 0) & (squares > 0)
        self.centre = shift
        self.frequency = np.where(known, np.minimum(there / total, 1.0), 1.0)
        self.rate = np.where(known, there, 1.0) / np.where(known, squares, 1.0) / np.sqrt(self.frequency)


class StepBatch:
    """One batch of a stream with one output.

    The parameters are those of `NewtonBatch`, and `seed`, of the shuffle before each pass: None keeps the order of
    the rows.
    """

    measured = False
    average_coef = None
    average_intercept = 0.0

    def __init__(
        self, programs, X, y, weight, past, coef, intercept, *, rows_before, l2, l1, fit_intercept, numbers, constant,
        seed,
    ):  # fmt: skip
        self.value, self.gradient = programs
        self.past = past if past is not None else self._beginning(X, coef, intercept, fit_intercept)
        self.dtype = X.dtype
        if not isinstance(X, np.ndarray) and self.past.shift.any():
            X = X.toarray()
        self.X, self.y = X, y
        self.weight = np.ones(len(y)) if weight is None else weight
        self.rows_before, self.seed = rows_before, seed
        self.l2, self.l1, self.fit_intercept = l2, l1, fit_intercept
        self.numbers, self.constant = numbers, constant

    @staticmethod
    def _beginning(X, coef, intercept, fit_intercept):
        d = X.shape[1]
        dense = isinstance(X, np.ndarray) and fit_intercept
        shift = X.mean(axis=0, dtype=np.float64) if dense else np.zeros(d)
        start = np.append(np.asarray(coef, dtype=np.float64), intercept)
        start[-1] += start[:-1] @ shift
        return Steps(0.0, 0.0, shift, np.zeros(d), np.zeros(d), start, start, (np.zeros(0), np.zeros(0)))

    @property
    def coef(self):
        """The coefficients."""
        return self.past.x[:-1].astype(self.dtype)

    @property
    def intercept(self):
        """The intercept of rows that are not shifted."""
        return self.past.x[-1] - self.past.x[:-1] @ self.past.shift

    @property
    def is_finite(self):
        """Whether nothing has overflown."""
        return bool(np.isfinite(self.past.x).all())

    def run_epoch(self):
        """Take the batch in."""
        past, weight = self.past, self.weight
        rows = np.count_nonzero(weight)
        if not rows:
            self.loss = self.objective = 0.0
            return
        fresh = not past.rows
        times = 1.0 + self.rows_before / rows if fresh else 1.0  # rows before count as rows like these
        there, squares = self._moments()
        there, squares = past.there + times * there, past.squares + times * squares
        rows, total = past.rows + times * rows, past.weight + times * weight.sum()
        columns = RunningColumns(past.shift, there, squares, total)
        y, w = (
            np.concatenate(pair)[-LIVE_TARGETS:]
            for pair in zip(past.live, (self.y[weight > 0], weight[weight > 0]), strict=True)
        )
        spread = spread_of(y) if self.numbers else 1.0
        constant = past.x[-1]
        if self.fit_intercept:
            constant = bounded_constant(self.constant, y, w, self.numbers)
        bend = mean_curvature(self.gradient, y, w, constant, spread)
        z, x = past.z.copy(), past.x.copy()
        fresh = fresh and not self.rows_before
        if fresh and self.fit_intercept:
            z[-1] = x[-1] = constant
        step = 1.0 / (bend * (columns.rate @ squares / total + self.fit_intercept))
        self._pass(z, x, columns, weight * (rows / total), step, past.rows, FIRST_PASSES if fresh else PASSES)
        self._measure(x, constant, bend, spread)
        self.past = Steps(rows, total, past.shift, there, squares, z, x, (y, w))

    def _measure(self, x, constant, bend, spread):
        """Take the mean loss of the batch."""
        f = np.asarray(safe_sparse_dot(self.X, x[:-1]), dtype=np.float64) + (x[-1] - x[:-1] @ self.past.shift)
        losses = []
        for prediction in (f, np.full(len(f), constant)):
            total, whole, *_ = self.value.total(self.y, prediction, self.weight)
            losses.append(total / whole)
        self.loss = self.objective = losses[0]
        check_bounded(losses[1] - losses[0], losses[1], bend, spread)

    def _pass(self, z, x, columns, weight, step, t, passes):
        """Pass over the rows; z and x move. Whatever the passes, x counts the rows once."""
        X, squares = self.X, columns.row_squares(self.X)
        random = None if self.seed is None else np.random.default_rng(self.seed)
        order = np.arange(len(self.y), dtype=np.int32)
        penalties = self.l2, self.l1, self.fit_intercept
        for _ in range(passes):
            if random is not None:
                random.shuffle(order)
            if isinstance(X, np.ndarray):
                t = dense_pass(
                    self.gradient, X, self.y, weight, order, columns.centre, columns.rate, squares, z, x, step, t,
                    *penalties,
                )  # fmt: skip
            else:
                t = sparse_pass(
                    self.gradient, X.data, X.indices, np.asarray(X.indptr, dtype=np.int64), self.y, weight, order,
                    columns.rate, columns.frequency, squares, z, x, np.full(len(x) - 1, t), step, t, *penalties,
                )  # fmt: skip

    def _moments(self):
        X, weight, shift = self.X, self.weight, self.past.shift
        if isinstance(X, np.ndarray):
            centred = np.zeros(len(shift))
            for k in range(0, len(X), 1024):
                centred += weight[k : k + 1024] @ np.square(X[k : k + 1024] - shift)
            return np.full(len(shift), weight.sum()), centred
        each = np.repeat(weight, np.diff(X.indptr))
        squares = np.bincount(X.indices, each * np.square(X.data, dtype=np.float64), minlength=len(shift))
        return np.bincount(X.indices, each, minlength=len(shift)), squares
