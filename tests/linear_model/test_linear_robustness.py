"""LinearClassifier and LinearRegressor on data and at sizes that break solvers, and what they promise of a fit."""

import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge

from sklearn_losses.linear_model import LinearClassifier, LinearRegressor
from sklearn_losses.losses import Huber

rng = np.random.default_rng(0)
X, y = load_diabetes(return_X_y=True)
labels = y > 140
ONE = np.arange(len(y))[:, None] == 3
LOSSES = ["squared_error", "huber", "absolute_error", "pinball", "epsilon_insensitive", "log_cosh"]


@pytest.mark.parametrize("loss", LOSSES)
def test_order_and_seed_do_not_matter(loss):
    order = rng.permutation(len(y))
    one = LinearRegressor(loss, random_state=0).fit(X, y)
    other = LinearRegressor(loss, random_state=1).fit(X[order], y[order])
    assert_allclose(one.predict(X), other.predict(X), rtol=1e-7)


@pytest.mark.parametrize("loss", ["squared_error", "huber", "absolute_error"])
@pytest.mark.parametrize("factor", [1e-8, 1e8])
def test_size_of_targets(loss, factor):
    """Targets of any size; the penalty of a coefficient scales with them."""
    unit = Huber(20.0) if loss == "huber" else loss
    scaled = Huber(20.0 * factor) if loss == "huber" else loss
    degree = 1.0 if loss == "absolute_error" else 2.0  # of the loss in y
    one = LinearRegressor(unit, alpha=1e-2).fit(X, y)
    other = LinearRegressor(scaled, alpha=1e-2 * factor ** (degree - 2)).fit(X, y * factor)
    assert_allclose(other.predict(X) / factor, one.predict(X), rtol=1e-6)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error"])
@pytest.mark.parametrize("factor", [1e-8, 1e8])
def test_size_of_features(loss, factor):
    one = LinearRegressor(loss, alpha=1e-2).fit(X, y)
    other = LinearRegressor(loss, alpha=1e-2 * factor**2).fit(X * factor, y)
    assert_allclose(other.predict(X * factor), one.predict(X), rtol=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_constant_and_duplicate_columns(loss):
    wide = np.column_stack([X, X[:, 0], np.full(len(y), 7.0), np.zeros(len(y))])
    plain = LinearRegressor(loss, alpha=0.0).fit(X, y)
    model = LinearRegressor(loss, alpha=0.0).fit(wide, y)
    assert_allclose(model.predict(wide), plain.predict(X), rtol=1e-5)
    assert np.isfinite(model.coef_).all()
    penalised = LinearRegressor(loss, alpha=1e-3).fit(wide, y)
    assert_allclose(penalised.coef_[0], penalised.coef_[10], rtol=1e-5)
    assert_allclose(penalised.coef_[-2:], 0.0, atol=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
def test_one_sample_and_one_feature(loss):
    model = LinearRegressor(loss).fit([[3.0]], [5.0])
    assert_allclose(model.predict([[3.0]]), [5.0], rtol=1e-6)
    assert LinearRegressor(loss).fit(X[:, :1], y).coef_.shape == (1,)


def test_more_columns_than_rows():
    wide = rng.standard_normal((20, 200))
    model = LinearRegressor(alpha=1e-3).fit(wide, y[:20])
    ridge = Ridge(20 * 1e-3, solver="svd").fit(wide, y[:20])
    assert_allclose(model.coef_, ridge.coef_, rtol=1e-7)
    sparse = LinearRegressor(alpha=1e-3).fit(sp.csr_array(wide), y[:20])
    assert_allclose(sparse.coef_, ridge.coef_, rtol=1e-7)
    least = LinearRegressor(alpha=0.0).fit(wide, y[:20])
    shortest = np.linalg.pinv(wide - wide.mean(axis=0)) @ (y[:20] - y[:20].mean())
    assert_allclose(least.coef_, shortest, rtol=1e-6)


@pytest.mark.parametrize("repeats", [1, 4])
@pytest.mark.parametrize("loss", ["squared_error", "huber", "absolute_error", "poisson"])
def test_without_a_penalty_the_shortest_of_equally_good_coefficients(loss, repeats):
    """Eight rows of 20 columns, met exactly: whether rows are weighed or repeated, and whatever else weighs nothing."""
    random = np.random.default_rng(0)
    wide, far = random.standard_normal((2, 8, 20)) * np.geomspace(0.1, 10.0, 20)
    f = random.standard_normal(8)
    target = np.exp(f) if loss == "poisson" else f
    best = np.linalg.pinv(wide - wide.mean(axis=0)) @ (f - f.mean())
    counts = np.arange(8) % 3 + 1
    rows = np.repeat(np.arange(8), counts * repeats)
    repeated = LinearRegressor(loss, alpha=0.0).fit(wide[rows], target[rows])
    assert_allclose(repeated.coef_, best, rtol=1e-7, atol=1e-9)
    both, targets, weight = np.vstack([wide, far]), np.tile(target, 2), np.append(counts, np.zeros(8))
    weighed = LinearRegressor(loss, alpha=0.0).fit(both, targets, sample_weight=weight)
    assert_allclose(weighed.coef_, best, rtol=1e-7, atol=1e-9)


def test_classes_that_can_be_separated_without_a_penalty():
    data = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    model = LinearClassifier(alpha=0.0)
    with pytest.warns(ConvergenceWarning, match="no finite coefficients"):
        model.fit(data, [0, 0, 1, 1])
    assert np.isfinite(model.coef_).all()
    assert model.score(data, [0, 0, 1, 1]) == 1.0


def test_one_class():
    with pytest.raises(ValueError, match="1 class"):
        LinearClassifier().fit(X, np.ones(len(y)))
    with pytest.raises(ValueError, match="1 class"):
        LinearClassifier().fit(X, labels, sample_weight=labels.astype(float))
    with pytest.raises(ValueError, match=r"1 class \[True\]"):
        LinearClassifier(class_weight={False: 0.0}).fit(X, labels)
    with pytest.raises(ValueError, match="0 classes"):
        LinearClassifier(class_weight={False: 0.0, True: 0.0}).fit(X, labels)


@pytest.mark.parametrize("loss", ["log_loss", "hinge", "squared_hinge"])
def test_weights_of_zero(loss):
    weight = (rng.random(len(y)) < 0.7).astype(float)
    kept = weight > 0
    model = LinearClassifier(loss).fit(X, labels, sample_weight=weight)
    other = LinearClassifier(loss).fit(X[kept], labels[kept])
    assert_allclose(model.decision_function(X), other.decision_function(X), rtol=1e-7, atol=1e-9)
    with pytest.raises(ValueError, match="negative"):
        LinearClassifier(loss).fit(X, labels, sample_weight=weight - 0.5)


def test_extreme_outliers():
    target = y.copy()
    target[:5] = 1e12
    model = LinearRegressor("huber", alpha=1e-3).fit(X, target)
    clean = LinearRegressor("huber", alpha=1e-3).fit(X[5:], y[5:])
    assert np.median(np.abs(model.predict(X) - clean.predict(X))) < 10


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error"])
def test_float32(loss):
    single = LinearRegressor(loss).fit(X.astype(np.float32), y.astype(np.float32))
    double = LinearRegressor(loss).fit(X.astype(np.float32).astype(float), y)
    assert single.coef_.dtype == np.float32
    assert_allclose(single.coef_, double.coef_, rtol=1e-5)


@pytest.mark.parametrize("loss", ["log_loss", "cross_entropy", "multiclass_hinge"])
def test_float32_far_from_zero(loss):
    data, target = load_iris(return_X_y=True)
    single = (data + 1e4).astype(np.float32)
    model = LinearClassifier(loss, alpha=1e-3, tol=1e-3).fit(single, target)
    double = LinearClassifier(loss, alpha=1e-3, tol=1e-6).fit(single.astype(np.float64), target)
    assert_allclose(model.objective_, double.objective_, rtol=1e-3)
    # What coefficients of float32 cost counts, and is said.
    with pytest.warns(ConvergenceWarning, match="pass float64"):
        LinearClassifier(loss, alpha=1e-3, tol=1e-9).fit(single, target)


def test_read_only_and_memory_mapped(tmp_path):
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    frozen = y.copy()
    frozen.setflags(write=False)
    assert_array_equal(LinearRegressor().fit(mapped, frozen).coef_, LinearRegressor().fit(X, y).coef_)


def test_names_of_columns_go_with_their_frame():
    frame = pd.DataFrame(X, columns=list("abcdefghij"))
    model = LinearRegressor().fit(frame, y)
    assert model.feature_names_in_.tolist() == list("abcdefghij")
    assert_array_equal(model.coef_, LinearRegressor().fit(X, y).coef_)
    model.fit(X[:, :3], y)
    assert model.n_features_in_ == 3
    assert not hasattr(model, "feature_names_in_")


@pytest.mark.parametrize(
    ("data", "target", "message"),
    [
        (np.where(ONE, np.nan, X), y, "contains NaN"),
        (np.where(ONE, np.inf, X), y, "infinity"),
        (X, np.where(ONE[:, 0], np.nan, y), "contains NaN"),
        (X[:, :0], y, "0 feature"),
        (X[:0], y[:0], "0 sample"),
        (X, y[1:], "inconsistent numbers of samples"),
        (X[0], y, "Expected 2D array"),
    ],
)
def test_unsound_data(data, target, message):
    with pytest.raises(ValueError, match=message):
        LinearRegressor().fit(data, target)


@pytest.mark.parametrize("loss", ["poisson", "gamma", "squared_log_error"])
def test_several_columns_of_positive_targets(loss):
    """What scikit-learn checks with targets of any sign."""
    several = np.exp(rng.standard_normal((11, 5)))
    data = rng.standard_normal((11, 10))
    prediction = LinearRegressor(loss).fit(data, several).predict(data)
    assert (prediction.shape, prediction.dtype) == (several.shape, np.float64)
    for k in range(5):
        alone = LinearRegressor(loss).fit(data, several[:, k])
        assert_allclose(prediction[:, k], alone.predict(data), rtol=1e-9)


def test_a_failed_fit_changes_nothing():
    model = LinearClassifier().fit(X, labels)
    before = {name: np.copy(value) for name, value in vars(model).items()}
    for broken in (
        lambda: model.fit(X, np.zeros(len(y))),
        lambda: model.set_params(alpha=-1.0).fit(X, labels),
    ):
        with pytest.raises(ValueError):  # noqa: PT011
            broken()
        model.set_params(alpha=1e-4)
    for name, value in before.items():
        assert_array_equal(getattr(model, name), value)


def test_keyboard_interrupt_leaves_the_model(monkeypatch):
    model = LinearRegressor().fit(X, y)
    coef = model.coef_.copy()

    def interrupted(self, hessian=None):
        raise KeyboardInterrupt

    monkeypatch.setattr("sklearn_losses.linear_model.solvers._damped.Newton.propose", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, -y)
    assert_array_equal(model.coef_, coef)


def test_too_few_iterations_warn_with_the_gap():
    data, target = load_breast_cancer(return_X_y=True)
    with pytest.warns(ConvergenceWarning, match="estimated to lie .* above the minimum"):
        model = LinearClassifier(max_iter=2).fit(data, target)
    assert model.n_iter_ == 2
    assert model.optimality_gap_ > 1e-4


def test_warm_start():
    data, target = load_breast_cancer(return_X_y=True)
    cold = LinearClassifier(alpha=1e-3).fit(data, target)
    warm = (
        LinearClassifier(alpha=1.1e-3, warm_start=True)
        .fit(data, target)
        .set_params(alpha=1e-3)
        .fit(data, target)
    )
    assert_allclose(warm.coef_, cold.coef_, rtol=1e-6)
    assert warm.n_iter_ < cold.n_iter_
    # Other classes, other columns: from the start.
    iris = load_iris(return_X_y=True)
    assert_allclose(warm.fit(*iris).coef_, LinearClassifier(alpha=1e-3).fit(*iris).coef_, rtol=1e-6)


def test_one_against_the_rest():
    data, target = load_iris(return_X_y=True)
    model = LinearClassifier("hinge", alpha=1e-2, class_weight={0: 1.0, 1: 2.0, 2: 0.5}, n_jobs=2).fit(
        data, target
    )
    weight = np.array([1.0, 2.0, 0.5])[target]
    for k in range(3):
        single = LinearClassifier("hinge", alpha=1e-2).fit(data, target == k, sample_weight=weight)
        assert_allclose(model.decision_function(data)[:, k], single.decision_function(data), atol=1e-8)


def test_verbose_prints_a_line_an_iteration(capsys):
    model = LinearClassifier(verbose=1).fit(X, labels)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Iteration 1: objective ")
    assert len(lines) == model.n_iter_


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"alpha": -1.0}, "alpha"),
        ({"tol": 0.0}, "tol"),
        ({"solver": "best"}, "solver"),
        ({"penalty": "l3"}, "penalty"),
        ({"l1_ratio": 2.0}, "l1_ratio"),
        ({"class_weight": {False: -0.1, True: 10.0}}, "class_weight"),
        ({"loss": "cross_entropy", "solver": "dual"}, "use 'lbfgs' or 'newton'"),
    ],
)
def test_wrong_parameters(settings, message):
    with pytest.raises(ValueError, match=message):
        LinearClassifier(**settings).fit(X, labels)


@pytest.mark.parametrize("solver", ["newton", "dual", "lbfgs"])
def test_a_loss_without_a_minimum(solver):
    with pytest.raises(ValueError, match="no minimum"):
        LinearRegressor(lambda y, f: y * f, solver=solver).fit(X, y)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_columns_of_zeros_alone(fit_intercept):
    """By each solver, and a loss that is not convex, whose steps are as long as rows allow."""
    for loss, solver in [("huber", s) for s in ("newton", "dual", "lbfgs")] + [("cauchy", "lbfgs")]:
        model = LinearRegressor(loss, solver=solver, fit_intercept=fit_intercept).fit(
            np.zeros((20, 3)), y[:20]
        )
        assert not model.coef_.any()


def test_a_loss_of_classes_names_the_classifier():
    with pytest.raises(ValueError, match=r"LinearClassifier\(loss='hinge'\)"):
        LinearRegressor("hinge").fit(X, y)


def test_clones_and_sparse_coefficients():
    model = LinearClassifier(penalty="l1", alpha=1e-3).fit(X, labels)
    same = clone(model).fit(X, labels)
    assert_array_equal(model.coef_, same.coef_)
    assert_allclose(model.sparsify().decision_function(X), same.decision_function(X))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.set_params(warm_start=True).fit(X, labels)
