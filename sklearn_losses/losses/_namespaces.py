"""Arrays of other libraries: which there are, and how they become NumPy's or one another's.

They are taken as scikit-learn takes them: where ``sklearn.set_config(array_api_dispatch=True)`` says so, and
otherwise turned into NumPy's. Knows nothing of losses.
"""

from typing import Any

import numpy as np
from sklearn import get_config

from .._chunks import is_chunked

_EPSILONS = {char: float(np.finfo(char).eps) for char in "efdg"}  # finfo takes its time


def other_namespace(*arrays: Any) -> Any:
    """Return the array namespace of the arguments if scikit-learn is to dispatch on it, or None."""
    if not get_config()["array_api_dispatch"]:
        return None
    others = [a for a in arrays if hasattr(a, "shape") and not isinstance(a, np.ndarray | np.generic)]
    others = [a for a in others if hasattr(a, "__array_namespace__") or _is_known(a)]
    if not others:
        return None
    try:
        from array_api_compat import array_namespace
    except ImportError:
        raise ImportError(
            "Arrays of other libraries than NumPy need array-api-compat: pip install 'sklearn-losses[array-api]'."
        ) from None
    return array_namespace(*others)


def _is_known(array):
    return type(array).__module__.partition(".")[0] in ("torch", "cupy")


def space_of(array: Any) -> Any:
    """Return the namespace whose functions take an array: NumPy, unless scikit-learn is to dispatch on another."""
    return np if type(array) is np.ndarray else other_namespace(array) or np


def as_numpy(values: Any) -> np.ndarray:
    """Return an array of any library as NumPy's: off its device, and without PyTorch's gradients."""
    if type(values) is np.ndarray:
        return values
    for move in ("detach", "cpu", "get"):
        values = getattr(values, move)() if hasattr(values, move) else values
    try:
        return np.asarray(values)
    except RuntimeError:  # array-api-strict's, of a device that is not the host
        return np.from_dlpack(values)
    except TypeError:  # bfloat16, which NumPy does not know
        return np.asarray(values.float())


def on_host(values: Any) -> Any:
    """Return arrays of other libraries and collections of dask as NumPy's, and all else as it is."""
    if values is None or type(values) is np.ndarray:
        return values
    return as_numpy(values) if is_chunked(values) or other_namespace(values) is not None else values


def moved(values: Any, like: Any) -> Any:
    """Return numbers, of any library, as an array beside another: of its namespace, device and dtype."""
    xp = space_of(like)
    if xp is np:
        return np.asarray(as_numpy(values), dtype=like.dtype)
    if other_namespace(values) is not xp:
        # a copy, since libraries take neither negative strides nor read-only memory
        return xp.asarray(np.array(on_host(values)), dtype=like.dtype, device=like.device)
    if values.device != like.device:
        from array_api_compat import to_device

        values = to_device(values, like.device)
    return xp.astype(values, like.dtype, copy=False)


def is_floating(array: Any) -> bool:
    """Tell whether an array holds real numbers that may have fractions."""
    kind = getattr(array.dtype, "kind", None)
    return kind == "f" if kind is not None else space_of(array).isdtype(array.dtype, "real floating")


def as_floats(array: Any) -> Any:
    """Return an array as it is if it holds floats, else as one of float64."""
    if is_floating(array):
        return array
    xp = space_of(array)
    return array.astype(np.float64) if xp is np else xp.astype(array, xp.float64)


def epsilon_of(array: Any) -> float:
    """Return the machine epsilon of an array's dtype, of float64 if it does not hold floats."""
    if type(array) is np.ndarray:
        return _EPSILONS.get(array.dtype.char, _EPSILONS["d"])
    return float(space_of(array).finfo(array.dtype).eps) if is_floating(array) else _EPSILONS["d"]


def survey(values: Any) -> tuple[float, float, bool]:
    """Return the lowest and the highest value, and whether there is a NaN, as programs do."""
    if type(values) is np.ndarray:
        return values.min(), values.max(), bool(np.isnan(values).any())
    xp = space_of(values)
    values = values.detach() if hasattr(values, "detach") else values  # of PyTorch: leaves no trace
    if xp.isdtype(values.dtype, "bool"):
        return float(xp.all(values)), float(xp.any(values)), False
    has_nan = is_floating(values) and bool(xp.any(xp.isnan(values)))
    return float(xp.min(values)), float(xp.max(values)), has_nan
