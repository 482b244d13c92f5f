"""scikit-learn's own tests of its SGD classes, run on ours.

The test module is loaded a second time, under another name, while `sklearn.linear_model` hands out our
classes. Its cases of SGDOneClassSVM are left out, and those that only concern private classes.
"""

import importlib.util
import inspect
import sys
import warnings

import pytest
import sklearn
import sklearn.linear_model

import sklearn_losses

# Why a case, or every case of a function, cannot pass. The list is strict: what passes after all fails here.
NOT_PASSED = {
    **dict.fromkeys(
        ("test_input_format-SGDRegressor", "test_input_format-SparseSGDRegressor"),
        "a target of several columns is no error here: each is an output",
    ),
    "test_validation_mask_correctly_subsets": "replaces the private class _ValidationScoreCallback",
    "test_multi_thread_multi_class_and_early_stopping": (
        "bug of scikit-learn, not reproduced: it scores coefficients without the penalty's shrinkage, and so "
        "stops at another pass than the score of the model asks for"
    ),
}
# Of private classes or of the one-class SVM, without saying so in a parameter.
NOT_OURS = {
    "test_loss_hinge", "test_gradient_squared_hinge", "test_loss_modified_huber",
    "test_loss_epsilon_insensitive", "test_loss_squared_epsilon_insensitive", "test_ocsvm_vs_sgdocsvm",
}  # fmt: skip


def load():
    """Load the test module with our classes in place of scikit-learn's."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("SGDClassifier", "SGDRegressor"):
            patch.setattr(sklearn.linear_model, name, getattr(sklearn_losses, name))
        # A mark that scikit-learn's own configuration knows.
        patch.setitem(vars(pytest.mark), "no_check_spmatrix", lambda function: function)
        origin = importlib.util.find_spec("sklearn.linear_model.tests.test_sgd").origin
        spec = importlib.util.spec_from_file_location("sgd_tests_of_sklearn", origin)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def ours_in_place(monkeypatch):
    monkeypatch.setitem(sys.modules, MODULE.__name__, MODULE)  # its classes are pickled
    for name in ("SGDClassifier", "SGDRegressor"):
        monkeypatch.setattr(sklearn.linear_model, name, getattr(sklearn_losses, name))


if sklearn.__version__ < "1.9":
    pytest.skip("the tests of scikit-learn 1.9 are the oracle", allow_module_level=True)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    MODULE = load()


def cases():
    for name, function in inspect.getmembers(MODULE, inspect.isfunction):
        if not name.startswith("test_") or name in NOT_OURS or "one_class" in name or "oneclass" in name:
            continue
        sets = [({}, "")]
        for mark in getattr(function, "pytestmark", []):
            if mark.name == "parametrize":
                names, values = mark.args
                names = [n.strip() for n in names.split(",")] if isinstance(names, str) else list(names)
                several = len(names) > 1
                sets = [
                    (
                        {**known, **dict(zip(names, value if several else (value,), strict=True))},
                        f"{text}-{describe(value)}",
                    )
                    for known, text in sets
                    for value in values
                ]
        for arguments, text in sets:
            if "OneClass" in text:
                continue
            marks = []
            case = f"{name}{text}"
            if reason := NOT_PASSED.get(name, NOT_PASSED.get(case)):
                marks.append(pytest.mark.xfail(strict=True, reason=reason))
            yield pytest.param(function, arguments, id=case, marks=marks)


def describe(value):
    if isinstance(value, (tuple, list)):
        return "-".join(describe(v) for v in value)
    if isinstance(value, dict):
        return "-".join(value)
    return getattr(value, "__name__", str(value))


CASES = list(cases())


@pytest.mark.skipif(not sklearn.__version__.startswith("1.9."), reason="the numbers are those of 1.9")
def test_how_many_cases_there_are():
    """So that a change in how they are found does not go unseen."""
    assert len(CASES) == 206
    assert sum(not case.marks for case in CASES) >= 202


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(("function", "arguments"), CASES)
def test_case(function, arguments, request):
    wanted = {"monkeypatch": "monkeypatch"}
    arguments = dict(arguments)
    for name in inspect.signature(function).parameters:
        if name in wanted:
            arguments[name] = request.getfixturevalue(name)
        elif name == "global_random_seed":
            arguments[name] = 42
    function(**arguments)
