"""What is wrong is refused, and the message names the parameter, the value and where it stands."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import sklearn_losses
from sklearn_losses import (
    CrossEntropy,
    FunctionLoss,
    Hinge,
    Huber,
    KLDivergence,
    LogLoss,
    Loss,
    RegressionLoss,
    SquaredError,
    SquaredHinge,
    get_loss,
)

nan, inf = np.nan, np.inf
TWO = [[0.5, 0.5], [0.1, 0.9]]
THREE = [[0.2, 0.7, 0.1], [0.3, 0.6, 0.1]]

CASES = [
    # numbers
    (SquaredError(), [1, nan], [1, 2], "y_true contains NaN at position 1"),
    (SquaredError(), [1, 2], [-inf, 2], "y_pred contains infinity at position 0"),
    (SquaredError(), [[1, 2], [2, nan]], [[1, 2], [2, 3]], "y_true contains NaN at position (1, 1)"),
    (SquaredError(), [], [], "y_true is empty"),
    (SquaredError(), np.ones((2, 0)), np.ones((2, 0)), "y_true is empty, of shape (2, 0)"),
    (SquaredError(), [1, 2], [1, 2, 3], "same number of samples: y_true has 2, y_pred has 3"),
    (SquaredError(), 1.0, 2.0, "y_true must have shape (n_samples,) or (n_samples, n_outputs), got ()"),
    (SquaredError(), np.ones((2, 2, 2)), [1, 2], "got (2, 2, 2)"),
    (SquaredError(), [1, 2], TWO, "y_true of shape (2,) and a prediction of shape (2, 2) do not match"),
    (SquaredError(), [1, 2], [[1, 2]], "y_true of shape (2,) and a prediction of shape (1, 2)"),
    (SquaredError(), ["a", "b"], [1, 2], "y_true must hold real numbers, got ['a', 'b']"),
    (SquaredError(), [1, None], [1, 2], "y_true must hold real numbers, got [1, None]"),
    (SquaredError(), [1j, 2], [1, 2], "y_true must hold real numbers"),
    (SquaredError(), None, [1, 2], "y_true must hold real numbers, got None"),
    (SquaredError(), [1, 2], {1: 2}, "y_pred must hold real numbers"),
    (SquaredError(), np.array(["2020-01-01"], "M8[D]"), [1.0], "y_true must hold real numbers"),
    (SquaredError(), pd.Series([1, None], dtype="Int64"), [1, 2], "y_true contains NaN at position 1"),
    (SquaredError(), np.ma.array([1.0, 2.0], mask=[0, 1]), [1, 2], "y_true has masked values"),
    (SquaredError(), [[1, 2], [3]], [1, 2], "y_true must hold real numbers"),
    # probabilities
    (
        LogLoss(),
        [0, 1],
        [0.5, 1.3],
        "y_pred contains 1.3 at position 1, but this loss needs values in [0, 1]",
    ),
    (LogLoss(), [0, 1], [-2.0, 0.3], "y_pred contains -2.0 at position 0"),
    (LogLoss(), [0, 1], [0.5, nan], "y_pred contains NaN at position 1"),
    (LogLoss(), [0, 1], [[0.5, 0.5], [nan, 0.3]], "y_pred contains NaN at position (1, 0)"),
    (LogLoss(), [0, 1], [[0.5, 0.5], [0.9, 0.3]], "Row 1 of y_pred sums to 1.2"),
    (LogLoss(), [0, 1], [[0.5, 0.5], [1.5, -0.5]], "y_pred contains -0.5 at position 1"),
    (
        LogLoss(),
        [0.2, 1.3],
        [0.5, 0.5],
        "y_true contains 1.3 at position 1, but this loss needs values in [0, 1]",
    ),
    (LogLoss(), [0.2, nan], [0.5, 0.5], "y_true contains NaN at position 1"),
    (LogLoss(), [0, 1 + 1e-12], [0.5, 0.5], "y_true contains 1.000000000001 at position 1"),
    (LogLoss(), [0, inf], [0.5, 0.5], "y_true contains infinity at position 1"),
    (LogLoss(), [-1, 0.2, 1], [0.5, 0.5, 0.5], "y_true contains 0.2 at position 1, which is no label"),
    (
        LogLoss(),
        [0, 1, 2],
        [0.1, 0.2, 0.3],
        "y_true holds 3 labels (0, 1, 2), but this loss is for two classes",
    ),
    (LogLoss(), range(9), np.full(9, 0.5), "y_true holds 9 labels (0, 1, 2, 3, 4, …)"),
    (LogLoss(), [0, 1, 2], [[0.5, 0.5]] * 3, "y_true holds 3 labels"),
    (LogLoss(), ["a", 1, None], [0.1, 0.2, 0.3], "y_true mixes labels of several types: NoneType, int, str"),
    (LogLoss(), [["a", "b"]], [0.1], "y_true must hold one label for each sample, got shape (1, 2)"),
    (LogLoss(), [0, 1], THREE, "y_true holds 2 labels and the prediction has 3 columns"),
    (LogLoss(), [], [], "y_true is empty"),
    (LogLoss(), np.array([], str), [], "y_true is empty"),
    (LogLoss(), [0, 1], [0.5], "same number of samples: y_true has 2, y_pred has 1"),
    (LogLoss(), ["a", "b"], ["a", "b"], "y_pred must hold real numbers"),
    # margins
    (Hinge(), [0.3, 0.9], [1, 2], "y_true contains 0.3 at position 0, which is no label"),
    (Hinge(), [0, 0.5, 1], [1, 2, 3], "y_true contains 0.5 at position 1, which is no label"),
    (Hinge(), [-1, -0.5, 1], [1, 2, 3], "y_true contains -0.5 at position 1, which is no label"),
    (Hinge(), [-1, 0, 1], [1, 2, 3], "y_true holds 3 labels (-1, 0, 1)"),
    (Hinge(), [0, nan], [1, 2], "y_true contains NaN at position 1"),
    (Hinge(), [0, 1], [1, inf], "y_pred contains infinity at position 1"),
    (Hinge(), [0, 1], np.ones((2, 2)), "y_pred has shape (2, 2), but Hinge is for two classes"),
    (
        SquaredHinge(),
        [0, 1, 2],
        np.ones((3, 3)),
        "y_pred has shape (3, 3), but SquaredHinge is for two classes",
    ),
    (SquaredHinge(), np.eye(2), [1, 2], "y_true must hold one label for each sample, got shape (2, 2)"),
    # several classes
    (CrossEntropy(), [0.2, 0.7], TWO, "Pass distributions as rows"),
    (KLDivergence(), [0.5, 0.5], [0.4, 0.6], "Pass distributions as rows"),
    (CrossEntropy(), [0, 1], THREE, "it is unknown which class each column is. Pass labels="),
    (CrossEntropy(), [[0.2, 0.9]], [[0.5, 0.5]], "Row 0 of y_true sums to 1.1"),
    (CrossEntropy(), [[0.2, 0.8]], [[0.5, 0.6]], "Row 0 of y_pred sums to 1.1"),
    (CrossEntropy(), [[1.2, -0.2]], [[0.5, 0.5]], "y_true contains -0.2 at position (0, 1)"),
    (CrossEntropy(), [[0.2, nan]], [[0.5, 0.5]], "y_true contains NaN at position (0, 1)"),
    (CrossEntropy(), [[0.2, 0.8]], [[nan, 0.5]], "y_pred contains NaN at position (0, 0)"),
    (CrossEntropy(), [[0.2, 0.8, 0]], [[0.5, 0.5]], "y_true has 3 columns and the prediction 2"),
    (CrossEntropy(), [0, 1], [0.2, 1.7], "y_pred contains 1.7 at position 1"),
    (CrossEntropy(), [0, nan], TWO, "y_true contains NaN at position 1"),
    (CrossEntropy(), [0, 1, 1], TWO, "same number of samples: y_true has 3, y_pred has 2"),
]


@pytest.mark.parametrize(("loss", "y_true", "y_pred", "message"), CASES)
def test_wrong_data(loss, y_true, y_pred, message):
    for score in (loss, loss.pointwise):
        with pytest.raises(ValueError, match=re.escape(message)):
            score(y_true, y_pred)


WITH_LABELS = [
    (LogLoss(), ["a", "c"], [0.2, 0.3], {"labels": ["a", "b"]}, "the label 'c', which is not among"),
    (LogLoss(), np.array(["a", "c"], object), [0.2, 0.3], {"labels": ["a", "b"]}, "the label 'c'"),
    (LogLoss(), [0, 1], [0.2, 0.3], {"labels": ["0", "1"]}, "label"),
    (LogLoss(), ["0", "1"], [0.2, 0.3], {"labels": [0, 1]}, "label"),
    (LogLoss(), ["a", "b"], [0.2, 0.3], {"labels": ["a", "a"]}, "distinct labels, got ['a', 'a']"),
    (LogLoss(), ["a", "b"], [0.2, 0.3], {"labels": ["a", "b", "c"]}, "labels names 3 classes"),
    (LogLoss(), ["a", "b"], [0.2, 0.3], {"labels": "ab"}, "labels must name two classes"),
    (
        LogLoss(),
        ["a", "b"],
        [0.2, 0.3],
        {"pos_label": "c"},
        "pos_label='c' is not among the labels ['a', 'b']",
    ),
    (LogLoss(), [0.2, 0.8], [0.2, 0.3], {"labels": [0, 1]}, "the label 0.2, which is not among"),
    (SquaredHinge(), [0, 1], [0.2, 0.3], {"labels": [0, 1, 2]}, "labels must name two classes"),
    (
        CrossEntropy(),
        [0, 3],
        THREE,
        {"labels": [0, 1, 2]},
        "the label 3, which is not among labels=[0, 1, 2]",
    ),
    (CrossEntropy(), [0, 1], THREE, {"labels": [0, 1]}, "labels names 2 classes, but the prediction has 3"),
    (CrossEntropy(), [[0.2, 0.8]], [[0.5, 0.5]], {"labels": ["a"]}, "labels names 1 classes"),
    (CrossEntropy(), [0, 1], TWO, {"pos_label": 1}, "pos_label is for losses of two classes"),
    (CrossEntropy(), ["a", 1], TWO, {"labels": [0, 1]}, "label"),
    (SquaredError(), [0, 1], [0, 1], {"labels": [0, 1]}, "SquaredError compares numbers"),
    (SquaredError(), [0, 1], [0, 1], {"pos_label": 1}, "SquaredError compares numbers"),
]


@pytest.mark.parametrize(("loss", "y_true", "y_pred", "named", "message"), WITH_LABELS)
def test_wrong_labels(loss, y_true, y_pred, named, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        loss(y_true, y_pred, **named)


RAW = [
    (SquaredError(), [1, 2], [1, nan], "raw_prediction contains NaN at position 1"),
    (SquaredError(), [1, 2], [1], "y_true has 2, raw_prediction has 1"),
    (LogLoss(), [0, 1], TWO, "raw_prediction has shape (2, 2), but LogLoss is for two classes"),
    (LogLoss(), [0, 1], [inf, 0], "raw_prediction contains infinity at position 0"),
    (CrossEntropy(), [0, 1], [1, 2], "y_true holds 2 labels and the prediction has 1 columns"),
]


@pytest.mark.parametrize(("loss", "y_true", "raw", "message"), RAW)
def test_wrong_raw_predictions(loss, y_true, raw, message):
    for compute in (loss.gradient, loss.hessian, loss.objective):
        with pytest.raises(ValueError, match=re.escape(message)):
            compute(y_true, raw)


TARGETS = [
    (SquaredError(), [1, nan], "y_true contains NaN"),
    (Huber(), [], "y_true is empty"),
    (LogLoss(), [0.5, 1.5], "y_true contains 1.5"),
    (Hinge(), [0, 0.5, 1], "y_true contains 0.5 at position 1, which is no label"),
    (SquaredHinge(), [0, 1, 2], "holds 3 labels"),
    (CrossEntropy(), [[0.5, 0.6]], "Row 0 of y_true sums to 1.1"),
    (CrossEntropy(), [0.5, 0.6], "Pass distributions as rows"),
]


@pytest.mark.parametrize(("loss", "y", "message"), TARGETS)
def test_wrong_targets_of_a_constant(loss, y, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        loss.constant_minimizer(y)


OF_TRAINING = [
    (SquaredError(), [1, nan], "y contains NaN at position 1"),
    (LogLoss(), [0.5, 1.5], "y contains 1.5 at position 1, but this loss needs values in [0, 1]"),
    (LogLoss(), [0, 1, 2], "y contains 2 at position 2"),  # no three classes for a regressor
    (LogLoss(), [1, 2], "y contains 2 at position 1"),
    (LogLoss(), [nan, 1], "y contains NaN at position 0"),
    (LogLoss(), [-1, 0.5, 1], "contains 0.5 at position 1, which is no label"),
    (Hinge(), [0, 0.5, 1], "contains 0.5 at position 1, which is no label"),
    (Hinge(), [-1, 0, 1], "holds 3 labels (-1, 0, 1)"),
    (
        Hinge(),
        [1, 2],
        "y contains 2 at position 1, but this loss needs values in [0, 1]. Encode two classes",
    ),
    (Hinge(), ["a", "b"], "y must hold real numbers, got ['a', 'b']"),
    (Hinge(), np.eye(2), "y must hold one number for each sample, got shape (2, 2)"),
]


@pytest.mark.parametrize(("loss", "y", "message"), OF_TRAINING)
def test_wrong_targets_of_training(loss, y, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        loss.check_target(y)


SOUND = [
    (SquaredError(), np.array([1, 2], np.int8), [1.0, 2.0]),
    (LogLoss(), [0, 1], [0.0, 1.0]),
    (LogLoss(), [-1, 1], [0.0, 1.0]),
    (LogLoss(), [0.25, 0.5], [0.25, 0.5]),
    (Hinge(), [0, 1], [-1.0, 1.0]),
    (Hinge(), [-1, 1], [-1.0, 1.0]),
    (Hinge(), [True, False], [1.0, -1.0]),
]


@pytest.mark.parametrize(("loss", "y", "expected"), SOUND)
def test_targets_of_training(loss, y, expected):
    found = loss.check_target(y)
    assert found.dtype == np.float64
    assert found.tolist() == expected


def test_sparse_targets_are_refused():
    with pytest.raises(TypeError, match="Sparse data was passed for y_true"):
        SquaredError()(sp.csr_array([[1.0, 2.0]]), [1.0, 2.0])


def test_rounding_is_no_mistake():
    assert LogLoss()([1, 0], [1.0 + 2e-16, -1e-17]) < 1e-15
    single = np.random.default_rng(0).dirichlet(np.ones(5), 100).astype(np.float32)
    for widened in (single.astype(np.float64), single):
        assert CrossEntropy()(np.arange(100) % 5, widened) > 0
    with pytest.raises(ValueError, match=r"sums to 1\.00001"):
        CrossEntropy()([0, 1], [[0.5, 0.5], [0.5, 0.50001]])


# ---- losses that are wrong -----------------------------------------------------------------------


@pytest.mark.parametrize("delta", [-1, 0, nan, inf, "a", None, [1, 2]])
def test_parameters_outside_their_domain(delta):
    loss = Huber(delta=delta)  # as scikit-learn's estimators: checked when used
    for use in (loss, loss.gradient):
        with pytest.raises(
            ValueError, match=re.escape("parameter delta of Huber must be a number in (0, inf), got")
        ):
            use([1, 2], [1, 5])
    with pytest.raises(ValueError, match="delta of Huber"):
        loss.training_program()


class Broken(RegressionLoss):
    def __init__(self, how):
        self.how = how

    def formula(self, y, f):
        if self.how == "if":
            return y - f if y > f else f - y
        if self.how == "nothing":
            return None
        if self.how == "list":
            return (y - f) * [1, 2]
        if self.how == "unknown":
            return np.floor(y - f)
        if self.how == "zero":
            return (y - f) / (1 / 0)
        return self.missing * f


def silent(y, f):
    y - f


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ("if", TypeError, "Broken.formula: .*Use np.where"),
        ("nothing", TypeError, "Broken.formula: The formula returned None"),
        ("list", TypeError, "Broken.formula: An array of shape"),
        ("unknown", TypeError, "Broken.formula: A formula cannot use floor"),
        ("zero", ZeroDivisionError, "division by zero"),
        ("attribute", AttributeError, "missing"),
    ],
)
def test_a_formula_with_an_error_is_named(how, error, message):
    with pytest.raises(error, match=message) as caught:
        Broken(how)([1.0], [2.0])
    if error is not TypeError:
        assert caught.value.__notes__ == ["This happened while Broken.formula was traced."]
    if how != "nothing":  # the traceback leads to the user's line
        assert any(
            entry.name == "formula" and entry.path.name == "test_wrong_input.py" for entry in caught.traceback
        )


def test_a_function_with_an_error_is_named():
    with pytest.raises(TypeError, match=r"^silent: The formula returned None"):
        FunctionLoss(silent)([1.0], [2.0])


@pytest.mark.parametrize(
    ("kind", "shown"),
    [("MarginLoss", r"true"), ("ProbabilityLoss", "true"), ("MulticlassLoss", "one value")],
)
def test_errors_show_the_formula_as_written(kind, shown):
    """Not the recoded label, the clipped probability or its link, which come in the place of y and f."""

    class Broken(getattr(sklearn_losses, kind)):
        def formula(self, y, f):
            return y * f if kind == "MulticlassLoss" else 1 if y * f else 0

    prediction = np.array([[0.5, 0.5], [0.25, 0.75]]) if kind == "MulticlassLoss" else [0.5, 0.25]
    with pytest.raises(TypeError, match=rf"{shown}.*(y \* f|f \* y)|Whether (y \* f|f \* y) is {shown}"):
        Broken()([0, 1], prediction)


def test_a_loss_without_formula_says_so():
    class Empty(RegressionLoss):
        pass

    with pytest.raises(NotImplementedError, match="Empty defines no method formula"):
        Empty()([1.0], [2.0])

    class Kindless(Loss):
        def formula(self, y, f):
            return y - f

    with pytest.raises(NotImplementedError, match="extend RegressionLoss, MarginLoss"):
        Kindless()([1.0], [2.0])


def test_a_loss_of_two_classes_of_the_users_own_refuses_three():
    from sklearn_losses import ProbabilityLoss

    class Brier(ProbabilityLoss):
        def formula(self, y, f):
            return (y - 1 / (1 + np.exp(-f))) ** 2

    with pytest.raises(ValueError, match=r"y_pred has shape \(3, 3\), but Brier is for two classes"):
        Brier()([0, 1, 2], np.full((3, 3), 1 / 3))


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        ("hubert", "loss='hubert' is not known. Known names are"),
        (Huber, r"loss=Huber is a class; pass an object of it: Huber\(\)"),
        (3, "loss=3 is no loss"),
        (None, "loss=None is no loss"),
    ],
)
def test_what_is_no_loss(loss, message):
    with pytest.raises(ValueError, match=message):
        get_loss(loss)


def test_nothing_warns_on_the_way():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LogLoss()([0, 1], [0.0, 1.0])
        SquaredError()([1e200], [-1e200])
        KLDivergence()([[0.0, 1.0]], [[0.0, 1.0]])
