"""What cannot be trained is refused, with what came, what was expected and what to do."""

import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.special import expit
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from sklearn_losses import FormulaError, GaussianNLL, MulticlassLoss, ProbabilityLoss, softmax
from sklearn_losses.boosting import BoostedClassifier, BoostedRegressor, xgboost_objective

X, Y = load_diabetes(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
WINE = load_wine(return_X_y=True)
NAMES = np.array(["ant", "bee", "cat"])


def test_what_is_no_booster():
    from sklearn.ensemble import HistGradientBoostingRegressor

    for wrong in (HistGradientBoostingRegressor(), "xgboost", None):
        with pytest.raises(
            (ValueError, AttributeError), match=r"XGBRegressor.*pip install 'sklearn-losses\[xgboost\]'"
        ):
            BoostedRegressor(wrong).fit(X, Y)


@pytest.mark.parametrize(
    ("library_name", "parameters", "message"),
    [
        ("xgboost", {"objective": "reg:absoluteerror"}, "the parameter loss is the objective"),
        ("xgboost", {"eval_metric": "rmse"}, "eval_set is scored by the loss"),
        ("xgboost", {"base_score": 0.5}, "best constant"),
        ("xgboost", {"scale_pos_weight": 2.0}, "class_weight"),
        ("lightgbm", {"objective": "quantile"}, "the parameter loss is the objective"),
        ("lightgbm", {"alpha": 0.9}, "has its own parameters"),
        ("lightgbm", {"class_weight": "balanced"}, "set it on the classifier"),
        ("lightgbm", {"is_unbalance": True}, "class_weight='balanced'"),
        ("lightgbm", {"boosting_type": "rf"}, "no random forest"),
        ("lightgbm", {"boosting": "random_forest"}, "no random forest"),
    ],
)
def test_parameters_that_would_be_ignored(library, library_name, parameters, message):
    if library.name != library_name:
        pytest.skip(f"of {library_name}")
    with pytest.raises(ValueError, match=f"{next(iter(parameters))}=.*{message}"):
        BoostedClassifier(library.classifier(**parameters)).fit(*CANCER)


def test_errors_say_what_to_do(library):
    regressor, classifier = BoostedRegressor(library.regressor()), BoostedClassifier(library.classifier())
    with pytest.raises(ValueError, match="loss__delta is a parameter of a loss object"):
        regressor.set_params(loss__delta=2.0)
    with pytest.raises(ValueError, match="it is a metric"):
        clone(regressor).set_params(loss=GaussianNLL()).fit(X, Y)
    with pytest.raises(ValueError, match="Use BoostedClassifier"):
        clone(regressor).set_params(loss="cross_entropy").fit(*WINE)
    with pytest.raises(ValueError, match="Use BoostedRegressor"):
        clone(classifier).set_params(loss="cosine_distance").fit(*WINE)
    with pytest.raises(FormulaError, match="same slope"):
        clone(regressor).set_params(loss=lambda y, f: y - 2 * f).fit(X, Y)
    with pytest.raises(ValueError, match="got 1 class"):
        classifier.fit(X, np.ones(len(X)))
    with pytest.raises(ValueError, match="'dog', which is not among"):
        classifier.fit(WINE[0], NAMES[WINE[1]], eval_set=(WINE[0][:1], ["dog"]))
    with pytest.raises(ValueError, match="holds 2 arrays of weights for the 1 pairs"):
        regressor.fit(X, Y, eval_set=(X, Y), eval_sample_weight=[None, None])
    with pytest.raises(AttributeError, match="predict_proba") as refused:
        BoostedClassifier(library.classifier(), "hinge").predict_proba(X)
    assert "probability estimates are not available" in str(refused.value.__cause__)
    diverging = library.regressor(learning_rate=1e300, n_estimators=5)
    with pytest.raises((ValueError, RuntimeError), match=r"diverged|learning_rate"):
        BoostedRegressor(diverging, "squared_error").fit(X, Y)


def test_lightgbm_has_no_several_targets():
    lightgbm = pytest.importorskip("lightgbm")
    with pytest.raises(
        ValueError, match=r"Pass an XGBRegressor, or put sklearn.multioutput.MultiOutputRegressor"
    ):
        BoostedRegressor(lightgbm.LGBMRegressor(verbose=-1)).fit(X, np.stack([Y, Y], axis=1))
    with pytest.raises(ValueError, match="cannot split any of the 10 features"):
        BoostedRegressor(lightgbm.LGBMRegressor(verbose=-1)).fit(0.0 * X, Y)


def test_every_alias_of_a_parameter_that_would_be_ignored():
    """LightGBM's own table of aliases is the oracle."""
    lightgbm = pytest.importorskip("lightgbm")
    from lightgbm.basic import _ConfigAliases

    from sklearn_losses.boosting._libraries import _LightGBM

    names = [alias for name in _LightGBM.overridden for alias in _ConfigAliases.get(name)]
    assert {"app", "loss", "objective_type", "metrics", "unbalance"} <= set(names)
    for name in names:
        with pytest.raises(ValueError, match=f"{name}=.*has no effect"):
            BoostedRegressor(lightgbm.LGBMRegressor(verbose=-1, **{name: 3})).fit(X, Y)


def test_options_of_fit_that_are_set_here(library):
    start, model = ("base_margin", "xgb_model") if library.name == "xgboost" else ("init_score", "init_model")
    regressor = BoostedRegressor(library.regressor())
    with pytest.raises(ValueError, match=rf"{start}= is not taken.*{model}=.*{library.name}_objective"):
        regressor.fit(X, Y, **{start: np.zeros(len(Y))})
    for option in {"xgboost": ["base_margin_eval_set"], "lightgbm": ["eval_init_score", "eval_metric"]}[
        library.name
    ]:
        with pytest.raises(ValueError, match=f"{option}= is not taken.*pass eval_set"):
            regressor.fit(X, Y, eval_set=(X, Y), **{option: [np.zeros(len(Y))]})


def test_estimators_of_a_cluster(library):
    if library.name == "xgboost":
        dask = pytest.importorskip("xgboost.dask")
        wrong = dask.DaskXGBRegressor()
    else:
        pytest.importorskip("dask")
        wrong = pytest.importorskip("lightgbm").DaskLGBMRegressor()
    with pytest.raises(
        ValueError, match=f"{type(wrong).__name__} on a cluster. Pass .*{library.name}_objective"
    ):
        BoostedRegressor(wrong).fit(X, Y)


TENSORS = """
import pytest, torch
from lightgbm import LGBMRegressor
from sklearn import config_context
from sklearn.datasets import load_diabetes
from sklearn_losses.boosting import BoostedRegressor
from xgboost import XGBRegressor

X, y = load_diabetes(return_X_y=True)
for estimator in (LGBMRegressor(n_estimators=2, n_jobs=1, verbose=-1), XGBRegressor(n_estimators=2, n_jobs=1)):
    model = BoostedRegressor(estimator).fit(X, y)
    with config_context(array_api_dispatch=True):
        model.fit(X, y)
        for call in (
            lambda: model.fit(torch.tensor(X), y),
            lambda: model.fit(X, torch.tensor(y)),
            lambda: model.predict(torch.tensor(X)),
        ):
            with pytest.raises(TypeError, match="of type torch.Tensor. Convert it to a NumPy array"):
                call()
    assert model.predict(torch.tensor(X)).shape == y.shape  # scikit-learn converts it
"""


def test_tensors_under_array_api_dispatch():
    for module in ("torch", "array_api_compat", "xgboost", "lightgbm"):
        pytest.importorskip(module)
    done = subprocess.run(
        [sys.executable, "-c", TENSORS],
        env={**os.environ, "SCIPY_ARRAY_API": "1"},
        cwd=os.path.dirname(__file__),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


# ---- slopes that are no numbers --------------------------------------------------------------------


class Hellinger(MulticlassLoss):
    """Its slope is 0 · ∞ for every class that a sample is not of."""

    def formula(self, y, f):
        return 1 - np.sum(np.exp(np.log(y * softmax(f)) / 2), axis=-1)


class Root(ProbabilityLoss):
    """Its slope overflows where a probability is 1, in double precision."""

    def formula(self, y, f):
        return np.sqrt(1 - np.where(y > 0.5, expit(f), expit(-f)))


def test_a_slope_that_is_no_number_is_an_error(library):
    model = BoostedClassifier(library.classifier(), Hellinger())
    for data in (CANCER, WINE):
        with pytest.raises(
            ValueError, match=r"gradient of Hellinger\(\) is nan at sample 0 .*np\.where.*log_expit"
        ):
            model.fit(*data)
    assert not hasattr(model, "estimator_")
    square_root = xgboost_objective(lambda y, f: np.exp(np.log(np.abs(y - f)) / 2))
    with pytest.raises(ValueError, match=r"is nan at sample 1 \(y = 5.0, raw prediction 5\)"):
        square_root(np.array([1.0, 5.0, 7.0]), np.array([4.0, 5.0, 6.0]))


def test_the_sample_of_an_overflow_is_named():
    objective = xgboost_objective(Root())
    with pytest.raises(ValueError, match=r"at sample 2 \(y = 1.0, raw prediction 50\)"):
        objective(np.array([0.0, 1.0, 1.0]), np.array([1.0, 2.0, 50.0]))
