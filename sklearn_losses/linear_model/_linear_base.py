"""What LinearClassifier and LinearRegressor share: parameters, and from data and a loss to a solved problem.

Knows no labels: it is handed `Problem`s. How coefficients are found is the solvers' affair.
"""

import warnings
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
from .solvers import SOLVERS, SOLVERS_OF_SUMS


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
            lambda value: isinstance(value, str) and value == "auto" or number(Real, above=0)[1](value),
        ),
        "max_iter": number(Integral, 1),
        "verbose": number(Integral, 0),
        "warm_start": BOOLEAN,
    }

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.array_api_support = self.solver == "auto" or self.solver in SOLVERS_OF_SUMS
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

    def _pose(self, X, y, sample_weight, loss):
        """Check the data. Give X and y, the target, its problems, and what solves them."""
        if is_foreign(X):
            from ._linear_arrays import pose  # which knows this module

            return pose(self, X, y, sample_weight, loss)
        X, y, target = self._check_training_set(X, on_host(y), loss, first=True)
        weight = check_weights(on_host(sample_weight), X.shape[0])
        check_not_negative(weight)
        return X, y, target, self._problems(target, y, weight), Solve
