"""What is refused of NumPy's arrays is refused of PyTorch's, of array-api-strict's and of dask's, in the same words.

The cases are those of test_wrong_input.py. What no array of the library can hold is passed as it is.
"""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn import config_context

pytest.importorskip("array_api_compat")
DISPATCHES = os.environ.get("SCIPY_ARRAY_API") == "1"  # see test_arrays.py
needs_dispatch = pytest.mark.skipif(not DISPATCHES, reason="runs in the process that test_dispatched starts")

spec = importlib.util.spec_from_file_location("cases", Path(__file__).parent / "test_wrong_input.py")
cases = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cases)

HOMES = ["array_api_strict", "torch", "dask", "dask, a row each", "float32", "only y", "only the prediction"]
# Where collections of dask are refused in other words: what is no array cannot be cut, lengths are compared before
# shapes are, and what y is is known of all of it, but not where in it something stands.
OF_DASK = {
    "y_true of shape (2,) and a prediction of shape (1, 2)": "same number of samples: y_pred has 1, y_true has 2",
    "y_true has 2, raw_prediction has 1": "same number of samples: raw_prediction has 1, y_true has 2",
    "same number of samples: y_true has 2, y_pred has 3": "same number of samples: y_pred has 3, y_true has 2",
    "same number of samples: y_true has 2, y_pred has 1": "same number of samples: y_pred has 1, y_true has 2",
    "same number of samples: y_true has 3, y_pred has 2": "same number of samples: y_pred has 2, y_true has 3",
    "y_true must hold real numbers, got ['a', 'b']": "y_true must hold real numbers, got array(['a', 'b']",
    "y_true must hold real numbers, got [1, None]": "y_true contains NaN at position 1",
    "y_true must have shape (n_samples,) or (n_samples, n_outputs), got ()": "must have one or two dimensions, got 0",
    "got (2, 2, 2)": "y_true must have one or two dimensions, got 3",
    "y_pred must hold real numbers": "y_pred has shape ()",
    "y_true must hold real numbers": "y_true is no array: its rows are of different lengths",
    "y_true contains 0.2 at position 1, which is no label": "y_true contains -1.0 at position 0",
}


@pytest.fixture(params=HOMES)
def home(request):
    with config_context(array_api_dispatch=True):
        yield request.param


def put(home, *values):
    """Arrays of a library, where it can hold the values, and whether there is one."""
    names = {"float32": "torch", "only y": "torch", "only the prediction": "array_api_strict"}
    name = names.get(home, home.partition(",")[0])
    library = pytest.importorskip("dask.array" if name == "dask" else name)
    moved = []
    for place, value in enumerate(values):
        if home == ("only the prediction", "only y")[min(place, 1)] or isinstance(value, np.ma.MaskedArray):
            moved.append(value)
            continue
        try:
            array = np.asarray(value)
        except ValueError:  # ragged
            array = np.asarray(None)
        if array.dtype.kind not in "fiub" or type(value).__module__.startswith("pandas"):
            moved.append(value)
        elif name == "dask":
            length = 1 if "row" in home else -1
            moved.append(library.from_array(array, chunks=(length, *array.shape[1:]) if array.ndim else -1))
        else:
            narrow = home == "float32" and place == 1 and array.dtype.kind == "f"
            moved.append(library.asarray(array.astype(np.float32) if narrow else array))
    if all(a is b for a, b in zip(moved, values, strict=True)):
        pytest.skip("no array of this library holds such values")
    return moved


def refuses(home, message, call, *arguments, **named):
    """Check that a call raises an error with the words that NumPy's gives."""
    if home.startswith("dask"):
        message = " " if "row" in home else message  # what is told of a chunk of one row is about that
    pattern = "|".join(
        map(re.escape, [message, OF_DASK.get(message, message) if home == "dask" else message])
    )
    if home == "float32":  # numbers have fewer digits
        pattern = re.sub(r"\d\\\.\d+", r"[-\\d.e]+", pattern)
    with pytest.raises(ValueError, match=pattern):
        np.asarray(call(*arguments, **named))  # computes what is lazy


@pytest.mark.parametrize(("loss", "y_true", "y_pred", "message"), cases.CASES)
@needs_dispatch
def test_wrong_data(home, loss, y_true, y_pred, message):
    y_true, y_pred = put(home, y_true, y_pred)
    for score in (loss, loss.pointwise):
        refuses(home, message, score, y_true, y_pred)


@pytest.mark.parametrize(("loss", "y_true", "y_pred", "named", "message"), cases.WITH_LABELS)
@needs_dispatch
def test_wrong_labels(home, loss, y_true, y_pred, named, message):
    y_true, y_pred = put(home, y_true, y_pred)
    refuses(home, message, loss, y_true, y_pred, **named)


@pytest.mark.parametrize(("loss", "y_true", "raw", "message"), cases.RAW)
@needs_dispatch
def test_wrong_raw_predictions(home, loss, y_true, raw, message):
    y_true, raw = put(home, y_true, raw)
    for compute in (loss.gradient, loss.hessian, loss.objective):
        refuses(home, message, compute, y_true, raw)


@pytest.mark.parametrize(("loss", "y", "message"), cases.TARGETS)
@needs_dispatch
def test_wrong_targets_of_a_constant(home, loss, y, message):
    (y,) = put(home if home != "only the prediction" else "torch", y)
    refuses("", message, loss.constant_minimizer, y)


@pytest.mark.parametrize("library", ["torch", "array_api_strict"])
@pytest.mark.parametrize(("loss", "y", "message"), cases.OF_TRAINING)
@needs_dispatch
def test_wrong_targets_of_training(library, loss, y, message):
    with config_context(array_api_dispatch=True):
        (y,) = put(library, y)
        refuses("", message, loss.check_target, y)


@pytest.mark.parametrize("library", ["torch", "array_api_strict"])
@pytest.mark.parametrize(("loss", "y", "expected"), cases.SOUND)
@needs_dispatch
def test_targets_of_training(library, loss, y, expected):
    with config_context(array_api_dispatch=True):
        (given,) = put(library, y)
        found = loss.check_target(given)
    assert type(found) is type(given)
    assert np.asarray(found).tolist() == expected


@pytest.mark.skipif(DISPATCHES, reason="this is that process")
def test_dispatched():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    run = subprocess.run(
        command, env={**os.environ, "SCIPY_ARRAY_API": "1"}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout[-3000:]
    assert " passed" in run.stdout
