"""What holds for every call of every metric, on data that Hypothesis draws: edges of the domains among them.

A call gives a finite, right number or raises a ValueError; what is right is said by the formula in long doubles.
"""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose
from sklearn import config_context

import sklearn_losses.metrics as metrics
from sklearn_losses import LOSSES
from sklearn_losses.links import UNIT

DISPATCHES = os.environ.get("SCIPY_ARRAY_API") == "1"  # see test_arrays.py
needs_dispatch = pytest.mark.skipif(not DISPATCHES, reason="runs in the process that test_dispatched starts")

settings.register_profile(
    "here", max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
settings.load_profile("here")

CATALOGUE = [cls() for cls in LOSSES.values()]
OF_CLASSES = [loss for loss in CATALOGUE if loss.target_kind in ("sign", "probability", "classes")]
every = pytest.mark.parametrize("loss", CATALOGUE, ids=lambda loss: loss.alias)


def numbers(domain, far=1e6, near=1e-300):
    """Numbers of a domain: ordinary ones, its ends, what lies next to them, what is far away, what is near 0."""
    low, high = max(domain.low, -far), min(domain.high, far)
    edges = [low, high, np.nextafter(low, high), np.nextafter(high, low), 1.0, 1e-8, near, 0.5, -1.0, 0.0]

    def belongs(x):
        return x in domain and (x == 0.0 or abs(x) >= near)

    edges = [x for x in map(float, edges) if low <= x <= high and belongs(x)]
    between = st.floats(low, high).filter(belongs)
    ordinary = st.floats(max(low, -9.0), min(high, 9.0)).filter(belongs)
    return ordinary | st.sampled_from(edges) | between


def array(shape, elements):
    return hnp.arrays(np.float64, shape, elements=elements)


@st.composite
def data(draw, loss, far=1e6, near=1e-300):
    """What is observed and predicted of some samples, and weights: whole numbers, not all zero."""
    n, k = draw(st.integers(1, 12)), draw(st.integers(2, 4))
    weight = draw(hnp.arrays(np.int64, n, elements=st.integers(0, 3)))
    assume(weight.any())
    kind, allowed = loss.target_kind, loss.link.predictions
    bits = hnp.arrays(np.int64, n, elements=st.integers(0, 1))
    if kind in ("number", "vector"):
        shape = (n, k) if kind == "vector" or draw(st.booleans()) else (n,)
        near = max(near, 1e-100) if kind == "vector" else near  # whose squares are summed
        y, f = (draw(array(shape, numbers(domain, far, near))) for domain in (loss.target, allowed))
    elif kind in ("sign", "probability"):
        y, f = draw(bits), draw(array(n, numbers(allowed, 30.0)))
    elif kind == "classes":
        y = draw(hnp.arrays(np.int64, n, elements=st.integers(0, k - 1)))
        if allowed == UNIT:
            parts = draw(hnp.arrays(np.int64, (n, k), elements=st.sampled_from([0, 1, 2, 5, 1000])))
            assume(parts.sum(axis=1).all())
            f = parts / parts.sum(axis=1, keepdims=True)
        else:
            f = draw(array((n, k), numbers(allowed, far)))
    elif kind == "indicator":
        y = draw(hnp.arrays(np.int64, (n, k), elements=st.integers(0, 1)))
        f = draw(array((n, k), numbers(allowed, 30.0)))
    else:
        y = draw(array(n, numbers(loss.target, far)))
        f = np.stack([draw(array(n, st.floats(-9.0, 9.0))), draw(array(n, st.floats(1e-3, 1e3)))], axis=1)
    return y, f, weight


def names(loss, f):
    """What a call is told of the classes, of which a sample may lack some."""
    if loss.target_kind in ("sign", "probability"):
        return {"labels": [0, 1]}
    return {"labels": list(range(f.shape[1]))} if loss.target_kind == "classes" else {}


def by_hand(loss, y, f):
    """The loss of each sample by its formula, in long doubles and without any of our machinery."""
    y, f = np.asarray(y, np.longdouble), np.asarray(f)
    if loss.target_kind == "classes":
        y = np.eye(f.shape[1], dtype=np.longdouble)[np.asarray(y, int)]
    elif loss.target_kind == "sign":
        y = 2 * y - 1
    if loss.link.predictions == UNIT:
        eps = np.finfo(f.dtype).eps
        f = np.clip(f.astype(np.longdouble), eps, 1 - np.longdouble(eps))
    with np.errstate(all="ignore"):
        f = f.astype(np.longdouble)
        link = {
            "logit": lambda p: np.log(p) - np.log1p(-p),
            "softmax": np.log,
            "log": np.log,
            "log1p": np.log1p,
            "identity": lambda p: p,
        }[loss.link.name]
        try:
            each = np.asarray(loss.formula(y, link(f)))
        except TypeError:  # some functions of SciPy's know no long doubles
            each = np.asarray(loss.formula(y.astype(float), link(f).astype(float)))
    return each if each.ndim == 1 else each.mean(axis=1)


def close(found, expected, rtol=1e-9):
    assert type(found) is float
    assert np.isfinite(found)
    assert_allclose(found, float(expected), rtol=rtol, atol=rtol)


# ---- in NumPy ------------------------------------------------------------------------------------


@every
@given(drawn=st.data())
def test_the_number_is_right(loss, drawn):
    y, f, weight = drawn.draw(data(loss))
    known = names(loss, f)
    expected = by_hand(loss, y, f)
    scale = max(1.0, float(np.abs(expected).max()))
    each = loss.pointwise(y, f, **known)
    assert_allclose(each, expected.astype(float), rtol=1e-7, atol=1e-9 * scale)
    close(loss(y, f, **known), each.mean())
    close(loss(y, f, sample_weight=weight, **known), weight @ each / weight.sum())
    function = getattr(metrics, loss.metric_name())
    assert function(y, f, sample_weight=weight, **known) == pytest.approx(
        loss(y, f, sample_weight=weight, **known), rel=1e-14
    )


@every
@given(drawn=st.data())
def test_a_weight_is_so_many_copies(loss, drawn):
    y, f, weight = drawn.draw(data(loss))
    known = names(loss, f)
    found = loss(y, f, sample_weight=weight, **known)
    copies = np.repeat(y, weight, axis=0), np.repeat(f, weight, axis=0)
    close(loss(*copies, **known), found)
    for factor in (2.0, 1e-3):
        close(loss(y, f, sample_weight=factor * weight, **known), found)
    close(loss(y, f, sample_weight=weight.tolist(), **known), found)
    close(loss(y, f, sample_weight=7.0, **known), loss(y, f, **known))
    spread = np.ptp(y[weight > 0].astype(float), axis=0).min()
    if loss.complete and loss.convex and spread > 0.01:  # else the best constant costs nothing but rounding
        skill = loss.d2(y, f, sample_weight=weight, **known)
        if abs(skill) < 1e3:
            close(loss.d2(*copies, **known), skill, rtol=1e-6)
            order = np.argsort(f if f.ndim == 1 else f[:, 0])
            close(loss.d2(y[order], f[order], sample_weight=weight[order], **known), skill, rtol=1e-6)


@every
@given(drawn=st.data())
def test_the_order_of_samples_and_outputs(loss, drawn):
    y, f, weight = drawn.draw(data(loss))
    known = names(loss, f)
    order = np.array(drawn.draw(st.permutations(range(len(y)))))
    found = loss(y, f, sample_weight=weight, **known)
    close(loss(y[order], f[order], sample_weight=weight[order], **known), found)
    if f.ndim == 2 and loss.target_kind != "moments":
        columns = np.array(drawn.draw(st.permutations(range(f.shape[1]))))
        if loss.target_kind == "classes":
            known = {"labels": columns.tolist()}
            close(loss(y, f[:, columns], sample_weight=weight, **known), found)
        else:
            close(loss(y[:, columns], f[:, columns], sample_weight=weight), found)


@every
@given(drawn=st.data())
def test_one_column_is_none(loss, drawn):
    y, f, weight = drawn.draw(data(loss))
    known = names(loss, f)
    found = loss(y, f, sample_weight=weight, **known)
    ys = [y] if y.ndim == 2 else [y, y[:, None], y.tolist(), y[:, None].tolist()]
    fs = [f] if f.ndim == 2 else [f, f[:, None], f.tolist()]
    for one in ys:
        for other in fs:
            assert loss(one, other, sample_weight=weight, **known) == found
            assert loss(one, other, sample_weight=weight[:, None], **known) == found


@pytest.mark.parametrize("loss", OF_CLASSES, ids=lambda loss: loss.alias)
@given(drawn=st.data())
def test_labels_may_be_called_anything(loss, drawn):
    y, f, weight = drawn.draw(data(loss))
    k = f.shape[1] if f.ndim == 2 else 2
    found = loss(y, f, sample_weight=weight, labels=list(range(k)))
    text = st.text(max_size=3).filter(lambda word: "\0" not in word)
    words = drawn.draw(st.lists(text, min_size=k, max_size=k, unique=True))
    codes = drawn.draw(st.lists(st.integers(-5, 300), min_size=k, max_size=k, unique=True))
    for called in (words, codes, [float(code) for code in codes]):
        renamed = np.array(called)[y]
        assert loss(renamed, f, sample_weight=weight, labels=called) == found
        assert loss(renamed.astype(object), f, sample_weight=weight, labels=called) == found
        there = sorted(set(renamed.tolist()))
        if len(there) == k and there == called:  # in sorted order, and all there: nothing needs to be said
            assert loss(renamed, f, sample_weight=weight) == found
    if k == 2 and f.ndim == 1:
        turned = 1.0 - f if loss.link.predictions == UNIT else -f
        if loss.target_kind == "sign":
            assert loss(1 - y, turned, sample_weight=weight, labels=[0, 1]) == pytest.approx(found, rel=1e-12)
        assert loss(y == 1, f, sample_weight=weight, labels=[False, True]) == found
        if len(set(y.tolist())) == 2 and loss.target_kind in ("sign", "probability"):
            assert loss(np.array(["n", "p"])[y], f, sample_weight=weight, pos_label="p") == found
            assert loss(np.array(["p", "n"])[y], f, sample_weight=weight, pos_label="n") == found


@every
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int8, bool])
@given(drawn=st.data())
def test_dtypes(loss, dtype, drawn):
    """A narrow prediction counts as what it is; probabilities are clipped by the epsilon of their dtype."""
    y, f, weight = drawn.draw(data(loss, far=100.0, near=1e-30))
    if np.dtype(dtype).kind != "f":
        f = np.clip(np.round(f), 0, 1) if dtype is bool else np.round(f)
    narrow = f.astype(dtype)
    wide = narrow.astype(np.float64)
    allowed = loss.link.predictions
    assume(wide.min() in allowed and wide.max() in allowed and np.isfinite(wide).all())
    if loss.target_kind == "moments":
        assume(wide[:, 1].min() > 0)
    if loss.target_kind == "classes" and allowed == UNIT:
        assume(np.abs(wide.sum(axis=1) - 1.0).max() < 1e-6)
    known = names(loss, f)
    expected = by_hand(loss, y, narrow if np.dtype(dtype).kind == "f" else wide)
    each = loss.pointwise(y, narrow, **known)
    rtol = 1e-4 if dtype is np.float32 else 1e-7
    if dtype is np.float16 and loss.target_kind == "classes":
        rtol = 3e-3  # rows of probabilities that are clipped sum to 1 but for the epsilon, and are taken as they are
    scale = max(1.0, float(np.abs(expected).max()))
    assert_allclose(each, expected.astype(float), rtol=rtol, atol=rtol * scale)
    found = loss(y, narrow, sample_weight=weight, **known)
    assert_allclose(found, float(weight @ expected / weight.sum()), rtol=max(rtol, 1e-6), atol=rtol * scale)


WRONG = [np.nan, np.inf, -np.inf]


@every
@given(drawn=st.data())
def test_what_is_wrong_anywhere_is_refused(loss, drawn):
    y, f, weight = drawn.draw(data(loss))
    known = names(loss, f)
    place = drawn.draw(st.integers(0, f.size - 1))
    low, high = loss.link.predictions.low, loss.link.predictions.high
    beyond = [x for x in (low - 0.5, high + 0.5) if np.isfinite(x)]
    bad = f.copy()
    bad.flat[place] = drawn.draw(st.sampled_from([*WRONG, *beyond]))
    with pytest.raises(ValueError, match="y_pred"):
        loss(y, bad, sample_weight=weight, **known)
    bad = y.astype(np.float64)
    bad.flat[place % y.size] = drawn.draw(
        st.sampled_from([*WRONG, *([] if not known else [7.0, -3.0, 0.25])])
    )
    if not (loss.target_kind == "probability" and 0.25 in bad):
        with pytest.raises(ValueError, match="y_true"):
            loss(bad, f, sample_weight=weight, **known)
    heavy = weight.astype(np.float64)
    heavy[place % len(heavy)] = drawn.draw(st.sampled_from(WRONG))
    with pytest.raises(ValueError, match="sample_weight"):
        loss(y, f, sample_weight=heavy, **known)
    for few in (weight[:-1], np.append(weight, 1)):
        with pytest.raises(ValueError, match="sample_weight"):
            loss(y, f, sample_weight=few, **known)
    with pytest.raises(ValueError, match="must be positive"):
        loss(y, f, sample_weight=0 * weight, **known)


# ---- elsewhere -----------------------------------------------------------------------------------


@every
@pytest.mark.parametrize("library", ["torch", "array_api_strict"])
@given(drawn=st.data())
@needs_dispatch
def test_other_namespaces(loss, library, drawn):
    xp = pytest.importorskip(library)
    y, f, weight = drawn.draw(data(loss))
    known = names(loss, f)
    found = loss(y, f, sample_weight=weight, **known)
    scale = max(1.0, float(np.abs(loss.pointwise(y, f, **known)).max()))
    with config_context(array_api_dispatch=True):
        Y, F, W = xp.asarray(y), xp.asarray(f), xp.asarray(weight)
        for arguments in ((Y, F, W), (y, F, weight), (Y, f, W)):
            value = loss(*arguments[:2], sample_weight=arguments[2], **known)
            assert_allclose(value, found, rtol=1e-9, atol=1e-9 * scale)
        for one, other in ((Y[:, None], F), (Y, F[:, None])) if F.ndim == Y.ndim == 1 else ():
            assert_allclose(loss(one, other, sample_weight=W, **known), found, rtol=1e-9, atol=1e-9 * scale)


@every
@settings(max_examples=8)
@given(drawn=st.data())
def test_on_dask(loss, drawn):
    da = pytest.importorskip("dask.array")
    y, f, weight = drawn.draw(data(loss))
    known = names(loss, f)
    length = drawn.draw(st.integers(1, len(y)))

    def cut(values):
        return da.from_array(values, chunks=(length, *values.shape[1:]))

    with config_context(array_api_dispatch=False):
        found = loss(y, f, sample_weight=weight, **known)
        scale = max(1.0, float(np.abs(loss.pointwise(y, f, **known)).max()))
        for arguments in ((cut(y), cut(f), cut(weight)), (y, cut(f), weight)):
            value = loss(*arguments[:2], sample_weight=arguments[2], **known)
            assert_allclose(value, found, rtol=1e-9, atol=1e-9 * scale)


@pytest.mark.parametrize("loss", OF_CLASSES, ids=lambda loss: loss.alias)
@settings(max_examples=30)
@given(drawn=st.data())
def test_what_y_is_does_not_depend_on_chunks(loss, drawn):
    """Of targets of any numbers NumPy's arrays, and dask's however cut, give one number, or all an error."""
    da = pytest.importorskip("dask.array")
    n = drawn.draw(st.integers(1, 6))
    y = drawn.draw(hnp.arrays(np.float64, n, elements=st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0, np.nan])))
    rng = np.random.default_rng(0)
    f = rng.uniform(0.1, 0.9, n) if drawn.draw(st.booleans()) else rng.dirichlet([1.0] * 3, n)
    length = drawn.draw(st.integers(1, n))
    try:
        expected = loss(y, f)
    except ValueError:
        expected = None
    for values in (da.from_array(y, chunks=length), y):
        call = (values, da.from_array(f, chunks=(length, *f.shape[1:])))
        if expected is None:
            with pytest.raises(ValueError, match=r"y_true|y_pred"):
                loss(*call)
        else:
            assert loss(*call) == pytest.approx(expected, rel=1e-12)


@pytest.mark.skipif(DISPATCHES, reason="this is that process")
def test_dispatched():
    pytest.importorskip("array_api_compat")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k", "namespaces"]
    run = subprocess.run(
        command, env={**os.environ, "SCIPY_ARRAY_API": "1"}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout[-3000:]
    assert " passed" in run.stdout
