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
    """Raw predictions of ±1000 give finite losses and gradients."""
    y, raw, _ = drawn(loss, 40)
    raw = 1e3 * np.sign(raw)
    for name, result in (("loss", values_of(loss, y, raw)), ("gradient", loss.gradient(y, raw))):
        if not np.all(np.isfinite(result)):
            raise AssertionError(f"The {name} of {loss!r} is not finite at raw predictions of ±1000.")


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
