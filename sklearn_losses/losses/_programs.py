"""From a loss to a program: its formula traced, differentiated, compiled, and kept.

Knows the formula engine, and of losses their declared facts and `_checks`.
"""

import inspect
import math
from functools import lru_cache
from numbers import Real
from typing import Any

from ..formula import (
    SCALAR,
    VECTOR,
    FormulaError,
    Program,
    apply,
    compile_program,
    constant,
    derivative,
    substitute,
    trace,
    variable,
)
from ..links import REAL, SOFTMAX

ENCODINGS: dict[str, Any] = {
    "as it is": lambda y: y,
    "label": lambda y: apply("onehot", y),  # 0 … K-1, expanded where it is used
    "number": lambda y: y,  # one number beside K predictions
    "0 or 1 to sign": lambda y: 2.0 * y - 1.0,
    "sign to 0 or 1": lambda y: 0.5 * (y + 1.0),
}
"""How the formula's y follows from the y of the data."""

_ORDERS = {"metric": 0, "value": 0, "gradient": 1, "hessian": 2}


def program_of(loss: Any, quantity: str, encoding: str = "as it is", clip: float | None = None) -> Program:
    """Return the program that computes a quantity of a loss.

    Parameters
    ----------
    loss : Loss
        Whose program it is.
    quantity : {'metric', 'value', 'gradient', 'hessian', 'training', 'training gradient', 'training curvature'}
        The loss of a prediction, or of a raw prediction; its derivatives by the raw prediction; or
        training_scale · (value, gradient), of the gradient alone, or of (value, gradient, hessian). All but
        the last three have the loss's checks as further results.
    encoding : str
        One of `ENCODINGS`.
    clip : float or None
        By how much to keep the predictions of a metric from 0 and 1.
    """
    cls: Any = type(loss)
    state = tuple(vars(loss).items())
    # Only for formulas of this package is it sure that they read nothing but their parameters. A formula
    # of the user's may read a global, or a loss nested in a parameter; it is traced anew (in 0.2 ms).
    ours = cls.__module__.startswith("sklearn_losses.")
    if ours and all(isinstance(value, Real | str | None) for _, value in state):
        return _kept(cls, state, quantity, encoding, clip)
    return _build(loss, quantity, encoding, clip)


@lru_cache(maxsize=1024)
def _kept(cls, state, quantity, encoding, clip):
    loss = cls.__new__(cls)
    vars(loss).update(state)
    return _build(loss, quantity, encoding, clip)


def _build(loss, quantity, encoding, clip):
    return compile_program(*graph_of(loss, quantity, encoding, clip))


def graph_of(loss, quantity, encoding="as it is", clip=None):
    """Return the nodes that `program_of` compiles, and those of y and f."""
    check_parameters(loss)
    rank = VECTOR if loss.couples_outputs else SCALAR
    known = loss.target if encoding in ("as it is", "number") else REAL  # data elsewhere are an error
    y = variable("y", SCALAR if encoding in ("label", "number") else rank, _domain(known))
    metric = quantity == "metric"
    f = raw = variable("f", rank, _domain(loss.link.predictions if metric and clip is None else REAL))
    if metric:
        kept = f if clip is None else apply("minimum", apply("maximum", f, clip), 1.0 - clip)
        raw = trace(loss.link.link, kept, rank=rank)
    try:
        value = trace(loss.formula, ENCODINGS[encoding](y), raw)
    except FormulaError as error:  # its traceback shows the user's own line
        error.args = (f"{loss.formula_name}: {error}",)
        raise _as_written(loss, error) from None
    except OverflowError as error:
        raise ValueError(
            f"{loss!r} computes with numbers beyond the largest float, 1.8e308. Choose parameters "
            f"nearer to 1, and rescale y if they are its units."
        ) from error
    except Exception as error:
        error.add_note(f"This happened while {loss.formula_name} was traced.")
        raise
    if quantity == "metric" and loss.link is SOFTMAX:  # probabilities, whose sum is checked to be one
        value = substitute(value, apply("sum", kept), constant(1.0))
    if quantity.startswith("training"):
        slope = derivative(value, f)
        if slope.is_constant:
            raise FormulaError(
                f"{loss.formula_name} has the same slope for every prediction, so nothing can be trained with it: "
                f"its derivative by f is {slope!r}. It still scores."
            )
        results = {
            "training": lambda: [value, slope],
            "training gradient": lambda: [slope],
            "training curvature": lambda: [value, slope, derivative(slope, f)],
        }[quantity]()
        return [loss.training_scale * result for result in results], y, f
    for _ in range(_ORDERS[quantity]):
        value = derivative(value, f)
    return [value, *loss._checks(y, f, encoding, raw=not metric)], y, f


def _domain(interval):
    """Return where the numbers of an interval lie, open ends left out."""
    low = interval.low if interval.includes_low else math.nextafter(interval.low, math.inf)
    high = interval.high if interval.includes_high else math.nextafter(interval.high, -math.inf)
    return low, high


def _as_written(loss, error):
    """Return the same error in terms of y and f themselves, which an encoding or a link may have replaced."""
    rank = VECTOR if loss.couples_outputs else SCALAR
    try:
        trace(loss.formula, variable("y", rank), variable("f", rank))
    except FormulaError as plain:
        plain.args = (f"{loss.formula_name}: {plain}",)
        return plain
    except Exception:
        return error
    return error


def check_parameters(loss: Any) -> None:
    """Raise a ValueError that names a parameter outside of its domain."""
    for name, allowed in loss.parameter_domains.items():
        value = getattr(loss, name)
        if value is None and inspect.signature(type(loss)).parameters[name].default is None:
            continue
        if not isinstance(value, Real) or value not in allowed:
            raise ValueError(
                f"The parameter {name} of {type(loss).__name__} must be a number in {allowed}, got {value!r}."
            )
