"""F of a `SummedProblem` in coordinates v of scaled columns, and how solvers that are generators are run.

Knows points and sums over the data, not the data. v is flat: (K, d) coefficients and then K intercepts, K being 1
where the loss compares no outputs. A generator yields points and is sent what F is there; so somebody who minimises
several problems on the same data can compute all their sums in one pass (`together`).
"""

import numpy as np


class Scaled:
    """F without its L1 part, and its derivatives.

    Attributes
    ----------
    problem : SummedProblem
    l2, l1 : ndarray
        The penalty of v is Σ l2 v²/2 + Σ l1 |v|.
    """

    def __init__(self, problem):
        self.problem = problem
        columns = problem.columns
        self.centre, self.scale = columns.centre, columns.rate**-0.5
        self.several = problem.n_outputs is not None
        self.n_outputs = problem.n_outputs or 1
        size = self.n_outputs * problem.n_features
        self.l2 = np.zeros(size + self.n_outputs)
        self.l1 = np.zeros(size + self.n_outputs)
        self.l2[:size] = np.tile(problem.l2 / self.scale**2, self.n_outputs)
        self.l1[:size] = np.tile(problem.l1 / self.scale, self.n_outputs)

    def parts(self, v):
        """Give coefficients and intercept of scaled columns, as `SummedProblem.slopes` takes them."""
        coef = v[: -self.n_outputs].reshape(self.n_outputs, -1)
        intercept = v[-self.n_outputs :]
        if not self.problem.fit_intercept:
            intercept = np.zeros(self.n_outputs)
        return (coef, intercept) if self.several else (coef[0], float(intercept[0]))

    def raw(self, v):
        """Give coefficients and intercept in units of X."""
        coef, intercept = self.parts(v)
        coef = coef / self.scale
        if self.problem.fit_intercept:
            intercept = intercept - coef @ self.centre
        return coef, (intercept if self.several else float(intercept))

    def scaled(self, coef, intercept):
        """Give v of coefficients and intercept in units of X."""
        coef = np.atleast_2d(coef)
        intercept = (
            np.atleast_1d(intercept) + coef @ self.centre
            if self.problem.fit_intercept
            else np.zeros(len(coef))
        )
        return np.concatenate([(coef * self.scale).ravel(), intercept])

    def slopes(self, v):
        """Give F without its L1 part, and the gradient of that."""
        return self.with_penalty(v, self.problem.slopes(*self.parts(v)))

    def bends(self, v):
        """Give F without its L1 part, its gradient and its Hessian."""
        return self.with_penalty(v, self.problem.bends(*self.parts(v)))

    def with_penalty(self, v, sums):
        """Give F, its gradient and, if there is one, its Hessian of the sums at v."""
        loss, of_coef, of_intercept, *hessian = sums
        objective = loss + 0.5 * float(self.l2 @ (v * v))
        if not np.isfinite(objective):
            return np.inf, np.zeros_like(v), *(np.zeros_like(H) for H in hessian)
        ends = np.atleast_1d(of_intercept) if self.problem.fit_intercept else np.zeros(self.n_outputs)
        gradient = np.concatenate([np.ravel(of_coef), ends]) + self.l2 * v
        for H in hessian:
            H.flat[:: len(H) + 1] += self.l2
            if not self.problem.fit_intercept:
                last = range(len(H) - self.n_outputs, len(H))
                H[last] = H[:, last] = 0.0
                H[last, last] = 1.0  # nothing pulls there, and so nothing moves
        return objective, gradient, *hessian


def run(steps, evaluate):
    """Run a solver that is a generator of points; `evaluate` tells what F is at one. Return what it returns."""
    try:
        v = next(steps)
        while True:
            v = steps.send(evaluate(v))
    except StopIteration as end:
        return end.value


def together(solvers, evaluate):
    """Run several such solvers side by side.

    Parameters
    ----------
    solvers : list of generators
        As `run` takes one.
    evaluate : callable
        Of a dictionary of points by the position of their solver; gives a dictionary of what F is there.

    Returns
    -------
    list
        What each solver returns.
    """
    solutions = [None] * len(solvers)
    answers = dict.fromkeys(range(len(solvers)))
    while answers:
        points = {}
        for k, answer in answers.items():
            try:
                points[k] = solvers[k].send(answer)
            except StopIteration as end:
                solutions[k] = end.value
        answers = evaluate(points) if points else {}
    return solutions
