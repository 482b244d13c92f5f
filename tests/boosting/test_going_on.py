"""Training that goes on from a model gives what one longer training gives, in both libraries."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_wine, make_friedman1

from sklearn_losses.boosting import BoostedClassifier, BoostedRegressor

X, Y = make_friedman1(600, noise=1.0, random_state=0)
Y = 1e3 + 10.0 * Y
CANCER, WINE = load_breast_cancer(return_X_y=True), load_wine(return_X_y=True)


def option(library):
    return "xgb_model" if library.name == "xgboost" else "init_model"


def booster_of(model):
    return (
        model.estimator_.get_booster()
        if hasattr(model.estimator_, "get_booster")
        else model.estimator_.booster_
    )


def raw(model, A, last):
    """Return the raw prediction of the first `last` rounds, by the library's own means."""
    if hasattr(model.estimator_, "get_booster"):
        added = model.estimator_.predict(A, output_margin=True, iteration_range=(0, last))
    else:
        added = model.estimator_.predict(A, raw_score=True, num_iteration=last)
    return model.baseline_ + added


def stored(model, path):
    booster_of(model).save_model(path)
    return path


GIVEN = {
    "model": lambda model, path: model,
    "estimator": lambda model, path: model.estimator_,
    "booster": lambda model, path: booster_of(model),
    "file": lambda model, path: stored(model, path),
}


@pytest.mark.parametrize("form", GIVEN)
@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "poisson"])
def test_numbers(library, loss, form, tmp_path):
    long = BoostedRegressor(library.regressor(n_estimators=30), loss).fit(X, Y)
    first = BoostedRegressor(library.regressor(n_estimators=10), loss).fit(X, Y)
    given = GIVEN[form](first, str(tmp_path / "model.json"))
    second = BoostedRegressor(library.regressor(n_estimators=20), loss)
    if form in ("estimator", "booster"):  # of the very model, as those who fit it again have it
        second = first.set_params(estimator=library.regressor(n_estimators=20))
    before = first.predict(X)
    second.fit(X, Y, **{option(library): given})
    np.testing.assert_allclose(second.predict(X), long.predict(X), rtol=1e-5)
    np.testing.assert_allclose(raw(second, X, 10), raw(long, X, 10), rtol=1e-6)
    np.testing.assert_allclose(raw(second, X, 17), raw(long, X, 17), rtol=1e-5)
    assert np.abs(before - long.predict(X)).max() > 1.0


@pytest.mark.parametrize("data", [CANCER, WINE])
@pytest.mark.parametrize("loss", ["log_loss", "hinge"])
def test_classes(library, data, loss):
    A, y = data
    names = np.array(["ant", "bee", "cat"])[y]
    long = BoostedClassifier(library.classifier(n_estimators=12), loss).fit(A, names)
    first = BoostedClassifier(library.classifier(n_estimators=5), loss).fit(A, names)
    second = BoostedClassifier(library.classifier(n_estimators=7), loss).fit(
        A, names, **{option(library): first}
    )
    np.testing.assert_allclose(second.decision_function(A), long.decision_function(A), rtol=1e-4, atol=1e-5)


def test_other_data_keep_the_start_of_the_model(library):
    """Where nothing is added, predictions stay what they were, whatever the mean of the new targets."""
    first = BoostedRegressor(library.regressor()).fit(X, Y)
    still = library.regressor(n_estimators=1, learning_rate=1e-12)
    second = BoostedRegressor(still).fit(X[:300], Y[:300] + 500.0, **{option(library): first})
    assert second.baseline_ == first.baseline_
    np.testing.assert_allclose(second.predict(X), first.predict(X), rtol=1e-6)


def test_a_model_of_the_library_itself(library):
    """Its trees hold its start, to which no other is added."""
    own = library.regressor(**({"base_score": Y.mean()} if library.name == "xgboost" else {})).fit(X, Y)
    model = BoostedRegressor(library.regressor())
    model.fit(X, Y, **{option(library): own}, eval_set=(X, Y))
    (curve,) = (next(iter(part.values())) for part in model.evals_result_.values())
    assert curve[0] < np.mean((own.predict(X) - Y) ** 2)
    assert np.mean((model.predict(X) - Y) ** 2) == pytest.approx(curve[-1], rel=1e-4)


def test_after_early_stopping_the_best_rounds_count(library):
    a, b = slice(300), slice(300, 600)
    stop = {"n_estimators": 400, "early_stopping_rounds": 5, "learning_rate": 0.5}
    first = BoostedRegressor(library.regressor(**stop)).fit(X[a], Y[a], eval_set=(X[b], Y[b]))
    (curve,) = (next(iter(part.values())) for part in first.evals_result_.values())
    best = int(np.argmin(curve)) + 1
    assert best < len(curve) < 400
    second = BoostedRegressor(library.regressor(n_estimators=7, learning_rate=0.5))
    second.fit(X[a], Y[a], **{option(library): first}, eval_set=(X[b], Y[b]))
    whole = BoostedRegressor(library.regressor(n_estimators=best + 7, learning_rate=0.5)).fit(X[a], Y[a])
    np.testing.assert_allclose(second.predict(X), whole.predict(X), rtol=1e-5)
    (going_on,) = (next(iter(part.values())) for part in second.evals_result_.values())
    assert len(going_on) == 7
    assert going_on[-1] == pytest.approx(np.mean((second.predict(X[b]) - Y[b]) ** 2), rel=1e-4)


def test_early_stopping_in_what_goes_on(library):
    a, b = slice(300), slice(300, 600)
    first = BoostedRegressor(library.regressor(n_estimators=3)).fit(X[a], Y[a])
    stop = {"n_estimators": 400, "early_stopping_rounds": 5, "learning_rate": 0.5}
    second = BoostedRegressor(library.regressor(**stop))
    second.fit(X[a], Y[a], **{option(library): first}, eval_set=(X[b], Y[b]))
    (curve,) = (next(iter(part.values())) for part in second.evals_result_.values())
    loss = np.mean((second.predict(X[b]) - Y[b]) ** 2)
    assert len(curve) < 400
    assert loss == pytest.approx(min(curve), rel=1e-4)
    best = 3 + int(np.argmin(curve)) + 1
    np.testing.assert_allclose(second.predict(X), raw(second, X, best), rtol=1e-6)


def test_what_does_not_fit_together(library):
    regressor, classifier = BoostedRegressor(library.regressor()), BoostedClassifier(library.classifier())
    name = option(library)
    with pytest.raises(ValueError, match=f"{name} must be a fitted BoostedRegressor"):
        regressor.fit(X, Y, **{name: BoostedRegressor(library.regressor())})
    classifier.fit(*CANCER)
    with pytest.raises(ValueError, match=f"{name} must be a fitted BoostedRegressor"):
        regressor.fit(*CANCER, **{name: classifier})
    with pytest.raises(ValueError, match=f"{name} was trained on other classes"):
        BoostedClassifier(library.classifier()).fit(CANCER[0], CANCER[1] + 1, **{name: classifier})
    with pytest.raises(ValueError, match=f"{name} was trained on other classes"):
        BoostedClassifier(library.classifier()).fit(*WINE, **{name: classifier})


# ---- names of metrics ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["prediction_error", "mapped", "auc_like", "ndcg", "precision", "pre", "mape", "plain"]
)
def test_early_stopping_whatever_the_name_of_the_loss(library, name):
    """XGBoost maximises metrics by the beginning of their names."""
    a, b = slice(300), slice(300, 600)

    def square(y, f):
        return (y - f) ** 2

    square.__name__ = name
    stop = {"n_estimators": 60, "early_stopping_rounds": 5}
    model = BoostedRegressor(library.regressor(**stop), square).fit(X[a], Y[a], eval_set=(X[b], Y[b]))
    (curve,) = (next(iter(part.values())) for part in model.evals_result_.values())
    assert len(curve) > 10
    assert np.mean((model.predict(X[b]) - Y[b]) ** 2) == pytest.approx(min(curve), rel=1e-4)


def test_xgboosts_own_list_of_names_is_known():
    """Whatever XGBoost's early stopping would maximise, a loss is not called."""
    callback = pytest.importorskip("xgboost.callback")
    from sklearn_losses.boosting import xgboost_metric

    class Scores:
        best = None

        def set_attr(self, **attributes):
            pass

    for name in ("auc", "aucpr", "pre", "pre@3", "map", "map@", "ndcg@5", "prefix", "mape", "a:b c"):

        def loss(y, f):
            return (y - f) ** 2

        loss.__name__ = name
        given = xgboost_metric(loss).__name__
        stopping = callback.EarlyStopping(rounds=1)
        stopping._update_rounds(score=1.0, name="validation", metric=given, model=Scores(), epoch=0)
        assert stopping.maximize is False
        assert not set(given) & set(" :\t-")
