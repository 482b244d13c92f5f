"""Comparisons of forecasts and models, against scipy, statsmodels, published numbers, and sums written out."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, make_moons
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import (
    KFold,
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
    cross_val_score,
)
from sklearn.svm import SVC

from sklearn_losses import AbsoluteError, LogLoss, Pinball, SquaredError, compare, compare_cv, score_interval
from sklearn_losses.inference._comparison import _corrected

rng = np.random.default_rng(0)
n = 80
y = rng.normal(size=n)
forecasts = {
    "a": y + rng.normal(size=n),
    "b": y + 1.3 * rng.normal(size=n),
    "c": np.zeros(n),
}
weights = rng.uniform(0.5, 2.0, n)
clusters = rng.integers(0, 12, n)
each = {name: (y - p) ** 2 for name, p in forecasts.items()}
two = {name: forecasts[name] for name in "ab"}
NUMBERS = ("difference", "standard_error", "low", "high", "statistic", "p_value")


# ---- forecasts -----------------------------------------------------------------------------------


def test_of_independent_samples_it_is_the_paired_t_test():
    table = compare(SquaredError(), y, forecasts, level=0.9)
    assert list(zip(table["first"], table["second"], strict=True)) == [("a", "b"), ("a", "c"), ("b", "c")]
    for k in range(3):
        theirs = stats.ttest_rel(each[table["first"][k]], each[table["second"][k]])
        interval = theirs.confidence_interval(0.9)
        assert_allclose(table["statistic"][k], theirs.statistic, rtol=1e-10)
        assert_allclose(table["p_value"][k], theirs.pvalue, rtol=1e-9)
        assert_allclose([table["low"][k], table["high"][k]], [interval.low, interval.high], rtol=1e-10)


@pytest.mark.parametrize("horizon", [1, 2, 4])
def test_diebold_and_mariano(horizon):
    """The statistic with Newey and West's variance of statsmodels, and the correction of 1997."""
    api = pytest.importorskip("statsmodels.api")
    table = compare(SquaredError(), y, two, lags=horizon - 1)
    d = each["a"] - each["b"]
    theirs = api.OLS(d, np.ones(n)).fit().get_robustcov_results(
        "HAC", maxlags=horizon - 1, use_correction=False
    )  # fmt: skip
    factor = np.sqrt((n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n)
    assert_allclose(table["statistic"][0], factor * theirs.tvalues[0], rtol=1e-10)
    assert_allclose(table["p_value"][0], 2 * stats.t.sf(abs(factor * theirs.tvalues[0]), n - 1), rtol=1e-9)


def test_weighted_clusters():
    api = pytest.importorskip("statsmodels.api")
    table = compare(SquaredError(), y, two, sample_weight=weights, groups=clusters)
    theirs = api.WLS(each["a"] - each["b"], np.ones(n), weights=weights).fit(
        cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True
    )
    assert_allclose(table["difference"][0], theirs.params[0], rtol=1e-10)
    assert_allclose(table["p_value"][0], theirs.pvalues[0], rtol=1e-9)
    assert_allclose([table["low"][0], table["high"][0]], theirs.conf_int()[0], rtol=1e-9)


def test_the_bootstrap_agrees_with_students_test():
    normal = compare(SquaredError(), y, forecasts)
    drawn = compare(SquaredError(), y, forecasts, method="bootstrap", n_resamples=4000, random_state=0)
    assert_allclose(drawn["difference"], normal["difference"], rtol=1e-12)
    assert_allclose(drawn["standard_error"], normal["standard_error"], rtol=0.1)
    assert np.all(np.abs(drawn["p_value"] - normal["p_value"]) < 0.05)


def test_a_reference_is_the_second_of_every_row():
    table = compare(SquaredError(), y, forecasts, reference="b")
    assert list(zip(table["first"], table["second"], strict=True)) == [("a", "b"), ("c", "b")]


def test_holms_correction():
    multipletests = pytest.importorskip("statsmodels.stats.multitest").multipletests
    many = {str(k): y + rng.normal(scale=0.8 + 0.05 * k, size=n) for k in range(6)}
    table = compare(SquaredError(), y, many)
    assert_allclose(table["p_adjusted"], multipletests(table["p_value"], method="holm")[1], rtol=1e-12)
    assert "p_adjusted" not in compare(SquaredError(), y, two).columns


def test_groups():
    region = np.where(y > 0, "north", "south")
    table = compare(Pinball(0.8), y, two, by=region)
    assert table["by"].tolist() == ["north", "south"]
    for k, name in enumerate(table["by"]):
        there = region == name
        alone = compare(Pinball(0.8), y[there], {m: p[there] for m, p in two.items()})
        assert_allclose([table[c][k] for c in NUMBERS], [alone[c][0] for c in NUMBERS], rtol=1e-10)


def test_scores_are_those_of_score_interval():
    for keywords in ({}, {"method": "bootstrap", "random_state": 0}):
        table = compare(SquaredError(), y, forecasts, groups=clusters, **keywords).scores
        alone = score_interval(SquaredError(), y, forecasts, groups=clusters, **keywords)
        assert_allclose(table["score"], alone["score"])
        if not keywords:
            assert_allclose(table["low"], alone["low"])


def test_equal_forecasts_do_not_differ():
    for keywords in ({}, {"method": "bootstrap", "n_resamples": 20}, {"lags": 3}):
        table = compare(SquaredError(), y, {"a": two["a"], "same": two["a"]}, **keywords)
        assert [table[name][0] for name in NUMBERS] == [0, 0, 0, 0, 0, 1]


def test_the_level_of_the_test_holds():
    """Of forecasts that are equally good, 5 of 100 differ at 5%: in series only where lags are named."""
    draws = np.random.default_rng(2)
    rejected = np.zeros(2)
    for _ in range(400):
        u = draws.normal(size=(2, 124))
        u = sum(u[:, k : k + 120] for k in range(5))  # mistakes of forecasts five steps ahead
        for k, keywords in enumerate(({"lags": 4}, {})):
            table = compare("absolute_error", np.zeros(120), {"a": u[0], "b": u[1]}, **keywords)
            rejected[k] += table["p_value"][0] < 0.05
    assert rejected[0] / 400 < 0.13
    assert rejected[1] / 400 > 0.17


def test_frames_text_and_html():
    pd = pytest.importorskip("pandas")
    frame = compare(SquaredError(), y, forecasts).to_pandas()
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == ["first", "second", *NUMBERS, "p_adjusted"]
    table = compare(SquaredError(), y, two)
    assert repr(table).splitlines()[0].split() == ["first", "second", *NUMBERS]
    assert "<td>a</td>" in table._repr_html_()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"forecasts": [y, y]}, "must be a dict of names to predictions, got list"),
        ({"forecasts": {"a": y}}, "needs two at least"),
        ({"forecasts": two, "reference": "x"}, "is none of"),
        ({"forecasts": two, "method": "dm"}, "'normal' or 'bootstrap'"),
        ({"forecasts": {"a": y, "b": y[1:]}}, "same number of samples"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        compare(SquaredError(), y, **arguments)


# ---- cross-validation ----------------------------------------------------------------------------

X, target = load_diabetes(return_X_y=True)
MODELS = {"ridge": Ridge(), "linear": LinearRegression(), "mean": DummyRegressor()}


def test_the_corrected_resampled_t_test_of_published_scores():
    """Scikit-learn's guide on comparing models of a grid search prints t = 0.750 and a one-sided p = 0.227."""
    moons = make_moons(noise=0.352, random_state=1, n_samples=100)
    cv = RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=0)
    scores = [
        cross_val_score(SVC(kernel=kernel, random_state=0), *moons, scoring="roc_auc", cv=cv)
        for kernel in ("rbf", "linear")
    ]
    _, _, _, _, statistic, p_value = _corrected(scores[0] - scores[1], 10 / 90, 0.95)
    assert round(statistic, 3) == 0.750
    assert round(p_value / 2, 3) == 0.227


def test_models_on_the_same_folds():
    cv = KFold(5, shuffle=True, random_state=np.random.RandomState(0))  # other folds at every call
    losses = {"squared": SquaredError(), "absolute": "absolute_error"}
    table = compare_cv(MODELS, X, target, losses=losses, cv=cv)
    folds = list(KFold(5, shuffle=True, random_state=np.random.RandomState(0)).split(X))
    row = 0
    for name, loss in (("squared", SquaredError()), ("absolute", AbsoluteError())):
        scores = {}
        for model_name, model in MODELS.items():
            scores[model_name] = np.array(
                [loss(target[b], clone(model).fit(X[a], target[a]).predict(X[b])) for a, b in folds]
            )
            rows = (table.scores["loss"] == name) & (table.scores["model"] == model_name)
            assert_allclose(table.scores["score"][rows], scores[model_name], rtol=1e-10)
        for first, second in (("ridge", "linear"), ("ridge", "mean"), ("linear", "mean")):
            d = scores[first] - scores[second]
            error = np.sqrt(d.var(ddof=1) * (1 / 5 + len(target) / 5 / (len(target) * 4 / 5)))
            assert (table["loss"][row], table["first"][row], table["second"][row]) == (name, first, second)
            assert_allclose(table["difference"][row], d.mean(), rtol=1e-9)
            assert_allclose(table["standard_error"][row], error, rtol=1e-9)
            assert_allclose(table["p_value"][row], 2 * stats.t.sf(abs(d.mean() / error), 4), rtol=1e-8)
            reach = error * stats.t.ppf(0.975, 4)
            assert_allclose([table["low"][row], table["high"][row]], [d.mean() - reach, d.mean() + reach])
            row += 1
    assert row == len(table)


def test_models_by_group():
    """The score of a group is that of the samples of a test fold that belong to it; a fold may have none."""
    sex = np.where(X[:, 1] > 0, "one", "other")
    sex[5] = "rare"
    folds = list(KFold(4).split(X))
    table = compare_cv({name: MODELS[name] for name in ("ridge", "mean")}, X, target,
                       losses="absolute_error", cv=4, by=sex)  # fmt: skip
    assert table["by"].tolist() == ["one", "other", "rare"]
    scores = table.scores
    for group in ("one", "other"):
        expected = []
        for a, b in folds:
            chosen = b[sex[b] == group]
            expected.append(np.abs(target[chosen] - Ridge().fit(X[a], target[a]).predict(X[chosen])).mean())
        rows = (scores["by"] == group) & (scores["model"] == "ridge")
        assert_allclose(scores["score"][rows], expected, rtol=1e-10)
    assert np.isfinite(table["difference"]).all()
    assert np.isnan(table["low"]).tolist() == [False, False, True]


def test_classifiers_frames_and_grouped_folds():
    pd = pytest.importorskip("pandas")
    frame, labels = load_breast_cancer(return_X_y=True, as_frame=True)
    frame, labels = frame.iloc[:150, :3], labels.iloc[:150].map({0: "malignant", 1: "benign"})
    groups = pd.Series(np.arange(150) // 5)
    models = [LogisticRegression(max_iter=3000), DummyClassifier()]
    table = compare_cv(
        models, frame, labels, losses=["log_loss", "brier"], cv=StratifiedGroupKFold(3), groups=groups,
        by=(frame["mean radius"] > 15).rename("size"),
    )  # fmt: skip
    assert table["loss"].tolist()[:2] == ["LogLoss()", "Brier()"]
    assert table["size"].tolist() == [False, False, True, True]
    assert (table["first"] == "LogisticRegression").all()
    whole = compare_cv(models, frame, labels, losses=[LogLoss()], cv=StratifiedGroupKFold(3), groups=groups)
    assert whole["difference"][0] < 0.0


def test_weights_for_fit_are_passed_on():
    sample_weight = (target > 150).astype(float)
    plain, heavy = (
        compare_cv(MODELS, X, target, losses="squared_error", cv=3, params=params).scores["score"]
        for params in (None, {"sample_weight": sample_weight})
    )
    assert (heavy > plain).all()


def test_errors_of_models():
    with pytest.raises(ValueError, match="Two of the models are of one class"):
        compare_cv([Ridge(), Ridge(2.0)], X, target, losses="squared_error")
    with pytest.raises(ValueError, match="needs two at least"):
        compare_cv([Ridge()], X, target, losses="squared_error")
    with pytest.raises(ValueError, match="1 fold; a comparison needs two"):
        compare_cv(MODELS, X, target, losses="squared_error", cv=[(np.arange(300), np.arange(300, 442))])


# ---- pictures ------------------------------------------------------------------------------------


@pytest.fixture
def plt():
    found = pytest.importorskip("matplotlib.pyplot")
    found.switch_backend("Agg")
    yield found
    found.close("all")


def test_differences_are_drawn(plt):
    table = compare(SquaredError(), y, forecasts)
    display = table.plot()
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["a − b", "a − c", "b − c"]
    for k, (point, bar) in enumerate(zip(display.points_, display.bars_, strict=True)):
        assert point.get_xdata()[0] == table["difference"][k]
        (segment,) = bar.get_segments()
        assert_allclose(segment[:, 0], [table["low"][k], table["high"][k]], rtol=1e-12)
        filled = point.get_markerfacecolor() != "white"
        assert filled == (table["low"][k] > 0 or table["high"][k] < 0)
    assert any(list(line.get_xdata()) == [0.0, 0.0] for line in display.ax_.lines)


def test_each_loss_has_axes_of_its_own(plt):
    table = compare_cv(MODELS, X, target, losses=["squared_error", "absolute_error"], cv=3)
    display = table.plot()
    assert [ax.get_title(loc="left") for ax in display.axes_] == ["SquaredError()", "AbsoluteError()"]
    with pytest.raises(ValueError, match="ax must be 2 axes"):
        table.plot(ax=plt.subplots()[1])
    table.plot(ax=plt.subplots(2)[1])


def test_scores_and_groups_are_drawn(plt):
    display = compare(SquaredError(), y, two, by=y > 0).plot()
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["False", "True"]
    assert display.ax_.get_xlabel() == "difference of the mean loss: a − b"
    display = score_interval(SquaredError(), y, two, by=y > 0).plot()
    assert [label.get_text() for label in display.ax_.get_yticklabels()][1] == "False, b"
    alone = np.where(np.arange(n) == 3, "one", "rest")
    display = score_interval(SquaredError(), y, y + 1, by=alone).plot()
    assert len(display.points_) == 2
    assert len(display.bars_) == 1
