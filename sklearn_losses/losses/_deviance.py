"""Losses of counts, amounts and other non-negative numbers: deviances, with the logarithm as link.

A metric takes the mean μ, a formula its logarithm f. Complete deviances: zero at a perfect prediction. And
the Gaussian negative log-likelihood of a predicted mean and variance, which is a metric only.
"""

import numpy as np
from scipy.special import xlogy

from ..links import LOG, NON_NEGATIVE, POSITIVE, Interval
from ._kinds import RegressionLoss
from ._kinds_several import MomentsLoss
from ._likelihoods import GAMMA, NEGATIVE_BINOMIAL, POISSON, TWEEDIE

__all__ = ["Gamma", "GaussianNLL", "NegativeBinomial", "Poisson", "Tweedie"]


class Poisson(RegressionLoss):
    r"""Poisson deviance, 2(y log(y/μ) - y + μ), y ≥ 0, μ > 0, 0 log 0 = 0.

    For counts and rates. Twice the negative log-likelihood of a Poisson distribution, less its minimum.
    `Tweedie` with power 1; the limit of `NegativeBinomial` as θ falls to 0. Estimators minimise half of it.

    See Also
    --------
    sklearn.metrics.mean_poisson_deviance : The same as a function.

    References
    ----------
    .. [1] P. McCullagh and J. A. Nelder, "Generalized Linear Models", second edition (1989), section 2.3,
       :doi:`10.1201/9780203753736`.

    Examples
    --------
    >>> from sklearn_losses import Poisson
    >>> round(Poisson()([0, 1, 4], [0.5, 1.0, 2.0]), 6)
    0.848392
    """

    alias = "poisson"
    target = NON_NEGATIVE
    link = LOG
    training_scale = 0.5
    convex = True
    elicits = "mean"
    likelihood = POISSON
    raw_range = Interval(-1000.0, 700.0)

    def formula(self, y, f):
        """Return the loss of one sample."""
        return 2 * (xlogy(y, y) - y * f - y + np.exp(f))


class Gamma(RegressionLoss):
    r"""Gamma deviance, 2(y/μ - log(y/μ) - 1), y > 0, μ > 0.

    For positive amounts whose spread grows with their mean: it depends on the ratio y/μ alone. `Tweedie`
    with power 2. Estimators minimise half of it.

    See Also
    --------
    sklearn.metrics.mean_gamma_deviance : The same as a function.

    References
    ----------
    .. [1] P. McCullagh and J. A. Nelder, "Generalized Linear Models", second edition (1989), section 2.3,
       :doi:`10.1201/9780203753736`.

    Examples
    --------
    >>> from sklearn_losses import Gamma
    >>> round(Gamma()([1.0, 4.0], [1.0, 2.0]), 6)
    0.306853
    """

    alias = "gamma"
    target = POSITIVE
    link = LOG
    training_scale = 0.5
    convex = True
    elicits = "mean"
    likelihood = GAMMA
    raw_range = Interval(-600.0, 1000.0)

    def formula(self, y, f):
        """Return the loss of one sample."""
        return 2 * (y * np.exp(-f) - np.log(y) + f - 1)


class Tweedie(RegressionLoss):
    r"""Tweedie deviance of power p: 2(y^(2-p)/((1-p)(2-p)) - y μ^(1-p)/(1-p) + μ^(2-p)/(2-p)).

    For non-negative amounts with many zeros, such as insurance claims: with 1 < p < 2 the distribution is a
    Poisson sum of gamma amounts. The variance is proportional to μ^p. Power 1 is `Poisson`, 2 is `Gamma`
    (which needs y > 0). Estimators minimise half of it.

    Parameters
    ----------
    power : float, default=1.5
        p, from 1 to 2.

    See Also
    --------
    sklearn.metrics.mean_tweedie_deviance : The same as a function.

    References
    ----------
    .. [1] B. Jørgensen, "Exponential dispersion models", Journal of the Royal Statistical Society B 49
       (1987), :doi:`10.1111/j.2517-6161.1987.tb01685.x`.

    Examples
    --------
    >>> from sklearn_losses import Tweedie
    >>> round(Tweedie(power=1.5)([0.0, 4.0], [1.0, 1.0]), 6)
    4.0
    """

    alias = "tweedie"
    parameter_domains = {"power": Interval(1.0, 2.0)}
    link = LOG
    training_scale = 0.5
    convex = True
    elicits = "mean"
    likelihood = TWEEDIE

    def __init__(self, power=1.5):
        self.power = power

    @property
    def target(self):  # type: ignore[override]
        """Zeros have a density below power 2 only."""
        return POSITIVE if self.power == 2 else NON_NEGATIVE

    @property
    def raw_range(self):  # type: ignore[override]
        """Where μ^(1-p) and μ^(2-p) are floats."""
        low, high = 600.0 / max(self.power - 1.0, 0.6), 700.0 / max(2.0 - self.power, 0.7)
        return Interval(-low, high)

    def formula(self, y, f):
        """Return the loss of one sample."""
        p = self.power
        if p == 1:
            return Poisson().formula(y, f)
        if p == 2:
            return Gamma().formula(y, f)
        # In d = log(μ/y) no digits are lost as p nears 1 or 2, and y = 0 meets no infinity.
        d = f - np.log(np.where(y > 0, y, 1))
        above_zero = y ** (2 - p) * (np.expm1((1 - p) * d) / (p - 1) + np.expm1((2 - p) * d) / (2 - p))
        return 2 * np.where(y > 0, above_zero, np.exp((2 - p) * f) / (2 - p))


class NegativeBinomial(RegressionLoss):
    r"""Negative binomial deviance, 2(y log(y/μ) - (y + 1/θ) log((1 + θy)/(1 + θμ))), y ≥ 0, μ > 0.

    For counts that spread more than a Poisson distribution: the variance is μ + θμ². As θ falls to 0 it
    becomes `Poisson`. Estimators minimise half of it.

    Parameters
    ----------
    theta : float, default=1.0
        θ, the dispersion; positive.

    References
    ----------
    .. [1] J. M. Hilbe, "Negative Binomial Regression", second edition (2011),
       :doi:`10.1017/CBO9780511973420`.

    Examples
    --------
    >>> from sklearn_losses import NegativeBinomial
    >>> round(NegativeBinomial(theta=1.0)([0, 1, 4], [0.5, 1.0, 2.0]), 6)
    0.41595
    """

    alias = "negative_binomial"
    target = NON_NEGATIVE
    parameter_domains = {"theta": POSITIVE}
    link = LOG
    training_scale = 0.5
    convex = True
    elicits = "mean"
    likelihood = NEGATIVE_BINOMIAL

    def __init__(self, theta=1.0):
        self.theta = theta

    def formula(self, y, f):
        """Return the loss of one sample; written so that its derivative is accurate, too."""
        odds = self.theta * y
        raw = f + np.log(self.theta)  # the log-odds that the prediction stands for
        success = y * (np.logaddexp(0, -raw) - np.log1p(1 / np.where(y > 0, odds, 1)))
        return 2 * (success + (np.logaddexp(0, raw) - np.log1p(odds)) / self.theta)


class GaussianNLL(MomentsLoss):
    r"""Gaussian negative log-likelihood, ½(log(2πσ²) + (y - μ)²/σ²). A metric only.

    The prediction has two columns, mean μ and variance σ² > 0. The constant is kept, so that it may be
    negative where σ² is small. Its mean is best at the conditional mean and variance.

    References
    ----------
    .. [1] T. Gneiting and A. E. Raftery, "Strictly proper scoring rules, prediction, and estimation", Journal
       of the American Statistical Association 102 (2007), :doi:`10.1198/016214506000001437`.

    Examples
    --------
    >>> from sklearn_losses import GaussianNLL
    >>> round(GaussianNLL()([1.0, 2.0], [[1.0, 1.0], [4.0, 2.0]]), 6)
    1.592225
    """

    alias = "gaussian_nll"
    complete = False
    convex = False
    elicits = "mean and variance"

    def formula(self, y, f):
        """Return the loss of one sample."""
        mean, variance = f[..., 0], f[..., 1]
        return 0.5 * (np.log(2 * np.pi * variance) + (y - mean) ** 2 / variance)
