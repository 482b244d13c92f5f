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

Geman and Reynolds (1992). Constrained restoration and the recovery of discontinuities.
https://doi.org/10.1109/34.120331

Böhning (1992). Multinomial logistic regression algorithm. https://doi.org/10.1007/BF00048682
"""

from typing import NamedTuple

import numpy as np

from ..formula import VECTOR, Program, apply, compile_program, constant, derivative, substitute
from ..losses._functionals import functional
from ..losses._programs import graph_of

CLOSE = 0.2
"""Of convex losses, residuals below this times their upper quartile count as that: a sample met exactly would hold its
leaf for ever. (The quartile bears a quarter of outliers, and three quarters of samples that are met.)"""
NEAR = 0.01
"""The same of losses with a kink at zero that are not convex: there the curvature of larger residuals is far too small.
(It cannot be much less, as LightGBM counts the samples of a leaf by their curvatures.)"""
MET = 1e-6
"""The same of losses that are smooth at zero and not convex: the parabola is that at the sample's own residual."""
NEGLIGIBLE = 0.1
"""Losses of dimensionless predictions (margins, log-odds) below this times their steepest slope near zero count as
this, for the same reason."""
ENOUGH = 10_000
"""So many residuals tell their quartile well enough."""
LEAST_SHARE = 0.1
"""Curvatures below this times their harmonic mean count as that: leaves need a least sum of curvatures, without
which samples that a hinge is content with could never be parted from the others."""


class Terms(NamedTuple):
    """What a round of boosting wants to know of every sample."""

    gradient: np.ndarray
    curvature: np.ndarray
    value: np.ndarray | None
    """The loss itself, where it is to be watched."""
    range_of_y: tuple[float, float, bool]


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
        self.of_numbers = compares_numbers(loss)
        self.is_newton = hessian.is_constant and hessian.value > 0.0 if self.of_numbers else is_curved(loss)
        self.constant_curvature = hessian.value if self.is_newton and hessian.is_constant else None
        self._close = CLOSE
        self._is_even = False
        self._curvature: Program | None = None
        # Newton's steps of the package's own losses are those of the libraries, and those of a parabola are exact.
        is_watched = not is_of_package(loss) and self.constant_curvature is None
        if self.is_newton:
            results = [gradient, _newton(loss, hessian, f, reach), *([value] if is_watched else [])]
        elif self.of_numbers:
            curvature, self._is_even, has_kink = _about_the_target(loss, value, gradient, hessian, y, f)
            self._close = CLOSE if _is_convex(loss, gradient, y, f) else NEAR if has_kink else MET
            self._curvature = compile_program([curvature], y, f)
            results = [gradient, value]
        else:
            enough = NEGLIGIBLE * _steepest(loss)
            results = [gradient, _to_zero(loss, value, gradient, hessian, f, enough), value]
        self._program = compile_program(results, y, f)

    def __call__(self, y, f, weights, caution=1.0) -> Terms:
        """Return gradient, curvature and loss of every sample, and the range of y.

        Parameters
        ----------
        y, f : ndarray
            Target and raw prediction.
        weights : ndarray of shape (n,) or None
            Of the samples.
        caution : float
            Above 1 where the loss was seen to rise: how much nearer to the target the curvature is asked for, or by
            how much it is multiplied.
        """
        results, (range_of_y, _) = self._program.arrays(y, f)
        if self.is_newton:
            value = results[2] if len(results) > 2 else None
            return Terms(results[0], caution * results[1] if caution > 1.0 else results[1], value, range_of_y)
        gradient, value = results[0], results[-1]
        if self._curvature is not None:
            (curvature,), _ = self._curvature.arrays(y, _aside(y, f, weights, self._close / caution))
        else:
            curvature = results[1]
        if not self._is_even:
            curvature *= caution
        return Terms(gradient, _with_a_floor(curvature, weights), value, range_of_y)


def _with_a_floor(curvature, weights):
    """Raise the least curvatures, which keeps a parabola above the loss."""
    if weights is None and curvature.min() > 0.0:
        with np.errstate(over="ignore"):
            harmonic_mean = curvature.size / np.sum(1.0 / curvature)
        return np.maximum(curvature, max(LEAST_SHARE * harmonic_mean, MET * curvature.mean()), out=curvature)
    weights = np.broadcast_to(1.0 if weights is None else weights, len(curvature))
    weights = weights if curvature.ndim == 1 else np.broadcast_to(weights[:, None], curvature.shape)
    counts = (curvature > 0.0) & (weights > 0.0)
    if not counts.any():  # all predictions are perfect
        return np.ones_like(curvature)
    with np.errstate(over="ignore"):
        harmonic_mean = 1.0 / np.average(1.0 / curvature[counts], weights=weights[counts])
    least = max(LEAST_SHARE * harmonic_mean, MET * np.average(curvature, weights=weights))
    return np.maximum(curvature, least, out=curvature)


def is_curved(loss) -> bool:
    """Tell whether the second derivative is positive, so that Newton's step exists.

    A loss that does not say that it is not convex is asked at 500 random points.
    """
    if loss.convex is False:
        return False
    y, raw = loss.examples.draw(np.random.default_rng(0), 500)
    return bool(np.all(loss.hessian(y, raw) > 0.0))


def compares_numbers(loss) -> bool:
    """Tell whether y is the best raw prediction of itself."""
    return loss.link.name == "identity" and loss.response_method == "predict" and not loss.couples_outputs


def is_of_package(loss) -> bool:
    """Tell whether a loss ships with the package, rather than being a user's."""
    return type(loss).__module__.startswith("sklearn_losses.") and not callable(
        getattr(loss, "function", None)
    )


def _residuals(loss):
    """Return a few targets of a loss of numbers, each with residuals of all sizes in ascending order."""
    sizes = np.geomspace(1e-6, 1e9, 301)
    targets, _ = loss.examples.draw(np.random.default_rng(0), 8)
    return np.repeat(targets, 2 * len(sizes)), np.tile(np.concatenate([-sizes[::-1], sizes]), len(targets))


def _is_convex(loss, gradient, y, f) -> bool:
    """Tell whether a loss of numbers is convex; one that does not say it is asked for its slopes."""
    if loss.convex is not None:
        return loss.convex
    targets, residuals = _residuals(loss)
    (slopes,), _ = compile_program([gradient], y, f).arrays(targets, targets + residuals)
    slopes = slopes.reshape(8, -1)
    rises = np.diff(slopes, axis=1)
    rounding = 1e-9 * (np.abs(slopes[:, 1:]) + np.abs(slopes[:, :-1]))
    return not np.any(rises < -rounding)


def _about_the_target(loss, value, gradient, hessian, y, f):
    """Of numbers: the parabola that touches the loss at f and at its mirror image beyond y, 2y - f.

    For losses that are even around y up to a linear term (absolute, pinball, Huber, Cauchy, log-cosh, …) it is
    the flattest one that lies above them, ρ'(r)/r: 1/|r| for the absolute error, 1/(2|r|) for every pinball loss,
    1/(1 + (r/c)²) for Cauchy. Where the second derivative is larger, as it is for what grows faster than the
    square, that is taken.

    For the others, such as expectiles, the parabola that meets the loss at 2y - f is looked at, too. It may be
    below the loss beyond that, where the other side is steeper.

    Returns
    -------
    Node, whether the loss is even up to a linear term, and whether curvatures are unbounded near zero.
    """
    mirror = 2.0 * y - f
    value_there, gradient_there, hessian_there = (
        substitute(node, f, mirror) for node in (value, gradient, hessian)
    )
    touching = (gradient - gradient_there) / (2.0 * (f - y))
    meeting = (value_there - value - 2.0 * gradient * (y - f)) / (2.0 * (y - f) * (y - f))
    targets, residuals = _residuals(loss)
    (a, b, c, d), _ = compile_program([touching, meeting, hessian, hessian_there], y, f).arrays(
        targets, targets + residuals
    )
    near = (np.abs(residuals) > 1e-2) & (np.abs(residuals) < 1e4) & np.isfinite(a + b + c + d)
    is_even = bool(np.allclose(a[near], b[near], rtol=1e-6) and np.allclose(c[near], d[near], rtol=1e-6))
    curvature = apply("maximum", hessian, touching)
    has_kink = bool(
        np.nanmax(a[np.abs(residuals) < 1e-5]) > 10.0 * np.nanmax(a[near & (np.abs(residuals) < 1.0)])
    )
    return (curvature if is_even else apply("maximum", curvature, meeting)), is_even, has_kink


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


def _to_zero(loss, value, gradient, hessian, f, enough):
    """Of all others: the parabola whose minimum is zero, the least that the loss can be: g²/(2ℓ).

    No parabola above a non-negative loss is flatter. It is 1/(2|1 - y·f|) for the hinge loss, the flattest above
    it. Of K raw predictions each has its share. Where the second derivative is larger, that is taken.
    """
    size = apply("abs", gradient)
    total = apply("sum", size) if loss.couples_outputs else size
    share = total / (2.0 * apply("maximum", value, constant(enough)))
    if loss.couples_outputs and share.rank != VECTOR:
        share = apply("expand", share)
    return apply("maximum", hessian, size * share)


def _steepest(loss) -> float:
    """Return the steepest slope near a raw prediction of zero, a measure of the size of a loss."""
    y, raw = loss.examples.draw(np.random.default_rng(0), 500)
    slopes = np.abs(loss.training_scale * loss.gradient(y, 0.25 * raw))
    slopes = slopes[np.isfinite(slopes)]
    return float(slopes.max()) if slopes.size and slopes.max() > 0.0 else 1.0


def _aside(y, f, weights, closeness):
    """Return where the curvature is asked for: at f, but not too close to y."""
    distance = np.subtract(f, y, dtype=np.float64)
    length = np.abs(distance)
    every = max(len(length) // ENOUGH, 1)
    scale = functional("quantile", length[::every], None if weights is None else weights[::every], 0.75)
    if scale == 0.0:
        scale = np.average(length, weights=weights)
    least = closeness * scale if scale > 0.0 else 1.0
    return y + np.copysign(np.maximum(length, least), distance)
