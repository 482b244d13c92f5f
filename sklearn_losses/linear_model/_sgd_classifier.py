"""SGDClassifier: scikit-learn's stochastic gradient descent for two and more classes, for any loss."""

from numbers import Integral

import numpy as np
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit
from sklearn.utils import check_random_state

from ..losses._names import table_of
from ._base import LinearClassifierBase
from ._parameters import InvalidParameterError, number, unchanged_on_error
from ._plain import LARGEST_SEED, drawn
from ._sgd_base import SGDModel
from ._targets import is_matrix


class SGDClassifier(LinearClassifierBase, SGDModel):
    """Linear classifier trained on any loss by stochastic gradient descent.

    The objective is the mean of the losses ℓ plus the penalty,

    (1/n) Σ_i w_i s ℓ(y_i, f_i) + alpha R(w),    f_i = x_i · w + b,
    R(w) = (1 - ρ)/2 ‖w‖² + ρ ‖w‖₁,

    with ρ = 0 for 'l2', 1 for 'l1' and `l1_ratio` for 'elasticnet'; s is the loss's `training_scale` (1/2 for
    the squared error, else mostly 1). Each step follows the gradient of one sample. For scikit-learn's own
    losses the coefficients are those of its namesake to rounding, at the same parameters.

    Scale the columns of X to a like size first, for instance with
    :class:`~sklearn.preprocessing.StandardScaler`, or choose ``learning_rate='auto'``, which needs no scaling.

    With a loss of one raw prediction two classes are encoded as it wants them (-1 and 1, or 0 and 1), and more
    classes are trained one against the rest. A regression loss is applied to -1 and 1. With a loss of several raw
    predictions all outputs are trained together: 'cross_entropy' is multinomial logistic regression,
    'multiclass_hinge' the support vector machine of Crammer and Singer, both with one row of coefficients a class,
    of two classes as well; y may then be a matrix of class probabilities. With a loss of several labels, such as
    'multilabel_log_loss', y is an indicator matrix.

    Parameters
    ----------
    loss : str, Loss or callable, default='hinge'
        What is minimised: the name of a loss, a loss object (whose parameters are tunable as
        ``loss__delta``), or a function ``(y, f)`` of NumPy expressions of a margin loss,
        y being -1 or 1.
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
    n_jobs : int or None, default=None
        Threads that train the classes one against the rest.
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffling; an int for results that can be repeated.
    learning_rate : {'constant', 'optimal', 'invscaling', 'adaptive', 'pa1', 'pa2', 'auto'}, default='optimal'
        The length of step t:

        - 'constant': `eta0`;
        - 'optimal': 1 / (alpha (t0 + t - 1)) with Bottou's t0;
        - 'invscaling': `eta0` / t^`power_t`;
        - 'adaptive': `eta0`, divided by 5 instead of ending the fit, until it is 1e-6;
        - 'pa1', 'pa2': what solves the loss of the sample, passive-aggressively: at most `eta0`, or softened
          by it. For losses of slope -1, 0 or 1 only, such as 'hinge';
        - 'auto': nothing to choose, and no scaling of columns. `fit` minimises the objective, as the Linear pair does;
          `tol` is relative to all that can be gained. `partial_fit` solves a Newton problem a batch, beside a
          quadratic memory of those before, or with more than 500 columns makes schedule-free steps.
    eta0 : float, default=0.01
        Length of the first step, > 0; 'optimal' does not use it. With 'pa1' and 'pa2', the aggressiveness C.
    power_t : float, default=0.5
        Exponent of 'invscaling'; negative values are deprecated.
    early_stopping : bool or 'loss', default=False
        Whether `fit` holds `validation_fraction` of the samples out, and ends when the score on them fails
        `n_iter_no_change` times in a row to rise above its best by `tol`. True watches the accuracy (of each
        class against the rest, or what `score` says where outputs are trained together); 'loss' the mean of the loss
        that is trained, without the penalty.
    validation_fraction : float, default=0.1
        Share of the samples that `early_stopping` holds out, between 0 and 1.
    n_iter_no_change : int, default=5
        See `tol`.
    class_weight : dict, 'balanced' or None, default=None
        Factors of the samples' weights by class. 'balanced': n_samples / (n_classes * count). With more than
        two classes, one against the rest, the "rest" keeps the weight 1. Of class probabilities, each counts with the
        weight of its class.
    warm_start : bool, default=False
        Whether `fit` starts from the previous solution.
    average : bool or int, default=False
        Whether `coef_` and `intercept_` are averages over the steps; an integer says from which step on.

    Attributes
    ----------
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        w; of X's type, float32 or float64. One row for two classes and a loss of one raw prediction, else one a class.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        b.
    classes_ : ndarray of shape (n_classes,)
        The sorted labels; 0, 1, ... for the columns of a matrix, unless they were named.
    n_iter_ : int
        Passes of the last fit, the most of all classes.
    t_ : float
        Number of the next step.
    loss_curve_ : ndarray of shape (n_iter_,) or None
        The objective along each pass, averaged over the outputs; None where nothing asked for it, because
        `tol` is None and `verbose` is 0.
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
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_losses.linear_model import SGDClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), SGDClassifier(loss="log_loss", random_state=0)).fit(X, y)
    >>> model.score(X, y) > 0.97
    True
    >>> model.predict_proba(X[:3]).shape
    (3, 2)

    Several outputs at once, without scaling:

    >>> from sklearn.datasets import load_wine
    >>> X, y = load_wine(return_X_y=True)
    >>> model = SGDClassifier(loss="cross_entropy", learning_rate="auto", random_state=0).fit(X, y)
    >>> model.coef_.shape, model.score(X, y) > 0.95
    ((3, 13), True)
    """

    _rules = SGDModel._rules | {
        "n_jobs": number(Integral, or_none=True),
        "class_weight": (
            "'balanced', a dictionary {label: weight} or None",
            lambda value: value is None or isinstance(value, dict) or value == "balanced",
        ),
    }

    loss_functions = table_of(
        "hinge", "squared_hinge", "perceptron", "log_loss", "modified_huber",
        "squared_error", "huber", "epsilon_insensitive", "squared_epsilon_insensitive",
        epsilon=0.1,
    )  # fmt: skip

    def __init__(
        self,
        loss="hinge",
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
        n_jobs=None,
        random_state=None,
        learning_rate="optimal",
        eta0=0.01,
        power_t=0.5,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        class_weight=None,
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
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.learning_rate = learning_rate
        self.eta0 = eta0
        self.power_t = power_t
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.average = average

    def fit(self, X, y, coef_init=None, intercept_init=None, sample_weight=None, *, classes=None):
        """Train from the start, or from the previous solution with `warm_start`.

        A failed fit leaves the estimator as it was.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The features.
        y : array-like of shape (n_samples,) or (n_samples, n_classes)
            Class labels; or, for losses of several raw predictions, class probabilities (each row sums to 1) or
            an indicator matrix, sparse or dense.
        coef_init : array-like of the shape of `coef_`, default=None
            Where the coefficients start; zero if not given.
        intercept_init : array-like of the shape of `intercept_`, default=None
            Where the intercepts start; zero if not given.
        sample_weight : array-like of shape (n_samples,), default=None
            Multiplies the class weights.
        classes : array-like of shape (n_classes,), default=None
            All classes, of which some may be missing in y; where y has columns, their names, sorted. By default
            the labels in y, or 0, 1, ... for columns.

        Returns
        -------
        self : SGDClassifier

        Raises
        ------
        ValueError
            For parameters and data that it cannot take, and when the coefficients overflow.
        """
        return self._fit_from(X, y, coef_init, intercept_init, sample_weight, classes=classes)

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train by one pass over these samples, going on from the previous ones.

        A failed or interrupted call leaves the estimator as it was. With ``learning_rate='auto'`` the estimator
        remembers the scales of the columns, the curvature of the losses so far and the last rows; `fit` drops that.
        A weight of 2 then counts as two rows, so only the ratio of the weights of all calls matters.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The features.
        y : array-like of shape (n_samples,) or (n_samples, n_classes)
            As in `fit`; not every class need be among the labels.
        classes : array-like of shape (n_classes,), default=None
            All classes that will ever come. Needed in the first call where y holds labels; optional later.
        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each sample; 1 if not given.

        Returns
        -------
        self : SGDClassifier
        """
        with unchanged_on_error(self):
            self._check_parameters(streaming=True)
            first = not hasattr(self, "classes_")
            if first and classes is None and y is not None and not is_matrix(y):
                raise ValueError("classes must be passed on the first call to partial_fit.")
            if isinstance(self.class_weight, str):
                raise InvalidParameterError(
                    "class_weight 'balanced' is not supported for partial_fit. In order to use 'balanced' "
                    "weights, use compute_class_weight('balanced', classes=classes, y=y). In place of y you "
                    "can use a large enough sample of the full training set target to properly estimate the "
                    "class frequency distributions. Pass the resulting weights as the class_weight parameter."
                )
            if not first and classes is not None and not np.array_equal(self.classes_, np.unique(classes)):
                raise ValueError(
                    f"`classes={classes!r}` is not the same as on last call to partial_fit, was: "
                    f"{self.classes_!r}"
                )
            self._fit_more(X, y, sample_weight, first, classes=classes)
        return self

    def _problems(self, target, y, weight):
        return target.problems(y, weight, self.class_weight, rest_weighs_one=self.learning_rate != "auto")

    def _splitter(self, y):
        kind = StratifiedShuffleSplit if y.ndim == 1 else ShuffleSplit
        return kind(test_size=self.validation_fraction, random_state=self.random_state)

    def _draw(self, n_problems, choose_held_out):
        """Give the held-out samples and a seed for each problem, drawn in the order of scikit-learn.

        For each seed it draws one number more, which it spends elsewhere.
        """
        if n_problems == 1 and not self.early_stopping:
            return None, drawn(self.random_state, (1, 0))[1:]
        random_state = check_random_state(self.random_state)
        if n_problems == 1:
            random_state.randint(1, LARGEST_SEED)
            return choose_held_out(), [random_state.randint(LARGEST_SEED)]
        held_out = choose_held_out()
        of_problems = random_state.randint(LARGEST_SEED, size=n_problems)
        return held_out, [drawn(int(seed), (1, 0))[1] for seed in of_problems]
