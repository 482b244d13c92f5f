"""What differs between the libraries of boosting: names of parameters, shapes, and what is done at prediction.

One class a library, of a few lines each. A library is imported by whoever passes one of its estimators.
"""

import inspect
from importlib import import_module
from typing import Any

import numpy as np

from ..linear_model._parameters import InvalidParameterError
from ._objective import Metric, NamedMetric, Objective


class _Library:
    """The common part: from an estimator of the library to one of raw predictions that trains our loss."""

    name: str
    models: tuple[str, ...]
    """The library's classes that are taken."""
    default_objectives: tuple[str, ...]
    """What `objective` may say, because users did not set it."""
    booster_parameters: tuple[str, ...]
    """What the library calls the kind of boosting."""
    reach_parameter: str
    """The parameter that limits steps where the link is logarithmic."""
    overridden: dict[str, str]
    """Parameters that our objective would silently ignore, and what to do instead."""
    aliases: dict[str, tuple[str, ...]] = {}
    """Other names of some of them."""
    start_option: str
    """What the library's `fit` calls raw predictions to start from."""
    model_option: str
    """What the library's `fit` calls a model to go on from."""
    taken_options: tuple[str, ...]
    """What is handed to the library's `fit` here, so that users cannot."""

    def __init__(self, estimator, owner):
        self.estimator, self.owner = estimator, owner

    def check_parameters(self, parameters):
        """Raise for a parameter that would be ignored."""
        for known, remedy in self.overridden.items():
            for name in (known, *self.aliases.get(known, ())):
                value = parameters.get(name)
                untouched = value is None or value is False
                if not untouched and not (name == "objective" and value in self.default_objectives):
                    raise InvalidParameterError(
                        f"{name}={value!r} of {type(self.estimator).__name__} has no effect under "
                        f"{type(self.owner).__name__}: {remedy}. Leave it at its default."
                    )

    def check_options(self, options):
        """Raise for an option of the library's `fit` that this package sets itself."""
        if self.start_option in options:
            raise ValueError(
                f"{self.start_option}= is not taken by the fit of {type(self.owner).__name__}, which starts from the "
                f"best constant of the loss and would not know these values when it predicts. To go on from a model, "
                f"pass it as {self.model_option}=; for starts of your own, train with {self.name}_objective(loss)."
            )
        for name in self.taken_options:
            if name in options:
                raise ValueError(
                    f"{name}= is not taken by the fit of {type(self.owner).__name__}: pass eval_set and "
                    f"eval_sample_weight, which the loss scores from the start that it is trained from."
                )

    def own_parameters(self, loss, objective) -> dict:
        """Return the parameters that make the library train the loss."""
        raise NotImplementedError

    def regressor(self):
        """Return the library's class for raw predictions, which the estimator is or has beside it."""
        for cls in type(self.estimator).__mro__:
            if cls.__name__ in self.models:
                name = cls.__name__.replace("Classifier", "Regressor")
                return (
                    type(self.estimator) if name == cls.__name__ else getattr(import_module(self.name), name)
                )
        raise AssertionError("library_of looked for one of these classes")

    def model(self, loss, target, weights, n_outputs, start):
        """Return the unfitted estimator of raw predictions, which are added to `start`."""
        parameters = self.estimator.get_params(deep=False)
        self.check_parameters(parameters)
        reach = parameters.get(self.reach_parameter)
        watchful = "dart" not in (
            parameters.get(name) for name in self.booster_parameters
        )  # which drops trees
        objective = Objective(loss, self.name, reach, start=start, watchful=watchful)
        gain = objective.fix_units(target, weights)
        parameters |= self.own_parameters(loss, objective)
        parameters |= self.amplified(parameters, objective, gain)
        if n_outputs > 1 and target.ndim == 1:
            parameters["num_class"] = n_outputs
        return self.regressor()(**parameters)

    def amplified(self, parameters, objective, gain) -> dict:
        """Return the parameters that change because the objective is multiplied, where the library needs that."""
        return {}

    def earlier(self, given) -> Any:
        """Return the booster of a model to go on from, without the trees after its best round."""
        raise NotImplementedError

    def parts_of_booster(self, booster, X) -> tuple[np.ndarray, Any]:
        """Return the sum of a booster's trees, and what it adds to them by itself."""
        raise NotImplementedError

    def booster(self, model) -> Any:
        """Return the library's own object of a fitted model."""
        raise NotImplementedError

    def n_splits(self, model) -> int | None:
        """Return how many splits the trees of a fitted model have; None if it has no trees."""
        raise NotImplementedError


class _XGBoost(_Library):
    name = "xgboost"
    models = ("XGBRegressor", "XGBClassifier")
    default_objectives = ("reg:squarederror", "binary:logistic")
    booster_parameters = ("booster",)
    reach_parameter = "max_delta_step"
    start_option, model_option = "base_margin", "xgb_model"
    taken_options = ("base_margin_eval_set", "sample_weight_eval_set")
    overridden = {
        "objective": "the parameter loss is the objective",
        "base_score": "boosting starts from the best constant of the loss",
        "eval_metric": "eval_set is scored by the loss",
        "scale_pos_weight": "pass class_weight, or sample weights to fit",
        "quantile_alpha": "the loss has its own parameters",
        "expectile_alpha": "the loss has its own parameters",
        "huber_slope": "the loss has its own parameters",
        "tweedie_variance_power": "the loss has its own parameters",
    }

    def own_parameters(self, loss, objective):
        own = {
            "objective": objective,
            "eval_metric": Metric(loss, self.name, objective.start),
            "disable_default_eval_metric": True,
            "base_score": 0.0,
        }
        if loss.link.name == "log":  # steps no longer than what the curvature was made for
            own["max_delta_step"] = objective.reach
        return own

    def amplified(self, parameters, objective, gain):
        """Return what the objective's numbers are held against, multiplied as these are.

        XGBoost makes no split that gains less than 1e-6, whatever the unit of the target. A power of two that
        multiplies all of them changes nothing else.
        """
        if not 0.0 < gain < LEAST_GAIN:
            return {}
        objective.amplifier = 2.0 ** np.ceil(-np.log2(gain))
        changed: dict[str, float] = {}
        for names, default in GAIN_PARAMETERS:
            given = {name: parameters[name] for name in names if parameters.get(name) is not None}
            changed |= {
                name: objective.amplifier * value for name, value in (given or {names[0]: default}).items()
            }
        return changed

    def fit(self, model, X, target, weights, evaluations, options):
        """Train."""
        if evaluations:
            options = {"eval_set": [(e.X, e.target) for e in evaluations], **options}
            if any(e.weights is not None for e in evaluations):
                options["sample_weight_eval_set"] = [
                    np.ones(len(e.target)) if e.weights is None else e.weights for e in evaluations
                ]
        model.fit(X, target, sample_weight=weights, **{"verbose": False, **options})
        if not evaluations:
            return {}
        name = model.eval_metric.__name__  # beside it, a booster that is trained on keeps its own metric
        return {part: {name: curves[name]} for part, curves in model.evals_result().items()}

    def booster(self, model):
        """Return the library's own object of a fitted model."""
        return model.get_booster()

    def parts_of_booster(self, booster, X):
        """Return the sum of a booster's trees, and what it adds to them by itself."""
        data = import_module(self.name).DMatrix
        whole = booster.predict(data(X, enable_categorical=True), output_margin=True)
        at_zero = data(X, enable_categorical=True, base_margin=np.zeros_like(whole))
        trees = booster.predict(at_zero, output_margin=True)
        return trees, np.mean(whole - trees, axis=0, dtype=np.float64)

    def earlier(self, given):
        """Return the booster of a model to go on from, without the trees after its best round."""
        if hasattr(given, "get_booster"):
            given = given.get_booster()
        elif not hasattr(given, "num_boosted_rounds"):
            given = import_module(self.name).Booster(model_file=given)
        if given.attr("best_iteration") is not None:
            given = given[: int(given.attr("best_iteration")) + 1]
            given.set_attr(best_iteration=None, best_score=None)
        return given

    def raw_prediction(self, model, X):
        """Return what the trees add to the baseline."""
        return model.predict(X, output_margin=True)

    def n_splits(self, model):
        """Return how many splits the trees of a fitted model have; None if it has no trees."""
        if model.booster == "gblinear":
            return None
        return int(sum(model.get_booster().get_score(importance_type="weight").values()))


LEAST_GAIN = 2.0**-10
"""Where gains are smaller than this a sample, they are multiplied for XGBoost."""
GAIN_PARAMETERS = (
    (("reg_lambda", "lambda"), 1.0),
    (("reg_alpha", "alpha"), 0.0),
    (("gamma", "min_split_loss"), 0.0),
    (("min_child_weight",), 1.0),
)
"""What XGBoost holds against sums of gradients and curvatures, by their names, with the defaults."""


class _LightGBM(_Library):
    name = "lightgbm"
    models = ("LGBMRegressor", "LGBMClassifier")
    default_objectives = ()
    booster_parameters = ("boosting_type", "boosting", "boost")
    reach_parameter = "poisson_max_delta_step"
    start_option, model_option = "init_score", "init_model"
    taken_options = ("eval_init_score", "eval_metric", "eval_X", "eval_y", "eval_class_weight")
    aliases = {
        "objective": ("objective_type", "app", "application", "loss"),
        "metric": ("metrics", "metric_types"),
        "is_unbalance": ("unbalance", "unbalanced_sets"),
        "num_class": ("num_classes",),
    }
    overridden = {
        "objective": "the parameter loss is the objective",
        "metric": "eval_set is scored by the loss",
        "class_weight": "set it on the classifier around, or pass sample weights to fit",
        "scale_pos_weight": "pass class_weight, or sample weights to fit",
        "is_unbalance": "pass class_weight='balanced'",
        "alpha": "the loss has its own parameters",
        "fair_c": "the loss has its own parameters",
        "tweedie_variance_power": "the loss has its own parameters",
        "reg_sqrt": "transform the target",
        "num_class": "y says how many classes there are",
    }

    def check_parameters(self, parameters):
        """Raise for a parameter that would be ignored, and for random forests."""
        super().check_parameters(parameters)
        for name in self.booster_parameters:
            if parameters.get(name) in ("rf", "random_forest"):
                raise InvalidParameterError(
                    f"{name}={parameters[name]!r} of {type(self.estimator).__name__}: LightGBM grows no random forest "
                    f"for an objective that is a function. Take boosting_type='gbdt' or 'dart', or a "
                    f"RandomForestRegressor of scikit-learn."
                )

    def own_parameters(self, loss, objective):
        # Otherwise no feature is left where there are few rows, and LightGBM stops with an error.
        return {"objective": objective, "metric": "None", "feature_pre_filter": False}

    def fit(self, model, X, target, weights, evaluations, options):
        """Train."""
        if target.ndim == 2:
            raise ValueError(
                f"LightGBM has no trees of several targets, and y has shape {target.shape}. Pass an XGBRegressor, or "
                f"put sklearn.multioutput.MultiOutputRegressor around {type(self.owner).__name__}."
            )
        if evaluations:
            pairs = (
                {
                    "eval_X": tuple(e.X for e in evaluations),
                    "eval_y": tuple(e.target for e in evaluations),
                }
                if "eval_X" in inspect.signature(model.fit).parameters
                else {"eval_set": [(e.X, e.target) for e in evaluations]}
            )
            options = {
                **pairs,
                "eval_sample_weight": [e.weights for e in evaluations],
                "eval_metric": NamedMetric(model.objective.loss, self.name, model.objective.start),
                **options,
            }
        try:
            model.fit(X, target, sample_weight=weights, **options)
        except Exception as error:
            if "train_data->num_features()" in str(error):
                raise ValueError(
                    f"LightGBM cannot split any of the {X.shape[1]} features of these {X.shape[0]} samples, and a "
                    f"custom objective needs one. Lower min_data_in_bin, or drop the model."
                ) from error
            raise
        return dict(model.evals_result_) if evaluations else {}

    def booster(self, model):
        """Return the library's own object of a fitted model."""
        return model.booster_

    def parts_of_booster(self, booster, X):
        """Return the sum of a booster's trees, and what it adds to them by itself."""
        return booster.predict(X, raw_score=True), 0.0

    def earlier(self, given):
        """Return the booster of a model to go on from, without the trees after its best round."""
        make = import_module(self.name).Booster
        given = getattr(given, "booster_", given)
        if not hasattr(given, "current_iteration"):
            given = make(model_file=given)
        return make(model_str=given.model_to_string(num_iteration=given.best_iteration))

    def raw_prediction(self, model, X):
        """Return what the trees add to the baseline."""
        return model.predict(X, raw_score=True)

    def n_splits(self, model):
        """Return how many splits the trees of a fitted model have; None if it has no trees."""
        return int(model.booster_.feature_importance("split").sum())


def library_of(estimator, owner):
    """Return the adapter of the library that an estimator belongs to.

    Raises
    ------
    InvalidParameterError
        If it is none of the estimators that are taken; it names these.
    """
    for library in (_XGBoost, _LightGBM):
        for cls in type(estimator).__mro__:
            if cls.__module__.startswith(f"{library.name}.dask"):
                raise InvalidParameterError(
                    f"{type(owner).__name__} trains on one machine, and {type(estimator).__name__} on a cluster. Pass "
                    f"{library.models[0]}; or train {type(estimator).__name__} itself, with "
                    f"objective={library.name}_objective(loss, y=a sample of the targets)."
                )
            if cls.__module__.partition(".")[0] == library.name and cls.__name__ in library.models:
                return library(estimator, owner)
    raise InvalidParameterError(
        f"The parameter 'estimator' of {type(owner).__name__} must be an estimator of XGBoost (XGBRegressor, "
        f"XGBClassifier) or LightGBM (LGBMRegressor, LGBMClassifier); got {estimator!r}. "
        f"Install them with pip install 'sklearn-losses[xgboost]' or 'sklearn-losses[lightgbm]'."
    )
