"""Diagrams of forecasts: the numbers that are drawn, against formulas written out here, scipy and statsmodels."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from sklearn.datasets import load_diabetes
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge

from sklearn_losses import (
    AbsoluteError,
    Brier,
    CoverageDisplay,
    DecompositionDisplay,
    Expectile,
    Huber,
    LinearRegressor,
    LogLoss,
    MurphyDisplay,
    Pinball,
    PointwiseLossDisplay,
    Poisson,
    QuantilePathDisplay,
    ReliabilityDisplay,
    SquaredError,
    decomposition,
)
from sklearn_losses.displays import COLORS

plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def _without_window():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def xy(line):
    return tuple(np.asarray(values, dtype=float) for values in line.get_data())


rng = np.random.default_rng(0)
n = 300
probability = rng.beta(2, 2, n)
rain = (rng.random(n) < probability).astype(int)
x = rng.uniform(0.5, 3.0, n)
y = x + (0.3 + x) * rng.standard_normal(n)
weights = rng.integers(1, 4, n).astype(float)


# ---- reliability ---------------------------------------------------------------------------------


def best_monotone(value, y):
    """The formula of greatest and least values over all stretches, for samples in the order of the forecast."""
    return np.array(
        [max(min(value(y[a : b + 1]) for b in range(i, len(y))) for a in range(i + 1)) for i in range(len(y))]
    )


@pytest.mark.parametrize(
    ("loss", "value"),
    [
        (SquaredError(), np.mean),
        (Poisson(), np.mean),
        (AbsoluteError(), np.median),
        (Pinball(0.37), lambda v: np.quantile(v, 0.37, method="inverted_cdf")),
        (Expectile(0.8), lambda v: stats.expectile(v, 0.8)),
        (
            Huber(0.5),
            lambda v: stats.expectile(v, 0.5) if len(v) == 1 else _huber(v, 0.5),
        ),
    ],
    ids=str,
)
def test_the_curve_is_the_best_monotone_function(loss, value):
    some, forecast = np.abs(y[:25]) + 0.1, np.sort(x[:25])
    display = ReliabilityDisplay.from_predictions(some, forecast, loss=loss, band_level=None)
    at, curve = xy(display.lines_[0])
    assert_allclose(at, forecast)
    # in the middle of a stretch of equally good medians, which the formula above does not know
    tolerance = 1e-6 if loss.elicits != "median" else 0.6
    assert_allclose(curve, best_monotone(value, some), atol=tolerance)


def _huber(v, delta):
    from scipy.optimize import brentq

    return brentq(lambda m: np.clip(v - m, -delta, delta).sum(), v.min(), v.max())


def test_probabilities():
    display = ReliabilityDisplay.from_predictions(rain, probability, loss="log_loss", random_state=0)
    at, curve = xy(display.lines_[0])
    assert_allclose(at, np.sort(probability))
    assert_allclose(curve, IsotonicRegression().fit_transform(probability, rain)[np.argsort(probability)])
    assert display.ax_.get_xlabel() == "forecast probability"
    assert display.ax_.get_ylabel() == "observed frequency"
    assert display.decompositions[0] == decomposition(LogLoss(), rain, probability)
    words = np.where(rain == 1, "wet", "dry")
    named = ReliabilityDisplay.from_predictions(words, probability, loss=Brier(), band_level=None)
    assert_allclose(xy(named.lines_[0])[1], curve)
    dry = ReliabilityDisplay.from_predictions(
        words, 1 - probability, loss=Brier(), band_level=None, pos_label="dry"
    )
    assert_allclose(xy(dry.lines_[0])[1], 1 - curve[::-1])


def test_weights_are_repeats():
    repeated = np.repeat(np.arange(n), weights.astype(int))
    for loss in (SquaredError(), Pinball(0.7)):
        display = ReliabilityDisplay.from_predictions(y, x, loss=loss, sample_weight=weights, band_level=None)
        other = ReliabilityDisplay.from_predictions(y[repeated], x[repeated], loss=loss, band_level=None)
        assert_allclose(xy(display.lines_[0])[1], xy(other.lines_[0])[1], rtol=1e-9)


def test_a_curve_goes_on_level_where_nothing_has_a_weight():
    w = np.where((x > 1.0) & (x < 2.5), 1.0, 0.0)
    for loss in (SquaredError(), Pinball(0.7)):
        display = ReliabilityDisplay.from_predictions(y, x, loss=loss, sample_weight=w, random_state=0)
        at, curve = xy(display.lines_[0])
        rest = ReliabilityDisplay.from_predictions(y[w > 0], x[w > 0], loss=loss, band_level=None)
        assert_allclose(curve[(at > 1.0) & (at < 2.5)], rest.curves[0][1])
        assert_allclose(curve[at >= 2.5], rest.curves[0][1][-1])
        assert_allclose(curve[at <= 1.0], rest.curves[0][1][0])
        assert np.isfinite(display.bands[0]).all()
    for make in OF_FORECASTS:
        with pytest.raises(ValueError, match="The sample weights sum to 0; their sum must be positive"):
            make.from_predictions(y, x, loss="squared_error", sample_weight=np.zeros(n))


def test_the_largest_and_the_smallest_level_have_ends():
    """As many steps as there are distinct forecasts."""
    display = ReliabilityDisplay.from_predictions(rain, probability.round(1), loss="brier", random_state=0)
    assert len(display.curves[0][0]) == len(np.unique(probability.round(1)))
    assert len(display.bands[0][0]) == len(display.curves[0][0])


@pytest.mark.parametrize("kind", ["probability", "mean", "quantile", "expectile", "count"])
def test_bands_hold_calibrated_forecasts(kind):
    """Nine of ten points of calibrated curves lie in them; of forecasts that are wrong, few."""
    share, wrong, m = [], [], 500
    of_normal = stats.expectile(stats.norm.ppf((np.arange(999) + 0.5) / 999), 0.8)
    for seed in range(4):
        draws = np.random.default_rng(seed)
        where = draws.uniform(0.3, 3.0, m)
        noise = (0.3 + where) * draws.standard_normal(m)
        loss, observed, right, off = {
            "probability": (LogLoss(), draws.random(m) < where / 3.3, where / 3.3, (where / 3.3) ** 3),
            "mean": (SquaredError(), where + noise, where, 3 * where - 3),
            "quantile": (Pinball(0.8), noise, (0.3 + where) * stats.norm.ppf(0.8), where**2),
            "expectile": (Expectile(0.8), noise, (0.3 + where) * of_normal, where**2),
            "count": (Poisson(), draws.poisson(where), where, where**2),
        }[kind]  # fmt: skip
        for forecast, found in ((right, share), (off, wrong)):
            display = ReliabilityDisplay.from_predictions(
                observed, forecast, loss=loss, n_resamples=40, random_state=seed
            )
            at, low, high = display.bands[0]
            curve = np.interp(at, *display.curves[0])
            found.append(np.mean((low - 1e-9 <= curve) & (curve <= high + 1e-9)))
    assert np.mean(share) > 0.78
    assert np.mean(wrong) < 0.6


def test_bands_of_many_samples_have_few_steps():
    many = rng.uniform(size=2000)
    display = ReliabilityDisplay.from_predictions(
        rng.random(2000) < many, many, loss="brier", n_resamples=5, random_state=0
    )
    assert len(display.bands[0][0]) <= 200
    assert len(display.curves[0][0]) == 2000
    again = ReliabilityDisplay.from_predictions(
        rain, probability, loss="brier", n_resamples=5, random_state=3
    ).bands
    once = ReliabilityDisplay.from_predictions(
        rain, probability, loss="brier", n_resamples=5, random_state=3
    ).bands
    assert_allclose(again, once)


def test_several_forecasts_are_told_apart_by_colour_and_dashes():
    forecasts = {"honest": probability, "bold": probability**3, "middle": np.full(n, 0.5)}
    for make in (ReliabilityDisplay, MurphyDisplay):
        display = make.from_predictions(rain, forecasts, loss="brier")
        assert [line.get_color() for line in display.lines_] == list(COLORS[:3])
        assert len({line.get_linestyle() for line in display.lines_}) == 3
        legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
        assert [text.split(":")[0] for text in legend] == list(forecasts)


# ---- Murphy diagrams -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "loss", [SquaredError(), AbsoluteError(), Pinball(0.8), Expectile(0.3), Brier()], ids=str
)
def test_the_area_under_the_curve_is_the_loss(loss):
    observed, forecast = (rain, probability) if isinstance(loss, Brier) else (y, x)
    low, high = min(observed.min(), forecast.min()), max(observed.max(), forecast.max())
    thresholds = low + (high - low) * (np.arange(4_000) + 0.5) / 4_000
    for w in (None, weights):
        display = MurphyDisplay.from_predictions(
            observed[:60], forecast[:60], loss=loss, thresholds=thresholds, sample_weight=None if w is None else w[:60]
        )  # fmt: skip
        area = display.curves[0].sum() * (high - low) / 4_000
        assert_allclose(
            area, loss(observed[:60], forecast[:60], sample_weight=None if w is None else w[:60]), rtol=5e-3
        )


def test_elementary_losses_are_those_of_the_paper():
    """Equations (8) and (11) of Ehm et al., the latter twice."""
    forecasts = {"a": x, "b": np.full(n, y.mean())}
    for loss, level, of in ((Pinball(0.3), 0.3, "quantile"), (Expectile(0.3), 0.3, "expectile")):
        display = MurphyDisplay.from_predictions(y, forecasts, loss=loss, thresholds=[-1.0, 0.7, 2.5])
        for k, f in enumerate(forecasts.values()):
            for t, theta in enumerate((-1.0, 0.7, 2.5)):
                side = np.abs((y < f) - level)
                if of == "quantile":
                    each = ((y < f) - level) * ((theta < f).astype(float) - (theta < y))
                else:
                    each = 2 * side * (
                        np.maximum(y - theta, 0) - np.maximum(f - theta, 0) - (y - f) * (theta < f)
                    )  # fmt: skip
                assert_allclose(display.curves[k][t], each.mean(), rtol=1e-9, atol=1e-12)


def test_differences_and_their_intervals():
    forecasts = {"first": x, "second": x + 0.5}
    display = MurphyDisplay.from_predictions(y, forecasts, loss="squared_error", thresholds=[1.0, 2.0])
    display.plot_difference(level=0.9)
    assert [line.get_label() for line in display.lines_] == ["second − first"]
    for t, theta in enumerate((1.0, 2.0)):
        each = [
            2 * np.abs(y - theta) * ((np.minimum(y, f) <= theta) & (theta < np.maximum(y, f)))
            for f in forecasts.values()
        ]
        interval = stats.ttest_rel(each[1], each[0]).confidence_interval(0.9)
        assert_allclose(xy(display.lines_[0])[1][t], np.mean(each[1] - each[0]), rtol=1e-9)
        edge = display.bands_[0].get_paths()[0].vertices
        ends = np.sort(np.unique(edge[edge[:, 0] == theta][:, 1].round(12)))
        assert_allclose(ends[[0, -1]], interval, rtol=1e-6)
    with pytest.raises(ValueError, match="A difference needs two forecasts"):
        MurphyDisplay.from_predictions(y, x, loss="squared_error").plot_difference()


def test_thresholds():
    display = MurphyDisplay.from_predictions(rain, probability, loss="log_loss")
    assert (display.thresholds[0], display.thresholds[-1]) == (0.0, 1.0)
    display = MurphyDisplay.from_predictions(y, x, loss="squared_error")
    assert (display.thresholds[0], display.thresholds[-1]) == (min(y.min(), x.min()), max(y.max(), x.max()))


def test_a_better_forecast_is_lower_everywhere():
    """Of two calibrated ones, the one that knows more, but for the luck of the draw."""
    display = MurphyDisplay.from_predictions(
        rain, {"knows": probability, "does not": np.full(n, rain.mean())}, loss="log_loss"
    )
    better, worse = display.curves
    assert np.mean(better <= worse + 1e-3) > 0.9


# ---- decomposition -------------------------------------------------------------------------------


def test_bars_are_the_parts_of_the_score():
    forecasts = {"honest": probability, "bold": probability**3}
    display = DecompositionDisplay.from_predictions(rain, forecasts, loss="log_loss")
    for k, p in enumerate(forecasts.values()):
        parts = decomposition("log_loss", rain, p)
        down, up = display.discrimination_bars_[k], display.miscalibration_bars_[k]
        assert_allclose(down.get_x() + down.get_width(), parts.uncertainty)
        assert_allclose(down.get_width(), parts.discrimination)
        assert_allclose(up.get_x(), down.get_x())
        assert_allclose(up.get_x() + up.get_width(), parts.score)
        assert_allclose(display.points_.get_xdata()[k], parts.score)
    assert {bar.get_hatch() for bar in display.discrimination_bars_} == {None}
    assert {bar.get_hatch() for bar in display.miscalibration_bars_} == {"////"}


# ---- coverage ------------------------------------------------------------------------------------

LOW, HIGH = x - 1.3 * (0.3 + x), x + 1.3 * (0.3 + x)


def test_coverage_and_width():
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    display = CoverageDisplay.from_predictions(y, (LOW, HIGH), level=0.8, confidence=0.9)
    inside = int(np.sum((y >= LOW) & (y <= HIGH)))
    theirs = proportion.proportion_confint(inside, n, alpha=0.1, method="wilson")
    assert_allclose(display.coverage[0], [inside / n, *theirs], rtol=1e-12)
    expected = np.quantile(HIGH - LOW, [0.1, 0.5, 0.9], method="inverted_cdf")
    assert_allclose(display.widths[0], expected)
    assert display.points_[0].get_xdata()[0] == inside / n
    assert display.width_points_[0].get_xdata()[0] == expected[1]


def test_coverage_of_groups_and_several_forecasts():
    group = np.where(x > 2, "far", "near")
    flat = np.column_stack([x - 2.0, x + 2.0])
    display = CoverageDisplay.from_predictions(y, {"grows": (LOW, HIGH), "flat": flat}, level=0.8, by=group)
    assert display.names == ["far, grows", "far, flat", "near, grows", "near, flat"]
    for k, (name, (low, high)) in enumerate(
        (name, ends) for name in ("far", "near") for ends in ((LOW, HIGH), flat.T)
    ):
        inside = (low <= y) & (y <= high)
        assert_allclose(display.coverage[k, 0], inside[group == name].mean())
    filled = [point.get_markerfacecolor() != "white" for point in display.points_]
    assert filled == [not low <= 0.8 <= high for _, low, high in display.coverage]


def test_weights_of_coverage_are_repeats():
    repeated = np.repeat(np.arange(n), weights.astype(int))
    display = CoverageDisplay.from_predictions(y, (LOW, HIGH), level=0.8, sample_weight=weights)
    other = CoverageDisplay.from_predictions(y[repeated], (LOW[repeated], HIGH[repeated]), level=0.8)
    assert_allclose(display.coverage[0, 0], other.coverage[0, 0])
    assert_allclose(display.widths, other.widths)


def test_coverage_of_models():
    X = x[:, None]
    ends = [LinearRegressor(Pinball(q), penalty=None).fit(X, y) for q in (0.1, 0.9)]
    display = CoverageDisplay.from_estimator(tuple(ends), X, y, level=0.8)
    low, high = (model.predict(X) for model in ends)
    assert_allclose(display.coverage[0, 0], np.mean((low <= y) & (y <= high)))

    class Both:
        def predict(self, X):
            return np.column_stack([low, high])

    assert_allclose(
        CoverageDisplay.from_estimator({"both": Both()}, X, y, level=0.8).coverage, display.coverage
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"intervals": (HIGH, LOW), "level": 0.8}, r"down to .*: sort the two ends"),
        ({"intervals": np.zeros((n, 3)), "level": 0.8}, r"shape \(300, 2\), got shape \(300, 3\)"),
        ({"intervals": (LOW, HIGH[1:]), "level": 0.8}, "must hold 300 finite numbers"),
        ({"intervals": (LOW, HIGH), "level": 80}, "level must lie between 0 and 1"),
    ],
)
def test_errors_of_coverage(arguments, message):
    with pytest.raises(ValueError, match=message):
        CoverageDisplay.from_predictions(y, **arguments)


# ---- pointwise losses ----------------------------------------------------------------------------


def test_bins_hold_equally_many_samples():
    display = PointwiseLossDisplay.from_predictions(y, x, x, loss="squared_error", n_bins=6, level=0.9)
    order = np.argsort(x).reshape(6, 50)
    for k, part in enumerate(order):
        losses = (y[part] - x[part]) ** 2
        interval = stats.ttest_1samp(losses, 0.0).confidence_interval(0.9)
        assert_allclose(display.positions[k], x[part].mean())
        assert_allclose(display.estimates[0][k], [losses.mean(), *interval])
    assert_allclose(display.means, [np.mean((y - x) ** 2)])
    assert display.ax_.get_ylabel() == "mean of SquaredError()"


def test_categories_and_few_numbers_stand_for_themselves():
    pd = pytest.importorskip("pandas")
    region = pd.Series(np.where(x > 2, "south", "north"), name="region", dtype="category")
    forecasts = {"a": x, "b": 0 * x}
    display = PointwiseLossDisplay.from_predictions(y, forecasts, region, loss=AbsoluteError())
    assert display.categories == ["north", "south"]
    assert display.ax_.get_xlabel() == "region"
    for k, f in enumerate(forecasts.values()):
        expected = pd.Series(np.abs(y - f)).groupby(region.astype(str)).mean()
        assert_allclose(display.estimates[k][:, 0], expected)
        assert_allclose(xy(display.lines_[k])[1], expected)
    markers = {line.get_marker() for line in display.lines_}
    assert len(markers) == 2
    hours = (np.arange(n) % 5) * 3
    display = PointwiseLossDisplay.from_predictions(y, x, hours, loss=AbsoluteError())
    assert display.positions.tolist() == [0, 3, 6, 9, 12]
    assert display.categories is None


def test_features_by_name_and_number():
    X, target = load_diabetes(return_X_y=True, as_frame=True)
    models = {"linear": LinearRegression().fit(X, target), "ridge": Ridge().fit(X, target)}
    by_name = PointwiseLossDisplay.from_estimator(models, X, target, "bmi", loss=Huber(50.0))
    by_number = PointwiseLossDisplay.from_estimator(models, X, target, 2, loss=Huber(50.0))
    assert_allclose(by_name.estimates, by_number.estimates)
    assert by_name.ax_.get_xlabel() == by_number.ax_.get_xlabel() == "bmi"
    assert_allclose(by_name.means, [Huber(50.0)(target, m.predict(X)) for m in models.values()])


def test_errors_of_features():
    with pytest.raises(ValueError, match="feature must be one column of 300 values"):
        PointwiseLossDisplay.from_predictions(y, x, x[1:], loss="huber")
    with pytest.raises(ValueError, match="feature has values that are not finite"):
        PointwiseLossDisplay.from_predictions(y, x, np.where(x > 2, np.nan, x), loss="huber")


# ---- paths of quantiles --------------------------------------------------------------------------


def test_a_path_of_quantiles():
    X, target = load_diabetes(return_X_y=True, as_frame=True)
    X = X[["bmi", "bp", "s5"]]
    model = LinearRegressor(penalty=None)
    display = QuantilePathDisplay.from_estimator(
        model, X, target, quantiles=[0.2, 0.5, 0.8], features=["s5", 0]
    )
    assert display.feature_names == ["s5", "bmi"]
    for q, level in enumerate((0.2, 0.5, 0.8)):
        alone = LinearRegressor(Pinball(level), penalty=None).fit(X, target)
        assert_allclose(display.coefficients[q], alone.coef_[[2, 0]])
        table = alone.inference(X, target)
        assert_allclose(display.intervals[0, q], table["low"][[3, 1]])
        assert_allclose(display.intervals[1, q], table["high"][[3, 1]])
    assert_allclose(display.of_mean, LinearRegression().fit(X, target).coef_[[2, 0]], rtol=1e-6)
    for k, line in enumerate(display.lines_):
        assert_allclose(xy(line), [[0.2, 0.5, 0.8], display.coefficients[:, k]])
    assert len(display.bands_) == 2
    assert model.loss == "squared_error"
    assert not hasattr(model, "coef_")


def test_penalised_paths_have_no_intervals():
    X, target = load_diabetes(return_X_y=True)
    display = QuantilePathDisplay.from_estimator(
        LinearRegressor(alpha=0.1), X[:, :4], target, quantiles=[0.3, 0.6]
    )
    assert display.intervals is None
    assert display.bands_ == []
    assert display.feature_names == ["x0", "x1", "x2", "x3"]
    with pytest.raises(ValueError, match="two levels or more, rising"):
        QuantilePathDisplay.from_estimator(LinearRegressor(), X, target, quantiles=[0.6, 0.3])
    with pytest.raises(ValueError, match="pass a LinearRegressor"):
        QuantilePathDisplay.from_estimator(Ridge(), X, target)
    with pytest.raises(ValueError, match="ax must be 4 axes"):
        display.plot(ax=plt.subplots()[1])


# ---- what they share -----------------------------------------------------------------------------

OF_FORECASTS = [ReliabilityDisplay, MurphyDisplay, DecompositionDisplay]


@pytest.mark.parametrize("display", OF_FORECASTS, ids=lambda cls: cls.__name__)
def test_models_are_asked_for_what_the_loss_is_about(display):
    X = probability[:, None]
    words = np.where(rain == 1, "wet", "dry")
    model = LogisticRegression().fit(X, words)
    by_model = display.from_estimator(model, X, words, loss="log_loss")
    p = model.predict_proba(X)[:, 1]
    by_hand = display.from_predictions(words, p, loss="log_loss", name="LogisticRegression")
    assert by_model.names == by_hand.names == ["LogisticRegression"]
    if display is MurphyDisplay:
        assert_allclose(by_model.curves, by_hand.curves)
    else:
        assert by_model.decompositions == by_hand.decompositions
    both = display.from_estimator({"a": model, "b": model}, X, words, loss="log_loss")
    assert both.names == ["a", "b"]
    with pytest.raises(ValueError, match="Ridge has no predict_proba"):
        display.from_estimator(Ridge().fit(X, rain), X, words, loss="log_loss")


@pytest.mark.parametrize("display", [*OF_FORECASTS, PointwiseLossDisplay], ids=lambda cls: cls.__name__)
def test_drawn_again_where_it_is_told(display):
    extra = (x,) if display is PointwiseLossDisplay else ()
    made = display.from_predictions(y, {"a": x, "b": x + 1}, *extra, loss="squared_error")
    _, ax = plt.subplots()
    assert made.plot(ax=ax) is made
    assert made.ax_ is ax
    assert made.figure_ is ax.figure


# ---- groups --------------------------------------------------------------------------------------

REGION = np.where(x + 0.3 * rng.standard_normal(n) > 1.6, "north", "south")
GROUPS = ("north", "south")


def numbers(made, k):
    """What a display of forecasts holds of its k-th curve or row."""
    if isinstance(made, MurphyDisplay):
        return [made.curves[k]]
    found = [list(vars(made.decompositions[k]).values())]
    if isinstance(made, ReliabilityDisplay):
        found += [*made.curves[k], *(made.bands[k] if made.bands else ()), made.forecasts[k]]
    return found


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("display", OF_FORECASTS, ids=lambda cls: cls.__name__)
def test_a_group_is_drawn_as_it_is_alone(display, several, weighted):
    forecasts = {"a": x, "b": x + 1.0} if several else {"": x}
    keywords = {"loss": "squared_error"}
    if display is ReliabilityDisplay:
        keywords |= {"random_state": 3, "n_resamples": 5}
    if display is MurphyDisplay:
        keywords |= {"thresholds": [0.5, 1.0, 2.0]}
    w = weights if weighted else None
    made = display.from_predictions(y, forecasts if several else x, by=REGION, sample_weight=w, **keywords)
    assert made.names == [f"{g}, {f}" if several else g for g in GROUPS for f in forecasts]
    for g, name in enumerate(GROUPS):
        there = name == REGION
        alone = display.from_predictions(
            y[there],
            {key: p[there] for key, p in forecasts.items()},
            sample_weight=weights[there] if weighted else None,
            **keywords,
        )
        for k in range(len(forecasts)):
            for ours, theirs in zip(numbers(made, g * len(forecasts) + k), numbers(alone, k), strict=True):
                assert_allclose(ours, theirs, rtol=1e-10, atol=1e-13)


def test_differences_are_within_groups():
    forecasts = {"a": x, "b": x + 1.0, "c": x - 1.0}
    made = MurphyDisplay.from_predictions(
        y, forecasts, loss="squared_error", thresholds=[1.0, 2.0], by=REGION
    )
    made.plot_difference()
    labels = [line.get_label() for line in made.lines_]
    assert labels == [f"{g}, {f} − {g}, a" for g in GROUPS for f in ("b", "c")]
    for g, name in enumerate(GROUPS):
        there = name == REGION
        alone = MurphyDisplay.from_predictions(
            y[there], {k: p[there] for k, p in forecasts.items()}, loss="squared_error", thresholds=[1.0, 2.0]
        ).plot_difference()
        for k in range(2):
            assert_allclose(xy(made.lines_[2 * g + k])[1], xy(alone.lines_[k])[1])
            ours, theirs = (shown.bands_[j].get_paths()[0] for shown, j in ((made, 2 * g + k), (alone, k)))
            assert_allclose(ours.vertices, theirs.vertices)
    assert len({line.get_color() for line in made.lines_}) == 4
    with pytest.raises(ValueError, match="A difference needs two forecasts"):
        MurphyDisplay.from_predictions(y, x, loss="squared_error", by=REGION).plot_difference()


def test_groups_are_told_apart_by_colour_and_dashes():
    group = np.arange(n) % 8
    for make in (ReliabilityDisplay, MurphyDisplay):
        made = make.from_predictions(rain, probability, loss="brier", by=group)
        dashes = [str(line._dash_pattern) for line in made.lines_]
        assert len(set(dashes)) == 8
        assert len({line.get_color() for line in made.lines_}) == len(COLORS)
        legend = [text.get_text() for text in made.ax_.get_legend().get_texts()]
        assert [text.split(":")[0] for text in legend] == [str(k) for k in range(8)]


def test_each_group_has_its_best_constant():
    made = DecompositionDisplay.from_predictions(y, {"a": x, "b": x + 1.0}, loss="squared_error", by=REGION)
    assert [text.get_text() for text in made.ax_.get_yticklabels()] == made.names
    (lines,) = made.ax_.collections
    for g, segment in enumerate(lines.get_segments()):
        assert_allclose(segment[:, 0], np.var(y[GROUPS[g] == REGION]))
        assert_allclose(segment[:, 1], [2 * g - 0.5, 2 * g + 1.5])
    together = DecompositionDisplay.from_predictions(y, {"a": x, "b": x + 1.0}, loss="squared_error")
    (segment,) = together.ax_.collections[0].get_segments()
    assert_allclose(segment, [[np.var(y), -0.5], [np.var(y), 1.5]])


@pytest.mark.parametrize("display", OF_FORECASTS, ids=lambda cls: cls.__name__)
def test_groups_of_models_may_lack_a_class(display):
    X, group = x[:, None], np.where(rain == 1, "all wet", np.where(x > 2, "far", "near"))
    model = LogisticRegression().fit(X, rain)
    made = display.from_estimator(model, X, rain, loss="log_loss", by=group)
    assert made.names == ["all wet", "far", "near"]
    assert (
        display.from_estimator(model, X, rain, loss="log_loss", by=group, name="m").names[0] == "all wet, m"
    )
    p, wet = model.predict_proba(X)[:, 1], rain == 1
    if display is not MurphyDisplay:
        assert_allclose(made.decompositions[0].score, -np.log(p[wet]).mean())


def test_groups_of_coverage_models():
    class Both:
        def predict(self, X):
            return np.column_stack([LOW, HIGH])

    made = CoverageDisplay.from_estimator(Both(), x[:, None], y, level=0.8, by=REGION)
    assert made.names == list(GROUPS)
    for k, name in enumerate(GROUPS):
        there = name == REGION
        alone = CoverageDisplay.from_predictions(y[there], (LOW[there], HIGH[there]), level=0.8)
        assert_allclose(made.coverage[k], alone.coverage[0])
        assert_allclose(made.widths[k], alone.widths[0])


@pytest.mark.parametrize(
    "draw",
    [
        *(
            lambda by, display=display: display.from_predictions(y, x, loss="squared_error", by=by)
            for display in OF_FORECASTS
        ),
        lambda by: CoverageDisplay.from_predictions(y, (LOW, HIGH), level=0.8, by=by),
    ],
    ids=["reliability", "murphy", "decomposition", "coverage"],
)
def test_errors_of_groups(draw):
    with pytest.raises(ValueError, match=r"by must be one column of 300 values, .* got shape \(299,\)"):
        draw(REGION[1:])
    with pytest.raises(ValueError, match="by has a missing value at position 4"):
        draw(np.where(np.arange(n) == 4, np.nan, 1.0))
    with pytest.raises(ValueError, match="by mixes values of several types: int, str"):
        draw(np.array(["a", 1] * (n // 2), dtype=object))


@pytest.mark.parametrize("display", OF_FORECASTS, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": "log_cosh", "y_pred": x}, "LogCosh.* cannot be"),
        ({"loss": "squared_error", "y_pred": {}}, "No forecasts"),
        ({"loss": "squared_error", "y_pred": {"a": x}, "name": "b"}, "name= is for one forecast"),
        ({"loss": "squared_error", "y_pred": x[1:]}, "same number of samples"),
        ({"loss": "poisson", "y_pred": x}, r"y(_true)? contains"),
    ],
)
def test_errors(display, arguments, message):
    with pytest.raises(ValueError, match=message):
        display.from_predictions(y, **arguments)


def test_errors_of_single_displays():
    with pytest.raises(ValueError, match="elicits huber functional, and there is no Murphy diagram"):
        MurphyDisplay.from_predictions(y, x, loss=Huber())
    with pytest.raises(ValueError, match="band_level must lie between 0 and 1"):
        ReliabilityDisplay.from_predictions(y, x, loss="squared_error", band_level=90)


def test_without_matplotlib_the_error_tells_the_remedy(monkeypatch):
    for name in ("matplotlib", "matplotlib.pyplot"):
        monkeypatch.setitem(sys.modules, name, None)
    for draw in (
        lambda: ReliabilityDisplay.from_predictions(y, x, loss="squared_error"),
        lambda: MurphyDisplay.from_predictions(y, x, loss="squared_error"),
        lambda: DecompositionDisplay.from_predictions(y, x, loss="squared_error"),
        lambda: CoverageDisplay.from_predictions(y, (LOW, HIGH), level=0.8),
        lambda: PointwiseLossDisplay.from_predictions(y, x, x, loss="squared_error"),
        lambda: QuantilePathDisplay.from_estimator(LinearRegressor(), x[:, None], y),
    ):
        with pytest.raises(ImportError, match=r'pip install "sklearn-losses\[plot\]"'):
            draw()
