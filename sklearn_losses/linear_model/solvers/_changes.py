"""Changes of X under which the same model is easier to find: other columns, and the way back to coefficients of X.

Sparse columns that are full and lie far from zero (an id, a price, a timestamp) are centred. Small data whose columns
nearly depend on each other, or outnumber the rows, are written in orthogonal directions. Knows problems and arrays.
"""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from ._centring import far_columns, shifted
from ._design import Orthogonal, orthogonal_design
from ._problem import LinearProblem


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


@dataclass
class TurnedPenalty(LinearProblem):
    """A problem of rotated columns with a penalty of the coefficients of X itself, which is a part of the loss."""

    rotation: Rotation | None = None
    turned: tuple[float, float] = (0.0, 0.0)
    """l2 and l1 of that penalty."""

    def slopes(self, coef: Any, intercept: Any) -> tuple[float, Any, Any]:
        """Sum losses and slopes, the penalty and its subgradient among them."""
        loss, of_coef, of_intercept = super().slopes(coef, intercept)
        assert self.rotation is not None
        root, design = np.sqrt(self.columns.rate), self.rotation.design
        raw, _ = self.rotation.back(coef * root, intercept)
        l2, l1 = self.turned
        loss += l1 * float(np.abs(raw).sum()) + 0.5 * l2 * float(np.square(raw).sum())
        pull = (l1 * np.sign(raw) + l2 * raw) / design.sizes
        return loss, of_coef + (pull @ design.directions.T) * root, of_intercept


def change_columns(problem: Any, known: dict) -> tuple[Any, Shift | Rotation | None]:
    """Return a problem of changed columns with the same minimum, and the way back; else the problem itself, and None.

    `known` keeps what was found of X for the next problem on the same data.
    """
    X = getattr(problem, "X", None)
    if isinstance(X, np.ndarray) and problem.exact and not problem.weight.all():
        problem = problem.of_rows(
            np.flatnonzero(problem.weight)
        )  # others choose among no equally good coefficients
        X = problem.X
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
    kept = problem.l2, problem.l1
    always = problem.kinked  # bundles gain by it anyway
    design = orthogonal_design(problem, always=always)
    # An L1 penalty is bound to its columns, and so is an L2 penalty where these are of very different size. Bundles,
    # which know no zeros anyway, take both as a part of the loss.
    if design is None and problem.kinked and problem.l1 > 0.0:
        kept = problem.l2, 0.0
        design = orthogonal_design(replace(problem, l1=0.0), always=True)
    if design is None and problem.kinked:
        kept = 0.0, 0.0
        design = orthogonal_design(replace(problem, l2=0.0, l1=0.0), always=True)
    if design is None:
        return problem, None
    rotation = Rotation(design)
    changed = problem.of_columns(rotation.X)
    if kept != (problem.l2, problem.l1):
        values = {field.name: getattr(changed, field.name) for field in fields(changed)}
        turned = problem.l2 - kept[0], problem.l1
        changed = TurnedPenalty(**(values | {"l2": kept[0], "l1": 0.0}), rotation=rotation, turned=turned)
        changed._typical, changed.null = problem._typical, problem.null
    return changed, rotation
