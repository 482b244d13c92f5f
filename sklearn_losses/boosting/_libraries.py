"""What differs between the libraries of boosting: names of parameters, shapes, and what is done at prediction.

One class a library, of a few lines each. A library is imported by whoever passes one of its estimators.
"""

import inspect
from importlib import import_module

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
    reach_parameter: str
    """The parameter that limits steps where the link is logarithmic."""
    overridden: dict[str, str]
    """Parameters that our objective would silently ignore, and what to do instead."""

    def __init__(self, estimator, owner):
        self.estimator, self.owner = estimator, owner

    def check_parameters(self, parameters):
        """Raise for a parameter that would be ignored."""
        for name, remedy in self.overridden.items():
            value = parameters.get(name)
            untouched = value is None or value is False
            if not untouched and not (name == "objective" and value in self.default_objectives):
                raise InvalidParameterError(
                    f"{name}={value!r} of {type(self.estimator).__name__} has no effect under "
                    f"{type(self.owner).__name__}: {remedy}. Leave it at its default."
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

    def model(self, loss, target, n_outputs):
        """Return the unfitted estimator of raw predictions."""
        parameters = self.estimator.get_params(deep=False)
        self.check_parameters(parameters)
        objective = Objective(loss, self.name, parameters.get(self.reach_parameter))
        parameters |= self.own_parameters(loss, objective)
        if n_outputs > 1 and target.ndim == 1:
            parameters["num_class"] = n_outputs
        return self.regressor()(**parameters)


class _XGBoost(_Library):
    name = "xgboost"
    models = ("XGBRegressor", "XGBClassifier")
    default_objectives = ("reg:squarederror", "binary:logistic")
    reach_parameter = "max_delta_step"
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
            "eval_metric": Metric(loss, self.name),
            "disable_default_eval_metric": True,
            "base_score": 0.0,
        }
        if loss.link.name == "log":  # steps no longer than what the curvature was made for
            own["max_delta_step"] = objective.reach
        return own

    def fit(self, model, X, target, weights, baseline, evaluations, options):
        """Train."""
        if evaluations:
            options = {
                "eval_set": [(e.X, e.target) for e in evaluations],
                "base_margin_eval_set": [_start(baseline, len(e.target)) for e in evaluations],
                **options,
            }
            if any(e.weights is not None for e in evaluations):
                options["sample_weight_eval_set"] = [
                    np.ones(len(e.target)) if e.weights is None else e.weights for e in evaluations
                ]
        options = {"verbose": False, **options}
        model.fit(X, target, sample_weight=weights, base_margin=_start(baseline, len(target)), **options)
        return model.evals_result() if evaluations else {}

    def raw_prediction(self, model, X):
        """Return what the trees add to the baseline."""
        return model.predict(X, output_margin=True)


class _LightGBM(_Library):
    name = "lightgbm"
    models = ("LGBMRegressor", "LGBMClassifier")
    default_objectives = ()
    reach_parameter = "poisson_max_delta_step"
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
    }

    def own_parameters(self, loss, objective):
        return {"objective": objective, "metric": "None"}

    def fit(self, model, X, target, weights, baseline, evaluations, options):
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
                "eval_init_score": [_start(baseline, len(e.target)) for e in evaluations],
                "eval_metric": NamedMetric(model.objective.loss, self.name),
                **options,
            }
        try:
            model.fit(X, target, sample_weight=weights, init_score=_start(baseline, len(target)), **options)
        except Exception as error:
            if "train_data->num_features()" in str(error):
                raise ValueError(
                    f"LightGBM cannot split any of the {X.shape[1]} features of these {X.shape[0]} samples, and a "
                    f"custom objective needs one. Lower min_child_samples, or drop the model."
                ) from error
            raise
        return dict(model.evals_result_) if evaluations else {}

    def raw_prediction(self, model, X):
        """Return what the trees add to the baseline."""
        return model.predict(X, raw_score=True)


def _start(baseline, n_samples):
    """Return the baseline of every sample."""
    return np.tile(baseline, (n_samples, 1)) if np.ndim(baseline) else np.full(n_samples, baseline)


def library_of(estimator, owner):
    """Return the adapter of the library that an estimator belongs to.

    Raises
    ------
    InvalidParameterError
        If it is none of the estimators that are taken; it names these.
    """
    for library in (_XGBoost, _LightGBM):
        for cls in type(estimator).__mro__:
            if cls.__module__.partition(".")[0] == library.name and cls.__name__ in library.models:
                return library(estimator, owner)
    raise InvalidParameterError(
        f"The parameter 'estimator' of {type(owner).__name__} must be an estimator of XGBoost (XGBRegressor, "
        f"XGBClassifier) or LightGBM (LGBMRegressor, LGBMClassifier); got {estimator!r}. "
        f"Install them with pip install 'sklearn-losses[xgboost]' or 'sklearn-losses[lightgbm]'."
    )
