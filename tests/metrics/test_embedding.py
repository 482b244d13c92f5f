"""Losses of embeddings, against loops in plain Python, and PyTorch where it has the same."""

import itertools
import math

import numpy as np
import pytest

from sklearn_losses.metrics import center_loss, cosine_embedding_loss, island_loss, triplet_loss

RNG = np.random.default_rng(0)
X = RNG.standard_normal((18, 3))
LABELS = np.array([["ant", "bee", "cat"][i] for i in RNG.integers(0, 3, 18)])


def _cosine(a, b):
    lengths = math.hypot(*a) * math.hypot(*b)
    return sum(p * q for p, q in zip(a, b, strict=True)) / lengths if lengths else 0.0


def _cosine_embedding(X, labels, margin):
    losses = []
    for (a, i), (b, j) in itertools.combinations(zip(X, labels, strict=True), 2):
        cosine = _cosine(a, b)
        losses.append(1 - cosine if i == j else max(0.0, cosine - margin))
    return sum(losses) / len(losses)


def _triplet(X, labels, margin, distance=math.dist):
    losses = []
    for a, p, n in itertools.product(range(len(X)), repeat=3):
        if a != p and labels[a] == labels[p] and labels[a] != labels[n]:
            losses.append(max(0.0, distance(X[a], X[p]) - distance(X[a], X[n]) + margin))
    return sum(losses) / len(losses)


def _means(X, labels):
    centers = {}
    for name in sorted(set(labels)):
        rows = [x for x, label in zip(X, labels, strict=True) if label == name]
        centers[name] = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
    return centers


def _center(X, labels, centers):
    gaps = [math.dist(x, centers[label]) ** 2 for x, label in zip(X, labels, strict=True)]
    return 0.5 * sum(gaps) / len(gaps)


def _island(X, labels, centers, weight):
    pairs = itertools.permutations(centers.values(), 2)
    return _center(X, labels, centers) + weight * sum(_cosine(a, b) + 1 for a, b in pairs)


@pytest.mark.parametrize("margin", [-0.5, 0.0, 0.3])
def test_cosine_embedding_loss(margin):
    expected = _cosine_embedding(X, LABELS, margin)
    assert cosine_embedding_loss(X, LABELS, margin=margin) == pytest.approx(expected, rel=1e-12)


def test_cosine_embedding_of_zero_vectors():
    X = [[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]]
    assert cosine_embedding_loss(X, [0, 0, 1]) == pytest.approx(_cosine_embedding(X, [0, 0, 1], 0.0))


@pytest.mark.parametrize("margin", [0.0, 0.2, 1.0, 10.0])
def test_triplet_loss(margin):
    expected = _triplet(X, LABELS, margin)
    assert triplet_loss(X, LABELS, margin=margin) == pytest.approx(expected, rel=1e-12)


def test_triplet_loss_of_other_distances():
    def city_block(a, b):
        return sum(abs(p - q) for p, q in zip(a, b, strict=True))

    expected = _triplet(X, LABELS, 1.0, city_block)
    assert triplet_loss(X, LABELS, metric="manhattan") == pytest.approx(expected, rel=1e-12)


def test_center_loss():
    assert center_loss(X, LABELS) == pytest.approx(_center(X, LABELS, _means(X, LABELS)), rel=1e-12)
    given = dict(zip(sorted(set(LABELS)), RNG.standard_normal((3, 3)), strict=True))
    result = center_loss(X, LABELS, centers=np.array(list(given.values())))
    assert result == pytest.approx(_center(X, LABELS, given), rel=1e-12)


@pytest.mark.parametrize("weight", [0.0, 1.0, 0.01])
def test_island_loss(weight):
    expected = _island(X, LABELS, _means(X, LABELS), weight)
    assert island_loss(X, LABELS, weight=weight) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("function", [center_loss, cosine_embedding_loss, island_loss, triplet_loss])
def test_order_and_names_of_samples_mean_nothing(function):
    order = RNG.permutation(len(X))
    codes = np.unique(LABELS, return_inverse=True)[1]
    expected = function(X, LABELS)
    assert function(X[order], LABELS[order]) == pytest.approx(expected, rel=1e-12)
    assert function(X, 2 - codes) == pytest.approx(expected, rel=1e-12)
    assert function(X.tolist(), LABELS.tolist()) == expected


def test_what_cannot_be_computed():
    with pytest.raises(ValueError, match="No triplet"):
        triplet_loss([[0.0], [1.0]], ["a", "b"])
    with pytest.raises(ValueError, match="at least 2"):
        triplet_loss([[0.0], [1.0]], ["a", "a"])
    with pytest.raises(ValueError, match="one sample"):
        cosine_embedding_loss([[1.0]], ["a"])
    with pytest.raises(ValueError, match="between -1 and 1"):
        cosine_embedding_loss(X, LABELS, margin=2.0)
    with pytest.raises(ValueError, match="centers"):
        center_loss(X, LABELS, centers=[[0.0, 0.0, 0.0]])
    with pytest.raises(ValueError, match="NaN"):
        island_loss([[np.nan], [1.0]], ["a", "b"])


def test_torch_has_the_same():
    torch = pytest.importorskip("torch")
    pairs = np.array(list(itertools.combinations(range(len(X)), 2)))
    first, second = (torch.tensor(X[side]) for side in pairs.T)
    sign = torch.tensor(np.where(LABELS[pairs[:, 0]] == LABELS[pairs[:, 1]], 1.0, -1.0))
    expected = torch.nn.functional.cosine_embedding_loss(first, second, sign, margin=0.2)
    assert cosine_embedding_loss(X, LABELS, margin=0.2) == pytest.approx(float(expected), rel=1e-10)

    triplets = np.array(
        [
            (a, p, n)
            for a, p, n in itertools.product(range(len(X)), repeat=3)
            if a != p and LABELS[a] == LABELS[p] and LABELS[a] != LABELS[n]
        ]
    )
    anchor, positive, negative = (torch.tensor(X[column]) for column in triplets.T)
    expected = torch.nn.functional.triplet_margin_loss(anchor, positive, negative, margin=0.7, eps=0.0)
    assert triplet_loss(X, LABELS, margin=0.7) == pytest.approx(float(expected), rel=1e-10)
