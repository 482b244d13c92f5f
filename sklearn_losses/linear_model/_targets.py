"""What a linear model is to learn: from a target to what solvers take, and from raw predictions back.

Knows matrices of targets, and what a loss says of itself (`target_kind`, `link`, ...). Knows no estimators and no
solvers. `classification` (`_targets_of_classes.py`) and `regression` (`_targets_of_numbers.py`) choose one of five
targets:

=================  ==============================  ======================================  =====================
target             y                               problems                                outputs
=================  ==============================  ======================================  =====================
`OneAgainstRest`   labels                          one for two classes, else one a class   1, or K
`Classes`          labels, or (n, K) distributions  one, whose loss compares K outputs      K
`Labels`           (n, K) indicators               one, likewise                           K
`Numbers`          (n,) or (n, K) numbers          one a column                            1, or K
`Vectors`          (n, K) numbers                  one, whose loss compares K outputs      K
=================  ==============================  ======================================  =====================
"""

from dataclasses import dataclass

import numpy as np


@dataclass
class Problem:
    """What a solver is given at once: one output, or K whose losses are coupled."""

    y: np.ndarray
    """As the loss's program takes it, float64: (n,), or rows of K numbers. Labels of K coupled outputs are
    (n,) codes 0 … K-1, which the program expands where it runs."""
    weight: np.ndarray | None
    """Sample weights with class weights, float64; None: all are 1."""
    outputs: slice
    """Which rows of `coef_` it is about."""
    coupled: bool = False
    """Whether the loss compares the outputs: coefficients are then (K, n_features), else (n_features,)."""
    encoding: str = "as it is"
    """What the loss needs to know to make programs for this y."""
    name: str = ""
    """What lines that are printed start with, where there are several problems."""

    def best_constant(self, loss):
        """Give the constant raw prediction with the smallest mean loss: a number, or one an output."""
        if self.encoding != "label":
            return loss.constant_minimizer(self.y, self.weight)
        return loss.constant_minimizer(
            self.y.astype(np.intp), self.weight, labels=range(self.outputs.start, self.outputs.stop)
        )


def is_matrix(y):
    """Tell whether a target, as users pass it, has several columns."""
    shape = shape_of(y)
    return len(shape) == 2 and shape[1] != 1


def shape_of(y):
    """Give the shape of a target as users pass it: an array, a list, a frame, a sparse matrix."""
    return y.shape if hasattr(y, "shape") else np.asarray(y).shape


class Target:
    """What is to be learnt; see the table above.

    Attributes
    ----------
    loss : Loss
    n_outputs : int
        Rows of `coef_`, and length of `intercept_`.
    """

    def __init__(self, loss, n_outputs):
        self.loss = loss
        self.n_outputs = n_outputs

    def problems(self, y, sample_weight):
        """Give the list of problems that a training set poses."""
        raise NotImplementedError

    def quality(self, problem, sample_weight):
        """Give what early stopping watches, the larger the better: a function of the raw predictions.

        `problem` is about the held-out samples alone; `sample_weight` are their weights without class weights.
        """
        raise NotImplementedError

    def predict(self, raw):
        """Give what `predict` returns, of the raw predictions (n_samples, n_outputs)."""
        raise NotImplementedError

    def _check_width(self, y, what):
        if y.shape[1] != self.n_outputs:
            raise ValueError(
                f"y has {y.shape[1]} columns, but this model has {self.n_outputs} {what}: every batch needs one "
                f"column for each. Use a new model for another number of {what}."
            )
