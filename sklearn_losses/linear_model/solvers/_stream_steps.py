"""learning_rate="auto" in partial_fit, many columns or coupled outputs: schedule-free steps, columns scaled by all
that came so far.

Knows arrays and programs; the pass over the rows is compiled (`_schedule_free.pyx`, `_schedule_free_several.pyx`).
"""

from dataclasses import dataclass

import numpy as np
from sklearn.utils.extmath import safe_sparse_dot

from ._columns import Columns
from ._scales import bounded_constant, check_bounded, coupled_curvature, mean_curvature, spread_of
from ._schedule_free import dense_pass, sparse_pass
from ._schedule_free_several import dense_pass as dense_pass_of_several
from ._schedule_free_several import sparse_pass as sparse_pass_of_several

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
    """Where the steps are, and their mean, which is the solution: one row a column of X and one for the intercepts,
    outputs side by side; of several outputs padded with zeros to a multiple of four."""
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
    """One batch of a stream with one output, or with K that the loss compares.

    The parameters are those of `NewtonBatch`, with `coef` of shape (K, n_features) and K intercepts for K outputs, and
    `seed`, of the shuffle before each pass: None keeps the order of the rows.
    """

    measured = False
    average_coef = None
    average_intercept = 0.0

    def __init__(
        self, programs, X, y, weight, past, coef, intercept, *, rows_before, l2, l1, fit_intercept, numbers, constant,
        seed,
    ):  # fmt: skip
        self.value, self.gradient = programs
        self.shape, self.n_outputs = np.shape(coef), np.size(intercept)
        self.coupled = len(self.shape) == 2
        self.past = past if past is not None else self._beginning(X, y, coef, intercept, fit_intercept)
        self.dtype = X.dtype
        if not isinstance(X, np.ndarray) and self.past.shift.any():
            X = X.toarray()
        weight = np.ones(len(y)) if weight is None else weight
        there = weight > 0
        self.X, self.y, self.weight = (
            (X, y, weight) if there.all() else (X[np.flatnonzero(there)], y[there], weight[there])
        )
        self.rows_before, self.seed = rows_before, seed
        self.l2, self.l1, self.fit_intercept = l2, l1, fit_intercept
        self.numbers, self.constant = numbers, constant

    def _beginning(self, X, y, coef, intercept, fit_intercept):
        d = X.shape[1]
        dense = isinstance(X, np.ndarray) and fit_intercept
        shift = X.mean(axis=0, dtype=np.float64) if dense else np.zeros(d)
        start = np.zeros((d + 1, -(-self.n_outputs // 4) * 4 if self.coupled else 1))
        start[:-1, : self.n_outputs] = np.atleast_2d(coef).T
        start[-1, : self.n_outputs] = intercept
        start[-1] += shift @ start[:-1]
        return Steps(0.0, 0.0, shift, np.zeros(d), np.zeros(d), start, start, (y[:0], np.zeros(0)))

    @property
    def coef(self):
        """The coefficients."""
        return self.past.x[:-1, : self.n_outputs].T.reshape(self.shape).astype(self.dtype)

    @property
    def intercept(self):
        """The intercept of rows that are not shifted: a number, or one an output."""
        return self._outputs(self.past.x[-1] - self.past.shift @ self.past.x[:-1])

    def _outputs(self, row):
        """Give what belongs to the outputs, without padding."""
        return row[: self.n_outputs] if self.coupled else row[0]

    @property
    def is_finite(self):
        """Whether nothing has overflown."""
        return bool(np.isfinite(self.past.x).all())

    def run_epoch(self):
        """Take the batch in."""
        past, weight = self.past, self.weight
        rows = len(weight)
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
            np.concatenate(pair)[-LIVE_TARGETS:] for pair in zip(past.live, (self.y, weight), strict=True)
        )
        spread = spread_of(y) if self.numbers else 1.0
        constant = self._outputs(past.x[-1])
        if self.fit_intercept:
            constant = bounded_constant(self.constant, y, w, self.numbers)
        bend, spread = self._curvature(past, y, w, constant, spread)
        z, x = past.z.copy(), past.x.copy()
        fresh = fresh and not self.rows_before
        if fresh and self.fit_intercept and not x[:-1].any():
            z[-1, : self.n_outputs] = x[-1, : self.n_outputs] = constant
        step = 1.0 / (bend * (columns.rate @ squares / total + self.fit_intercept))
        self._pass(z, x, columns, weight * (rows / total), step, past.rows, FIRST_PASSES if fresh else PASSES)
        self._measure(x, constant, bend, spread)
        self.past = Steps(rows, total, past.shift, there, squares, z, x, (y, w))

    def _curvature(self, past, y, weight, constant, spread):
        """Give the curvature around the constant, and how far predictions spread.

        Of vectors of numbers it is taken around the predictions so far: a loss such as the cosine distance bends by the
        length of the prediction, and targets do not tell.
        """
        if not self.coupled:
            return mean_curvature(self.gradient, y, weight, constant, spread), spread
        if self.numbers and past.x[:-1].any():
            y, weight = self.y[:LIVE_TARGETS], self.weight[:LIVE_TARGETS]
            raw = self._raw(self.X[:LIVE_TARGETS], past.x)
            spread = spread_of(raw)
        else:
            raw = np.broadcast_to(constant, (len(y), self.n_outputs))
        return coupled_curvature(self.gradient, y, weight, raw, spread), spread

    def _raw(self, X, x):
        """Give raw predictions of rows that are not shifted."""
        x = x[:, : self.n_outputs]
        return np.asarray(safe_sparse_dot(X, x[:-1]), dtype=np.float64) + (x[-1] - self.past.shift @ x[:-1])

    def _measure(self, x, constant, bend, spread):
        """Take the mean loss of the batch."""
        f = self._raw(self.X, x)
        f = f if self.coupled else f[:, 0]
        losses = []
        for prediction in (np.ascontiguousarray(f), np.full_like(f, constant)):
            total, whole, *_ = self.value.total(self.y, prediction, self.weight)
            losses.append(total / whole)
        self.loss = self.objective = losses[0]
        check_bounded(losses[1] - losses[0], losses[1], bend, spread)

    def _pass(self, z, x, columns, weight, step, t, passes):
        """Pass over the rows; z and x move. Whatever the passes, x counts the rows once."""
        X, squares = self.X, columns.row_squares(self.X)
        random = None if self.seed is None else np.random.default_rng(self.seed)
        order = np.arange(len(self.y), dtype=np.int32)
        sparse = not isinstance(X, np.ndarray)
        y: np.ndarray = self.y
        state: tuple = z.ravel(), x.ravel()  # views
        pass_of = sparse_pass if sparse else dense_pass
        if self.coupled:
            y, state = y.reshape(len(y), -1), (self.n_outputs, z, x)
            pass_of = sparse_pass_of_several if sparse else dense_pass_of_several
        for _ in range(passes):
            if random is not None:
                random.shuffle(order)
            last = step, t, self.l2, self.l1, self.fit_intercept
            if sparse:
                starts, touched = np.asarray(X.indptr, dtype=np.int64), np.full(len(x) - 1, t)
                t = pass_of(
                    self.gradient, X.data, X.indices, starts, y, weight, order, columns.rate, columns.frequency,
                    squares, *state, touched, *last,
                )  # fmt: skip
            else:
                t = pass_of(
                    self.gradient, X, y, weight, order, columns.centre, columns.rate, squares, *state, *last,
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
