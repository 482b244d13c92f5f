"""What an estimator remembers between calls of partial_fit with learning_rate="auto".

Knows estimators and their parameters; what is remembered of the rows, and how a batch is taken in, is `solvers/`'s.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from .solvers._stream import MOST_COLUMNS, NewtonBatch
from .solvers._stream_steps import StepBatch


@dataclass(frozen=True)
class Memory:
    """The memories of all outputs, and the solution that they led to."""

    coef: np.ndarray
    intercept: np.ndarray
    pasts: list

    @classmethod
    def of(cls, model, descents):
        """Give what a model keeps after a batch."""
        return cls(model.coef_.copy(), model.intercept_.copy(), [descent.past for descent in descents])

    def led_to(self, model):
        """Tell whether the model still has the solution that belongs to these memories."""
        return np.array_equal(self.coef, model._dense_coef()) and np.array_equal(
            self.intercept, model.intercept_
        )


def settings_of(model, loss):
    """Give what the solvers ask of a model and its loss."""
    l2, l1 = model._penalty_strengths()
    return {
        "l2": l2,
        "l1": l1,
        "fit_intercept": model.fit_intercept,
        "numbers": not model._for_classifier and loss.link.name == "identity",
        "constant": loss.constant_minimizer,
    }


class Stream:
    """Where a model goes on.

    If it has another solution by now than the memories led to (from `fit`, another schedule, or the user's hand), a
    new stream begins at that solution, which is taken for the optimum of as many rows as it has seen.
    """

    def __init__(self, model):
        memory = vars(model).get("_memory")
        self.model = model
        self.pasts = memory.pasts if memory is not None and memory.led_to(model) else None

    def descent(self, loss, X, run, start, *, measured):
        """Give the descent of one output on the next batch."""
        model, problem = self.model, run.problem
        rows_before = 0.0
        if self.pasts is None and hasattr(model, "coef_"):
            rows_before = (model.t_ - 1.0) / model.n_iter_
        settings = {"rows_before": rows_before, **settings_of(model, loss)}
        kind: Any = NewtonBatch
        if problem.coupled or X.shape[1] > MOST_COLUMNS:
            kind = StepBatch
            settings["seed"] = run.seed if model.shuffle else None
        if problem.encoding == "label":
            settings["constant"] = partial(
                loss.constant_minimizer, labels=np.arange(float(len(start.intercept)))
            )
        programs = loss.training_program(problem.encoding), loss.training_gradient_program(problem.encoding)
        past = None if self.pasts is None else self.pasts[problem.outputs.start]
        return kind(programs, X, problem.y, problem.weight, past, start.coef, start.intercept, **settings)
