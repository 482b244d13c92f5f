"""Miscalibration, discrimination and uncertainty, against an isotonic fit by a general-purpose optimiser."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import linprog, minimize
from scipy.special import huber

from sklearn_losses import decomposition, score_interval
from sklearn_losses.inference import Table
from sklearn_losses.losses import (
    AbsoluteError,
    Brier,
    Expectile,
    Gamma,
    Hinge,
    Huber,
    LogLoss,
    MulticlassBrier,
    Pinball,
    Poisson,
    SquaredError,
)

PARTS = ("score", "miscalibration", "discrimination", "uncertainty")


def _data(loss, n, seed):
    rng = np.random.default_rng(seed)
    prediction = rng.uniform(0.1, 0.9, n).round(1 if n > 30 else 3)  # with ties
    if isinstance(loss, Brier | LogLoss):
        return (rng.uniform(size=n) < prediction).astype(int), prediction
    return rng.exponential(prediction) + 0.01, prediction


def _monotone(prediction):
    """Return the distinct predictions' number of every sample."""
    return np.unique(prediction, return_inverse=True)[1]


def _least_by_linear_program(quantile, y, prediction, w):
    """The least mean pinball loss of a non-decreasing function: variables are its levels, over and under."""
    group, n = _monotone(prediction), len(y)
    k = group.max() + 1
    cost = np.r_[np.zeros(k), quantile * w, (1 - quantile) * w] / w.sum()
    equal = np.hstack([np.eye(k)[group], np.eye(n), -np.eye(n)])
    rising = np.hstack([np.eye(k)[:-1] - np.eye(k)[1:], np.zeros((k - 1, 2 * n))])
    bounds = [(None, None)] * k + [(0, None)] * (2 * n)
    options = {"A_ub": rising, "b_ub": np.zeros(k - 1)} if k > 1 else {}
    return linprog(cost, A_eq=equal, b_eq=y, bounds=bounds, **options).fun


def _least_by_descent(expectile, y, prediction, w):
    """The least mean asymmetric squared error of a non-decreasing function; variables are its steps."""
    group = _monotone(prediction)

    def both(steps):
        r = y - np.cumsum(steps)[group]
        side = np.where(r >= 0, expectile, 1 - expectile) * w / w.sum()
        slope = np.bincount(group, -2 * side * r)
        return np.sum(side * r**2), np.cumsum(slope[::-1])[::-1]

    start = np.r_[y.mean(), np.zeros(group.max())]
    bounds = [(None, None)] + [(0, None)] * group.max()
    options = {"maxiter": 10_000, "maxfun": 100_000, "ftol": 1e-15, "gtol": 1e-12}
    return minimize(both, start, jac=True, bounds=bounds, method="L-BFGS-B", options=options).fun


ORACLES = [
    (SquaredError(), lambda *data: 2 * _least_by_descent(0.5, *data)),
    (Brier(), lambda *data: 2 * _least_by_descent(0.5, *data)),
    (Expectile(expectile=0.8), lambda *data: _least_by_descent(0.8, *data)),
    (AbsoluteError(), lambda *data: 2 * _least_by_linear_program(0.5, *data)),
    (Pinball(quantile=0.8), lambda *data: _least_by_linear_program(0.8, *data)),
    (Pinball(quantile=0.1), lambda *data: _least_by_linear_program(0.1, *data)),
]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n", [12, 60])
@pytest.mark.parametrize(("loss", "least"), ORACLES, ids=lambda value: repr(value)[:24])
def test_recalibrated_score_is_the_least(loss, least, n, weighted):
    for seed in range(3):
        y, prediction = _data(loss, n, seed)
        w = np.random.default_rng(seed).uniform(0.1, 2.0, n) if weighted else None
        parts = decomposition(loss, y, prediction, sample_weight=w)
        weights = np.ones(n) if w is None else w
        expected = least(y.astype(float), prediction, weights)
        assert parts.score - parts.miscalibration == pytest.approx(expected, rel=1e-7, abs=1e-10)
        constant = least(y.astype(float), np.zeros(n), weights)
        assert parts.uncertainty == pytest.approx(constant, rel=1e-7, abs=1e-10)


LOSSES = [SquaredError(), AbsoluteError(), Pinball(quantile=0.8), Expectile(expectile=0.3)]
LOSSES += [Poisson(), Gamma(), LogLoss(), Brier()]


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_parts_sum_to_the_score(loss):
    y, prediction = _data(loss, 200, 0)
    parts = decomposition(loss, y, prediction)
    assert parts.score == pytest.approx(loss(y, prediction), rel=1e-15)
    total = parts.miscalibration - parts.discrimination + parts.uncertainty
    assert total == pytest.approx(parts.score, rel=1e-13)
    assert min(parts.miscalibration, parts.discrimination, parts.uncertainty) >= -1e-15
    assert repr(parts).split()[::2] == list(PARTS)
    assert all(part in parts._repr_html_() for part in PARTS)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_weights_equal_repetition(loss):
    y, prediction = _data(loss, 60, 1)
    times = np.random.default_rng(0).integers(0, 4, 60)
    weighted = decomposition(loss, y, prediction, sample_weight=times)
    repeated = decomposition(loss, np.repeat(y, times), np.repeat(prediction, times))
    scaled = decomposition(loss, y, prediction, sample_weight=0.3 * times)
    for part in PARTS:
        assert getattr(weighted, part) == pytest.approx(getattr(repeated, part), rel=1e-9, abs=1e-12)
        assert getattr(scaled, part) == pytest.approx(getattr(repeated, part), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_samples_of_no_weight_are_not_there(loss):
    """Also where all of the least, of the largest, or of equal predictions have none."""
    y, prediction = _data(loss, 60, 1)
    for without in (prediction <= 0.2, prediction >= 0.8, abs(prediction - 0.5) < 0.15):
        w = np.where(without, 0.0, 1.0)
        weighted = decomposition(loss, y, prediction, sample_weight=w)
        rest = decomposition(loss, y[~without], prediction[~without])
        assert_allclose(list(vars(weighted).values()), list(vars(rest).values()), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("loss", [LogLoss(), Brier()], ids=repr)
def test_calibrated_predictions(loss):
    """Exactly calibrated ones have no miscalibration; a monotone change of theirs gives all of it back."""
    share = np.repeat([0.1, 0.4, 0.75], [10, 20, 40])
    y = np.concatenate([np.arange(10) < 1, np.arange(20) < 8, np.arange(40) < 30]).astype(int)
    good = decomposition(loss, y, share)
    assert good.miscalibration == pytest.approx(0.0, abs=1e-15)
    bent = decomposition(loss, y, share**2)
    assert bent.miscalibration > 0.01
    assert bent.discrimination == pytest.approx(good.discrimination, rel=1e-12)
    constant = decomposition(loss, y, np.full(70, y.mean()))
    assert constant.miscalibration == pytest.approx(0.0, abs=1e-15)
    assert constant.discrimination == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_calibrated_quantiles_of_a_large_sample(level):
    rng = np.random.default_rng(0)
    scale = rng.choice([1.0, 2.0, 3.0], 3000)
    y = rng.exponential(scale)
    parts = decomposition(Pinball(quantile=level), y, -scale * np.log(1 - level))
    assert 0 <= parts.miscalibration < 0.004 * parts.score
    assert parts.discrimination > 0.01 * parts.score


def test_what_cannot_be_decomposed():
    with pytest.raises(ValueError, match="elicits"):
        decomposition(Hinge(), [0, 1], [-1.0, 1.0])
    with pytest.raises(ValueError, match="one prediction a sample"):
        decomposition(MulticlassBrier(), [0, 1], [[0.5, 0.5], [0.2, 0.8]])


@pytest.mark.parametrize("weighted", [False, True])
def test_model_diagnostics(weighted):
    scoring = pytest.importorskip("model_diagnostics.scoring")
    pairs = [
        (SquaredError(), scoring.SquaredError()),
        (Poisson(), scoring.PoissonDeviance()),
        (Gamma(), scoring.GammaDeviance()),
        (LogLoss(), scoring.LogLoss()),
    ]
    if not weighted:  # its weighted quantiles are not implemented
        pairs.append((Pinball(quantile=0.8), scoring.PinballLoss(level=0.8)))
    for loss, function in pairs:
        y, prediction = _data(loss, 80, 2)
        if loss.elicits == "quantile":  # where an interval of quantiles is best the two choose differently
            prediction = np.round(prediction + np.random.default_rng(0).normal(0, 0.01, 80), 6)
        w = np.random.default_rng(0).uniform(0.5, 2.0, 80) if weighted else None
        theirs = scoring.decompose(y, prediction, weights=w, scoring_function=function)
        ours = decomposition(loss, y, prediction, sample_weight=w)
        for part in PARTS:
            assert getattr(ours, part) == pytest.approx(theirs[part].item(), rel=1e-6, abs=1e-9), (loss, part)


def test_hubers_functional():
    """A loss whose functional has no name of its own: the best constant of each block."""
    y, p = _data(Huber(0.3), 25, 5)
    group = _monotone(p)

    def mean(steps):
        return np.mean(huber(0.3, y - np.cumsum(steps)[group]))

    def slope(steps):
        pull = np.bincount(group, -np.clip(y - np.cumsum(steps)[group], -0.3, 0.3)) / len(y)
        return np.cumsum(pull[::-1])[::-1]

    start = np.r_[y.mean(), np.zeros(group.max())]
    bounds = [(None, None)] + [(0, None)] * group.max()
    least = minimize(mean, start, jac=slope, bounds=bounds, options={"gtol": 1e-12, "ftol": 1e-15}).fun
    parts = decomposition(Huber(0.3), y, p)
    assert parts.score - parts.miscalibration == pytest.approx(least, rel=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_a_row_for_each_group(loss, weighted):
    y, prediction = _data(loss, 90, 3)
    rng = np.random.default_rng(0)
    group = rng.choice(["south", "north", "empty"], 90, p=[0.5, 0.4, 0.1])
    w = np.where(group == "empty", 0, rng.integers(0, 4, 90)) if weighted else None
    table = decomposition(loss, y, prediction, sample_weight=w, by=group)
    assert isinstance(table, Table)
    assert list(table.columns) == ["by", *PARTS, "n_samples"]
    assert table["by"].tolist() == (["north", "south"] if weighted else ["empty", "north", "south"])
    for k, name in enumerate(table["by"]):
        there = group == name
        alone = decomposition(loss, y[there], prediction[there], sample_weight=w[there] if weighted else None)
        assert_allclose([table[part][k] for part in PARTS], [getattr(alone, part) for part in PARTS])
    scores = score_interval(loss, y, prediction, sample_weight=w, by=group)
    for column in ("by", "n_samples"):
        assert table[column].tolist() == scores[column].tolist()
    assert_allclose(table["score"], scores["score"])


def test_a_group_may_lack_a_label():
    """Labels are those of all samples; alone the group has to be told."""
    y, prediction = np.array(["dry", "wet", "dry", "dry"]), [0.2, 0.7, 0.1, 0.3]
    table = decomposition(Brier(), y, prediction, by=[0, 0, 1, 1])
    alone = decomposition(Brier(), y[2:], prediction[2:], labels=["dry", "wet"])
    assert [table[part][1] for part in PARTS] == [getattr(alone, part) for part in PARTS]
    assert table["score"][1] == pytest.approx((0.1**2 + 0.3**2) / 2)


def test_tables_of_groups_as_text_and_frames():
    pd = pytest.importorskip("pandas")
    y, prediction = _data(LogLoss(), 40, 0)
    region = pd.Series(["south", "north"] * 20, index=range(100, 140), name="region")
    table = decomposition("log_loss", y, prediction, by=region)
    lines = repr(table).splitlines()
    assert lines[0].split() == ["region", *PARTS, "n_samples"]
    assert [line.split()[0] for line in lines[1:]] == ["north", "south", "LogLoss()"]
    assert "<td>north</td>" in table._repr_html_()
    frame = table.to_pandas().set_index("region")
    assert frame["n_samples"].to_dict() == {"north": 20, "south": 20}
    total = frame["miscalibration"] - frame["discrimination"] + frame["uncertainty"]
    assert_allclose(total, frame["score"])


@pytest.mark.parametrize(
    ("by", "message"),
    [
        (["a", "b"], r"by must be one column of 3 values, one a sample, got shape \(2,\)"),
        ("region", r"by must be one column of 3 values, one a sample, got shape \(\)"),
        ([1.0, np.nan, 2.0], "by has a missing value at position 1"),
        (["a", None, "b"], "by has a missing value at position 1"),
    ],
)
def test_errors_of_groups(by, message):
    with pytest.raises(ValueError, match=message):
        decomposition("squared_error", [1.0, 2.0, 4.0], [1.0, 3.0, 3.0], by=by)
