"""LinearClassifier: linear classification for any loss, solved to a stated accuracy."""

from contextlib import suppress
from numbers import Integral

import numpy as np

from ._base import LinearClassifierBase
from ._linear_base import PenalisedModel
from ._parameters import number


class LinearClassifier(LinearClassifierBase, PenalisedModel):
    """Linear classification for any loss, solved to a stated accuracy: nothing to tune but loss and penalty.

    The objective is the weighted mean of the losses ℓ plus the penalty of the raw coefficients, the intercept free:

    Σ_i w_i s ℓ(y_i, f_i) / Σ_i w_i + alpha R(w),    f_i = x_i · w + b,
    R(w) = (1 - ρ)/2 ‖w‖² + ρ ‖w‖₁,

    with ρ = 0 for 'l2', 1 for 'l1' and `l1_ratio` for 'elasticnet'; s is the loss's `training_scale` (1/2 for the
    squared error and deviances, else mostly 1). There is no learning rate, and columns need no scaling for the
    sake of the solver (the penalty sees their scale, as everywhere). With `tol` of at most 1e-3, data of at most
    100,000 entries are solved to the last digits where 'newton' solves them, as it does by default for convex losses
    (of several raw predictions: up to 200 coefficients, if smooth), so that neither `random_state` nor the order of
    the samples changes predictions; where all intercepts of an interval are equally good, as the absolute error may
    have it, the middle is taken.

    Under scikit-learn's ``array_api_dispatch`` smooth losses fit and predict arrays of PyTorch, CuPy and other
    libraries where these are, by 'newton' or 'lbfgs'; `coef_`, `intercept_` and predictions are then such arrays.

    With a loss of one raw prediction two classes have one output, more have one each, against the rest. Losses of
    several ('cross_entropy', ...) train the outputs of all classes together.

    Parameters
    ----------
    loss : str, Loss or callable, default='log_loss'
        What is minimised: the name of a loss, a loss object (whose parameters are tunable as
        ``loss__delta``), or a function ``(y, f)`` of NumPy expressions of a margin loss,
        y being -1 or 1.
    penalty : {'l2', 'l1', 'elasticnet', None}, default='l2'
        The penalty R(w) above. L1 parts give coefficients that are exactly zero.
    alpha : float, default=1e-4
        Strength of the penalty, >= 0.
    l1_ratio : float, default=0.5
        Share ρ of the L1 part with ``penalty='elasticnet'``, from 0 to 1.
    fit_intercept : bool, default=True
        Whether there is an intercept b; otherwise it is zero.
    solver : {'auto', 'newton', 'dual', 'lbfgs'}, default='auto'
        What minimises the objective:

        - 'newton': second-order steps, on growing samples of large data; for losses with kinks on their Moreau
          envelopes. For convex losses of one raw prediction and few columns;
        - 'dual': coordinate ascent in an accelerated proximal-point loop, one pass an iteration. For convex losses of
          one raw prediction, sparse or wide data, kinks on large data;
        - 'lbfgs': quasi-Newton steps, for smooth losses, those of several raw predictions, and those that are not
          convex, which begin at several points;
        - 'auto': chooses, as the user guide says. `solver_` tells which.
    tol : float or 'auto', default='auto'
        `fit` ends when the objective is estimated to lie at most so much above its minimum, relative to what the
        model gains over the best constant. 'auto' is 1e-4 for up to 10,000 samples and 1 / n_samples for more: what
        is left is then less than what the samples leave open.
    max_iter : int, default=1000
        The most iterations; a ConvergenceWarning says what was reached by then.
    verbose : int, default=0
        Above 0, a line is printed for each iteration.
    class_weight : dict, 'balanced' or None, default=None
        Factors of the samples' weights by class. 'balanced': inversely proportional to the total weight of the
        class. With more than two classes each sample keeps the weight of its own class.
    n_jobs : int or None, default=None
        Threads that train the classes one against the rest.
    warm_start : bool, default=False
        Whether `fit` starts from the previous solution.
    random_state : int, RandomState instance or None, default=None
        Seed of the order of samples in 'dual'.

    Attributes
    ----------
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        w; of X's type, float32 or float64.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        b.
    classes_ : ndarray of shape (n_classes,)
        The sorted labels.
    n_iter_ : int
        Iterations, the most of all outputs.
    solver_ : str
        The solver that was used.
    objective_ : float
        The objective at the end, the mean of all outputs that were trained one by one.
    loss_curve_ : list of float, of length n_iter_
        The objective after each iteration, of 'dual' along the pass but for the last one; the mean of all outputs
        that were trained one by one. `LossCurveDisplay` draws it.
    optimality_gap_ : float
        Estimate of (objective - minimum) / (objective of the best constant - minimum), on which the stopping rule
        rests; zero where it is lost in rounding; NaN for losses that are not convex, of whose minimum nothing is
        known. The largest of all outputs.
    duality_gap_ : float
        Bound of objective - minimum, where there is one: from 'dual' with an L2 penalty, and from 'newton' for losses
        with kinks that it solves to the last digits.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X had names.

    See Also
    --------
    SGDClassifier : Learns from a stream, by `partial_fit`.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn_losses import LinearClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = LinearClassifier(alpha=1e-3).fit(X, y)
    >>> model.solver_, model.score(X, y) > 0.95
    ('newton', True)
    """

    _rules = PenalisedModel._rules | {
        "n_jobs": number(Integral, or_none=True),
        "class_weight": (
            "'balanced', a dictionary {label: weight} of finite weights >= 0, or None",
            lambda value: value is None or value == "balanced" or _are_weights(value),
        ),
    }

    def __init__(
        self,
        loss="log_loss",
        *,
        penalty="l2",
        alpha=1e-4,
        l1_ratio=0.5,
        fit_intercept=True,
        solver="auto",
        tol="auto",
        max_iter=1000,
        verbose=0,
        class_weight=None,
        n_jobs=None,
        warm_start=False,
        random_state=None,
    ):
        self.loss = loss
        self.penalty = penalty
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.verbose = verbose
        self.class_weight = class_weight
        self.n_jobs = n_jobs
        self.warm_start = warm_start
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None):
        """Minimise the objective. A failed fit leaves the estimator as it was.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The features.
        y : array-like of shape (n_samples,) or (n_samples, n_classes)
            Class labels; or, for losses of several raw predictions, class probabilities (each row sums to 1) or an
            indicator matrix.
        sample_weight : array-like of shape (n_samples,), default=None
            The weights w, >= 0; 1 if not given. Only their ratios matter.

        Returns
        -------
        self : LinearClassifier

        Raises
        ------
        ValueError
            For parameters and data that it cannot take.
        """
        return self._fit(X, y, sample_weight)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        with suppress(ValueError, TypeError):  # an unknown loss, of which fit complains
            loss = self._get_loss()
            tags.classifier_tags.poor_score = not loss.couples_outputs and _is_content_with_nothing(loss)
        return tags

    def _problems(self, target, y, weight):
        if y.ndim == 1:
            labels = target.classes if weight is None else np.unique(y[weight > 0.0])
            if isinstance(self.class_weight, dict):
                labels = np.array([label for label in labels if self.class_weight.get(label, 1.0) > 0.0])
            if len(labels) < 2:
                raise ValueError(
                    f"The number of classes whose samples have a positive weight has to be greater than one; got "
                    f"{len(labels)} class{'' if len(labels) else 'es'} {labels.tolist()}."
                )
        self.classes_ = target.classes
        return target.problems(y, weight, self.class_weight, rest_weighs_one=False)


def _are_weights(class_weight):
    return isinstance(class_weight, dict) and all(0.0 <= weight < np.inf for weight in class_weight.values())


def _is_content_with_nothing(loss):
    """Tell whether a raw prediction of zero costs nothing, so that zero coefficients are best: the perceptron's."""
    y = np.array(loss.binary_values)
    (values, _), _ = loss.training_program().arrays(y, np.zeros(2))
    return not values.any()
