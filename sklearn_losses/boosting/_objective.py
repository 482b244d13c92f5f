"""Losses as the functions that libraries of boosting call in every round: objectives and evaluation metrics.

They take what the library hands over (labels as numbers, raw predictions, weights).
Knows losses, their curvature and their units; imports no library of boosting.
"""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from ..losses._programs import program_of
from ..losses._targets import as_numpy, check_range
from ._curvature import Steps
from ._units import best_start, depends_on_targets, unit_of_loss, unit_of_targets


class Conventions(NamedTuple):
    """Where the objectives of two libraries differ, so that ours do what their own do."""

    name: str
    """What the library is called."""
    softmax_factor: Callable[[int], float]
    """By what the diagonal of the Hessian of K raw predictions is multiplied, a function of K."""
    on_several_workers: Callable[[], bool]
    """Whether the call at hand sees the rows of one worker among several."""
    reach: float = 0.7
    """How far a step may move a prediction with a logarithmic link."""


def _is_xgboost_distributed():
    xgboost = sys.modules.get("xgboost")
    return xgboost is not None and xgboost.collective.get_world_size() > 1


def _is_lightgbm_distributed():
    """LightGBM does not tell how many machines there are; that its module for dask has called can be seen."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_globals.get("__name__") == "lightgbm.dask":
            return True
        frame = frame.f_back
    return False


XGBOOST = Conventions("xgboost", lambda n_outputs: 2.0, _is_xgboost_distributed)
LIGHTGBM = Conventions("lightgbm", lambda n_outputs: n_outputs / (n_outputs - 1.0), _is_lightgbm_distributed)
CONVENTIONS = {"xgboost": XGBOOST, "lightgbm": LIGHTGBM}
MORE_IS_BETTER = ("auc", "map", "ndcg", "pre")
"""How the names of metrics begin that XGBoost's early stopping maximises."""


class _OfLoss:
    """What objective and metric share: a loss, and how to read what a library passes.

    Parameters
    ----------
    loss : Loss
        What is trained or scored.
    library : {'xgboost', 'lightgbm'}
        Who calls.
    start : float or ndarray of shape (n_outputs,), default=0.0
        What is added to the predictions of the library.
    """

    role: str

    def __init__(self, loss, library, start=0.0):
        self.loss = loss
        self.library = library
        self.start = start

    @property
    def __name__(self):
        return self.loss.__name__

    def __repr__(self):
        return f"<{self.loss!r} as {self.role} of {self.library}>"

    def _read(self, y_true, raw_prediction, sample_weight):
        """Return pairs (y, f), one for each output that stands alone, the weights, and how y is encoded."""
        y, f, loss = as_numpy(y_true), as_numpy(raw_prediction), self.loss
        weights = None if sample_weight is None or len(sample_weight) == 0 else as_numpy(sample_weight)
        if f.ndim == 2 and f.shape[1] == 1:
            f = f[:, 0]
        if np.any(self.start):
            f = np.add(f, self.start, dtype=np.float64)
        if loss.couples_outputs:
            if y.ndim == 2 or f.ndim == 1:
                return [(y, f)], weights, "as it is"
            return [(y.astype(np.intp), f)], weights, "label"
        if f.ndim == 1:
            reading = getattr(loss, "_reading", None)
            return [(y, f)], weights, (reading and reading(y)) or "as it is"
        if y.ndim == 1:  # one class against the rest
            low, high = loss.binary_values
            y = np.where(y[:, None] == np.arange(f.shape[1]), high, low)
        return list(zip(y.T, f.T, strict=True)), weights, "as it is"


def _arguments(first, second, sample_weight):
    """Return y, f and weights, of the signature of scikit-learn's metrics or of the libraries' native one."""
    if hasattr(second, "get_label"):
        return second.get_label(), first, second.get_weight()
    return first, second, sample_weight


class Objective(_OfLoss):
    """A loss as objective: ``objective(y_true, raw_prediction, sample_weight=None)``, gradient and curvature.

    Also takes the native signature of the libraries, ``objective(raw_prediction, data_set)``.

    Parameters
    ----------
    loss, library, start
        As for a metric.
    reach : float, default=None
        By how much a step moves a prediction with a logarithmic link, at most; the library's default if None.
    watchful : bool, default=False
        Whether each call is a round of one training, so that a loss that rises makes the next steps shorter.
    """

    role = "objective"

    def __init__(self, loss, library, reach=None, *, start=0.0, watchful=False):
        super().__init__(loss, library, start)
        self.reach = CONVENTIONS[library].reach if reach is None else reach
        self.watchful = watchful
        self.caution = 1.0
        self.amplifier = 1.0
        self._last_loss = np.inf
        self._units = None  # fixed for all calls
        self._units_of = {}  # as found for the targets of a call

    def __call__(self, y_true, raw_prediction, sample_weight=None):
        """Return gradient and positive curvature, weighted, of the shape of the prediction."""
        y_true, raw_prediction, sample_weight = _arguments(y_true, raw_prediction, sample_weight)
        shape = np.shape(raw_prediction)
        if shape[0] == 0:  # of a worker that has no rows
            return np.empty(shape, np.float32), np.empty(shape, np.float32)
        columns, weights, encoding = self._read(y_true, raw_prediction, sample_weight)
        steps = self._steps(encoding)
        units = self._find_units(steps, columns, weights, encoding)
        results, total = np.empty((2, *shape), np.float32), 0.0
        for k, ((y, f), unit) in enumerate(zip(columns, units, strict=True)):
            self._check(f)
            gradient, curvature, value, range_of_y = steps(y, f, weights, self.caution)
            if encoding == "as it is":
                check_range(y, range_of_y, self.loss.target, "y_true")
            if self.watchful and value is not None:
                total += (value.sum() if weights is None else weights @ value) / unit
            factor = self.amplifier / unit
            if weights is not None:
                factor = factor * (weights if f.ndim == 1 else weights[:, None])
            softmax_factor = CONVENTIONS[self.library].softmax_factor(f.shape[1]) if f.ndim == 2 else 1.0
            with np.errstate(over="ignore"):  # in single precision
                for result, part, times in zip(
                    results, (gradient, curvature), (1.0, softmax_factor), strict=True
                ):
                    to = result[:, k] if len(columns) > 1 else result.reshape(part.shape)
                    np.multiply(part, factor * times, out=to, casting="unsafe")
        if self._rises(total):
            return self(y_true, raw_prediction, sample_weight)
        gradient, curvature = results
        with np.errstate(over="ignore", invalid="ignore"):
            looks_sound = np.isfinite(gradient.sum() + curvature.sum())
        if not looks_sound:
            self._refuse_what_is_no_number(y_true, raw_prediction, gradient, curvature)
        return gradient, curvature

    def fix_units(self, y, weights=None):
        """Find the unit of the loss once for all calls, from all targets, and how much is to be gained.

        Parameters
        ----------
        y : ndarray of shape (n,) or (n, n_outputs)
            As the library will hand it over.
        weights : ndarray of shape (n,), default=None
            Of the samples.

        Returns
        -------
        float
            What a step from the start gains for a sample at best, in the loss's unit; infinite for losses whose
            predictions have no unit.
        """
        columns, weights, encoding = self._read(y, np.zeros((len(y), *np.shape(self.start))), weights)
        steps = self._steps(encoding)
        self._units = self._compute_units(steps, columns, weights, encoding)
        gains = [np.inf]
        for (y_of_one, f), unit in zip(columns, self._units, strict=True):
            if steps.of_numbers:
                gradient, curvature, _, _ = steps(y_of_one, f, weights)
                gains.append(np.average(gradient**2 / curvature, weights=weights) / unit)
        return min(gains)

    def _find_units(self, steps, columns, weights, encoding):
        """Return the unit of each output."""
        if self._units is not None:
            return self._units
        if not (depends_on_targets(self.loss) and steps.constant_curvature is None):
            key: Any = columns[0][1].shape[1:], len(columns)
            if key not in self._units_of:
                self._units_of[key] = self._compute_units(steps, columns, weights, encoding)
            return self._units_of[key]
        if CONVENTIONS[self.library].on_several_workers():
            raise ValueError(
                f"{self.loss!r} needs a unit that is the same on all workers, and each of them sees its own rows only. "
                f"Pass the targets, or a sample of them from all workers: {self.library}_objective(..., y=targets)."
            )
        key = (
            *((y.shape, float(y.flat[0])) for y, _ in columns),
            *(float(y.sum(dtype=np.float64)) for y, _ in columns),
        )
        if key not in self._units_of:
            starts = [best_start(self.loss, y, f, weights, encoding) for y, f in columns]
            found = self._compute_units(steps, columns, weights, encoding, starts)
            self._units_of = {**dict(list(self._units_of.items())[-63:]), key: found}
        return self._units_of[key]

    def _compute_units(self, steps, columns, weights, encoding, starts=None):
        if steps.constant_curvature is not None:
            return [steps.constant_curvature] * len(columns)
        if not depends_on_targets(self.loss):
            n_outputs = columns[0][1].shape[1] if columns[0][1].ndim == 2 else len(columns)
            return [unit_of_loss(self.loss, n_outputs, self.reach)] * len(columns)
        if starts is None:
            starts = np.broadcast_to(self.start, len(columns)) if len(columns) > 1 else [self.start]
        return [
            unit_of_targets(steps, y, weights, start) for (y, _), start in zip(columns, starts, strict=True)
        ]

    def _steps(self, encoding):
        """Return the compiled loss; traced once an object, and not when the object is copied or stored."""
        cache = self.__dict__.setdefault("_compiled", {})
        if encoding not in cache:
            cache[encoding] = Steps(self.loss, encoding, self.reach)
        return cache[encoding]

    def __getstate__(self):
        return {name: value for name, value in vars(self).items() if name != "_compiled"}

    def _rises(self, total) -> bool:
        """Tell whether the loss has risen since the last round, and be more careful then.

        As a damping of Levenberg and Marquardt does, it goes back while the loss falls: what rises may be the noise
        of a part of the rows.
        """
        if not self.watchful:
            return False
        rises = total > self._last_loss * (1.0 + 1e-9)
        if total != self._last_loss:
            self.caution = 2.0 * self.caution if rises else max(0.9 * self.caution, 1.0)
        self._last_loss = total
        return rises

    def _check(self, f):
        if not max(-f.min(), f.max()) < 1e30:  # NaN, infinity, or nearly too large for float32
            raise ValueError(
                f"Boosting with {self.loss!r} diverged: a raw prediction is no longer a number of any use. Lower the "
                f"learning rate, or limit the steps with max_delta_step."
            )

    def _refuse_what_is_no_number(self, y_true, raw_prediction, gradient, curvature):
        """Raise an error that names the sample whose gradient or curvature is no number, if there is one."""
        parts = {"gradient": gradient, "second derivative": curvature}
        wrong = [name for name, part in parts.items() if not np.all(np.isfinite(part))]
        if not wrong:
            return
        name, array = wrong[0], parts[wrong[0]]
        place = tuple(np.argwhere(~np.isfinite(array))[0].tolist())
        at = np.broadcast_to(np.asarray(raw_prediction, dtype=np.float64) + self.start, array.shape)[place]
        raise ValueError(
            f"The {name} of {self.loss!r} is {array[place]} at sample {place[0]} (y = {as_numpy(y_true)[place[0]]}, "
            f"raw prediction {at:.6g}), so that nothing can be trained: the formula overflows there, or multiplies 0 "
            f"by infinity. Keep such values out of it with np.where before they enter a root, a power or a logarithm, "
            f"and write the logarithm of a probability as log_expit(f)."
        )


class Metric(_OfLoss):
    """A loss as evaluation metric of XGBoost: ``metric(y_true, raw_prediction, sample_weight=None)``."""

    role = "metric"

    @property
    def __name__(self):
        """The loss's name, unless the library takes that for one of which more is better, or cannot read it."""
        name = "".join(c if c.isalnum() or c == "_" else "_" for c in self.loss.__name__)
        return f"loss_{name}" if name.startswith(MORE_IS_BETTER) else name

    def __call__(self, y_true, raw_prediction, sample_weight=None):
        """Return the weighted mean loss; with the native signature, (name, weighted mean loss)."""
        native = hasattr(raw_prediction, "get_label")
        y_true, raw_prediction, sample_weight = _arguments(y_true, raw_prediction, sample_weight)
        columns, weights, encoding = self._read(y_true, raw_prediction, sample_weight)
        program = program_of(self.loss, "value", encoding)
        means = []
        for y, f in columns:
            total, weight, *_ = program.total(y, f, weights)
            means.append(total / weight)
        return self._result(float(np.mean(means)), native)

    def _result(self, mean, native):
        return (self.__name__, mean) if native else mean


class NamedMetric(Metric):
    """A loss as evaluation metric of LightGBM, which returns (name, weighted mean loss, False: lower is better)."""

    def _result(self, mean, native):
        return self.__name__, mean, False
