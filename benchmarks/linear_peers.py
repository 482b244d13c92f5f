"""Other libraries' solvers of the problems of `linear_speed.py`: each as a list of settings, from rough to exact.

A contender is a name and a generator of functions without arguments; each makes one whole fit and returns raw
coefficients and intercept. A library that is absent is left out. All count their penalty as scikit-learn's SGD does:
mean loss + alpha / 2 ||w||^2 (alpha ||w||_1). Some of liblinear, LinearSVC and Snap ML penalise the intercept too: a
column of the size of the others takes its place, which makes that harmless and keeps the problem well conditioned.
"""

import importlib
import importlib.util

import numpy as np
import scipy.sparse as sp
import sklearn.linear_model as linear
from sklearn.svm import LinearSVC

TOLERANCES = [1.0, 0.1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6]


def intercept_scale(X):
    return 1.0 if sp.issparse(X) else 10.0


def raw(model):
    coef = np.asarray(model.coef_, dtype=float)
    return (np.ravel(coef) if coef.shape[0] == 1 or coef.ndim == 1 else coef), np.squeeze(model.intercept_)


def fits(make, settings, X, y):
    """Yield one fit for each setting."""
    for setting in settings:
        yield lambda setting=setting: raw(make(**setting).fit(X, y))


def grid(**values):
    (name, several), *fixed = values.items()
    return [{name: value, **dict(fixed)} for value in several]


def installed(*modules):
    return all(importlib.util.find_spec(module) for module in modules)


def contenders(problem):
    """Yield (name, fits) of every peer that can solve the problem."""
    yield from {
        "log": _logistic,
        "l1 log": _sparse_logistic,
        "hinge": _hinge,
        "squared": _squared,
        "huber": _huber,
        "pinball": _pinball,
        "poisson": _poisson,
        "softmax": _softmax,
    }[problem.kind](problem)


def _sgd(problem, loss, kind=linear.SGDClassifier, **more):
    X, y = problem.X, problem.labels
    settings = {"loss": loss, "alpha": problem.alpha, "penalty": problem.penalty, "tol": None, **more}

    def make(**setting):
        return kind(**settings, random_state=0, **setting)

    yield "scikit-learn SGD", fits(make, grid(max_iter=[1, 2, 5, 10, 30]), X, y)
    averaged = [
        {"max_iter": passes, "eta0": step, "learning_rate": "constant", "average": True}
        for step in (1e-4, 1e-3, 1e-2, 0.1, 1.0)
        for passes in (1, 2, 4, 8)
    ]
    yield "scikit-learn SGD, averaged", fits(make, averaged, X, y)


def _logistic(problem):
    X, y, n = problem.X, problem.labels, problem.X.shape[0]
    C = 1 / (problem.alpha * n)

    def solver(name, **fixed):
        return lambda **setting: linear.LogisticRegression(C=C, solver=name, **fixed, **setting)

    yield "lbfgs", fits(solver("lbfgs", max_iter=3000), grid(tol=[10.0, *TOLERANCES]), X, y)
    if X.shape[1] <= 1000:
        yield "newton-cholesky", fits(solver("newton-cholesky", tol=1e-12), grid(max_iter=range(1, 12)), X, y)
    yield "saga", fits(solver("saga", tol=1e-12), grid(max_iter=[1, 2, 4, 8, 16, 32, 64]), X, y)
    scale = {"intercept_scaling": intercept_scale(problem.X)}
    yield "liblinear (sklearn)", fits(solver("liblinear", max_iter=3000, **scale), grid(tol=TOLERANCES), X, y)
    yield from _sgd(problem, "log_loss")
    yield from _liblinear(problem, {"primal": "-s 0 -R", "dual": "-s 7"})
    if installed("snapml"):
        snap = importlib.import_module("snapml").LogisticRegression
        yield "Snap ML", _snap(snap, problem)
    yield from _glum(problem, "binomial", (y == y.max()).astype(float))


def _sparse_logistic(problem):
    X, y, n = problem.X, problem.labels, problem.X.shape[0]
    C = 1 / (problem.alpha * n)

    def solver(name, **fixed):
        return lambda **setting: linear.LogisticRegression(C=C, solver=name, l1_ratio=1.0, **fixed, **setting)

    yield "saga", fits(solver("saga", tol=1e-12), grid(max_iter=[1, 2, 4, 8, 16, 32, 64]), X, y)
    scale = {"intercept_scaling": intercept_scale(problem.X)}
    yield "liblinear (sklearn)", fits(solver("liblinear", max_iter=1000, **scale), grid(tol=TOLERANCES), X, y)
    yield from _sgd(problem, "log_loss")
    if installed("skglm"):
        model = importlib.import_module("skglm").SparseLogisticRegression
        small = sp.random(50, 10, 0.3, "csc", random_state=0)
        model(alpha=0.01).fit(small, np.arange(50) % 2)  # compiles
        yield (
            "skglm",
            fits(lambda **s: model(alpha=problem.alpha, **s), grid(tol=[0.1, *TOLERANCES[2:]]), X, y),
        )
    yield from _liblinear(problem, {"primal": "-s 6 -R"})


def _hinge(problem):
    X, y, n = problem.X, problem.labels, problem.X.shape[0]
    C = 1 / (problem.alpha * n)

    def make(**setting):
        return LinearSVC(loss="hinge", C=C, intercept_scaling=intercept_scale(X), random_state=0, **setting)

    few = grid(max_iter=[1, 3, 10, 30, 100, 300], tol=1e-9)
    yield "LinearSVC", fits(make, few, X, y)
    yield from _sgd(problem, "hinge")
    yield from _liblinear(problem, {"dual": "-s 3"})
    if installed("snapml"):
        yield "Snap ML", _snap(importlib.import_module("snapml").SupportVectorMachine, problem)


def _squared(problem):
    X, y, n = problem.X, problem.labels, problem.X.shape[0]

    def solver(name, **fixed):
        return lambda **s: linear.Ridge(alpha=problem.alpha * n, solver=name, **fixed, **s)

    yield "Ridge, cholesky", fits(solver("cholesky"), [{}], X, y)
    yield "Ridge, svd", fits(solver("svd"), [{}], X, y)
    for name in ("lsqr", "sparse_cg"):
        yield f"Ridge, {name}", fits(solver(name), grid(tol=[0.1, 1e-2, 1e-3, 1e-4, 1e-6]), X, y)
    yield "Ridge, sag", fits(solver("sag", tol=1e-12), grid(max_iter=[1, 2, 4, 8, 16, 32]), X, y)
    yield from _sgd(problem, "squared_error", linear.SGDRegressor)
    yield from _glum(problem, "normal", y)


def _huber(problem):
    # HuberRegressor fits the scale of the noise too: another objective.
    yield from _sgd(problem, "huber", linear.SGDRegressor, epsilon=problem.parameter)


def _pinball(problem):
    X, y = problem.X, problem.labels
    if len(y) <= 2000:  # beyond, they take minutes
        # Its penalty is L1; at so small an alpha none is as good.
        settings = {"quantile": problem.parameter, "alpha": 0.0, "solver": "highs"}
        yield "QuantileRegressor", fits(lambda: linear.QuantileRegressor(**settings), [{}], X, y)
        if installed("statsmodels"):
            yield "statsmodels", _quantreg(problem)


def _quantreg(problem):
    from statsmodels.regression.quantile_regression import QuantReg

    design = np.column_stack([np.ones(len(problem.labels)), problem.X])
    for tol in (1e-1, 1e-3, 1e-6):

        def fit(tol=tol):
            found = QuantReg(problem.labels, design).fit(q=problem.parameter, p_tol=tol, max_iter=200).params
            return np.asarray(found[1:]), found[0]

        yield fit


def _poisson(problem):
    X, y = problem.X, problem.labels

    def solver(name, **fixed):
        return lambda **s: linear.PoissonRegressor(alpha=problem.alpha, solver=name, **fixed, **s)

    yield "PoissonRegressor, lbfgs", fits(solver("lbfgs", max_iter=1000), grid(tol=TOLERANCES), X, y)
    newton = solver("newton-cholesky", tol=1e-12)
    yield "PoissonRegressor, newton-cholesky", fits(newton, grid(max_iter=range(1, 12)), X, y)
    yield from _glum(problem, "poisson", y)


def _softmax(problem):
    X, y, n = problem.X, problem.labels, problem.X.shape[0]
    C = 1 / (problem.alpha * n)

    def solver(name, **fixed):
        return lambda **setting: linear.LogisticRegression(C=C, solver=name, **fixed, **setting)

    yield "lbfgs", fits(solver("lbfgs", max_iter=3000), grid(tol=[10.0, *TOLERANCES]), X, y)
    yield "newton-cholesky", fits(solver("newton-cholesky", tol=1e-12), grid(max_iter=range(1, 6)), X, y)
    yield "saga", fits(solver("saga", tol=1e-12), grid(max_iter=[1, 2, 4, 8, 16]), X, y)


def _glum(problem, family, y):
    if not installed("glum") or sp.issparse(problem.X):
        return
    model = importlib.import_module("glum").GeneralizedLinearRegressor

    def make(**setting):
        return model(family=family, alpha=problem.alpha, max_iter=200, **setting)

    yield "glum", fits(make, grid(gradient_tol=[0.1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6]), problem.X, y)


def _snap(model, problem):
    settings = {
        "regularizer": problem.alpha * problem.X.shape[0],
        "n_jobs": 1,
        "fit_intercept": True,
        "intercept_scaling": intercept_scale(problem.X),
        "random_state": 0,
    }
    for max_iter in (1, 2, 4, 8, 16, 32, 64):

        def fit(max_iter=max_iter):
            found = model(max_iter=max_iter, tol=1e-12, **settings).fit(problem.X, problem.labels)
            intercept = np.ravel(found.intercept_)[0]
            return np.ravel(found.coef_).astype(float), float(intercept) * intercept_scale(problem.X)

        yield fit


def _liblinear(problem, kinds):
    if not installed("liblinear"):
        return
    from liblinear import liblinearutil

    X = sp.csr_matrix(problem.X)
    X.indices, X.indptr = X.indices.astype(np.int32), X.indptr.astype(np.int64)
    y = np.where(problem.labels == problem.labels.max(), 1.0, -1.0)
    C = 1 / (problem.alpha * X.shape[0])
    for name, kind in kinds.items():

        def settings(kind=kind):
            for tol in TOLERANCES:

                def fit(tol=tol):
                    scale = 1.0 if "-R" in kind else intercept_scale(problem.X)
                    options = f"-q -c {C!r} -B {scale} -e {tol!r} {kind}"
                    model = liblinearutil.train(liblinearutil.problem(y, X), liblinearutil.parameter(options))
                    # Its first class is the positive one if it comes first in the data.
                    w = np.ctypeslib.as_array(model.w, (X.shape[1] + 1,)) * model.label[0]
                    return w[:-1].copy(), w[-1] * model.bias

                yield fit

        yield f"liblinear, {name}", settings()
