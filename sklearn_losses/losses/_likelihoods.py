"""Distributions whose negative log-likelihood a loss is, but for a scale and for what does not depend on f.

Knows targets and values of losses. A loss names its own as `likelihood`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import gammaln, xlogy


@dataclass(frozen=True)
class Likelihood:
    """A distribution with the density c(y, φ) exp(-ρ(y, f) / φ), where ρ is training_scale · loss.

    A loss names its own as the class attribute `likelihood`; then `inference` of linear models has the covariance of
    the model, and AIC and BIC. Of a loss that elicits the mean, slopes have to be straight in y, as of deviances.

    Parameters
    ----------
    name : str
        Of the distribution.
    dispersion : float, default=None
        φ, where it is known: 1 for a negative log-likelihood; None where it is estimated.
    log_constant : callable, default=None
        Gives log c(y, φ) of every sample, as ``log_constant(loss, y, dispersion)``. None where it is unknown: then
        there is no AIC.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_losses import Likelihood, LinearRegressor, RegressionLoss
    >>> class Logistic(RegressionLoss):
    ...     likelihood = Likelihood("logistic", dispersion=1.0, log_constant=lambda loss, y, dispersion: 0.0)
    ...     def formula(self, y, f):  # the whole negative log-likelihood
    ...         return (y - f) + 2.0 * np.logaddexp(0.0, f - y)
    >>> X, y = np.arange(6.0)[:, None], np.array([0.5, 0.0, 2.5, 2.0, 5.0, 4.0])
    >>> table = LinearRegressor(Logistic(), penalty=None).fit(X, y).inference(X, y, covariance="model")
    >>> round(table.aic, 2)
    22.65
    """

    name: str
    dispersion: float | None = None
    log_constant: Callable[[Any, np.ndarray, float], Any] | None = None

    def log_likelihood(self, loss: Any, y: np.ndarray, rho: np.ndarray, dispersion: float) -> float:
        """Return the log-likelihood of samples; NaN where it is unknown.

        That of the normal distribution is at its largest φ, the mean of squared residuals.
        """
        if self.log_constant is None:
            return np.nan
        if self is NORMAL:
            dispersion = 2.0 * float(rho.mean())
        return float(np.sum(self.log_constant(loss, y, dispersion) - rho / dispersion))


def _of_normal(loss, y, dispersion):
    return -0.5 * np.log(2.0 * np.pi * dispersion)


def _of_labels(loss, y, dispersion):
    """Zero for labels; a soft target has no density."""
    return np.where((y == 0.0) | (y == 1.0), 0.0, np.nan)


def _of_poisson(loss, y, dispersion):
    return xlogy(y, y) - y - gammaln(y + 1.0)


def _of_gamma(loss, y, dispersion):
    shape = 1.0 / dispersion
    return shape * np.log(shape) - shape - gammaln(shape) - np.log(y)


def _of_negative_binomial(loss, y, dispersion):
    r = 1.0 / loss.theta
    constant = gammaln(y + r) - gammaln(r) - gammaln(y + 1.0)
    return constant + r * np.log(r / (r + y)) + xlogy(y, y / (r + y))


NORMAL = Likelihood("normal", None, _of_normal)
BERNOULLI = Likelihood("Bernoulli", 1.0, _of_labels)
CATEGORICAL = Likelihood("categorical", 1.0, lambda loss, y, dispersion: 0.0 if y.ndim == 1 else np.nan)
POISSON = Likelihood("Poisson", 1.0, _of_poisson)
GAMMA = Likelihood("gamma", None, _of_gamma)
TWEEDIE = Likelihood("Tweedie", None, None)
NEGATIVE_BINOMIAL = Likelihood("negative binomial", 1.0, _of_negative_binomial)
