"""Losses of arrays of other libraries, under scikit-learn's array_api_dispatch, against NumPy's."""

import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn import config_context
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_losses import (
    Brier,
    CosineDistance,
    CrossEntropy,
    Hinge,
    Huber,
    LogLoss,
    RegressionLoss,
    SquaredError,
    decomposition,
    metrics,
)
from sklearn_losses.losses import LOSSES, get_loss

pytest.importorskip("array_api_compat")
# scikit-learn dispatches only where this was set before SciPy was imported; then SciPy's special functions are
# no ufuncs any more, which would change what other tests are about. So this module runs in a process of its own.
DISPATCHES = os.environ.get("SCIPY_ARRAY_API") == "1"
needs_dispatch = pytest.mark.skipif(not DISPATCHES, reason="runs in the process that test_dispatched starts")
LIBRARIES = ["array_api_strict", "torch"]


@pytest.fixture(params=LIBRARIES)
def xp(request):
    library = pytest.importorskip(request.param)
    with config_context(array_api_dispatch=True):
        yield library


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("alias", LOSSES)
@needs_dispatch
def test_results_are_numpys_and_stay_in_the_library_and_dtype(xp, alias, dtype):
    loss = get_loss(alias)
    y, raw = loss.examples.draw(np.random.default_rng(0), 30)
    prediction = loss.link.inverse(raw)
    weights = np.random.default_rng(1).uniform(size=30)
    kind = getattr(xp, dtype)
    Y = xp.asarray(y)
    P, R, W = (xp.asarray(a, dtype=kind) for a in (prediction, raw, weights))
    tolerance = {"rtol": 1e-12, "atol": 1e-12} if dtype == "float64" else {"rtol": 2e-3, "atol": 2e-3}

    value = loss(Y, P, sample_weight=W)
    assert type(value) is float
    with config_context(array_api_dispatch=False):
        expected = {
            "pointwise": loss.pointwise(y, prediction),
            "gradient": loss.gradient(y, raw),
            "hessian": loss.hessian(y, raw),
        }
        np.testing.assert_allclose(value, loss(y, prediction, sample_weight=weights), **tolerance)
    for name, given in {"pointwise": P, "gradient": R, "hessian": R}.items():
        result = getattr(loss, name)(Y, given)
        assert type(result) is type(given)
        assert result.dtype == kind
        assert result.device == given.device
        np.testing.assert_allclose(np.asarray(result), expected[name], **tolerance)


@needs_dispatch
def test_labels(xp):
    y = np.array([3, 1, 1, 3])
    p = np.array([0.9, 0.2, 0.4, 0.7])
    expected = -np.mean(np.log([0.9, 0.8, 0.6, 0.7]))
    P = xp.asarray(p)
    assert LogLoss()(xp.asarray(y), P) == pytest.approx(expected)
    assert LogLoss()(xp.asarray(y), P, labels=[1, 3]) == pytest.approx(expected)
    assert LogLoss()(xp.asarray(y), 1 - P, pos_label=1, labels=[1, 3]) == pytest.approx(expected)
    assert LogLoss()(np.array(["b", "a", "a", "b"]), P) == pytest.approx(expected)
    rows = xp.stack([1 - P, P], axis=1)
    assert LogLoss()(xp.asarray(y), rows, labels=[1, 3]) == pytest.approx(expected)
    assert CrossEntropy()(xp.asarray(y), rows) == pytest.approx(expected)
    assert Hinge()(xp.asarray([True, False]), xp.asarray([2.0, 0.5])) == pytest.approx(0.75)


@needs_dispatch
def test_several_outputs(xp):
    y, f = np.arange(6.0).reshape(3, 2), np.ones((3, 2))
    Y, F = xp.asarray(y), xp.asarray(f)
    assert SquaredError()(Y, F) == pytest.approx(np.mean((y - f) ** 2))
    np.testing.assert_allclose(
        np.asarray(SquaredError().pointwise(Y, F)), np.mean((y - f) ** 2, axis=1), rtol=1e-15
    )
    assert SquaredError().gradient(Y, F).shape == (3, 2)
    assert SquaredError()(Y[:, :1], F[:, 0]) == pytest.approx(np.mean((y[:, 0] - 1) ** 2))


@pytest.mark.parametrize(
    ("loss", "y", "prediction", "message"),
    [
        (LogLoss(), [0.0, 1.0], [0.5, 1.3], "1.3 at position 1"),
        (LogLoss(), [0.0, 0.5, 7.0], [0.5, 0.5, 0.5], "7.0 at position 2"),
        (Huber(), [0.0, np.nan], [0.5, 1.3], "NaN at position 1"),
        (Huber(), [0.0, 1.0], [0.5, np.inf], "infinity at position 1"),
        (Huber(), [0.0, 1.0, 2.0], [0.5, 1.0], "same number of samples"),
        (Huber(), [[0.0, 1.0], [0.0, 1.0]], [0.5, 1.0], "do not match"),
        (CrossEntropy(), [0.0, 1.0], [[0.5, 0.6], [0.5, 0.5]], "sums to 1.1"),
        (CrossEntropy(), [0.0, 1.0], [[0.5, 0.3, 0.2], [0.5, 0.5, 0.0]], "Pass labels="),
        (Hinge(), [-1.0, 0.0, 1.0], [0.5, 0.5, 0.5], "3 labels"),
    ],
)
@needs_dispatch
def test_errors(xp, loss, y, prediction, message):
    with pytest.raises(ValueError, match=message):
        loss(xp.asarray(y, dtype=xp.float64), xp.asarray(prediction, dtype=xp.float64))


@needs_dispatch
def test_weights_that_are_wrong(xp):
    y, f = xp.asarray([0.0, 1.0]), xp.asarray([0.5, 0.5])
    with pytest.raises(ValueError, match="one number for each of the 2 samples"):
        Huber()(y, f, sample_weight=xp.asarray([1.0]))
    with pytest.raises(ValueError, match="sum to 0"):
        Huber()(y, f, sample_weight=xp.asarray([0.0, 0.0]))


@needs_dispatch
def test_skill_is_numpys(xp):
    y, p, w = np.array([0.0, 1.0, 1.0, 0.0]), np.array([0.2, 0.7, 0.6, 0.1]), np.array([1.0, 2.0, 0.5, 1.0])
    expected = LogLoss().d2(y, p, sample_weight=w)
    found = LogLoss().d2(*(xp.asarray(a) for a in (y, p)), sample_weight=xp.asarray(w))
    assert found == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("alias", LOSSES)
@needs_dispatch
def test_what_is_found_on_the_host(xp, alias):
    """Best constants, D², and what boosters take: the numbers are NumPy's."""
    loss = get_loss(alias)
    y, raw = loss.examples.draw(np.random.default_rng(0), 30)
    w = np.random.default_rng(1).uniform(size=30)
    Y, R, W = xp.asarray(y), xp.asarray(raw), xp.asarray(w)
    if loss.target_kind != "moments":
        best = loss.constant_minimizer(Y, W)
        expected = loss.constant_minimizer(y, w)
        assert type(best) is float or (type(best) is type(R) and best.device == R.device)
        np.testing.assert_array_equal(np.asarray(best), np.asarray(expected, dtype=np.asarray(best).dtype))
    for found, expected in zip(loss.objective(Y, R, W), loss.objective(y, raw, w), strict=True):
        np.testing.assert_array_equal(found, expected)
    if loss.complete:
        p = loss.link.inverse(raw)
        assert loss.d2(Y, xp.asarray(p), sample_weight=W) == loss.d2(y, p, sample_weight=w)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("alias", ["squared_error", "huber", "log_loss", "hinge", "poisson"])
@needs_dispatch
def test_half_precision_is_computed_in_single(alias, dtype):
    """A squared error of 300 is more than float16 holds; what is asked of every sample keeps its dtype."""
    torch = pytest.importorskip("torch")
    loss = get_loss(alias)
    y, raw = loss.examples.draw(np.random.default_rng(0), 30)
    given = torch.asarray(loss.link.inverse(raw)).to(getattr(torch, dtype))
    if alias == "squared_error":
        given[0] = 300.0
    expected = loss.pointwise(y, given.double().numpy())
    with config_context(array_api_dispatch=True):
        assert loss(torch.asarray(y), given) == pytest.approx(np.mean(expected), rel=1e-5)
        assert loss.pointwise(torch.asarray(y), given).dtype == given.dtype
        slopes = loss.gradient(torch.asarray(y), torch.asarray(raw).to(given.dtype))
        assert slopes.dtype == given.dtype


@needs_dispatch
def test_metrics_that_are_no_losses(xp):
    X, labels = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 3
    for name in ("center_loss", "island_loss", "triplet_loss", "cosine_embedding_loss"):
        metric = getattr(metrics, name)
        assert metric(xp.asarray(X), xp.asarray(labels)) == metric(X, labels)
    y, p = np.arange(20) % 2, np.random.default_rng(0).uniform(size=20)
    assert decomposition(LogLoss(), xp.asarray(y), xp.asarray(p)) == decomposition(LogLoss(), y, p)


@needs_dispatch
def test_one_number_an_output(xp):
    y, f = np.arange(6.0).reshape(3, 2), np.ones((3, 2))
    found = metrics.squared_error(xp.asarray(y), xp.asarray(f), multioutput="raw_values")
    assert type(found) is type(xp.asarray(y))
    np.testing.assert_allclose(np.asarray(found), np.mean((y - f) ** 2, axis=0))


class Fitted:
    """A model of two classes whose probabilities are known."""

    def __init__(self, classes, probabilities):
        self.classes_, self.probabilities = classes, probabilities

    def predict_proba(self, X):
        return self.probabilities


@needs_dispatch
def test_scorers_take_arrays_with_a_class_that_the_model_never_saw(xp):
    p = np.array([[0.25, 0.75], [0.5, 0.5]])
    model = Fitted(xp.asarray([3, 5]), xp.asarray(p))
    score = CrossEntropy().scorer()
    assert score(model, None, xp.asarray([3, 5])) == pytest.approx(np.log(0.25 * 0.5) / 2)
    with pytest.warns(UndefinedMetricWarning, match=r"\[7\], which Fitted never saw"):
        found = score(model, None, xp.asarray([3, 7]))
    assert found == pytest.approx((np.log(0.25) + np.log(np.finfo(float).eps)) / 2)


def test_without_dispatch_everything_is_numpys():
    torch = pytest.importorskip("torch")
    y, f = torch.asarray([0.0, 1.0]), torch.asarray([0.5, 1.5])
    result = Huber().pointwise(y, f)
    assert isinstance(result, np.ndarray)
    np.testing.assert_allclose(result, [0.125, 0.125])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("alias", LOSSES)
@needs_dispatch
def test_gradients_of_pytorch_flow_through(alias, weighted):
    """Autograd through the loss of a prediction, and through the link, gives what `gradient` gives."""
    torch = pytest.importorskip("torch")
    loss = get_loss(alias)
    y, raw = loss.examples.draw(np.random.default_rng(0), 40)
    w = np.random.default_rng(1).uniform(0.5, 2.0, 40) if weighted else np.ones(40)
    inverse = {
        "identity": lambda f: f,
        "log": torch.exp,
        "logit": torch.sigmoid,
        "softmax": lambda f: torch.softmax(f, dim=-1),
        "log1p": torch.expm1,
    }[loss.link.name]
    f = torch.tensor(raw, requires_grad=True)
    with config_context(array_api_dispatch=True):
        each = loss.pointwise(torch.tensor(y), inverse(f))
        (torch.tensor(w) * each).sum().backward()
    expected = loss.gradient(y, raw) * (w if raw.ndim == 1 else w[:, None])
    np.testing.assert_allclose(f.grad.numpy(), expected, rtol=1e-7, atol=1e-9)
    assert np.any(expected)


class WithScipy(RegressionLoss):
    def formula(self, y, f):
        from scipy.special import huber

        return huber(1.0, y - f)


@needs_dispatch
def test_formulas_trace_when_scipy_dispatches_itself():
    """With SCIPY_ARRAY_API=1 (see conftest.py) SciPy's special functions are no ufuncs."""
    import scipy.special

    assert not isinstance(scipy.special.huber, np.ufunc)
    assert WithScipy()([0.0, 0.0], [0.5, 3.0]) == 1.3125


@needs_dispatch
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_summed_in_single(dtype):
    """Rows may be off by what their dtype allows, a mean over many samples is none of half precision."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    rows, y = rng.dirichlet(np.ones(10), 3000), rng.integers(0, 10, 3000)
    half = torch.asarray(rows).to(getattr(torch, dtype))
    exact = half.double().numpy()
    assert np.abs(exact.sum(axis=1) - 1).max() > 1e-4
    eps = torch.finfo(half.dtype).eps
    expected = -np.mean(np.log(np.clip(exact[np.arange(3000), y], eps, 1 - eps)))
    with config_context(array_api_dispatch=True):
        assert CrossEntropy()(torch.asarray(y), half) == pytest.approx(expected, rel=1e-5)
        assert CrossEntropy().pointwise(torch.asarray(y), half).dtype == half.dtype
        assert CrossEntropy().gradient(torch.asarray(y), half).dtype == half.dtype
        with pytest.raises(ValueError, match="must sum to 1"):
            CrossEntropy()(torch.asarray(y), 0.8 * half)


@needs_dispatch
def test_edges_of_arrays(xp):
    p = xp.asarray([0.2, 0.7, 0.6])
    rows = xp.stack([1 - p, p], axis=1)
    y, onehot = xp.asarray([0, 1, 1]), xp.asarray([[1, 0], [0, 1], [0, 1]])
    for loss in (Brier(), LogLoss()):
        assert loss(onehot, rows) == pytest.approx(loss(y, p))
    for dtype, size in ((xp.float32, 1e-30), (xp.float32, 1e30), (xp.float64, 1e-200), (xp.float64, 1e200)):
        v, w = size * xp.asarray([[1.0, 0.0]], dtype=dtype), xp.asarray([[1.0, 1.0]], dtype=dtype)
        assert CosineDistance()(v, w) == pytest.approx(1 - np.sqrt(0.5), rel=1e-6)
    weights = xp.asarray([3e38, 3e38], dtype=xp.float32)
    a, b = xp.asarray([1.0, 2.0], dtype=xp.float32), xp.asarray([2.0, 4.0], dtype=xp.float32)
    assert SquaredError()(a, b, sample_weight=weights) == 2.5
    for size in (1e-200, 1e-60, 1e30, 1e60, 1e200):  # in float32 some are 0 or infinite, others times a loss
        far = xp.asarray([size, 3 * size], dtype=xp.float64)
        assert SquaredError()(a, 1e4 * b, sample_weight=far) == pytest.approx(
            (19999.0**2 + 3 * 39998.0**2) / 4, rel=1e-6
        )

    class Relative(RegressionLoss):
        def formula(self, y, f):
            return np.abs(y - f) / (np.abs(y) + np.abs(f))

    with pytest.raises(ValueError, match="NaN at position 1, where y_true is 0 and y_pred is 0"):
        Relative()(xp.asarray([1.0, 0.0]), xp.asarray([2.0, 0.0]))
    column = xp.asarray([[0.5], [0.25]])
    assert LogLoss().gradient(xp.asarray([0, 1]), column).shape == (2, 1)


def test_formulas_trace_when_scipy_does_not_dispatch():
    code = (
        "import numpy as np, scipy.special\n"
        "from sklearn_losses import LogLoss, SmoothPinball\n"
        "assert isinstance(scipy.special.huber, np.ufunc)\n"
        "assert abs(LogLoss()([0, 1], [0.25, 0.5]) - 0.5 * np.log(8 / 3)) < 1e-15\n"
        "assert SmoothPinball(delta=1.0)([0.0, 0.0], [0.5, 3.0]) == 0.65625\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={}, cwd="/")


@pytest.mark.skipif(DISPATCHES, reason="this is that process")
def test_dispatched():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    run = subprocess.run(
        command, env={**os.environ, "SCIPY_ARRAY_API": "1"}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout[-3000:]
    assert " passed" in run.stdout
