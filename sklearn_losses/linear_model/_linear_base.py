"""What LinearClassifier and LinearRegressor share: parameters, and from data and a loss to a solved problem.

Knows no labels: it is handed `Problem`s. How coefficients are found is the solvers' affair.
"""

import warnings
from dataclasses import replace
from numbers import Integral, Real
from time import perf_counter

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.parallel import Parallel, delayed

from ..losses._targets import as_numpy
from ._arrays import is_foreign, on_host
from ._base import LinearModel
from ._callbacks import CallbackSupportMixin, Watch, with_callbacks
from ._first_points import constant_with_slopes, convex_stand_in
from ._parameters import (
    BOOLEAN,
    InvalidParameterError,
    check_not_negative,
    check_parameters,
    check_weights,
    number,
    one_of,
    unchanged_on_error,
)
from .solvers import KEEP_CURVES, SOLVERS, SOLVERS_OF_SUMS, can_solve, choose_solver
from .solvers._centring import far_columns, shifted
from .solvers._epochs import mean_curve
from .solvers._exit import NEGLIGIBLE, leave
from .solvers._facts import (
    check_slopes,
    ignores_common_shifts,
    is_convex,
    is_convex_along_lines,
    is_kinked,
    is_kinked_along_lines,
)
from .solvers._problem import EXACT, LinearProblem, LinearSolution
from .solvers._scales import check_bounded, spread_of


RENAMED = {"sgd": "lbfgs"}
"""Solvers that are gone, and what takes their place."""
ROUGH_START = 1e-2  # tolerance of a minimum that is only a start
LITTLE = 1e-8  # of a penalty, that keeps a start finite


class PenalisedModel(CallbackSupportMixin, LinearModel):
    """What the two estimators share."""

    _rules = {
        "penalty": one_of("l2", "l1", "elasticnet", None),
        "alpha": number(Real, 0),
        "l1_ratio": number(Real, 0, 1),
        "fit_intercept": BOOLEAN,
        "solver": one_of("auto", *SOLVERS, *RENAMED),
        "tol": number(Real, above=0),
        "max_iter": number(Integral, 1),
        "verbose": number(Integral, 0),
        "warm_start": BOOLEAN,
    }

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.array_api_support = self.solver == "auto" or self.solver in SOLVERS_OF_SUMS
        return tags

    # ---- fit -------------------------------------------------------------------------------------

    def _fit(self, X, y, sample_weight):
        with unchanged_on_error(self):
            check_parameters(self, self._rules)
            if self.solver in RENAMED:
                warnings.warn(
                    f"solver={self.solver!r} is deprecated and will be refused from version 0.3 on. "
                    f"{RENAMED[self.solver]!r} takes its place: it ends lower, and sooner.",
                    FutureWarning,
                    stacklevel=3,
                )
            solutions = self._fit_watched(X, y, sample_weight)
        self._warn(solutions)
        return self

    @with_callbacks
    def _fit_watched(self, X, y, sample_weight):
        start = None
        if self.warm_start and hasattr(self, "coef_"):
            coef, intercept = as_numpy(self._dense_coef()), as_numpy(self.intercept_)
            start = np.atleast_2d(coef).astype(np.float64), intercept.astype(np.float64)
        loss = self._get_loss()
        X, y, target, problems, solve_with = self._pose(X, y, sample_weight, loss)
        if start is None or start[0].shape != (target.n_outputs, X.shape[1]):
            start = None
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        data = {"X": X, "y": y, "metadata": metadata}
        watch = Watch(self, self.max_iter, data, len(problems))
        solve = solve_with(self, X, loss, target, start, watch)
        solutions = solve.all(problems)
        self.__dict__.pop("duality_gap_", None)
        self.__dict__.update(solve.results(solutions))
        watch.end({name: value for name, value in vars(self).items() if name.endswith("_")})
        return solutions

    def _pose(self, X, y, sample_weight, loss):
        """Check the data. Give X and y, the target, its problems, and what solves them."""
        if is_foreign(X):
            from ._linear_arrays import pose  # which knows this module

            return pose(self, X, y, sample_weight, loss)
        X, y, target = self._check_training_set(X, on_host(y), loss, first=True)
        weight = check_weights(on_host(sample_weight), X.shape[0])
        check_not_negative(weight)
        return X, y, target, self._problems(target, y, weight), Solve

    def _warn(self, solutions):
        if any(solution.unbounded for solution in solutions):
            warnings.warn(
                "Without a penalty no finite coefficients minimise this loss on these data (classes that can be "
                "separated are one reason); fit ended where the objective hardly falls any more. Use alpha > 0.",
                ConvergenceWarning,
                stacklevel=4,
            )
        elif not all(solution.converged for solution in solutions):
            worst = max(solution.relative_gap for solution in solutions if not solution.converged)
            advice = f"Increase max_iter or tol, or choose another solver than {self.solver_!r}."
            if all(solution.rounding > 0.5 * solution.gap for solution in solutions if not solution.converged):
                advice = "Most of it is lost where coefficients become float32, X's type: centre X, or pass float64."
            warnings.warn(
                f"The objective is estimated to lie {worst:.2g} above the minimum, relative to what the model "
                f"gains over a constant, after {max(s.n_iter for s in solutions)} iterations; tol={self.tol:g} "
                f"asks for less. {advice}",
                ConvergenceWarning,
                stacklevel=4,
            )


def _relative_gap(linear, objective, gap):
    """Return the gap relative to what the model gains over a constant; zero where rounding hides it."""
    gained = linear.null - objective
    if np.isnan(gap):
        return gap
    if gap <= linear.allowed(0.0, objective) or max(gap, gained) <= NEGLIGIBLE * linear.size:
        return 0.0
    return gap / gained if gained > 0.0 else np.inf


def _accurate(X):
    """Return small data as dense float64, so that columns far from zero cost no digits."""
    if not (isinstance(X, np.ndarray) or sp.issparse(X)) or X.shape[0] * X.shape[1] > EXACT:
        return X
    return (X if isinstance(X, np.ndarray) else X.toarray()).astype(np.float64, copy=False)


class Course:
    """One problem on its way: from where it starts, and what is seen of it.

    Attributes
    ----------
    linear : LinearProblem or SummedProblem
        With X as it was given.
    solved : LinearProblem or SummedProblem
        What the solver is handed: the same, or with some columns shifted by `shift`.
    start : tuple
        Coefficients and intercept to start from, of `solved`.
    now : LinearSolution or None
        How far it is.
    """

    def __init__(self, solve, problem, linear, start):
        self.solve, self.linear = solve, linear
        self.solved, self.shift = solve.shifted(linear)
        coef, intercept = start
        self.start = start if self.shift is None else (coef, intercept + coef @ self.shift)
        self.name, self.part = problem.name, solve.watch.part()
        self.curve: list = []
        self.stopped, self.now = False, None
        self.best = np.inf, start
        self.begun = perf_counter()

    def raw(self, coef, intercept):
        """Return coefficients and intercept for X as it was given."""
        return coef, intercept if self.shift is None else intercept - coef @ self.shift

    def step(self, n_iter, coef, intercept, objective, gap):
        """Take an iteration, print it, and show it to callbacks; tell whether one of them ends the fit."""
        if not self.solved.convex:  # of several starts the best
            n_iter, objective = len(self.curve) + 1, min(objective, self.best[0])
        self.curve.append(objective)
        coef, intercept = self.raw(coef, intercept)
        if objective < self.best[0] and self.solve.solver not in KEEP_CURVES:  # which keep their best
            self.best = objective, (coef, intercept)
        elif not self.solved.convex:
            coef, intercept = self.best[1]
        if self.solve.estimator.verbose:
            print(
                f"{self.name}Iteration {n_iter}: objective {objective:.6g}, gap {gap:.2g}, "
                f"{perf_counter() - self.begun:.2f} s"
            )
        if self.part.has_callbacks:
            relative = _relative_gap(self.linear, objective, gap)
            self.now = LinearSolution(
                coef, intercept, objective, gap, n_iter, False, None, relative, curve=self.curve
            )
            self.stopped = self.part.around(lambda: None, self.solve.so_far)
        return self.stopped

    def end(self, solution, measured=None):
        """Take the solution out by `leave`, enter the relative gap and the curve, and give it.

        Raises
        ------
        ValueError
            If the objective has fallen as if it had no minimum.
        """
        solve, linear = self.solve, self.linear
        check_bounded(
            linear.null - solution.objective, linear.null, linear.steep / linear.spread, linear.spread
        )
        model = linear.shortest_of_shifts(*self.raw(solution.coef, solution.intercept))
        solution.coef, solution.intercept = model
        nothing = np.zeros_like(solution.coef), linear.constant
        solution = leave(
            linear,
            solution,
            [self.best, (linear.null, nothing)],
            dtype=solve.dtype,
            tol=float(solve.estimator.tol),
            floor=0.0 if _is_never_negative(solve.loss) else -np.inf,
            measured=measured,
        )
        solution.relative_gap = _relative_gap(linear, solution.objective, solution.gap)
        solution.converged |= self.stopped or solve.max_iter == 0  # whoever ends a fit needs no warning
        curve = solution.curve or self.curve
        solution.curve = [*curve[: max(solution.n_iter, 1) - 1], solution.objective]
        self.now = solution
        if self.part is not solve.watch and self.part.end(solve.so_far()):
            solve.max_iter = 0  # the rest stays where it starts
        return solution


def _is_never_negative(loss):
    """Whether a loss is known to be zero at best. (A user's own claims so unless told otherwise.)"""
    return loss.complete and type(loss).__module__.startswith("sklearn_losses.")


class Solve:
    """Solves the problems that a target poses, watched."""

    solvers = SOLVERS
    choose = staticmethod(choose_solver)
    obstacle = staticmethod(can_solve)

    def __init__(self, estimator, X, loss, target, start, watch):
        self.estimator, self.X, self.loss, self.target = estimator, X, loss, target
        self.start, self.watch = start, watch
        self.solver = ""
        self.max_iter = int(estimator.max_iter)
        self.problems: list = []
        self.courses: dict = {}
        self.accurate = _accurate(X)
        self.shifted_X: tuple | None = None

    def all(self, problems):
        """Solve them, one after another or on several threads."""
        self.problems = problems
        if len(problems) == 1 or self.watch.has_callbacks or not self.estimator.n_jobs:
            return [self._solution(problem) for problem in problems]
        jobs = (delayed(self._solution)(problem) for problem in problems)
        return Parallel(n_jobs=self.estimator.n_jobs, require="sharedmem")(jobs)

    def _solution(self, problem):
        """Solve one of them."""
        course = self.begin(problem)
        if course.solved.convex:
            return course.end(self._minimise(course, course.start, self.max_iter))
        # Each start leads to a valley; what lies lower nobody knows.
        best = None
        for start in self._starts(problem, course):
            solution = self._minimise(course, start, self.max_iter - (best.n_iter if best else 0))
            solution.gap = np.nan
            if best is not None:
                solution.n_iter += best.n_iter
            if best is None or solution.objective < best.objective:
                best = solution
            best.n_iter = solution.n_iter
            if course.stopped:
                break
        return course.end(best)

    def _minimise(self, course, start, max_iter):
        """Run the solver from a start."""
        looked_at = self.estimator.verbose or self.watch.has_callbacks
        return self.solvers[self.solver](
            course.solved,
            *start,
            tol=float(self.estimator.tol),
            max_iter=max_iter,
            random_state=self.estimator.random_state,
            watch=course.step if looked_at or self.solver not in KEEP_CURVES else None,
        )

    def _starts(self, problem, course):
        """Give the start of a course, and, if that was chosen here, the minimum of a convex loss of the same data."""
        yield course.start
        stand_in = None
        if self.start is None:
            stand_in = convex_stand_in(self.loss, problem, course.solved.spread)
        if stand_in is None:
            return
        loss, y = stand_in
        easy = replace(
            course.solved,
            value=loss.training_program(problem.encoding),
            gradient=loss.training_gradient_program(problem.encoding),
            curvature=loss.training_curvature_program(problem.encoding),
            y=y,
            convex=True,
            kinked=False,
        )
        if easy.l2 == easy.l1 == 0.0:  # whose minimum may lie at infinity
            easy.l2 = LITTLE
        solve = self.solvers["lbfgs"]
        solution = solve(easy, *course.start, tol=ROUGH_START, max_iter=self.max_iter)
        if np.isfinite(solution.objective):
            yield solution.coef, solution.intercept

    def begin(self, problem):
        """Choose the solver, and give the `Course` of a problem."""
        estimator = self.estimator
        linear = self._linear_problem(problem)
        start = self._start_of(problem, linear)
        self.solver = (
            self.choose(linear, float(estimator.tol)) if estimator.solver == "auto" else self.named()
        )
        if obstacle := self.obstacle(self.solver, linear):
            raise InvalidParameterError(
                f"solver={self.solver!r} cannot be used with loss={estimator.loss!r}: {obstacle}."
            )
        if not np.isfinite(getattr(linear, "null", 0.0)):
            raise ValueError(
                f"Floating-point overflow: the mean of loss={estimator.loss!r} is {linear.null} at the best constant. "
                f"The targets reach {np.abs(problem.y).max():.3g}: divide y by a number of their size."
            )
        course = self.courses[problem.outputs.start] = Course(self, problem, linear, start)
        return course

    def named(self):
        """Return the solver that the parameter names."""
        return RENAMED.get(self.estimator.solver, self.estimator.solver)

    def _linear_problem(self, problem):
        """Normalise the weights, and probe what the loss does not declare."""
        estimator, loss, y = self.estimator, self.loss, problem.y
        value = loss.training_program(problem.encoding)
        gradient = loss.training_gradient_program(problem.encoding)
        curvature = loss.training_curvature_program(problem.encoding)
        n = len(y)
        weight = np.full(n, 1.0 / n) if problem.weight is None else problem.weight / problem.weight.sum()
        constant = constant_with_slopes(loss, self._constant_of(problem))
        spread = 1.0
        if not estimator._for_classifier and loss.link.name == "identity" and not problem.coupled:
            spread = spread_of(y)
        convex, kinked = loss.convex, False
        if problem.coupled:
            if convex is None:
                convex = is_convex_along_lines(gradient, y, constant, spread)
            kinked = convex and is_kinked_along_lines(gradient, y, constant, spread)
        else:
            constant = float(constant)
            if convex is None:
                convex = is_convex(gradient, y, constant, spread)
            kinked = convex and is_kinked(curvature, y, constant, spread)
        check_slopes(gradient, y, constant, loss.formula_name)
        l2, l1 = estimator._penalty_strengths()
        return LinearProblem(
            value, gradient, curvature, self.accurate, y, weight, l2, l1, estimator.fit_intercept, constant, spread,
            convex is not False, bool(kinked), problem.coupled and ignores_common_shifts(gradient, y, constant, spread),
        )  # fmt: skip

    @property
    def dtype(self):
        """The type of the coefficients that are returned."""
        return self.X.dtype

    def shifted(self, linear):
        """Return the problem with columns of sparse data that lie far from zero centred, and by how much; or None."""
        X = getattr(linear, "X", None)
        if not (sp.issparse(X) and linear.fit_intercept):
            return linear, None
        if self.shifted_X is None:
            centre = far_columns(X, linear.weight)
            self.shifted_X = (X if centre is None else shifted(X, centre)), centre
        X, centre = self.shifted_X
        return (linear, None) if centre is None else (linear.of_columns(X), centre)

    def _constant_of(self, problem):
        """Give the best constant raw prediction; zero, if there is no intercept."""
        if not self.estimator.fit_intercept:
            return np.zeros(self.target.n_outputs) if problem.coupled else 0.0
        if problem.encoding != "label":
            return self.loss.constant_minimizer(problem.y, problem.weight)
        labels = np.arange(float(self.target.n_outputs))
        return self.loss.constant_minimizer(problem.y, problem.weight, labels=labels)

    def _start_of(self, problem, linear):
        """Give coefficients and intercept to start from: the last solution's, or the best constant."""
        if self.start is None:
            shape = (self.target.n_outputs, self.X.shape[1]) if problem.coupled else self.X.shape[1]
            return np.zeros(shape), linear.constant
        coef, intercept = (part[problem.outputs] for part in self.start)
        intercept = intercept * float(linear.fit_intercept)
        return (coef, intercept) if problem.coupled else (coef[0], float(intercept[0]))

    def so_far(self):
        """Give the fitted attributes if the fit ended now, the outputs that are still to come as they started."""
        shape = self.target.n_outputs, self.X.shape[1]
        coef, intercept = self.start or (np.zeros(shape), np.zeros(shape[0]))
        solutions = []
        for problem in self.problems:
            part, course = problem.outputs, self.courses.get(problem.outputs.start)
            nothing = LinearSolution(coef[part], intercept[part], np.nan, np.inf, 0, False)
            solutions.append(nothing if course is None or course.now is None else course.now)
        return self.results(solutions) | {
            name: value for name, value in vars(self.estimator).items() if name == "classes_"
        }

    def results(self, solutions):
        """Give the fitted attributes."""
        coef = np.concatenate([np.atleast_2d(solution.coef) for solution in solutions])
        intercept = np.concatenate([np.atleast_1d(solution.intercept) for solution in solutions])
        objectives = [s.objective for s in solutions if not np.isnan(s.objective)]
        results = {
            "coef_": self._like_X(coef[0] if getattr(self.target, "flat", False) else coef),
            "intercept_": self._like_X(intercept),
            "n_iter_": max(1, *(solution.n_iter for solution in solutions)),
            "solver_": self.solver,
            "objective_": float(np.mean(objectives)) if objectives else np.nan,
            "loss_curve_": mean_curve([s.curve for s in solutions if s.curve]).tolist(),
            "optimality_gap_": float(np.max([solution.relative_gap for solution in solutions])),
        }
        gaps = [solution.duality_gap for solution in solutions]
        if all(gap is not None for gap in gaps):
            results["duality_gap_"] = max(gaps)
        return results

    def _like_X(self, values):
        return values.astype(self.X.dtype)
