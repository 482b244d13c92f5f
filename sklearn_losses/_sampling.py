"""How sure a weighted mean is: of independent values, of clusters, of a series, of groups.

Knows arrays; nothing of losses or models.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import t as student

BATCH = 4_000_000  # so many numbers are drawn at a time


class Estimate(NamedTuple):
    """A mean, its standard error, and an interval of it."""

    mean: float
    standard_error: float
    low: float
    high: float
    statistic: float
    """The mean in standard errors."""
    p_value: float
    """Of the hypothesis that the mean is zero, two-sided."""


@dataclass
class Sampling:
    """Weights of values, and how the values depend on each other.

    Parameters
    ----------
    weights : ndarray of shape (n,)
        Not negative. What has weight zero is not there, but keeps its place in a series.
    groups : ndarray of shape (n,) or None
        The cluster of each value, as codes 0 … G-1. Values of different clusters are independent.
    lags : int or None
        The values are a series, and those further apart than so many steps are taken to be uncorrelated.
    """

    weights: np.ndarray
    groups: np.ndarray | None = None
    lags: int | None = None

    def within(self, chosen: np.ndarray) -> "Sampling":
        """Return the same sampling of a part of the values: the others have weight zero."""
        return Sampling(np.where(chosen, self.weights, 0.0), self.groups, self.lags)

    @property
    def count(self) -> int:
        """How many values there are."""
        return int(np.count_nonzero(self.weights))

    @property
    def n_units(self) -> int:
        """How many independent parts there are; of a series, how many values."""
        return self.count if self.groups is None else len(np.unique(self.groups[self.weights > 0.0]))

    def mean(self, values: np.ndarray) -> float:
        """Return the weighted mean."""
        there = self.weights > 0.0
        return float(np.average(values[there], weights=self.weights[there]))

    def variance(self, values: np.ndarray) -> float:
        """Return the squared standard error of the weighted mean, by linearisation; NaN of fewer than two units.

        Independent values: n/(n-1) Σ u² / (Σ w)², u = w (value - mean). Clusters: the same of the sums of u of each
        cluster. A series: Newey and West's sum over the lags, with the correction of Harvey, Leybourne and Newbold.
        """
        n = self.n_units
        if n < 2:
            return np.nan
        there = self.weights > 0.0
        u = np.where(there, self.weights * (np.where(there, values, 0.0) - self.mean(values)), 0.0)
        if self.groups is not None:
            u = np.bincount(self.groups, u)
        correction = (n - 1) / n
        total = float(u @ u)
        if self.lags:
            h = self.lags + 1
            correction = (n + 1 - 2 * h + h * (h - 1) / n) / n
            if not correction > 0.0:
                return np.nan
            for k in range(1, h):
                total += 2.0 * (1.0 - k / h) * float(u[k:] @ u[:-k])
        return total / correction / float(self.weights.sum()) ** 2

    def estimate(self, values: np.ndarray, level: float) -> Estimate:
        """Return the mean with Student's interval."""
        mean, error = self.mean(values), float(np.sqrt(self.variance(values)))
        degrees = self.n_units - 1
        if not np.isfinite(error):
            return Estimate(mean, np.nan, np.nan, np.nan, np.nan, np.nan)
        reach = error * float(student.ppf(0.5 + 0.5 * level, degrees))
        statistic, p_value = in_errors(mean, error, degrees)
        return Estimate(mean, error, mean - reach, mean + reach, statistic, p_value)

    def bootstrap(self, values: np.ndarray, level: float, n_resamples: int, rng) -> Estimate:
        """Return the mean with an interval from resampled values, clusters, or blocks of a series."""
        mean = self.mean(values)
        if self.n_units < 2:
            return Estimate(mean, np.nan, np.nan, np.nan, np.nan, np.nan)
        sums, weights = self._units(values)
        means = (_of_units if self.lags is None else _of_blocks)(sums, weights, self.lags, n_resamples, rng)
        means = means[np.isfinite(means)]  # without those in which nothing has a weight
        tails = np.array([0.5 - 0.5 * level, 0.5 + 0.5 * level])
        if self.lags is None and np.ptp(means) > 0.0:
            tails = _bca_tails(tails, sums, weights, means)
        low, high = np.quantile(means, tails)
        error = float(means.std(ddof=1))
        p_value = float((1 + np.sum(np.abs(means - mean) >= abs(mean))) / (1 + len(means)))
        statistic = in_errors(mean, error, np.inf)[0]
        return Estimate(mean, error, float(low), float(high), statistic, p_value)

    def _units(self, values):
        """Return sums of values and of weights of what is drawn."""
        w = self.weights
        sums = w * np.where(w > 0.0, values, 0.0)
        if self.groups is not None:
            sums, w = np.bincount(self.groups, sums), np.bincount(self.groups, w)
        if self.lags is None:
            sums, w = sums[w > 0.0], w[w > 0.0]
        return sums, w


def codes_of(values: Any, n: int, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct values of a column, sorted, and the position of each sample's among them."""
    column = np.asarray(values)
    if column.shape == (n, 1):
        column = column[:, 0]
    if column.shape != (n,):
        raise ValueError(f"{name} must be one column of {n} values, one a sample, got shape {column.shape}.")
    missing = np.array([value is None or value != value for value in column.tolist()])
    if missing.any():
        raise ValueError(
            f"{name} has a missing value at position {int(np.argmax(missing))}. Drop these samples, or give what "
            f"is missing a name."
        )
    try:
        return np.unique(column, return_inverse=True)
    except TypeError:
        types = sorted({type(value).__name__ for value in column.tolist()})
        raise ValueError(f"{name} mixes values of several types: {', '.join(types)}.") from None


def parts(by: Any, whole: Sampling) -> Iterator[tuple[dict[str, Any], np.ndarray, Sampling]]:
    """Yield the key columns, the samples and the sampling of each group; of all samples without `by`.

    A group is left out if none of its samples has a weight.
    """
    if by is None:
        yield {}, np.ones(len(whole.weights), dtype=bool), whole
        return
    names, codes = codes_of(by, len(whole.weights), "by")
    key = str(getattr(by, "name", None) or "by")
    for k, name in enumerate(names.tolist()):
        chosen = codes == k
        part = whole.within(chosen)
        if part.count:
            yield {key: name}, chosen, part


def in_errors(mean: float, error: float, degrees: float) -> tuple[float, float]:
    """Return a mean in standard errors, and the two-sided p-value of Student's test of zero."""
    if error == 0.0:
        return (0.0, 1.0) if mean == 0.0 else (float(np.copysign(np.inf, mean)), 0.0)
    statistic = mean / error
    return statistic, float(2.0 * student.sf(abs(statistic), degrees))


def _of_units(sums, weights, _, n_resamples, rng):
    """Draw units with replacement."""
    means, n = [], len(sums)
    for size in _batches(n_resamples, n):
        drawn = rng.integers(0, n, (size, n))
        means.append(sums[drawn].sum(axis=1) / weights[drawn].sum(axis=1))
    return np.concatenate(means)


def _of_blocks(sums, weights, lags, n_resamples, rng):
    """Draw blocks of lags + 1 consecutive values, going on at the start after the end; the last may be shorter."""
    n, length = len(sums), lags + 1
    whole, rest = divmod(n, length)

    def blocks(values, size):
        total = np.concatenate([[0.0], np.cumsum(np.concatenate([values, values[:size]]))])
        return total[size : size + n] - total[:n]

    parts = [(whole, length)] + ([(1, rest)] if rest else [])
    means = []
    for size in _batches(n_resamples, whole + 1):
        total, weight = np.zeros(size), np.zeros(size)
        for count, part in parts:
            drawn = rng.integers(0, n, (size, count))
            total += blocks(sums, part)[drawn].sum(axis=1)
            weight += blocks(weights, part)[drawn].sum(axis=1)
        means.append(np.divide(total, weight, out=np.full(size, np.nan), where=weight > 0.0))
    return np.concatenate(means)


def _batches(count, width):
    size = max(1, BATCH // width)
    return [min(size, count - start) for start in range(0, count, size)]


def _bca_tails(tails, sums, weights, means):
    """Correct the tails for bias and skewness (Efron's BCa); leaving a unit out is a subtraction."""
    mean = sums.sum() / weights.sum()
    bias = ndtri(0.5 * (np.mean(means < mean) + np.mean(means <= mean)))
    left_out = (sums.sum() - sums) / (weights.sum() - weights)
    pull = left_out.mean() - left_out
    skew = np.sum(pull**3) / (6.0 * np.sum(pull**2) ** 1.5)
    z = bias + ndtri(tails)
    moved = ndtr(bias + z / (1.0 - skew * z))
    return moved if np.isfinite(moved).all() else tails
