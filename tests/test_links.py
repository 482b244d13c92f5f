"""Links and intervals."""

import dataclasses
import pickle

import mpmath as mp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_losses.links import (
    IDENTITY,
    LOG,
    LOGIT,
    NON_NEGATIVE,
    POSITIVE,
    REAL,
    SOFTMAX,
    UNIT,
    Interval,
)


@pytest.mark.parametrize(
    ("interval", "inside", "outside", "shown"),
    [
        (REAL, [0, -1e308, 1e308], [np.inf, -np.inf, np.nan], "(-inf, inf)"),
        (NON_NEGATIVE, [0, -0.0, 5e-324, 1e308], [-5e-324, np.inf, np.nan], "[0, inf)"),
        (POSITIVE, [5e-324, 3], [0, -1, np.inf, np.nan], "(0, inf)"),
        (UNIT, [0, 0.5, 1], [-1e-16, 1 + 3e-16, np.nan], "[0, 1]"),
        (Interval(0, 1, includes_high=False), [0, 1 - 1e-16], [1], "[0, 1)"),
        (Interval(-0.5, 2.5, False, True), [2.5], [-0.5, 2.6], "(-0.5, 2.5]"),
    ],
)
def test_intervals(interval, inside, outside, shown):
    assert all(value in interval for value in inside)
    assert not any(value in interval for value in outside)
    assert repr(interval) == shown


@pytest.mark.parametrize(
    ("link", "predictions"),
    [
        (IDENTITY, np.array([-3.0, 0.0, 1e300])),
        (LOG, np.array([1e-300, 1e-5, 1.0, 1e300])),
        (LOGIT, np.array([1e-300, 1e-5, 0.3, 0.5, 0.999])),
        (SOFTMAX, np.array([[0.1, 0.2, 0.7], [1e-300, 0.5, 0.5]])),
    ],
)
def test_inverses_undo_links(link, predictions):
    assert_allclose(link.inverse(link.link(predictions)), predictions, rtol=3e-13)
    assert all(value in link.predictions for value in predictions.ravel())


@pytest.fixture(autouse=True)
def precise():
    """Work in high precision, and leave mpmath's own setting to others as it was."""
    with mp.workdps(40):
        yield


def test_values_of_links():
    for f in (-700.0, -40.0, -1e-10, 0.0, 3.0, 40.0):
        assert LOGIT.inverse(f) == pytest.approx(float(1 / (1 + mp.exp(-f))), rel=2e-16)
        assert LOG.inverse(f) == pytest.approx(float(mp.exp(f)), rel=1e-15)
    assert_allclose(SOFTMAX.inverse(np.array([1000.0, 1000.0, -1000.0])), [0.5, 0.5, 0.0])
    assert IDENTITY.inverse(np.float32(3)).dtype == np.float32


def test_they_are_constants():
    for thing in (UNIT, LOGIT):
        with pytest.raises(dataclasses.FrozenInstanceError):
            thing.name = "other"
    assert pickle.loads(pickle.dumps(LOGIT)) == LOGIT
    assert repr(LOGIT) == "<link logit: predictions in [0, 1]>"
