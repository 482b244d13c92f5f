"""What estimators tell scikit-learn of themselves that follows from their loss.

Knows losses, and what solvers take; nothing of data.
"""

from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np

from .solvers import SOLVERS_OF_SUMS, obstacle_to_sums
from .solvers._facts import is_kinked, is_kinked_along_lines

_KEPT = 128  # answers about losses


def tag_regressor(tags: Any, loss: Any) -> None:
    """Write what follows from the loss of a regressor into its tags."""
    tags.target_tags.positive_only = loss.target.low > -np.inf
    tags.regressor_tags.poor_score = _known(_charges_relative_mistakes, loss)


def takes_arrays(loss: Any, solver: str, l1: float) -> bool:
    """Tell whether a linear model fits arrays of other libraries, as far as the loss, its solver and penalty tell."""
    if solver not in ("auto", *SOLVERS_OF_SUMS) or loss.target_kind == "moments":
        return False
    problem = SimpleNamespace(
        kinked=_known(_has_kinks, loss),
        n_outputs=2 if loss.couples_outputs else None,
        convex=loss.convex is not False,
        l1=l1,
    )
    return obstacle_to_sums("lbfgs" if solver == "auto" else solver, problem) is None


def _known(fact, loss):
    """Return a fact about a loss; it is kept, since tags are asked for in every call of an estimator."""
    cls: Any = type(loss)
    try:
        return _kept(fact, cls, tuple(vars(loss).items()))
    except TypeError:  # parameters that cannot be kept
        return fact(loss)


@lru_cache(maxsize=_KEPT)
def _kept(fact, cls, state):
    loss = cls.__new__(cls)
    vars(loss).update(state)
    return fact(loss)


def _charges_relative_mistakes(loss):
    """Tell whether the same mistake costs less at a larger target: such a model predicts too little for R²."""
    if loss.link.name != "identity" or loss.couples_outputs:
        return False
    y = np.array([1.0, 100.0])
    (values, _), _ = loss.training_program().arrays(y, y + 1.0)
    return bool(values[1] < 0.5 * values[0])


def _has_kinks(loss):
    """Tell whether the slope of a loss jumps, on random data."""
    y, _ = loss.examples.draw(np.random.default_rng(0), 20)
    constant = loss.constant_minimizer(y)
    if loss.couples_outputs:
        return is_kinked_along_lines(
            loss.training_gradient_program(), np.asarray(y, np.float64), constant, 1.0
        )
    y = np.array(loss.binary_values) if loss.target_kind in ("sign", "probability") else y
    return is_kinked(loss.training_curvature_program(), y, constant, 1.0)
