"""What LinearClassifier and LinearRegressor share: parameters, and from data and a loss to a solved problem.

Knows no labels: it is handed `Problem`s. How coefficients are found is the solvers' affair.
"""

import warnings
from contextlib import suppress
from numbers import Integral, Real

import numpy as np

from ..losses._targets import as_numpy
from ._arrays import is_foreign, on_host
from ._base import LinearModel
from ._callbacks import CallbackSupportMixin, Watch, with_callbacks
from ._parameters import (
    BOOLEAN,
    check_not_negative,
    check_parameters,
    check_weights,
    number,
    one_of,
    unchanged_on_error,
)
from ._solving import RENAMED, Solve, warn_of
from ._tags import takes_arrays
from .solvers import SOLVERS


class PenalisedModel(CallbackSupportMixin, LinearModel):
    """What the two estimators share."""

    _rules = {
        "penalty": one_of("l2", "l1", "elasticnet", None),
        "alpha": number(Real, 0),
        "l1_ratio": number(Real, 0, 1),
        "fit_intercept": BOOLEAN,
        "solver": one_of("auto", *SOLVERS, *RENAMED),
        "tol": (
            "'auto' or a finite number > 0",
            lambda value: (isinstance(value, str) and value == "auto") or number(Real, above=0)[1](value),
        ),
        "max_iter": number(Integral, 1),
        "verbose": number(Integral, 0),
        "warm_start": BOOLEAN,
    }

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.array_api_support = False
        with suppress(ValueError, TypeError, KeyError):  # unknown parameters, of which fit complains
            tags.array_api_support = takes_arrays(self._get_loss(), self.solver, self._penalty_strengths()[1])
        return tags

    # ---- fit -------------------------------------------------------------------------------------

    def _fit(self, X, y, sample_weight):
        with unchanged_on_error(self):
            check_parameters(self, self._rules)
            if self.solver in RENAMED:
                warnings.warn(
                    f"solver={self.solver!r} is deprecated and will be refused from version 0.3 on. "
                    f"{RENAMED[self.solver]!r} takes its place: it ends lower, and sooner.",
                    FutureWarning,
                    stacklevel=3,
                )
            solutions = self._fit_watched(X, y, sample_weight)
        warn_of(solutions, self.solver_, stacklevel=4)
        return self

    @with_callbacks
    def _fit_watched(self, X, y, sample_weight):
        start = None
        if self.warm_start and hasattr(self, "coef_"):
            coef, intercept = as_numpy(self._dense_coef()), as_numpy(self.intercept_)
            start = np.atleast_2d(coef).astype(np.float64), intercept.astype(np.float64)
        loss = self._get_loss()
        X, y, target, problems, solve_with = self._pose(X, y, sample_weight, loss)
        if start is None or start[0].shape != (target.n_outputs, X.shape[1]):
            start = None
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        data = {"X": X, "y": y, "metadata": metadata}
        watch = Watch(self, self.max_iter, data, len(problems))
        solve = solve_with(self, X, loss, target, start, watch)
        solutions = solve.all(problems)
        self.__dict__.pop("duality_gap_", None)
        self.__dict__.update(solve.results(solutions))
        watch.end({name: value for name, value in vars(self).items() if name.endswith("_")})
        return solutions

    def inference(
        self, X, y, sample_weight=None, *, covariance="sandwich", groups=None, correction=True, level=0.95
    ):
        """Return standard errors, tests and intervals of the coefficients of a fit without a penalty.

        They come from the loss's own slopes ℓ' and curvatures ℓ'' at the solution, so that any smooth loss has them:
        with the bread B = Σ w ℓ'' x xᵀ and the meat M = Σ w² ℓ'² x xᵀ the sandwich is B⁻¹ M B⁻¹. The pinball and the
        absolute loss have the density of the residuals in place of ℓ'' (Epanechnikov's kernel, the bandwidth of Hall
        and Sheather). Fits of more than 100,000 entries end at `tol`: with 1e-8 there, coefficients are nearer to
        the minimum than their standard errors by far. A warning says where they are not.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The features, as `fit` had them.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The target, as `fit` had it.
        sample_weight : array-like of shape (n_samples,), default=None
            The weights, as `fit` had them.
        covariance : {'sandwich', 'cluster', 'model'}, default='sandwich'
            What is assumed of the samples:

            - 'sandwich': they are independent; nothing of how y spreads;
            - 'cluster': those of different `groups` are independent;
            - 'model': y spreads as the loss says. A likelihood (squared error, deviances, log loss, cross-entropy):
              expected curvature, times the dispersion, known or estimated; weights are inverse variances. A loss of
              y - f alone: these are of one distribution.
        groups : array-like of shape (n_samples,), default=None
            The cluster of each sample.
        correction : bool, default=True
            Whether sandwiches are multiplied by n/(n - p), known as HC1; those of clusters by
            G/(G - 1) · (n - 1)/(n - p).
        level : float, default=0.95
            The probability that the intervals are to have.

        Returns
        -------
        CoefficientTable
            Its `summary` prints it; `coefficients`, `standard_errors`, `covariance_matrix`, `log_likelihood`, `aic`,
            `bic` and `to_pandas` are for further use.

        Raises
        ------
        ValueError
            If the fit has a penalty, columns are linearly dependent, or the loss has no such standard errors.

        References
        ----------
        .. [1] H. White, "Maximum likelihood estimation of misspecified models", Econometrica 50 (1982),
           :doi:`10.2307/1912526`.
        .. [2] P. J. Huber, "Robust regression: asymptotics, conjectures and Monte Carlo", Annals of Statistics 1
           (1973), :doi:`10.1214/aos/1176342503`.
        .. [3] R. Koenker, "Quantile Regression", Cambridge University Press (2005),
           :doi:`10.1017/CBO9780511754098`.
        """
        from ._inference import infer

        return infer(self, X, y, sample_weight, covariance, groups, correction, level)

    def _pose(self, X, y, sample_weight, loss):
        """Check the data. Give X and y, the target, its problems, and what solves them."""
        if is_foreign(X):
            from ._linear_arrays import pose  # which knows this module

            return pose(self, X, y, sample_weight, loss)
        X, y, target = self._check_training_set(X, on_host(y), loss, first=True)
        weight = check_weights(on_host(sample_weight), X.shape[0])
        check_not_negative(weight)
        return X, y, target, self._problems(target, y, weight), Solve
