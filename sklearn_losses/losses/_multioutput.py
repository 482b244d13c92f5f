"""Losses of several labels at once, and of vectors.

To add one, write a class: its parameters, the facts that hold for it, and its formula over the K outputs,
which ends in a sum, maximum or mean over ``axis=-1``. (Losses of numbers need nothing of their own: over
several outputs they are the mean.)
"""

import numpy as np

from ..links import LOGIT
from ._kinds_several import MultilabelLoss, VectorLoss

__all__ = ["CosineDistance", "MultilabelHinge", "MultilabelLogLoss"]


class MultilabelLogLoss(MultilabelLoss):
    r"""Mean of the binary log losses of K labels, -(1/K) Σ_k (y_k log p_k + (1 - y_k) log(1 - p_k)).

    y is an indicator matrix (or holds probabilities), p_k the probability of label k; rows need not sum to 1.

    References
    ----------
    .. [1] J. Nam, J. Kim, E. Loza Mencía, I. Gurevych and J. Fürnkranz, "Large-scale multi-label text
       classification", ECML PKDD (2014), :doi:`10.1007/978-3-662-44851-9_28`.

    Examples
    --------
    >>> from sklearn_losses import MultilabelLogLoss
    >>> round(MultilabelLogLoss()([[1, 0], [0, 0]], [[0.8, 0.4], [0.1, 0.5]]), 6)
    0.383119
    """

    alias = "multilabel_log_loss"
    link = LOGIT
    response_method = "predict_proba"
    convex = True
    elicits = "mean"
    strictly_proper = True

    def formula(self, y, f):
        """Return the loss of one sample."""
        return np.mean(y * np.logaddexp(0, -f) + (1 - y) * np.logaddexp(0, f), axis=-1)


class MultilabelHinge(MultilabelLoss):
    r"""Mean of the binary hinge losses of K labels, (1/K) Σ_k max(0, 1 - s_k f_k), s_k = ±1.

    y is an indicator matrix; s_k is +1 where label k is there, and -1 where it is not.

    References
    ----------
    .. [1] M.-L. Zhang and Z.-H. Zhou, "A review on multi-label learning algorithms", IEEE Transactions on
       Knowledge and Data Engineering 26 (2014), :doi:`10.1109/TKDE.2013.39`.

    Examples
    --------
    >>> from sklearn_losses import MultilabelHinge
    >>> MultilabelHinge()([[1, 0], [0, 0]], [[2.0, 0.5], [-2.0, 0.0]])
    0.625
    """

    alias = "multilabel_hinge"
    response_method = "decision_function"
    convex = True

    def formula(self, y, f):
        """Return the loss of one sample."""
        z = (2 * y - 1) * f
        return np.mean(np.where(z <= 1, 1 - z, 0), axis=-1)


class CosineDistance(VectorLoss):
    r"""Cosine distance, 1 - Σ_k y_k f_k / (‖y‖ ‖f‖), between 0 and 2.

    Lengths do not count. A zero vector has distance 1 from every other, and derivative 0.

    References
    ----------
    .. [1] C. D. Manning, P. Raghavan and H. Schütze, "Introduction to Information Retrieval" (2008), section
       6.3.1, :doi:`10.1017/CBO9780511809071`.

    Examples
    --------
    >>> from sklearn_losses import CosineDistance
    >>> round(CosineDistance()([[1.0, 0.0], [3.0, 4.0]], [[0.0, 2.0], [6.0, 8.0]]), 6)
    0.5
    """

    alias = "cosine_distance"
    convex = False

    def formula(self, y, f):
        """Return the loss of one sample: half the squared distance of unit vectors, which does not cancel."""
        units = []
        for v in (y, f):
            length = np.linalg.norm(v, axis=-1, keepdims=True)
            units.append(v / np.where(length > 0, length, 1))
        gap = 0.5 * np.sum((units[0] - units[1]) ** 2, axis=-1)
        no_direction = (np.linalg.norm(y, axis=-1) == 0) | (np.linalg.norm(f, axis=-1) == 0)
        return np.where(no_direction, 1, gap)
