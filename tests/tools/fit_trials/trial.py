"""One fit of a random problem, and what is wrong with it."""

import re
import signal
import sys
import traceback
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import process_time

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sklearn_losses import LinearClassifier, LinearRegressor
from sklearn_losses.losses import LOSSES

from .objective import objectives
from .optimum import Oracle
from .problems import problem as problem_of

SECONDS = 20.0
"""Of the processor; a fit that takes more is slow."""
KINDS = {
    "silent": "above tol, and no warning",
    "gap": "optimality_gap_ below a tenth of the truth",
    "bound": "duality_gap_ below a tenth of the truth",
    "objective": "objective_ is not the objective of the coefficients",
    "not finite": "coefficients are not finite",
    "exception": "an exception",
    "warning": "a warning of NumPy or others from inside",
    "slow": f"over {SECONDS:g} seconds",
    "lost": "the process died or hung",
    "needless": "warned, though within tol",
}
"""What may be wrong with a fit."""
ESTIMATORS = LinearClassifier, LinearRegressor


@dataclass
class Fit:
    """What a fit gave."""

    solver: str
    coef: np.ndarray | None = None
    intercept: np.ndarray | None = None
    solved_by: str = ""
    objective: float = np.nan
    gap: float = np.nan
    bound: float | None = None
    n_iter: int = 0
    warned: bool = False
    noise: list = field(default_factory=list)
    """Other warnings."""
    error: str = ""
    seconds: float = 0.0
    slow: bool = False


@dataclass
class Verdict:
    """What is wrong with the fit of a seed by a solver."""

    seed: int
    solver: str
    wrong: dict
    """By kind, in words."""
    fit: Fit | None = None
    words: str = ""
    numbers: dict = field(default_factory=dict)

    def __str__(self):
        numbers = " ".join(f"{name}={value:.3g}" for name, value in self.numbers.items())
        wrong = "; ".join(f"{kind.upper()}: {text}" for kind, text in self.wrong.items()) or "nothing wrong"
        return f"--seed {self.seed} --solver {self.solver} | {wrong} | {self.words} | {numbers}"


class _Slow(BaseException):
    """Raised in a fit that takes too long; no part of the library catches it."""


@contextmanager
def _limit(seconds):
    if not hasattr(signal, "setitimer"):
        yield
        return

    def ring(*_):
        raise _Slow

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def describe(problem):
    """Give a problem, its loss and its settings in a line."""
    s = problem.settings
    penalty = "no penalty" if s["penalty"] is None else f"{s['penalty']} alpha={s['alpha']:.1e}"
    if s["penalty"] == "elasticnet":
        penalty += f" l1_ratio={s['l1_ratio']:.2g}"
    parameters = ", ".join(f"{name}={value:.3g}" for name, value in problem.formula.parameters.items())
    intercept = "" if s["fit_intercept"] else ", no intercept"
    return f"{problem.formula.name}({parameters}), {penalty}{intercept}, tol={s['tol']:.1e}; {problem.words}"


def estimator_of(problem, solver, estimators=ESTIMATORS):
    """Give the estimator, not fitted."""
    loss = LOSSES[problem.formula.name](**problem.formula.parameters)
    kind = estimators[0] if problem.classifies else estimators[1]
    return kind(loss, solver=solver, random_state=0, **problem.settings)


def fit(problem, solver, estimators=ESTIMATORS):
    """Fit, and note what comes of it."""
    model, result = estimator_of(problem, solver, estimators), Fit(solver)
    start = process_time()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with _limit(SECONDS):
                model.fit(problem.X, problem.y, sample_weight=problem.weight)
        except _Slow:
            result.slow = True
            where = traceback.extract_tb(sys.exc_info()[2])
            result.error = " < ".join(f"{frame.name}" for frame in where[::-1][:6])
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            result.error = f"{type(error).__name__}: {error} ({frame.name}, line {frame.lineno})"
    result.seconds = process_time() - start
    result.warned = any(issubclass(w.category, ConvergenceWarning) for w in caught)
    result.noise = [
        f"{w.category.__name__}: {w.message} ({w.filename.rsplit('/', 1)[-1]}:{w.lineno})"
        for w in caught
        if not issubclass(w.category, ConvergenceWarning)
    ]
    if not result.error and not result.slow:
        result.coef = np.atleast_2d(model.coef_).astype(np.float64)
        result.intercept = np.atleast_1d(model.intercept_).astype(np.float64)
        result.objective, result.gap = model.objective_, model.optimality_gap_
        result.bound = getattr(model, "duality_gap_", None)
        result.n_iter, result.solved_by = model.n_iter_, model.solver_
    return result


def judge(problem, fits, oracles=None):
    """Give the verdict of each fit, by the best point that any of them and the oracle found."""
    parts = objectives(problem)
    oracles = oracles or [Oracle(part) for part in parts]
    for one in fits:
        if one.coef is not None and np.isfinite(one.coef).all() and np.isfinite(one.intercept).all():
            for part, oracle in zip(parts, oracles, strict=True):
                oracle.improve(one.coef[part.rows], one.intercept[part.rows])
    return [_verdict(problem, one, parts, oracles) for one in fits]


def _verdict(problem, one, parts, oracles):
    name = f"auto = {one.solved_by}" if one.solver == "auto" else one.solver
    verdict = Verdict(problem.seed, one.solver, {}, one, f"{name}: {describe(problem)}")
    wrong = verdict.wrong
    if one.noise:
        wrong["warning"] = re.sub(r"\s+", " ", one.noise[0])[:200]
    if one.slow:
        wrong["slow"] = f"in {one.error}"
        return verdict
    if one.error:
        wrong["exception"] = one.error[:300]
        return verdict
    if not (np.isfinite(one.coef).all() and np.isfinite(one.intercept).all()):
        wrong["not finite"] = f"coef {one.coef.ravel()[:3]}, intercept {one.intercept[:3]}"
        return verdict
    tol = problem.settings["tol"]
    outputs = [_Output(part, oracle, one, tol) for part, oracle in zip(parts, oracles, strict=True)]
    worst = max(outputs, key=lambda output: output.excess)
    value = float(np.mean([output.value for output in outputs]))
    verdict.numbers = worst.numbers | {"gap": one.gap, "iterations": one.n_iter, "seconds": one.seconds}
    if one.bound is not None:
        verdict.numbers["bound"] = one.bound
    if worst.excess > 1.05 * tol and not one.warned:
        wrong["silent"] = f"excess {worst.excess:.2g} at tol {tol:.1g}, gap {one.gap:.1g}"
    if not (one.gap >= 0.1 * worst.excess or worst.nothing):
        wrong["gap"] = f"gap {one.gap:.2g}, truth {worst.excess:.2g}"
    truth = max(output.absolute for output in outputs)
    if one.bound is not None and not one.bound >= 0.1 * truth - max(output.rounding for output in outputs):
        wrong["bound"] = f"bound {one.bound:.2g}, truth {truth:.2g}"
    if not abs(one.objective - value) <= 1e-9 * abs(value) + 10 * np.mean(
        [output.noise for output in outputs]
    ):
        wrong["objective"] = f"objective_ {one.objective:.9g}, really {value:.9g}"
    if one.warned and all(output.is_best for output in outputs) and all(part.attained for part in parts):
        wrong["needless"] = f"excess {worst.excess:.2g} at tol {tol:.1g}, gap {one.gap:.2g}"
    return verdict


class _Output:
    """How far one output, or all that are coupled, is from the best point that is known.

    Attributes
    ----------
    value : float
        F.
    absolute : float
        F - F*, less what rounding may do; zero if it is less than a thousandth of `tol`.
    excess : float
        The same relative to F_null - F*.
    nothing : bool
        Whether nothing is to be learnt: F_null is F* but for rounding, or to nine digits.
    is_best : bool
        Whether it is within `tol` of a minimum that is known for certain.
    noise : float
        What rounding does to F at these coefficients.
    """

    def __init__(self, part, oracle, one, tol):
        coef, intercept = one.coef[part.rows], one.intercept[part.rows]
        best, null = oracle.best, oracle.null
        self.value = part(coef, intercept)
        gain = max(null - best.value, 0.0)
        self.rounding = 2 * part.rounding(best.coef, best.intercept) + 1e-10 * null
        at_zero = part(np.zeros_like(coef), np.zeros_like(intercept))
        self.nothing = gain <= max(10 * self.rounding + 1e-12 * at_zero, 1e-9 * null)
        if self.nothing:
            self.rounding += 1e-12 * at_zero + 1e-9 * null
        over = self.value - best.value
        self.absolute = over - self.rounding if over > self.rounding + 1e-3 * tol * gain else 0.0
        self.excess = self.absolute / max(gain, 1e-300)
        doubt = max(best.value - oracle.lower, 0.0)
        self.is_best = over + doubt <= tol * gain + self.rounding
        self.noise = part.rounding(coef, intercept) + 1e-14 * null
        self.numbers = {
            "F": self.value, "best": best.value, "null": null, "excess": self.excess, "tol": tol,
            "doubt": doubt / max(gain, 1e-300), "rounding": self.rounding,
        }  # fmt: skip


def trial(seed, solvers=("auto",), estimators=ESTIMATORS):
    """Fit the problem of a seed by these solvers, 'named' for all that take it; give the verdicts."""
    problem = problem_of(seed)
    if solvers == ("named",):
        solvers = problem.solvers
    fits = [fit(problem, solver, estimators) for solver in solvers]
    return judge(problem, fits)
