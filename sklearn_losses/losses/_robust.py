"""Losses of numbers in which outliers count less: quadratic near zero, linear or slower far away.

To add one, write a class: its parameters, the facts that hold for it, and its formula.
"""

import numpy as np

from ..links import POSITIVE
from ._kinds import RegressionLoss

__all__ = [
    "Cauchy",
    "Fair",
    "Huber",
    "LogCosh",
    "PseudoHuber",
]


class Huber(RegressionLoss):
    r"""Huber loss: ½r² where \|r\| ≤ δ, and δ(\|r\| - ½δ) beyond, for r = y - ŷ.

    The squared error near zero and the absolute error far away: smooth, and robust against outliers.
    Divided by δ it is the "smooth L1" loss; as δ grows it becomes half the squared error.

    Parameters
    ----------
    delta : float, default=1.0
        Where the loss turns from quadratic to linear, in units of y; positive.

    References
    ----------
    .. [1] P. J. Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35
       (1964), :doi:`10.1214/aoms/1177703732`.

    Examples
    --------
    >>> from sklearn_losses import Huber
    >>> Huber(delta=1.0)([0.0, 0.0], [0.5, 3.0])
    1.3125
    >>> Huber(delta=1.0).gradient([0.0, 0.0], [0.5, 3.0])
    array([0.5, 1. ])
    """

    alias = "huber"
    convex = True
    elicits = "huber functional"
    epsilon_parameter = "delta"
    parameter_domains = {"delta": POSITIVE}

    def __init__(self, delta=1.0):
        self.delta = delta

    def formula(self, y, f):
        """Return the loss of one sample."""
        r = np.abs(y - f)
        return np.where(r <= self.delta, 0.5 * r**2, self.delta * (r - 0.5 * self.delta))


class PseudoHuber(RegressionLoss):
    r"""Pseudo-Huber loss, δ²(√(1 + (r/δ)²) - 1), r = y - ŷ: a Huber loss without a seam.

    It is ½r² near zero and δ\|r\| - δ² far away, with all derivatives continuous.

    Parameters
    ----------
    delta : float, default=1.0
        Where the loss turns from quadratic to linear, in units of y; positive.

    References
    ----------
    .. [1] P. Charbonnier, L. Blanc-Féraud, G. Aubert and M. Barlaud, "Deterministic edge-preserving
       regularization in computed imaging", IEEE Transactions on Image Processing 6 (1997),
       :doi:`10.1109/83.551699`.

    Examples
    --------
    >>> from sklearn_losses import PseudoHuber
    >>> round(PseudoHuber(delta=1.0)([0.0, 0.0], [0.5, 3.0]), 6)
    1.140156
    """

    alias = "pseudo_huber"
    parameter_domains = {"delta": POSITIVE}
    convex = True

    def __init__(self, delta=1.0):
        self.delta = delta

    def formula(self, y, f):
        """Return the loss of one sample: near and far by forms whose derivatives do not cancel there."""
        x = np.abs(y - f) / self.delta
        far = x > 1
        t = 1 / np.where(far, x, 1)
        near = x**2 / (1 + np.sqrt(1 + x**2))
        return self.delta**2 * np.where(far, x - 1 + t / (1 + np.sqrt(1 + t**2)), near)


class LogCosh(RegressionLoss):
    r"""Log-cosh loss, log cosh r, r = y - ŷ.

    It is ½r² near zero and \|r\| - log 2 far away; it never overflows. Its derivative is -tanh r.

    References
    ----------
    .. [1] R. A. Saleh and A. K. Md. E. Saleh, "Statistical properties of the log-cosh loss function used in
       machine learning" (2022), :doi:`10.48550/arXiv.2208.04564`.

    Examples
    --------
    >>> from sklearn_losses import LogCosh
    >>> round(LogCosh()([0.0, 0.0], [0.5, 100.0]), 6)
    49.713484
    """

    alias = "log_cosh"
    convex = True

    def formula(self, y, f):
        """Return the loss of one sample: one form that is exact near zero, one that never overflows."""
        r = y - f
        near = np.log1p(2 * np.sinh(0.5 * r) ** 2)
        far = np.abs(r) + np.log1p(np.exp(-2 * np.abs(r))) - np.log(2)
        return np.where(np.abs(r) < 1, near, far)


class Fair(RegressionLoss):
    r"""Fair loss, c\|r\| - c² log(1 + \|r\|/c), r = y - ŷ.

    It is ½r² near zero and grows a little slower than c\|r\| far away.

    Parameters
    ----------
    c : float, default=1.0
        The scale at which residuals begin to count less, in units of y; positive.

    References
    ----------
    .. [1] R. C. Fair, "On the robust estimation of econometric models", Annals of Economic and Social
       Measurement 3 (1974), https://www.nber.org/chapters/c10206.

    Examples
    --------
    >>> from sklearn_losses import Fair
    >>> round(Fair(c=1.0)([0.0, 0.0], [0.5, 3.0]), 6)
    0.85412
    """

    alias = "fair"
    parameter_domains = {"c": POSITIVE}
    convex = True

    def __init__(self, c=1.0):
        self.c = c

    def formula(self, y, f):
        """Return the loss of one sample; for small residuals by the series of x - log1p(x)."""
        x = np.abs(y - f) / self.c
        series = 0.0
        for k in range(9, 1, -1):
            series = 1 / k - x * series
        return self.c**2 * np.where(x < 0.01, x**2 * series, x - np.log1p(x))


class Cauchy(RegressionLoss):
    r"""Cauchy (Lorentzian) loss, ½c² log(1 + (r/c)²), r = y - ŷ. Not convex.

    It is ½r² near zero and grows like a logarithm far away: a gross outlier has hardly any influence. The
    negative log-likelihood of a Cauchy distribution of scale c, times c²/2.

    Parameters
    ----------
    c : float, default=1.0
        The scale beyond which the influence of a residual falls, in units of y; positive.

    References
    ----------
    .. [1] M. J. Black and A. Rangarajan, "On the unification of line processes, outlier rejection, and
       robust statistics", International Journal of Computer Vision 19 (1996), :doi:`10.1007/BF00131148`.

    Examples
    --------
    >>> from sklearn_losses import Cauchy
    >>> round(Cauchy(c=1.0)([0.0, 0.0], [0.5, 3.0]), 6)
    0.631432
    """

    alias = "cauchy"
    parameter_domains = {"c": POSITIVE}
    convex = False

    def __init__(self, c=1.0):
        self.c = c

    def formula(self, y, f):
        """Return the loss of one sample."""
        return 0.5 * self.c**2 * np.log1p(((y - f) / self.c) ** 2)
