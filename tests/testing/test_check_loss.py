"""Every check can fail: each meets a loss that is broken in just the way it looks for."""

import numpy as np
import pytest
from scipy.special import expit, xlogy

from sklearn_losses import (
    Cauchy,
    CrossEntropy,
    Huber,
    KLDivergence,
    LogLoss,
    MulticlassLoss,
    Pinball,
    ProbabilityLoss,
    RegressionLoss,
    SquaredError,
)
from sklearn_losses.formula import softmax
from sklearn_losses.links import Interval
from sklearn_losses.testing import check_loss, loss_checks, parametrize_with_loss_checks


class NotZero(RegressionLoss):
    def formula(self, y, f):
        return (y - f) ** 2 + 0.5


class Negative(RegressionLoss):
    def formula(self, y, f):
        return (y - f) ** 2 - 3 * np.abs(y - f)


class WrongSignOfGradient(Pinball):
    """As in river, and in scikit-learn#6076."""

    def gradient(self, y_true, raw_prediction, **labels):
        return -super().gradient(y_true, raw_prediction, **labels)


class RiversCauchy(Cauchy):
    """Its value lacks the factor that its gradient has."""

    def gradient(self, y_true, raw_prediction, **labels):
        return 2 * super().gradient(y_true, raw_prediction, **labels)


class WrongHessian(SquaredError):
    def hessian(self, y_true, raw_prediction, **labels):
        return 0.5 * super().hessian(y_true, raw_prediction, **labels)


class Impure(RegressionLoss):
    """Gives another formula whenever it is asked: what is compiled is not what is evaluated."""

    def formula(self, y, f):
        return np.random.default_rng().uniform(1.0, 2.0) * (y - f) ** 2


class NotConvex(RegressionLoss):
    convex = True

    def formula(self, y, f):
        return np.sqrt(np.abs(y - f))


class NotNotConvex(RegressionLoss):
    convex = False

    def formula(self, y, f):
        return np.abs(y - f) ** 1.5


class Overflows(RegressionLoss):
    def formula(self, y, f):
        return np.exp(np.abs(y - f)) - 1


class SymmetricPercentage(RegressionLoss):
    """0/0 where both are zero."""

    def formula(self, y, f):
        return 2 * np.abs(y - f) / (np.abs(y) + np.abs(f))


class SquaredPercentage(RegressionLoss):
    """Infinite where y is zero, and it does not say that y must not be."""

    def formula(self, y, f):
        return ((y - f) / y) ** 2


class Barron(RegressionLoss):
    """The general robust loss, whose formula is 0/0 · ∞ at its limit, shape 2."""

    def __init__(self, shape=2.0):
        self.shape = shape

    def formula(self, y, f):
        a = np.float64(self.shape)
        with np.errstate(all="ignore"):
            return np.abs(a - 2) / a * (((y - f) ** 2 / np.abs(a - 2) + 1) ** (a / 2) - 1)


class SlopeIsNaN(RegressionLoss):
    """Its value at y = f is 0, by way of -∞."""

    def formula(self, y, f):
        return expit(np.log(np.abs(y - f)))


class AnotherInNumpy(RegressionLoss):
    """Looks at the type of what it is called with."""

    def formula(self, y, f):
        return (y - f) ** 2 if isinstance(f, float) else np.abs(y - f)


class CostlyMiss(ProbabilityLoss):
    """Does not say that its classes do not count alike."""

    def formula(self, y, f):
        return 5 * y * np.logaddexp(0, -f) + (1 - y) * np.logaddexp(0, f)


class NotTheMedian(RegressionLoss):
    elicits = "median"

    def formula(self, y, f):
        return (y - f) ** 2


class SwappedKL(MulticlassLoss):
    """KL(p ‖ y) in place of KL(y ‖ p)."""

    strictly_proper = True
    complete = False

    def formula(self, y, f):
        p = softmax(f)
        return np.sum(xlogy(p, p) - xlogy(p, np.maximum(y, 1e-3)), axis=-1)


class AbsoluteProbability(ProbabilityLoss):
    strictly_proper = True

    def formula(self, y, f):
        return np.abs(y - expit(f))


class DividesByN(SquaredError):
    """The "weighted mean" of keras#19740."""

    def __call__(self, y_true, y_pred, *, sample_weight=None, labels=None, pos_label=None):
        if sample_weight is None:
            return super().__call__(y_true, y_pred)
        return float(np.mean(np.asarray(sample_weight) * self.pointwise(y_true, y_pred)))


class ForgetsWeights(SquaredError):
    def __call__(self, y_true, y_pred, *, sample_weight=None, labels=None, pos_label=None):
        return super().__call__(y_true, y_pred)


class Broadcasts(SquaredError):
    """(n,) against (n, 1) gives n × n, as in pytorch#16045."""

    def __call__(self, y_true, y_pred, *, sample_weight=None, labels=None, pos_label=None):
        return float(np.average((np.asarray(y_true) - np.asarray(y_pred)) ** 2))


class LooksAtOrder(SquaredError):
    def __call__(self, y_true, y_pred, *, sample_weight=None, labels=None, pos_label=None):
        value = super().__call__(y_true, y_pred, sample_weight=sample_weight)
        return value + float(np.asarray(y_pred).ravel()[0]) ** 2


class IgnoresLabels(LogLoss):
    """The order of labels means nothing to it, as in scikit-learn#30910."""

    def __call__(self, y_true, y_pred, *, sample_weight=None, labels=None, pos_label=None):
        labels = None if labels is None else sorted(labels)
        return super().__call__(y_true, y_pred, sample_weight=sample_weight, labels=labels)


class NeedsTwoSamples(SquaredError):
    def __call__(self, y_true, y_pred, *, sample_weight=None, labels=None, pos_label=None):
        value = super().__call__(y_true, y_pred, sample_weight=sample_weight)
        n = len(y_pred)
        return value * n / max(n - 1, 0.5)


class NeedsSpread(SquaredError):
    """Divides by the spread of y."""

    def __call__(self, y_true, y_pred, *, sample_weight=None, labels=None, pos_label=None):
        value = super().__call__(y_true, y_pred, sample_weight=sample_weight)
        return value / (1.0 if len(y_pred) == 1 else np.ptp(y_true) + 0.5)


class ForgetsFloat32(Huber):
    def pointwise(self, y_true, y_pred, **labels):
        return super().pointwise(y_true, y_pred, **labels).astype(np.float64)


class ChangesInput(SquaredError):
    def __call__(self, y_true, y_pred, *, sample_weight=None, labels=None, pos_label=None):
        value = super().__call__(y_true, y_pred, sample_weight=sample_weight)
        if isinstance(y_pred, np.ndarray) and y_pred.flags.writeable:
            y_pred *= 1.0 + 1e-14
        return value


class NeedsWriteable(SquaredError):
    def gradient(self, y_true, raw_prediction, **labels):
        raw_prediction = np.asarray(raw_prediction)
        if not raw_prediction.flags.c_contiguous or not raw_prediction.flags.writeable:
            raw_prediction = np.zeros_like(raw_prediction)
        return super().gradient(y_true, raw_prediction, **labels)


class StaleParameter(Huber):
    """Computes with the delta that it was made with."""

    def __init__(self, delta=1.0):
        self.delta = delta
        self.first = delta

    def formula(self, y, f):
        return Huber(self.first).formula(y, f)


class LyingRepr(Huber):
    def __repr__(self):
        return "Huber(delta=17.0)"


class AcceptsNaN(SquaredError):
    def __call__(self, y_true, y_pred, *, sample_weight=None, labels=None, pos_label=None):
        return super().__call__(y_true, np.nan_to_num(np.asarray(y_pred)), sample_weight=sample_weight)


def _unpicklable():
    class Local(Huber):
        pass

    return Local()


BROKEN = [
    ("check_zero_at_best_prediction", NotZero()),
    ("check_never_negative", Negative()),
    ("check_gradient", WrongSignOfGradient(quantile=0.9)),
    ("check_gradient", RiversCauchy()),
    ("check_hessian", WrongHessian()),
    ("check_program_agrees_with_arrays", Impure()),
    ("check_convexity", NotConvex()),
    ("check_convexity", NotNotConvex()),
    ("check_large_raw_predictions", Overflows()),
    ("check_edges", SymmetricPercentage()),
    ("check_edges", SquaredPercentage()),
    ("check_edges", Barron()),
    ("check_edges", SlopeIsNaN()),
    ("check_formula_in_numpy", AnotherInNumpy()),
    ("check_functional", NotTheMedian()),
    ("check_strictly_proper", SwappedKL()),
    ("check_strictly_proper", AbsoluteProbability()),
    ("check_weights_equal_repetition", DividesByN()),
    ("check_scale_of_weights", DividesByN()),
    ("check_mean_of_pointwise", ForgetsWeights()),
    ("check_column_equals_flat", Broadcasts()),
    ("check_order_of_samples", LooksAtOrder()),
    ("check_order_of_labels", IgnoresLabels()),
    ("check_order_of_labels", CostlyMiss()),
    ("check_one_sample", NeedsTwoSamples()),
    ("check_one_class", NeedsSpread()),
    ("check_float32", ForgetsFloat32()),
    ("check_memory_layout", ChangesInput()),
    ("check_memory_layout", NeedsWriteable()),
    ("check_pickle_and_clone", _unpicklable()),
    ("check_parameters", StaleParameter()),
    ("check_repr", LyingRepr()),
    ("check_bad_input", AcceptsNaN()),
]


@pytest.mark.parametrize(
    ("name", "loss"), BROKEN, ids=[f"{name}-{type(loss).__name__}" for name, loss in BROKEN]
)
def test_a_check_finds_the_loss_that_is_broken_in_its_way(name, loss):
    with pytest.raises(AssertionError, match=type(loss).__name__ if name != "check_repr" else "repr"):
        loss_checks()[name](loss)


def test_there_is_a_broken_loss_for_every_check():
    assert {name for name, _ in BROKEN} == set(loss_checks())


def test_the_report_has_the_structure_of_check_estimators():
    reports = check_loss(NotZero(), on_fail=None, on_skip=None)
    assert [report["check_name"] for report in reports] == list(loss_checks())
    failed = {report["check_name"]: report for report in reports if report["status"] == "failed"}
    assert set(failed) == {"check_zero_at_best_prediction"}
    report = failed["check_zero_at_best_prediction"]
    assert isinstance(report["exception"], AssertionError)
    assert report["expected_to_fail"] is False
    assert {report["status"] for report in reports} <= {"passed", "failed", "skipped"}


def test_expected_failures_are_reported_with_their_reason():
    seen = []
    reports = check_loss(
        NotZero(),
        expected_failed_checks={"check_zero_at_best_prediction": "it has a constant"},
        on_skip=None,
        callback=lambda **report: seen.append(report["check_name"]),
    )
    report = next(r for r in reports if r["check_name"] == "check_zero_at_best_prediction")
    assert report["status"] == "xfail"
    assert report["expected_to_fail_reason"] == "it has a constant"
    assert seen == list(loss_checks())


def test_a_failure_raises_warns_or_is_only_reported():
    with pytest.raises(AssertionError, match=r"NotZero\(\) is 0.5 at a perfect prediction"):
        check_loss(NotZero(), on_skip=None)
    with pytest.warns(UserWarning, match="check_zero_at_best_prediction failed for NotZero"):
        check_loss(NotZero(), on_skip=None, on_fail="warn")


def test_an_unknown_expected_failure_is_refused():
    with pytest.raises(ValueError, match="check_nonsense"):
        check_loss(Huber(), expected_failed_checks={"check_nonsense": "why not"})


def test_names_and_functions_are_checked_as_well():
    assert all(r["status"] in ("passed", "skipped") for r in check_loss("huber", on_skip=None))
    with pytest.raises(AssertionError, match=r"is inf at y = .* f = 1000\. If the loss grows exponentially"):
        check_loss(_exponential, on_skip=None)


def test_a_point_without_a_number_is_named():
    check = loss_checks()["check_edges"]
    with pytest.raises(
        AssertionError, match=r"The loss .* is nan at y = 0 and the raw prediction f = 0\. Choose"
    ):
        check(SymmetricPercentage())
    with pytest.raises(AssertionError, match=r"The gradient .* is nan at y = .*, though the loss is 0\."):
        check(SlopeIsNaN())


def test_a_range_of_raw_predictions_excuses_growth_there_only():
    check = loss_checks()["check_large_raw_predictions"]

    class Narrow(Overflows):
        raw_range = Interval(-600.0, 600.0)

    check(Narrow())
    Narrow.raw_range = Interval(-600.0, 720.0)
    with pytest.raises(AssertionError, match=r"f = 720\..*now it is \[-600, 720\]"):
        check(Narrow())


def _exponential(y, f):
    return np.exp((y - f) ** 2) - 1


def test_the_decorator_marks_expected_failures():
    mark = parametrize_with_loss_checks(
        [CrossEntropy(), KLDivergence()],
        expected_failed_checks=lambda loss: (
            {"check_gradient": "for the test"} if loss.alias == "cross_entropy" else {}
        ),
    )
    marked = [case for case in mark.args[1] if case.marks]
    assert len(mark.args[1]) == 2 * len(loss_checks())
    assert [case.id for case in marked] == ["CrossEntropy()-check_gradient"]


def test_names_of_cases_are_the_same_in_every_process():
    """pytest-xdist refuses those with addresses of functions."""
    mark = parametrize_with_loss_checks([lambda y, f: np.square(y - f)])
    assert mark.args[1][0].id.startswith("FunctionLoss(function=<function test_names")
    assert not [case.id for case in mark.args[1] if "0x" in case.id]
