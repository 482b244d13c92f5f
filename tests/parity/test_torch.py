"""The losses that PyTorch has too: values, and gradients by its autograd. Skipped where it is missing."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_losses import SGDClassifier, losses

torch = pytest.importorskip("torch")
F = torch.nn.functional

N, K = 60, 4
RNG = np.random.default_rng(0)
Y, R = RNG.standard_normal(N), 3 * RNG.standard_normal(N)
COUNTS = RNG.poisson(2.0, N).astype(float)
BINARY, SOFT = RNG.integers(0, 2, N).astype(float), RNG.uniform(size=N)
LABELS, LOGITS = np.r_[np.arange(K), RNG.integers(0, K, N - K)], 3 * RNG.standard_normal((N, K))
SHARES, INDICATORS = RNG.dirichlet(np.ones(K), N), RNG.integers(0, 2, (N, K)).astype(float)
VECTORS = RNG.standard_normal((N, K))
SIGNS = 2 * BINARY - 1


def _of_vectors(f, y):
    return F.cosine_embedding_loss(f, y, torch.ones(len(y)), reduction="none")


def _multi_margin(p):
    def loss(f, y):
        """PyTorch divides by K, and squares if p is 2."""
        return K * F.multi_margin_loss(f, y, p=p, reduction="none")

    return loss


# The loss, PyTorch's (of the prediction, then the target), y and the raw prediction.
PAIRS = {
    "mse": (losses.SquaredError(), lambda f, y: F.mse_loss(f, y, reduction="none"), Y, R),
    "l1": (losses.AbsoluteError(), lambda f, y: F.l1_loss(f, y, reduction="none"), Y, R),
    "huber": (losses.Huber(delta=0.7), lambda f, y: F.huber_loss(f, y, delta=0.7, reduction="none"), Y, R),
    "smooth l1 times beta": (
        losses.Huber(delta=0.7),
        lambda f, y: 0.7 * F.smooth_l1_loss(f, y, beta=0.7, reduction="none"),
        Y,
        R,
    ),
    "smooth l1 as a median": (
        losses.SmoothPinball(quantile=0.5, delta=0.7),
        lambda f, y: 0.5 * F.smooth_l1_loss(f, y, beta=0.7, reduction="none"),
        Y,
        R,
    ),
    "bce with logits": (
        losses.LogLoss(),
        lambda f, y: F.binary_cross_entropy_with_logits(f, y, reduction="none"),
        BINARY,
        R,
    ),
    "bce with logits, soft": (
        losses.LogLoss(),
        lambda f, y: F.binary_cross_entropy_with_logits(f, y, reduction="none"),
        SOFT,
        R,
    ),
    "soft margin": (
        losses.LogLoss(),
        lambda f, y: F.soft_margin_loss(f, 2 * y - 1, reduction="none"),
        BINARY,
        R,
    ),
    "hinge embedding": (
        losses.Hinge(),
        # max(0, margin - x) where its target is -1
        lambda f, y: F.hinge_embedding_loss(y * f, -torch.ones_like(y), margin=1.0, reduction="none"),
        SIGNS,
        R,
    ),
    "cross entropy": (
        losses.CrossEntropy(),
        lambda f, y: F.cross_entropy(f, y, reduction="none"),
        LABELS,
        LOGITS,
    ),
    "cross entropy, soft": (
        losses.CrossEntropy(),
        lambda f, y: F.cross_entropy(f, y, reduction="none"),
        SHARES,
        LOGITS,
    ),
    "cross entropy, smoothed": (
        losses.CrossEntropy(label_smoothing=0.1),
        lambda f, y: F.cross_entropy(f, y, label_smoothing=0.1, reduction="none"),
        LABELS,
        LOGITS,
    ),
    "kl div, summed over classes": (
        losses.KLDivergence(),
        lambda f, y: F.kl_div(F.log_softmax(f, -1), y, reduction="none").sum(-1),
        SHARES,
        LOGITS,
    ),
    "multi margin times K": (losses.WestonWatkins(), _multi_margin(1), LABELS, LOGITS),
    "multilabel soft margin": (
        losses.MultilabelLogLoss(),
        lambda f, y: F.multilabel_soft_margin_loss(f, y, reduction="none"),
        INDICATORS,
        LOGITS,
    ),
    "cosine embedding of equals": (losses.CosineDistance(), _of_vectors, VECTORS, LOGITS),
}


def _torch(f, y, loss):
    """Return PyTorch's values, and the gradient of their sum."""
    raw = torch.tensor(f, requires_grad=True)
    value = loss(raw, torch.tensor(y))
    (gradient,) = torch.autograd.grad(value.sum(), raw)
    return value.detach().numpy(), gradient.numpy()


def _seen(loss, f):
    if loss.link.name == "softmax":
        return torch.softmax(torch.tensor(f), -1).numpy()
    return loss.link.inverse(f)


@pytest.mark.parametrize(("loss", "other", "y", "f"), list(PAIRS.values()), ids=list(PAIRS))
def test_value_and_gradient(loss, other, y, f):
    value, gradient = _torch(f, y, other)
    np.testing.assert_allclose(loss.pointwise(y, _seen(loss, f)), value, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(loss.gradient(y, f), gradient, rtol=1e-11, atol=1e-14)


def test_poisson_nll_differs_by_terms_in_y():
    value, gradient = _torch(
        R, COUNTS, lambda f, y: F.poisson_nll_loss(f, y, log_input=True, reduction="none")
    )
    loss = losses.Poisson()
    best = COUNTS - np.where(COUNTS > 0, COUNTS * np.log(np.maximum(COUNTS, 1)), 0)
    np.testing.assert_allclose(0.5 * loss.pointwise(COUNTS, np.exp(R)), value - best, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(0.5 * loss.gradient(COUNTS, R), gradient, rtol=1e-12, atol=1e-14)


def test_gaussian_nll_keeps_its_constant():
    variance = RNG.uniform(0.5, 3.0, N)
    expected = F.gaussian_nll_loss(
        torch.tensor(R), torch.tensor(Y), torch.tensor(variance), full=True, reduction="none"
    )
    result = losses.GaussianNLL().pointwise(Y, np.stack([R, variance], axis=1))
    np.testing.assert_allclose(result, expected.numpy(), rtol=1e-13)


def test_derivatives_of_formulas():
    """Every loss of one number, by PyTorch's autograd on the same formula in its own operations."""
    x = torch.tensor(R, requires_grad=True)
    y = torch.tensor(Y)
    r = y - x
    formulas = {
        "log_cosh": torch.log(torch.cosh(r)),
        "fair": r.abs() - torch.log1p(r.abs()),
        "cauchy": 0.5 * torch.log1p(r**2),
        "pseudo_huber": torch.sqrt(1 + r**2) - 1,
        "expectile": torch.where(r >= 0, 0.5, 0.5) * r**2,
        "minkowski": r.abs() ** 1.5,
        "squared_epsilon_insensitive": torch.relu(r.abs() - 0.1) ** 2,
    }
    for alias, value in formulas.items():
        (gradient,) = torch.autograd.grad(value.sum(), x, create_graph=True)
        (hessian,) = torch.autograd.grad(gradient.sum(), x)
        loss = losses.LOSSES[alias]()
        np.testing.assert_allclose(loss.gradient(Y, R), gradient.detach().numpy(), rtol=1e-10, err_msg=alias)
        np.testing.assert_allclose(loss.hessian(Y, R), hessian.numpy(), rtol=1e-8, atol=1e-12, err_msg=alias)


@pytest.mark.parametrize("gamma", [0.0, 2.0, 3.5])
def test_focal_loss(gamma):
    def focal(f, y):
        p = torch.sigmoid(f)
        log_p, log_q = F.logsigmoid(f), F.logsigmoid(-f)
        return -(y * 0.25 * (1 - p) ** gamma * log_p + (1 - y) * 0.75 * p**gamma * log_q)

    value, gradient = _torch(R, BINARY, focal)
    loss = losses.Focal(gamma=gamma, alpha=0.25)
    np.testing.assert_allclose(loss.pointwise(BINARY, _seen(loss, R)), value, rtol=1e-9)
    np.testing.assert_allclose(loss.gradient(BINARY, R), gradient, rtol=1e-10)


@pytest.mark.parametrize("loss", [losses.MulticlassBrier(), losses.CrammerSinger(), losses.MultilabelHinge()])
def test_autograd_of_several_outputs(loss):
    def formula(f, y):
        if loss.alias == "multilabel_hinge":
            return torch.relu(1 - (2 * y - 1) * f).mean(-1)
        hot = F.one_hot(y, K).double()
        if loss.alias == "multiclass_brier":
            return ((hot - torch.softmax(f, -1)) ** 2).sum(-1)
        return (f + 1 - hot).max(-1).values - (hot * f).sum(-1)

    y = INDICATORS if loss.alias == "multilabel_hinge" else LABELS
    value, gradient = _torch(LOGITS, y, formula)
    np.testing.assert_allclose(loss.pointwise(y, _seen(loss, LOGITS)), value, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(loss.gradient(y, LOGITS), gradient, rtol=1e-10, atol=1e-14)
    for k in range(K):
        f = torch.tensor(LOGITS, requires_grad=True)
        (first,) = torch.autograd.grad(formula(f, torch.tensor(y)).sum(), f, create_graph=True)
        if not first.requires_grad:
            expected = np.zeros(N)
        else:
            (second,) = torch.autograd.grad(first[:, k].sum(), f, allow_unused=True)
            expected = np.zeros(N) if second is None else second[:, k].numpy()
        np.testing.assert_allclose(loss.hessian(y, LOGITS)[:, k], expected, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("cross_entropy", lambda f, y: F.cross_entropy(f, y)),
        ("multilabel_log_loss", lambda f, y: F.multilabel_soft_margin_loss(f, y)),
    ],
)
def test_training_of_several_outputs(name, theirs):
    """Two passes of torch.optim.SGD, one row at a time, from zero."""
    rng = np.random.default_rng(0)
    X, alpha = rng.standard_normal((40, 6)), 0.05
    y = rng.permutation(np.arange(40) % 4) if name == "cross_entropy" else rng.integers(0, 2, (40, 4))
    model = SGDClassifier(name, alpha=alpha, learning_rate="constant", shuffle=False, max_iter=2, tol=None)
    model.set_params(eta0=0.1).fit(X, y)
    target = torch.tensor(y if name == "cross_entropy" else y.astype(float))
    layer = torch.nn.Linear(6, 4, dtype=torch.float64)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    groups = [{"params": [layer.weight], "weight_decay": alpha}, {"params": [layer.bias]}]
    optimizer = torch.optim.SGD(groups, lr=0.1)
    for i in [*range(40)] * 2:
        optimizer.zero_grad()
        theirs(layer(torch.tensor(X[i : i + 1])), target[i : i + 1]).backward()
        optimizer.step()
    assert_allclose(model.coef_, layer.weight.detach().numpy(), atol=1e-12)
    assert_allclose(model.intercept_, layer.bias.detach().numpy(), atol=1e-12)
