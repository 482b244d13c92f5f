"""What the functions of this room are given: forecasts by name, weights, clusters, series, groups; checked.

Knows losses by their pointwise values.
"""

from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from .._sampling import Estimate, Sampling, codes_of
from ..losses._arrays import as_numpy
from ..losses._targets import checked_weights

METHODS = ("normal", "bootstrap")


def pointwise(loss, y_true, forecasts: Mapping[str, Any], labels, pos_label) -> dict[str, np.ndarray]:
    """Return the loss of every sample, in float64, for each forecast."""
    found = {}
    for name, y_pred in forecasts.items():
        each = loss.pointwise(y_true, y_pred, labels=labels, pos_label=pos_label)
        each = np.asarray(as_numpy(each), dtype=np.float64)
        if not np.isfinite(each).all():
            k = int(np.argmin(np.isfinite(each)))
            raise ValueError(
                f"The loss {loss!r} of {name or 'y_pred'} is {each[k]} at position {k}: a mean that is not finite "
                f"has no interval. Look at that prediction, or choose a loss that stays finite."
            )
        found[name] = each
    lengths = {name: len(each) for name, each in found.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"All forecasts must be of the same samples, got lengths {lengths}.")
    return found


def named(y_pred: Any) -> dict[str, Any]:
    """Return forecasts by name, or raise a ValueError if there are none."""
    if not len(y_pred):
        raise ValueError("No forecasts: pass a dict of names to predictions.")
    return {str(name): forecast for name, forecast in y_pred.items()}


def sampling(n: int, sample_weight, groups, lags, level, method) -> Sampling:
    """Return the sampling of n samples, or raise a ValueError that names what is wrong."""
    if not (isinstance(level, int | float) and 0.0 < level < 1.0):
        raise ValueError(f"level must lie between 0 and 1, such as 0.95, got {level!r}.")
    if method not in METHODS:
        raise ValueError(
            f"method must be 'normal' or 'bootstrap', got {method!r}. Clusters are named by groups=, the samples of "
            f"a series by lags=, with either method."
        )
    weights = checked_weights(sample_weight, n)
    weights = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
    if weights.min() < 0.0:
        raise ValueError(f"sample_weight must not be negative, got {weights.min():g}.")
    if groups is not None and lags is not None:
        raise ValueError("groups= and lags= exclude each other: samples are clusters, or one series.")
    codes = None if groups is None else codes_of(groups, n, "groups")[1]
    if codes is not None and codes.max() == 0:
        raise ValueError("groups= names one cluster alone; an interval needs two at least.")
    if lags == "auto" and isinstance(lags, str):
        lags = int(4 * (n / 100) ** (2 / 9))
    elif lags is not None:
        if not isinstance(lags, int | np.integer) or isinstance(lags, bool) or not 0 <= lags <= n / 2:
            raise ValueError(
                f"lags must be 'auto', or a whole number from 0 to half the number of samples ({n}), got {lags!r}."
            )
        lags = int(lags)
    return Sampling(weights, codes, lags)


class Estimator:
    """Estimates means of one sampling after another, all from the same seed."""

    def __init__(self, method: str, level: float, n_resamples: int, random_state: Any):
        self.method, self.level, self.n_resamples = method, float(level), n_resamples
        if not isinstance(n_resamples, Integral) or n_resamples < 1:
            raise ValueError(f"n_resamples must be a whole number above zero, got {n_resamples!r}.")
        self.seed: Any = check_random_state(random_state).randint(2**31) if method == "bootstrap" else 0

    def __call__(self, part: Sampling, values: np.ndarray) -> Estimate:
        """Return the estimate of a mean."""
        if self.method == "normal":
            return part.estimate(values, self.level)
        return part.bootstrap(values, self.level, int(self.n_resamples), np.random.default_rng(self.seed))

    def note(self, whole: Sampling) -> str:
        """Return in words how sure the intervals are, and why."""
        units = "independent samples"
        if whole.groups is not None:
            units = f"{whole.n_units} clusters"
        elif whole.lags is not None:
            units = f"a series, {whole.lags} lag{'s' * (whole.lags != 1)}"
        how = "" if self.method == "normal" else f", bootstrap of {self.n_resamples}"
        return f"{100 * self.level:g}% intervals; {units}{how}"
