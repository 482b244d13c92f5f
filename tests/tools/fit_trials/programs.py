"""Objectives whose losses consist of linear and quadratic parts, as linear programs (HiGHS) or quadratic (Clarabel)."""

import clarabel
import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog

FEW = 500  # rows of a linear program, beyond which the interior point method is faster


def program(space):
    """Solve losses of linear and quadratic parts as a program.

    Returns
    -------
    None if it is none; else (theta or None, lower bound).
    """
    objective, formula = space.objective, space.objective.formula
    if formula.coupled:
        rows = _rows_of_several(space) if formula.kinked else None
    else:
        rows = None if formula.parts is None else _rows_of_parts(space)
    if rows is None:
        return None
    equal, left, right, cost, bend, most, unit, middle = rows
    K, r = space.K, space.r
    n_a, signed = K * r, space.l1.any()
    # Variables: a, or its positive and its negative part; b; the parts. θ is `unit` (a, b), and `middle` beside b.
    edge = np.inf if objective.fit_intercept else 0.0
    a = [left[:, :n_a], -left[:, :n_a]][: 1 + signed]
    A = sp.csc_matrix(sp.hstack([*a, left[:, n_a:]]))
    c = np.concatenate([*[np.tile(space.l1, K) * unit] * len(a), np.zeros(K), cost])
    low = np.concatenate(
        [np.full(n_a * len(a), 0.0 if signed else -np.inf), np.full(K, -edge), np.zeros(len(cost))]
    )
    high = np.concatenate([np.full(n_a * len(a), np.inf), np.full(K, edge), most])
    P = sp.diags(np.concatenate([np.zeros(n_a * len(a) + K), bend])).tocsc()
    if objective.l2 and r:
        square = np.kron([[1, -1], [-1, 1]] if signed else [[1]], np.kron(np.eye(K), unit**2 * space.square))
        P = P + sp.block_diag([square, sp.csc_matrix((len(c) - len(square),) * 2)], format="csc")
    size = np.abs(c).max() or np.abs(P.data).max(initial=0.0) or 1.0
    linear = not P.count_nonzero() and len(right) <= FEW
    x, bound = (_linear if linear else solve_quadratic)(P / size, c / size, A, right, low, high, equal)
    if x is None:
        return None, -np.inf
    a = x[:n_a] - x[n_a : 2 * n_a] if signed else x[:n_a]
    b = x[n_a * (1 + signed) :][:K]
    return unit * np.column_stack([a.reshape(K, r), b]) + np.append(np.zeros(r), middle), bound * size


def _linear(_, c, A, right, low, high, equal):
    options = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10, "time_limit": 60.0}
    rows = {"A_eq": A, "b_eq": right} if equal else {"A_ub": A, "b_ub": right}
    found = linprog(c, **rows, bounds=np.column_stack([low, high]), method="highs", options=options)
    return (found.x, found.fun) if found.status == 0 else (None, -np.inf)


def solve_quadratic(P, c, A, right, low, high, equal=True):
    is_low, is_high = np.isfinite(low), np.isfinite(high)
    eye = sp.eye(len(c)).tocsr()
    G = sp.vstack([A, -eye[is_low], eye[is_high]]).tocsc()
    h = np.concatenate([right, -low[is_low], high[is_high]])
    cone = clarabel.ZeroConeT if equal else clarabel.NonnegativeConeT
    cones = [cone(A.shape[0]), clarabel.NonnegativeConeT(len(h) - A.shape[0])]
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.time_limit = 60.0
    settings.max_threads = 1
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-11
    found = clarabel.DefaultSolver(sp.triu(P).tocsc(), c, G, h, cones, settings).solve()
    good = str(found.status) in ("Solved", "AlmostSolved", "InsufficientProgress", "MaxIterations")
    x = np.array(found.x)
    if not good or not np.isfinite(x).all():
        return None, -np.inf
    return x, found.obj_val_dual if str(found.status) == "Solved" else -np.inf


def _rows_of_parts(space):
    """Σ sign p + side f = target, of every sample."""
    objective, n = space.objective, space.n
    formula, share = objective.formula, objective.share
    target, side, parts = formula.parts(objective.y)
    unit, middle = 1.0, 0.0
    if formula.target != "sign":
        middle = share @ target if objective.fit_intercept else 0.0
        unit = np.sqrt(share @ (target - middle) ** 2) or 1.0
    side = np.broadcast_to(side, n)
    left = [sp.csr_matrix(side[:, None] * space.A), sp.csr_matrix(side[:, None] * 1.0)]
    left += [sp.diags(np.full(n, float(part.sign))) for part in parts]
    cost = np.concatenate([share * part.price * unit for part in parts])
    bend = np.concatenate([share * part.bend * unit**2 for part in parts])
    most = np.concatenate([np.full(n, part.most / unit) for part in parts])
    return True, sp.hstack(left).tocsr(), (target - side * middle) / unit, cost, bend, most, unit, middle


def _rows_of_several(space):
    """Rows Σ_k F_k f_k - p ≤ -1: a part p is at least 1 + Σ F f."""
    objective, n, K = space.objective, space.n, space.K
    name, y, share = objective.formula.name, objective.y, objective.share
    Z, eye = sp.csr_matrix(space.A), np.eye(K)
    rows, price = [], [share / K if name == "multilabel_hinge" else share] * K
    for k in range(K):
        F, some = (eye[k] * (1 - 2 * y[:, [k]]), np.full(n, True)) if name == "multilabel_hinge" else (
            eye[k] - y, y[:, k] == 0)  # fmt: skip
        part = 0 if name == "multiclass_hinge" else k  # which has one p for all classes
        p = sp.hstack([-1.0 * (j == part) * sp.eye(n) for j in range(K)])
        of_a = [sp.diags(F[:, j]) @ Z for j in range(K)]
        rows.append(sp.hstack([*of_a, sp.csr_matrix(F), p]).tocsr()[np.flatnonzero(some)])
    left, cost = sp.vstack(rows), np.concatenate(price)
    return False, left, np.full(left.shape[0], -1.0), cost, 0 * cost, np.full(len(cost), np.inf), 1.0, 0.0
