"""What SGDClassifier and SGDRegressor share: their parameters and what these ask of the solver.

Knows no labels and no targets: it is handed `Run`s. The descent itself is in `solvers/`.
"""

import warnings
from dataclasses import replace
from functools import partial
from numbers import Integral, Real

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import assert_all_finite
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.parallel import Parallel, delayed

from ._base import LinearModel
from ._callbacks import CallbackSupportMixin, Watch, with_callbacks
from ._parameters import (
    BOOLEAN,
    InvalidParameterError,
    check_not_negative,
    check_parameters,
    check_weights,
    number,
    one_of,
    unchanged_on_error,
)
from ._sgd_descents import Run, Solution, beginning, named_descent
from ._sgd_solved import SolveRuns, without_held_out
from ._solving import warn_of
from ._stream import Memory, Stream
from ._validation import held_out_score, hold_out, negative_loss
from .solvers._epochs import Epochs, Plateau, mean_curve
from .solvers._rows import Rows

MOST_RAW = 700.0  # exp of more is infinite


def _bounded_link(loss):
    """Whether predictions of a loss are exponentials of raw predictions."""
    return loss.target_kind == "number" and loss.link.name.startswith("log")


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
        sound = not loss.couples_outputs
        for y in loss.binary_values if self._for_classifier else (-4.2, 0.03, 1.7):
            if sound:
                (slopes,), _ = loss.training_gradient_program().arrays(np.full_like(f, y), f)
                sound = bool(np.all(np.isclose(slopes, np.rint(slopes)) & (np.abs(slopes) < 1.5)))
        if not sound:
            known = "'hinge'" if self._for_classifier else "'epsilon_insensitive'"
            raise InvalidParameterError(
                f"Learning rate {self.learning_rate!r} only works with losses whose slope is -1, 0 or 1, "
                f"such as {known}; got loss={self.loss!r}."
            )

    # ---- fit and partial_fit ---------------------------------------------------------------------

    def _fit_from(self, X, y, coef_init, intercept_init, sample_weight, **about_target):
        with unchanged_on_error(self):
            self._check_parameters(streaming=False)
            solutions = self._fit_watched(X, y, coef_init, intercept_init, sample_weight, **about_target)
        if solutions is not None and self.tol is not None:
            warn_of(solutions, "auto", stacklevel=4)
        if self.learning_rate != "auto" and self.tol is not None and self.n_iter_ == self.max_iter:
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
    def _fit_watched(self, X, y, coef_init, intercept_init, sample_weight, **about_target):
        if self.warm_start and hasattr(self, "coef_"):
            coef_init = self._dense_coef() if coef_init is None else coef_init
            intercept_init = self.intercept_ if intercept_init is None else intercept_init
        loss = self._get_loss()
        X, y, target = self._check_training_set(X, y, loss, first=True, **about_target)
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        data = {"X": X, "y": y, "metadata": metadata}
        shape = target.n_outputs, X.shape[1]
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
        if self.learning_rate == "auto":
            return self._solve(loss, target, X, y, sample_weight, start, data)
        watch = Watch(self, self.max_iter, data)
        self._train(loss, target, X, y, sample_weight, start, self.max_iter, self.tol, watch)
        watch.end(self._attributes_of_fit())
        return None

    def _solve(self, loss, target, X, y, sample_weight, start, data):
        """Minimise the objective, with nothing to choose."""
        runs = [without_held_out(run, X.shape[0]) for run in self._runs(target, X, y, sample_weight)]
        problems = [run.problem for run in runs]
        for problem in problems:
            check_not_negative(problem.weight)
        if self._for_classifier:
            self.classes_ = target.classes
        watch = Watch(self, self.max_iter, data, len(problems))
        begun = np.any(start.coef) or np.any(start.intercept)
        begin = (start.coef.astype(np.float64), start.intercept.astype(np.float64)) if begun else None
        solve = SolveRuns(self, X, loss, target, begin, watch, runs)
        solutions = solve.all(problems)
        self.__dict__.update(solve.results(solutions))
        watch.end(self._attributes_of_fit())
        return solutions

    def _fit_more(self, X, y, sample_weight, first, **about_target):
        loss = self._get_loss()
        noticed = self.learning_rate != "auto" and not loss.couples_outputs  # in passing, if X is not finite
        X, y, target = self._check_training_set(X, y, loss, first=first, finite=not noticed, **about_target)
        if first:
            self.t_ = 1.0
            start = Solution(*self._starting_point((target.n_outputs, X.shape[1]), X.dtype, None, None))
        else:
            start = self._where_it_is()
        try:
            descents = self._train(loss, target, X, y, sample_weight, start, max_iter=1, tol=None, watch=None)
        except ValueError:
            self._check_finite(X)  # the better explanation
            raise
        if noticed and not all(descent.met_finite for descent in descents):
            self._check_finite(X)

    def _check_finite(self, X):
        assert_all_finite(X, estimator_name=type(self).__name__, input_name="X")

    def _where_it_is(self):
        """Give the solution so far: with averages, `coef_` may be one."""
        if self.average and hasattr(self, "_standard_coef"):
            return Solution(
                self._standard_coef, self._standard_intercept, self._average_coef, self._average_intercept
            )
        return Solution(np.atleast_2d(self._dense_coef()), self.intercept_)

    def _train(self, loss, target, X, y, sample_weight, start, max_iter, tol, watch):
        if self.average and start.average_coef is None:
            start.average_coef = np.zeros_like(start.coef)
            start.average_intercept = np.zeros_like(start.intercept)
        auto = self.learning_rate == "auto"
        data = X if auto else Rows(X)
        start_descent = partial(Stream.descent, Stream(self)) if auto else partial(named_descent, self)
        epochs = []
        for run in self._runs(target, X, y, sample_weight):
            begin = beginning(self, loss, X, run, start.of_problem(run.problem))
            descent = start_descent(loss, data, run, begin, measured=tol is not None)
            plateau = None
            if tol is not None:
                plateau = Plateau(tol, self.n_iter_no_change)
            epochs.append(
                Epochs(
                    descent,
                    max_iter=max_iter,
                    plateau=plateau,
                    score=run.score,
                    verbose=self.verbose,
                    name=run.problem.name,
                )
            )
        first_step = self.t_
        bounded = _bounded_link(loss)
        if watch is not None and watch.has_callbacks:
            self._run_watched(epochs, watch, lambda: self._results(target, epochs, X, first_step))
        else:
            self._in_threads([epoch.run for epoch in epochs])
        self.__dict__.update(self._results(target, epochs, X, first_step))
        if bounded and not auto:
            self._check_predictions(X)
        self.__dict__.pop("_memory", None)
        descents = [epoch.descent for epoch in epochs]
        if auto:
            self._memory = Memory.of(self, descents)
        return descents

    def _check_predictions(self, X):
        """Raise if coefficients have run away where an exponential of predictions is taken."""
        with np.errstate(all="ignore"):
            raw = safe_sparse_dot(X, np.atleast_2d(self.coef_).T) + self.intercept_
            largest = float(raw.max())
        if not largest < MOST_RAW:
            raise ValueError(
                f"Floating-point overflow occurred: after {self.n_iter_} epochs raw predictions reach "
                f"{largest:.2g}, and loss={self.loss!r} takes their exponential. Scaling input data with "
                f"StandardScaler or MinMaxScaler might help, or a smaller eta0. Or choose learning_rate='auto', which "
                f"needs no scaling."
            )

    def _runs(self, target, X, y, sample_weight):
        """Give how each problem of the target is trained: seeds, and what early stopping watches."""
        early = self.early_stopping
        weight = check_weights(
            sample_weight, X.shape[0], all_may_be_zero=bool(early) and self._for_classifier
        )
        problems = self._problems(target, y, weight)
        choose = partial(hold_out, self._splitter(y), y, weight) if early else lambda: None
        held_out, seeds = self._draw(len(problems), choose)
        for problem, seed in zip(problems, seeds, strict=True):
            score = None
            if early:
                score = self._held_out_score(target, X, problem, weight, held_out)
            yield Run(problem, int(seed), held_out, score)

    def _held_out_score(self, target, X, problem, weight, held_out):
        of_problem = None if problem.weight is None else problem.weight[held_out]
        there = replace(problem, y=problem.y[held_out], weight=of_problem)
        if self.early_stopping == "loss":
            measure = negative_loss(target.loss.training_program(problem.encoding), there.y, there.weight)
        else:
            measure = target.quality(there, None if weight is None else weight[held_out])
        return held_out_score(measure, X, held_out)

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

    def _results(self, target, epochs, X, first_step):
        """Give the fitted attributes, as the passes so far leave them."""
        solution = Solution.of([epoch.descent for epoch in epochs], X.dtype)
        n_iter = max(epoch.n_iter for epoch in epochs)
        t = first_step + n_iter * X.shape[0]
        results = {
            "n_iter_": n_iter,
            "t_": t,
            "loss_curve_": mean_curve([epoch.curve for epoch in epochs]),
            "validation_scores_": mean_curve([epoch.scores for epoch in epochs]),
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
        if self._for_classifier:
            results["classes_"] = target.classes
        elif target.flat:
            results["coef_"] = results["coef_"][0]
        return results

    def _attributes_of_fit(self):
        return {name: value for name, value in vars(self).items() if name.endswith("_")}
