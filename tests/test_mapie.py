"""Quantiles of ours, calibrated by MAPIE (of the extra `extras`)."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_losses import CoverageDisplay, Expectile, LinearRegressor, Pinball

regression = pytest.importorskip("mapie.regression")

rng = np.random.default_rng(1)
X = rng.uniform(0, 3, size=(4000, 2))
y = X[:, 0] + (0.2 + X[:, 0]) * rng.standard_normal(4000)
fit, calibrate, test = slice(0, 400), slice(400, 800), slice(800, None)


@pytest.mark.parametrize("kind", [Pinball, Expectile])
def test_intervals_are_widened_by_a_quantile_of_the_mistakes(kind):
    """Romano, Patterson and Candès (2019), in two lines; any pair of losses will do."""
    low, high, middle = (
        LinearRegressor(kind(level), penalty=None).fit(X[fit], y[fit]) for level in (0.1, 0.9, 0.5)
    )
    conformal = regression.ConformalizedQuantileRegressor(
        [low, high, middle], confidence_level=0.9, prefit=True
    )
    conformal.conformalize(X[calibrate], y[calibrate])
    predicted, intervals = conformal.predict_interval(X[test], symmetric_correction=True)
    mistakes = np.maximum(low.predict(X) - y, y - high.predict(X))[calibrate]
    wider = np.sort(mistakes)[int(np.ceil(0.9 * 401)) - 1]
    assert_allclose(predicted, middle.predict(X[test]), rtol=1e-12)
    assert_allclose(intervals[:, 0, 0], low.predict(X[test]) - wider, rtol=1e-9)
    assert_allclose(intervals[:, 1, 0], high.predict(X[test]) + wider, rtol=1e-9)


def test_they_hold_what_they_promise():
    low, high, middle = (
        LinearRegressor(Pinball(level), penalty=None).fit(X[:60], y[:60]) for level in (0.05, 0.95, 0.5)
    )
    conformal = regression.ConformalizedQuantileRegressor(
        [low, high, middle], confidence_level=0.9, prefit=True
    )
    _, intervals = conformal.conformalize(X[calibrate], y[calibrate]).predict_interval(X[test])
    pytest.importorskip("matplotlib").use("Agg")
    display = CoverageDisplay.from_predictions(y[test], intervals, level=0.9)
    inside = (intervals[:, 0, 0] <= y[test]) & (y[test] <= intervals[:, 1, 0])
    assert display.coverage[0, 0] == inside.mean()
    assert 0.86 < inside.mean() < 0.94
