"""Matrices with more than 2^31 stored values: files with holes, of which only a few pages are ever touched."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn_losses.linear_model.solvers._rows import Rows
from sklearn_losses.linear_model.solvers._sgd import Constant, Descent

from sklearn_losses.losses import get_loss

BEYOND = 2**31 + 7
y = np.array([1.0, -2.0, 0.5])


def holey(path, dtype, shape):
    try:
        return np.memmap(path, dtype=dtype, mode="w+", shape=shape)
    except OSError as error:
        pytest.skip(f"no file with holes here: {error}")


def trained(rows, y, **more):
    program = get_loss("squared_error", for_classifier=False, epsilon=0.1).training_gradient_program()
    descent = Descent(
        program, rows, y, None, np.zeros(rows.n_features, rows.dtype), 0.0, Constant(0.1), l2=0.1, l1=0.0,
        fit_intercept=True, intercept_decay=1.0, t=1.0, seed=None, measured=False, **more,
    )  # fmt: skip
    descent.run_epoch()
    return descent.coef, descent.intercept


@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_sparse(tmp_path, index):
    values = holey(tmp_path / "values", np.float32, BEYOND + 6)
    columns = holey(tmp_path / "columns", index, BEYOND + 6)
    values[BEYOND:] = [1.0, 2.0, 3.0, -1.0, 0.5, 4.0]
    columns[BEYOND:] = [0, 3, 1, 2, 0, 4]
    starts = np.array([0, 2, 5, 6], dtype=np.int64)
    far = SimpleNamespace(shape=(3, 5), data=values, indices=columns, indptr=starts + BEYOND)
    near = SimpleNamespace(shape=(3, 5), data=values[BEYOND:], indices=columns[BEYOND:], indptr=starts)
    expected = trained(Rows(near), y)
    found = trained(Rows(far), y)
    assert np.array_equal(found[0], expected[0])  # the same steps over the same rows
    assert found[0].all()
    assert found[1] == expected[1]


def test_dense(tmp_path):
    X = holey(tmp_path / "X", np.float32, (2**16 + 3, 2**15 + 1))
    last = np.random.default_rng(0).standard_normal((3, 2**15 + 1)).astype(np.float32) / 256
    X[-3:] = last
    assert X[:-3].size > 2**31
    skipped = np.ones(len(X), dtype=np.uint8)
    skipped[-3:] = 0
    target = np.concatenate([np.zeros(len(X) - 3), y])
    expected = trained(Rows(last), y)
    found = trained(Rows(X), target, skipped=skipped)
    assert np.array_equal(found[0], expected[0])
    assert found[1] == expected[1]
