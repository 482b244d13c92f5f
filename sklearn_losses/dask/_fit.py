"""From collections of dask to solved problems: what is surveyed, what a pass sums, who chooses the solver.

Knows estimators, targets, and chunks of rows. X never leaves the processes that hold it; of y the caller's process
sees the labels with their total weights, or a sample of its numbers.
"""

from functools import partial

import numpy as np
from sklearn.utils.validation import validate_data

from .._chunks import Rows
from ..linear_model._parameters import InvalidParameterError, check_not_negative, check_weights
from ..linear_model._solving import Solve
from ..linear_model._targets import is_matrix
from ..linear_model._targets_of_classes import check_classification, class_weights, classification
from ..linear_model._targets_of_numbers import check_regression, regression
from ..linear_model.solvers import SOLVERS_OF_SUMS, choose_solver_of_sums, obstacle_to_sums
from ..linear_model.solvers import _lbfgs as lbfgs
from ..linear_model.solvers import _newton_of_sums as newton_of_sums
from ..linear_model.solvers._columns import rates
from ..linear_model.solvers._exit import noise, rounded
from ..linear_model.solvers._problem import EXACT, Scales, SummedProblem
from ..linear_model.solvers._scaled import Scaled, together
from ..losses._names import smooth_instead_of
from . import _tasks as tasks

SURE = 0.01  # of the gap that is allowed: what rounding may do without being measured
SAMPLED = 20_000  # rows of y, of all chunks together


def pose(estimator, X, y, sample_weight, loss):
    """Check the data. Give X and y, the target, its problems, and what solves them."""
    if y is None:
        raise ValueError(f"{type(estimator).__name__} needs y, one target for each row of X.")
    name = type(estimator).__name__
    (check_classification if estimator._for_classifier else check_regression)(loss, y, name)
    labels = estimator._for_classifier and loss.target_kind != "indicator" and not is_matrix(y)
    if sample_weight is not None and np.ndim(sample_weight) == 0:
        check_not_negative(check_weights(sample_weight, 1))
        sample_weight = None  # one weight for all is none
    X = X if hasattr(X, "shape") else np.asarray(X)
    rows = Rows(X=X, y=y, sample_weight=sample_weight, together=True)
    dtype = _dtype(X)
    validate_data(estimator, _columns_of(X), skip_check_array=True)
    look = tasks.Look(loss, dtype, labels, -(-SAMPLED // rows.n_chunks))
    found = rows.reduce(tasks.survey, tasks.Survey.__add__, look, label="survey")
    if found is None:
        raise ValueError(f"X and y hold no samples; {name} needs at least one.")
    if not found.weight > 0.0:
        raise ValueError("Sample weights must contain at least one non-zero number.")
    if labels:
        target = classification(loss, found.labels)
        problems = estimator._problems(target, target.classes, found.totals)
        factors = getattr(estimator, "class_weight", None)
        if factors is not None:
            factors = class_weights(factors, target.classes, target.classes, found.totals)
        mean = None
    else:
        sample, its_weight = found.sample
        target = (classification if estimator._for_classifier else _regression)(loss, sample)
        problems = estimator._problems(target, sample, its_weight if its_weight.any() else None)
        factors, mean = _by_share(estimator, target, found)
    ask = tasks.Ask(target, dtype, labels, factors, _scales(found, estimator.fit_intercept), [], {})
    solve = partial(ChunkedSolve, rows=rows, ask=ask, mean=mean, n_rows=found.n_rows)
    return X, y, target, problems, solve


def _regression(loss, y):
    return regression(loss, y.shape[1] if y.ndim == 2 else None)


def _by_share(estimator, target, found):
    """Give the weight of each class as a dictionary, for rows of probabilities, and the mean row."""
    mean = found.totals / found.weight
    class_weight = getattr(estimator, "class_weight", None)
    if class_weight is None:
        return None, mean
    factors = target.weights_by_share(class_weight, found.masses[None, :])
    mean = mean * factors
    return dict(zip(target.classes.tolist(), factors.tolist(), strict=True)), mean / mean.sum()


def _scales(found, fit_intercept):
    """Choose centre and scale of every column, as `Columns` does."""
    centred = fit_intercept and not found.is_sparse
    centre = np.where(found.there > 0.5, found.mean, 0.0) if centred else np.zeros_like(found.mean)
    spread = found.variance if centred else found.mean_square
    return Scales(centre, rates(found.there, spread, found.mean_square))


def _dtype(X):
    """Give float32 if all of X is, else float64."""
    dtypes = list(X.dtypes) if hasattr(X, "dtypes") else [X.dtype]
    return np.float32 if all(dtype == np.float32 for dtype in dtypes) else np.float64


def _columns_of(X):
    """Give something with the columns of X, and their names, that takes no memory."""
    frame = getattr(X, "_meta", X)
    if hasattr(frame, "columns"):
        return frame
    if X.ndim != 2:
        raise ValueError(f"X must have two dimensions, (n_samples, n_features); got {X.ndim}.")
    return np.empty((1, int(X.shape[1])))


class ChunkedProblem(SummedProblem):
    """A problem whose sums come from the chunks; `null` is entered when it is known."""

    def __init__(self, facts, scales, n_rows):
        self.l2, self.l1, self.fit_intercept = facts.l2, facts.l1, facts.fit_intercept
        self.n_features, self.n_outputs = len(scales.centre), facts.n_outputs
        self.constant, self.spread, self.steep = facts.constant, facts.spread, facts.steep
        self.convex, self.kinked, self.shift_free = facts.convex, facts.kinked, facts.shift_free
        self.columns = scales
        self.exact = n_rows * self.n_features <= EXACT
        self.value, self.curvature = facts.value, facts.curvature


class ChunkedSolve(Solve):
    """Solves problems side by side: in each pass over the data all sums that are wanted."""

    solvers = SOLVERS_OF_SUMS
    choose = staticmethod(choose_solver_of_sums)
    obstacle = staticmethod(obstacle_to_sums)

    def __init__(self, estimator, X, loss, target, start, watch, *, rows, ask, mean, n_rows):
        self.rows, self.ask, self.mean = rows, ask, mean
        super().__init__(estimator, X, loss, target, start, watch, n_rows)

    def all(self, problems):
        """Solve them side by side."""
        self.problems = problems
        courses = [self.begin(problem) for problem in problems]
        linear = [course.linear for course in courses]
        estimator = self.estimator
        newton = self.solver == "newton"
        self.ask.programs = [each.curvature if newton else each.value for each in linear]
        self.functions = [Scaled(each) for each in linear]
        keywords: dict = {"tol": self.tol, "max_iter": int(estimator.max_iter)}
        if newton:
            keywords["exact"] = linear[0].exact
        steps = (newton_of_sums if newton else lbfgs).steps
        solvers = [
            steps(function, *course.start, watch=course.step, **keywords)
            for function, course in zip(self.functions, courses, strict=True)
        ]
        solutions = together(solvers, self._evaluate)
        measured = self._measured(linear, solutions)
        pairs = zip(courses, solutions, strict=True)
        return [
            course.end(course.out(solution, measured.get(k))) for k, (course, solution) in enumerate(pairs)
        ]

    def _measured(self, linear, solutions):
        """Return F at the coefficients that are returned, by one more pass if rounding has moved any of them much."""
        for k, each in enumerate(linear):
            each.objective_at = partial(self._objective_at, k)
        models = [
            rounded(each, (s.coef, s.intercept), self.dtype)
            for each, s in zip(linear, solutions, strict=True)
        ]
        exact = self.dtype == np.float64 and all(
            noise(each, *model) <= SURE * each.allowed(self.tol, solution.objective)
            for each, model, solution in zip(linear, models, solutions, strict=True)
        )
        if exact:
            return {k: solution.objective for k, solution in enumerate(solutions)}
        return self._objectives(dict(enumerate(models)))

    def _objectives(self, models):
        """Return F of raw coefficients and intercepts, by the position of the problem."""
        points = {k: self.functions[k].scaled(*model) for k, model in models.items()}
        answers = self._evaluate(points)
        return {k: answers[k][0] + float(self.functions[k].l1 @ np.abs(v)) for k, v in points.items()}

    def _objective_at(self, k, coef, intercept):
        return self._objectives({k: (coef, intercept)})[k]

    def _evaluate(self, points):
        """Give F at points, by the position of the problem."""
        missing = [k for k in points if not hasattr(self.functions[k].problem, "null")]
        wanted = {(k, "here"): self.functions[k].parts(v) for k, v in points.items()}
        for k in missing:
            function = self.functions[k]
            nothing = np.zeros((function.n_outputs, function.problem.n_features))
            wanted[k, "null"] = function.parts(function.scaled(nothing, function.problem.constant))
        self.ask.points = wanted
        sums = self.rows.reduce(tasks.sums, tasks.add, self.ask, label=self.solver)
        means = {key: tuple(part / total for part in parts) for key, (total, *parts) in sums.items()}
        for k in missing:
            self.functions[k].problem.null = means[k, "null"][0]
        return {k: self.functions[k].with_penalty(v, means[k, "here"]) for k, v in points.items()}

    def _constant_of(self, problem):
        if self.estimator.fit_intercept and self.mean is not None and self.loss.elicits == "mean":
            mean = np.atleast_1d(self.mean)
            return self.loss.constant_minimizer(
                self.mean[None, :] if problem.coupled else mean[problem.outputs]
            )
        return super()._constant_of(problem)

    def _linear_problem(self, problem):
        facts = super()._linear_problem(problem)
        self._refuse_kinks(facts)
        return ChunkedProblem(facts, self.ask.scales, self.n_rows)

    def _refuse_kinks(self, facts):
        """Raise for losses that the solvers, which need smooth ones, would not bring to an end."""
        name = type(self.estimator).__name__
        if facts.kinked:
            raise InvalidParameterError(
                f"{name} trains smooth losses on data in chunks, and the slope of loss={self.estimator.loss!r} jumps. "
                f"Use a smooth one, {smooth_instead_of(self.loss)}, or sklearn_losses.{name} on a sample in memory."
            )

    @property
    def dtype(self):
        """The type of the coefficients that are returned."""
        return self.ask.dtype

    def _like_X(self, values):
        return values.astype(self.ask.dtype)
