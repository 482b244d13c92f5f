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
    tags.regressor_tags.poor_score = _charges_relative_mistakes(loss)


def _charges_relative_mistakes(loss):
    """Tell whether the same mistake costs less at a larger target: such a model predicts too little for R²."""
    if loss.link.name != "identity" or loss.couples_outputs:
        return False
    y = np.array([1.0, 100.0])
    (values, _), _ = loss.training_program().arrays(y, y + 1.0)
    return bool(values[1] < 0.5 * values[0])


def takes_arrays(loss: Any, solver: str, l1: float) -> bool:
    """Tell whether a linear model fits arrays of other libraries, as far as the loss, its solver and penalty tell."""
    if solver not in ("auto", *SOLVERS_OF_SUMS) or loss.target_kind == "moments":
        return False
    cls: Any = type(loss)
    try:
        kinked = _has_kinks(cls, tuple(sorted(loss.get_params(deep=False).items())))
    except TypeError:  # parameters that cannot be kept
        kinked = False
    problem = SimpleNamespace(
        kinked=kinked, n_outputs=2 if loss.couples_outputs else None, convex=loss.convex is not False, l1=l1
    )
    return obstacle_to_sums("lbfgs" if solver == "auto" else solver, problem) is None


@lru_cache(maxsize=_KEPT)
def _has_kinks(cls, parameters):
    loss = cls(**dict(parameters))
    y, _ = loss.examples.draw(np.random.default_rng(0), 20)
    constant = loss.constant_minimizer(y)
    if loss.couples_outputs:
        return is_kinked_along_lines(
            loss.training_gradient_program(), np.asarray(y, np.float64), constant, 1.0
        )
    y = np.array(loss.binary_values) if loss.target_kind in ("sign", "probability") else y
    return is_kinked(loss.training_curvature_program(), y, constant, 1.0)
