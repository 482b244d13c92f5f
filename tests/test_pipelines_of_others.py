"""Frames of pandas and polars, `set_output`, and encoders of other packages in front of our estimators."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_losses import Huber, LogLoss, SGDClassifier, SGDRegressor

RNG = np.random.default_rng(0)
KINDS = RNG.choice(["oak", "elm", "ash"], 200)
COLUMNS = {"height": RNG.normal(10.0, 3.0, 200), "age": RNG.uniform(1.0, 90.0, 200), "kind": KINDS}
Y = 2.0 * COLUMNS["height"] + np.where(KINDS == "oak", 30.0, 0.0) + RNG.normal(0.0, 1.0, 200)
LOSS = Huber(delta=2.0)
MODEL = SGDRegressor(loss=LOSS, random_state=0, learning_rate="auto")


def frame_of(library):
    if library == "pandas":
        return pd.DataFrame(COLUMNS)
    return pytest.importorskip("polars").DataFrame(COLUMNS)


def skill(pipeline, X, y):
    """D² of the Huber loss, cross-validated: near 1 only if the numbers and the kinds both arrived."""
    return cross_val_score(pipeline, X, y, scoring=LOSS.d2_scorer(), cv=3).min()


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_of_numbers(library, assert_same_sums):
    frame = frame_of(library)[["height", "age"]]
    array = np.stack([COLUMNS["height"], COLUMNS["age"]], axis=1)
    y = frame_of(library)["height"] > 10.0
    expected = SGDClassifier(loss=LogLoss(), random_state=0).fit(array, np.asarray(y))
    model = SGDClassifier(loss=LogLoss(), random_state=0).fit(frame, y)
    np.testing.assert_array_equal(model.coef_, expected.coef_)  # training goes over rows in C order, always
    assert list(model.feature_names_in_) == ["height", "age"]
    size = np.abs(array) @ np.abs(expected.coef_[0]) + np.abs(expected.intercept_)
    assert_same_sums(model.decision_function(frame), expected.decision_function(array), size)
    # the relative error of a small probability is the absolute one of the raw prediction
    np.testing.assert_allclose(
        model.predict_proba(frame), expected.predict_proba(array), rtol=4e-15 * size.max()
    )
    assert LogLoss()(y, model.predict_proba(frame)[:, 1]) == LogLoss()(
        np.asarray(y), model.predict_proba(frame)[:, 1]
    )
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame[["age", "height"]])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_set_output_in_front(library):
    encode = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["kind"]), (StandardScaler(), ["height", "age"])
    )
    pipeline = make_pipeline(encode, clone(MODEL)).set_output(transform=library)
    frame = frame_of(library)
    assert skill(pipeline, frame, Y) > 0.9
    names = pipeline.fit(frame, Y)[-1].feature_names_in_
    assert "standardscaler__height" in names


@pytest.mark.filterwarnings("ignore:.*no_silent_downcasting")  # an option that it sets
def test_category_encoders():
    encoders = pytest.importorskip("category_encoders")
    pipeline = make_pipeline(encoders.TargetEncoder(cols=["kind"]), clone(MODEL))
    assert skill(pipeline, frame_of("pandas"), Y) > 0.9


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # feature-engine's own, with pandas 3
def test_feature_engine():
    encoding = pytest.importorskip("feature_engine.encoding")
    pipeline = make_pipeline(encoding.OneHotEncoder(variables=["kind"]), clone(MODEL))
    assert skill(pipeline, frame_of("pandas"), Y) > 0.9


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("booster", ["xgboost", "lightgbm"])
def test_frames_in_boosters(library, booster):
    module = pytest.importorskip(booster)
    from sklearn_losses.boosting import BoostedRegressor

    small = {"n_estimators": 30, "n_jobs": 1}
    inner = (
        module.XGBRegressor(**small) if booster == "xgboost" else module.LGBMRegressor(verbose=-1, **small)
    )
    frame = frame_of(library)[["height", "age"]]
    if booster == "lightgbm" and library == "polars" and module.__version__ < "4.7":
        pytest.skip("LightGBM takes polars from 4.7 on")
    model = BoostedRegressor(inner, LOSS).fit(frame, Y)
    array = np.stack([COLUMNS["height"], COLUMNS["age"]], axis=1)
    expected = BoostedRegressor(clone(inner), LOSS).fit(array, Y)
    np.testing.assert_allclose(model.predict(frame), expected.predict(array), rtol=1e-6)
    assert list(model.feature_names_in_) == ["height", "age"]


def test_frames_of_dask_behind_an_encoder():
    """A pipeline fitted on a sample transforms the partitions; the model is fitted on all of them."""
    dd = pytest.importorskip("dask.dataframe")
    dask = pytest.importorskip("dask")
    from sklearn_losses import LinearRegressor as LocalRegressor
    from sklearn_losses.dask import LinearRegressor

    frame = frame_of("pandas")
    encode = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["kind"]), (StandardScaler(), ["height", "age"])
    ).set_output(transform="pandas")
    encoded = encode.fit_transform(frame)
    with dask.config.set(scheduler="synchronous"):
        partitions = dd.from_pandas(frame.assign(y=Y), npartitions=3)
        X = partitions[list(frame)].map_partitions(encode.transform, meta=encoded.iloc[:0])
        model = LinearRegressor(LOSS, tol=1e-10).fit(X, partitions["y"])
        assert LOSS.d2_scorer()(model, X, partitions["y"]) > 0.9
    expected = LocalRegressor(LOSS, tol=1e-10).fit(encoded, Y)
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-6)
    assert list(model.feature_names_in_) == list(encoded)
