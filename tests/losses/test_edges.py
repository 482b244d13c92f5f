"""Numbers at the edge of floats and of domains: vectors, weights, parameters and predictions of any size."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import mean_squared_error

import sklearn_losses as sl
from sklearn_losses.links import LOG, LOG1P, POSITIVE, UNIT, Interval, Link
from sklearn_losses.losses import LOSSES

Y, F = np.array([1.0, 2.0, 4.0]), np.array([2.0, 4.0, 3.0])


@pytest.mark.parametrize("of_y", [1e-300, 1e-200, 1.0, 1e200, 1e300])
@pytest.mark.parametrize("of_f", [1e-300, 1e-200, 1.0, 1e200, 1e300])
def test_lengths_of_vectors_do_not_count(of_y, of_f):
    y, f = np.array([[3.0, 0.0, -1.0], [1.0, 2.0, 3.0]]), np.array([[1.0, 1.0, 0.0], [-1.0, -2.0, -3.0]])
    cosine = np.sum(y * f, axis=1) / np.linalg.norm(y, axis=1) / np.linalg.norm(f, axis=1)
    loss = sl.CosineDistance()
    assert_allclose(loss.pointwise(of_y * y, of_f * f), 1 - cosine, rtol=1e-14)
    assert_allclose(loss.gradient(of_y * y, of_f * f) * of_f, loss.gradient(y, f), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("size", [1e-320, 1e-300, 1e-150, 1e150, 1e300, 1e308])
def test_only_the_ratios_of_weights_matter(size):
    weights = np.array([1.0, 0.5, 0.25])
    if size > 1e-310:  # below, ratios are rounded
        for loss, y, f in ((sl.SquaredError(), Y, F), (sl.LogLoss(), np.array([0, 1, 1]), F / 5)):
            assert loss(y, f, sample_weight=size * weights) == pytest.approx(
                loss(y, f, sample_weight=weights)
            )
            assert loss.d2(y, f, sample_weight=size * weights) == pytest.approx(
                loss.d2(y, f, sample_weight=weights)
            )
            assert loss.constant_minimizer(y, size * weights) == pytest.approx(
                loss.constant_minimizer(y, weights), rel=1e-12
            )
    equal = np.full(3, size)
    assert sl.SquaredError()(Y, F, sample_weight=equal) == pytest.approx(mean_squared_error(Y, F), rel=1e-15)


@pytest.mark.parametrize("loss", [sl.Cauchy(1e300), sl.Fair(1e300), sl.PseudoHuber(1e300)])
def test_parameters_that_overflow_are_an_error(loss):
    with pytest.raises(ValueError, match=r"1e\+300\) computes with numbers beyond the largest float"):
        loss(Y, F)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_predictions_stay_where_their_loss_takes_them(dtype):
    above_three = Link(
        "above three", lambda m: np.log(m - 3), lambda f: 3 + np.exp(f), Interval(3.0, np.inf, False)
    )
    below_one = Link("below one", lambda m: -np.log(1 - m), lambda f: 1 - np.exp(-f), Interval(-np.inf, 1.0))
    raw = np.array([-1e4, -800.0, -90.0, 0.0, 2.0, 90.0, 800.0, 1e4], dtype=dtype)
    for link in (LOG, LOG1P, above_three, below_one):
        predictions = link.prediction(raw)
        assert predictions.dtype == dtype
        assert all(p in link.predictions for p in predictions)
        assert_allclose(predictions[3:5], link.inverse(raw[3:5]), rtol=1e-6)
    assert LOG.prediction(raw)[0] == np.finfo(dtype).tiny


def test_a_metric_takes_the_predictions_of_its_own_models():
    X = np.array([[-1.0], [0.0], [1.0], [2.0]])
    y = np.array([0.0, 1.0, 2.0, 9.0])
    far = np.array([[-1e5], [1e5]])
    for loss in ("poisson", "tweedie", "negative_binomial", "squared_log_error"):
        model = sl.LinearRegressor(loss, alpha=1e-3).fit(X, y)
        assert np.all([p in LOSSES[loss].link.predictions for p in model.predict(far)])
        assert not np.isnan(LOSSES[loss]().scorer()(model, far, [0.0, 1.0]))


def test_targets_and_weights_that_cannot_be_squared_or_summed_are_an_error():
    X = np.arange(12.0).reshape(6, 2) % 5
    y = np.arange(6.0)
    for model in (sl.LinearRegressor("huber"), sl.SGDRegressor(learning_rate="auto"), sl.SGDRegressor()):
        with pytest.raises(ValueError, match=r"y holds a number of size 5e\+300, too large"):
            model.fit(X, 1e300 * y)
        with pytest.raises(ValueError, match=r"one is 1e\+308. Divide them by the largest"):
            model.fit(X, y, sample_weight=np.full(6, 1e308))
        with pytest.raises(
            ValueError, match="must not be negative where none is positive; the largest is -1"
        ):
            model.fit(X, y, sample_weight=-np.ones(6))


# ---- best constants --------------------------------------------------------------------------------------------


def test_the_best_gaussian_has_the_mean_and_the_variance_of_y():
    y, w = np.array([1.0, 2.0, 3.0, 6.0]), np.array([1.0, 2.0, 0.0, 1.0])
    loss = sl.GaussianNLL()
    mean = np.average(y, weights=w)
    expected = [mean, np.average((y - mean) ** 2, weights=w)]
    assert_allclose(loss.constant_minimizer(y, w), expected, rtol=1e-14)
    assert_allclose(loss.constant_minimizer([2.0, 2.0]), [2.0, np.finfo(float).tiny])
    assert np.isfinite(loss([2.0, 2.0], np.tile(loss.constant_minimizer([2.0, 2.0]), (2, 1))))


@pytest.mark.parametrize("variance", [0.0, -1.0])
@pytest.mark.parametrize("method", ["gradient", "hessian", "pointwise", "__call__"])
def test_variances_must_be_positive(method, variance):
    with pytest.raises(ValueError, match=f"variance {variance:g} at position 1"):
        getattr(sl.GaussianNLL(), method)([1.0, 2.0], [[1.0, 1.0], [2.0, variance]])


@pytest.mark.parametrize("alias", LOSSES)
def test_best_constants_refuse_what_metrics_refuse(alias):
    loss = LOSSES[alias]()
    y = np.asarray(loss.examples.draw(np.random.default_rng(0), 9)[0], dtype=np.float64)
    for bad in (np.nan, np.inf):
        wrong = y.copy()
        wrong[(4,) * y.ndim if y.ndim == 1 else (4, 1)] = bad
        with pytest.raises(ValueError, match=r"NaN|infinity|inf|nan"):
            loss.constant_minimizer(wrong)


@pytest.mark.parametrize(
    "loss",
    [
        sl.Pinball(5),
        sl.Expectile(5),
        sl.Tweedie(0.5),
        sl.Huber(-1),
        sl.NegativeBinomial(-1),
        sl.Minkowski(0.5),
    ],
    ids=repr,
)
def test_best_constants_refuse_parameters_outside_their_domain(loss):
    with pytest.raises(ValueError, match=f"of {type(loss).__name__} must be a number in"):
        loss.constant_minimizer([1.0, 2.0])


# ---- probabilities ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "loss", [sl.Brier(), sl.LogLoss(), sl.Focal(), sl.Brier(scale_by_half=False)], ids=repr
)
def test_both_columns_of_two_classes_are_one(loss):
    y, p = np.array([0, 1, 1, 0]), np.array([0.2, 0.7, 0.6, 0.5])
    rows, columns = np.eye(2)[y], np.stack([1 - p, p], axis=1)
    expected = loss(y, p)
    assert loss(rows, columns) == loss(rows, p) == loss(y, columns) == pytest.approx(expected, rel=1e-15)
    assert loss.d2(rows, columns) == pytest.approx(loss.d2(y, p), rel=1e-12)
    soft = np.array([0.1, 0.8, 1.0, 0.3])
    assert loss(np.stack([1 - soft, soft], axis=1), columns) == pytest.approx(loss(soft, p), rel=1e-14)
    with pytest.raises(ValueError, match=r"sums to 1\.2"):
        loss([[0.2, 1.0], [0.0, 1.0]], columns[:2])


def test_rows_of_half_precision_sum_to_one_as_they_can():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(20), 300).astype(np.float16)
    y = rng.integers(0, 20, 300)
    assert np.abs(p.sum(axis=1, dtype=np.float64) - 1).max() > 1e-4
    exact = p.astype(np.float64)
    clipped = np.clip(exact, np.finfo(np.float16).eps, 1)
    expected = -np.mean(np.log(clipped[np.arange(300), y]))
    assert sl.CrossEntropy()(y, p) == pytest.approx(expected, rel=1e-6)
    with pytest.raises(ValueError, match="must sum to 1"):
        sl.CrossEntropy()(y, (0.9 * exact).astype(np.float16))
    with pytest.raises(ValueError, match="must sum to 1"):
        sl.CrossEntropy()(y, exact)  # that these were float16 is not known any more


# ---- what errors say -------------------------------------------------------------------------------------------


def test_a_loss_that_is_nan_names_the_sample_and_its_remedy():
    class Relative(sl.RegressionLoss):
        def formula(self, y, f):
            return np.abs(y - f) / (np.abs(y) + np.abs(f))

    class LogError(sl.RegressionLoss):
        def formula(self, y, f):
            return (np.log1p(y) - np.log1p(f)) ** 2

    with pytest.raises(
        ValueError, match=r"NaN at position 1, where y_true is 0 and y_pred is 0\. Choose with np"
    ) as e:
        Relative()([1.0, 0.0], [2.0, 0.0])
    assert "probabilit" not in str(e.value)
    with pytest.raises(ValueError, match=r"at position \(1, 0\), where y_true is 0"):
        Relative()([[1.0, 1.0], [0.0, 1.0]], np.zeros((2, 2)), sample_weight=[1.0, 2.0])
    assert Relative()([1.0, 0.0], [2.0, 0.0], sample_weight=[1.0, 0.0]) == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match=r"y_pred is -2\..*link = LOG.*predictions are in \(-inf, inf\)"):
        LogError()([1.0], [-2.0])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "link",
            "log",
            r"link = 'log' of Mine must be a Link. Write link = LOG, with from sklearn_losses.links import",
        ),
        ("link", "exp", "sklearn_losses.links has IDENTITY, LOG, LOGIT"),
        ("target", (0, 1), r"target = \(0, 1\) of Mine must be an Interval. sklearn_losses.links has REAL"),
        ("target", "positive", "Write target = POSITIVE"),
        ("raw_range", [-1, 1], "must be an Interval"),
    ],
)
def test_facts_that_are_no_constants_are_refused_with_their_name(name, value, message):
    with pytest.raises(TypeError, match=message):
        type("Mine", (sl.RegressionLoss,), {name: value})
    type("Mine", (sl.RegressionLoss,), {"link": LOG, "target": POSITIVE})
    type("Mine", (sl.ProbabilityLoss,), {"target": UNIT})


def test_arguments_beyond_y_and_f_are_refused():
    class Weighted(sl.RegressionLoss):
        def formula(self, y, f, w):
            return w * (y - f) ** 2

    with pytest.raises(TypeError, match=r"takes y and f.*formula\(y, f, w\)\. .*sample_weight"):
        Weighted()(Y, F)


def test_functions_of_torch_are_refused_with_numpys_name():
    torch = pytest.importorskip("torch")

    class OfTorch(sl.RegressionLoss):
        def formula(self, y, f):
            return torch.abs(y - f)

    with pytest.raises(TypeError, match=r"not of torch: torch.abs. Write np.abs;"):
        OfTorch()(Y, F)
