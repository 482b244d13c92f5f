"""How sure coefficients are: covariance matrices from slopes and curvatures of a loss, and the table of them.

Knows arrays; nothing of losses, and of models only what is handed over.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from .._table import Table
from ..displays._intervals import IntervalDisplay

DEPENDENT = 1e-12  # an eigenvalue of the scaled curvature matrix that is as good as zero
LIKELY = 0.05  # the share outside of the interval that Hall and Sheather's bandwidth is for


@dataclass
class Fit:
    """The loss at the solution: of n samples, p columns (the intercept's is one) and K raw predictions.

    Attributes
    ----------
    design : ndarray of shape (n, p)
    weight : ndarray of shape (n,)
        Not negative.
    slopes : ndarray of shape (n, K)
        Derivatives of the loss by the raw predictions.
    bends : ndarray of shape (n, K, K)
        Second derivatives.
    names : list of str
        Of the columns.
    """

    design: np.ndarray
    weight: np.ndarray
    slopes: np.ndarray
    bends: np.ndarray
    names: list[str]

    @property
    def count(self) -> int:
        """Samples of a positive weight."""
        return int(np.count_nonzero(self.weight))

    @property
    def n_free(self) -> int:
        """Coefficients."""
        return self.design.shape[1] * self.slopes.shape[1]

    @property
    def degrees(self) -> int:
        """Degrees of freedom that the coefficients leave."""
        return self.count - self.n_free

    def scores(self) -> np.ndarray:
        """Return the pull of each sample on the coefficients, of shape (n, K p)."""
        pulls = self.weight[:, None, None] * self.slopes[:, :, None] * self.design[:, None, :]
        return pulls.reshape(len(pulls), -1)

    def bread(self, bends: np.ndarray | None = None) -> np.ndarray:
        """Return Σ w ℓ'' x xᵀ, of shape (K p, K p)."""
        bends = self.bends if bends is None else bends
        K, p = self.slopes.shape[1], self.design.shape[1]
        found = np.empty((K, p, K, p))
        for k in range(K):
            for m in range(K):
                found[k, :, m] = self.design.T @ ((self.weight * bends[:, k, m])[:, None] * self.design)
        return found.reshape(K * p, K * p)

    def inverse(self, matrix: np.ndarray) -> np.ndarray:
        """Return the inverse of a matrix of curvatures, or raise a ValueError that names what is wrong."""
        scale = np.sqrt(np.abs(np.diag(matrix)))
        if not (scale > 0.0).all():
            names = [name for name, size in zip(self._all_names(), scale, strict=True) if not size > 0.0]
            raise ValueError(
                f"The loss does not bend along {_listed(names)} (a column of zeros, or a loss without curvature at "
                f"these predictions), so that there is no standard error."
            )
        values, vectors = np.linalg.eigh(matrix / np.outer(scale, scale))
        if values[0] <= DEPENDENT * values[-1]:
            strong = np.flatnonzero(np.abs(vectors[:, 0]) > 0.1)
            names = [self._all_names()[k] for k in strong]
            if values[0] < -1e-8 * values[-1]:
                raise ValueError("The fit is no minimum: the loss bends down along some coefficients there.")
            raise ValueError(
                f"The columns {_listed(names)} are linearly dependent, so that their coefficients have no standard "
                f"errors of their own. Drop one of them."
            )
        return (vectors / values) @ vectors.T / np.outer(scale, scale)

    def _all_names(self):
        return self.names * self.slopes.shape[1]

    def sandwich(self, groups: np.ndarray | None, correction: bool) -> np.ndarray:
        """Return bread⁻¹ meat bread⁻¹, of independent samples or of clusters."""
        inner, scores = self.inverse(self.bread()), self.scores()
        n, p = self.count, self.n_free
        factor = n / self.degrees
        if groups is not None:
            there = self.weight > 0.0
            _, codes = np.unique(groups[there], return_inverse=True)
            n_groups = int(codes.max()) + 1
            if n_groups < 2:
                raise ValueError("groups= names one cluster alone; a covariance needs two at least.")
            sums = np.zeros((n_groups, p))
            np.add.at(sums, codes, scores[there])
            scores, factor = sums, n_groups / (n_groups - 1) * (n - 1) / self.degrees
        return (factor if correction else 1.0) * inner @ (scores.T @ scores) @ inner

    def of_location(self) -> np.ndarray:
        """Return the covariance if y - f is of one distribution for all samples (Huber's, with his correction)."""
        w, slopes, bends = self.weight, self.slopes[:, 0], self.bends[:, 0, 0]
        mean = np.average(bends, weights=w)
        spread = np.average((bends - mean) ** 2, weights=w)
        factor = (1.0 + self.n_free / self.count * spread / mean**2) ** 2
        noise = float(np.sum(w * slopes**2)) / self.degrees / mean**2
        return factor * noise * self.inverse(self.bread(np.ones_like(self.bends)))


def density_at(residuals: np.ndarray, weight: np.ndarray, y: np.ndarray, level: float) -> float:
    """Return the density of residuals at their quantile of this level, which is zero.

    Epanechnikov's kernel with the bandwidth of Hall and Sheather, as Stata and statsmodels have it.
    """
    there = weight > 0.0
    residuals, weight, y = residuals[there], weight[there] / weight[there].sum(), y[there]
    z = norm.ppf(level)
    width = (1.5 * norm.pdf(z) ** 2 / (2.0 * z**2 + 1.0)) ** (1 / 3)
    width *= len(y) ** (-1 / 3) * norm.ppf(1.0 - 0.5 * LIKELY) ** (2 / 3)
    if not 0.0 < level - width < level + width < 1.0:
        raise ValueError(
            f"{len(y)} samples are too few to tell how dense they are at the quantile {level:g}: resample them "
            f"(bootstrap) for its standard errors."
        )
    quartiles = np.quantile(residuals, [0.25, 0.75])
    spread = min(float(np.std(y)), float(np.ptp(quartiles)) / 1.34)
    u = residuals / (spread * (norm.ppf(level + width) - norm.ppf(level - width)))
    kernel = np.where(np.abs(u) <= 1.0, 0.75 * (1.0 - u**2), 0.0)
    return float(weight @ kernel) / (spread * (norm.ppf(level + width) - norm.ppf(level - width)))


class CoefficientTable(Table):
    """Coefficients with their standard errors; `inference` of a linear model gives it.

    Columns: `output` where there are several, `feature`, `coefficient`, `standard_error`, `statistic` (the coefficient
    in standard errors), `p_value` (of the two-sided test that it is zero), `low` and `high`. ``table["low"]`` is a
    column; `to_pandas` gives a data frame.

    Attributes
    ----------
    coefficients, standard_errors : ndarray of shape (n_rows,)
        The columns of the table.
    covariance_matrix : ndarray of shape (n_rows, n_rows)
        Of the coefficients; zero between outputs that were fitted apart.
    n_samples : int
        Samples of a positive weight.
    degrees_of_freedom : int
        `n_samples` less the coefficients of an output.
    dispersion : float or None
        φ of the distribution, known or estimated (Pearson); None if the loss is no likelihood, or for several outputs.
    log_likelihood, aic, bic : float
        Where the loss is a likelihood, the weights are all equal, and the density is known; else NaN.
    """

    covariance_matrix: np.ndarray
    n_samples: int
    degrees_of_freedom: int
    dispersion: float | None
    log_likelihood: float
    aic: float
    bic: float
    _title: str

    @property
    def coefficients(self) -> np.ndarray:
        """The column of coefficients."""
        return self["coefficient"]

    @property
    def standard_errors(self) -> np.ndarray:
        """The column of standard errors."""
        return self["standard_error"]

    def summary(self) -> str:
        """Return the table with what it rests on, as text.

        Returns
        -------
        str
        """
        return repr(self)

    def _above(self) -> list[str]:
        lines = [self._title]
        if np.isfinite(self.log_likelihood):
            lines.append(f"log-likelihood {self.log_likelihood:.2f}, AIC {self.aic:.2f}, BIC {self.bic:.2f}")
        return lines

    def _alike(self):
        return np.arange(len(self))

    def plot(self, ax: Any = None, **line_kw: Any) -> IntervalDisplay:
        """Draw the coefficients with their intervals, but for the intercept; filled where zero lies outside.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; on a new figure if not given. With several outputs, one axes for each.
        **line_kw
            For :meth:`matplotlib.axes.Axes.errorbar`.

        Returns
        -------
        IntervalDisplay
        """
        shown = self["feature"] != "intercept"
        outputs = self.columns.get("output")
        return IntervalDisplay(
            names=self["feature"][shown].tolist(),
            values=self["coefficient"][shown],
            low=self["low"][shown],
            high=self["high"][shown],
            axis="coefficient",
            reference=0.0,
            panels=None if outputs is None else outputs[shown],
        ).plot(ax=ax, **line_kw)


def columns_of_coefficients(coefficients, covariance, degrees: float, level: float) -> dict[str, np.ndarray]:
    """Return the columns of numbers; Student's where the degrees of freedom are finite, else the normal's."""
    errors = np.sqrt(np.diag(covariance))
    reach = errors * student.ppf(0.5 + 0.5 * level, degrees)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = coefficients / errors
    return {
        "coefficient": coefficients,
        "standard_error": errors,
        "statistic": statistic,
        "p_value": 2.0 * student.sf(np.abs(statistic), degrees),
        "low": coefficients - reach,
        "high": coefficients + reach,
    }


def _listed(names):
    return ", ".join(map(repr, dict.fromkeys(names)))
