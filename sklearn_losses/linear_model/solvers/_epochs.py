"""Passes of a descent one after another until they stop paying.

Knows when to stop and what to print; the passes themselves are compiled (`_sgd.pyx`).
"""

from dataclasses import dataclass, field
from time import perf_counter

import numpy as np


@dataclass
class Plateau:
    """Tells when the objective has failed to fall `tol` below its best for `patience` passes in a row."""

    tol: float
    patience: int
    best: float = field(default=np.inf, init=False)
    waited: int = field(default=0, init=False)

    def reached(self, objective):
        """Takes the objective of one more pass."""
        self.waited = self.waited + 1 if objective > self.best - self.tol else 0
        self.best = min(self.best, objective)
        return self.waited >= self.patience


class Epochs:
    """The passes of one descent, one at a time.

    Parameters
    ----------
    descent : Descent
    max_iter : int
    plateau : Plateau or None
        None: all `max_iter` passes are run.
    score : callable or None
        Gives the score on held-out samples of (coef, intercept), the larger the better. Where there is one,
        it is what must not stop rising; otherwise the objective must not stop falling.
    verbose : int
        Above 0, a line is printed for each pass.
    name : str
        What the printed lines start with, where several descents run.

    Attributes
    ----------
    n_iter : int
        Passes so far.
    done : bool
    curve, scores : list of float
        The objective (where it was measured) and the score after each pass.
    """

    def __init__(self, descent, *, max_iter, plateau=None, score=None, verbose=0, name=""):
        self.descent = descent
        self.max_iter = max_iter
        self.plateau = plateau
        self.score = score
        self.verbose = verbose
        self.name = name
        self.n_iter = 0
        self.done = False
        self.curve = []
        self.scores = []
        self.start = perf_counter()

    def run(self):
        """Run the remaining passes. Between two, Python sees signals, so that Ctrl-C ends the descent."""
        while not self.done:
            self.advance()
        return self

    def advance(self):
        """Run one pass.

        Raises
        ------
        ValueError
            When the coefficients overflow.
        """
        descent = self.descent
        self.n_iter += 1
        descent.run_epoch()
        if not descent.is_finite:
            raise ValueError(
                f"Floating-point under-/overflow occurred at epoch #{self.n_iter}. Scaling input data with "
                "StandardScaler or MinMaxScaler might help. Or choose learning_rate='auto', which needs no "
                "scaling."
            )
        if descent.measured:
            self.curve.append(descent.objective)
        if self.score is not None:
            self.scores.append(self.score(descent.coef, descent.intercept))
        if self.verbose:
            self._report()
        self.done = self.n_iter >= self.max_iter or self._settled()

    def _settled(self):
        if self.plateau is None:
            return False
        objective = self.descent.objective if self.score is None else -self.scores[-1]
        if not self.plateau.reached(objective):
            return False
        if self.descent.slow_down():
            self.plateau.waited = 0
            return False
        if self.verbose:
            print(f"{self.name}Converged after {self.n_iter} epochs, {perf_counter() - self.start:.2f} s")
        return True

    def _report(self):
        descent, coef = self.descent, self.descent.coef
        intercept = " ".join(f"{b:.4g}" for b in np.atleast_1d(descent.intercept))
        score = f"validation score {self.scores[-1]:.6g}, " if self.scores else ""
        print(
            f"{self.name}Epoch {self.n_iter}: objective {descent.objective:.6g}, loss {descent.loss:.6g}, "
            f"{score}|coef| {np.linalg.norm(coef):.4g}, non-zeros {np.count_nonzero(coef)}/{coef.size}, "
            f"intercept {intercept}, {perf_counter() - self.start:.2f} s"
        )


def mean_curve(curves):
    """Average the curves of the outputs; one that ended earlier stays where it was. None if none."""
    if not curves or not curves[0]:
        return None
    if len(curves) == 1:
        return np.array(curves[0], dtype=np.float64)
    length = max(map(len, curves))
    return np.mean([np.pad(curve, (0, length - len(curve)), mode="edge") for curve in curves], axis=0)
