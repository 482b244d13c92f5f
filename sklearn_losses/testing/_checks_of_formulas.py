"""Checks of what a loss says: its formula, derivatives and declared facts; one function each."""

from unittest import SkipTest

import numpy as np

from ..formula import evaluate
from ..links import UNIT
from ..losses._programs import graph_of, program_of
from ._tools import assert_close, check, drawn, exact, outputs_of, values_of

# ---- the formula and its derivatives -----------------------------------------------------------------


def _about_f(loss):
    """Remind of the scale of f, whose confusion with a probability is the commonest mistake."""
    if loss.link.predictions != UNIT:
        return ""
    return " (The formula's f is the raw prediction, log-odds or logits: p is expit(f) or softmax(f).)"


@check
def check_zero_at_best_prediction(loss):
    """A complete loss is zero, within rounding, where the prediction is perfect."""
    if not loss.complete:
        raise SkipTest("it is not declared complete")
    y, _, _ = drawn(loss)
    perfect = loss.examples.perfect(y)
    values = loss.pointwise(y, perfect)
    size = np.maximum(1.0, np.abs(np.asarray(perfect, dtype=np.float64)).max())
    if not np.all(np.abs(values) <= 1e-13 * size):
        raise AssertionError(
            f"{loss!r} is {np.max(np.abs(values)):g} at a perfect prediction. Add the terms in y that make it "
            f"zero (they cost nothing in training), or declare `complete = False`.{_about_f(loss)}"
        )


@check
def check_never_negative(loss):
    """A complete loss is never negative."""
    if not loss.complete:
        raise SkipTest("it is not declared complete")
    for scale in (0.1, 1.0, 10.0):
        y, raw, _ = drawn(loss, 200, scale=scale)
        values = values_of(loss, y, raw)
        size = 1.0 + np.abs(raw).max()
        if not np.all(values >= -1e-13 * size):
            raise AssertionError(f"{loss!r} is negative, {values.min():g}, for some prediction.")


@check
def check_gradient(loss):
    """The gradient is the derivative of the loss, by finite differences in extended precision."""
    for scale in (0.3, 1.0, 3.0):
        y, raw, _ = drawn(loss, 40, scale=scale)
        gradient = loss.gradient(y, raw)
        step = np.longdouble(2.0) ** -21
        for k in outputs_of(raw):
            up, down = raw.astype(np.longdouble), raw.astype(np.longdouble)
            up[k] += step
            down[k] -= step
            slope = (exact(loss, "value", y, up) - exact(loss, "value", y, down)) / (2 * step)
            assert_close(
                gradient[k], slope, f"The gradient of {loss!r} is not the derivative of its value", 1e-6, 1e-8
            )


@check
def check_hessian(loss):
    """The Hessian is the derivative of the gradient (for K outputs: its diagonal)."""
    y, raw, _ = drawn(loss, 40)
    hessian = loss.hessian(y, raw)
    step = np.longdouble(2.0) ** -21
    for k in outputs_of(raw):
        up, down = raw.astype(np.longdouble), raw.astype(np.longdouble)
        up[k] += step
        down[k] -= step
        slopes = [exact(loss, "gradient", y, moved)[k] for moved in (up, down)]
        slope = (slopes[0] - slopes[1]) / (2 * step)
        assert_close(
            hessian[k], slope, f"The Hessian of {loss!r} is not the derivative of its gradient", 1e-5, 1e-6
        )


@check
def check_program_agrees_with_arrays(loss):
    """The compiled program, in blocks and one sample at a time, computes what array evaluation does."""
    y, raw, _ = drawn(loss, 600)
    data = loss._encode(y, raw, None, None, raw=True)
    for quantity in ("value", "gradient", "hessian"):
        results, _, _ = graph_of(loss, quantity, data.encoding)
        inputs = {"y": np.asarray(data.y, dtype=np.float64), "f": raw}
        with np.errstate(all="ignore"):
            expected = evaluate(results[:1], inputs, np)[0]
        program = program_of(loss, quantity, data.encoding)
        blocks = program.arrays(data.y, raw)[0][0]
        single = [program.arrays(data.y[i : i + 1], raw[i : i + 1])[0][0] for i in range(20)]
        assert_close(
            blocks, expected, f"The {quantity} program of {loss!r} departs from its arrays", 1e-12, 1e-12
        )
        # The vector functions that blocks may use round otherwise in the last bits.
        assert_close(
            np.concatenate(single), blocks[:20], f"One sample of {loss!r} departs from a block", 1e-12, 1e-14
        )


@check
def check_convexity(loss):
    """A loss declared convex is convex in the raw prediction."""
    if loss.convex is None:
        raise SkipTest("whether it is convex is not declared")
    found = False
    for seed in range(4):
        y, a, _ = drawn(loss, 500, seed=seed)
        _, b, _ = drawn(loss, 500, seed=seed + 100, scale=4.0)
        middle = values_of(loss, y, 0.5 * (a + b))
        chord = 0.5 * (values_of(loss, y, a) + values_of(loss, y, b))
        excess = middle - chord - 1e-12 * (1.0 + np.abs(chord))
        found = found or bool(np.any(excess > 0))
        if loss.convex and found:
            raise AssertionError(
                f"{loss!r} is declared convex, but between two raw predictions it exceeds its chord by "
                f"{np.max(excess):g}."
            )
    if not loss.convex and not found:
        raise AssertionError(f"{loss!r} is declared not convex, but no random chord shows it.")


@check
def check_large_raw_predictions(loss):
    """Raw predictions at the ends of `raw_range`, ±1000 by default, give finite losses and gradients."""
    y, raw, _ = drawn(loss, 40)
    low, high = loss.raw_range.low, loss.raw_range.high
    remedy = (
        f"If the loss grows exponentially by its nature, declare where its values are floats: raw_range = "
        f"Interval(low, high), of sklearn_losses.links; now it is {loss.raw_range}. Otherwise write np.logaddexp, "
        f"log_expit, or np.where."
    )
    _check_finite(loss, y, np.where(raw < 0.0, low, high), remedy)


@check
def check_edges(loss):
    """Where predictions are perfect or zero, and at the ends of its domain, the loss is finite, and its slope."""
    edges = loss.examples.edges()
    if edges is None:
        raise SkipTest("no edges are known of what it compares")
    y, raw = edges
    remedy = (
        "Choose with np.where what 0/0 is to be, or declare for which y the loss is: target = POSITIVE, of "
        "sklearn_losses.links."
    )
    _check_finite(loss, y, raw, remedy)


def _check_finite(loss, y, raw, remedy):
    """Raise an error that names the point where the loss or its gradient is no number."""
    values = values_of(loss, y, raw)
    for name in ("loss", "gradient", "Hessian"):
        results = values if name == "loss" else getattr(loss, name.lower())(y, raw)
        bad = np.isnan(results)
        if name != "Hessian":  # which may be infinite at a kink
            bad |= np.isinf(results)
        if np.any(bad):
            place = tuple(np.argwhere(bad)[0])
            i = place[0]
            found = f", though the loss is {values[i]:g}" if name != "loss" else ""
            raise AssertionError(
                f"The {name} of {loss!r} is {results[place]:g} at y = {_shown(y[i])} and the raw prediction f = "
                f"{_shown(raw[i])}{found}. {remedy}"
            )


def _shown(value):
    return f"{value:g}" if np.ndim(value) == 0 else np.array2string(np.asarray(value), precision=6)


@check
def check_formula_in_numpy(loss):
    """The compiled formula gives what NumPy itself gives, called with numbers: infinity and NaN, too."""
    y, raw, _ = drawn(loss, 40)
    points = [(y, raw), loss.examples.edges()]
    for y, raw in filter(None, points):
        values = values_of(loss, y, raw)
        data = loss._encode(y, raw, None, None, raw=True)
        numbers = data.numbers()
        if data.encoding == "label":
            numbers = np.eye(raw.shape[1])[np.asarray(y)]
        for i, value in enumerate(values):
            try:
                with np.errstate(all="ignore"):
                    expected = float(loss.formula(numbers[i], raw[i]))
            except Exception as error:
                raise SkipTest(f"its formula takes no numbers: {error}") from None
            same = not np.isfinite(value)
            if np.isfinite(expected):
                same = np.isclose(value, expected, rtol=1e-6, atol=1e-9)
            if not same:
                raise AssertionError(
                    f"{loss!r} is {value:g} at y = {_shown(numbers[i])} and f = {_shown(raw[i])}, where its formula in "
                    f"NumPy gives {expected:g}."
                )


# ---- what it means -----------------------------------------------------------------------------------


@check
def check_functional(loss):
    """The declared functional is the best constant prediction of random samples."""
    if loss.elicits is None:
        raise SkipTest("what it elicits is not declared")
    for seed in range(3):
        y, _, _ = drawn(loss, 21, seed=seed)
        best = loss.examples.best_constant(y)
        if best is None:
            raise SkipTest(f"no reference for the functional {loss.elicits!r}")
        constant = np.broadcast_to(best, (len(y), *np.shape(best)))
        at_best = loss(y, constant)
        for other in loss.examples.other_constants(best):
            worse = loss(y, np.broadcast_to(other, constant.shape))
            if worse < at_best - 1e-12 * (1.0 + abs(at_best)):
                raise AssertionError(
                    f"{loss!r} is declared to elicit the {loss.elicits}, but the mean loss of the constant "
                    f"{np.round(other, 6)} is less, {worse:g}, than that of the {loss.elicits}, {at_best:g}."
                )


@check
def check_strictly_proper(loss):
    """The true probabilities have the least expected loss, and no others do."""
    if not loss.strictly_proper:
        raise SkipTest("it is not declared strictly proper")
    rng = np.random.default_rng(0)
    for _ in range(20):
        belief = loss.examples.beliefs(rng)
        if belief is None:
            raise SkipTest("it has no probabilities")
        outcomes, truth, others = belief
        at_truth = _expected(loss, outcomes, truth, truth)
        for other in others:
            elsewhere = _expected(loss, outcomes, truth, other)
            if not elsewhere > at_truth:
                raise AssertionError(
                    f"{loss!r} is declared strictly proper, but where the truth is {np.round(truth, 4)} the "
                    f"prediction {np.round(other, 4)} expects the loss {elsewhere:g}, and the truth {at_truth:g}."
                )


def _expected(loss, outcomes, truth, prediction):
    """Return the expected loss of one prediction, over all outcomes."""
    of_each = np.where(np.asarray(outcomes) == 1, truth, 1 - truth) if np.ndim(outcomes) == 2 else None
    weights = truth if of_each is None else np.prod(of_each, axis=1)  # labels are independent
    rows = np.broadcast_to(prediction, (len(outcomes), len(prediction)))
    return loss(outcomes, rows, sample_weight=weights)
