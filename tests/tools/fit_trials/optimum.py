"""An oracle: where the objective of a convex loss is smallest, found without this library.

Columns are centred and scaled in extended precision, then turned to be orthogonal where there is no L1 penalty.
Losses made of linear and quadratic parts become linear programs (HiGHS) or quadratic ones (Clarabel); smooth ones are
minimised by damped Newton steps, with L1 penalties within the orthant of the coefficients. What is found is an upper
bound of the minimum; the lower bounds are the dual objective of a program, or Fenchel's by the slopes, over
coefficients of at most ten times the size.
"""

from dataclasses import dataclass

import clarabel
import numpy as np
import scipy.sparse as sp
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import linprog

STEPS = 200
REACH = 10.0
FEW = 500  # rows of a linear program, beyond which the interior point method is faster
WIDTHS = 10.0 ** -np.arange(0.0, 10.0)


@dataclass
class Point:
    """Raw coefficients (K, d), intercepts (K,), and F there."""

    coef: np.ndarray
    intercept: np.ndarray
    value: float


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
        self.space = _Space(objective)
        nothing = _Space(objective, constant=True)
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
        program = _program(space)
        if program is not None:
            found, bound = program
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
                start, lower = _newton(space, start, wider)
                self._keep(space.outside(start))
                if wider.name == "minkowski, wider":
                    self.lower = max(self.lower, lower - width ** formula.parameters["q"])
                elif wider == formula:
                    break
        theta, lower = _newton(space, start, formula)
        self.lower = max(self.lower, lower)
        self._keep(space.outside(theta))

    def improve(self, coef, intercept):
        """Take a point of another, and go on from there."""
        point = Point(coef, intercept, self.objective(coef, intercept))
        formula = self.objective.formula
        if not formula.kinked and np.isfinite(point.value):
            theta, lower = _newton(self.space, self.space.inside(point), formula, near=True)
            self.lower = max(self.lower, lower)
            self._keep(self.space.outside(theta))
        self._keep(point)

    def _keep(self, point):
        if point.value < self.best.value:
            self.best = point


class _Space:
    """Coordinates in which columns are alike: f = A θ + b, raw coefficients R θ."""

    def __init__(self, objective, constant=False):
        self.objective = objective
        X, share = objective.X.astype(np.longdouble), objective.share.astype(np.longdouble)
        n, d = X.shape
        self.centre = share @ X if objective.fit_intercept else np.zeros(d, np.longdouble)
        size = np.sqrt(share @ (X - self.centre) ** 2)
        used = size > 1e-15 * np.abs(self.centre)
        if constant:
            used = np.zeros(d, bool)
        Z = (X[:, used] - self.centre[used]) / size[used]
        scale = np.where(used, size, 1.0)[used]
        R = np.zeros((d, used.sum()))
        R[used, np.arange(used.sum())] = 1 / scale
        self.l1 = (objective.l1 / scale).astype(float)
        self.flat = objective.l1 == 0.0
        if self.flat and used.any():
            # Orthogonal for a quadratic objective of a typical curvature
            held = np.sqrt(objective.l2 / _typical_bend(objective)) / scale
            rho = np.sqrt(1 + held**2)
            roots = np.sqrt(share)[:, None]
            stacked = np.vstack([roots * Z / rho, np.diag(held / rho)]).astype(float)
            _, s, Vt = np.linalg.svd(stacked, full_matrices=False)
            keep = s > 1e-13 * s[0]
            T = (Vt[keep].T / s[keep]) / rho[:, None].astype(float)
            Z, R, self.l1 = Z @ T, R @ T, np.zeros(T.shape[1])
        self.A = Z.astype(float)
        self.R = R.astype(float)
        self.n, self.r = self.A.shape
        self.K = objective.K
        self.square = objective.l2 * (self.R.T @ self.R)  # the Hessian of the penalty

    def outside(self, theta):
        """Raw coefficients and intercepts."""
        a, b = theta[:, : self.r], theta[:, self.r]
        coef = a @ self.R.T
        intercept = np.asarray(b - coef @ self.centre, float) if self.objective.fit_intercept else 0.0 * b
        return Point(coef, intercept, self.objective(coef, intercept))

    def inside(self, point):
        """θ of shape (K, r + 1), the intercept last."""
        a = np.linalg.lstsq(self.R, point.coef.T, rcond=None)[0].T if self.r else np.zeros((self.K, 0))
        b = np.asarray(point.intercept + point.coef @ self.centre, float)
        return np.column_stack([a, b if self.objective.fit_intercept else 0 * b])

    def raw(self, theta):
        """Raw predictions (n, K)."""
        return self.A @ theta[:, : self.r].T + theta[:, self.r]

    def penalty(self, theta):
        """The quadratic part."""
        a = theta[:, : self.r]
        return 0.5 * np.sum((a @ self.square) * a)


def _typical_bend(objective):
    formula = objective.formula
    f = np.zeros((len(objective.X), objective.K))
    if formula.kinked or formula.coupled:
        return 0.25
    y = objective.y
    at = np.log(np.maximum(objective.share @ y, 1e-300)) if formula.target in ("count", "positive", "amount") else 0.0
    at = objective.share @ y if formula.target.startswith("number") else at
    with np.errstate(all="ignore"):
        bend = objective.share @ formula.bend(y, f[:, 0] + at)
    return float(bend) if np.isfinite(bend) and bend > 1e-12 else 1e-3


# ---- smooth losses -----------------------------------------------------------------------------------------


def _newton(space, theta, formula, near=False):
    """Damped Newton steps. Gives θ, and a lower bound.

    With L1 each is the best point of a quadratic model, and the last ones, or all if the end is `near`, stay within the
    orthant of the coefficients.
    """
    descent = _Descent(space, formula)
    if not np.isfinite(descent.value(theta)):
        return theta, -np.inf
    if space.l1.any() and not near:
        theta = descent.run(theta, descent.to_best_of_model, 1e-9)
    theta = descent.run(theta, descent.within_orthant, 1e-15)
    return theta, _lower_bound(space, theta, formula)


class _Descent:
    """Steps down a smooth objective, and what they need."""

    def __init__(self, space, formula):
        self.space, self.objective, self.formula = space, space.objective, formula
        self.l1 = np.append(space.l1, 0.0)
        self.free = np.ones((space.K, space.r + 1), bool)
        self.free[:, space.r] = self.objective.fit_intercept

    def value(self, theta):
        """F, of this formula."""
        space, objective = self.space, self.objective
        with np.errstate(all="ignore"):
            losses = self.formula.value(objective.y, objective.shaped(space.raw(theta)))
            value = objective.share @ losses + space.penalty(theta) + np.sum(self.l1 * np.abs(theta))
        return value if np.isfinite(value) else np.inf

    def run(self, theta, stepper, least):
        """Take steps with less damping while F falls, with more where it does not, until it falls by less than `least`."""
        damping, still, value = 1e-8, 0, self.value(theta)
        for _ in range(STEPS):
            gradient, hessian = _derivatives(self.space, theta, self.formula)
            if not (np.isfinite(gradient).all() and np.isfinite(hessian).all()):
                break
            step = stepper(theta, gradient, hessian)
            for _ in range(60):
                with np.errstate(over="ignore"):
                    new = step(damping)
                new_value = np.inf if new is None else self.value(new)
                if new_value < value:
                    break
                damping *= 8
                if damping > 1e16:
                    return theta
            else:
                break
            gained, value, theta = value - new_value, new_value, new
            damping = max(damping / 20, 1e-15)
            still = still + 1 if gained <= least * abs(value) else 0
            if still > 2:
                break
        return theta

    def within_orthant(self, theta, gradient, hessian):
        """Newton's step of the coefficients that are not held at zero; those that change their sign become zero."""
        sign = np.sign(theta) + (theta == 0) * -np.sign(gradient)
        moves = self.free & ((theta != 0) | (np.abs(gradient) > self.l1))
        slope = (gradient + self.l1 * sign)[moves]
        if not slope.size:
            return lambda damping: None
        which = np.flatnonzero(moves.ravel())
        solve = _damped_solver(hessian[np.ix_(which, which)], slope)

        def step(damping):
            new = theta.copy()
            new[moves] -= solve(damping)
            new[(new * sign < 0) & (self.l1 > 0)] = 0.0
            return new

        return step

    def to_best_of_model(self, theta, gradient, hessian):
        """Minimise the quadratic model with its L1 penalty, as a quadratic program in positive and negative parts."""
        m = theta.size
        bends = np.maximum(np.diag(hessian), 1e-14 * np.diag(hessian).max() + 1e-300)
        l1 = np.tile(self.l1, self.space.K)
        high = np.where(np.tile(self.free.ravel(), 2), np.inf, 0.0)
        scale = np.tile(1 / np.sqrt(bends), 2)
        linear = gradient.ravel() - hessian @ theta.ravel()

        def step(damping):
            P = hessian + damping * np.diag(bends)
            c = linear - damping * bends * theta.ravel()
            P, c = np.kron([[1, -1], [-1, 1]], P), np.concatenate([c + l1, l1 - c])
            P, c = P * scale[:, None] * scale, c * scale
            size = np.abs(c).max() or 1.0
            x, _ = _quadratic(
                sp.csc_matrix(P / size), c / size, sp.csc_matrix((0, 2 * m)), np.zeros(0), np.zeros(2 * m), high
            )
            if x is None:
                return None
            x = np.where(x < 1e-9 * np.abs(x).max(), 0.0, x) * scale
            return (x[:m] - x[m:]).reshape(theta.shape)

        return step


def _damped_solver(H, slope):
    """Give a function of the damping that solves the equations; the diagonal is brought to one first."""
    bends = np.maximum(np.diag(H), 1e-14 * np.abs(np.diag(H)).max() + 1e-300)
    scale = 1 / np.sqrt(bends)
    H = H * scale[:, None] * scale
    if len(slope) > 150:

        def solve(damping):
            try:
                factor = cho_factor(H + damping * np.eye(len(slope)))
            except np.linalg.LinAlgError:
                return np.full(len(slope), np.nan)
            return scale * cho_solve(factor, slope * scale)

        return solve
    values, vectors = np.linalg.eigh(H)
    values, turned = np.maximum(values, 0.0), vectors.T @ (slope * scale)
    return lambda damping: scale * (vectors @ (turned / (values + damping)))


def _derivatives(space, theta, formula):
    objective = space.objective
    f = objective.shaped(space.raw(theta))
    K, r, share = space.K, space.r, objective.share
    Z = np.column_stack([space.A, np.ones(space.n)])
    with np.errstate(all="ignore"):
        slope, bend = formula.slope(objective.y, f), formula.bend(objective.y, f)
    gradient = (share[:, None] * slope.reshape(-1, K)).T @ Z
    gradient[:, :r] += theta[:, :r] @ space.square
    hessian = np.zeros((K, r + 1, K, r + 1))
    for k in range(K):
        for m in range(K):
            weight = share * (bend if bend.ndim == 1 else bend[:, k, m])
            hessian[k, :, m, :] = (Z * weight[:, None]).T @ Z
        hessian[k, :r, k, :r] += space.square
    return gradient, hessian.reshape(K * (r + 1), -1)


def _lower_bound(space, theta, formula):
    """Tangents at f lie below the loss; minimise their sum and the penalty over coefficients of `REACH` times the size."""
    objective = space.objective
    f = space.raw(theta)
    with np.errstate(all="ignore"):
        slope = formula.slope(objective.y, objective.shaped(f)).reshape(-1, space.K)
    slope = objective.share[:, None] * slope
    pull, sums = slope.T @ space.A, slope.sum(axis=0)
    if not objective.fit_intercept:
        sums = 0 * sums
    reach = REACH * max(np.abs(theta).max(initial=0.0), np.abs(f).max(initial=0.0))
    a = theta[:, : space.r]
    # The quadratic penalty is replaced by its tangent at θ, too; both lie below.
    pull = pull + a @ space.square
    rest = objective.share @ formula.value(objective.y, objective.shaped(f)) - np.sum(slope * f) - space.penalty(theta) + sums @ theta[:, space.r]
    if space.l1.any():
        steep = np.maximum(np.abs(pull) - space.l1, 0.0)
    else:
        steep = np.abs(pull)
    bound = rest - reach * (steep.sum() + np.abs(sums).sum())
    if not objective.fit_intercept:
        bound = rest - reach * steep.sum()
    return float(bound) if np.isfinite(bound) else -np.inf


# ---- linear and quadratic parts ----------------------------------------------------------------------------


def _program(space):
    """Solve losses of linear and quadratic parts as a program. Gives θ or None, and a lower bound; None if it is none."""
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
    # Variables: a, or its positive and its negative part; b; the parts. θ is `unit` times (a, b), and `middle` beside b.
    edge = np.inf if objective.fit_intercept else 0.0
    a = [left[:, :n_a], -left[:, :n_a]][: 1 + signed]
    A = sp.csc_matrix(sp.hstack([*a, left[:, n_a:]]))
    c = np.concatenate([*[np.tile(space.l1, K) * unit] * len(a), np.zeros(K), cost])
    low = np.concatenate([np.full(n_a * len(a), 0.0 if signed else -np.inf), np.full(K, -edge), np.zeros(len(cost))])
    high = np.concatenate([np.full(n_a * len(a), np.inf), np.full(K, edge), most])
    P = sp.diags(np.concatenate([np.zeros(n_a * len(a) + K), bend])).tocsc()
    if objective.l2 and r:
        square = np.kron([[1, -1], [-1, 1]] if signed else [[1]], np.kron(np.eye(K), unit**2 * space.square))
        P = P + sp.block_diag([square, sp.csc_matrix((len(c) - len(square),) * 2)], format="csc")
    size = np.abs(c).max() or np.abs(P.data).max(initial=0.0) or 1.0
    linear = not P.count_nonzero() and len(right) <= FEW
    x, bound = (_linear if linear else _quadratic)(P / size, c / size, A, right, low, high, equal)
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


def _quadratic(P, c, A, right, low, high, equal=True):
    is_low, is_high = np.isfinite(low), np.isfinite(high)
    eye = sp.eye(len(c)).tocsr()
    G = sp.vstack([A, -eye[is_low], eye[is_high]]).tocsc()
    h = np.concatenate([right, -low[is_low], high[is_high]])
    cones = [(clarabel.ZeroConeT if equal else clarabel.NonnegativeConeT)(A.shape[0]), clarabel.NonnegativeConeT(len(h) - A.shape[0])]
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.time_limit = 60.0
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
