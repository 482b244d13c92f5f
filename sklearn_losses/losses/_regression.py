"""Losses of numbers that define what is predicted: the mean, the median, a quantile, an expectile.

To add one, write a class: its parameters, the facts that hold for it, and its formula. Its alias makes
it a name that estimators know, a functional metric and a scorer. Losses whose point is that outliers
count less are in ``_robust.py``.
"""

import numpy as np
from scipy.special import huber

from ..links import ABOVE_MINUS_ONE, AT_LEAST_ONE, LOG1P, NON_NEGATIVE, POSITIVE, WITHIN_UNIT
from ._kinds import RegressionLoss
from ._likelihoods import NORMAL

__all__ = [
    "AbsoluteError",
    "AbsolutePercentageError",
    "EpsilonInsensitive",
    "Expectile",
    "Minkowski",
    "Pinball",
    "SmoothPinball",
    "SquaredEpsilonInsensitive",
    "SquaredError",
    "SquaredLogError",
]


class SquaredError(RegressionLoss):
    r"""Squared error, (y - ŷ)².

    Estimators minimise half of it, as scikit-learn's do. Its mean is best at the mean of y.

    See Also
    --------
    sklearn.metrics.mean_squared_error : The same as a function.

    References
    ----------
    .. [1] T. Gneiting, "Making and evaluating point forecasts", Journal of the American Statistical
       Association 106 (2011), :doi:`10.1198/jasa.2011.r10138`.

    Examples
    --------
    >>> from sklearn_losses import SquaredError
    >>> SquaredError()([1.0, 2.0, 4.0], [1.0, 3.0, 2.0])
    1.6666666666666667
    """

    alias = "squared_error"
    training_scale = 0.5
    convex = True
    elicits = "mean"
    likelihood = NORMAL

    def formula(self, y, f):
        """Return the loss of one sample."""
        return (y - f) ** 2


class AbsoluteError(RegressionLoss):
    r"""Absolute error, \|y - ŷ\|.

    Its mean is best at the median of y, so that outliers move it little. At y = ŷ its derivative is 0.

    See Also
    --------
    sklearn.metrics.mean_absolute_error : The same as a function.

    References
    ----------
    .. [1] T. Gneiting, "Making and evaluating point forecasts", Journal of the American Statistical
       Association 106 (2011), :doi:`10.1198/jasa.2011.r10138`.

    Examples
    --------
    >>> from sklearn_losses import AbsoluteError
    >>> AbsoluteError()([1.0, 2.0, 4.0], [1.0, 3.0, 2.0])
    1.0
    """

    alias = "absolute_error"
    convex = True
    elicits = "median"

    def formula(self, y, f):
        """Return the loss of one sample."""
        return np.abs(y - f)


class Pinball(RegressionLoss):
    r"""Pinball (quantile, check) loss, max(τr, (τ - 1)r), r = y - ŷ.

    τ weighs under-prediction: a prediction below y costs τ a unit, one above it costs 1 - τ. So its mean is
    best at the τ-quantile of y. With τ = ½ it is half the absolute error. At y = ŷ its derivative is -τ.

    Parameters
    ----------
    quantile : float, default=0.5
        τ, between 0 and 1.

    References
    ----------
    .. [1] R. Koenker and G. Bassett, "Regression quantiles", Econometrica 46 (1978), :doi:`10.2307/1913643`.

    Examples
    --------
    >>> from sklearn_losses import Pinball
    >>> Pinball(quantile=0.9)([10.0, 10.0], [8.0, 12.0])
    1.0
    """

    alias = "pinball"
    parameter_domains = {"quantile": WITHIN_UNIT}
    convex = True
    elicits = "quantile"

    def __init__(self, quantile=0.5):
        self.quantile = quantile

    def formula(self, y, f):
        """Return the loss of one sample."""
        r = y - f
        return np.where(r >= 0, self.quantile * r, (self.quantile - 1) * r)


class SmoothPinball(RegressionLoss):
    r"""Pinball loss with a rounded kink: (τ where r > 0, 1 - τ where r < 0) · huber_δ(r)/δ, r = y - ŷ.

    Smooth, so that any solver trains it; as δ falls to 0 it becomes `Pinball`, and its best constant the
    τ-quantile.

    Parameters
    ----------
    quantile : float, default=0.5
        τ, between 0 and 1.
    delta : float, default=1.0
        Half the width of the rounding, in units of y; positive.

    References
    ----------
    .. [1] S. Zheng, "Gradient descent algorithms for quantile regression with smooth approximation",
       International Journal of Machine Learning and Cybernetics 2 (2011), :doi:`10.1007/s13042-011-0031-2`.

    Examples
    --------
    >>> from sklearn_losses import SmoothPinball
    >>> round(SmoothPinball(quantile=0.9, delta=0.1)([10.0, 10.0], [8.0, 12.0]), 6)
    0.975
    """

    alias = "smooth_pinball"
    parameter_domains = {"quantile": WITHIN_UNIT, "delta": POSITIVE}
    convex = True

    def __init__(self, quantile=0.5, delta=1.0):
        self.quantile = quantile
        self.delta = delta

    def formula(self, y, f):
        """Return the loss of one sample."""
        r = y - f
        return np.where(r >= 0, self.quantile, 1 - self.quantile) * huber(self.delta, r) / self.delta


class Expectile(RegressionLoss):
    r"""Expectile loss, \|τ - 1[r < 0]\| r², r = y - ŷ: an asymmetric squared error.

    τ weighs under-prediction. Its mean is best at the τ-expectile of y; with τ = ½ it is half the squared
    error and the expectile is the mean.

    Parameters
    ----------
    expectile : float, default=0.5
        τ, between 0 and 1.

    References
    ----------
    .. [1] W. K. Newey and J. L. Powell, "Asymmetric least squares estimation and testing", Econometrica 55
       (1987), :doi:`10.2307/1911031`.

    Examples
    --------
    >>> from sklearn_losses import Expectile
    >>> Expectile(expectile=0.9)([10.0, 10.0], [8.0, 12.0])
    2.0
    """

    alias = "expectile"
    parameter_domains = {"expectile": WITHIN_UNIT}
    convex = True
    elicits = "expectile"

    def __init__(self, expectile=0.5):
        self.expectile = expectile

    def formula(self, y, f):
        """Return the loss of one sample."""
        r = y - f
        return np.where(r >= 0, self.expectile, 1 - self.expectile) * r**2


class EpsilonInsensitive(RegressionLoss):
    r"""ε-insensitive loss, max(0, \|r\| - ε), r = y - ŷ: the objective of support vector regression.

    Residuals up to ε cost nothing. With ε = 0 it is the absolute error. At \|r\| = ε its derivative is 0.

    Parameters
    ----------
    epsilon : float, default=0.1
        Half the width of the tube, in units of y; not negative.

    References
    ----------
    .. [1] A. J. Smola and B. Schölkopf, "A tutorial on support vector regression", Statistics and Computing
       14 (2004), :doi:`10.1023/B:STCO.0000035301.49549.88`.

    Examples
    --------
    >>> from sklearn_losses import EpsilonInsensitive
    >>> EpsilonInsensitive(epsilon=0.5)([0.0, 0.0], [0.25, 3.0])
    1.25
    """

    alias = "epsilon_insensitive"
    parameter_domains = {"epsilon": NON_NEGATIVE}
    convex = True
    epsilon_parameter = "epsilon"

    def __init__(self, epsilon=0.1):
        self.epsilon = epsilon

    def formula(self, y, f):
        """Return the loss of one sample."""
        r = np.abs(y - f)
        return np.where(r > self.epsilon, r - self.epsilon, 0)


class SquaredEpsilonInsensitive(RegressionLoss):
    r"""Squared ε-insensitive loss, max(0, \|r\| - ε)², r = y - ŷ.

    Residuals up to ε cost nothing. With ε = 0 it is the squared error.

    Parameters
    ----------
    epsilon : float, default=0.1
        Half the width of the tube, in units of y; not negative.

    References
    ----------
    .. [1] C.-H. Ho and C.-J. Lin, "Large-scale linear support vector regression", Journal of Machine Learning
       Research 13 (2012), https://jmlr.org/papers/v13/ho12a.html.

    Examples
    --------
    >>> from sklearn_losses import SquaredEpsilonInsensitive
    >>> SquaredEpsilonInsensitive(epsilon=0.5)([0.0, 0.0], [0.25, 3.0])
    3.125
    """

    alias = "squared_epsilon_insensitive"
    parameter_domains = {"epsilon": NON_NEGATIVE}
    convex = True
    epsilon_parameter = "epsilon"

    def __init__(self, epsilon=0.1):
        self.epsilon = epsilon

    def formula(self, y, f):
        """Return the loss of one sample."""
        r = np.abs(y - f)
        return np.where(r > self.epsilon, (r - self.epsilon) ** 2, 0)


class Minkowski(RegressionLoss):
    r"""Minkowski (power, Lq) loss, \|r\|^q, r = y - ŷ.

    With q = 1 it is the absolute error, with q = 2 the squared error. For q < 2 its second derivative is
    infinite at r = 0; here it is 0 there.

    Parameters
    ----------
    q : float, default=1.5
        At least 1.

    References
    ----------
    .. [1] C. M. Bishop, "Pattern Recognition and Machine Learning" (2006), section 1.5.5.

    Examples
    --------
    >>> from sklearn_losses import Minkowski
    >>> Minkowski(q=1.5)([0.0, 0.0], [1.0, 4.0])
    4.5
    """

    alias = "minkowski"
    parameter_domains = {"q": AT_LEAST_ONE}
    convex = True

    def __init__(self, q=1.5):
        self.q = q

    def formula(self, y, f):
        """Return the loss of one sample."""
        r = np.abs(y - f)
        return np.where(r > 0, r**self.q, 0)


class SquaredLogError(RegressionLoss):
    r"""Squared logarithmic error, (log(1 + y) - log(1 + ŷ))², y and ŷ > -1.

    The squared error on a logarithmic scale, for targets over several orders of magnitude: it charges
    ratios. The raw prediction is log(1 + ŷ). Its mean is best at exp(E log(1 + y)) - 1.

    See Also
    --------
    sklearn.metrics.mean_squared_log_error : The same as a function.

    References
    ----------
    .. [1] C. Tofallis, "A better measure of relative prediction accuracy for model selection and model
       estimation", Journal of the Operational Research Society 66 (2015), :doi:`10.1057/jors.2014.103`.

    Examples
    --------
    >>> from sklearn_losses import SquaredLogError
    >>> round(SquaredLogError()([9.0, 99.0], [99.0, 99.0]), 6)
    2.650949
    """

    alias = "squared_log_error"
    target = ABOVE_MINUS_ONE
    link = LOG1P
    convex = True

    def formula(self, y, f):
        """Return the loss of one sample."""
        return (np.log1p(y) - f) ** 2


class AbsolutePercentageError(RegressionLoss):
    r"""Absolute percentage error, \|y - ŷ\| / max(\|y\|, eps): a fraction, not per cent.

    eps is the machine epsilon of float64, so that y = 0 costs a huge but finite amount. Its mean is best at
    a median of y weighted by 1/\|y\|, below the median: it favours models that predict too little.

    See Also
    --------
    sklearn.metrics.mean_absolute_percentage_error : The same as a function.

    References
    ----------
    .. [1] A. de Myttenaere, B. Golden, B. Le Grand and F. Rossi, "Mean absolute percentage error for regression
       models", Neurocomputing 192 (2016), :doi:`10.1016/j.neucom.2015.12.114`.

    Examples
    --------
    >>> from sklearn_losses import AbsolutePercentageError
    >>> AbsolutePercentageError()([10.0, 4.0], [5.0, 5.0])
    0.375
    """

    alias = "absolute_percentage_error"
    convex = True

    def formula(self, y, f):
        """Return the loss of one sample."""
        return np.abs(y - f) / np.maximum(np.abs(y), np.finfo(np.float64).eps)
