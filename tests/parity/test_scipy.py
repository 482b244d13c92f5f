"""The losses that SciPy has as functions."""

import numpy as np
from scipy import special
from scipy.spatial import distance
from scipy.stats import entropy

from sklearn_losses.losses import CosineDistance, CrossEntropy, Huber, KLDivergence, LogLoss, PseudoHuber

RNG = np.random.default_rng(0)
R = np.concatenate([RNG.standard_normal(200) * 3, [0.0, 1e-9, 1e6]])
P, Q = RNG.dirichlet(np.ones(5), 100), RNG.dirichlet(np.ones(5), 100)


def test_huber_losses():
    for delta in (0.1, 1.0, 30.0):
        y = np.zeros_like(R)
        np.testing.assert_allclose(Huber(delta=delta).pointwise(y, R), special.huber(delta, R), rtol=1e-14)
        expected = special.pseudo_huber(delta, R)
        np.testing.assert_allclose(PseudoHuber(delta=delta).pointwise(y, R), expected, rtol=1e-12)


def test_divergence_of_distributions():
    np.testing.assert_allclose(KLDivergence().pointwise(P, Q), entropy(P, Q, axis=1), rtol=1e-11)
    np.testing.assert_allclose(KLDivergence().pointwise(P, Q), special.rel_entr(P, Q).sum(axis=1), rtol=1e-11)
    expected = entropy(P, axis=1) + entropy(P, Q, axis=1)
    np.testing.assert_allclose(CrossEntropy().pointwise(P, Q), expected, rtol=1e-12)


def test_zeros_of_the_target_cost_nothing():
    y = np.array([[0.0, 0.25, 0.75], [1.0, 0.0, 0.0]])
    p = np.array([[0.0, 0.5, 0.5], [0.5, 0.25, 0.25]])
    expected = special.rel_entr(y, p).sum(axis=1)
    np.testing.assert_allclose(KLDivergence().pointwise(y, p), expected, atol=1e-15)


def test_log_loss_of_logits():
    f = np.linspace(-300, 300, 61)
    for y in (0.0, 0.3, 1.0):
        expected = special.expit(f) - y if y != 1 else -special.expit(-f)
        np.testing.assert_allclose(LogLoss().gradient(np.full(61, y), f), expected, rtol=1e-14, atol=1e-16)


def test_cosine_distance():
    u, v = RNG.standard_normal((2, 50, 4))
    expected = [distance.cosine(a, b) for a, b in zip(u, v, strict=True)]
    np.testing.assert_allclose(CosineDistance().pointwise(u, v), expected, rtol=1e-13)
