"""SGDRegressor: scikit-learn's stochastic gradient descent for numbers, for any loss."""

from sklearn.model_selection import ShuffleSplit

from ..losses._names import table_of
from ._base import LinearRegressorBase
from ._parameters import unchanged_on_error
from ._plain import drawn
from ._sgd_base import SGDModel


class SGDRegressor(LinearRegressorBase, SGDModel):
    """Linear regression trained on any loss by stochastic gradient descent.

    The objective is the mean of the losses ℓ plus the penalty,

    (1/n) Σ_i w_i s ℓ(y_i, f_i) + alpha R(w),    f_i = x_i · w + b,
    R(w) = (1 - ρ)/2 ‖w‖² + ρ ‖w‖₁,

    with ρ = 0 for 'l2', 1 for 'l1' and `l1_ratio` for 'elasticnet'; s is the loss's `training_scale` (1/2 for
    the squared error, else mostly 1). Each step follows the gradient of one sample. For scikit-learn's own
    losses the coefficients are those of its namesake to rounding, at the same parameters.

    y may have several columns. Each is then trained on its own, as if alone, and has its row of coefficients; a loss of
    vectors, such as 'cosine_distance', compares them as a whole, and they are trained together.

    Scale the columns of X to a like size first, for instance with
    :class:`~sklearn.preprocessing.StandardScaler`, or choose ``learning_rate='auto'``, which needs no scaling.

    Parameters
    ----------
    loss : str, Loss or callable, default='squared_error'
        What is minimised: the name of a loss, a loss object (whose parameters are tunable as
        ``loss__delta``), or a function ``(y, f)`` of NumPy expressions.
    penalty : {'l2', 'l1', 'elasticnet', None}, default='l2'
        The penalty R(w) above. L1 parts give coefficients that are exactly zero.
    alpha : float, default=0.0001
        Strength of the penalty, >= 0. The schedule 'optimal' uses it too.
    l1_ratio : float or None, default=0.15
        Share ρ of the L1 part with ``penalty='elasticnet'``, from 0 to 1.
    fit_intercept : bool, default=True
        Whether b is trained; it stays at its start otherwise.
    max_iter : int, default=1000
        The most passes over the data in `fit`.
    tol : float or None, default=1e-3
        `fit` ends when the objective, averaged along each pass, fails `n_iter_no_change` times in a row to
        fall below its best by `tol`. With None, it makes all `max_iter` passes.
    shuffle : bool, default=True
        Whether the samples are shuffled before each pass.
    verbose : int, default=0
        Above 0, a line is printed for each pass.
    epsilon : float, default=0.1
        The parameter of losses given by a name that have such a one: δ of 'huber'. A loss object has
        its own.
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffling; an int for results that can be repeated.
    learning_rate : {'constant', 'optimal', 'invscaling', 'adaptive', 'pa1', 'pa2', 'auto'}, default='invscaling'
        The length of step t:

        - 'constant': `eta0`;
        - 'optimal': 1 / (alpha (t0 + t - 1)) with Bottou's t0;
        - 'invscaling': `eta0` / t^`power_t`;
        - 'adaptive': `eta0`, divided by 5 instead of ending the fit, until it is 1e-6;
        - 'pa1', 'pa2': what solves the loss of the sample, passive-aggressively: at most `eta0`, or softened
          by it. For losses of slope -1, 0 or 1 only, such as 'epsilon_insensitive';
        - 'auto': nothing to choose, and no scaling of columns. With at most 500 columns Newton's method, on all rows
          or a sample (`fit`), or on each batch beside a quadratic memory of those before (`partial_fit`); then, or
          with more columns, schedule-free steps on implicitly scaled columns. After a pass of `fit` the best model
          so far is kept; `tol` is relative to all that was gained.
    eta0 : float, default=0.01
        Length of the first step, > 0; 'optimal' does not use it. With 'pa1' and 'pa2', the aggressiveness C.
    power_t : float, default=0.25
        Exponent of 'invscaling'; negative values are deprecated.
    early_stopping : bool or 'loss', default=False
        Whether `fit` holds `validation_fraction` of the samples out, and ends when the score on them fails
        `n_iter_no_change` times in a row to rise above its best by `tol`. True watches the R² of the
        prediction; 'loss' the mean of the loss that is trained, without the penalty.
    validation_fraction : float, default=0.1
        Share of the samples that `early_stopping` holds out, between 0 and 1.
    n_iter_no_change : int, default=5
        See `tol`.
    warm_start : bool, default=False
        Whether `fit` starts from the previous solution.
    average : bool or int, default=False
        Whether `coef_` and `intercept_` are averages over the steps; an integer says from which step on.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_outputs, n_features)
        w; of X's type, float32 or float64. One row an output where y has columns.
    intercept_ : ndarray of shape (1,) or (n_outputs,)
        b.
    n_iter_ : int
        Passes of the last fit, the most of all outputs.
    t_ : float
        Number of the next step.
    loss_curve_ : ndarray of shape (n_iter_,) or None
        The objective along each pass; None where nothing asked for it, because `tol` is None
        and `verbose` is 0.
    validation_scores_ : ndarray of shape (n_iter_,) or None
        The score after each pass, with `early_stopping`.
    loss_functions : dict
        The losses that scikit-learn's namesake has, by name: ``(class, *arguments)``. There are many more names.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X had names.

    References
    ----------
    Defazio et al. (2024). The road less scheduled. https://arxiv.org/abs/2405.15682

    Bottou (2012). Stochastic gradient descent tricks. https://doi.org/10.1007/978-3-642-35289-8_25

    Tsuruoka, Tsujii, Ananiadou (2009). Stochastic gradient descent training for L1-regularized log-linear
    models with cumulative penalty. https://aclanthology.org/P09-1054

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_losses.linear_model import SGDRegressor
    >>> X, y = load_diabetes(return_X_y=True, scaled=False)
    >>> X = (X - X.mean(axis=0)) / X.std(axis=0)
    >>> def log_cosh(y, f):
    ...     return np.logaddexp(y - f, f - y) - np.log(2)
    >>> model = SGDRegressor(loss=log_cosh, eta0=1.0, random_state=0).fit(X, y)
    >>> model.predict(X[:2]).shape
    (2,)
    """

    loss_functions = table_of(
        "squared_error", "huber", "epsilon_insensitive", "squared_epsilon_insensitive",
        epsilon=0.1,
    )  # fmt: skip

    _flattens_columns = True

    def __init__(
        self,
        loss="squared_error",
        *,
        penalty="l2",
        alpha=0.0001,
        l1_ratio=0.15,
        fit_intercept=True,
        max_iter=1000,
        tol=1e-3,
        shuffle=True,
        verbose=0,
        epsilon=0.1,
        random_state=None,
        learning_rate="invscaling",
        eta0=0.01,
        power_t=0.25,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        warm_start=False,
        average=False,
    ):
        self.loss = loss
        self.penalty = penalty
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.shuffle = shuffle
        self.verbose = verbose
        self.epsilon = epsilon
        self.random_state = random_state
        self.learning_rate = learning_rate
        self.eta0 = eta0
        self.power_t = power_t
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.average = average

    def fit(self, X, y, coef_init=None, intercept_init=None, sample_weight=None):
        """Train from the start, or from the previous solution with `warm_start`.

        A failed fit leaves the estimator as it was.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The target, in the domain of the loss.
        coef_init : array-like of shape (n_features,), default=None
            Where the coefficients start; zero if not given.
        intercept_init : array-like of shape (1,), default=None
            Where the intercepts start; zero if not given.
        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each sample; 1 if not given.

        Returns
        -------
        self : SGDRegressor

        Raises
        ------
        ValueError
            For parameters and data that it cannot take, and when the coefficients overflow.
        """
        return self._fit_from(X, y, coef_init, intercept_init, sample_weight)

    def partial_fit(self, X, y, sample_weight=None):
        """Train by one pass over these samples, going on from the previous ones.

        A failed or interrupted call leaves the estimator as it was. With ``learning_rate='auto'`` the estimator
        remembers the scales of the columns, the curvature of the losses so far and the last rows; `fit` drops that.
        A weight of 2 then counts as two rows, so only the ratio of the weights of all calls matters.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The target, in the domain of the loss.
        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each sample; 1 if not given.

        Returns
        -------
        self : SGDRegressor
        """
        with unchanged_on_error(self):
            self._check_parameters(streaming=True)
            self._fit_more(X, y, sample_weight, first=not hasattr(self, "coef_"))
        return self

    n_jobs = None

    def _problems(self, target, y, weight):
        return target.problems(y, weight)

    def _splitter(self, y):
        return ShuffleSplit(test_size=self.validation_fraction, random_state=self.random_state)

    def _draw(self, n_problems, choose_held_out):
        """Give the held-out samples and a seed for each problem, in the order of scikit-learn.

        Every problem has the seed that it would have alone, and so the coefficients.
        """
        held_out = choose_held_out()
        seed, _ = drawn(self.random_state, (0, 1))  # scikit-learn draws once more
        return held_out, [seed] * n_problems
