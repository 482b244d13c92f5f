"""Solvers of linear models: they know programs and arrays, nothing of losses as classes or of estimators."""

from . import _descent, _dual, _lbfgs, _newton

SOLVERS = {"dual": _dual.solve, "lbfgs": _lbfgs.solve, "newton": _newton.solve, "sgd": _descent.solve}
"""By name; each as `_problem.py` says."""

FEW = 500  # so many columns make a small linear system
NOT_SPARSE = 0.1  # a CSR matrix with so many entries is treated as if it were dense


def choose_solver(problem):
    """Give the name of the solver that suits a problem; doc/user_guide/linear.md has the rule in words."""
    n, d = problem.X.shape
    if problem.n_outputs is not None:
        return "lbfgs"
    if not problem.convex:
        return "sgd"
    if n * d <= _newton.EXACT:
        return "newton"
    if problem.kinked:
        return "dual"
    small_system = d <= FEW or (problem.l1 == 0.0 and n <= FEW)
    dense = problem.is_dense or problem.X.nnz >= NOT_SPARSE * n * d
    return "newton" if small_system and dense else "dual"


def can_solve(name, problem):
    """Say why a solver cannot be used for a problem; None if it can."""
    if name == "lbfgs":
        return None
    if problem.n_outputs is not None:
        return "the loss compares several raw predictions of a sample with each other, which only 'lbfgs' can minimise"
    if name != "sgd" and not problem.convex:
        return "the loss is not convex; use 'sgd' (or 'lbfgs', which follows its slopes to the next valley)"
    return None
