"""Checks of a loss as a Python object: weights, shapes, labels, arrays, copies, bad input; one function each."""

import pickle
from unittest import SkipTest

import numpy as np
from sklearn.base import clone

from ..links import UNIT
from ._tools import assert_close, check, drawn, values_of

# ---- weights, shapes, labels -------------------------------------------------------------------------


@check
def check_weights_equal_repetition(loss):
    """A weight of 3 counts like three equal samples, a weight of 0 like none."""
    y, _, prediction = drawn(loss)
    weights = np.random.default_rng(1).integers(0, 4, len(y))
    again = np.repeat(np.arange(len(y)), weights)
    assert_close(
        loss(y, prediction, sample_weight=weights),
        loss(np.asarray(y)[again], prediction[again]),
        f"Weights of {loss!r} do not count like repetitions; its mean must be Σwℓ/Σw",
        1e-12,
    )


@check
def check_scale_of_weights(loss):
    """Multiplying all weights by a constant changes nothing."""
    y, _, prediction = drawn(loss)
    weights = np.random.default_rng(1).uniform(0.5, 2.0, len(y))
    assert_close(
        loss(y, prediction, sample_weight=1e6 * weights),
        loss(y, prediction, sample_weight=weights),
        f"{loss!r} depends on the scale of the weights",
        1e-12,
    )


@check
def check_mean_of_pointwise(loss):
    """The metric is the weighted mean of the pointwise losses, which have one number a sample."""
    y, _, prediction = drawn(loss)
    weights = np.random.default_rng(1).uniform(0.5, 2.0, len(y))
    each = loss.pointwise(y, prediction)
    if each.shape != (len(y),):
        raise AssertionError(f"pointwise of {loss!r} has shape {each.shape} instead of {(len(y),)}.")
    assert_close(
        loss(y, prediction, sample_weight=weights),
        np.average(each, weights=weights),
        f"{loss!r} is not the weighted mean of its pointwise losses",
        1e-12,
    )


@check
def check_column_equals_flat(loss):
    """A column of shape (n, 1) means the same as shape (n,), and is never broadcast against it."""
    y, raw, prediction = drawn(loss)
    if raw.ndim == 2 or np.ndim(y) == 2:
        raise SkipTest("it takes several columns")
    expected = loss(y, prediction)
    column = np.asarray(y)[:, None]
    for a, b in ((column, prediction), (y, prediction[:, None]), (column, prediction[:, None])):
        try:
            result = loss(a, b)
        except ValueError:
            continue  # refusing is fine, too
        assert_close(result, expected, f"{loss!r} takes shape (n, 1) for another thing than (n,)", 1e-12)


@check
def check_order_of_samples(loss):
    """The order of samples does not matter."""
    y, _, prediction = drawn(loss)
    order = np.random.default_rng(1).permutation(len(y))
    assert_close(
        loss(np.asarray(y)[order], prediction[order]),
        loss(y, prediction),
        f"{loss!r} depends on the order of samples",
        1e-12,
    )


@check
def check_order_of_labels(loss):
    """Renaming the labels, or permuting them together with the columns, changes nothing."""
    renamed = loss.examples.renamings(np.random.default_rng(0), 23)
    if renamed is None:
        raise SkipTest("it takes no labels")
    for (y, prediction, labels), (other_y, other_prediction, other_labels) in renamed:
        assert_close(
            loss(other_y, other_prediction, labels=other_labels),
            loss(y, prediction, labels=labels),
            f"{loss!r} depends on how labels are called or ordered",
            1e-12,
        )


@check
def check_one_sample(loss):
    """One sample is enough."""
    y, _, prediction = drawn(loss)
    for i in range(3):
        one = loss(np.asarray(y)[i : i + 1], prediction[i : i + 1], labels=loss.examples.labels(y))
        assert_close(one, loss.pointwise(y, prediction)[i], f"{loss!r} of one sample differs", 1e-12)


@check
def check_one_class(loss):
    """Samples that are all of one class, or have one target, are enough."""
    y, _, prediction = drawn(loss)
    y = np.repeat(np.asarray(y)[:1], len(y), axis=0)
    expected = [loss(y[:1], prediction[i : i + 1], labels=loss.examples.labels(y)) for i in range(len(y))]
    assert_close(
        loss(y, prediction, labels=loss.examples.labels(y)),
        np.mean(expected),
        f"{loss!r} of one class differs",
        1e-12,
    )


# ---- arrays ------------------------------------------------------------------------------------------


@check
def check_float32(loss):
    """Predictions in float32 give pointwise losses and gradients in float32, near those in float64."""
    y, raw, prediction = drawn(loss)
    for name, method, argument in (
        ("pointwise", loss.pointwise, prediction),
        ("gradient", loss.gradient, raw),
    ):
        single = method(y, argument.astype(np.float32))
        if single.dtype != np.float32:
            raise AssertionError(f"{name} of {loss!r} gives {single.dtype} for float32 predictions.")
        assert_close(
            single, method(y, argument), f"{name} of {loss!r} loses precision in float32", 1e-3, 1e-4
        )


@check
def check_memory_layout(loss):
    """Read-only and non-contiguous arrays are taken, and no input is changed."""
    y, raw, prediction = drawn(loss)
    y = np.asarray(y)
    expected = loss(y, prediction), loss.gradient(y, raw)
    for change in (_read_only, _strided):
        given = change(y), change(prediction), change(raw)
        before = [array.copy() for array in given]
        message = f"{loss!r} takes {change.__name__.strip('_').replace('_', ' ')} arrays for others"
        assert_close(loss(given[0], given[1]), expected[0], message, 1e-12)
        assert_close(loss.gradient(given[0], given[2]), expected[1], message, 1e-12)
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


@check
def check_pickle_and_clone(loss):
    """Copies compute the same."""
    y, _, prediction = drawn(loss)
    for name, copy in (("pickle", lambda: pickle.loads(pickle.dumps(loss))), ("clone", lambda: clone(loss))):
        try:
            copied = copy()
        except (pickle.PicklingError, AttributeError) as error:
            raise AssertionError(
                f"{loss!r} cannot be pickled ({error}). Define its class, and functions that it is made of, at the "
                f"top of a module."
            ) from error
        assert_close(copied(y, prediction), loss(y, prediction), f"A {name} of {loss!r} differs", 0.0, 0.0)


@check
def check_parameters(loss):
    """`get_params` gives what `set_params` and the class take, and a changed parameter has its effect."""
    y, raw, prediction = drawn(loss)
    parameters = loss.get_params(deep=False)
    again = type(loss)(**parameters)
    assert_close(
        again(y, prediction), loss(y, prediction), f"{loss!r} made again from get_params differs", 0.0, 0.0
    )
    for name, value in parameters.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
            continue
        changed = 0.5 * value if value else 0.25
        fresh = type(loss)(**{**parameters, name: changed})
        moved = clone(loss)
        values_of(moved, y, raw)  # compiled with the old value
        moved.set_params(**{name: changed})
        try:
            expected = values_of(fresh, y, raw)
        except ValueError:
            continue  # half of it is no valid value
        assert_close(
            values_of(moved, y, raw), expected, f"set_params({name}=…) of {loss!r} has no effect", 0.0, 0.0
        )


@check
def check_repr(loss):
    """What `repr` prints makes the loss again."""
    import sklearn_losses

    try:
        again = eval(repr(loss), {**vars(sklearn_losses), type(loss).__name__: type(loss)})
    except Exception:
        raise SkipTest("it has parameters that Python cannot read back") from None
    y, _, prediction = drawn(loss)
    assert_close(again(y, prediction), loss(y, prediction), f"repr of {loss!r} makes another loss", 0.0, 0.0)


# ---- bad input ---------------------------------------------------------------------------------------


@check
def check_bad_input(loss):
    """NaN, infinity, values outside of their domain and wrong lengths raise a ValueError."""
    y, _, prediction = drawn(loss)
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
