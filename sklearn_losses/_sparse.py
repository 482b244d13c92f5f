"""Sparse matrices that come in: whether they are ones at all.

Knows SciPy's formats; nothing of losses or models.
"""

from typing import Any

import numpy as np
import scipy.sparse as sp


def check_sparse(values: Any, name: str) -> None:
    """Raise a ValueError if the indices of a sparse matrix lie outside of it, or its rows overlap.

    SciPy, scikit-learn and compiled loops believe them, and read and write where they point: which ends the process,
    or worse. What is not sparse is sound here.
    """
    if not sp.issparse(values) or values.ndim != 2:
        return
    fault = None
    if values.format in ("csr", "csc", "bsr"):
        fault = _fault_of_compressed(values)
    elif values.format == "coo":
        fault = next(
            filter(None, map(_outside, ("row", "col"), (values.row, values.col), values.shape)), None
        )
    elif values.format == "lil":
        fault = next(filter(None, (_outside("rows", row, values.shape[1]) for row in values.rows)), None)
    if fault:
        raise ValueError(f"{name} is no valid sparse matrix of shape {values.shape}: {fault}.")


def _fault_of_compressed(values):
    height, width = values.blocksize if values.format == "bsr" else (1, 1)
    n_rows, n_columns = values.shape[0] // height, values.shape[1] // width
    n_lines, n_places = (n_columns, n_rows) if values.format == "csc" else (n_rows, n_columns)
    starts, places = values.indptr, values.indices
    if starts.ndim != 1 or len(starts) != n_lines + 1:
        return f"indptr has shape {starts.shape}, and {n_lines + 1} numbers are needed"
    if starts[0] != 0 or np.any(starts[1:] < starts[:-1]):
        return "indptr must begin with 0 and never fall"
    stored = min(len(places), len(values.data))
    if starts[-1] > stored:
        return f"indptr ends with {starts[-1]}, but only {stored} entries are stored"
    return _outside("indices", places[: starts[-1]], n_places)


def _outside(name, places, bound):
    if len(places) == 0 or (min(places) if isinstance(places, list) else places.min()) >= 0:
        largest = max(places, default=-1) if isinstance(places, list) else places.max(initial=-1)
        return None if largest < bound else f"{name} holds {largest}, and must be less than {bound}"
    return f"{name} holds a negative number"
