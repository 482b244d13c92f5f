"""What losses say of formulas that give no number, and of facts that are no constants.

Knows links and the facts that a loss declares; called by ``_base.py``, where something is wrong.
"""

import numpy as np

from .. import links
from ..links import UNIT, Interval, Link

_KINDS = {"link": Link, "positive_probability": Link, "target": Interval, "raw_range": Interval}


def check_facts(cls: type) -> None:
    """Raise a TypeError if a class declares a link or an interval by another thing, as in ``link = "log"``."""
    for name, kind in _KINDS.items():
        value = vars(cls).get(name)
        if not isinstance(value, str | int | float | tuple | list):
            continue
        constants = [key for key, constant in vars(links).items() if isinstance(constant, kind)]
        meant = str(value).upper().replace(" ", "_")
        known = f"sklearn_losses.links has {', '.join(constants)}."
        if meant in constants:
            known = f"Write {name} = {meant}, with from sklearn_losses.links import {meant}."
        article = "a Link" if kind is Link else "an Interval"
        raise TypeError(f"{name} = {value!r} of {cls.__name__} must be {article}. {known}")


def complain_of_nan(data, weights) -> None:
    """Raise a ValueError that names a sample whose loss is NaN, if there is one."""
    each = data.loss._each(data, "metric")
    here = np.isnan(each)
    if weights is not None:
        here &= (weights != 0.0).reshape((-1,) + (1,) * (each.ndim - 1))
    if not here.any():
        return
    place = tuple(np.argwhere(here)[0].tolist())
    y, f = (values[place if values.ndim == each.ndim else place[0]] for values in (data.y, data.f))
    raise ValueError(
        f"{data.loss.formula_name} gives NaN at position {place[0] if len(place) == 1 else place}, where y_true is "
        f"{_shown(y)} and y_pred is {_shown(f)}. {advice_on_nan(data.loss)}"
    )


def advice_on_nan(loss) -> str:
    """Say what may be wrong with a formula that gives NaN."""
    if loss.link.predictions == UNIT:
        return (
            f"The formula takes the raw prediction f ({loss.link.name} link): losses of probabilities compute "
            f"p = expit(f) or softmax(f)."
        )
    return (
        f"Choose with np.where what 0/0 is to be. A formula that is not for all numbers says so: target = POSITIVE, of "
        f"sklearn_losses.links, for y; link = LOG (or LOG1P) for predictions that must be positive (or above -1), of "
        f"which the formula's f is then the logarithm, with np.exp(f) the prediction. Now target is {loss.target} and "
        f"predictions are in {loss.link.predictions}."
    )


def _shown(value):
    return str(value.tolist()) if value.ndim else f"{value:g}"
