"""learning_rate="auto" in `fit` of the SGD pair: the objective is minimised as by the Linear pair.

Knows runs and solutions; what is watched on held-out samples comes with the runs.
"""

from dataclasses import replace

import numpy as np

from ._solving import Course, Solve
from .solvers._epochs import Plateau, mean_curve

FINEST = 1e-9  # the tolerance where none is given: all iterations are made that change anything


class HeldOutCourse(Course):
    """A problem some of whose samples are held out: the fit ends when their score no longer rises."""

    def __init__(self, solve, problem, linear, start):
        super().__init__(solve, problem, linear, start)
        estimator = solve.estimator
        self.scores: list = []
        self.score = solve.runs[problem.outputs.start].score
        self.plateau = Plateau(estimator.tol or 0.0, estimator.n_iter_no_change)

    def step(self, n_iter, coef, intercept, objective, gap):
        """Take an iteration; tell whether the fit ends."""
        ended = super().step(n_iter, coef, intercept, objective, gap)
        if self.score is None:
            return ended
        self.scores.append(self.score(*self.raw(coef, intercept)))
        self.stopped = ended or self.plateau.reached(-self.scores[-1])
        return self.stopped

    def out(self, solution, measured=None):
        """Take the solution out; see `Course`."""
        solution = super().out(solution, measured)
        if self.score is not None:
            last = self.score(solution.coef, solution.intercept)
            self.scores = [*self.scores, *(solution.n_iter - len(self.scores)) * [last]][: solution.n_iter]
        return solution


class SolveRuns(Solve):
    """Solves the runs of an SGD estimator.

    Parameters
    ----------
    runs : list of Run
        One for each problem; samples that are held out have no weight.
    """

    course_of = HeldOutCourse

    def __init__(self, estimator, X, loss, target, start, watch, runs):
        self.runs = {run.problem.outputs.start: run for run in runs}
        super().__init__(estimator, X, loss, target, start, watch)

    def settings(self, estimator):
        """Return the tolerance, the solver, the number of threads, and the seed."""
        seed = next(iter(self.runs.values())).seed if estimator.shuffle else 0
        return estimator.tol or FINEST, "auto", getattr(estimator, "n_jobs", None), seed

    def results(self, solutions):
        """Return the fitted attributes."""
        results = super().results(solutions)
        n_iter = results["n_iter_"]
        scores = [self.courses[key].scores for key in self.runs if key in self.courses]
        return {
            "coef_": results["coef_"],
            "intercept_": results["intercept_"],
            "n_iter_": n_iter,
            "t_": 1.0 + n_iter * self.X.shape[0],
            "loss_curve_": np.array(results["loss_curve_"]),
            "validation_scores_": mean_curve(scores),
        }


def without_held_out(run, n_samples):
    """Return a run whose samples that are held out have no weight."""
    if run.held_out is None:
        return run
    weight = np.ones(n_samples) if run.problem.weight is None else run.problem.weight
    return replace(run, problem=replace(run.problem, weight=np.where(run.held_out, 0.0, weight)))
