"""Losses of two classes.

To add one, write a class: its parameters, the facts that hold for it, and its formula. A `MarginLoss`
takes y in {-1, +1} and the decision function; a `ProbabilityLoss` takes y in [0, 1] and the log-odds.
"""

import numpy as np
from scipy.special import expit

from ..links import CLIPPED, HALF_LOGIT, NON_NEGATIVE, UNIT, Interval
from ._kinds import MarginLoss, ProbabilityLoss
from ._likelihoods import BERNOULLI
from ._multiclass import CrammerSinger, CrossEntropy, MulticlassBrier

__all__ = [
    "Brier",
    "Exponential",
    "Focal",
    "Hinge",
    "LogLoss",
    "ModifiedHuber",
    "Perceptron",
    "SquaredHinge",
]


class LogLoss(ProbabilityLoss):
    r"""Log loss, binary cross-entropy: -y log p - (1 - y) log(1 - p), natural logarithm.

    The negative log-likelihood of a Bernoulli distribution; the objective of logistic regression. As a
    metric it takes probabilities of more than two classes too, and is then `CrossEntropy`. Soft targets y
    in [0, 1] are welcome; the loss of a soft target is at best its entropy.

    References
    ----------
    .. [1] I. J. Good, "Rational decisions", Journal of the Royal Statistical Society B 14 (1952),
       :doi:`10.1111/j.2517-6161.1952.tb00104.x`.

    Examples
    --------
    >>> from sklearn_losses import LogLoss
    >>> round(LogLoss()(["ham", "spam", "spam"], [0.1, 0.8, 0.6]), 6)
    0.279777
    >>> LogLoss().gradient([0, 1], [0.0, 0.0])
    array([ 0.5, -0.5])
    """

    alias = "log_loss"
    convex = True
    elicits = "mean"
    likelihood = BERNOULLI
    strictly_proper = True

    def formula(self, y, f):
        """Return the loss of one sample; written so that its derivative is accurate, too."""
        return y * np.logaddexp(0, -f) + (1 - y) * np.logaddexp(0, f)

    def several_classes(self):
        """Return the cross-entropy."""
        return CrossEntropy()


class Hinge(MarginLoss):
    r"""Hinge loss, max(0, 1 - y·f), y in {-1, +1}: the objective of the linear support vector machine.

    At its kink, y·f = 1, the derivative is that of the side where it is not zero, -y, as in scikit-learn.

    References
    ----------
    .. [1] C. Cortes and V. Vapnik, "Support-vector networks", Machine Learning 20 (1995),
       :doi:`10.1007/BF00994018`.

    Examples
    --------
    >>> from sklearn_losses import Hinge
    >>> Hinge()(["no", "yes", "yes"], [-2.0, 0.5, -0.5])
    0.6666666666666666
    """

    alias = "hinge"
    convex = True

    def formula(self, y, f):
        """Return the loss of one sample."""
        z = y * f
        return np.where(z <= 1, 1 - z, 0)

    def several_classes(self):
        """Return the loss of Crammer and Singer."""
        return CrammerSinger()


class SquaredHinge(MarginLoss):
    r"""Squared hinge loss, max(0, 1 - y·f)², y in {-1, +1}.

    Smoother than `Hinge`, and harder on gross mistakes.

    References
    ----------
    .. [1] C.-J. Hsieh, K.-W. Chang, C.-J. Lin, S. S. Keerthi and S. Sundararajan, "A dual coordinate descent
       method for large-scale linear SVM", ICML (2008), :doi:`10.1145/1390156.1390208`.

    Examples
    --------
    >>> from sklearn_losses import SquaredHinge
    >>> SquaredHinge()(["no", "yes", "yes", "no"], [-2.0, 0.5, -0.5, 0.0])
    0.875
    """

    alias = "squared_hinge"
    convex = True

    def formula(self, y, f):
        """Return the loss of one sample."""
        z = y * f
        return np.where(z < 1, (1 - z) ** 2, 0)


class Perceptron(MarginLoss):
    r"""Perceptron loss, max(0, -y·f), y in {-1, +1}.

    At its kink, y·f = 0, the derivative is -y, so that training can leave zero coefficients.

    References
    ----------
    .. [1] F. Rosenblatt, "The perceptron", Psychological Review 65 (1958), :doi:`10.1037/h0042519`.

    Examples
    --------
    >>> from sklearn_losses import Perceptron
    >>> Perceptron()(["no", "yes", "yes", "no"], [-2.0, 0.5, -0.5, 1.0])
    0.375
    """

    alias = "perceptron"
    convex = True

    def formula(self, y, f):
        """Return the loss of one sample."""
        z = y * f
        return np.where(z <= 0, -z, 0)


class ModifiedHuber(MarginLoss):
    r"""Modified Huber loss, max(0, 1 - z)² where z = y·f ≥ -1, and -4z below; y in {-1, +1}.

    A squared hinge that outliers move less. It estimates probabilities: (clip(f, -1, 1) + 1)/2.

    References
    ----------
    .. [1] T. Zhang, "Solving large scale linear prediction problems using stochastic gradient descent
       algorithms", ICML (2004), :doi:`10.1145/1015330.1015332`.

    Examples
    --------
    >>> from sklearn_losses import ModifiedHuber
    >>> ModifiedHuber()(["no", "yes", "yes", "no"], [-2.0, 0.5, -0.5, 2.0])
    2.625
    """

    alias = "modified_huber"
    convex = True
    positive_probability = CLIPPED

    def formula(self, y, f):
        """Return the loss of one sample."""
        z = y * f
        return np.where(z >= -1, np.where(z < 1, (1 - z) ** 2, 0), -4 * z)


class Exponential(MarginLoss):
    r"""Exponential loss, exp(-y·f), y in {-1, +1}: the objective of AdaBoost.

    Its best f is half the log-odds, so it estimates probabilities, expit(2f); mislabelled samples weigh
    heavily. It is never zero.

    References
    ----------
    .. [1] J. Friedman, T. Hastie and R. Tibshirani, "Additive logistic regression", Annals of Statistics 28
       (2000), :doi:`10.1214/aos/1016218223`.

    Examples
    --------
    >>> from sklearn_losses import Exponential
    >>> Exponential()(["no", "yes"], [0.0, 0.0])
    1.0
    """

    alias = "exponential"
    convex = True
    raw_range = Interval(-700.0, 700.0)
    positive_probability = HALF_LOGIT

    def formula(self, y, f):
        """Return the loss of one sample."""
        return np.exp(-y * f)


class Focal(ProbabilityLoss):
    r"""Focal loss, -α_t (1 - p_t)^γ log p_t, where p_t is the probability of the class that was observed.

    Samples that are classified well count less, the more so the greater γ. α_t is α for the positive and
    1 - α for the negative class. With γ = 0 and no α it is `LogLoss`. Neither convex nor proper: trained
    probabilities are too cautious.

    Parameters
    ----------
    gamma : float, default=2.0
        γ, not negative.
    alpha : float, default=None
        The weight of the positive class, between 0 and 1; None weighs both by 1.

    References
    ----------
    .. [1] T.-Y. Lin, P. Goyal, R. Girshick, K. He and P. Dollár, "Focal loss for dense object detection", ICCV
       (2017), :doi:`10.1109/ICCV.2017.324`.

    Examples
    --------
    >>> from sklearn_losses import Focal
    >>> round(Focal(gamma=2.0)([0, 1], [0.1, 0.6]), 6)
    0.041393
    """

    alias = "focal"
    parameter_domains = {"gamma": NON_NEGATIVE, "alpha": UNIT}
    convex = False
    strictly_proper = False

    def __init__(self, gamma=2.0, alpha=None):
        self.gamma = gamma
        self.alpha = alpha

    @property
    def symmetric(self):  # type: ignore[override]
        """Whether both classes count alike: unless `alpha` weighs them."""
        return self.alpha in (None, 0.5)

    def formula(self, y, f):
        """Return the loss of one sample; p^γ as exp(γ log p), whose derivative is finite at p = 0."""
        losses = np.logaddexp(0, -f), np.logaddexp(0, f)  # -log p and -log(1 - p)
        positive = np.exp(-self.gamma * losses[1]) * losses[0]
        negative = np.exp(-self.gamma * losses[0]) * losses[1]
        if self.alpha is None:
            return y * positive + (1 - y) * negative
        return self.alpha * y * positive + (1 - self.alpha) * (1 - y) * negative


class Brier(ProbabilityLoss):
    r"""Brier score, (y - p)²: the squared error of a probability.

    For more than two classes it is `MulticlassBrier`, Σ_k (y_k - p_k)². Strictly proper, bounded, and milder
    than `LogLoss` on confident mistakes; not convex in the log-odds. Estimators minimise half of it.

    Parameters
    ----------
    scale_by_half : bool or 'auto', default='auto'
        Whether the sum over classes is halved, as scikit-learn's `brier_score_loss` does: by default for two
        classes only, so that it is (y - p)² and lies between 0 and 1.

    See Also
    --------
    sklearn.metrics.brier_score_loss : The same as a function.

    References
    ----------
    .. [1] G. W. Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78
       (1950), :doi:`10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2`.

    Examples
    --------
    >>> from sklearn_losses import Brier
    >>> round(Brier()([0, 1, 1], [0.1, 0.8, 0.6]), 6)
    0.07
    """

    alias = "brier"
    training_scale = 0.5
    convex = False
    elicits = "mean"
    strictly_proper = True

    def __init__(self, scale_by_half="auto"):
        self.scale_by_half = scale_by_half

    def formula(self, y, f):
        """Return the loss of one sample."""
        return (1.0 if self.scale_by_half else 2.0) * (y - expit(f)) ** 2

    def several_classes(self):
        """Return the sum over classes."""
        return MulticlassBrier(scale_by_half=self.scale_by_half is True)
