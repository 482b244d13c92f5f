"""The checks of `check_loss`, one function each; ``__init__.py`` runs them and reports.

Each takes a loss, and raises an AssertionError that says what is wrong with it, or SkipTest where it does
not apply. Data are drawn by the loss itself, so that every kind of loss is checked in its own domain.
"""

import pickle
from collections.abc import Callable
from unittest import SkipTest

import numpy as np
from sklearn.base import clone

from ..formula import evaluate
from ..links import UNIT
from ..losses._programs import graph_of, program_of

CHECKS: dict[str, Callable] = {}


def _check(function):
    CHECKS[function.__name__] = function
    return function


def _data(loss, n=23, seed=0, scale=1.0):
    """Return valid targets, raw predictions, and the predictions that users see."""
    rng = np.random.default_rng(seed)
    y, raw = loss.examples.draw(rng, n)
    raw = scale * raw
    return y, raw, loss.link.inverse(raw)


def _values(loss, y, raw):
    """Return the loss of every sample, from raw predictions."""
    data = loss._encode(y, raw, None, None, raw=True)
    return loss._each(data, "value")


def _exact(loss, quantity, y, raw):
    """Return a quantity of every sample in extended precision, by evaluating its graph on arrays."""
    data = loss._encode(y, raw, None, None, raw=True)
    results, _, _ = graph_of(loss, quantity, data.encoding)
    inputs = {"y": np.asarray(data.y, dtype=np.longdouble), "f": np.asarray(raw, dtype=np.longdouble)}
    return evaluate(results[:1], inputs, np)[0]


def _close(actual, expected, message, rtol=1e-7, atol=1e-9):
    actual, expected = np.asarray(actual), np.asarray(expected)
    if actual.shape != expected.shape:
        raise AssertionError(f"{message}: the shapes {actual.shape} and {expected.shape} differ.")
    near = np.isclose(actual, np.asarray(expected, dtype=np.float64), rtol=rtol, atol=atol, equal_nan=False)
    same_infinity = np.isinf(expected) & (actual == expected)
    if not np.all(near | same_infinity):
        where = tuple(int(i) for i in np.argwhere(~(near | same_infinity))[0])
        raise AssertionError(
            f"{message}: {float(actual[where]):.12g} against {float(expected[where]):.12g} at {where}."
        )


def _outputs(raw):
    """Yield one index for each output, to change one raw prediction of every sample."""
    if raw.ndim == 1:
        yield ...
    else:
        for k in range(raw.shape[1]):
            yield ..., k


# ---- the formula and its derivatives -----------------------------------------------------------------


def _about_f(loss):
    """Remind of the scale of f, whose confusion with a probability is the commonest mistake."""
    if loss.link.predictions != UNIT:
        return ""
    return " (The formula's f is the raw prediction, log-odds or logits: p is expit(f) or softmax(f).)"


@_check
def check_zero_at_best_prediction(loss):
    """A complete loss is zero, within rounding, where the prediction is perfect."""
    if not loss.complete:
        raise SkipTest("it is not declared complete")
    y, _, _ = _data(loss)
    perfect = loss.examples.perfect(y)
    values = loss.pointwise(y, perfect)
    size = np.maximum(1.0, np.abs(np.asarray(perfect, dtype=np.float64)).max())
    if not np.all(np.abs(values) <= 1e-13 * size):
        raise AssertionError(
            f"{loss!r} is {np.max(np.abs(values)):g} at a perfect prediction. Add the terms in y that make it "
            f"zero (they cost nothing in training), or declare `complete = False`.{_about_f(loss)}"
        )


@_check
def check_never_negative(loss):
    """A complete loss is never negative."""
    if not loss.complete:
        raise SkipTest("it is not declared complete")
    for scale in (0.1, 1.0, 10.0):
        y, raw, _ = _data(loss, 200, scale=scale)
        values = _values(loss, y, raw)
        size = 1.0 + np.abs(raw).max()
        if not np.all(values >= -1e-13 * size):
            raise AssertionError(f"{loss!r} is negative, {values.min():g}, for some prediction.")


@_check
def check_gradient(loss):
    """The gradient is the derivative of the loss, by finite differences in extended precision."""
    for scale in (0.3, 1.0, 3.0):
        y, raw, _ = _data(loss, 40, scale=scale)
        gradient = loss.gradient(y, raw)
        step = np.longdouble(2.0) ** -21
        for k in _outputs(raw):
            up, down = raw.astype(np.longdouble), raw.astype(np.longdouble)
            up[k] += step
            down[k] -= step
            slope = (_exact(loss, "value", y, up) - _exact(loss, "value", y, down)) / (2 * step)
            _close(
                gradient[k], slope, f"The gradient of {loss!r} is not the derivative of its value", 1e-6, 1e-8
            )


@_check
def check_hessian(loss):
    """The Hessian is the derivative of the gradient (for K outputs: its diagonal)."""
    y, raw, _ = _data(loss, 40)
    hessian = loss.hessian(y, raw)
    step = np.longdouble(2.0) ** -21
    for k in _outputs(raw):
        up, down = raw.astype(np.longdouble), raw.astype(np.longdouble)
        up[k] += step
        down[k] -= step
        slopes = [_exact(loss, "gradient", y, moved)[k] for moved in (up, down)]
        slope = (slopes[0] - slopes[1]) / (2 * step)
        _close(
            hessian[k], slope, f"The Hessian of {loss!r} is not the derivative of its gradient", 1e-5, 1e-6
        )


@_check
def check_program_agrees_with_arrays(loss):
    """The compiled program, in blocks and one sample at a time, computes what array evaluation does."""
    y, raw, _ = _data(loss, 600)
    data = loss._encode(y, raw, None, None, raw=True)
    for quantity in ("value", "gradient", "hessian"):
        results, _, _ = graph_of(loss, quantity, data.encoding)
        inputs = {"y": np.asarray(data.y, dtype=np.float64), "f": raw}
        with np.errstate(all="ignore"):
            expected = evaluate(results[:1], inputs, np)[0]
        program = program_of(loss, quantity, data.encoding)
        blocks = program.arrays(data.y, raw)[0][0]
        single = [program.arrays(data.y[i : i + 1], raw[i : i + 1])[0][0] for i in range(20)]
        _close(blocks, expected, f"The {quantity} program of {loss!r} departs from its arrays", 1e-12, 1e-12)
        # The vector functions that blocks may use round otherwise in the last bits.
        _close(
            np.concatenate(single), blocks[:20], f"One sample of {loss!r} departs from a block", 1e-12, 1e-14
        )


@_check
def check_convexity(loss):
    """A loss declared convex is convex in the raw prediction."""
    if loss.convex is None:
        raise SkipTest("whether it is convex is not declared")
    found = False
    for seed in range(4):
        y, a, _ = _data(loss, 500, seed=seed)
        _, b, _ = _data(loss, 500, seed=seed + 100, scale=4.0)
        middle = _values(loss, y, 0.5 * (a + b))
        chord = 0.5 * (_values(loss, y, a) + _values(loss, y, b))
        excess = middle - chord - 1e-12 * (1.0 + np.abs(chord))
        found = found or bool(np.any(excess > 0))
        if loss.convex and found:
            raise AssertionError(
                f"{loss!r} is declared convex, but between two raw predictions it exceeds its chord by "
                f"{np.max(excess):g}."
            )
    if not loss.convex and not found:
        raise AssertionError(f"{loss!r} is declared not convex, but no random chord shows it.")


@_check
def check_large_raw_predictions(loss):
    """Raw predictions of ±1000 give finite losses and gradients."""
    y, raw, _ = _data(loss, 40)
    raw = 1e3 * np.sign(raw)
    for name, result in (("loss", _values(loss, y, raw)), ("gradient", loss.gradient(y, raw))):
        if not np.all(np.isfinite(result)):
            raise AssertionError(f"The {name} of {loss!r} is not finite at raw predictions of ±1000.")


# ---- what it means -----------------------------------------------------------------------------------


@_check
def check_functional(loss):
    """The declared functional is the best constant prediction of random samples."""
    if loss.elicits is None:
        raise SkipTest("what it elicits is not declared")
    for seed in range(3):
        y, _, _ = _data(loss, 21, seed=seed)
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


@_check
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


# ---- weights, shapes, labels -------------------------------------------------------------------------


@_check
def check_weights_equal_repetition(loss):
    """A weight of 3 counts like three equal samples, a weight of 0 like none."""
    y, _, prediction = _data(loss)
    weights = np.random.default_rng(1).integers(0, 4, len(y))
    again = np.repeat(np.arange(len(y)), weights)
    _close(
        loss(y, prediction, sample_weight=weights),
        loss(np.asarray(y)[again], prediction[again]),
        f"Weights of {loss!r} do not count like repetitions; its mean must be Σwℓ/Σw",
        1e-12,
    )


@_check
def check_scale_of_weights(loss):
    """Multiplying all weights by a constant changes nothing."""
    y, _, prediction = _data(loss)
    weights = np.random.default_rng(1).uniform(0.5, 2.0, len(y))
    _close(
        loss(y, prediction, sample_weight=1e6 * weights),
        loss(y, prediction, sample_weight=weights),
        f"{loss!r} depends on the scale of the weights",
        1e-12,
    )


@_check
def check_mean_of_pointwise(loss):
    """The metric is the weighted mean of the pointwise losses, which have one number a sample."""
    y, _, prediction = _data(loss)
    weights = np.random.default_rng(1).uniform(0.5, 2.0, len(y))
    each = loss.pointwise(y, prediction)
    if each.shape != (len(y),):
        raise AssertionError(f"pointwise of {loss!r} has shape {each.shape} instead of {(len(y),)}.")
    _close(
        loss(y, prediction, sample_weight=weights),
        np.average(each, weights=weights),
        f"{loss!r} is not the weighted mean of its pointwise losses",
        1e-12,
    )


@_check
def check_column_equals_flat(loss):
    """A column of shape (n, 1) means the same as shape (n,), and is never broadcast against it."""
    y, raw, prediction = _data(loss)
    if raw.ndim == 2 or np.ndim(y) == 2:
        raise SkipTest("it takes several columns")
    expected = loss(y, prediction)
    column = np.asarray(y)[:, None]
    for a, b in ((column, prediction), (y, prediction[:, None]), (column, prediction[:, None])):
        try:
            result = loss(a, b)
        except ValueError:
            continue  # refusing is fine, too
        _close(result, expected, f"{loss!r} takes shape (n, 1) for another thing than (n,)", 1e-12)


@_check
def check_order_of_samples(loss):
    """The order of samples does not matter."""
    y, _, prediction = _data(loss)
    order = np.random.default_rng(1).permutation(len(y))
    _close(
        loss(np.asarray(y)[order], prediction[order]),
        loss(y, prediction),
        f"{loss!r} depends on the order of samples",
        1e-12,
    )


@_check
def check_order_of_labels(loss):
    """Renaming the labels, or permuting them together with the columns, changes nothing."""
    renamed = loss.examples.renamings(np.random.default_rng(0), 23)
    if renamed is None:
        raise SkipTest("it takes no labels")
    for (y, prediction, labels), (other_y, other_prediction, other_labels) in renamed:
        _close(
            loss(other_y, other_prediction, labels=other_labels),
            loss(y, prediction, labels=labels),
            f"{loss!r} depends on how labels are called or ordered",
            1e-12,
        )


@_check
def check_one_sample(loss):
    """One sample is enough."""
    y, _, prediction = _data(loss)
    for i in range(3):
        one = loss(np.asarray(y)[i : i + 1], prediction[i : i + 1], labels=loss.examples.labels(y))
        _close(one, loss.pointwise(y, prediction)[i], f"{loss!r} of one sample differs", 1e-12)


@_check
def check_one_class(loss):
    """Samples that are all of one class, or have one target, are enough."""
    y, _, prediction = _data(loss)
    y = np.repeat(np.asarray(y)[:1], len(y), axis=0)
    expected = [loss(y[:1], prediction[i : i + 1], labels=loss.examples.labels(y)) for i in range(len(y))]
    _close(
        loss(y, prediction, labels=loss.examples.labels(y)),
        np.mean(expected),
        f"{loss!r} of one class differs",
        1e-12,
    )


# ---- arrays ------------------------------------------------------------------------------------------


@_check
def check_float32(loss):
    """Predictions in float32 give pointwise losses and gradients in float32, near those in float64."""
    y, raw, prediction = _data(loss)
    for name, method, argument in (
        ("pointwise", loss.pointwise, prediction),
        ("gradient", loss.gradient, raw),
    ):
        single = method(y, argument.astype(np.float32))
        if single.dtype != np.float32:
            raise AssertionError(f"{name} of {loss!r} gives {single.dtype} for float32 predictions.")
        _close(single, method(y, argument), f"{name} of {loss!r} loses precision in float32", 1e-3, 1e-4)


@_check
def check_memory_layout(loss):
    """Read-only and non-contiguous arrays are taken, and no input is changed."""
    y, raw, prediction = _data(loss)
    y = np.asarray(y)
    expected = loss(y, prediction), loss.gradient(y, raw)
    for change in (_read_only, _strided):
        given = change(y), change(prediction), change(raw)
        before = [array.copy() for array in given]
        message = f"{loss!r} takes {change.__name__.strip('_').replace('_', ' ')} arrays for others"
        _close(loss(given[0], given[1]), expected[0], message, 1e-12)
        _close(loss.gradient(given[0], given[2]), expected[1], message, 1e-12)
        for array, copy in zip(given, before, strict=True):
            if not np.array_equal(array, copy):
                raise AssertionError(f"{loss!r} changes its input.")


def _read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def _strided(array):
    return np.repeat(array, 2, axis=0)[::2] if array.ndim == 1 else np.asfortranarray(array)


# ---- the object --------------------------------------------------------------------------------------


@_check
def check_pickle_and_clone(loss):
    """Copies compute the same."""
    y, _, prediction = _data(loss)
    for name, copy in (("pickle", lambda: pickle.loads(pickle.dumps(loss))), ("clone", lambda: clone(loss))):
        try:
            copied = copy()
        except (pickle.PicklingError, AttributeError) as error:
            raise AssertionError(
                f"{loss!r} cannot be pickled ({error}). Define its class, and functions that it is made of, at the "
                f"top of a module."
            ) from error
        _close(copied(y, prediction), loss(y, prediction), f"A {name} of {loss!r} differs", 0.0, 0.0)


@_check
def check_parameters(loss):
    """`get_params` gives what `set_params` and the class take, and a changed parameter has its effect."""
    y, raw, prediction = _data(loss)
    parameters = loss.get_params(deep=False)
    again = type(loss)(**parameters)
    _close(
        again(y, prediction), loss(y, prediction), f"{loss!r} made again from get_params differs", 0.0, 0.0
    )
    for name, value in parameters.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
            continue
        changed = 0.5 * value if value else 0.25
        fresh = type(loss)(**{**parameters, name: changed})
        moved = clone(loss)
        _values(moved, y, raw)  # compiled with the old value
        moved.set_params(**{name: changed})
        try:
            expected = _values(fresh, y, raw)
        except ValueError:
            continue  # half of it is no valid value
        _close(_values(moved, y, raw), expected, f"set_params({name}=…) of {loss!r} has no effect", 0.0, 0.0)


@_check
def check_repr(loss):
    """What `repr` prints makes the loss again."""
    import sklearn_losses

    try:
        again = eval(repr(loss), {**vars(sklearn_losses), type(loss).__name__: type(loss)})
    except Exception:
        raise SkipTest("it has parameters that Python cannot read back") from None
    y, _, prediction = _data(loss)
    _close(again(y, prediction), loss(y, prediction), f"repr of {loss!r} makes another loss", 0.0, 0.0)


# ---- bad input ---------------------------------------------------------------------------------------


@_check
def check_bad_input(loss):
    """NaN, infinity, values outside of their domain and wrong lengths raise a ValueError."""
    y, _, prediction = _data(loss)
    y = np.asarray(y)
    bad = [("predictions of another length", y, prediction[:-1])]
    for value in (np.nan, np.inf):
        bad.append((f"a prediction of {value}", y, _with(prediction, value)))
        if y.dtype.kind == "f":
            bad.append((f"a target of {value}", _with(y, value), prediction))
    if loss.link.predictions == UNIT:
        bad.append(("a probability of 1.3", y, _with(prediction, 1.3)))
    elif np.isfinite(loss.link.predictions.low):
        low = loss.link.predictions.low - 1.0
        bad.append((f"a prediction of {low:g}", y, _with(prediction, low)))
    if np.isfinite(loss.target.low) and y.dtype.kind == "f":
        bad.append((f"a target of {loss.target.low - 1.5:g}", _with(y, loss.target.low - 1.5), prediction))
    for what, y_bad, prediction_bad in bad:
        try:
            value = loss(y_bad, prediction_bad)
        except ValueError:
            continue
        raise AssertionError(f"{loss!r} accepts {what} and returns {value}; it must raise a ValueError.")


def _with(array, value):
    array = np.array(array, dtype=np.float64)
    array[(1,) * array.ndim] = value
    return array
