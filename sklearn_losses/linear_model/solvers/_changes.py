"""Changes of X under which the same model is easier to find: other columns, and the way back to coefficients of X.

Sparse columns that are full and lie far from zero (an id, a price, a timestamp) are centred. Small data whose columns
nearly depend on each other, or outnumber the rows, are written in orthogonal directions. Knows problems and arrays.
"""

from typing import Any

import numpy as np
import scipy.sparse as sp

from ._centring import far_columns, shifted
from ._design import Orthogonal, orthogonal_design


class Shift:
    """X - shift, for models with an intercept, which takes it up."""

    def __init__(self, shift: np.ndarray):
        self.shift = shift

    def forth(self, coef: Any, intercept: Any) -> tuple[Any, Any]:
        """Return coefficients and intercept for the changed X."""
        return coef, intercept + coef @ self.shift

    def back(self, coef: Any, intercept: Any) -> tuple[Any, Any]:
        """Return coefficients and intercept for X itself."""
        return coef, intercept - coef @ self.shift


class Rotation:
    """X in the directions of an `Orthogonal` design, whose coefficients have the same norm."""

    def __init__(self, design: Orthogonal):
        self.design = design
        self.X = np.ascontiguousarray(design.X * design.scale)

    def forth(self, coef: np.ndarray, intercept: np.ndarray) -> tuple[Any, Any]:
        """Return coefficients (K, d) and intercepts (K,) for the changed X."""
        design = self.design
        turned = (coef * design.sizes) @ design.directions.T
        return turned, intercept + coef @ design.column_centre if design.fit_intercept else intercept

    def back(self, coef: np.ndarray, intercept: np.ndarray) -> tuple[Any, Any]:
        """Return coefficients (K, d) and intercepts (K,) for X itself."""
        design = self.design
        raw = coef @ design.directions / design.sizes
        return raw, intercept - raw @ design.column_centre if design.fit_intercept else intercept


def change_columns(problem: Any, known: dict) -> tuple[Any, Shift | Rotation | None]:
    """Return a problem of changed columns with the same minimum, and the way back; else the problem itself, and None.

    `known` keeps what was found of X for the next problem on the same data.
    """
    X = getattr(problem, "X", None)
    if sp.issparse(X):
        if not problem.fit_intercept:
            return problem, None
        if "shifted" not in known:
            centre = far_columns(X, problem.weight)
            known["shifted"] = None if centre is None else (shifted(X, centre), Shift(centre))
        if known["shifted"] is None:
            return problem, None
        X, shift = known["shifted"]
        return problem.of_columns(X), shift
    if problem.n_outputs is None or not isinstance(X, np.ndarray):
        return problem, None  # Newton's method for one output has designs of its own
    design = orthogonal_design(problem)
    if design is None:
        return problem, None
    rotation = Rotation(design)
    return problem.of_columns(rotation.X), rotation
