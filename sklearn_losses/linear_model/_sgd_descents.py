"""The descents that an SGD estimator's parameters ask for, and where they start.

Knows estimators by their parameters, and which solver is which; nothing of labels, passes or fitted attributes.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ._targets import Problem
from .solvers._sgd import Adaptive, Constant, Descent, InverseScaling, Optimal, gradient_at
from .solvers._sgd_several import CoupledDescent
from .solvers._start import is_flat_at_zero, least_squares_step

# The intercept of sparse data makes small steps: it moves with every sample, a column with few.
SPARSE_INTERCEPT_DECAY = 0.01


@dataclass
class Run:
    """How one problem is trained."""

    problem: Problem
    seed: int
    """Of the shuffle."""
    held_out: np.ndarray | None = None
    """Which samples are not trained on."""
    score: Any = None
    """What is watched on them: a function of coefficients and intercept."""


@dataclass
class Solution:
    """Coefficients (n_outputs, n_features) and intercepts (n_outputs,), and their averages over the steps."""

    coef: np.ndarray
    intercept: np.ndarray
    average_coef: np.ndarray | None = None
    average_intercept: np.ndarray | None = None

    @classmethod
    def of(cls, descents, dtype):
        """Gather what descents have come to."""
        averages = [d.average_coef for d in descents]
        averaged = averages[0] is not None
        return cls(
            np.vstack([d.coef for d in descents]),
            np.hstack([d.intercept for d in descents]).astype(dtype),
            np.vstack(averages) if averaged else None,
            np.hstack([d.average_intercept for d in descents]).astype(dtype) if averaged else None,
        )

    def of_problem(self, problem):
        """Give the part that a problem is about: vectors and numbers where it has one output."""
        part = problem.outputs if problem.coupled else problem.outputs.start
        return Solution(
            self.coef[part],
            self.intercept[part],
            None if self.average_coef is None else self.average_coef[part],
            None if self.average_intercept is None else self.average_intercept[part],
        )


def beginning(model, loss, X, run, start):
    """Give where a run starts: away from zero, if that is where it is and where no step leads anywhere."""
    problem = run.problem
    if not problem.coupled or problem.y.ndim == 1 or np.any(start.coef) or np.any(start.intercept):
        return start
    if not is_flat_at_zero(loss.training_gradient_program(problem.encoding), problem.y):
        return start
    weight = np.ones(len(problem.y)) if problem.weight is None else problem.weight
    if run.held_out is not None:
        weight = np.where(run.held_out, 0.0, weight)
    coef, intercept = least_squares_step(X, problem.y, weight, fit_intercept=model.fit_intercept)
    return replace(start, coef=coef.astype(start.coef.dtype), intercept=intercept)


def named_descent(model, loss, rows, run, start, *, measured):
    """Give the descent of a run under one of scikit-learn's schedules."""
    problem = run.problem
    measured = measured or model.verbose > 0
    aggression = {"pa1": 1, "pa2": 2}.get(model.learning_rate, 0)
    program = (
        loss.training_program(problem.encoding)
        if measured or aggression
        else loss.training_gradient_program(problem.encoding)
    )
    l2, l1 = model._penalty_strengths()
    settings = {
        "l2": l2,
        "l1": l1,
        "fit_intercept": model.fit_intercept,
        "t": model.t_,
        "seed": run.seed if model.shuffle else None,
        "measured": measured,
        "skipped": None if run.held_out is None else run.held_out.view(np.uint8),
    }
    if model.average:
        settings |= {
            "average_from": int(model.average),
            "average_coef": start.average_coef,
            "average_intercept": start.average_intercept,
        }
    data = program, rows, problem.y, problem.weight, start.coef, start.intercept, _schedule(model, program)
    if problem.coupled:
        return CoupledDescent(*data, **settings)
    decay = SPARSE_INTERCEPT_DECAY if rows.sparse else 1.0
    return Descent(*data, **settings, intercept_decay=decay, aggression=aggression)


def _schedule(model, program):
    if model.learning_rate == "adaptive":
        return Adaptive(model.eta0)
    if model.learning_rate == "invscaling":
        return InverseScaling(model.eta0, model.power_t)
    if model.learning_rate != "optimal":
        return Constant(model.eta0)
    # Bottou's choice: the first step is as long as a coefficient of the size that alpha lets one expect,
    # or shorter where the loss is steep there (which those that couple outputs are not).
    size = model.alpha**-0.25
    slope = 1.0 if program.takes_vectors else gradient_at(program, 1.0, -size)
    return Optimal(model.alpha, size / max(1.0, slope) if np.isfinite(slope) else size)
