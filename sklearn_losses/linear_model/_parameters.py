"""Rules of parameters and weights, with the errors of those that break them; and how a failed fit leaves no trace.

Knows estimators by their attributes.
"""

from contextlib import contextmanager
from numbers import Integral, Real

import numpy as np
from sklearn.utils.validation import check_array


class InvalidParameterError(ValueError, TypeError):
    """A parameter of an estimator has a value that it cannot have."""


@contextmanager
def unchanged_on_error(estimator):
    """Put every attribute back when the block fails, so that a fitted model survives a failed fit.

    Whoever trains inside the block assigns new arrays and never writes into those that are there.
    """
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


# A rule says in words what a parameter may be, and tells whether a value is that.


def number(kind, low=None, high=None, *, above=None, below=None, or_none=False):
    """Rule of a finite number: `low` <= value <= `high`, `above` < value < `below`."""
    bounds = [f">= {low}"] * (low is not None) + [f"> {above}"] * (above is not None)
    bounds += [f"<= {high}"] * (high is not None) + [f"< {below}"] * (below is not None)
    noun = "an integer" if kind is Integral else "a finite number"
    words = " ".join([noun, " and ".join(bounds)]).strip() + " or None" * or_none

    def holds(value):
        if value is None:
            return or_none
        return (
            isinstance(value, kind)
            and bool(np.isfinite(value))
            and (low is None or value >= low)
            and (above is None or value > above)
            and (high is None or value <= high)
            and (below is None or value < below)
        )

    return words, holds


def one_of(*values):
    """Rule of a value among a few."""
    words = "one of " + ", ".join(map(repr, values))
    return words, lambda value: any(value is v or (isinstance(v, str) and value == v) for v in values)


BOOLEAN = "True or False", lambda value: isinstance(value, (bool, np.bool_))


def check_parameters(estimator, rules):
    """Raise `InvalidParameterError` for the first parameter that breaks its rule."""
    for name, (words, holds) in rules.items():
        value = getattr(estimator, name)
        try:
            sound = holds(value)
        except (TypeError, ValueError):  # such as an array, whose comparisons are no bool
            sound = False
        if not sound:
            raise InvalidParameterError(
                f"The parameter {name!r} of {type(estimator).__name__} must be {words}; got {value!r}."
            )


_LARGEST_SUM = 1e290


def check_weights(sample_weight, n_samples, *, all_may_be_zero=False):
    """Turn weights into None (all are 1) or a float64 array with one entry a sample."""
    if sample_weight is None:
        return None
    if isinstance(sample_weight, Real):
        weight = np.full(n_samples, float(sample_weight))
    else:
        weight = check_array(
            sample_weight, dtype=np.float64, ensure_2d=False, order="C", input_name="sample_weight"
        )
    if weight.ndim != 1:
        raise ValueError(f"Sample weights must be 1D array or scalar, got {weight.ndim}D array.")
    if weight.shape != (n_samples,):
        raise ValueError(
            f"sample_weight.shape == {weight.shape}, expected {(n_samples,)}: one "
            "weight for each sample of X."
        )
    if not all_may_be_zero and not weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    if weight.max() <= 0.0 and weight.any():
        raise ValueError(
            f"Sample weights must not be negative where none is positive; the largest is {weight.max():g}."
        )
    if max(weight.max(), -weight.min()) > _LARGEST_SUM / n_samples:
        raise ValueError(
            f"Sample weights must not sum to more than {_LARGEST_SUM:g}, near the largest float; one is "
            f"{weight.max():g}. Divide them by the largest: only their ratios matter."
        )
    return weight


def check_not_negative(weight):
    """Raise if a weight is negative."""
    if weight is not None and weight.min() < 0.0:
        raise ValueError(f"Sample weights must not be negative; got {weight.min():g}.")
