"""An oracle: where the objective of a convex loss is smallest, found without this library.

Columns are centred and scaled in extended precision, then turned to be orthogonal where there is no L1 penalty.
Losses made of linear and quadratic parts become linear programs (HiGHS) or quadratic ones (Clarabel); smooth ones are
minimised by damped Newton steps, with L1 penalties within the orthant of the coefficients. What is found is an upper
bound of the minimum; the lower bounds are the dual objective of a program, or Fenchel's by the slopes, over
coefficients of at most ten times the size.
"""

import numpy as np

from .descent import newton
from .programs import program
from .space import Point, Space

WIDTHS = 10.0 ** -np.arange(0.0, 10.0)


class Oracle:
    """The least F that is known, and a bound of what it can be.

    Attributes
    ----------
    best : Point
    lower : float
        F is nowhere less; -inf if nothing is known.
    null : float
        F of the best constant.
    """

    def __init__(self, objective):
        self.objective = objective
        self.space = Space(objective)
        nothing = Space(objective, constant=True)
        self.lower = -np.inf
        zero = Point(np.zeros((objective.K, objective.X.shape[1])), np.zeros(objective.K), np.inf)
        zero.value = objective(zero.coef, zero.intercept)
        self.best = zero
        if objective.fit_intercept:
            self._search(nothing)
        self.null = self.best.value
        self.lower = -np.inf
        self._search(self.space)

    def _search(self, space):
        """Take what programs find, and go on by Newton's steps from there."""
        formula = self.objective.formula
        start = space.inside(self.best)
        solved = program(space)
        if solved is not None:
            found, bound = solved
            self.lower = max(self.lower, bound)
            if found is not None:
                self._keep(space.outside(found))
                start = space.inside(self.best) if formula.kinked else found
        if not formula.kinked:
            self._descend(space, start)

    def _descend(self, space, start):
        """Go down from there; where a loss has a narrow foot, over wider ones."""
        objective, formula = self.objective, self.objective.formula
        if formula.wider is not None:
            middle = objective.share @ objective.y if objective.fit_intercept else 0.0
            spread = np.sqrt(objective.share @ (objective.y - middle) ** 2)
            for width in spread * WIDTHS if spread > 0 else []:
                wider = formula.wider(width)
                start, lower = newton(space, start, wider)
                self._keep(space.outside(start))
                if wider.name == "minkowski, wider":
                    self.lower = max(self.lower, lower - width ** formula.parameters["q"])
                elif wider == formula:
                    break
        theta, lower = newton(space, start, formula)
        self.lower = max(self.lower, lower)
        self._keep(space.outside(theta))

    def improve(self, coef, intercept):
        """Take a point of another, and go on from there."""
        point = Point(coef, intercept, self.objective(coef, intercept))
        formula = self.objective.formula
        if not formula.kinked and np.isfinite(point.value):
            theta, lower = newton(self.space, self.space.inside(point), formula, near=True)
            self.lower = max(self.lower, lower)
            self._keep(self.space.outside(theta))
        self._keep(point)

    def _keep(self, point):
        if point.value < self.best.value:
            self.best = point
