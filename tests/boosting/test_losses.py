"""Losses that no library has, or has with a curvature of its own: kinked, not convex, written by users."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine, make_friedman1
from sklearn.model_selection import train_test_split

from sklearn_losses import (
    AbsoluteError,
    Cauchy,
    CosineDistance,
    Expectile,
    Focal,
    Hinge,
    LogLoss,
    MarginLoss,
    MultilabelLogLoss,
    Pinball,
    RegressionLoss,
)
from sklearn_losses.boosting import BoostedClassifier, BoostedRegressor
from sklearn_losses.boosting._curvature import Steps, is_curved
from sklearn_losses.boosting._objective import Objective
from sklearn_losses.losses import LOSSES, get_loss

NUMBERS = [a for a, c in LOSSES.items() if c.response_method == "predict" and not c.couples_outputs]
CLASSES = [a for a, c in LOSSES.items() if hasattr(c, "_encode_classes")]


class Asymmetric(RegressionLoss):
    """Too little costs `ratio` times as much."""

    def __init__(self, ratio=4.0):
        self.ratio = ratio

    def formula(self, y, f):
        return np.where(y > f, self.ratio, 1.0) * (y - f) ** 2


def softplus_of_margin(y, f):
    return np.logaddexp(0, 1 - y * f)


class Steep(MarginLoss):
    """Not convex, and not smooth."""

    def formula(self, y, f):
        return np.minimum(np.where(y * f < 1, 1 - y * f, 0), 3)


@pytest.mark.parametrize("loss", [*NUMBERS, Asymmetric()], ids=str)
def test_every_loss_of_numbers_beats_its_best_constant(library, loss):
    X, y = load_diabetes(return_X_y=True)
    loss = Cauchy(c=5e3) if loss == "cauchy" else get_loss(loss)
    scale = 100.0 if loss.link.name == "identity" else 1.0  # the unit of y must not matter
    parts = train_test_split(X, scale * y, random_state=0)
    model = BoostedRegressor(library.regressor(learning_rate=0.1, n_estimators=40), loss)
    model.fit(parts[0], parts[2])
    assert loss.d2(parts[2], model.predict(parts[0])) > 0.2
    assert loss.d2(parts[3], model.predict(parts[1])) > 0.1


@pytest.mark.parametrize("loss", [*CLASSES, softplus_of_margin, Steep()], ids=str)
@pytest.mark.parametrize("load", [load_breast_cancer, load_wine])
def test_every_loss_of_classes_learns(library, loss, load):
    X, y = load(return_X_y=True)
    a, b, ya, yb = train_test_split(X, y, random_state=0, stratify=y)
    model = BoostedClassifier(library.classifier(learning_rate=0.1, n_estimators=40), loss).fit(a, ya)
    assert model.score(b, yb) > (0.75 if loss == "perceptron" else 0.88)
    if hasattr(model, "predict_proba"):
        np.testing.assert_allclose(model.predict_proba(b).sum(axis=1), 1.0)
        np.testing.assert_array_equal(model.classes_[model.predict_proba(b).argmax(axis=1)], model.predict(b))


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_quantiles_come_near_the_built_in_ones(library, quantile):
    """The built-in objectives also replace the values of leaves by quantiles, which no custom one can do."""
    X, y = make_friedman1(2000, noise=1.0, random_state=0)
    a, b, ya, yb = train_test_split(X, 1e3 * y, random_state=0)
    loss = Pinball(quantile=quantile)
    long = {"n_estimators": 100, "learning_rate": 0.1}
    ours = BoostedRegressor(library.regressor(**long), loss).fit(a, ya).predict(b)
    own = (
        {"objective": "reg:quantileerror", "quantile_alpha": quantile}
        if library.name == "xgboost"
        else {"objective": "quantile", "alpha": quantile}
    )
    theirs = library.regressor(**own, **long).fit(a, ya).predict(b)
    constant = np.full(len(yb), loss.constant_minimizer(ya))
    assert loss(yb, ours) < 1.25 * loss(yb, theirs) < 0.6 * loss(yb, constant)
    assert np.mean(yb <= ours) == pytest.approx(quantile, abs=0.06)


def test_the_median_is_not_moved_by_outliers(library):
    X, y = make_friedman1(1000, random_state=0)
    y = y.copy()
    y[::20] += 1e6
    for loss in (AbsoluteError(), Cauchy()):
        model = BoostedRegressor(library.regressor(n_estimators=60), loss).fit(X, y)
        error = np.abs(model.predict(X) - y)
        assert np.median(error) < 1.2, loss


def test_many_samples_on_the_kink(library):
    """More than half of the targets are the median itself, from which boosting starts."""
    X, y = make_friedman1(1000, random_state=0)
    y = np.where(X[:, 0] < 0.7, 0.0, y)
    model = BoostedRegressor(library.regressor(), "absolute_error").fit(X, y)
    assert model.baseline_ == 0.0
    assert AbsoluteError().d2(y, model.predict(X)) > 0.6


# ---- curvature -----------------------------------------------------------------------------------

Y, F = np.array([0.0, 1.0, -2.0]), np.array([2.0, -3.0, 5.0])


def terms_of(loss, y, f):
    """Return gradient and curvature of a sample that is alone, and so met from where it is."""
    each = [Steps(loss, "as it is", 0.7)(y[i : i + 1], f[i : i + 1], None) for i in range(len(y))]
    return np.concatenate([t.gradient for t in each]), np.concatenate([t.curvature for t in each])


def above(loss, y, f, gradient, curvature):
    """Return by how much the parabola is above the loss, over a wide range of predictions."""
    steps = np.linspace(-30, 30, 2001)[:, None]
    parabola = gradient * steps + 0.5 * curvature * steps**2

    def value(raw):
        return loss.pointwise(np.broadcast_to(y, raw.shape).ravel(), raw.ravel()).reshape(raw.shape)

    return parabola - loss.training_scale * (value(f + steps) - value(f[None, :]))


class Welsch(RegressionLoss):
    def __init__(self, c=1.0):
        self.c = c

    def formula(self, y, f):
        return 0.5 * self.c**2 * (1 - np.exp(-(((y - f) / self.c) ** 2)))


class GemanMcClure(RegressionLoss):
    def formula(self, y, f):
        r2 = (y - f) ** 2
        return r2 / (1 + r2)


class Biweight(RegressionLoss):
    def __init__(self, c=5.0):
        self.c = c

    def formula(self, y, f):
        x = (y - f) / self.c
        return self.c**2 / 6 * (1 - np.where(np.abs(x) < 1, 1 - x**2, 0) ** 3)


class LogAbsolute(RegressionLoss):
    def formula(self, y, f):
        return np.log1p(np.abs(y - f))


class Truncated(RegressionLoss):
    def formula(self, y, f):
        return np.minimum(np.abs(y - f), 3)


SMOOTH = [Cauchy(), Cauchy(c=30.0), Welsch(), Welsch(c=50.0), GemanMcClure(), Biweight()]
KINKED = [LogAbsolute(), Truncated()]
EVEN = [
    "absolute_error",
    "huber",
    "pseudo_huber",
    "log_cosh",
    "fair",
    "minkowski",
    "epsilon_insensitive",
    "pinball",
]


@pytest.mark.parametrize("loss", [*map(get_loss, EVEN), Pinball(quantile=0.9), *SMOOTH, *KINKED], ids=str)
def test_the_majoriser_of_losses_of_numbers_touches_and_lies_above(loss):
    gradient, curvature = terms_of(loss, Y, F)
    gap = above(loss, Y, F, gradient, curvature)
    assert gap.min() > -1e-9
    np.testing.assert_allclose(gap[1000], 0.0, atol=1e-12)  # at a step of zero


@pytest.mark.parametrize("loss", SMOOTH, ids=str)
def test_the_majoriser_of_redescending_losses_is_at_the_samples_own_residual(loss):
    """Beside others that are far away, a sample near its target keeps the curvature that it has there."""
    y, f = np.zeros(41), np.r_[0.01, 0.5, 2.0, np.linspace(10.0, 400.0, 38)]
    gradient, curvature, *_ = Steps(loss, "as it is", 0.7)(y, f, None)
    assert above(loss, y, f, gradient, curvature).min() > -1e-9


def test_known_majorisers():
    """ρ'(r)/r, Hunter and Lange's 1/(2|r|) for quantiles, and 1/(2|1 - z|) for the hinge loss."""
    r = np.abs(Y - F)
    for loss, expected in [
        (AbsoluteError(), 1 / r),
        (Pinball(quantile=0.9), 1 / (2 * r)),
        (Cauchy(c=2.0), 1 / (1 + (r / 2) ** 2)),
        (Welsch(c=4.0), np.exp(-((r / 4) ** 2))),
        (get_loss("huber"), 1 / r),
    ]:
        np.testing.assert_allclose(terms_of(loss, Y, F)[1], expected, rtol=1e-12)
    y, f = np.array([1.0, -1.0]), np.array([-2.0, 0.5])
    np.testing.assert_allclose(terms_of(Hinge(), y, f)[1], 1 / (2 * (1 - y * f)), rtol=1e-12)


# ---- the loss of training never rises --------------------------------------------------------------


def curve_of(model):
    (part,) = model.evals_result_.values()
    (curve,) = part.values()
    return np.asarray(curve)


def rough(n=800):
    """Return data with outliers, far from zero."""
    rng = np.random.default_rng(0)
    A = rng.normal(size=(n, 6))
    signal = A[:, 0] + np.sin(2 * A[:, 1]) + A[:, 2] * A[:, 3]
    return A, 1000 + 50 * signal + 20 * rng.standard_t(2, n)


@pytest.mark.parametrize("unit", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("loss", SMOOTH, ids=str)
def test_the_loss_of_redescending_losses_never_rises(library, loss, unit):
    A, y = rough()
    y = unit * y
    model = BoostedRegressor(library.regressor(learning_rate=1.0), loss).fit(A, y, eval_set=(A, y))
    curve = np.r_[loss(y, np.full(len(y), model.baseline_)), curve_of(model)]
    assert np.all(np.diff(curve) <= 1e-6 * curve[0])
    assert curve[-1] < curve[0]
    prediction = model.predict(A)
    assert y.min() - np.ptp(y) < prediction.min() < prediction.max() < y.max() + np.ptp(y)


OTHERS = ["smooth_pinball", "squared_epsilon_insensitive", "squared_error"]


@pytest.mark.parametrize("unit", [0.01, 1.0, 100.0])
@pytest.mark.parametrize(
    "loss", [*map(get_loss, EVEN + OTHERS), Expectile(0.05), Asymmetric(20.0), *KINKED], ids=str
)
def test_the_loss_of_others_hardly_ever_rises(library, loss, unit):
    """Near a kink curvatures are bounded; a loss that rises is noticed, and the bound moves nearer to the kink."""
    A, y = rough()
    y = unit * y
    model = BoostedRegressor(library.regressor(learning_rate=1.0, n_estimators=60), loss).fit(
        A, y, eval_set=(A, y)
    )
    curve = np.r_[loss(y, np.full(len(y), model.baseline_)), curve_of(model)]
    assert np.all(np.diff(curve) <= 0.01 * curve[:-1])
    assert np.sum(np.maximum(np.diff(curve), 0.0)) < 0.03 * curve[0]
    assert np.sum(np.diff(curve) > 1e-3 * curve[0]) <= (8 if loss in KINKED else 3)
    assert curve[-1] < (1.0 if loss in KINKED else 0.6) * curve[0]


def test_a_loss_that_rises_makes_steps_shorter():
    y = np.linspace(-1.0, 1.0, 21)
    for loss in (AbsoluteError(), Hinge(), Asymmetric()):
        y_ = np.sign(y + 0.01) if isinstance(loss, Hinge) else y
        objective = Objective(loss, "xgboost", watchful=True)
        objective.fix_units(y_)
        _, first = objective(y_, 0.5 * y)
        _, same = objective(y_, 0.5 * y)
        np.testing.assert_array_equal(first, same)
        objective(y_, 0.9 * y_)
        _, later = objective(y_, 0.5 * y)  # where the loss is larger
        assert np.all(later >= first)
        assert later.sum() > 1.1 * first.sum()


def test_poisson_is_majorised_within_reach():
    steps = Steps(get_loss("poisson"), "as it is", 0.7)
    y, f = np.array([0.0, 3.0, 50.0]), np.array([1.0, -2.0, 4.0])
    gradient, curvature, *_ = steps(y, f, None)
    s = np.linspace(-0.7, 0.7, 101)[:, None]
    exact = np.exp(f + s) - y * (f + s) - (np.exp(f) - y * f)
    assert np.all(gradient * s + 0.5 * curvature * s**2 >= exact - 1e-12)
    np.testing.assert_allclose(curvature, np.exp(f + 0.7))


@pytest.mark.parametrize("alias", [a for a in LOSSES if a != "gaussian_nll"])
def test_the_curvature_is_positive_and_finite(alias):
    loss = get_loss(alias)
    y, f = loss.examples.draw(np.random.default_rng(0), 300)
    data = loss._encode(y, f, None, None, raw=True)
    for scale in (0.01, 1.0, 30.0):
        _, curvature, *_ = Steps(loss, data.encoding, 0.7)(data.y, scale * data.f, None)
        assert np.all(np.isfinite(curvature))
        assert np.all(curvature > 0.0) or is_curved(loss)  # which may underflow


def test_weights_count_in_the_curvature_as_repetition_does():
    rng = np.random.default_rng(0)
    y, f, w = rng.standard_normal(50), rng.standard_normal(50), rng.integers(0, 4, 50)
    for loss in (AbsoluteError(), get_loss("epsilon_insensitive"), Focal()):
        y_ = (y > 0).astype(float) if loss.alias == "focal" else y
        steps = Steps(loss, "as it is", 0.7)
        weighted = steps(y_, f, w.astype(float))[:2]
        repeated = steps(np.repeat(y_, w), np.repeat(f, w), None)[:2]
        for a, b in zip(weighted, repeated, strict=True):
            np.testing.assert_allclose(np.repeat(a, w), b, rtol=1e-12)


# ---- several outputs -----------------------------------------------------------------------------


@pytest.mark.parametrize("loss", [MultilabelLogLoss(), CosineDistance(), LOSSES["multilabel_hinge"]()])
def test_losses_of_vectors_with_xgboost(loss):
    xgboost = pytest.importorskip("xgboost")
    X, y = load_wine(return_X_y=True)
    Y = np.eye(3)[y]
    Y[:, 1] = X[:, 0] > 13
    estimator = xgboost.XGBRegressor(
        n_estimators=40, max_depth=3, n_jobs=1, min_child_weight=0.01, reg_lambda=0
    )
    model = BoostedRegressor(estimator, loss).fit(X, Y)
    prediction = model.predict(X)
    assert prediction.shape == Y.shape
    start = np.tile(loss.link.inverse(model.baseline_), (len(y), 1))
    assert loss(Y, prediction) < 0.75 * loss(Y, start)


def test_soft_targets():
    xgboost = pytest.importorskip("xgboost")
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (500, 3))
    p = 1 / (1 + np.exp(-2 * X[:, 0]))
    estimator = xgboost.XGBRegressor(n_estimators=60, max_depth=2, n_jobs=1)
    model = BoostedRegressor(estimator, LogLoss()).fit(X, p)
    assert np.max(np.abs(model.predict(X) - p)) < 0.1
    shares = np.stack([p, 1 - p], axis=1)
    model = clone(model).set_params(loss="cross_entropy").fit(X, shares)
    assert np.max(np.abs(model.predict(X) - shares)) < 0.1
