"""What every loss has, derived from its formula.

Knows links, targets and programs; knows nothing of particular losses or estimators. The kinds of
losses that are written for users to extend stand in ``_kinds.py``.
"""

from functools import partial, wraps
from typing import Any, ClassVar, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator

from ..formula import Program
from ..links import IDENTITY, REAL, UNIT, Interval, Link
from ._accumulator import Accumulator
from ._arrays import beside, home_of
from ._complaints import advice_on_nan, check_facts, complain_of_nan
from ._constant import minimizing_constant
from ._likelihoods import Likelihood
from ._namespaces import as_floats, epsilon_of, on_host, survey
from ._programs import ENCODINGS, check_parameters, program_of
from ._skill import skill
from ._targets import (
    FROM_SINGLE,
    as_weights,
    check_range,
    check_same_length,
    checked_weights,
    moderate,
    moderate_sums,
    refuse_estimator,
)


class Encoded(NamedTuple):
    """Data as a program takes them: y and f, how y is to be read, and by which loss."""

    loss: "Loss"
    y: np.ndarray
    f: np.ndarray
    encoding: str = "as it is"

    def numbers(self) -> np.ndarray:
        """Return y as the formula sees it (labels of several classes stay 0 … K-1)."""
        y = np.asarray(self.y, dtype=np.float64) if type(self.y) is np.ndarray else as_floats(self.y)
        return y if self.encoding == "label" else ENCODINGS[self.encoding](y)


def _no_scorer(call):
    """Let calls with an estimator, as scikit-learn calls scorers, name the remedy."""

    @wraps(call)
    def called(self, *arguments, **keywords):
        if arguments and type(arguments[0]) is not np.ndarray:
            refuse_estimator(arguments[0], self)
        return call(self, *arguments, **keywords)

    return called


class Loss(BaseEstimator):
    """Base class of losses: parameters, a formula, a few declared facts, and all that follows from them.

    To write a loss of your own, extend one of `RegressionLoss`, `MarginLoss`, `ProbabilityLoss` and
    `MulticlassLoss`.
    """

    alias: ClassVar[str | None] = None
    """The name that estimators, scorers and metrics know it by; None for a user's loss."""
    parameter_domains: ClassVar[dict[str, Interval]] = {}
    """Where its numeric parameters may lie, checked before the formula is used."""
    target: ClassVar[Interval] = REAL
    """What the numbers in y may be."""
    target_kind: ClassVar[str] = "number"
    """What y is: "number", "sign" (two classes), "probability" (of the second of two), "classes" (one of K, or
    their probabilities), "indicator" (K labels), "vector", or "moments" (a number, of which two are predicted)."""
    link: ClassVar[Link] = IDENTITY
    """From what users see to the raw prediction f that the formula takes."""
    response_method: ClassVar[str] = "predict"
    """The method whose result its scorer takes."""
    training_scale: ClassVar[float] = 1.0
    """What estimators minimise is this times the loss; ½ where scikit-learn trains on ½r²."""
    convex: ClassVar[bool | None] = None
    """Whether the loss is convex in f; None if undeclared."""
    elicits: ClassVar[str | None] = None
    """The functional of the distribution of y that is its best prediction: "mean", "median", …"""
    likelihood: ClassVar[Likelihood | None] = None
    """The distribution whose negative log-likelihood it is, but for a scale and what does not depend on f."""
    strictly_proper: ClassVar[bool | None] = None
    """Whether the true probabilities are its only best prediction."""
    symmetric: ClassVar[bool] = True
    """Whether all classes count alike; not so where a mistake about one costs more, as in cost-sensitive losses."""
    raw_range: ClassVar[Interval] = Interval(-1000.0, 1000.0)
    """Raw predictions that `check_loss` asks a finite loss and gradient of; less where growth is exponential."""
    complete: ClassVar[bool] = True
    """Whether the loss is zero at its best prediction and never negative."""
    couples_outputs: ClassVar[bool] = False
    """Whether one sample has K raw predictions that the loss compares with each other."""
    binary_values: ClassVar[tuple[float, float]] = (-1.0, 1.0)
    """How y of the negative and the positive class enter the formula."""
    positive_probability: ClassVar[Link | None] = None
    """Its inverse gives the probability of the positive class; None if the loss has none."""
    epsilon_parameter: ClassVar[str | None] = None
    """The parameter that an estimator's `epsilon` sets when the loss is given by name."""

    def __init_subclass__(cls, **keywords):
        super().__init_subclass__(**keywords)
        check_facts(cls)

    def formula(self, y: Any, f: Any) -> Any:
        """Return the loss of one sample, as a NumPy expression of `y` and the raw prediction `f`."""
        raise NotImplementedError(f"{type(self).__name__} defines no method formula(self, y, f).")

    def _encode(self, y_true, prediction, labels, pos_label, raw) -> Encoded:
        """Check and encode what users pass; `raw` tells the scale of the prediction."""
        raise NotImplementedError(
            f"{type(self).__name__} does not say what its y is: extend RegressionLoss, MarginLoss, "
            f"ProbabilityLoss or MulticlassLoss instead of Loss."
        )

    def several_classes(self):
        """Return the loss that this one means for more than two classes, or None."""
        return None

    @classmethod
    def metric_name(cls) -> str:
        """Return the name of the loss as a function: the alias, made to end in a word for what it is."""
        name = vars(cls).get("alias")  # a subclass is another loss, without an alias unless it says so
        if name is None:
            return cls.__name__  # type: ignore[return-value]
        quantities = ("_loss", "_error", "_divergence", "_distance", "_entropy")
        return name if name.endswith(quantities) else f"{name}_loss"

    @property
    def level(self) -> float | None:
        """The level of the quantile or expectile that the loss elicits."""
        return getattr(self, self.elicits, None) if self.elicits in ("quantile", "expectile") else None

    @property
    def examples(self):
        """Valid random data, for tests: see ``_examples.py``."""
        return self._examples(self)

    @property
    def __name__(self) -> str:
        """The name under which scikit-learn prints the loss as a metric."""
        return type(self).metric_name()

    @property
    def formula_name(self) -> str:
        """What errors call the formula."""
        return f"{type(self).__name__}.formula"

    # ---- on the scale of predictions -------------------------------------------------------------

    @_no_scorer
    def __call__(self, y_true, y_pred, *, sample_weight=None, labels=None, pos_label=None) -> float:
        """Return the weighted mean Σ w ℓ / Σ w of the loss.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
            What was observed: numbers for a regression, labels for a classification. Losses of
            probabilities take probabilities too.
        y_pred : array-like of shape (n_samples,) or (n_samples, n_outputs)
            What was predicted, as users see it: the mean, the probability (of the positive class, or of
            each class), or the decision function.
        sample_weight : array-like of shape (n_samples,), default=None
            The weights w.
        labels : sequence, default=None
            The classes, in the order of the columns of `y_pred`; [negative, positive] for two. By
            default the sorted labels that `y_true` holds; columns of a data frame that are named after
            classes are found by their names.
        pos_label : label, default=None
            The positive class of two, if it is not the second one.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If a value is outside its domain, not finite, of the wrong shape, or an unknown label.
        TypeError
            If it is called as scorers are, with an estimator: see `scorer`.
        """
        home = home_of(y_pred, y_true, sample_weight)
        if home is not None:
            return float(np.mean(home.averages(self, y_true, y_pred, sample_weight, labels, pos_label)))
        data = self._encode(y_true, y_pred, labels, pos_label, raw=False)
        return float(np.mean(data.loss._averages(data, as_weights(sample_weight, len(data.f)))))

    def accumulator(self, *, labels=None, pos_label=None) -> Accumulator:
        """Return what takes samples in pieces, `update`, joins with others, `merge`, and gives the mean, `result`.

        The mean is the same however the samples are cut; labels should be named where a piece may lack some.
        """
        return Accumulator(self, labels, pos_label)

    def pointwise(self, y_true, y_pred, *, labels=None, pos_label=None) -> np.ndarray:
        """Return the loss of every sample, of shape (n_samples,).

        The parameters are those of calling the loss. Over several outputs of a regression it is the mean.
        A float32 prediction gives float32.
        """
        home = home_of(y_pred, y_true)
        if home is not None:
            return home.pointwise(self, y_true, y_pred, labels, pos_label)
        data = self._encode(y_true, y_pred, labels, pos_label, raw=False)
        each = data.loss._each(data, "metric")
        return each if each.ndim == 1 else each.mean(axis=1, dtype=np.float64).astype(each.dtype)

    # ---- on the raw scale ------------------------------------------------------------------------

    def gradient(self, y_true, raw_prediction, *, labels=None, pos_label=None) -> np.ndarray:
        """Return the derivative of the loss by the raw prediction, of the shape of `raw_prediction`."""
        return self._derivative("gradient", y_true, raw_prediction, labels, pos_label)

    def hessian(self, y_true, raw_prediction, *, labels=None, pos_label=None) -> np.ndarray:
        """Return the second derivative by the raw prediction (for K outputs: the Hessian's diagonal)."""
        return self._derivative("hessian", y_true, raw_prediction, labels, pos_label)

    def _derivative(self, quantity, y_true, raw_prediction, labels, pos_label):
        home = home_of(raw_prediction, y_true)
        if home is not None:
            return home.derivative(self, quantity, y_true, raw_prediction, labels, pos_label)
        data = self._encode(y_true, raw_prediction, labels, pos_label, raw=True)
        each = data.loss._each(data, quantity)
        shape = np.shape(raw_prediction)
        return each.reshape(shape) if each.size == np.prod(shape, dtype=int) else each

    def objective(self, y_true, raw_prediction, sample_weight=None) -> tuple[np.ndarray, np.ndarray]:
        """Return gradient and Hessian diagonal times `training_scale` and weights, as boosters take them."""
        y_true, raw_prediction, sample_weight = map(on_host, (y_true, raw_prediction, sample_weight))
        data = self._encode(y_true, raw_prediction, None, None, raw=True)
        weights = checked_weights(sample_weight, len(data.f))
        scale = np.asarray(data.loss.training_scale * (1.0 if weights is None else weights))
        if data.f.ndim == 2 and scale.ndim == 1:
            scale = scale[:, None]
        return scale * data.loss._each(data, "gradient"), scale * data.loss._each(data, "hessian")

    def constant_minimizer(self, y_true, sample_weight=None, *, labels=None, pos_label=None):
        """Return the constant raw prediction with the smallest weighted mean loss.

        Returns
        -------
        float, or array of shape (n_outputs,), of the library of `y_true`
            Where all constants of an interval are best, its middle, or its end if it has only one.
            Always finite: where only ±infinity is best (all samples of one class), the constant whose
            prediction is within machine epsilon.
        """
        check_parameters(self)
        given, sample_weight = on_host(y_true), on_host(sample_weight)
        data = self._encode_target(given, labels, pos_label)
        if data.encoding in ("as it is", "number"):
            check_range(data.y, survey(data.y), data.loss.target, "y_true")
        best = minimizing_constant(data, moderate(checked_weights(sample_weight, len(data.y))))
        return best if np.ndim(best) == 0 else beside(best, y_true)

    def d2(self, y_true, y_pred, *, sample_weight=None, labels=None, pos_label=None) -> float:
        """Return the skill D² = 1 - loss / loss of the best constant: 1 is perfect, 0 no better than it.

        The parameters are those of calling the loss. The constant is the best one for `y_true` itself, as in
        scikit-learn's ``d2_…`` scores; over several outputs of a regression it is the mean.

        Raises
        ------
        ValueError
            As calling the loss; and if the loss may be negative.
        """
        y_true, y_pred, sample_weight = map(on_host, (y_true, y_pred, sample_weight))
        data = self._encode(y_true, y_pred, labels, pos_label, raw=False)
        return skill(data, sample_weight)

    def scorer(self, pos_label=None):
        """Return the negated loss as a scorer, for ``scoring=`` of `cross_val_score` and its kin.

        Parameters
        ----------
        pos_label : label, default=None
            The positive class of two, if it is not the second of the estimator's `classes_`.
        """
        from ._scorer import LossScorer

        return LossScorer(self, pos_label)

    def d2_scorer(self, pos_label=None):
        """Return the skill D² as a scorer; `pos_label` as in `scorer`."""
        from ._scorer import SkillScorer

        return SkillScorer(self, pos_label)

    # ---- programs --------------------------------------------------------------------------------

    def training_program(self, encoding: str | None = None) -> Program:
        """Return the program that solvers run: training_scale · (loss, its derivative by f).

        Losses of several classes take codes 0 … K-1 of labels, unless `encoding` is "as it is": then rows.
        """
        return program_of(self, "training", encoding or self._training_encoding)

    def training_gradient_program(self, encoding: str | None = None) -> Program:
        """Return the program of solvers that need no value: training_scale · the derivative by f alone."""
        return program_of(self, "training gradient", encoding or self._training_encoding)

    @property
    def _training_encoding(self):
        return "label" if self.target_kind == "classes" else "as it is"

    def training_curvature_program(self, encoding: str | None = None) -> Program:
        """Return the program of second-order solvers: training_scale · (loss, and its two derivatives by f)."""
        return program_of(self, "training curvature", encoding or self._training_encoding)

    def _checks(self, y, f, encoding, raw) -> list:
        """Return nodes that must be (nearly) zero for sound data, or below it; `raw` tells the scale of f."""
        return []

    def _inspect_excess(self, data, excess) -> None:
        """Raise if one of the checks is not (nearly) zero."""

    def _reads_labels(self, encoding: str) -> bool:
        """Tell whether y must be one of the two values that stand for classes."""
        return False

    def _averages(self, data, weights) -> list[float]:
        """Return the weighted mean loss, one for each output of a regression."""
        totals = moderate_sums(partial(self._totals, data), weights)
        if any(np.isnan(total) and weight > 0.0 for total, weight in totals):
            complain_of_nan(data, weights)
        return self._means(totals)

    def _means(self, totals) -> list[float]:
        """Divide sums by those of weights."""
        results = []
        for total, weight in totals:
            if not 0.0 < weight < np.inf:
                raise ValueError(
                    f"The sample weights sum to {weight:g}; their sum must be positive and finite. Only their ratios "
                    f"matter."
                )
            if np.isnan(total):
                raise ValueError(
                    f"{self.formula_name} gives NaN for some of these data, which are finite. {advice_on_nan(self)}"
                )
            results.append(total / weight)
        return results

    def _totals(self, data, weights) -> list[tuple[float, float]]:
        """Return Σ w ℓ and Σ w, for each output of a regression."""
        check_same_length(y_true=data.y, y_pred=data.f)
        program = program_of(self, "metric", data.encoding, self._clip(data.f))
        results = []
        for y, f in self._columns(data):
            total, weight, ranges, excess = program.total(y, f, weights)
            self._inspect(data, ranges, excess, raw=False)
            if weights is not None:
                check_range(weights, ranges[2], REAL, "sample_weight")
            results.append((total, weight))
        return results

    def _each(self, data, quantity, dtype=None) -> np.ndarray:
        """Return a quantity for every sample, and for every output of a regression that has several."""
        raw = quantity != "metric"
        check_same_length(**{"y_true": data.y, "raw_prediction" if raw else "y_pred": data.f})
        program = program_of(self, quantity, data.encoding, None if raw else self._clip(data.f))
        dtype = dtype or (np.float32 if data.f.dtype == np.float32 else np.float64)
        columns = []
        for y, f in self._columns(data):
            (result, *checks), ranges = program.arrays(y, f, dtype)
            self._inspect(data, ranges, [float(np.max(check)) for check in checks], raw=raw)
            columns.append(result)
        return columns[0] if len(columns) == 1 else np.stack(columns, axis=1)

    def _columns(self, data):
        """Split the outputs of a regression, which do not meet."""
        if data.f.ndim == 1 or self.couples_outputs:
            return [(data.y, data.f)]
        return [(data.y[:, k], data.f[:, k]) for k in range(data.f.shape[1])]

    def _clip(self, f):
        """Return by how much probabilities are kept from 0 and 1: the epsilon of their dtype."""
        if self.link.predictions != UNIT:
            return None
        return epsilon_of(f)

    def _slack(self, f):
        """Return by how much rounding may carry probabilities beyond 0 and 1."""
        return max(8.0 * self._clip(f), FROM_SINGLE)

    def _inspect(self, data, ranges, excess, raw) -> None:
        """Raise if a run met a value outside its domain, as its ranges and largest checks tell."""
        if data.encoding in ("as it is", "number"):
            check_range(data.y, ranges[0], self.target, "y_true")
        allowed = REAL if raw else self.link.predictions
        found = ranges[1]
        if allowed == UNIT:  # 1 + rounding is no mistake
            slack = self._slack(data.f)
            lowest, highest, has_nan = found
            found = (
                0.0 if -slack <= lowest < 0.0 else lowest,
                1.0 if 1.0 < highest <= 1.0 + slack else highest,
                has_nan,
            )
        advice = "Pass probabilities, such as predict_proba returns." if allowed == UNIT else ""
        check_range(data.f, found, allowed, "raw_prediction" if raw else "y_pred", advice)
