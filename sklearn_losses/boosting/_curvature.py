"""A positive curvature for every loss: the second number that boosting wants of a sample.

A leaf of a tree moves its samples by -Σ gradient / (Σ curvature + λ). That is Newton's step where the
curvature is the second derivative; but that one is zero for kinked losses (absolute, pinball, hinge), negative
in places for others (Cauchy, focal), and vanishes much faster than the gradient far away for some that are
smooth (log-cosh, pseudo-Huber), so that steps explode. Then the curvature of a parabola is taken that touches
the loss at the present prediction and lies above it: a majoriser. Its minimum is never worse than where it
touches. Which parabola, is said at the three functions below.

Knows graphs, programs and what a loss says of itself; knows no library of boosting.

References
----------
Hunter and Lange (2004). A tutorial on MM algorithms. https://doi.org/10.1198/0003130042836

De Leeuw and Lange (2009). Sharp quadratic majorization in one dimension.
https://doi.org/10.1016/j.csda.2009.01.002

Böhning (1992). Multinomial logistic regression algorithm. https://doi.org/10.1007/BF00048682
"""

import numpy as np

from ..formula import VECTOR, apply, compile_program, constant, derivative, substitute
from ..losses._functionals import functional
from ..losses._programs import graph_of

CLOSE = 0.2
"""Residuals below this times their upper quartile count as that: a sample met exactly would hold its leaf for ever.
(The quartile bears a quarter of outliers, and three quarters of samples that are met.)"""
NEGLIGIBLE = 0.1
"""Losses of dimensionless predictions (margins, log-odds) below this count as this, for the same reason."""
LEAST_SHARE = 0.1
"""Curvatures below this times their harmonic mean count as that: leaves need a least sum of curvatures, without
which samples that a hinge is content with could never be parted from the others."""


class Steps:
    """Gradient and curvature of a loss, as programs.

    Parameters
    ----------
    loss : Loss
        What is trained.
    encoding : str
        How its formula's y follows from that of the data.
    reach : float
        By how much a step moves a prediction with a logarithmic link, at most.
    """

    def __init__(self, loss, encoding, reach):
        (value, gradient), y, f = graph_of(loss, "training", encoding)
        hessian = derivative(gradient, f)
        self._gradient = compile_program([gradient], y, f)
        self._of_numbers = _compares_numbers(loss)
        self._newton = hessian.is_constant and hessian.value > 0.0 if self._of_numbers else is_curved(loss)
        if self._newton:
            curvature = _newton(loss, hessian, f, reach)
        elif self._of_numbers:
            curvature = _about_the_target(gradient, hessian, y, f)
        else:
            curvature = _to_zero(loss, value, gradient, hessian, f)
        self._curvature = compile_program([curvature], y, f)

    def __call__(self, y, f, weights):
        """Return gradient and curvature of every sample, and the range of y."""
        (gradient,), (range_of_y, _) = self._gradient.arrays(y, f)
        at = f if self._newton or not self._of_numbers else _aside(y, f, weights)
        (curvature,), _ = self._curvature.arrays(y, at)
        if self._newton:
            return gradient, curvature, range_of_y
        weights = np.broadcast_to(1.0 if weights is None else weights, len(y))
        weights = weights if curvature.ndim == 1 else np.broadcast_to(weights[:, None], curvature.shape)
        counts = (curvature > 0.0) & (weights > 0.0)
        if not counts.any():  # all predictions are perfect
            return gradient, np.ones_like(gradient), range_of_y
        harmonic_mean = 1.0 / np.average(1.0 / curvature[counts], weights=weights[counts])
        np.maximum(curvature, LEAST_SHARE * harmonic_mean, out=curvature)
        if self._of_numbers:
            # Sums of curvatures over a leaf (min_child_weight, reg_lambda) then count samples, whatever y's unit.
            mean = np.average(curvature, weights=weights)
            gradient, curvature = gradient / mean, curvature / mean
        return gradient, curvature, range_of_y


def is_curved(loss):
    """Tell whether the second derivative is positive, so that Newton's step exists.

    A loss that does not say that it is not convex is asked at 500 random points.
    """
    if loss.convex is False:
        return False
    y, raw = loss.examples.draw(np.random.default_rng(0), 500)
    return bool(np.all(loss.hessian(y, raw) > 0.0))


def _compares_numbers(loss):
    """Tell whether y is the best raw prediction of itself."""
    return loss.link.name == "identity" and loss.response_method == "predict" and not loss.couples_outputs


def _about_the_target(gradient, hessian, y, f):
    """Of numbers: the parabola that touches the loss at f and at its mirror image beyond y, 2y - f.

    For losses that are even around y up to a linear term (absolute, pinball, Huber, Cauchy, log-cosh, …) it is
    the flattest one that lies above them, ρ'(r)/r: 1/|r| for the absolute error, 1/(2|r|) for every pinball loss.
    Where the second derivative is larger, as may be for asymmetric losses, that is taken.
    """
    mirrored = substitute(gradient, f, 2.0 * y - f)
    return apply("maximum", hessian, (gradient - mirrored) / (2.0 * (f - y)))


def _newton(loss, hessian, f, reach):
    """Of curved losses: the second derivative.

    With a logarithmic link its largest value within a step's reach, as in the libraries' own Poisson objective;
    of many raw predictions a sample, the diagonal, to be multiplied by what the library takes for softmax.
    """
    if loss.link.name != "log" or reach == 0.0:
        return hessian
    for end in (f + reach, f - reach):
        hessian = apply("maximum", hessian, substitute(hessian, f, end))
    return hessian


def _to_zero(loss, value, gradient, hessian, f):
    """Of all others: the parabola whose minimum is zero, the least that the loss can be: g²/(2ℓ).

    No parabola above a non-negative loss is flatter. It is 1/(2|1 - y·f|) for the hinge loss, the flattest above
    it. Of K raw predictions each has its share. Where the second derivative is larger, that is taken.
    """
    size = apply("abs", gradient)
    total = apply("sum", size) if loss.couples_outputs else size
    enough = apply("maximum", value, constant(NEGLIGIBLE))
    share = total / (2.0 * enough)
    if loss.couples_outputs and share.rank != VECTOR:
        share = apply("expand", share)
    return apply("maximum", hessian, size * share)


def _aside(y, f, weights):
    """Return where the curvature is asked for: at f, but not too close to y."""
    distance = f - y
    length = np.abs(distance)
    scale = functional("quantile", length, weights, 0.75)
    if scale == 0.0:
        scale = np.average(length, weights=weights)
    least = CLOSE * scale if scale > 0.0 else 1.0
    return y + np.copysign(np.maximum(length, least), distance)
