"""What checks of losses share: their table, data drawn by the loss itself, comparisons.

Each check takes a loss, and raises an AssertionError that says what is wrong with it, or SkipTest where it does
not apply. Every kind of loss is so checked in its own domain.
"""

from collections.abc import Callable

import numpy as np

from ..formula import evaluate
from ..losses._programs import graph_of

CHECKS: dict[str, Callable] = {}


def check(function):
    """Enter a check in the table."""
    CHECKS[function.__name__] = function
    return function


def drawn(loss, n=23, seed=0, scale=1.0):
    """Return valid targets, raw predictions, and the predictions that users see."""
    rng = np.random.default_rng(seed)
    y, raw = loss.examples.draw(rng, n)
    raw = scale * raw
    return y, raw, loss.link.prediction(raw)


def values_of(loss, y, raw):
    """Return the loss of every sample, from raw predictions."""
    data = loss._encode(y, raw, None, None, raw=True)
    return loss._each(data, "value")


def exact(loss, quantity, y, raw):
    """Return a quantity of every sample in extended precision, by evaluating its graph on arrays."""
    data = loss._encode(y, raw, None, None, raw=True)
    results, _, _ = graph_of(loss, quantity, data.encoding)
    inputs = {"y": np.asarray(data.y, dtype=np.longdouble), "f": np.asarray(raw, dtype=np.longdouble)}
    return evaluate(results[:1], inputs, np)[0]


def assert_close(actual, expected, message, rtol=1e-7, atol=1e-9):
    """Raise if two arrays differ in shape or by more than rounding; equal infinities are equal."""
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


def outputs_of(raw):
    """Yield one index for each output, to change one raw prediction of every sample."""
    if raw.ndim == 1:
        yield ...
    else:
        for k in range(raw.shape[1]):
            yield ..., k
