"""Every loss, its gradient and its Hessian's diagonal, against values in high precision.

``tests/references/generate.py`` writes those, and imports nothing of the package.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from sklearn_losses.losses import LOSSES

REFERENCES = json.loads((Path(__file__).parents[1] / "references" / "references.json").read_text())
TOLERANCE = 1e-13
UNDERFLOW = 1e-300  # below, digits are lost to the range of float64


def _of_target(y, f, expected):
    return 3e-14 * np.abs(y)


def _of_logits(y, f, expected):
    largest = np.maximum(1.0, np.max(np.abs(f), axis=-1))
    return 1e-15 * (largest if expected.ndim == 1 else largest[:, None])


_AT_MINIMUM = "terms of the size of y cancel where μ is within a billionth of y: y and log μ leave no more"
_CERTAIN = (
    "1 - p of a nearly certain class, and logsumexp(f) - f_y, are differences of numbers near 1 and |f|"
)
# What is allowed beside TOLERANCE, as a function of y, of the prediction and of the reference, and why.
EXCEPTIONS = {
    ("cauchy", "hessian"): (lambda y, f, expected: 1e-15, "it changes its sign at |r| = c"),
    ("poisson", "value"): (_of_target, _AT_MINIMUM),
    ("poisson", "gradient"): (_of_target, _AT_MINIMUM),
    ("gamma", "value"): (_of_target, _AT_MINIMUM),
    ("gamma", "gradient"): (_of_target, _AT_MINIMUM),
    ("negative_binomial", "value"): (_of_target, _AT_MINIMUM),
    ("negative_binomial", "gradient"): (_of_target, _AT_MINIMUM),
    ("tweedie", "value"): (
        lambda y, f, expected: (
            _of_target(y, f, expected) + np.where(f == 1e-300, 4e-13 * np.abs(expected), 0.0)
        ),
        f"{_AT_MINIMUM}; and exp of 690 multiplies relative errors by as much",
    ),
    ("tweedie", "gradient"): (_of_target, _AT_MINIMUM),
    **{
        ("brier", quantity): (
            lambda y, f, expected: np.where(y == 1.0, 1e-15, 0.0),
            "y - p of a nearly certain prediction; taking 1 - p from expit(-f) doubles the metric's time",
        )
        for quantity in ("value", "gradient", "hessian")
    },
    ("cosine_distance", "gradient"): (
        lambda y, f, expected: 1e-15 / np.linalg.norm(f, axis=-1, keepdims=True),
        "it is zero where y and f have one direction, or opposite ones",
    ),
    **{
        (alias, quantity): (_of_logits, _CERTAIN)
        for alias in ("cross_entropy", "kl_divergence", "multiclass_brier")
        for quantity in ("value", "gradient", "hessian")
    },
}


def _cases():
    for alias in LOSSES:
        for number, row in enumerate(REFERENCES.get(alias, [])):
            for quantity in ("value", "gradient", "hessian"):
                if quantity in row:
                    scale = "raw" if "raw_prediction" in row else "seen"
                    yield pytest.param(alias, row, quantity, id=f"{alias}-{number}-{scale}-{quantity}")


def _compute(loss, row, quantity):
    y = np.array(row["y"])
    if "prediction" in row:
        return loss.pointwise(y, np.array(row["prediction"]), **_labels(loss, y, row["prediction"]))
    f = np.array(row["raw_prediction"])
    if quantity != "value":
        return getattr(loss, quantity)(y, f, **_labels(loss, y, f))
    if y.dtype.kind == "i":
        y = np.eye(f.shape[1])[y]
    with np.errstate(all="ignore"):  # branches not taken may overflow
        return loss.formula(y, f)


def _labels(loss, y, f):
    return {"labels": list(range(np.shape(f)[1]))} if y.dtype.kind == "i" else {}


def test_every_loss_has_references():
    assert set(REFERENCES) == set(LOSSES)


@pytest.mark.parametrize(("alias", "row", "quantity"), list(_cases()))
def test_reference(alias, row, quantity):
    loss = LOSSES[alias](**row["parameters"])
    expected = np.array(row[quantity])
    result = _compute(loss, row, quantity)
    assert result.shape == expected.shape
    with np.errstate(invalid="ignore"):
        error = np.where(result == expected, 0.0, np.abs(result - expected))
    allowance, _ = EXCEPTIONS.get((alias, quantity), (lambda y, f, expected: 0.0, ""))
    y, f = np.array(row["y"]), np.array(row.get("prediction", row.get("raw_prediction")))
    with np.errstate(invalid="ignore"):
        bound = TOLERANCE * np.abs(expected) + UNDERFLOW + allowance(y, f, expected)
    wrong = np.argwhere(~(error <= bound))
    lines = []
    for where in map(tuple, wrong[:12]):
        i = where[0]
        lines.append(f"y={y[i]} f={f[i]} {where}: {result[where]}, expected {expected[where]}")
    assert not lines, f"{loss!r}, {len(wrong)} of {expected.size}:\n" + "\n".join(lines)


def test_exceptions_are_needed():
    """An exception that no reference calls for is removed."""
    needed = set()
    for case in _cases():
        alias, row, quantity = case.values
        expected = np.array(row[quantity])
        with np.errstate(invalid="ignore"):
            result = _compute(LOSSES[alias](**row["parameters"]), row, quantity)
            near = np.abs(result - expected) <= TOLERANCE * np.abs(expected) + UNDERFLOW
        if not np.all(near | (result == expected)):
            needed.add((alias, quantity))
    assert needed == set(EXCEPTIONS)


KINKS = [
    ("absolute_error", 1.0, 1.0, 0.0),
    ("pinball", 1.0, 1.0, -0.5),
    ("epsilon_insensitive", 0.0, 0.1, 0.0),
    ("minkowski", 1.0, 1.0, 0.0),
    ("absolute_percentage_error", 1.0, 1.0, 0.0),
    ("hinge", 1, 1.0, -1.0),
    ("hinge", -1, -1.0, 1.0),
    ("perceptron", 1, 0.0, -1.0),
    ("perceptron", -1, 0.0, 1.0),
    ("multiclass_hinge", [0], [[1.0, 0.0]], [[-0.5, 0.5]]),
    ("weston_watkins", [0], [[1.0, 0.0]], [[-1.0, 1.0]]),
    ("multilabel_hinge", [[1, 0]], [[1.0, -1.0]], [[-0.5, 0.5]]),
    ("cosine_distance", [[1.0, 2.0]], [[0.0, 0.0]], [[0.0, 0.0]]),
    ("cosine_distance", [[0.0, 0.0]], [[1.0, 2.0]], [[0.0, 0.0]]),
]


@pytest.mark.parametrize(("alias", "y", "f", "expected"), KINKS)
def test_derivative_at_kinks(alias, y, f, expected):
    """The side that each loss documents."""
    labels = {"labels": [0, 1]} if alias in ("multiclass_hinge", "weston_watkins") else {}
    gradient = LOSSES[alias]().gradient(np.atleast_1d(y), np.atleast_1d(f), **labels)
    np.testing.assert_array_equal(gradient, np.atleast_1d(expected))
