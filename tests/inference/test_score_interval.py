"""Intervals of a mean loss, against scipy, statsmodels, and sums that are written out."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from sklearn_losses import (
    LOSSES,
    AbsoluteError,
    Exponential,
    LogLoss,
    RegressionLoss,
    SquaredError,
    score_interval,
)
from sklearn_losses._sampling import Sampling
from sklearn_losses.inference import ScoreInterval, ScoreTable

rng = np.random.default_rng(0)
n = 60
y = rng.normal(size=n)
predicted = y + rng.standard_t(4, size=n)
other = y + 0.8 * rng.normal(size=n)
weights = rng.uniform(0.2, 2.0, n)
clusters = rng.integers(0, 9, n)
losses = (y - predicted) ** 2


def of(**keywords):
    return score_interval(SquaredError(), y, predicted, **keywords)


# ---- normal --------------------------------------------------------------------------------------


def test_of_independent_samples_it_is_students():
    found = of(level=0.9)
    theirs = stats.ttest_1samp(losses, 0.0).confidence_interval(0.9)
    assert_allclose([found.low, found.high], [theirs.low, theirs.high], rtol=1e-12)
    assert found.score == SquaredError()(y, predicted)
    assert_allclose(found.standard_error, stats.sem(losses), rtol=1e-12)
    assert found.n_samples == n


def fitted(kind, **options):
    """A regression on a constant alone: its coefficient is the weighted mean."""
    api = pytest.importorskip("statsmodels.api")
    keywords = {"cov_type": kind, "use_t": True}
    return api.WLS(losses, np.ones(n), weights=weights).fit(cov_kwds=options or None, **keywords)


def test_weights():
    found, theirs = of(sample_weight=weights), fitted("HC1")
    assert_allclose(found.score, theirs.params[0], rtol=1e-12)
    assert_allclose([found.low, found.high], theirs.conf_int()[0], rtol=1e-10)


def test_clusters():
    found, theirs = of(sample_weight=weights, groups=clusters), fitted("cluster", groups=clusters)
    assert_allclose(found.standard_error, theirs.bse[0], rtol=1e-12)
    assert_allclose([found.low, found.high], theirs.conf_int()[0], rtol=1e-10)
    named = np.array([f"patient {k}" for k in clusters])
    assert of(sample_weight=weights, groups=named) == found


@pytest.mark.parametrize("lags", [0, 1, 5])
def test_series(lags):
    """Newey and West's variance, times the correction of Harvey, Leybourne and Newbold."""
    found = of(sample_weight=weights, lags=lags)
    theirs = fitted("HAC", maxlags=lags, use_correction=False).bse[0]
    h = lags + 1
    assert_allclose(found.standard_error, theirs / np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n), rtol=1e-12)


def test_automatic_lags():
    assert of(lags="auto") == of(lags=int(4 * (n / 100) ** (2 / 9)))


def test_a_series_without_lags_is_independent_samples():
    assert_allclose(of(lags=0).standard_error, of().standard_error, rtol=1e-14)


def test_a_weight_of_zero_is_no_sample():
    there = np.arange(n) % 3 > 0
    for keywords in ({}, {"groups": clusters}, {"method": "bootstrap", "random_state": 0}):
        part = {"groups": clusters[there]} if "groups" in keywords else {}
        found = of(sample_weight=there.astype(float), **keywords)
        alone = score_interval(SquaredError(), y[there], predicted[there], **keywords | part)
        for name in ("score", "standard_error", "low", "high", "n_samples"):
            assert_allclose(getattr(found, name), getattr(alone, name), rtol=1e-12)


@pytest.mark.parametrize("alias", sorted(LOSSES))
def test_every_loss_has_an_interval(alias):
    loss = LOSSES[alias]()
    y_true, raw = loss.examples.draw(np.random.default_rng(1), 40)
    y_pred = loss.link.inverse(raw)
    found = score_interval(loss, y_true, y_pred)
    assert found.score == pytest.approx(loss(y_true, y_pred), rel=1e-6)
    assert found.low < found.score < found.high


def test_a_loss_of_ones_own():
    class Quartic(RegressionLoss):
        def formula(self, y, f):
            return (y - f) ** 4

    assert_allclose(
        score_interval(Quartic(), y, predicted).standard_error, stats.sem((y - predicted) ** 4), rtol=1e-12
    )


def test_intervals_cover():
    """95 of 100 intervals have the true mean, of clustered data only where clusters are named."""
    draws = np.random.default_rng(5)
    hits = np.zeros(2)
    for _ in range(300):
        each = 1.0 + np.repeat(draws.normal(size=30), 5) + draws.normal(size=150)
        groups = np.repeat(np.arange(30), 5)
        for k, keywords in enumerate(({"groups": groups}, {})):
            # the absolute error of a prediction of zero is the value itself, shifted above zero
            found = score_interval(AbsoluteError(), each + 20.0, np.zeros(150), **keywords)
            hits[k] += found.low <= 21.0 <= found.high
    assert 0.91 <= hits[0] / 300 <= 0.98
    assert hits[1] / 300 < 0.85


# ---- bootstrap -----------------------------------------------------------------------------------


def test_bootstrap_is_that_of_scipy():
    """BCa, from the same draws."""
    found = Sampling(np.ones(n)).bootstrap(losses, 0.9, 999, np.random.default_rng(3))
    theirs = stats.bootstrap(
        (losses,),
        np.mean,
        n_resamples=999,
        confidence_level=0.9,
        method="BCa",
        random_state=np.random.default_rng(3),
    )
    assert_allclose([found.low, found.high], theirs.confidence_interval, rtol=1e-9)
    assert_allclose(found.standard_error, theirs.standard_error, rtol=1e-9)


def test_bootstrap_of_weighted_clusters_is_that_of_scipy():
    found = Sampling(weights, clusters).bootstrap(losses, 0.95, 999, np.random.default_rng(3))
    sums, total = np.bincount(clusters, weights * losses), np.bincount(clusters, weights)

    def mean(a, b, axis):
        return a.sum(axis) / b.sum(axis)

    theirs = stats.bootstrap(
        (sums, total), mean, n_resamples=999, paired=True, method="BCa", random_state=np.random.default_rng(3)
    )
    assert_allclose([found.low, found.high], theirs.confidence_interval, rtol=1e-9)


@pytest.mark.parametrize("lags", [0, 2, 6])
def test_the_variance_of_the_block_bootstrap(lags):
    """That of a mean of independent circular blocks, written out."""
    length = lags + 1
    whole, rest = divmod(n, length)
    centred = np.concatenate([losses, losses]) - losses.mean()

    def variance(size):
        return np.mean([centred[k : k + size].sum() ** 2 for k in range(n)])

    exact = (whole * variance(length) + (variance(rest) if rest else 0.0)) / n**2
    found = of(method="bootstrap", lags=lags, n_resamples=40_000, random_state=0)
    assert_allclose(found.standard_error, np.sqrt(exact), rtol=0.02)


def test_the_seed_decides():
    same = [of(method="bootstrap", n_resamples=200, random_state=7) for _ in range(2)]
    assert same[0] == same[1]
    assert of(method="bootstrap", n_resamples=200, random_state=8) != same[0]


def test_many_samples_are_drawn_in_batches(monkeypatch):
    whole = of(method="bootstrap", n_resamples=50, random_state=0)
    monkeypatch.setattr("sklearn_losses._sampling.BATCH", 7 * n)
    assert of(method="bootstrap", n_resamples=50, random_state=0) == whole


# ---- groups, several forecasts, tables -----------------------------------------------------------

region = np.where(y > 0.5, "north", "south")


@pytest.mark.parametrize(
    "keywords", [{}, {"sample_weight": weights}, {"method": "bootstrap", "random_state": 0}]
)
def test_a_row_for_each_group(keywords):
    table = of(by=region, **keywords)
    assert isinstance(table, ScoreTable)
    assert table["by"].tolist() == ["north", "south"]
    for k, name in enumerate(table["by"]):
        there = region == name
        part = {"sample_weight": weights[there]} if "sample_weight" in keywords else {}
        alone = score_interval(SquaredError(), y[there], predicted[there], **keywords | part)
        for column in ("score", "standard_error", "low", "high", "n_samples"):
            assert_allclose(table[column][k], getattr(alone, column), rtol=1e-12)


def test_groups_of_a_series_keep_their_place_in_time():
    """The mean over a group is a ratio of two sums of the whole series."""
    api = pytest.importorskip("statsmodels.api")
    there = (np.arange(n) % 4 == 0).astype(float)
    table = of(by=there, lags=4)
    theirs = api.WLS(losses, np.ones(n), weights=np.maximum(there, 1e-300)).fit()
    theirs = theirs.get_robustcov_results("HAC", maxlags=4, use_correction=False).bse[0]
    m, h = there.sum(), 5
    correction = (m + 1 - 2 * h + h * (h - 1) / m) / m
    assert_allclose(table["standard_error"][1], theirs / np.sqrt(correction), rtol=1e-9)


def test_several_forecasts_have_names():
    table = score_interval(SquaredError(), y, {"a": predicted, "b": other})
    assert table["forecast"].tolist() == ["a", "b"]
    assert_allclose(table["score"], [losses.mean(), np.mean((y - other) ** 2)], rtol=1e-12)


def test_frames():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"y": y, "p": predicted, "region": region, "w": weights})
    table = score_interval(
        SquaredError(), frame["y"], frame["p"], by=frame["region"], sample_weight=frame["w"]
    )
    back = table.to_pandas()
    assert list(back.columns) == ["region", "score", "standard_error", "low", "high", "n_samples"]
    assert back["n_samples"].tolist() == [np.sum(region == "north"), np.sum(region == "south")]


def test_a_group_of_one_has_no_interval():
    alone = np.zeros(n, dtype=int)
    alone[4] = 1
    for keywords in ({}, {"method": "bootstrap"}):
        table = of(by=alone, **keywords)
        assert table["score"][1] == losses[4]
        assert np.isnan([table["low"][1], table["high"][1], table["standard_error"][1]]).all()
        assert "nan" in repr(table)


def test_text_and_html():
    table = of(by=region)
    lines = repr(table).splitlines()
    assert lines[0].split() == ["by", "score", "standard_error", "low", "high", "n_samples"]
    assert [line.split()[0] for line in lines[1:3]] == ["north", "south"]
    assert lines[-1] == "SquaredError(); 95% intervals; independent samples"
    html = table._repr_html_()
    assert html.count("<tr>") == 3
    assert "<td>north</td>" in html
    assert "&lt;b&gt;" in of(by=np.where(y > 0, "<b>", "x"))._repr_html_()
    assert repr(of()).splitlines()[1].split()[-1] == str(n)
    assert "<th>score</th>" in of()._repr_html_()
    with pytest.raises(KeyError, match="There is no column 'mean'; there are by, score"):
        table["mean"]


def test_labels():
    labels = np.where(y > 0, "yes", "no")
    p = rng.uniform(0.1, 0.9, n)
    found = score_interval("log_loss", labels, p, pos_label="no")
    assert found.score == pytest.approx(LogLoss()(labels, p, pos_label="no"))


def test_a_constant_loss_has_an_interval_without_width():
    for keywords in ({}, {"method": "bootstrap", "n_resamples": 20}, {"groups": clusters}):
        found = score_interval(SquaredError(), y, y, **keywords)
        assert (found.score, found.low, found.high) == (0.0, 0.0, 0.0)


# ---- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"method": "cluster"}, r"groups=.*lags=, with either method"),
        ({"level": 95}, "between 0 and 1"),
        ({"lags": n}, "half the number of samples"),
        ({"lags": 1.5}, "lags must be 'auto'"),
        ({"lags": "long"}, "lags must be 'auto'"),
        ({"lags": 1, "groups": clusters}, "exclude each other"),
        ({"groups": np.zeros(n)}, "one cluster alone"),
        ({"groups": clusters[1:]}, "groups must be one column of 60 values"),
        ({"by": np.array([None, *"a" * (n - 1)], dtype=object)}, "by has a missing value at position 0"),
        ({"by": np.where(np.arange(n) == 3, np.nan, 1.0)}, "by has a missing value at position 3"),
        ({"by": np.array([1, *"a" * (n - 1)], dtype=object)}, "mixes values of several types: int, str"),
        ({"sample_weight": -weights}, "sum to"),
        ({"sample_weight": np.where(np.arange(n) == 3, -0.1, 1.0)}, "must not be negative"),
        ({"n_resamples": 0, "method": "bootstrap"}, "n_resamples must be"),
    ],
)
def test_errors(keywords, message):
    with pytest.raises(ValueError, match=message):
        of(**keywords)


def test_errors_of_forecasts():
    with pytest.raises(ValueError, match="No forecasts"):
        score_interval(SquaredError(), y, {})
    with pytest.raises(ValueError, match=r"is inf at position 0"):
        score_interval(Exponential(), [0, 1], [1e4, 0.0])


def test_without_pandas_the_error_tells_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        of(by=region).to_pandas()


def test_fairlearn_takes_losses_as_metrics():
    """The score of each group is that of the table."""
    fairlearn = pytest.importorskip("fairlearn.metrics")
    frame = fairlearn.MetricFrame(
        metrics={"squared": SquaredError(), "log": SquaredError().as_metric},
        y_true=y,
        y_pred=predicted,
        sensitive_features=region,
        sample_params={"squared": {"sample_weight": weights}},
    )
    table = of(by=region, sample_weight=weights)
    assert_allclose(frame.by_group["squared"].loc[table["by"]], table["score"], rtol=1e-12)
    assert_allclose(frame.by_group["log"].loc[table["by"]], of(by=region)["score"], rtol=1e-12)
    alone = fairlearn.MetricFrame(
        metrics=SquaredError(), y_true=y, y_pred=predicted, sensitive_features=region
    )
    assert_allclose(alone.by_group.loc[table["by"]], of(by=region)["score"], rtol=1e-12)


def test_fairlearn_takes_intervals_as_metrics():
    fairlearn = pytest.importorskip("fairlearn.metrics")
    frame = fairlearn.MetricFrame(
        metrics=lambda a, b: score_interval("squared_error", a, b).high,
        y_true=y,
        y_pred=predicted,
        sensitive_features=region,
    )
    table = of(by=region)
    assert_allclose(frame.by_group.loc[table["by"]], table["high"], rtol=1e-12)


def test_the_result_is_what_it_says():
    assert isinstance(of(), ScoreInterval)
