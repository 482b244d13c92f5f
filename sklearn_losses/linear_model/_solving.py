"""From the problems that a target poses to solutions: which solver, from where, watched, and out by one exit.

Knows losses, targets' problems and solvers; of estimators their parameters alone. How coefficients are found is the
solvers' affair.
"""

import warnings
from dataclasses import replace
from time import perf_counter

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.parallel import Parallel, delayed

from ._first_points import constant_with_slopes, convex_stand_in
from ._parameters import InvalidParameterError
from .solvers import (
    KEEP_CURVES,
    SOLVERS,
    alternative_solver,
    can_solve,
    choose_solver,
)
from .solvers._changes import change_columns
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
from .solvers._start import least_squares_step

RENAMED = {"sgd": "lbfgs"}
"""Solvers that are gone, and what takes their place."""
USUAL_TOL = 1e-4
FAR = 1e9  # spreads
ENOUGH = 1_000  # iterations: who allows fewer wants no other solver after them
ROUGH_START = 1e-2  # tolerance of a minimum that is only a start
LITTLE = 1e-8  # of a penalty, that keeps a start finite


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


def warn_of(solutions, solver, *, stacklevel):
    """Warn if solutions did not reach the tolerance, or cannot."""
    missed = [solution for solution in solutions if not solution.converged]
    if any(solution.unbounded for solution in solutions):
        warnings.warn(
            "Without a penalty no finite coefficients minimise this loss on these data (classes that can be "
            "separated are one reason); fit ended where the objective hardly falls any more. Use alpha > 0.",
            ConvergenceWarning,
            stacklevel=stacklevel,
        )
    elif missed:
        advice = f"Increase max_iter or tol, or choose another solver than {solver!r}."
        if all(solution.rounding > 0.5 * solution.gap for solution in missed):
            advice = (
                "Most of it is lost where coefficients become float32, X's type: centre X, or pass float64."
            )
        warnings.warn(
            f"The objective is estimated to lie {max(s.relative_gap for s in missed):.2g} above the minimum, relative "
            f"to what the model gains over a constant, after {max(s.n_iter for s in solutions)} iterations; "
            f"tol={missed[0].tol:.2g} asks for less. {advice}",
            ConvergenceWarning,
            stacklevel=stacklevel,
        )


def tolerance(tol, n_samples):
    """Return the tolerance that is meant: of many samples, no more than what they cannot tell anyway."""
    return min(USUAL_TOL, 1.0 / n_samples) if tol == "auto" else float(tol)


class Course:
    """One problem on its way: from where it starts, and what is seen of it.

    Attributes
    ----------
    linear : LinearProblem or SummedProblem
        With X as it was given.
    solved : LinearProblem or SummedProblem
        What the solver is handed: the same, or with other columns, as `change` says.
    start : tuple
        Coefficients and intercept to start from, of `solved`.
    now : LinearSolution or None
        How far it is.
    """

    def __init__(self, solve, problem, linear, start):
        self.solve, self.linear = solve, linear
        self.solved, self.change = change_columns(linear, solve.known_of_X)
        self.start = start if self.change is None else self.change.forth(*start)
        self.name, self.part = problem.name, solve.watch.part()
        self.curve: list = []
        self.stopped, self.now = False, None
        self.before = 0  # iterations of other solvers
        self.best = np.inf, start
        self.score = None  # of held-out samples, where somebody watches one
        self.begun = perf_counter()

    def raw(self, coef, intercept):
        """Return coefficients and intercept for X as it was given."""
        return (coef, intercept) if self.change is None else self.change.back(coef, intercept)

    def step(self, n_iter, coef, intercept, objective, gap):
        """Take an iteration, print it, and show it to callbacks; tell whether one of them ends the fit."""
        n_iter += self.before
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

    def end(self, solution):
        """Take the solution, tell callbacks that the problem is solved, and give it."""
        self.now = solution
        if self.part is not self.solve.watch and self.part.end(self.solve.so_far()):
            self.solve.max_iter = 0  # the rest stays where it starts
        return solution

    def out(self, solution, measured=None):
        """Take the solution out by `leave`, enter the relative gap and the curve, and give it.

        Raises
        ------
        ValueError
            If the objective has fallen as if it had no minimum.
        """
        solve, linear = self.solve, self.linear
        if not linear.convex:
            solution.gap = np.nan  # nothing is known of other valleys
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
            tol=solve.tol,
            floor=0.0 if _is_never_negative(solve.loss) else -np.inf,
            measured=measured,
            exact_there=self.solved is linear and not linear.exact,
        )
        solution.tol = solve.tol
        solution.relative_gap = _relative_gap(linear, solution.objective, solution.gap)
        solution.converged |= self.stopped or solve.max_iter == 0  # whoever ends a fit needs no warning
        if np.isinf(solution.gap) and linear.fit_intercept:
            self._check_bounded(solution)
        curve = solution.curve or self.curve
        solution.curve = [*curve[: max(solution.n_iter, 1) - 1], solution.objective]
        return solution

    def _check_bounded(self, solution):
        """Raise if the objective falls and falls with the intercept."""
        linear = self.linear
        for way in (-FAR, FAR):
            there = linear.objective_at(solution.coef, solution.intercept + way * linear.spread)
            check_bounded(linear.null - there, linear.null, linear.steep / linear.spread, linear.spread)


def _is_never_negative(loss):
    """Whether a loss is known to be zero at best. (A user's own claims so unless told otherwise.)"""
    return loss.complete and type(loss).__module__.startswith("sklearn_losses.")


class Solve:
    """Solves the problems that a target poses, watched."""

    course_of = Course
    solvers = SOLVERS
    choose = staticmethod(choose_solver)
    obstacle = staticmethod(can_solve)

    def __init__(self, estimator, X, loss, target, start, watch, n_rows=None):
        self.estimator, self.X, self.loss, self.target = estimator, X, loss, target
        self.start, self.watch = start, watch
        self.n_rows = X.shape[0] if n_rows is None else n_rows
        self.tol, self.asked, self.n_jobs, self.random_state = self.settings(estimator)
        self.solver = ""
        self.max_iter = int(estimator.max_iter)
        self.problems: list = []
        self.courses: dict = {}
        self.accurate = _accurate(X)
        self.known_of_X: dict = {}

    def settings(self, estimator):
        """Return the tolerance, the solver asked for, the number of threads, and the seed."""
        return (
            tolerance(estimator.tol, self.n_rows),
            estimator.solver,
            estimator.n_jobs,
            estimator.random_state,
        )

    def all(self, problems):
        """Solve them, one after another or on several threads."""
        self.problems = problems
        if len(problems) == 1 or self.watch.has_callbacks or not self.n_jobs:
            return [self._solution(problem) for problem in problems]
        jobs = (delayed(self._solution)(problem) for problem in problems)
        return Parallel(n_jobs=self.n_jobs, require="sharedmem")(jobs)

    def _solution(self, problem):
        """Solve one of them."""
        course = self.begin(problem)
        if course.solved.convex:
            solution = course.out(self._minimise(course, course.start, self.max_iter))
            other = self.alternative(course) if self.asked == "auto" else None
            if not (solution.converged or other is None or course.stopped):
                solution = course.out(self._go_on(course, solution, other))
            return course.end(solution)
        # Each start leads to a valley; what lies lower nobody knows.
        best = None
        for start in self._starts(problem, course):
            solution = self._minimise(course, start, self.max_iter - (best.n_iter if best else 0))
            if best is not None:
                solution.n_iter += best.n_iter
            if best is None or solution.objective < best.objective:
                best = solution
            best.n_iter = solution.n_iter
            if course.stopped:
                break
        return course.end(course.out(best))

    def alternative(self, course):
        """Return what goes on where the solver that 'auto' chose did not arrive; None if few steps are wanted."""
        if self.max_iter < ENOUGH or not isinstance(course.solved, LinearProblem):
            return None
        return alternative_solver(self.solver, course.solved)

    def _go_on(self, course, solution, solver):
        """Let another solver go on from a solution; return the better of both, with what is then known of the gap."""
        if solver == self.solver:
            course.solved = replace(course.solved, orthogonal=True)
        self.solver, first, course.before = solver, self.solver, solution.n_iter
        start = solution.coef, solution.intercept
        start = start if course.change is None else course.change.forth(*start)
        other = self._minimise(course, start, self.max_iter)
        other.n_iter += solution.n_iter
        other.curve = [*solution.curve, *(other.curve or course.curve[len(solution.curve) :])]
        if not other.objective < solution.objective:
            self.solver = first
        allowed = course.linear.allowed(self.tol, other.objective)
        if solver == "dual" and not other.objective < solution.objective - allowed:
            # Who has not moved has seen nothing, unless a bound says so.
            bound = np.inf if other.duality_gap is None else other.duality_gap
            other.gap = max(other.gap, min(solution.gap, bound))
        return other

    def _minimise(self, course, start, max_iter):
        """Run the solver from a start."""
        looked_at = self.estimator.verbose or self.watch.has_callbacks
        return self.solvers[self.solver](
            course.solved,
            *start,
            tol=self.tol,
            max_iter=max_iter,
            random_state=self.random_state,
            watch=course.step if looked_at or course.score or self.solver not in KEEP_CURVES else None,
        )

    def _starts(self, problem, course):
        """Give the start of a course, and, if that was chosen here, the minimum of a convex loss of the same data."""
        yield course.start
        linear = course.solved
        if self.start is not None or not isinstance(linear, LinearProblem):
            return
        if self.loss.target_kind == "vector":
            yield least_squares_step(linear.X, linear.y, linear.weight, fit_intercept=linear.fit_intercept)
        stand_in = convex_stand_in(self.loss, problem, linear.spread)
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
        course = self.course_of(self, problem, linear, start)
        auto = self.asked == "auto"
        self.solver = self.choose(course.solved, self.tol) if auto else self.named()
        if obstacle := self.obstacle(self.solver, linear):
            raise InvalidParameterError(
                f"solver={self.solver!r} cannot be used with loss={estimator.loss!r}: {obstacle}."
            )
        if not np.isfinite(getattr(linear, "null", 0.0)):
            raise ValueError(
                f"Floating-point overflow: the targets reach {np.abs(problem.y).max():.3g}, where the mean of "
                f"loss={estimator.loss!r} is infinite. Divide y by a number of their size."
            )
        self.courses[problem.outputs.start] = course
        return course

    def named(self):
        """Return the solver that the parameter names."""
        return RENAMED.get(self.asked, self.asked)

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
