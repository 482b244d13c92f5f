"""Solvers of linear models: they know programs and arrays, nothing of losses as classes or of estimators."""

from . import _bundle, _lbfgs, _newton, _newton_of_sums, _working_set
from ._problem import EXACT, EXACT_TOL


def _solve_by_newton(problem, *start, **settings):
    """Minimise a `LinearProblem` of one raw prediction, or of K that a smooth loss compares."""
    solver = _newton if problem.n_outputs is None else _newton_of_sums
    return solver.solve(problem, *start, **settings)


SOLVERS = {
    "dual": _working_set.solve,
    "lbfgs": _bundle.solve,
    "newton": _solve_by_newton,
}
"""By name; each as `_problem.py` says."""
KEEP_CURVES = frozenset({"dual"})
"""Those that measure the objective now and then only, unless somebody watches, and so keep a curve of their own."""


def _solve_sums_by_lbfgs(problem, coef, intercept, *, tol, **options):
    """Take coupled problems that 'newton' solves to the last digits on NumPy's arrays nearly as far: to one model."""
    exact = problem.exact and problem.convex and tol <= EXACT_TOL and problem.l1 == 0.0
    if not (exact and problem.n_outputs is not None and coef.size + len(intercept) <= FEW_OF_SEVERAL):
        return _lbfgs.solve(problem, coef, intercept, tol=tol, **options)
    solution = _lbfgs.solve(problem, coef, intercept, tol=min(tol, NEARLY), **options)
    solution.converged |= solution.gap <= problem.allowed(tol, solution.objective)
    return solution


SOLVERS_OF_SUMS = {"lbfgs": _solve_sums_by_lbfgs, "newton": _newton_of_sums.solve}
"""Of a `SummedProblem`."""

NOT_CONVEX = "the loss is not convex; use 'lbfgs', which follows its slopes to the next valley"
FEW = 500  # so many columns make a small linear system
NEARLY = 1e-10  # a tolerance that leaves hardly anything
FEW_OF_SEVERAL = 200  # so many coefficients of several outputs, whose every iteration sums a Hessian
CHEAP = 40_000_000  # products for a Hessian
FINE = 1e-5  # from this tolerance on passes may get stuck at kinks, and Newton's steps are no slower, with so ...
FEW_OF_KINKED, MEDIUM = 100, 2_000_000  # ... few columns and entries
NOT_SPARSE = 0.1  # a CSR matrix with so many entries is treated as if it were dense


def choose_solver(problem, tol):
    """Give the name of the solver that suits a problem; doc/user_guide/linear.md has the rule in words."""
    n, d = problem.X.shape
    if problem.n_outputs is not None:
        # Quasi-Newton steps meet zeros one by one, and know little of what is left to gain.
        most = FEW_OF_SEVERAL if problem.l1 == 0.0 else FEW
        width = problem.n_outputs * (d + 1)
        few = width <= most and (n * d <= EXACT or n * width**2 <= CHEAP)
        return "newton" if few and can_solve("newton", problem) is None else "lbfgs"
    if not problem.convex:
        return "lbfgs"
    if n * d <= EXACT:
        return "newton"
    if problem.kinked:
        few = tol <= FINE and problem.is_dense and d <= FEW_OF_KINKED and n * d <= MEDIUM
        return "newton" if few else "dual"
    small_system = d <= FEW or (problem.l1 == 0.0 and n <= FEW)
    dense = problem.is_dense or problem.X.nnz >= NOT_SPARSE * n * d
    return "newton" if small_system and dense else "dual"


def alternative_solver(name, problem):
    """Return the solver that goes on where one, chosen by `choose_solver`, did not arrive; None if there is none."""
    n, d = problem.X.shape
    newton = d <= FEW_OF_KINKED and n * d <= MEDIUM
    if problem.n_outputs is not None:
        newton = not problem.kinked and problem.n_outputs * (d + 1) <= FEW
    straight = name == "newton" and problem.n_outputs is None and not problem.orthogonal
    if straight and problem.l1 == 0.0 and 1 < d <= FEW and n * d <= MEDIUM:
        return "newton"  # in orthogonal directions
    other = {
        "dual": "newton" if newton else "lbfgs",
        "lbfgs": "newton" if newton else None,
        "newton": "dual",
    }[name]
    if name == "newton" and problem.n_outputs is not None:
        other = "lbfgs"
    if other == "lbfgs" and problem.kinked:
        return None
    return other if other is not None and can_solve(other, problem) is None else None


def can_solve(name, problem):
    """Say why a solver cannot be used for a problem; None if it can."""
    if name == "lbfgs":
        return None
    if problem.n_outputs is not None:
        if name != "newton":
            return "the loss compares several raw predictions of a sample with each other; use 'lbfgs' or 'newton'"
        if problem.kinked:
            return "of losses that compare several raw predictions it takes smooth ones; use 'lbfgs'"
    if not problem.convex:
        return NOT_CONVEX
    return None


def choose_solver_of_sums(problem, tol):
    """Give the name of the solver that suits a problem of which there are only sums."""
    return "lbfgs" if obstacle_to_sums("newton", problem) or problem.n_features > FEW else "newton"


def obstacle_to_sums(name, problem):
    """Say why a solver cannot be used for a problem of which there are only sums; None if it can."""
    if name not in SOLVERS_OF_SUMS:
        return f"{name!r} takes samples one by one, from NumPy's arrays; use 'auto', 'newton' or 'lbfgs'"
    if problem.kinked:
        return "its slope jumps, which only the solvers of NumPy's arrays can do"
    if name == "newton" and problem.n_outputs is not None:
        return "the loss compares several raw predictions of a sample with each other; use 'lbfgs'"
    if name == "newton" and not problem.convex:
        return NOT_CONVEX
    return None
