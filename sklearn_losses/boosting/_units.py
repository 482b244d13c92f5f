"""The unit of a loss: what its gradients and curvatures are divided by, so that a sample counts as one.

The libraries hold sums of curvatures against numbers (`min_child_weight`, `reg_lambda`, `min_sum_hessian_in_leaf`):
of a loss that is ten thousand times smaller, or of a target in another unit, they would grow no tree. One unit is
found from all samples at the start and then kept, so that every round minimises the same function.

Knows losses and their curvature; knows no library of boosting.
"""

import numpy as np
from scipy.special import expit, softmax

from ..losses._base import Encoded
from ..losses._constant import minimizing_constant
from ..losses._functionals import functional
from ._curvature import Steps, compares_numbers, is_of_package


def depends_on_targets(loss) -> bool:
    """Tell whether the unit of a loss is found from targets: of numbers and vectors, whose unit a user chose."""
    if loss.target_kind == "number":
        return compares_numbers(loss) or not is_of_package(loss)
    return loss.target_kind == "vector"


def unit_of_loss(loss, n_outputs, reach) -> float:
    """Return the unit of a loss whose predictions have none.

    For classes and labels that by which a sample of which nothing is known, at raw predictions near zero, has the
    curvature that it has under the log loss. For the deviances it is 1, as in the libraries' own objectives.
    """
    if loss.target_kind == "number":
        return 1.0
    rng = np.random.default_rng(0)
    f = rng.uniform(-0.5, 0.5, (600, n_outputs))
    if loss.target_kind == "classes":
        y, encoding, p = np.arange(600) % n_outputs, "label", softmax(f, axis=1)
    elif loss.target_kind == "indicator":
        y, encoding, p = rng.integers(0, 2, f.shape).astype(np.float64), "as it is", expit(f)
    else:
        f = f[:, 0]
        y, encoding, p = np.resize(np.array(loss.binary_values, dtype=np.float64), 600), "as it is", expit(f)
    curvature = Steps(loss, encoding, reach)(y, f, None).curvature
    return _rounded(np.mean(curvature) / np.mean(p * (1.0 - p)))


def unit_of_targets(steps, y, weights, start) -> float:
    """Return the median curvature of samples that are all predicted by one constant.

    The mean would be that of a few samples where curvatures are large near the target, as a logarithm's are.
    """
    f = np.broadcast_to(np.asarray(start, dtype=np.float64), (len(y), *np.shape(start)))
    curvature = steps(y, f, weights).curvature.reshape(len(y), -1)
    return _rounded(np.mean([functional("median", column, weights) for column in curvature.T]))


def best_start(loss, y, f, weights, encoding):
    """Return the best constant of targets that a library handed over."""
    f = np.zeros(np.shape(f))
    return minimizing_constant(Encoded(loss, y, y if f.ndim == 1 else f, encoding), weights)


def _rounded(unit) -> float:
    """Return a unit that is 1 but for rounding as 1, and what is none as 1."""
    if not 0.0 < unit < np.inf or abs(unit - 1.0) < 1e-9:
        return 1.0
    return float(unit)
