"""scikit-learn's own tests of metrics, run on every functional metric, on NumPy's arrays and on others.

Its test module is loaded a second time, under another name, and its tables of metrics hold ours. Errors are
compared in our words (`worded`). The tests about labels as predictions are left out: none of ours takes these.
"""

import importlib.util
import inspect
import os
import re
import subprocess
import sys
import warnings
from collections import namedtuple

import numpy as np
import pytest
import sklearn
from sklearn import config_context

import sklearn_losses.metrics as ours
from sklearn_losses import LOSSES

if sklearn.__version__ < "1.9":
    pytest.skip("the tests of scikit-learn 1.9 are the oracle", allow_module_level=True)
DISPATCHES = os.environ.get("SCIPY_ARRAY_API") == "1"  # see tests/losses/test_arrays.py
needs_dispatch = pytest.mark.skipif(not DISPATCHES, reason="runs in the process that test_dispatched starts")

KIND = {cls.metric_name(): cls.target_kind for cls in LOSSES.values()}


def of(*kinds):
    return {name for name, kind in KIND.items() if kind in kinds}


NUMBERS, TWO, SEVERAL = of("number"), of("sign", "probability"), of("classes")
SEVERAL_LABELS, VECTORS = of("indicator"), of("vector")
OF_TWO_ONLY = TWO - {
    "log_loss",
    "brier_loss",
    "hinge_loss",
}  # these three mean another loss of several classes
POSITIVE = {"poisson_loss", "gamma_loss", "tweedie_loss", "negative_binomial_loss"}
SYMMETRIC = NUMBERS - POSITIVE - {
    "absolute_percentage_error", "expectile_loss", "pinball_loss", "smooth_pinball_loss",
}  # fmt: skip
SYMMETRIC |= {
    "pinball_loss",
    "smooth_pinball_loss",
    "expectile_loss",
}  # at the median and the mean, by default

# What our errors say, and what scikit-learn's tests look for.
WORDS = [
    (
        r"sample_weight must hold one number .* got shape \(\d+, \d+\).*",
        "Sample weights must be 1D array or scalar",
    ),
    (r"sample_weight must hold one number.*", "Found input variables with inconsistent numbers of samples: "),
    (r"sample_weight must hold real numbers.*", "Complex data not supported"),
    (r"(\w+) contains (NaN|infinity)", r"Input \1 contains \2"),
]
NOT_PASSED = {
    ("test_continuous_multilabel_multioutput_permutations_invariance", "absolute_percentage_error"): (
        "1e15, of targets of 0, compared to 7 digits; left out for scikit-learn's own, too"
    ),
}


def load():
    with pytest.MonkeyPatch.context() as patch:
        for mark in ("thread_unsafe",):
            patch.setitem(vars(pytest.mark), mark, lambda function: function)
        origin = importlib.util.find_spec("sklearn.metrics.tests.test_common").origin
        spec = importlib.util.spec_from_file_location("metric_tests_of_sklearn", origin)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


def worded(name):
    """A functional metric whose errors are in scikit-learn's words."""
    function = getattr(ours, name)

    def metric(*arguments, **keywords):
        try:
            return function(*arguments, **keywords)
        except ValueError as error:
            text = str(error)
            for pattern, replacement in WORDS:
                if re.match(pattern, text):
                    lengths = [len(a) for a in (*arguments, keywords.get("sample_weight", ()))]
                    ending = str(lengths) if replacement.endswith(": ") else ""
                    raise ValueError(re.sub(pattern, replacement, text) + ending) from error
            raise

    metric.__name__, metric.__signature__ = name, inspect.signature(function)
    return metric


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    MODULE = load()
ALL = {name: worded(name) for name in KIND}


@pytest.fixture(autouse=True)
def ours_in_place(monkeypatch):
    continuous = TWO | SEVERAL | SEVERAL_LABELS
    for table, names in {
        "ALL_METRICS": set(KIND),
        "REGRESSION_METRICS": NUMBERS,
        "CONTINUOUS_CLASSIFICATION_METRICS": continuous,
        "CLASSIFICATION_METRICS": set(),
        "CURVE_METRICS": set(),
    }.items():
        monkeypatch.setattr(MODULE, table, {name: ALL[name] for name in names})
    for table, names in {
        "METRIC_UNDEFINED_BINARY": SEVERAL_LABELS | VECTORS,
        "METRIC_UNDEFINED_MULTICLASS": OF_TWO_ONLY | SEVERAL_LABELS,
        "METRIC_UNDEFINED_BINARY_MULTICLASS": SEVERAL_LABELS | VECTORS,
        "CONTINUOUS_MULTILABEL_METRICS": SEVERAL_LABELS,
        "MULTILABELS_METRICS": set(),
        "MULTIOUTPUT_METRICS": NUMBERS | VECTORS,
        "METRICS_REQUIRE_POSITIVE_Y": POSITIVE,
        "METRICS_WITH_LOG1P_Y": set(),
        "METRICS_WITH_POS_LABEL": TWO,
        "WEIGHT_SCALE_DEPENDENT_METRICS": set(),
    }.items():
        monkeypatch.setattr(MODULE, table, names)


# Which metrics each of its tests is about.
TESTS = {
    "test_symmetric_metric": SYMMETRIC,
    "test_not_symmetric_metric": NUMBERS - SYMMETRIC,
    "test_sample_order_invariance": NUMBERS | TWO | SEVERAL,
    "test_format_invariance_with_1d_vectors": NUMBERS | TWO | SEVERAL,
    "test_continuous_classification_invariance_string_vs_numbers_labels": TWO | SEVERAL_LABELS,
    "test_single_sample": NUMBERS,
    "test_single_sample_multioutput": (NUMBERS - POSITIVE) | VECTORS | SEVERAL_LABELS,
    "test_multioutput_number_of_output_differ": NUMBERS | VECTORS,
    "test_multioutput_regression_invariance_to_dimension_shuffling": NUMBERS | VECTORS,
    "test_regression_sample_weight_invariance": NUMBERS,
    "test_regression_with_invalid_sample_weight": NUMBERS,
    "test_binary_sample_weight_invariance": TWO | SEVERAL,
    "test_multiclass_sample_weight_invariance": (TWO - OF_TWO_ONLY) | SEVERAL,
    "test_multilabel_sample_weight_invariance": SEVERAL_LABELS,
    "test_multioutput_sample_weight_invariance": NUMBERS | VECTORS,
    "test_continuous_multilabel_multioutput_permutations_invariance": (NUMBERS - POSITIVE)
    | VECTORS
    | SEVERAL_LABELS,
    "test_continuous_metric_permutation_invariance": (TWO - OF_TWO_ONLY) | SEVERAL,
    "test_returned_value_consistency": NUMBERS | TWO | SEVERAL | VECTORS | SEVERAL_LABELS,
}


def cases(tests):
    for test, names in tests.items():
        for name in sorted(names):
            reason = NOT_PASSED.get((test, name))
            marks = [pytest.mark.xfail(strict=True, reason=reason)] if reason else []
            yield pytest.param(test, name, marks=marks, id=f"{test}-{name}")


def test_every_metric_is_tested():
    """All but the one of a mean and a variance, of which scikit-learn has no like."""
    assert set.union(*TESTS.values()) == set(KIND) - {"gaussian_nll_loss"}


@pytest.mark.parametrize(("test", "name"), cases(TESTS))
def test_on_numpy(test, name):
    getattr(MODULE, test)(name)


@pytest.mark.parametrize(("y_true", "y_score"), MODULE.invalids_nan_inf)
@pytest.mark.parametrize(
    "name", sorted((NUMBERS | TWO | SEVERAL) - {"gamma_loss"})
)  # which refuses a target of 0
def test_inf_nan_input(name, y_true, y_score):
    MODULE.test_continuous_inf_nan_input(ALL[name], y_true, y_score)


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("name", sorted(NUMBERS | TWO | SEVERAL))
def test_series(name, library):
    pytest.importorskip(library)
    MODULE.test_metrics_dataframe_series(name, library)


# ---- on arrays of other libraries ----------------------------------------------------------------

CHECKS = {
    "check_array_api_regression_metric": NUMBERS,
    "check_array_api_regression_metric_multioutput": NUMBERS,
    "check_array_api_binary_continuous_classification_metric": TWO | SEVERAL,
    "check_array_api_multiclass_continuous_classification_metric": (TWO - OF_TWO_ONLY) | SEVERAL,
    "check_array_api_multilabel_continuous_classification_metric": SEVERAL_LABELS | VECTORS,
}
SPACES = [
    ("torch", "cpu", "float64"), ("torch", "cpu", "float32"), ("array_api_strict", "CPU_DEVICE", "float64"),
    ("array_api_strict", "device1", "float32"), ("numpy", None, "float64"),
]  # fmt: skip


NUMPY, TORCH, STRICT = ("numpy", None), ("torch", "cpu"), ("array_api_strict", "device1")
PAIRS = [(NUMPY, TORCH), (TORCH, NUMPY), (TORCH, STRICT), (STRICT, TORCH), (STRICT, NUMPY)]
Place = namedtuple("Place", ["xp", "device"])


@pytest.mark.parametrize("space", SPACES, ids=str)
@pytest.mark.parametrize(("check", "name"), cases(CHECKS))
@needs_dispatch
def test_on_arrays(check, name, space):
    pytest.importorskip(space[0])
    getattr(MODULE, check)(getattr(ours, name), *space)


@pytest.mark.parametrize(("y_pred", "other"), PAIRS, ids=str)
@pytest.mark.parametrize("name", sorted(NUMBERS | TWO | SEVERAL))
@needs_dispatch
def test_mixed_namespaces(name, y_pred, other):
    pytest.importorskip(y_pred[0])
    pytest.importorskip(other[0])
    MODULE.test_mixed_array_api_namespace_input_compliance(name, Place(*other), Place(*y_pred))


@pytest.mark.parametrize("space", SPACES, ids=str)
@pytest.mark.parametrize("name", sorted(TWO | SEVERAL))
@needs_dispatch
def test_strings_beside_arrays(name, space):
    pytest.importorskip(space[0])
    MODULE.test_array_api_classification_mixed_string_numeric_input(name, *space)


@pytest.mark.parametrize("name", sorted(of("moments", "indicator", "vector")))
@needs_dispatch
def test_the_others_are_moved_too(name):
    """What the mixed checks of scikit-learn have no data for."""
    torch = pytest.importorskip("torch")
    loss = next(cls for cls in LOSSES.values() if cls.metric_name() == name)()
    y, raw = loss.examples.draw(np.random.default_rng(0), 20)
    p = loss.link.inverse(raw)
    expected = loss(y, p)
    with config_context(array_api_dispatch=True):
        for pair in ((torch.asarray(y), p), (y, torch.asarray(p)), (torch.asarray(y), torch.asarray(p))):
            assert getattr(ours, name)(*pair) == pytest.approx(expected, rel=1e-12)


@pytest.mark.skipif(DISPATCHES, reason="this is that process")
def test_dispatched():
    pytest.importorskip("array_api_compat")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    run = subprocess.run(
        command, env={**os.environ, "SCIPY_ARRAY_API": "1"}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout[-3000:]
    assert " passed" in run.stdout
