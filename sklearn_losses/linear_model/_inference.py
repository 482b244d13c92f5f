"""Standard errors of fitted linear models: from the loss's slopes and curvatures at the solution.

Knows estimators, targets and programs; what is made of slopes and curvatures is `inference/_coefficients.py`'s.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from .._sampling import codes_of
from ..inference import CoefficientTable
from ..inference._coefficients import Fit, columns_of_coefficients, density_at
from ._arrays import is_foreign
from ._parameters import check_not_negative, check_weights
from .solvers._facts import is_kinked
from .solvers._several_bends import NONE, STEP, _bends

COVARIANCES = ("model", "sandwich", "cluster")
ROUNDING = 1e-10  # residuals so small, beside the largest deviation of y, are zero
FAR = 0.1  # standard errors between the coefficients and the minimum that deserve a warning


@dataclass
class _Part:
    """Coefficients of one problem, and their covariance."""

    outputs: list
    coefficients: np.ndarray
    covariance: np.ndarray
    fit: Fit
    dispersion: float | None
    estimated: bool
    log_likelihood: float


def infer(model, X, y, sample_weight, covariance, groups, correction, level) -> CoefficientTable:
    """Return the table of a fitted model's coefficients; see `PenalisedModel.inference`."""
    check_is_fitted(model, "coef_")
    _check_request(model, X, covariance, groups, level)
    loss = model._get_loss()
    X, y, target = model._check_training_set(X, y, loss, first=False)
    weight = check_weights(sample_weight, X.shape[0])
    check_not_negative(weight)
    if groups is not None:
        groups = codes_of(groups, X.shape[0], "groups")[1]
    design, names = _design(model, X)
    coef = np.atleast_2d(np.asarray(model._dense_coef()))
    rounding = ROUNDING if coef.dtype == np.float64 else np.sqrt(ROUNDING)
    coef = coef.astype(np.float64)
    if model.fit_intercept:
        coef = np.column_stack([np.asarray(model.intercept_, dtype=np.float64), coef])
    parts = [
        _Coefficients(loss, problem, design, names, coef[problem.outputs], rounding).part(
            covariance, groups, correction, level
        )
        for problem in model._problems(target, y, weight)
    ]
    return _table(model, parts, names, covariance, groups, correction, level)


def _check_request(model, X, covariance, groups, level):
    if any(model._penalty_strengths()):
        raise ValueError(
            f"penalty={model.penalty!r} with alpha={model.alpha:g} draws the coefficients towards zero, and the "
            f"standard errors of unpenalised ones do not describe that. Fit with penalty=None; or resample the data "
            f"and fit again (bootstrap) for the spread of penalised coefficients."
        )
    if covariance not in COVARIANCES:
        raise ValueError(f"covariance must be 'model', 'sandwich' or 'cluster', got {covariance!r}.")
    if (groups is not None) != (covariance == "cluster"):
        raise ValueError(
            "covariance='cluster' needs groups=, the cluster of each sample."
            if groups is None
            else f"groups= is for covariance='cluster', got covariance={covariance!r}."
        )
    if getattr(model, "class_weight", None) is not None and covariance == "model":
        raise ValueError(
            "With class_weight the loss is no likelihood any more: use covariance='sandwich' or 'cluster'."
        )
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie between 0 and 1, such as 0.95, got {level!r}.")
    if is_foreign(X) or is_foreign(model.coef_):
        raise ValueError("inference works on NumPy's arrays: fit the model on them, and pass them here.")


def _design(model, X):
    """Return X in float64 with the intercept's column, and the names of the columns."""
    dense = np.asarray(X.toarray() if sp.issparse(X) else X, dtype=np.float64)
    names = getattr(model, "feature_names_in_", [f"x{k}" for k in range(dense.shape[1])])
    if not model.fit_intercept:
        return dense, [str(name) for name in names]
    return np.column_stack([np.ones(len(dense)), dense]), ["intercept", *map(str, names)]


class _Coefficients:
    """One problem at its solution."""

    def __init__(self, loss, problem, design, names, coef, rounding):
        self.loss, self.problem, self.coef, self.rounding = loss, problem, coef, rounding
        self.weight = np.ones(len(design)) if problem.weight is None else problem.weight
        self.raw = design @ coef.T
        self.shifted = False  # whether coefficients are contrasts with the first output
        self.rho, slopes, bends = (self._of_several if problem.coupled else self._of_one)()
        self.fit = Fit(design, self.weight, slopes, bends, names)
        if self.fit.degrees < 1:
            raise ValueError(
                f"{self.fit.count} samples cannot tell how sure {self.fit.n_free} coefficients are: there must be more "
                f"samples."
            )

    def _of_one(self):
        program = self.loss.training_curvature_program(self.problem.encoding)
        (rho, slopes, bends), _ = program.arrays(self.problem.y, self._snapped())
        return rho, slopes[:, None], bends[:, None, None]

    def _snapped(self):
        """Return the raw prediction, and y itself where only rounding is between: there the slope may jump."""
        f, y = self.raw[:, 0], self.problem.y
        if self.loss.link.name != "identity" or y.ndim != 1:
            return f
        return np.where(np.abs(f - y) <= self.rounding * np.abs(y - np.median(y)).max(), y, f)

    def _of_several(self):
        """Return loss, slopes and curvatures; of contrasts with the first class, where only these count."""
        y, encoding = self.problem.y, self.problem.encoding
        (rho, slopes), _ = self.loss.training_program(encoding).arrays(y, self.raw)
        gradient = self.loss.training_gradient_program(encoding)
        bends = _bends(gradient, y, self.raw, np.ones(len(y)), STEP)
        if np.abs(slopes.sum(axis=1)).max() <= NONE * np.abs(slopes).max():
            self.shifted = True
            self.coef = self.coef[1:] - self.coef[0]
            return rho, slopes[:, 1:], bends[:, 1:, 1:]
        return rho, slopes, bends

    def part(self, covariance, groups, correction, level):
        """Return coefficients and covariance."""
        loss, fit = self.loss, self.fit
        by_density = loss.elicits in ("median", "quantile") and loss.link.name == "identity"
        if by_density:
            fit.bends = np.full_like(fit.bends, self._jump() * self._density())
            on_y = self._snapped() == self.problem.y  # as many as coefficients; of either side, by chance
            fit.slopes[on_y] = np.sqrt(self._level * (1.0 - self._level)) * self._jump()
        elif not self.problem.coupled and is_kinked(
            loss.training_curvature_program(self.problem.encoding), self.problem.y, float(np.median(self.raw)),
            float(np.std(self.raw)) or 1.0,
        ):  # fmt: skip
            raise ValueError(
                f"The slope of {loss!r} jumps, so that its curvature says nothing of how sure coefficients are. Take "
                f"a smooth loss, or resample the data and fit again (bootstrap)."
            )
        dispersion = self._dispersion()
        of_model = covariance == "model"
        found = self._of_model(by_density, dispersion) if of_model else fit.sandwich(groups, correction)
        if not by_density:
            self._check_minimum(found)
        return _Part(
            outputs=list(range(self.problem.outputs.start, self.problem.outputs.stop))[int(self.shifted) :],
            coefficients=self.coef.ravel(),
            covariance=found,
            fit=fit,
            dispersion=dispersion,
            estimated=covariance == "model"
            and (loss.likelihood is None or loss.likelihood.dispersion is None),
            log_likelihood=self._log_likelihood(dispersion),
        )

    @property
    def _level(self):
        return 0.5 if self.loss.elicits == "median" else self.loss.level

    def _density(self):
        y = self.problem.y
        return density_at(y - self._snapped(), self.weight, y, self._level)

    def _expected(self):
        """Return the expected curvatures, those at y = mean, where slopes are straight in y; else the observed ones."""
        if self.problem.coupled or self.loss.elicits != "mean":
            return self.fit.bends
        program = self.loss.training_curvature_program(self.problem.encoding)
        mean = self.loss.link.prediction(np.asarray(self.raw[:, 0], dtype=np.float64))
        (_, _, bends), _ = program.arrays(mean, self.raw[:, 0])
        return bends[:, None, None]

    def _dispersion(self):
        """Return φ: known, or Pearson's estimate, the sum of squared slopes in units of expected curvatures."""
        likelihood = self.loss.likelihood
        if likelihood is None or likelihood.dispersion is not None:
            return None if likelihood is None else likelihood.dispersion
        squares = self.fit.slopes[:, 0] ** 2 / self._expected()[:, 0, 0]
        return float(self.weight @ squares) / self.fit.degrees

    def _of_model(self, by_density, dispersion):
        fit = self.fit
        if self.loss.likelihood is not None:
            return dispersion * fit.inverse(fit.bread(self._expected()))
        if by_density:
            noise = self._level * (1.0 - self._level) * (self._jump() / fit.bends[0, 0, 0]) ** 2
            return noise * fit.inverse(fit.bread(np.ones_like(fit.bends)))
        if not self._is_of_location():
            raise ValueError(
                f"{self.loss!r} is neither a likelihood nor a loss of y - f alone, so that it says nothing of how y "
                f"spreads. Use covariance='sandwich', which needs no model of that."
            )
        return fit.of_location()

    def _jump(self):
        """Return by how much the slope of a loss with a quantile jumps at y."""
        program = self.loss.training_gradient_program(self.problem.encoding)
        (slopes,), _ = program.arrays(np.zeros(2), np.array([-1.0, 1.0]))
        return float(np.ptp(slopes))

    def _is_of_location(self):
        """Tell whether the loss depends on y - f alone."""
        if self.problem.coupled or self.loss.link.name != "identity" or self.loss.target_kind != "number":
            return False
        program = self.loss.training_program(self.problem.encoding)
        y, f = self.problem.y, self.raw[:, 0]
        shift = float(np.std(y)) + 1.0
        if y.min() + shift not in self.loss.target:
            return False
        (here, _), _ = program.arrays(y, f)
        (there, _), _ = program.arrays(y + shift, f + shift)
        return np.allclose(here, there, rtol=1e-7, atol=1e-9 * float(np.abs(here).max()))

    def _check_minimum(self, covariance):
        """Warn where the coefficients are not the minimum on these data."""
        step = self.fit.inverse(self.fit.bread()) @ self.fit.scores().sum(axis=0)
        errors = np.sqrt(np.diag(covariance))
        far = float(np.max(np.abs(step) / np.where(errors > 0.0, errors, np.inf)))
        if far > FAR:
            warnings.warn(
                f"The minimum of the loss on these data lies about {far:.2g} standard errors from the coefficients. "
                f"Pass the X, y and sample_weight of fit; or fit with a smaller tol, or a larger max_iter.",
                ConvergenceWarning,
                stacklevel=5,
            )

    def _log_likelihood(self, dispersion):
        likelihood, weight = self.loss.likelihood, self.weight
        there = weight > 0.0
        if likelihood is None or np.ptp(weight[there]) > 0.0:
            return np.nan
        return likelihood.log_likelihood(self.loss, self.problem.y[there], self.rho[there], dispersion)


def _table(model, parts, names, covariance, groups, correction, level):
    """Put the parts together."""
    from scipy.linalg import block_diag

    columns: dict[str, Any] = {}
    fit = parts[0].fit
    n_outputs = sum(len(part.outputs) for part in parts)
    labels = getattr(model, "classes_", np.arange(max(max(part.outputs) for part in parts) + 1))
    outputs = [labels[k] for part in parts for k in part.outputs]
    if n_outputs > 1:
        columns["output"] = np.repeat(np.asarray(outputs), len(names))
    columns["feature"] = np.array(names * n_outputs)
    degrees = np.inf
    if covariance == "cluster":
        degrees = len(np.unique(groups[fit.weight > 0.0])) - 1
    elif parts[0].estimated:
        degrees = fit.degrees
    matrix = block_diag(*(part.covariance for part in parts))
    columns |= columns_of_coefficients(
        np.concatenate([part.coefficients for part in parts]), matrix, degrees, level
    )
    kind = "normal distribution" if np.isinf(degrees) else f"Student's t, {degrees} degrees of freedom"
    against = ""
    if getattr(model, "classes_", None) is not None and len(parts) == 1 and n_outputs == len(labels) - 1 > 1:
        against = f"; beside class {labels[0]}"
    table = CoefficientTable(columns, f"{100 * level:g}% intervals, {kind}{against}")
    table.covariance_matrix = matrix
    table.n_samples, table.degrees_of_freedom = fit.count, fit.degrees
    table.dispersion = parts[0].dispersion if len(parts) == 1 else None
    table.log_likelihood = sum(part.log_likelihood for part in parts)
    n_free = sum(part.fit.n_free for part in parts)
    table.aic = 2.0 * n_free - 2.0 * table.log_likelihood
    table.bic = float(np.log(fit.count)) * n_free - 2.0 * table.log_likelihood
    words = {
        "model": "of the model",
        "sandwich": "sandwich (HC1)" if correction else "sandwich (HC0)",
        "cluster": f"sandwich of {len(np.unique(groups)) if groups is not None else 0} clusters",
    }[covariance]
    spread = "" if table.dispersion is None else f", dispersion {table.dispersion:.4g}"
    table._title = f"{model._get_loss()!r}, {fit.count} samples; covariance {words}{spread}"
    return table
