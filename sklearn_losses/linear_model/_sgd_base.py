"""What SGDClassifier and SGDRegressor share: their parameters and what these ask of the solver.

Knows no labels and no targets: it is handed `Problem`s. The descent itself is in `solvers/`.
"""

import warnings
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.parallel import Parallel, delayed

from ._base import (
    BOOLEAN,
    InvalidParameterError,
    LinearModel,
    check_parameters,
    number,
    one_of,
    unchanged_on_error,
)
from ._callbacks import CallbackSupportMixin, Watch, with_callbacks
from ._plain import is_plain
from ._stream import Memory, Stream, settings_of
from .solvers._auto import AutoDescent, Columns, Exhausted
from .solvers._epochs import Epochs, Plateau
from .solvers._rows import Rows
from .solvers._sgd import Adaptive, Constant, Descent, InverseScaling, Optimal, gradient_at
from .solvers._stream import MOST_COLUMNS, newton_solution

# The intercept of sparse data makes small steps: it moves with every sample, a column with few.
SPARSE_INTERCEPT_DECAY = 0.01


@dataclass
class Problem:
    """What one output is trained on."""

    y: np.ndarray
    """Targets as the loss takes them, float64."""
    weight: np.ndarray | None
    seed: int
    """Of the shuffle."""
    held_out: np.ndarray | None = None
    """Which samples are not trained on."""
    score: Any = None
    """What is watched on them: a function of coefficients and intercept."""
    name: str = ""


@dataclass
class Solution:
    """Coefficients (n_outputs, n_features) and intercepts (n_outputs,), and their averages over the steps."""

    coef: np.ndarray
    intercept: np.ndarray
    average_coef: np.ndarray | None = None
    average_intercept: np.ndarray | None = None

    @classmethod
    def of(cls, descents, dtype):
        """Gather what descents have come to."""
        averages = [d.average_coef for d in descents]
        averaged = averages[0] is not None
        return cls(
            np.stack([d.coef for d in descents]),
            np.array([d.intercept for d in descents], dtype=dtype),
            np.stack(averages) if averaged else None,
            np.array([d.average_intercept for d in descents], dtype=dtype) if averaged else None,
        )


class SGDModel(CallbackSupportMixin, LinearModel):
    """What the two estimators share."""

    _rules = {
        "penalty": one_of("l2", "l1", "elasticnet", None),
        "alpha": number(Real, 0),
        "l1_ratio": number(Real, 0, 1, or_none=True),
        "fit_intercept": BOOLEAN,
        "max_iter": number(Integral, 1),
        "tol": number(Real, 0, or_none=True),
        "shuffle": BOOLEAN,
        "verbose": number(Integral, 0),
        "epsilon": number(Real, 0),
        "learning_rate": one_of("constant", "optimal", "invscaling", "adaptive", "pa1", "pa2", "auto"),
        "eta0": number(Real, above=0),
        "power_t": number(Real),
        "early_stopping": one_of(False, True, "loss"),
        "validation_fraction": number(Real, above=0, below=1),
        "n_iter_no_change": number(Integral, 1),
        "warm_start": BOOLEAN,
        "average": (
            "True, False or an integer >= 1",
            lambda value: (
                isinstance(value, (bool, np.bool_)) or (isinstance(value, Integral) and int(value) >= 1)
            ),
        ),
    }

    # ---- parameters ------------------------------------------------------------------------------

    def set_params(self, **params):
        """Set parameters; those of the loss, as in ``loss__delta``, need a loss object.

        Parameters
        ----------
        **params : dict
            Names and values.

        Returns
        -------
        self : object
        """
        loss = params.get("loss", self.loss)
        nested = [name for name in params if name.startswith("loss__")]
        if nested and not hasattr(loss, "set_params"):
            raise InvalidParameterError(
                f"{nested[0]} is a parameter of a loss object, but loss={loss!r} is a name or a function. "
                f"Pass an object, such as loss=Huber()."
            )
        return super().set_params(**params)

    def _check_parameters(self, *, streaming):
        check_parameters(self, self._rules)
        if streaming and self.early_stopping:
            raise InvalidParameterError(
                "early_stopping should be False with partial_fit, which makes one pass and holds nothing out."
            )
        if self.learning_rate == "optimal" and self.alpha == 0:
            raise InvalidParameterError(
                "alpha must be > 0 with learning_rate='optimal', whose steps are 1 / (alpha (t0 + t)). "
                "Choose another learning_rate, or penalty=None to be free of the penalty."
            )
        if self.penalty == "elasticnet" and self.l1_ratio is None:
            raise InvalidParameterError(
                "l1_ratio must be set when penalty is 'elasticnet': a number from 0 to 1, got None."
            )
        if self.learning_rate == "auto" and self.average:
            raise InvalidParameterError(
                "average must be False with learning_rate='auto', whose steps average by themselves."
            )
        if self.learning_rate in ("pa1", "pa2"):
            self._check_slopes(self._get_loss())

    def _check_slopes(self, loss):
        """Raise unless the loss has slope -1, 0 or 1 everywhere, which is what PA-I and PA-II solve."""
        f = np.pi * np.linspace(-3, 3, 101)
        for y in loss.binary_values if self._for_classifier else (-4.2, 0.03, 1.7):
            (slopes,), _ = loss.training_gradient_program().arrays(np.full_like(f, y), f)
            if not np.all(np.isclose(slopes, np.rint(slopes)) & (np.abs(slopes) < 1.5)):
                known = "'hinge'" if self._for_classifier else "'epsilon_insensitive'"
                raise InvalidParameterError(
                    f"Learning rate {self.learning_rate!r} only works with losses whose slope is -1, 0 or 1, "
                    f"such as {known}; got loss={self.loss!r}."
                )

    def _penalty_strengths(self):
        """Give the factors of ||coef||^2 / 2 and of ||coef||_1."""
        l1_ratio = {"l2": 0.0, "l1": 1.0, "elasticnet": self.l1_ratio, None: None}[self.penalty]
        if l1_ratio is None:
            return 0.0, 0.0
        return self.alpha * (1.0 - l1_ratio), self.alpha * l1_ratio

    def _schedule(self, program):
        if self.learning_rate == "adaptive":
            return Adaptive(self.eta0)
        if self.learning_rate == "invscaling":
            return InverseScaling(self.eta0, self.power_t)
        if self.learning_rate != "optimal":
            return Constant(self.eta0)
        # Bottou's choice: the first step is as long as a coefficient of the size that alpha lets one expect,
        # or shorter where the loss is steep there.
        size = self.alpha**-0.25
        slope = gradient_at(program, 1.0, -size)
        return Optimal(self.alpha, size / max(1.0, slope) if np.isfinite(slope) else size)

    # ---- fit and partial_fit ---------------------------------------------------------------------

    def _fit_from(self, X, y, coef_init, intercept_init, sample_weight):
        with unchanged_on_error(self):
            self._check_parameters(streaming=False)
            self._fit_watched(X, y, coef_init, intercept_init, sample_weight)
        if self.tol is not None and self.n_iter_ == self.max_iter:
            warnings.warn(
                "Maximum number of iteration reached before convergence. Consider increasing max_iter to "
                "improve the fit.",
                ConvergenceWarning,
                stacklevel=3,
            )
        if self.power_t < 0:
            warnings.warn(
                "Negative values for `power_t` are deprecated, as in scikit-learn, which will refuse them "
                "from 1.10 on. Use values in the range [0.0, inf) instead.",
                FutureWarning,
                stacklevel=3,
            )
        return self

    @with_callbacks
    def _fit_watched(self, X, y, coef_init, intercept_init, sample_weight):
        if self.warm_start and hasattr(self, "coef_"):
            coef_init = self._dense_coef() if coef_init is None else coef_init
            intercept_init = self.intercept_ if intercept_init is None else intercept_init
        X, y = self._check_training_data(X, y, first=True)
        self._set_target(y)
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        watch = Watch(self, self.max_iter, {"X": X, "y": y, "metadata": metadata})
        shape = self._n_outputs, X.shape[1]
        start = Solution(*self._starting_point(shape, X.dtype, coef_init, intercept_init))
        for name in (
            "_standard_coef",
            "_standard_intercept",
            "_average_coef",
            "_average_intercept",
            "_memory",
        ):
            self.__dict__.pop(name, None)
        self.t_ = 1.0
        self._train(X, y, sample_weight, start, max_iter=self.max_iter, tol=self.tol, watch=watch)
        watch.end(self._attributes_of_fit())

    def _fit_more(self, X, y, sample_weight, first, set_target):
        named = first or hasattr(self, "feature_names_in_")
        if named or not is_plain(X, y, self.n_features_in_, self.coef_.dtype):
            X, y = self._check_training_data(X, y, first=first)
        if first:
            set_target(y)
            self.t_ = 1.0
            start = Solution(*self._starting_point((self._n_outputs, X.shape[1]), X.dtype, None, None))
        else:
            start = self._where_it_is()
        self._train(X, y, sample_weight, start, max_iter=1, tol=None, watch=None)

    def _where_it_is(self):
        """Give the solution so far: with averages, `coef_` may be one."""
        if self.average and hasattr(self, "_standard_coef"):
            return Solution(
                self._standard_coef, self._standard_intercept, self._average_coef, self._average_intercept
            )
        return Solution(np.atleast_2d(self._dense_coef()), self.intercept_)

    def _train(self, X, y, sample_weight, start, *, max_iter, tol, watch):
        loss = self._get_loss()
        if self.average and start.average_coef is None:
            start.average_coef = np.zeros_like(start.coef)
            start.average_intercept = np.zeros_like(start.intercept)
        auto = self.learning_rate == "auto"
        data = X if auto else Rows(X)
        start_descent = self._auto_descent if auto else self._descent
        if auto and watch is None:
            start_descent = Stream(self).descent
        epochs = []
        for k, problem in enumerate(self._problems(X, y, sample_weight, loss)):
            descent = start_descent(loss, data, problem, start, k, measured=tol is not None)
            plateau = None
            if tol is not None:
                rest = tol, self.n_iter_no_change
                plateau = Exhausted(*rest, descent.null) if auto and not problem.score else Plateau(*rest)
            epochs.append(
                Epochs(
                    descent,
                    max_iter=max_iter,
                    plateau=plateau,
                    score=problem.score,
                    verbose=self.verbose,
                    name=problem.name,
                )
            )
        first_step = self.t_
        if watch is not None and watch.has_callbacks:
            self._run_watched(epochs, watch, lambda: self._results(epochs, X, first_step))
        else:
            self._in_threads([epoch.run for epoch in epochs])
        self.__dict__.update(self._results(epochs, X, first_step))
        self.__dict__.pop("_memory", None)
        if auto and watch is None:
            self._memory = Memory.of(self, [epoch.descent for epoch in epochs])

    def _descent(self, loss, rows, problem, start, k, *, measured):
        measured = measured or self.verbose > 0
        aggression = {"pa1": 1, "pa2": 2}.get(self.learning_rate, 0)
        program = loss.training_program() if measured or aggression else loss.training_gradient_program()
        l2, l1 = self._penalty_strengths()
        return Descent(
            program,
            rows,
            problem.y,
            problem.weight,
            start.coef[k],
            start.intercept[k],
            self._schedule(program),
            l2=l2,
            l1=l1,
            fit_intercept=self.fit_intercept,
            intercept_decay=SPARSE_INTERCEPT_DECAY if rows.sparse else 1.0,
            t=self.t_,
            seed=problem.seed if self.shuffle else None,
            measured=measured,
            skipped=None if problem.held_out is None else problem.held_out.view(np.uint8),
            average_from=int(self.average),
            average_coef=start.average_coef[k] if self.average else None,
            average_intercept=start.average_intercept[k] if self.average else 0.0,
            aggression=aggression,
        )

    def _auto_descent(self, loss, X, problem, start, k, *, measured):
        y, weight = problem.y, problem.weight
        columns = Columns(X, np.ones(len(y)) if weight is None else weight, centred=self.fit_intercept)
        constant = loss.constant_minimizer(y, weight) if self.fit_intercept else 0.0
        begun = np.any(start.coef[k]) or start.intercept[k] != 0
        spread = 1.0
        if not self._for_classifier and loss.link.name == "identity":
            spread = float(np.median(np.abs(y - np.median(y)))) or float(np.std(y)) or 1.0
        l2, l1 = self._penalty_strengths()
        programs = loss.training_program(), loss.training_gradient_program()
        seed = problem.seed if self.shuffle else None
        descent = AutoDescent(
            programs,
            X,
            columns,
            y,
            weight,
            np.asarray(start.coef[k], dtype=np.float64),
            start.intercept[k] if begun or not self.fit_intercept else constant,
            constant=constant,
            spread=spread,
            l2=l2,
            l1=l1,
            fit_intercept=self.fit_intercept,
            seed=seed,
            held_out=problem.held_out,
        )
        if X.shape[1] <= MOST_COLUMNS:
            given = start.coef[k], start.intercept[k]
            trained, settings = descent.order, settings_of(self, loss)
            descent.consider(
                *newton_solution(programs, X, y, weight, *given, trained=trained, seed=seed, **settings)
            )
        return descent

    def _in_threads(self, jobs):
        """Call every function. Threads suffice: the descents run without the GIL."""
        if len(jobs) == 1:
            jobs[0]()
        else:
            Parallel(n_jobs=self.n_jobs, require="sharedmem")(delayed(job)() for job in jobs)

    def _run_watched(self, epochs, watch, attributes):
        """Run all outputs pass by pass, so that callbacks see a whole model after each."""
        stopped = False
        while not stopped and not all(epoch.done for epoch in epochs):
            jobs = [epoch.advance for epoch in epochs if not epoch.done]
            stopped = watch.around(lambda jobs=jobs: self._in_threads(jobs), attributes)

    # ---- results ---------------------------------------------------------------------------------

    def _results(self, epochs, X, first_step):
        """Give the fitted attributes, as the passes so far leave them."""
        solution = Solution.of([epoch.descent for epoch in epochs], X.dtype)
        n_iter = max(epoch.n_iter for epoch in epochs)
        t = first_step + n_iter * X.shape[0]
        results = {
            "n_iter_": n_iter,
            "t_": t,
            "loss_curve_": _mean_curve([epoch.curve for epoch in epochs]),
            "validation_scores_": _mean_curve([epoch.scores for epoch in epochs]),
            "coef_": solution.coef,
            "intercept_": solution.intercept,
        }
        if self.average:
            results |= {
                "_standard_coef": solution.coef,
                "_standard_intercept": solution.intercept,
                "_average_coef": solution.average_coef,
                "_average_intercept": solution.average_intercept,
            }
            if self.average <= t - 1:
                results |= {"coef_": solution.average_coef, "intercept_": solution.average_intercept}
        if not self._for_classifier:
            results["coef_"] = results["coef_"][0]
        return results

    def _attributes_of_fit(self):
        return {name: value for name, value in vars(self).items() if name.endswith("_")}


def _mean_curve(curves):
    """Average the curves of the outputs; one that ended earlier stays where it was. None if none."""
    if not curves[0]:
        return None
    length = max(map(len, curves))
    return np.mean([np.pad(curve, (0, length - len(curve)), mode="edge") for curve in curves], axis=0)
