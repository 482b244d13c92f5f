"""Standard errors of coefficients, against statsmodels, and against how much fits vary."""

import re

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from scipy import stats
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from sklearn_losses import LinearClassifier, LinearRegressor, RegressionLoss
from sklearn_losses.inference import CoefficientTable
from sklearn_losses.losses import (
    Cauchy,
    EpsilonInsensitive,
    Expectile,
    Fair,
    Huber,
    Likelihood,
    LogCosh,
    NegativeBinomial,
    Pinball,
    PseudoHuber,
    SquaredError,
    Tweedie,
)

api = pytest.importorskip("statsmodels.api")
hall_sheather = pytest.importorskip("statsmodels.regression.quantile_regression").hall_sheather

rng = np.random.default_rng(0)
X, y = load_diabetes(return_X_y=True)
X = X[:, [2, 3, 8]] * 20.0
n = len(y)
weight = rng.uniform(0.5, 2.0, n)
groups = rng.integers(0, 25, n)
design = api.add_constant(X)
mean = np.exp(1.0 + 0.3 * X[:, 0] - 0.2 * X[:, 1])
labels = rng.random(n) < 1 / (1 + np.exp(-X[:, 0] - 0.3 * X[:, 1]))


def fitted(loss, target, **keywords):
    return LinearRegressor(loss, penalty=None, tol=1e-10).fit(X, target, **keywords)


def agree(table, theirs, rtol=1e-6, columns=True):
    assert_allclose(table.coefficients, theirs.params, rtol=1e-6)
    assert_allclose(table.standard_errors, theirs.bse, rtol=rtol)
    assert_allclose(
        table.covariance_matrix, theirs.cov_params(), rtol=10 * rtol, atol=1e-7 * theirs.bse.max() ** 2
    )
    if columns:
        assert_allclose(table["statistic"], theirs.tvalues, rtol=10 * rtol)
        assert_allclose(table["p_value"], theirs.pvalues, rtol=1e-4, atol=1e-300)
        assert_allclose(np.column_stack([table["low"], table["high"]]), theirs.conf_int(), rtol=1e-5)


# ---- the model's own covariance ------------------------------------------------------------------


@pytest.mark.parametrize("weights", [None, weight], ids=["", "weighted"])
def test_least_squares(weights):
    theirs = api.WLS(y, design, weights=1.0 if weights is None else weights).fit()
    table = fitted("squared_error", y, sample_weight=weights).inference(X, y, weights, covariance="model")
    agree(table, theirs)
    assert_allclose(table.dispersion, theirs.scale, rtol=1e-8)
    assert table.degrees_of_freedom == theirs.df_resid
    if weights is None:
        assert_allclose([table.log_likelihood, table.aic, table.bic], [theirs.llf, theirs.aic, theirs.bic])
    else:
        assert np.isnan(table.aic)


FAMILIES = {
    "poisson": ("poisson", api.families.Poisson(), rng.poisson(mean)),
    "gamma": ("gamma", api.families.Gamma(api.families.links.Log()), rng.gamma(2.0, mean)),
    "tweedie": (
        Tweedie(power=1.5),
        api.families.Tweedie(api.families.links.Log(), var_power=1.5),
        rng.poisson(mean) * 0.7,
    ),
    "negative binomial": (
        NegativeBinomial(theta=0.7),
        api.families.NegativeBinomial(alpha=0.7),
        rng.poisson(rng.gamma(2.0, mean)),
    ),
}


def glm(name, weights=None, **keywords):
    loss, family, target = FAMILIES[name]
    model = api.GLM(target, design, family, var_weights=weights)
    return loss, target, model.fit(tol=1e-14, maxiter=500, **keywords)


@pytest.mark.parametrize("weights", [None, weight], ids=["", "weighted"])
@pytest.mark.parametrize("name", FAMILIES)
def test_generalised_linear_models(name, weights):
    loss, target, theirs = glm(name, weights, use_t=name in ("gamma", "tweedie"))
    table = fitted(loss, target, sample_weight=weights).inference(X, target, weights, covariance="model")
    agree(table, theirs)
    assert_allclose(table.dispersion, theirs.scale, rtol=1e-6)
    if weights is None and name != "tweedie":
        assert_allclose([table.log_likelihood, table.aic], [theirs.llf, theirs.aic], rtol=1e-7)
        assert_allclose(table.bic, theirs.bic_llf, rtol=1e-7)
    else:
        assert np.isnan(table.log_likelihood)


def test_logistic_regression():
    theirs = api.Logit(labels, design).fit(disp=False, tol=1e-14)
    model = LinearClassifier(penalty=None).fit(X, labels)
    table = model.inference(X, labels, covariance="model")
    agree(table, theirs)
    assert_allclose([table.log_likelihood, table.aic, table.bic], [theirs.llf, theirs.aic, theirs.bic])
    words = np.where(labels, "yes", "no")
    named = LinearClassifier(penalty=None).fit(X, words).inference(X, words, covariance="model")
    assert_allclose(named.standard_errors, table.standard_errors, rtol=1e-6)


def test_softmax_regression():
    """Contrasts with the first class, which theirs are beside."""
    codes = np.digitize(X[:, 0] + rng.logistic(size=n), [-0.5, 0.5])
    theirs = api.MNLogit(codes, design).fit(disp=False, tol=1e-14)
    model = LinearClassifier("cross_entropy", penalty=None, tol=1e-10).fit(X, np.array(list("abc"))[codes])
    table = model.inference(X, np.array(list("abc"))[codes], covariance="model")
    assert table["output"].tolist() == ["b"] * 4 + ["c"] * 4
    assert_allclose(table.coefficients, theirs.params.T.ravel(), rtol=1e-5)
    assert_allclose(table.standard_errors, theirs.bse.T.ravel(), rtol=1e-6)
    assert_allclose(table.covariance_matrix, theirs.cov_params(), rtol=1e-5, atol=1e-8)
    assert_allclose(
        [table.log_likelihood, table.aic, table.bic], [theirs.llf, theirs.aic, theirs.bic], rtol=1e-8
    )
    assert "beside class a" in repr(table)
    robust = model.inference(X, np.array(list("abc"))[codes], correction=False)
    score, inner = theirs.model.score_obs(theirs.params), theirs.cov_params()
    assert_allclose(robust.standard_errors, np.sqrt(np.diag(inner @ score.T @ score @ inner)), rtol=1e-5)


def test_a_likelihood_of_ones_own():
    """The negative log-likelihood of a distribution: observed curvatures, AIC by scipy."""
    model_of = pytest.importorskip("statsmodels.base.model").GenericLikelihoodModel
    distribution = stats.t(4, scale=40.0)

    class Student(RegressionLoss):
        likelihood = Likelihood("t", dispersion=1.0, log_constant=lambda loss, y, dispersion: 0.0)

        def formula(self, y, f):
            return 2.5 * np.log1p(((y - f) / 40.0) ** 2 / 4.0) - float(distribution.logpdf(0.0))

    class Theirs(model_of):
        def nloglikeobs(self, params):
            return -distribution.logpdf(self.endog - self.exog @ params)

    ours = LinearRegressor(Student(), penalty=None, solver="lbfgs", tol=1e-12).fit(X, y)
    table = ours.inference(X, y, covariance="model")
    theirs = Theirs(y, design).fit(
        start_params=np.append(ours.intercept_, ours.coef_), method="bfgs", disp=False
    )
    assert_allclose(table.coefficients, theirs.params, rtol=1e-4)
    assert_allclose(table.standard_errors, theirs.bse, rtol=1e-4)
    assert_allclose([table.log_likelihood, table.aic], [theirs.llf, theirs.aic], rtol=1e-8)
    assert_allclose(table.bic, theirs.bic, rtol=1e-8)


@pytest.mark.parametrize("norm", ["huber", "other"])
def test_robust_regression(norm):
    """Their scale is fixed; Huber's covariance H1 does not depend on it."""
    target = np.where(rng.random(n) < 0.1, 1000.0, y)
    theirs = api.RLM(target, design, api.robust.norms.HuberT(t=1.345)).fit(
        update_scale=False, maxiter=1000, tol=1e-14
    )
    loss = Huber(1.345 * theirs.scale)
    if norm == "other":  # the same formula, of a user

        class Own(RegressionLoss):
            def formula(self, y, f):
                return 3.0 * np.where(
                    np.abs(y - f) <= loss.delta, 0.5 * (y - f) ** 2, loss.delta * (np.abs(y - f) - 0.5 * loss.delta)
                )  # fmt: skip

        used = Own()
    else:
        used = loss
    table = fitted(used, target).inference(X, target, covariance="model")
    agree(table, theirs, columns=False)
    assert_allclose(table["statistic"], theirs.tvalues, rtol=1e-6)


@pytest.mark.parametrize("level", [0.25, 0.5, 0.8])
@pytest.mark.parametrize("covariance", ["model", "sandwich"])
def test_quantiles(level, covariance):
    """Theirs end near the solution, with the signs that residuals of zero happen to have: at the median none counts."""
    kind = {"model": "iid", "sandwich": "robust"}[covariance]
    theirs = api.QuantReg(y, design).fit(q=level, vcov=kind, p_tol=1e-12, max_iter=20_000)
    model = fitted(Pinball(level), y)
    table = model.inference(X, y, covariance=covariance, correction=False)
    near = 1e-6 if level == 0.5 else 2e-2
    assert_allclose(table.standard_errors, theirs.bse, rtol=near if covariance == "sandwich" else 1e-6)
    if level == 0.5:
        other = fitted("absolute_error", y).inference(X, y, covariance=covariance, correction=False)
        assert_allclose(other.standard_errors, table.standard_errors, rtol=1e-6)


def test_quantiles_at_the_solution_itself():
    """The same formula, written out at our coefficients."""
    level = 0.8
    model = fitted(Pinball(level), y)
    e = y - model.predict(X)
    e[np.abs(e) < 1e-7] = 0.0
    h = hall_sheather(n, level)
    q25, q75 = np.percentile(e, [25, 75])
    h = min(y.std(), (q75 - q25) / 1.34) * (stats.norm.ppf(level + h) - stats.norm.ppf(level - h))
    density = np.mean(np.where(np.abs(e / h) <= 1, 0.75 * (1 - (e / h) ** 2), 0)) / h
    inner = np.linalg.inv(design.T @ design) / density
    squares = np.where(e > 0, level, 1 - level) ** 2
    squares[e == 0] = (1 - level) * level**2 + level * (
        1 - level
    ) ** 2  # of either side, as often as it is there
    expected = inner @ (design.T * squares @ design) @ inner
    table = model.inference(X, y, correction=False)
    assert_allclose(table.covariance_matrix, expected, rtol=1e-6)


# ---- sandwiches ----------------------------------------------------------------------------------


@pytest.mark.parametrize("correction", [True, False])
@pytest.mark.parametrize("weights", [None, weight], ids=["", "weighted"])
def test_white(weights, correction):
    theirs = api.WLS(y, design, weights=1.0 if weights is None else weights).fit(
        cov_type="HC1" if correction else "HC0"
    )
    model = fitted("squared_error", y, sample_weight=weights)
    agree(model.inference(X, y, weights, correction=correction), theirs)


@pytest.mark.parametrize("name", FAMILIES)
def test_sandwiches_of_generalised_linear_models(name):
    loss, target, theirs = glm(name, weight, cov_type="HC0")
    model = fitted(loss, target, sample_weight=weight)
    agree(model.inference(X, target, weight, correction=False), theirs)
    loss, target, theirs = glm(name, cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    table = fitted(loss, target).inference(X, target, covariance="cluster", groups=groups)
    agree(table, theirs)


@pytest.mark.parametrize("correction", [True, False])
def test_clusters(correction):
    theirs = api.OLS(y, design).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": correction}, use_t=True
    )
    names = np.array([f"patient {k}" for k in groups])
    table = fitted("squared_error", y).inference(
        X, y, covariance="cluster", groups=names, correction=correction
    )
    agree(table, theirs)


def test_clusters_of_logistic_regression():
    theirs = api.Logit(labels, design).fit(
        disp=False, tol=1e-14, cov_type="cluster", cov_kwds={"groups": groups}
    )
    model = LinearClassifier(penalty=None).fit(X, labels)
    table = model.inference(X, labels, covariance="cluster", groups=groups)
    assert_allclose(table.standard_errors, theirs.bse, rtol=1e-6)


@pytest.mark.parametrize(
    "loss",
    [Huber(60.0), PseudoHuber(60.0), LogCosh(), Fair(60.0), Expectile(0.8), Cauchy(200.0)],
    ids=str,
)
def test_any_smooth_loss_by_differences(loss):
    """Slopes and curvatures of the mean loss by finite differences of its values."""
    target = y / 50.0 if isinstance(loss, LogCosh) else y
    solver = "newton" if loss.convex else "lbfgs"
    model = LinearRegressor(loss, penalty=None, tol=1e-10, solver=solver).fit(X, target)
    beta = np.append(model.intercept_, model.coef_)
    step = 1e-3 * np.std(target)

    def each(f):
        return loss.training_scale * loss.pointwise(target, f)

    f = design @ beta
    slopes = (each(f + step) - each(f - step)) / (2 * step)
    bends = (each(f + step) - 2 * each(f) + each(f - step)) / step**2
    inner = np.linalg.inv(design.T * bends @ design)
    expected = inner @ (design.T * slopes**2 @ design) @ inner
    table = model.inference(X, target, correction=False)
    assert_allclose(table.standard_errors, np.sqrt(np.diag(expected)), rtol=2e-2)


def test_they_are_how_much_fits_vary():
    """Errors grow with a column: the sandwich tells how fits spread, the model's covariance does not."""
    draws = np.random.default_rng(3)
    columns = draws.normal(size=(300, 2))
    found, sandwich, of_model = [], [], []
    for _ in range(200):
        target = columns[:, 0] + draws.standard_t(5, 300) * (0.2 + np.abs(columns[:, 0]))
        model = LinearRegressor(Huber(0.5), penalty=None).fit(columns, target)
        found.append(model.coef_[0])
        sandwich.append(model.inference(columns, target).standard_errors[1])
        of_model.append(model.inference(columns, target, covariance="model").standard_errors[1])
    spread = np.std(found)
    assert abs(np.mean(sandwich) / spread - 1) < 0.15
    assert np.mean(of_model) / spread < 0.8


# ---- data of other kinds, several outputs --------------------------------------------------------


def test_frames_sparse_matrices_and_no_intercept():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=["bmi", "bp", "s5"])
    model = LinearRegressor(penalty=None).fit(frame, y)
    table = model.inference(frame, y)
    assert table["feature"].tolist() == ["intercept", "bmi", "bp", "s5"]
    sparse = LinearRegressor(penalty=None).fit(sp.csr_matrix(X), y).inference(sp.csr_matrix(X), y)
    assert_allclose(sparse.standard_errors, table.standard_errors, rtol=1e-6)
    theirs = api.OLS(y, X).fit()
    bare = LinearRegressor(penalty=None, fit_intercept=False).fit(X, y)
    agree(bare.inference(X, y, covariance="model"), theirs)
    back = table.to_pandas()
    assert back["standard_error"].tolist() == table.standard_errors.tolist()


def test_outputs_that_do_not_meet():
    both = np.column_stack([y, rng.normal(size=n)])
    table = LinearRegressor(penalty=None).fit(X, both).inference(X, both)
    for k in range(2):
        alone = LinearRegressor(penalty=None).fit(X, both[:, k]).inference(X, both[:, k])
        rows = table["output"] == k
        assert_allclose(table.standard_errors[rows], alone.standard_errors, rtol=1e-10)
    assert table.covariance_matrix.shape == (8, 8)
    assert not table.covariance_matrix[:4, 4:].any()


def test_one_class_against_the_rest():
    codes = np.digitize(y, [100, 180])
    table = LinearClassifier(penalty=None).fit(X, codes).inference(X, codes)
    for k in range(3):
        alone = LinearClassifier(penalty=None).fit(X, codes == k).inference(X, codes == k)
        assert_allclose(table.standard_errors[table["output"] == k], alone.standard_errors, rtol=1e-6)


def test_a_weight_of_zero_is_no_sample():
    there = np.arange(n) % 3 > 0
    w = there.astype(float)
    for covariance, keywords in (("model", {}), ("sandwich", {}), ("cluster", {"groups": groups})):
        for loss in ("squared_error", "absolute_error", Huber(50.0)):
            part = {"groups": groups[there]} if keywords else {}
            table = fitted(loss, y, sample_weight=w).inference(X, y, w, covariance=covariance, **keywords)
            alone = LinearRegressor(loss, penalty=None, tol=1e-10).fit(X[there], y[there])
            alone = alone.inference(X[there], y[there], covariance=covariance, **part)
            assert_allclose(table.standard_errors, alone.standard_errors, rtol=1e-6)


# ---- text and pictures ---------------------------------------------------------------------------


def test_summary():
    table = fitted("poisson", FAMILIES["poisson"][2]).inference(X, FAMILIES["poisson"][2], covariance="model")
    assert isinstance(table, CoefficientTable)
    lines = table.summary().splitlines()
    assert lines[0] == "Poisson(), 442 samples; covariance of the model, dispersion 1"
    assert re.fullmatch(r"log-likelihood -\d+\.\d\d, AIC \d+\.\d\d, BIC \d+\.\d\d", lines[1])
    assert lines[2].split() == [
        "feature", "coefficient", "standard_error", "statistic", "p_value", "low", "high",
    ]  # fmt: skip
    assert lines[3].split()[0] == "intercept"
    assert lines[-1] == "95% intervals, normal distribution"
    assert repr(table) == table.summary()
    assert "<td>intercept</td>" in table._repr_html_()
    assert "Poisson(), 442 samples" in table._repr_html_()


def test_coefficients_are_drawn():
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("Agg")
    table = fitted("squared_error", y).inference(X, y)
    display = table.plot()
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["x0", "x1", "x2"]
    assert [point.get_xdata()[0] for point in display.points_] == table.coefficients[1:].tolist()
    both = np.column_stack([y, y])
    assert len(LinearRegressor(penalty=None).fit(X, both).inference(X, both).plot().axes_) == 2
    plt.close("all")


# ---- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, r"penalty='l2' with alpha=0.0001.*Fit with penalty=None"),
        ({"penalty": "l1", "alpha": 0.1}, "penalty='l1' with alpha=0.1"),
    ],
)
def test_penalised_fits_are_refused(parameters, message):
    model = LinearRegressor(**parameters).fit(X, y)
    with pytest.raises(ValueError, match=message):
        model.inference(X, y)
    assert LinearRegressor(alpha=0.0).fit(X, y).inference(X, y).n_samples == n


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"covariance": "HC3"}, "'model', 'sandwich' or 'cluster', got 'HC3'"),
        ({"covariance": "cluster"}, "needs groups="),
        ({"groups": groups}, "groups= is for covariance='cluster', got covariance='sandwich'"),
        ({"covariance": "cluster", "groups": groups[1:]}, "groups must be one column of 442"),
        ({"covariance": "cluster", "groups": np.zeros(n)}, "one cluster alone"),
        ({"level": 95}, "between 0 and 1"),
        ({"sample_weight": -weight}, "must not be negative"),
    ],
)
def test_errors_of_arguments(keywords, message):
    with pytest.raises(ValueError, match=message):
        fitted("squared_error", y).inference(X, y, **keywords)


def test_losses_without_standard_errors_are_refused():
    with pytest.raises(ValueError, match="jumps, so that its curvature says nothing"):
        fitted(EpsilonInsensitive(5.0), y).inference(X, y)
    with pytest.raises(ValueError, match=r"neither a likelihood nor a loss of y - f alone.*'sandwich'"):
        fitted("squared_log_error", y).inference(X, y, covariance="model")
    assert np.isfinite(fitted("squared_log_error", y).inference(X, y).standard_errors).all()
    balanced = LinearClassifier(penalty=None, class_weight="balanced").fit(X, labels)
    with pytest.raises(ValueError, match="class_weight the loss is no likelihood"):
        balanced.inference(X, labels, covariance="model")
    assert np.isfinite(balanced.inference(X, labels).standard_errors).all()


def test_dependent_columns_are_named():
    pd = pytest.importorskip("pandas")
    twice = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "a again": 2 * X[:, 0] + 1})
    model = LinearRegressor(penalty=None).fit(twice, y)
    with pytest.raises(ValueError, match=r"columns .*'a', 'a again' are linearly dependent"):
        model.inference(twice, y)
    zero = np.column_stack([X, np.zeros(n)])
    with pytest.raises(ValueError, match=r"does not bend along 'x3' \(a column of zeros"):
        LinearRegressor(penalty=None).fit(zero, y).inference(zero, y)


def test_other_data_than_those_of_the_fit_warn():
    model = fitted("squared_error", y)
    with pytest.warns(ConvergenceWarning, match="standard errors from the coefficients. Pass the X, y"):
        model.inference(X, y[::-1])
    with pytest.warns(ConvergenceWarning, match="Pass the X, y and sample_weight of fit"):
        model.inference(X, y, weight**4)


def test_too_few_samples():
    model = LinearRegressor(penalty=None).fit(X[:4], y[:4])
    with pytest.raises(ValueError, match=r"4 samples cannot tell how sure 4 coefficients are"):
        model.inference(X[:4], y[:4])
    few = LinearRegressor(Pinball(0.99), penalty=None).fit(X[:30], y[:30])
    with pytest.raises(ValueError, match="30 samples are too few to tell how dense"):
        few.inference(X[:30], y[:30])


def test_it_needs_a_fit():
    with pytest.raises(NotFittedError):
        LinearRegressor(penalty=None).inference(X, y)


def test_the_model_stays_as_it_was():
    model = LinearClassifier(penalty=None).fit(X, labels)
    before = {name: np.copy(value) for name, value in vars(model).items()}
    model.inference(X, labels)
    assert vars(model).keys() == before.keys()
    for name, value in before.items():
        assert np.array_equal(vars(model)[name], value), name


def test_single_precision():
    """Residuals that rounding keeps from zero are zero."""
    single = X.astype(np.float32)
    for loss in (SquaredError(), Pinball(0.8)):
        table = LinearRegressor(loss, penalty=None).fit(single, y).inference(single, y)
        double = single.astype(np.float64)
        expected = LinearRegressor(loss, penalty=None).fit(double, y).inference(double, y)
        assert_allclose(table.standard_errors, expected.standard_errors, rtol=1e-5)
