"""Links and domains: how the raw prediction of a model becomes what users see, and where values may lie.

Knows functions of arrays (which symbols of a formula pass through as well); nothing of losses.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, logit

from .formula import softmax


@dataclass(frozen=True)
class Interval:
    """Where a target or a prediction may lie.

    Parameters
    ----------
    low, high : float
    includes_low, includes_high : bool, default=True
        Whether the ends belong to it; infinite ends never do.

    Examples
    --------
    >>> from sklearn_losses.links import Interval
    >>> positive = Interval(0.0, float("inf"), includes_low=False)
    >>> positive
    (0, inf)
    >>> 0.0 in positive, 2.5 in positive
    (False, True)
    """

    low: float
    high: float
    includes_low: bool = True
    includes_high: bool = True

    def __contains__(self, value: float) -> bool:
        above = value >= self.low if self.includes_low else value > self.low
        below = value <= self.high if self.includes_high else value < self.high
        return bool(above and below and np.isfinite(value))

    def ends(self, dtype: Any = np.float64) -> tuple[float, float]:
        """Return the smallest and the largest number of a dtype that belong to it.

        No subnormal numbers, which hardly any function treats well: next to 0 is the smallest normal one.

        Examples
        --------
        >>> from sklearn_losses.links import POSITIVE, UNIT
        >>> UNIT.ends()
        (0.0, 1.0)
        >>> POSITIVE.ends("float32")
        (1.1754943508222875e-38, 3.4028234663852886e+38)
        """
        low, high = (
            end if includes else _inside(end, direction, np.dtype(dtype))
            for end, includes, direction in (
                (self.low, self.includes_low and np.isfinite(self.low), 1.0),
                (self.high, self.includes_high and np.isfinite(self.high), -1.0),
            )
        )
        return float(low), float(high)

    def keep(self, values, dtype: Any = np.float64):
        """Move values on an open end just inside: the limits of floats carry exp(-800) to 0, exp(800) to infinity.

        Values may be symbols of a formula.
        """
        low, high = self.ends(dtype)
        if self == REAL or (low, high) == (self.low, self.high):
            return values
        return np.clip(values, low, high)

    def __repr__(self):
        left = "[" if self.includes_low and np.isfinite(self.low) else "("
        right = "]" if self.includes_high and np.isfinite(self.high) else ")"
        return f"{left}{self.low:g}, {self.high:g}{right}"


def _inside(end, direction, dtype):
    """Return the normal number next to an open end."""
    limits = np.finfo(dtype)
    if np.isinf(end):
        return -direction * limits.max
    if end == 0.0:
        return direction * limits.tiny
    return np.nextafter(dtype.type(end), dtype.type(end + direction))


REAL = Interval(-np.inf, np.inf)
NON_NEGATIVE = Interval(0.0, np.inf)
ABOVE_MINUS_ONE = Interval(-1.0, np.inf, includes_low=False)
POSITIVE = Interval(0.0, np.inf, includes_low=False)
UNIT = Interval(0.0, 1.0)
WITHIN_UNIT = Interval(0.0, 1.0, includes_low=False, includes_high=False)
AT_LEAST_ONE = Interval(1.0, np.inf)


@dataclass(frozen=True)
class Link:
    """A monotone map between predictions and the raw scale on which a linear model works.

    Parameters
    ----------
    name : str
    link : callable
        From the prediction to the raw scale.
    inverse : callable
        From the raw scale to the prediction.
    predictions : Interval
        Where predictions may lie.

    Examples
    --------
    >>> from sklearn_losses.links import LOGIT
    >>> float(LOGIT.inverse(0.0)), float(LOGIT.link(0.5))
    (0.5, 0.0)
    """

    name: str
    link: Callable[[Any], Any]
    inverse: Callable[[Any], Any]
    predictions: Interval

    def prediction(self, raw):
        """Return the predictions that raw predictions mean, all of them inside of `predictions`.

        Where floats end, they are the smallest normal or the largest number, so that every loss takes them.

        Examples
        --------
        >>> from sklearn_losses.links import LOG
        >>> LOG.prediction([-800.0, 0.0, 800.0]).tolist()
        [2.2250738585072014e-308, 1.0, 1.7976931348623157e+308]
        """
        raw = np.asarray(raw)
        raw = raw if raw.dtype.kind == "f" else raw.astype(np.float64)
        with np.errstate(over="ignore", under="ignore"):
            return self.predictions.keep(self.inverse(raw), raw.dtype)

    def __repr__(self):
        return f"<link {self.name}: predictions in {self.predictions}>"


def _same(x):
    return x


def _half_logit(p):
    return 0.5 * logit(p)


def _expit_of_double(f):
    return expit(2.0 * f)


def _rise(p):
    return 2.0 * p - 1.0


def _clipped_rise(f):
    return 0.5 * (np.clip(f, -1.0, 1.0) + 1.0)


IDENTITY = Link("identity", _same, _same, REAL)
LOG = Link("log", np.log, np.exp, POSITIVE)
LOGIT = Link("logit", logit, expit, UNIT)
SOFTMAX = Link("softmax", np.log, softmax, UNIT)
LOG1P = Link("log1p", np.log1p, np.expm1, ABOVE_MINUS_ONE)
HALF_LOGIT = Link("half logit", _half_logit, _expit_of_double, UNIT)
CLIPPED = Link("clipped", _rise, _clipped_rise, UNIT)
