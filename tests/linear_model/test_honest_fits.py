"""What a fit reports is true: kinds of data and losses on which fits were wrong without a word.

The objective is computed here, in float64, from the coefficients that are returned; the right values come from dense
data, from other scales, or from SciPy.
"""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from scipy.optimize import linprog, minimize
from scipy.special import expit, softmax
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
from sklearn.linear_model import LogisticRegression
from sklearn.linear_model import SGDRegressor as PeerRegressor

import sklearn_losses
from sklearn_losses import (
    LinearClassifier,
    LinearRegressor,
    MarginLoss,
    MulticlassLoss,
    Pinball,
    ProbabilityLoss,
    RegressionLoss,
    SGDClassifier,
    SGDRegressor,
)


def loss_of(model, X, y):
    """Mean loss in training of the returned coefficients, in float64."""
    loss = model._get_loss()
    f = np.asarray(X @ np.atleast_2d(model.coef_).astype(float).T) + model.intercept_.astype(float)
    target = model.classes_.searchsorted(y) if isinstance(model, LinearClassifier) else y
    if not loss.couples_outputs:
        f = f[:, 0]
        if isinstance(model, LinearClassifier):
            target = np.array(loss.binary_values)[target]
    (values, *_), _ = loss.training_program().arrays(np.asarray(target, dtype=float), np.ascontiguousarray(f))
    return float(values.mean())


# ---- sparse columns that are full and lie far from zero ------------------------------------------


def timestamps(far, missing=0.0):
    r = np.random.default_rng(3)
    n = 2000
    A = sp.random(n, 600, 0.01, format="csr", random_state=1, data_rvs=np.ones)
    t = r.normal(size=n)
    raw = A @ r.normal(size=600) * 0.7 + t + r.logistic(size=n)
    column = np.where(r.random(n) < missing, 0.0, t + far)
    return sp.hstack([A, sp.csr_matrix(column[:, None])]).tocsr(), (raw > 0).astype(int)


@pytest.mark.parametrize("far", [100.0, 3000.0, 1e6])
@pytest.mark.parametrize("missing", [0.0, 0.05])
@pytest.mark.parametrize("loss", ["log_loss", "hinge", "pinball", "poisson", "squared_hinge"])
def test_a_full_sparse_column_far_from_zero(loss, far, missing):
    X, y = timestamps(far, missing)
    kind = LinearRegressor if loss in ("pinball", "poisson") else LinearClassifier
    sparse, dense = (kind(loss, alpha=1e-3, tol=1e-5).fit(data, y) for data in (X, X.toarray()))
    assert_allclose(sparse.objective_, dense.objective_, rtol=1e-4)
    assert_allclose(sparse.objective_, loss_of(sparse, X, y) + 5e-4 * np.sum(sparse.coef_**2), rtol=1e-9)


@pytest.mark.parametrize("far", [100.0, 3000.0])
def test_a_full_sparse_column_in_auto(far):
    X, y = timestamps(far)
    near, _ = timestamps(0.0)
    scores = [
        SGDClassifier("log_loss", alpha=1e-3, learning_rate="auto", random_state=0)
        .fit(data, y)
        .score(data, y)
        for data in (X, near)
    ]
    assert_allclose(*scores, atol=2e-3)


def test_a_constant_sparse_column_and_read_only_data():
    X, y = timestamps(3000.0)
    X = sp.hstack([X, sp.csr_matrix(np.full((2000, 1), 7e5))]).tocsr()
    before = X.copy()
    for part in (X.data, X.indices, X.indptr):
        part.setflags(write=False)
    model = LinearClassifier(alpha=1e-3).fit(X, y)
    assert abs(model.coef_[0, -1]) < 1e-9
    assert (before != X).nnz == 0
    assert_allclose(model.objective_, LinearClassifier(alpha=1e-3).fit(X[:, :-1], y).objective_, rtol=1e-4)


@pytest.mark.parametrize("loss", ["poisson", "huber", "log_loss"])
def test_small_sparse_data_are_solved_as_dense_ones(loss):
    r = np.random.default_rng(0)
    X = r.normal(size=(400, 5))
    X[:, 1:][r.random((400, 4)) < 0.8] = 0.0
    y = r.poisson(np.exp(0.5 * X[:, 0] + 0.5 * X[:, 1]))
    X[:, 0] += 1e5
    kind, target = (LinearClassifier, y > 0) if loss == "log_loss" else (LinearRegressor, y)
    sparse, dense = (
        kind(loss, penalty="l1", alpha=1e-3, solver="newton").fit(data, target)
        for data in (sp.csr_matrix(X), X)
    )
    assert_allclose(sparse.coef_, dense.coef_)
    assert sparse.loss_curve_[-1] <= min(sparse.loss_curve_) * (1 + 1e-9)


# ---- slopes that vanish, large numbers, unpenalised and nearly dependent columns ------------------


@pytest.mark.parametrize("loss", ["squared_hinge", "modified_huber", "hinge", "log_loss"])
def test_separable_data_of_large_columns(loss):
    X, y = [[2.5e6], [3.1e6], [6.4e6], [1.2e7]], [0, 0, 1, 1]
    model = LinearClassifier(loss).fit(X, y)
    assert model.score(X, y) == 1.0
    assert model.objective_ < 1e-6


@pytest.mark.parametrize("scale", [1.0, 1e6, 1e11, 1e12, 1e15])
def test_large_counts(scale):
    r = np.random.default_rng(0)
    X = r.normal(size=(200, 3))
    y = np.round(scale * np.exp(X @ [0.5, 0.3, 0.0] + 0.1 * r.normal(size=200)))
    model = LinearRegressor("poisson").fit(X, y)
    if scale > 1.0:
        assert_allclose(model.coef_, [0.5, 0.3, 0.0], atol=0.05)
    assert model.optimality_gap_ < 1e-6


@pytest.mark.parametrize("seed", range(10))
def test_no_warning_on_ordinary_data(seed):
    r = np.random.default_rng(seed)
    Z = r.normal(size=(50, 1))
    LinearRegressor(penalty=None, tol=1e-2).fit(Z, Z[:, 0] + r.normal(size=50))


@pytest.mark.parametrize("loss", ["squared_hinge", "modified_huber"])
def test_a_minimum_that_is_attained_is_no_infinity(loss):
    X = np.linspace(-1.0, 1.0, 20)[:, None]
    for tol in (1e-2, 1e-4):
        assert LinearClassifier(loss, penalty=None, tol=tol).fit(X, X[:, 0] > 0).objective_ < 1e-2


@pytest.mark.parametrize("loss", ["multilabel_hinge", "kl_divergence", "cross_entropy"])
@pytest.mark.parametrize("penalty", ["l1", "l2"])
def test_one_sample_of_a_coupled_loss(loss, penalty):
    y = [[0.3, 0.7]] if loss == "kl_divergence" else [[1, 0]] if loss == "multilabel_hinge" else [[0.0, 1.0]]
    model = LinearClassifier(loss, penalty=penalty, alpha=1e-3).fit([[1.0, 2.0]], y)
    assert np.isfinite(model.coef_).all()


def test_separable_data_without_a_penalty_still_warn():
    X = np.linspace(-1.0, 1.0, 20)[:, None]
    for tol in (1e-2, 1e-4):
        with pytest.warns(ConvergenceWarning, match="no finite coefficients"):
            LinearClassifier(penalty=None, tol=tol).fit(X, X[:, 0] > 0)


@pytest.mark.parametrize("close", [1e-3, 1e-6])
def test_nearly_equal_columns_without_a_penalty(close):
    """Beside the linear program."""
    r = np.random.default_rng(0)
    z = r.normal(size=(100, 2))
    X, y = np.column_stack([z[:, 0], z[:, 0] + close * z[:, 1]]), z[:, 0] + r.normal(size=100)
    model = LinearRegressor("absolute_error", penalty=None).fit(X, y)
    design = np.column_stack([z, np.ones(100)])  # spans the same
    program = linprog(
        np.r_[np.zeros(3), np.full(200, 0.01)],
        A_eq=np.hstack([design, np.eye(100), -np.eye(100)]),
        b_eq=y,
        bounds=[(None, None)] * 3 + [(0, None)] * 200,
    )
    assert_allclose(np.abs(y - model.predict(X)).mean(), program.fun, rtol=1e-8)
    assert model.optimality_gap_ < 1e-4


@pytest.mark.parametrize(("n", "d"), [(3, 15), (8, 40)])
@pytest.mark.parametrize("far", [1e3, 1e6, 1e9])
def test_more_columns_than_rows_some_equal_or_far(n, d, far):
    for seed in range(5):
        r = np.random.default_rng(seed)
        X = r.normal(size=(n, d))
        X[:, 1], X[:, 3] = X[:, 0], X[:, 2]
        X[:, 2] += far
        y = r.normal(size=n)
        model = LinearRegressor(penalty=None).fit(X, y)
        assert np.abs(model.coef_).max() < 10.0
        assert_allclose(model.objective_, 0.5 * np.mean((y - model.predict(X)) ** 2), rtol=1e-6, atol=1e-25)
        assert model.objective_ < 1e-9


def test_the_best_constant_is_no_worse():
    """At kinks, of several outputs."""
    r = np.random.default_rng(1)
    X, y = r.normal(size=(30, 3)), (r.random((30, 2)) < [0.2, 0.4]).astype(int)
    model = LinearClassifier("multilabel_hinge", alpha=100.0).fit(X, y)
    constant = np.mean(np.maximum(0.0, 1.0 + 2 * y - 1), axis=0)  # of f = -1 for every label
    assert model.objective_ <= constant.mean() * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_gaps_of_correlated_columns_under_l1(seed):
    r = np.random.default_rng(seed)
    z = r.normal(size=150)
    X = z[:, None] + 0.1 * r.normal(size=(150, 5))
    y = (z + r.normal(size=150) > 0) * 1 + (z > 1)
    settings = {"loss": "cross_entropy", "penalty": "l1", "alpha": 1e-5}
    best = LinearClassifier(**settings, solver="newton", tol=1e-9).fit(X, y).objective_
    shares = np.bincount(y) / 150
    null = -(shares @ np.log(shares))
    for solver in ("auto", "lbfgs"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model = LinearClassifier(**settings, solver=solver).fit(X, y)
        excess = (model.objective_ - best) / (null - best)
        assert caught or excess <= 1e-4
        assert model.optimality_gap_ >= 0.1 * excess - 1e-12


def test_unpenalised_softmax_is_the_shortest():
    r = np.random.default_rng(0)
    X = r.normal(size=(200, 4))
    y = np.argmax(X[:, :3] + r.gumbel(size=(200, 3)), axis=1)
    for solver in ("newton", "lbfgs"):
        model = LinearClassifier("cross_entropy", penalty=None, solver=solver).fit(X, y)
        assert_allclose(model.coef_.sum(axis=0), 0.0, atol=1e-12)
        assert_allclose(model.intercept_.sum(), 0.0, atol=1e-12)
    peer = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(X, y)
    assert_allclose(model.predict_proba(X), peer.predict_proba(X), atol=2e-2)


# ---- losses that are not convex, or not known to be ------------------------------------------------


class AbsoluteProbability(ProbabilityLoss):
    def formula(self, y, f):
        return np.abs(y - 1.0 / (1.0 + np.exp(-f)))


class Sigmoid(MarginLoss):
    def formula(self, y, f):
        return 1.0 / (1.0 + np.exp(y * f))


class Ramp(MarginLoss):
    def formula(self, y, f):
        return np.minimum(np.maximum(1.0 - y * f, 0.0), 2.0)


class GeneralizedCrossEntropy(MulticlassLoss):
    def formula(self, y, f):
        return (1.0 - np.sum(y * sklearn_losses.softmax(f), axis=-1) ** 0.7) / 0.7


class MistakenMass(MulticlassLoss):
    def formula(self, y, f):
        return 1.0 - np.sum(y * sklearn_losses.softmax(f), axis=-1)


BOUNDED = [AbsoluteProbability(), Sigmoid(), Ramp(), GeneralizedCrossEntropy(), MistakenMass()]


@pytest.mark.parametrize("loss", BOUNDED, ids=lambda loss: type(loss).__name__)
def test_bounded_losses_do_not_end_at_the_majority(loss):
    X, y = load_breast_cancer(return_X_y=True)
    model = LinearClassifier(loss).fit(X, y)
    assert model.score(X, y) > 0.95
    assert np.isnan(model.optimality_gap_)
    stream = SGDClassifier(loss, learning_rate="auto", random_state=0).fit(X, y)
    assert stream.score(X, y) > 0.95


def test_the_absolute_error_of_a_probability_is_lower_than_that_of_the_model_of_logarithms():
    X, y = load_breast_cancer(return_X_y=True)
    model, easy = (LinearClassifier(loss).fit(X, y) for loss in (AbsoluteProbability(), "log_loss"))
    p = expit(easy.decision_function(X))
    assert model.objective_ <= np.mean(np.abs(y - p)) + 0.5e-4 * np.sum(easy.coef_**2)


def test_redescending_losses_resist():
    class Welsch(RegressionLoss):
        def formula(self, y, f):
            return 1.0 - np.exp(-0.5 * ((y - f) / 2.0) ** 2)

    r = np.random.default_rng(0)
    X = r.normal(size=(500, 3))
    y = X @ [3.0, 6.0, 9.0] + r.normal(size=500)
    y[:150] += r.normal(size=150) * 100.0
    for kind in (LinearRegressor, lambda loss: SGDRegressor(loss, learning_rate="auto")):
        assert_allclose(kind(Welsch()).fit(X, y).coef_, [3.0, 6.0, 9.0], atol=0.3)


def test_undeclared_convexity_of_coupled_losses_is_probed():
    class LeeLinWahba(MulticlassLoss):
        def formula(self, y, f):
            return np.sum((1.0 - y) * np.maximum(1.0 + f - np.mean(f, axis=-1), 0.0), axis=-1)

    class Declared(LeeLinWahba):
        convex = True

    X, y = load_iris(return_X_y=True)
    probed, declared = LinearClassifier(LeeLinWahba()).fit(X, y), LinearClassifier(Declared()).fit(X, y)
    assert probed.solver_ == declared.solver_ == "lbfgs"
    assert_allclose(probed.objective_, declared.objective_, rtol=1e-6)
    assert np.isnan(LinearClassifier(MistakenMass()).fit(X, y).optimality_gap_)


# ---- what cannot be fitted ---------------------------------------------------------------------------


class Hellinger(MulticlassLoss):
    def formula(self, y, f):
        return 1.0 - np.sum(np.sqrt(y * sklearn_losses.softmax(f)), axis=-1)


@pytest.mark.parametrize("kind", [LinearClassifier, lambda loss: SGDClassifier(loss, learning_rate="auto")])
def test_a_slope_with_zero_times_infinity(kind):
    """Of the square root at 0, where y is 0."""
    X, y = load_breast_cancer(return_X_y=True)
    assert kind(Hellinger()).fit(X, y).score(X, y) > 0.95


@pytest.mark.parametrize("kind", [LinearRegressor, lambda loss: SGDRegressor(loss, learning_rate="auto")])
def test_a_slope_that_is_not_a_number(kind):
    class Relative(RegressionLoss):
        def formula(self, y, f):
            return (y - f) ** 2 * (y / y)

    r = np.random.default_rng(0)
    X, y = r.normal(size=(20, 2)), np.r_[1.0, 2.0, 0.0, np.arange(1.0, 18.0)]
    model = kind(Relative())
    with pytest.raises(ValueError, match=r"Relative.formula.*NaN for sample 2.*np.where"):
        model.fit(X, y)
    assert not hasattr(model, "coef_")


@pytest.mark.parametrize("loss", ["cross_entropy", "log_loss"])
@pytest.mark.parametrize("kind", [LinearClassifier, lambda loss: SGDClassifier(loss, learning_rate="auto")])
def test_features_whose_squares_overflow(loss, kind):
    X, y = load_iris(return_X_y=True)
    X = X.copy()
    X[3, 1] = 1e160
    with pytest.raises(ValueError, match="overflow: column 1 of X"):
        kind(loss).fit(X, y)


@pytest.mark.parametrize("size", [1e154, 1e300])
def test_targets_whose_squares_overflow(size):
    r = np.random.default_rng(0)
    X, y = r.normal(size=(50, 2)), r.normal(size=50) * size
    for model in (LinearRegressor(), LinearRegressor("absolute_error"), SGDRegressor(learning_rate="auto")):
        with pytest.raises(ValueError, match="Divide y by"):
            model.fit(X, y)


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("loss", ["gamma", "tweedie"])
def test_named_schedules_that_run_away_where_predictions_are_exponentials(loss):
    r = np.random.default_rng(0)
    X = r.integers(-10, 10, size=(300, 4)).astype(float)
    y = np.exp(0.1 * X[:, 0] + r.normal(size=300))
    model = SGDRegressor(loss, random_state=0)
    with pytest.raises(ValueError, match="raw predictions reach"):
        model.fit(X, y)
    assert not hasattr(model, "coef_")
    SGDRegressor(loss, learning_rate="auto").fit(X, y)


def test_a_column_of_targets_is_taken_as_scikit_learn_takes_it():
    r = np.random.default_rng(0)
    X = r.normal(size=(20, 2))
    y = X[:, :1]
    for model in (SGDRegressor(), SGDRegressor(learning_rate="auto"), PeerRegressor()):
        with pytest.warns(DataConversionWarning, match="column-vector"):
            assert model.fit(X, y).predict(X).shape == (20,)


# ---- tolerances ----------------------------------------------------------------------------------------


def test_many_samples_tighten_the_default_tolerance():
    """What the fit leaves is less than what the samples leave open: a fraction of a standard error."""
    r = np.random.default_rng(0)
    X = r.normal(size=(100_000, 3))
    y = r.random(100_000) < expit(X @ [1.0, -1.0, 0.5])
    model = LinearClassifier(alpha=0.0).fit(X, y)
    p = model.predict_proba(X)[:, 1]
    z = np.column_stack([X, np.ones(len(X))])
    hessian = (z * (p * (1 - p))[:, None]).T @ z
    step = np.linalg.solve(hessian, z.T @ (y - p))
    errors = np.sqrt(np.diagonal(np.linalg.inv(hessian)))
    assert np.all(np.abs(step) < 0.3 * errors)


def test_pinball_under_l1_without_an_intercept_is_quick_and_right():
    r = np.random.default_rng(0)
    X = r.normal(size=(60, 40))
    y = X[:, :5].sum(axis=1) + r.normal(size=60)
    alpha = 6.4e-6
    for quantile in (0.5, 0.9):
        model = LinearRegressor(Pinball(quantile), penalty="l1", alpha=alpha, fit_intercept=False).fit(X, y)
        program = linprog(
            np.r_[np.full(80, alpha), np.full(60, quantile / 60), np.full(60, (1 - quantile) / 60)],
            A_eq=np.hstack([X, -X, np.eye(60), -np.eye(60)]),
            b_eq=y,
        )
        assert_allclose(model.objective_, program.fun, rtol=1e-7)
        assert model.n_iter_ < 300


def test_coupled_losses_with_more_columns_than_rows():
    r = np.random.default_rng(0)
    X, y = r.normal(size=(17, 74)) * 10.0 ** r.uniform(-3, 3, 74), r.integers(0, 4, 17)

    def objective(w):
        w = w.reshape(4, 75)
        p = softmax(X @ w[:, :74].T + w[:, 74], axis=1)
        gradient = (p - np.eye(4)[y]).T / 17
        value = -np.mean(np.log(p[np.arange(17), y])) + 0.5e-2 * np.sum(w[:, :74] ** 2)
        return value, (np.hstack([gradient @ X, gradient.sum(axis=1)[:, None]]) + 1e-2 * np.hstack(
            [w[:, :74], np.zeros((4, 1))])).ravel()  # fmt: skip

    model = LinearClassifier("cross_entropy", alpha=1e-2).fit(X, y)
    here = np.hstack([model.coef_, model.intercept_[:, None]]).ravel()
    assert_allclose(model.objective_, objective(here)[0], rtol=1e-9)
    best = minimize(objective, here, jac=True, method="L-BFGS-B").fun
    assert model.objective_ <= best + 1e-9
