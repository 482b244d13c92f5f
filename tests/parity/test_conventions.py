"""Every number of ``doc/user_guide/conventions.md``, computed."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
import sklearn.metrics
from sklearn._loss.loss import HalfSquaredError

from sklearn_losses.losses import (
    LOSSES,
    AbsoluteError,
    AbsolutePercentageError,
    CrossEntropy,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    LogLoss,
    Pinball,
    Poisson,
    SquaredError,
    WestonWatkins,
)

PAGE = Path(__file__).parents[2] / "doc" / "user_guide" / "conventions.md"
TEXT = re.sub(r"\s+", " ", PAGE.read_text())
EVEN, SKEWED, UNIFORM = [[0.5, 0.5]], [[0.9, 0.1]], np.full((1, 3), 1 / 3)
ONE_HOT = np.eye(3)[:1]


def _one_class():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sklearn.metrics.hinge_loss([1, 1], [2, 3], labels=[0, 1])


# What the page says, with the numbers left out, and the numbers.
NUMBERS = [
    (
        "costs {:.2f} (float64) or {:.2f} (float32)",
        [LogLoss()([0], np.array([1], dtype)) for dtype in (np.float64, np.float32)],
    ),
    ("epsilon 1e-7, so {:.2f}", [-np.log(1e-7)]),
    ("½ log 2π = {:.4f}", [LOSSES["gaussian_nll"]()([0.0], [[0.0, 1.0]])]),
    (
        "the squared error is {:.1f} here, half of it, {:.2f},",
        [
            SquaredError()([1, 3], [2, 5]),
            HalfSquaredError()(np.array([1.0, 3.0]), np.array([2.0, 5.0])),
        ],
    ),
    (
        "costs {:.0f} as Huber loss, and {:.0f} as smooth L1",
        [Huber(delta=2)([3], [0]), Huber(delta=2)([3], [0]) / 2],
    ),
    (
        "Poisson deviance {:.4f}; the negative log-likelihood that PyTorch and Keras write is {:.4f}",
        [Poisson()([4], [2]), 2 - 4 * np.log(2)],
    ),
    (
        "have the mean {:.1f}; divided by n it would be {:.1f}",
        [AbsoluteError()([0, 0], [0.2, 9], sample_weight=[1, 0]), np.mean(np.array([1, 0]) * [0.2, 9])],
    ),
    (
        "cost {:.0f} by Weston and Watkins, and {:.4f} as PyTorch's",
        [WestonWatkins()([0], np.zeros((1, 3)), labels=range(3)) / divisor for divisor in (1, 3)],
    ),
    (
        "costs log 3 = {:.4f}; this gives {:.4f}",
        [CrossEntropy()([0], UNIFORM, labels=range(3)), -np.mean(ONE_HOT * np.log(UNIFORM))],
    ),
    (
        "KL of (0.5, 0.5) from (0.9, 0.1) is {:.4f}, in the other order {:.4f}",
        [KLDivergence()(EVEN, SKEWED), KLDivergence()(SKEWED, EVEN)],
    ),
    (
        "y = 10, ŷ = 8 is {:.1f}; in the other order {:.1f}",
        [Pinball(quantile=0.9)([10], [8]), Pinball(quantile=0.9)([8], [10])],
    ),
    (
        "it gives {:.4f}, not {:.0f}",
        [
            np.mean((np.arange(1, 4) - np.arange(1, 4)[:, None]) ** 2),
            SquaredError()([1, 2, 3], [[1], [2], [3]]),
        ],
    ),
    (
        "for the distributions above {:.4f} in place of {:.4f}",
        [KLDivergence()(EVEN, SKEWED) / 2, KLDivergence()(EVEN, SKEWED)],
    ),
    ("is {:.1f} (its issue 17630)", [_one_class()]),
    ("all margins exceed 1, so it is {:.0f}", [Hinge()([1, 1], [2, 3], labels=[0, 1])]),
    ("the loss of r = 1000 is {:.4f}", [LogCosh()([1000], [0])]),
    ("y = 4, ŷ = 5 is {:.2f} here", [AbsolutePercentageError()([4], [5])]),
]


@pytest.mark.parametrize(("sentence", "numbers"), NUMBERS, ids=[row[0][:30] for row in NUMBERS])
def test_number(sentence, numbers):
    assert sentence.format(*numbers) in TEXT


def test_torch_numbers():
    torch = pytest.importorskip("torch")
    F = torch.nn.functional
    assert float(F.binary_cross_entropy(torch.tensor([1.0]), torch.tensor([0.0]))) == 100
    assert "`binary_cross_entropy`: 100" in TEXT
    assert float(F.poisson_nll_loss(torch.tensor(2.0), torch.tensor(4.0), log_input=False, eps=0.0)) == (
        pytest.approx(-0.7726, abs=1e-4)
    )
    assert float(F.multi_margin_loss(torch.zeros(1, 3), torch.tensor([0]))) == pytest.approx(0.6667, abs=1e-4)
    assert float(F.smooth_l1_loss(torch.tensor(3.0), torch.tensor(0.0), beta=2.0)) == 2
    mean = F.kl_div(torch.tensor(SKEWED).log(), torch.tensor(EVEN), reduction="none").mean()
    assert float(mean) == pytest.approx(0.2554, abs=1e-4)


def test_log_cosh_of_large_residuals():
    """cosh overflows where the page says, and ours does not."""
    with np.errstate(over="ignore"):
        assert np.isfinite(np.cosh(710.0))
        assert np.isinf(np.cosh(711.0))


def test_every_loss_has_its_row():
    rows = re.findall(r"^\| `(\w+)` \|", PAGE.read_text(), flags=re.MULTILINE)
    assert sorted(rows) == sorted(LOSSES)
