"""Losses of several classes at once.

To add one, write a class: its parameters, the facts that hold for it, and its formula over the K
outputs, which ends in a sum, maximum or mean over ``axis=-1``.
"""

import numpy as np
from scipy.special import xlogy

from ..formula import logsumexp, softmax
from ..links import UNIT
from ._kinds import MulticlassLoss
from ._kinds_several import MulticlassMarginLoss
from ._likelihoods import CATEGORICAL

__all__ = ["CrammerSinger", "CrossEntropy", "KLDivergence", "MulticlassBrier", "WestonWatkins"]


class CrossEntropy(MulticlassLoss):
    r"""Categorical cross-entropy, -Σ_k y_k log p_k, natural logarithm, summed over classes.

    y may be labels, one-hot rows or distributions (soft targets). The negative log-likelihood of a
    categorical distribution. The mean is over samples: a uniform prediction of K classes costs log K.

    Parameters
    ----------
    label_smoothing : float, default=0.0
        ε, between 0 and 1: y is replaced by (1 - ε)·y + ε/K.

    See Also
    --------
    KLDivergence : The same without the entropy of a soft target.

    References
    ----------
    .. [1] C. M. Bishop, "Pattern Recognition and Machine Learning" (2006), section 4.3.4.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_losses import CrossEntropy
    >>> p = [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.25, 0.25, 0.5]]
    >>> round(CrossEntropy()(["cat", "cow", "dog"], p), 6)
    0.424322
    >>> round(CrossEntropy()([[0.5, 0.5, 0.0]], [[0.6, 0.3, 0.1]]), 6)
    0.857399
    """

    alias = "cross_entropy"
    parameter_domains = {"label_smoothing": UNIT}
    convex = True

    def __init__(self, label_smoothing=0.0):
        self.label_smoothing = label_smoothing

    @property
    def complete(self):  # type: ignore[override]
        """Whether it is zero at its best prediction: unless labels are smoothed."""
        return not self.label_smoothing

    @property
    def elicits(self):  # type: ignore[override]
        """The mean of y, unless labels are smoothed."""
        return None if self.label_smoothing else "mean"

    @property
    def likelihood(self):  # type: ignore[override]
        """That of labels, unless they are smoothed."""
        return None if self.label_smoothing else CATEGORICAL

    @property
    def strictly_proper(self):  # type: ignore[override]
        """Whether the true probabilities are best: unless labels are smoothed."""
        return not self.label_smoothing

    def formula(self, y, f):
        """Return the loss of one sample."""
        smoothing = self.label_smoothing
        return logsumexp(f) - (1 - smoothing) * np.sum(y * f, axis=-1) - smoothing * np.mean(f, axis=-1)


class KLDivergence(MulticlassLoss):
    r"""Kullback-Leibler divergence KL(y ‖ p) = Σ_k y_k log(y_k / p_k), natural logarithm, 0 log 0 = 0.

    Of the true distribution y from the predicted one, in this order; summed over classes, averaged over
    samples. Zero exactly where p = y. It has the gradient of `CrossEntropy`.

    References
    ----------
    .. [1] S. Kullback and R. A. Leibler, "On information and sufficiency", Annals of Mathematical
       Statistics 22 (1951), :doi:`10.1214/aoms/1177729694`.

    Examples
    --------
    >>> from sklearn_losses import KLDivergence
    >>> round(KLDivergence()([[0.5, 0.5, 0.0]], [[0.6, 0.3, 0.1]]), 6)
    0.164252
    """

    alias = "kl_divergence"
    convex = True
    elicits = "mean"
    strictly_proper = True

    def formula(self, y, f):
        """Return the loss of one sample."""
        return np.sum(xlogy(y, y), axis=-1) + logsumexp(f) - np.sum(y * f, axis=-1)


class MulticlassBrier(MulticlassLoss):
    r"""Brier score of several classes, Σ_k (y_k - p_k)²: `Brier` is this for more than two classes.

    Strictly proper, between 0 and 2 (or 1, halved); not convex in the logits. Estimators minimise half of it.

    Parameters
    ----------
    scale_by_half : bool, default=False
        Whether the sum is halved.

    References
    ----------
    .. [1] G. W. Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78
       (1950), :doi:`10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2`.

    Examples
    --------
    >>> from sklearn_losses import MulticlassBrier
    >>> round(MulticlassBrier()(["cat", "dog"], [[0.8, 0.2], [0.4, 0.6]]), 6)
    0.2
    """

    alias = "multiclass_brier"
    training_scale = 0.5
    convex = False
    elicits = "mean"
    strictly_proper = True

    def __init__(self, scale_by_half=False):
        self.scale_by_half = scale_by_half

    def formula(self, y, f):
        """Return the loss of one sample."""
        return (0.5 if self.scale_by_half else 1.0) * np.sum((y - softmax(f)) ** 2, axis=-1)


class CrammerSinger(MulticlassMarginLoss):
    r"""Multiclass hinge loss of Crammer and Singer, max_j (f_j + 1[j ≠ y]) - f_y.

    Zero where the decision function of the true class exceeds every other by 1. `Hinge` is this for more than
    two classes. Where several classes attain the maximum, the derivative is shared among them.

    References
    ----------
    .. [1] K. Crammer and Y. Singer, "On the algorithmic implementation of multiclass kernel-based vector
       machines", Journal of Machine Learning Research 2 (2001), https://jmlr.org/papers/v2/crammer01a.html.

    Examples
    --------
    >>> from sklearn_losses import CrammerSinger
    >>> CrammerSinger()(["cat", "cow", "dog"], [[2.0, 0.0, 0.5], [0.5, 0.0, 1.0], [0.0, 0.0, 0.0]])
    1.0
    """

    alias = "multiclass_hinge"
    convex = True

    def formula(self, y, f):
        """Return the loss of one sample."""
        return np.max(f + (1 - y), axis=-1) - np.sum(y * f, axis=-1)


class WestonWatkins(MulticlassMarginLoss):
    r"""Multiclass hinge loss of Weston and Watkins, Σ_{j ≠ y} max(0, 1 - f_y + f_j); not divided by K.

    Unlike `CrammerSinger` every class that comes too close to the true one costs something.

    References
    ----------
    .. [1] J. Weston and C. Watkins, "Support vector machines for multi-class pattern recognition", ESANN (1999),
       https://www.esann.org/sites/default/files/proceedings/legacy/es1999-461.pdf.

    Examples
    --------
    >>> from sklearn_losses import WestonWatkins
    >>> WestonWatkins()(["cat", "cow", "dog"], [[2.0, 0.0, 0.5], [0.5, 0.0, 1.0], [0.0, 0.0, 0.0]])
    1.8333333333333333
    """

    alias = "weston_watkins"
    convex = True

    def formula(self, y, f):
        """Return the loss of one sample."""
        z = 1 + f - np.sum(y * f, axis=-1, keepdims=True)
        return np.sum((1 - y) * np.where(z >= 0, z, 0), axis=-1)
