"""Losses as objects: parameters, repr, clone, pickle, and programs that never are stale."""

import io
import pickle
import subprocess
import sys
import textwrap
from functools import partial

import cloudpickle
import joblib
import numpy as np
import pytest
from scipy.special import expit
from sklearn.base import clone
from sklearn.metrics import make_scorer

import sklearn_losses
from sklearn_losses import (
    LOSSES,
    CrossEntropy,
    FunctionLoss,
    FunctionMarginLoss,
    Hinge,
    Huber,
    LogLoss,
    MarginLoss,
    MulticlassLoss,
    ProbabilityLoss,
    RegressionLoss,
    SquaredError,
    get_loss,
    logsumexp,
)

rng = np.random.default_rng(0)
Y, F = rng.normal(size=20), rng.normal(size=20)


class MyHuber(RegressionLoss):
    def __init__(self, delta=1.0):
        self.delta = delta

    def formula(self, y, f):
        r = np.abs(y - f)
        return np.where(r <= self.delta, 0.5 * r**2, self.delta * (r - 0.5 * self.delta))


class MyHinge(MarginLoss):
    def formula(self, y, f):
        return np.where(y * f <= 1, 1 - y * f, 0)


class MyLogLoss(ProbabilityLoss):
    def formula(self, y, f):
        return -y * np.log(expit(f)) - (1 - y) * np.log(1 - expit(f))


class MyCrossEntropy(MulticlassLoss):
    def formula(self, y, f):
        return -np.sum(y * (f - logsumexp(f, keepdims=True)), axis=-1)


def quartic(y, f):
    return (y - f) ** 4


every = pytest.mark.parametrize("loss", [cls() for cls in LOSSES.values()] + [Huber(delta=0.3), MyHuber(2.0)])

# ---- the object ----------------------------------------------------------------------------------


@every
def test_repr_round_trip(loss):
    again = eval(repr(loss), vars(sklearn_losses) | {"MyHuber": MyHuber})
    assert type(again) is type(loss)
    assert again.get_params() == loss.get_params()


def test_repr():
    assert repr(Huber()) == "Huber()"
    assert repr(Huber(delta=2.0)) == "Huber(delta=2.0)"
    assert repr(make_scorer(Huber())) == "make_scorer(huber_loss, response_method='predict')"
    assert "Huber" in Huber()._repr_html_()
    assert Huber().__name__ == "huber_loss"
    assert LogLoss().__name__ == "log_loss"
    assert SquaredError().__name__ == "squared_error"
    assert MyHuber().__name__ == "MyHuber"
    assert get_loss(quartic).__name__ == "quartic"


@every
@pytest.mark.parametrize(
    "copy",
    [clone, lambda x: pickle.loads(pickle.dumps(x)), lambda x: cloudpickle.loads(cloudpickle.dumps(x))],
)
def test_copies(loss, copy):
    again = copy(loss)
    assert again is not loss
    assert repr(again) == repr(loss)
    assert again.get_params() == loss.get_params()
    y, raw = loss.examples.draw(np.random.default_rng(0), 20)
    assert again(y, loss.link.inverse(raw)) == loss(y, loss.link.inverse(raw))


def test_joblib():
    memory = io.BytesIO()
    joblib.dump([MyHuber(0.5), FunctionLoss(quartic)], memory)
    memory.seek(0)
    huber, function = joblib.load(memory)
    assert huber(Y, F) == Huber(0.5)(Y, F)
    assert function(Y, F) == FunctionLoss(quartic)(Y, F)
    assert joblib.hash(Huber(0.5)) == joblib.hash(Huber(0.5)) != joblib.hash(Huber(0.6))


def test_a_class_of_main_by_cloudpickle(tmp_path):
    script = textwrap.dedent("""
        import sys, cloudpickle, numpy as np
        from sklearn_losses import RegressionLoss, FunctionLoss
        class Mine(RegressionLoss):
            def __init__(self, power=2):
                self.power = power
            def formula(self, y, f):
                return np.abs(y - f) ** self.power
        Mine()([1.0], [2.0])
        function = FunctionLoss(lambda y, f: 2 * (y - f) ** 2)
        with open(sys.argv[1], "wb") as file:
            cloudpickle.dump([Mine(power=3), Mine(power=3).scorer(), function], file)
    """)
    path = tmp_path / "loss.pkl"
    subprocess.run([sys.executable, "-W", "error", "-c", script, path], check=True, cwd=tmp_path)
    mine, scorer, function = pickle.loads(path.read_bytes())
    assert mine([0.0], [2.0]) == scorer.loss([0.0], [2.0]) == function([0.0], [2.0]) == 8.0
    assert mine.set_params(power=2)([0.0], [3.0]) == 9.0


def test_parameters():
    assert Huber(delta=3).get_params() == {"delta": 3}
    loss = Huber().set_params(delta=5.0)
    assert loss.delta == 5.0
    with pytest.raises(ValueError, match="Invalid parameter 'gamma' for estimator Huber"):
        loss.set_params(gamma=1)
    assert clone(loss) is not loss


def test_losses_by_name():
    for alias, cls in LOSSES.items():
        assert type(get_loss(alias)) is cls
        assert cls.alias == alias
    assert get_loss("huber", epsilon=0.5).delta == 0.5
    assert get_loss("squared_error", epsilon=0.5).get_params() == {}
    own = Huber(delta=3.0)
    assert get_loss(own, epsilon=0.5) is own
    assert own.delta == 3.0
    assert isinstance(get_loss(quartic), FunctionLoss)
    assert isinstance(get_loss(quartic, for_classifier=True), FunctionMarginLoss)
    assert repr(get_loss(quartic)).startswith("FunctionLoss(function=<function quartic at")


# ---- programs are never stale --------------------------------------------------------------------


def all_of(loss):
    """Return everything that programs compute."""
    return (
        loss(Y, F),
        loss.pointwise(Y, F).sum(),
        loss.gradient(Y, F).sum(),
        loss.hessian(Y, F).sum(),
        *(a.sum() for a in loss.training_program().arrays(Y, F)[0]),
    )


@pytest.mark.parametrize("cls", [Huber, MyHuber])
def test_a_changed_parameter(cls):
    loss = cls(delta=1.0)
    before = all_of(loss)
    assert all_of(loss.set_params(delta=0.25)) == all_of(cls(delta=0.25)) != before
    loss.delta = 1.0
    assert all_of(loss) == before


class Mixture(RegressionLoss):
    """Its parameters are a loss and a dictionary, which change without being replaced."""

    def __init__(self, first, shares):
        self.first = first
        self.shares = shares

    def formula(self, y, f):
        return self.shares["first"] * self.first.formula(y, f) + self.shares["square"] * (y - f) ** 2


def test_a_changed_parameter_of_a_parameter():
    loss = Mixture(Huber(delta=1.0), {"first": 1.0, "square": 0.0})
    assert loss(Y, F) == pytest.approx(Huber(delta=1.0)(Y, F))
    loss.set_params(first__delta=0.25)
    assert loss(Y, F) == pytest.approx(Huber(delta=0.25)(Y, F))
    loss.shares["first"], loss.shares["square"] = 0.0, 3.0
    assert loss(Y, F) == pytest.approx(3 * SquaredError()(Y, F))
    assert loss.gradient(Y, F).sum() == pytest.approx(3 * SquaredError().gradient(Y, F).sum())
    assert clone(loss)(Y, F) == loss(Y, F)


FACTOR = 1.0


class WithGlobal(RegressionLoss):
    factor = 1.0

    def formula(self, y, f):
        return FACTOR * self.factor * (y - f) ** 2


def test_a_changed_global_class_attribute_or_closure(monkeypatch):
    """In a notebook, cells are run again."""
    share = 1.0

    def function(y, f):
        return FACTOR * share * (y - f) ** 2

    losses = [WithGlobal(), FunctionLoss(function)]
    for loss in losses:
        assert loss(Y, F) == pytest.approx(SquaredError()(Y, F))
    monkeypatch.setitem(globals(), "FACTOR", 5.0)
    for loss in losses:
        assert loss(Y, F) == pytest.approx(5 * SquaredError()(Y, F))
    share = 2.0
    assert losses[1](Y, F) == pytest.approx(10 * SquaredError()(Y, F))
    monkeypatch.setattr(WithGlobal, "factor", 3.0)
    assert losses[0](Y, F) == pytest.approx(15 * SquaredError()(Y, F))


def test_an_array_as_parameter_is_read_where_it_stands():
    class Scaled(RegressionLoss):
        def __init__(self, knots):
            self.knots = knots

        def formula(self, y, f):
            return self.knots[0] * (y - f) ** 2

    loss = Scaled(np.array([2.0, 1.0]))
    assert loss(Y, F) == pytest.approx(2 * SquaredError()(Y, F))
    loss.knots[0] = 3.0
    assert loss(Y, F) == pytest.approx(3 * SquaredError()(Y, F))


# ---- a user's loss is worth as much as a built-in one --------------------------------------------


@pytest.mark.parametrize(
    ("mine", "builtin", "y", "prediction", "raw"),
    [
        (MyHuber(0.7), Huber(0.7), Y, F, F),
        (MyHinge(), Hinge(), Y > 0, F, F),
        (MyLogLoss(), LogLoss(), (Y > 0).astype(int), expit(F), 40 * F),
        (
            MyCrossEntropy(),
            CrossEntropy(),
            np.arange(20) % 3,
            rng.dirichlet(np.ones(3), 20),
            rng.normal(size=(20, 3)),
        ),
    ],
)
def test_user_written_twins(mine, builtin, y, prediction, raw):
    assert mine(y, prediction) == pytest.approx(builtin(y, prediction), rel=1e-14)
    np.testing.assert_allclose(mine.gradient(y, raw), builtin.gradient(y, raw), rtol=1e-13, atol=1e-16)
    np.testing.assert_allclose(mine.hessian(y, raw), builtin.hessian(y, raw), rtol=1e-13, atol=1e-16)
    assert mine.response_method == builtin.response_method
    assert (
        mine.constant_minimizer(y) == pytest.approx(builtin.constant_minimizer(y), abs=1e-6)
        or mine.couples_outputs
    )


def test_a_subclass_of_a_shipped_loss():
    class Doubled(Huber):
        def formula(self, y, f):
            return 2 * super().formula(y, f)

    assert Doubled(0.5)(Y, F) == pytest.approx(2 * Huber(0.5)(Y, F))
    assert repr(clone(Doubled(0.5))) == "Doubled(delta=0.5)"
    assert Doubled().__name__ == "Doubled"
    with pytest.raises(ValueError, match="parameter delta of Doubled"):
        Doubled(-1)(Y, F)


@pytest.mark.parametrize("function", [quartic, lambda y, f: (y - f) ** 4, partial(quartic)])
def test_bare_functions(function):
    loss = get_loss(function)
    assert loss(Y, F) == pytest.approx(np.mean((Y - F) ** 4), rel=1e-14)
    assert clone(loss)(Y, F) == loss(Y, F)
    assert isinstance(loss.__name__, str)


def test_docstring_example_of_the_design():
    class AsymmetricHuber(RegressionLoss):
        def __init__(self, delta=1.0, ratio=3.0):
            self.delta = delta
            self.ratio = ratio

        def formula(self, y, f):
            r = np.abs(y - f)
            huber = np.where(r <= self.delta, 0.5 * r**2, self.delta * (r - 0.5 * self.delta))
            return np.where(y > f, self.ratio, 1.0) * huber

    each = Huber(2.0).pointwise(Y, F) * np.where(Y > F, 3.0, 1.0)
    assert AsymmetricHuber(delta=2.0)(Y, F) == pytest.approx(each.mean(), rel=1e-14)
