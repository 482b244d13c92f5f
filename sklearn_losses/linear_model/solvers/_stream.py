"""learning_rate="auto" in partial_fit, few columns: Newton's method on each batch, beside a quadratic memory.

Knows arrays and programs. What is minimised after each batch is, over all rows so far,

    sum(w * loss) + sum(w) * (l2 / 2 ||coef||^2 + l1 ||coef||_1),

where the losses of rows long gone are replaced by their second-order expansions at the solution of the time when they
went: two arrays of fixed size. For the squared error that is exact (recursive least squares). The last few rows still
count with their losses, so that it hardly matters how small the batches are.
"""

from dataclasses import dataclass

import numpy as np

from ._facts import is_kinked
from ._stream_newton import Search

MOST_COLUMNS = 500
LIVE_ROWS = 10  # for each coefficient, of which the losses are kept
LIVE_NUMBERS = 200_000  # at most, in all these rows


@dataclass(frozen=True)
class Past:
    """What a stream remembers; never written to."""

    rows: float
    """How many there were, and what they weighed."""
    weight: float
    shift: np.ndarray
    """A typical row: features are taken relative to it."""
    first: np.ndarray
    second: np.ndarray
    """Weighted sums of the shifted features and of their squares."""
    curvature: np.ndarray
    slope: np.ndarray
    """u' curvature u / 2 - slope' u is the memory of the rows that went; u ends with the intercept."""
    anchor: np.ndarray
    """Where coefficients stay on which no row has anything to say."""
    point: np.ndarray
    """The solution u."""
    live: tuple
    """X, y and weight of the rows that still count with their losses."""
    kinks: bool


class NewtonBatch:
    """One batch of a stream with one output: a descent of one pass.

    Parameters
    ----------
    programs : (Program, Program)
        Loss with gradient, and gradient alone.
    X : ndarray or CSR
        The batch.
    y : float64 array
    weight : float64 array or None
    past : Past or None
        None: a stream begins here, from these coefficients:
    coef, intercept : array, float
    rows_before : float
        How many rows these coefficients have seen; 0 for none.
    l2, l1 : float
    fit_intercept : bool
    numbers : bool
        Whether raw predictions are on the scale of y; otherwise their scale is 1.
    constant : callable
        Gives the best constant prediction of (y, weight).
    """

    measured = False
    average_coef = None
    average_intercept = 0.0

    def __init__(
        self, programs, X, y, weight, past, coef, intercept, *, rows_before, l2, l1, fit_intercept, numbers, constant
    ):  # fmt: skip
        self.program = programs[0]
        weight = np.ones(len(y)) if weight is None else weight
        there = weight > 0
        self.new = (X, y, weight) if there.all() else (X[np.flatnonzero(there)], y[there], weight[there])
        self.past = past
        self.start = np.append(np.asarray(coef, dtype=np.float64), intercept)
        self.rows_before = rows_before
        self.l2, self.l1, self.fit_intercept = l2, l1, fit_intercept
        self.numbers, self.constant = numbers, constant
        self.dtype = X.dtype

    @property
    def coef(self):
        """The coefficients."""
        point = self.start if self.past is None else self.past.point
        return point[:-1].astype(self.dtype)

    @property
    def intercept(self):
        """The intercept of rows that are not shifted."""
        if self.past is None or not self.fit_intercept:
            return self.start[-1]
        return self.past.point[-1] - self.past.point[:-1] @ self.past.shift

    @property
    def is_finite(self):
        """Whether nothing has overflown."""
        return self.past is None or bool(np.isfinite(self.past.point).all())

    def run_epoch(self):
        """Take the batch in."""
        if not len(self.new[1]):
            self.loss = self.objective = 0.0
            return
        past = self.past if self.past is not None else self._begun()
        search = Search(self, past)
        point = search.run()
        self.loss = self.objective = search.mean_loss
        d = len(point) - 1
        keep = min(len(search.y), LIVE_ROWS * (d + 1), max(1, LIVE_NUMBERS // max(d, 1)))
        curvature, slope = search.memory(len(search.y) - keep)
        self.past = Past(
            rows=search.rows, weight=search.total, shift=past.shift, first=search.first, second=search.second,
            curvature=curvature, slope=slope, anchor=search.anchor[:-1], point=point, live=search.last(keep),
            kinks=past.kinks,
        )  # fmt: skip

    def _begun(self):
        X, y, weight = self.new
        shift = np.zeros(X.shape[1])
        if self.fit_intercept:
            shift = np.asarray(weight @ X).ravel() / weight.sum()
        typical, spread = (np.median(y), np.std(y) or 1.0) if self.numbers else (0.0, 1.0)
        return self._beginning(shift, is_kinked(self.program, y, typical, spread))

    def _beginning(self, shift, kinks):
        d = len(shift)
        point = self.start.copy()
        point[-1] += point[:-1] @ shift * self.fit_intercept
        return Past(
            rows=0.0, weight=0.0, shift=shift, first=np.zeros(d), second=np.zeros(d),
            curvature=np.zeros((d + 1, d + 1)), slope=np.zeros(d + 1), anchor=point[:-1].copy(), point=point,
            live=(np.zeros((0, d)), np.zeros(0), np.zeros(0)), kinks=kinks,
        )  # fmt: skip
