"""Losses by name, and bare functions as losses.

Knows the catalogue; this is where estimators, metrics and scorers look names up.
"""

from . import _binary, _deviance, _multiclass, _multioutput, _regression, _robust
from ._base import Loss
from ._kinds import MarginLoss, RegressionLoss

TOPICS = (_regression, _robust, _deviance, _binary, _multiclass, _multioutput)
"""The modules of the catalogue; each lists its losses in ``__all__``."""

LOSSES = {getattr(topic, name).alias: getattr(topic, name) for topic in TOPICS for name in topic.__all__}
"""Every loss of the catalogue, by its alias."""

_SMOOTH = {
    "absolute_error": "'huber', 'pseudo_huber' or 'log_cosh'",
    "epsilon_insensitive": "'squared_epsilon_insensitive' or 'huber'",
    "pinball": "'smooth_pinball' or 'expectile'",
    "absolute_percentage_error": "'squared_log_error' or 'poisson'",
    "hinge": "'squared_hinge', 'modified_huber' or 'log_loss'",
    "perceptron": "'squared_hinge', 'modified_huber' or 'log_loss'",
    "multiclass_hinge": "'cross_entropy'",
    "weston_watkins": "'cross_entropy'",
    "multilabel_hinge": "'multilabel_log_loss'",
}


def smooth_instead_of(loss):
    """Name losses that are near to one whose slope jumps, and smooth, for errors to suggest."""
    return _SMOOTH.get(loss.alias, "such as 'huber' or 'log_loss'")


def table_of(*names, epsilon):
    """Give some losses as ``{name: (class, *arguments)}``, the shape of scikit-learn's ``loss_functions``."""
    return {
        name: (LOSSES[name],) if LOSSES[name].epsilon_parameter is None else (LOSSES[name], epsilon)
        for name in names
    }


class _OfFunction:
    """What makes a loss of a bare function."""

    def __init__(self, function):
        self.function = function

    def formula(self, y, f):
        """Return the loss of one sample."""
        return self.function(y, f)

    @property
    def __name__(self):
        """The function's own name."""
        return getattr(self.function, "__name__", type(self).__name__)

    formula_name = __name__


class FunctionLoss(_OfFunction, RegressionLoss):
    """A bare function ``(y, f)`` as a loss of numbers.

    Parameters
    ----------
    function : callable
        A formula. Define it at the top of a module if what uses it is to be pickled.

    Examples
    --------
    >>> from sklearn_losses.losses import FunctionLoss
    >>> FunctionLoss(lambda y, f: (y - f) ** 4)([1.0, 2.0], [1.0, 4.0])
    8.0
    """


class FunctionMarginLoss(_OfFunction, MarginLoss):
    """A bare function ``(y, f)`` as a loss of two classes, y in {-1, +1}, and the decision function.

    Parameters
    ----------
    function : callable
        A formula. Define it at the top of a module if what uses it is to be pickled.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_losses.losses import FunctionMarginLoss
    >>> FunctionMarginLoss(lambda y, f: np.exp(-y * f))([0, 1], [0.0, 0.0])
    1.0
    """


def get_loss(loss, *, for_classifier=False, epsilon=None):
    """Return a loss, given its name, itself, or a bare function.

    Parameters
    ----------
    loss : str, Loss or callable
        An alias of the catalogue; a loss, returned as it is; or a function ``(y, f)``, which is a
        `FunctionLoss`, or a `FunctionMarginLoss` for a classifier.
    for_classifier : bool, default=False
        Whether a bare function is a loss of two classes.
    epsilon : float, default=None
        The parameter of the named losses that take an estimator's `epsilon`: Huber's `delta`.

    Returns
    -------
    Loss

    Raises
    ------
    ValueError
        If the name is unknown, or this is no loss.

    Examples
    --------
    >>> from sklearn_losses.losses import get_loss
    >>> get_loss("huber", epsilon=0.5)
    Huber(delta=0.5)
    """
    if isinstance(loss, Loss):
        return loss
    if isinstance(loss, str):
        if loss not in LOSSES:
            raise ValueError(f"loss={loss!r} is not known. Known names are {sorted(LOSSES)}.")
        cls = LOSSES[loss]
        if epsilon is not None and cls.epsilon_parameter is not None:
            return cls(**{cls.epsilon_parameter: epsilon})
        return cls()
    if isinstance(loss, type) and issubclass(loss, Loss):
        raise ValueError(f"loss={loss.__name__} is a class; pass an object of it: {loss.__name__}().")
    if callable(loss):
        return FunctionMarginLoss(loss) if for_classifier else FunctionLoss(loss)
    raise ValueError(
        f"loss={loss!r} is no loss. Pass one of the names {sorted(LOSSES)}, a Loss such as Huber(delta=2.0), "
        f"or a function (y, f) written in NumPy."
    )
