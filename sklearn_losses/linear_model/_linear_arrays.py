"""LinearClassifier and LinearRegressor on arrays of other libraries: from data on a device to problems to solve.

Knows estimators, targets, and namespaces. X stays where it is. What the host sees of y is its labels with their total
weights, or at most `SAMPLED` of its numbers: enough to find the best constant and what the loss is like, by the same
code as ever. How sums are taken on the device is `solvers/_array_sums.py`'s affair.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.utils import check_array, check_consistent_length, column_or_1d
from sklearn.utils.validation import validate_data

from ..losses._arrays import other_namespace
from ..losses._names import smooth_instead_of
from ..losses._programs import graph_of
from ..losses._targets import as_numpy, dense
from ._arrays import detached, is_foreign, moved, widest
from ._parameters import check_not_negative, check_weights
from ._solving import Solve
from ._targets import Problem, is_matrix
from ._targets_of_classes import check_classification, classification, encode_labels
from ._targets_of_numbers import check_regression, regression
from .solvers import SOLVERS_OF_SUMS, choose_solver_of_sums, obstacle_to_sums
from .solvers._array_sums import ArrayProblem

SAMPLED = 100_000
SAMPLE_TOL, SAMPLE_STEPS = (
    1e-2,
    20,
)  # of the minimum over a sample of the rows, where the search over all begins


@dataclass
class ProblemElsewhere(Problem):
    """What a solver is given at once: on the host as much of y as tells what the problem is like."""

    there: Callable[[], tuple[Any, Any]] | None = None
    """Gives y, as the loss's graph takes it, and the weights, of sum 1: arrays beside X."""
    mean: np.ndarray | None = None
    """The weighted mean of y, where y is numbers and the host has a sample of them."""


class ArraySolve(Solve):
    """Solves such problems, watched."""

    solvers = SOLVERS_OF_SUMS
    choose = staticmethod(choose_solver_of_sums)

    def obstacle(self, name, linear):
        """Say why a solver cannot be used; see `obstacle_to_sums`."""
        obstacle = obstacle_to_sums(name, linear)
        return f"{obstacle}. Use a smooth one, {smooth_instead_of(self.loss)}" if linear.kinked else obstacle

    def _constant_of(self, problem):
        if self.estimator.fit_intercept and problem.mean is not None and self.loss.elicits == "mean":
            return self.loss.constant_minimizer(problem.mean[None, ...])
        return super()._constant_of(problem)

    def _linear_problem(self, problem):
        facts = super()._linear_problem(problem)
        graph, _, _ = graph_of(self.loss, "training curvature", problem.encoding)
        y, weight = problem.there()
        return ArrayProblem(other_namespace(self.X), graph, self.X, y, weight, facts)

    def _start_of(self, problem, linear):
        start = super()._start_of(problem, linear)
        well_behaved = linear.convex and not linear.kinked
        sample = linear.sample() if self.start is None and well_behaved else None
        if sample is None:
            return start
        solve = self.solvers[self.choose(sample, SAMPLE_TOL)]
        found = solve(sample, *start, tol=SAMPLE_TOL, max_iter=SAMPLE_STEPS)
        return found.coef, found.intercept

    @property
    def dtype(self):
        """The type of the coefficients that are returned."""
        return np.float64 if self.X.dtype == other_namespace(self.X).float64 else np.float32

    def _like_X(self, values):
        return moved(values, other_namespace(self.X), self.X.device, self.X.dtype)


def pose(estimator, X, y, sample_weight, loss):
    """Check the data. Give X and y, the target, its problems, and what solves them."""
    X, y, sample_weight = detached(X), detached(y), detached(sample_weight)
    xp = other_namespace(X)
    wide = widest(xp, X.device)
    X = _features(estimator, X, y, xp, wide)
    check_consistent_length(X, y)
    weight = _weights(sample_weight, X, xp, wide)
    if not estimator._for_classifier:
        check_regression(loss, y, type(estimator).__name__)
        y = _numbers(y, loss, X, xp, wide)
        target = regression(loss, y.shape[1] if y.ndim == 2 else None)
        return X, y, target, _of_numbers(estimator, target, y, weight, xp), ArraySolve
    check_classification(loss, y, type(estimator).__name__)
    if loss.target_kind == "indicator" or is_matrix(y):
        y = _numbers(y, loss, X, xp, wide)
        target = classification(loss, y)
        return X, y, target, _of_numbers(estimator, target, y, weight, xp), ArraySolve
    y = column_or_1d(check_array(y, dtype=None, ensure_2d=False, input_name="y"), warn=True)
    if (xp_y := other_namespace(y)) is None:
        target = classification(loss, y)
        codes, classes = encode_labels(y, target.classes), target.classes
    else:
        classes, codes = xp_y.unique_inverse(y)
        target = classification(loss, as_numpy(classes))
    problems = _of_labels(estimator, target, moved(codes, xp, X.device), weight, xp)
    estimator.classes_ = classes
    return X, y, target, problems, ArraySolve


# ---- what comes in -------------------------------------------------------------------------------


def _features(estimator, X, y, xp, wide):
    """Check X: dense, real, finite, of two dimensions."""
    if any(getattr(X, name, False) for name in ("is_sparse", "is_sparse_csr")):
        raise ValueError(
            f"X is a sparse tensor, which {type(estimator).__name__} does not take. Pass a dense one, X.to_dense(), "
            f"or a SciPy matrix."
        )
    dtypes = [xp.float64, xp.float32] if wide == xp.float64 else [xp.float32]
    return validate_data(estimator, X, None if y is None else "no_validation", dtype=dtypes, reset=True)


def _weights(sample_weight, X, xp, wide):
    """Give weights beside X; ones, if there are none."""
    n = X.shape[0]
    if sample_weight is None:
        return xp.ones(n, dtype=wide, device=X.device)
    if is_foreign(sample_weight):
        weight = moved(sample_weight, xp, X.device, wide)
        if tuple(weight.shape) == (n,):
            low, total = float(xp.min(weight)), float(xp.sum(weight))
            if low >= 0.0 and 0.0 < total < np.inf:
                return weight
        sample_weight = as_numpy(sample_weight)
    weight = check_weights(sample_weight, n)  # says what is wrong
    check_not_negative(weight)
    return moved(weight, xp, X.device, wide)


def _numbers(y, loss, X, xp, wide):
    """Give a target of numbers beside X, in the domain of the loss."""
    y = moved(check_array(dense(y, "y"), ensure_2d=False, input_name="y"), xp, X.device, wide)
    return loss.check_target(y)


# ---- problems ------------------------------------------------------------------------------------


def _of_labels(estimator, target, codes, weight, xp):
    """Pose the problems of labels: everything about a sample but its weight follows from its class."""
    nothing = xp.zeros_like(weight)
    of_class = [xp.sum(xp.where(codes == k, weight, nothing)) for k in range(len(target.classes))]
    totals = _to_float64(xp.stack(of_class))
    problems = []
    for problem in estimator._problems(target, target.classes, totals):
        factors = np.divide(problem.weight, totals, out=np.zeros_like(totals), where=totals > 0.0)

        def there(y=problem.y, factors=factors):
            y, factors = (moved(table, xp, weight.device, weight.dtype) for table in (y, factors))
            return xp.take(y, codes), _shares(xp.take(factors, codes) * weight, xp)

        problems.append(ProblemElsewhere(**vars(problem), there=there))
    return problems


def _of_numbers(estimator, target, y, weight, xp):
    """Pose the problems of numbers, one for each column that stands alone."""
    some = slice(None, None, -(-y.shape[0] // SAMPLED))
    sample, its_weight = _to_float64(y[some, ...]), _to_float64(weight[some])
    twins = estimator._problems(target, sample, its_weight if its_weight.any() else np.ones_like(its_weight))
    if target.loss.target_kind == "classes" and estimator.class_weight is not None:
        y, weight = _weighted_classes(estimator.class_weight, target, y, weight, xp)
    shares = _shares(weight, xp)
    problems = []
    for problem in twins:
        mine = y if problem.coupled or y.ndim == 1 else y[:, problem.outputs.start]
        here, there = _to_float64(shares @ mine), partial(_pair, mine, shares)
        problems.append(ProblemElsewhere(**vars(problem), mean=here, there=there))
    return problems


def _pair(y, weight):
    return y, weight


def _weighted_classes(class_weight, target, rows, weight, xp):
    """Let class weights count for the part of a sample that is of the class."""
    masses = _to_float64(xp.sum(rows, axis=0))
    rows = rows * moved(target.weights_by_share(class_weight, masses[None, :]), xp, rows.device, rows.dtype)
    shares = xp.sum(rows, axis=1, keepdims=True)
    there = shares > 0.0
    uniform = xp.full_like(rows, 1.0 / rows.shape[1])
    rows = xp.where(there, rows / xp.where(there, shares, xp.ones_like(shares)), uniform)
    return rows, weight * shares[:, 0]


def _shares(weight, xp):
    return weight / xp.sum(weight)


def _to_float64(values):
    return np.asarray(as_numpy(values), dtype=np.float64)
