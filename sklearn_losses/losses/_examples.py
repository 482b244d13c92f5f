"""Valid random data for every kind of loss, and what is best on them: what `check_loss` draws from.

One class a kind of y; a kind of loss names its own as ``_examples``. Knows domains, labels and functionals;
nothing of how losses are computed.
"""

import numpy as np

from ..links import UNIT
from ._functionals import functional


class NumberExamples:
    """Numbers: regression losses and deviances."""

    def __init__(self, loss):
        self.loss = loss

    def draw(self, rng, n):
        """Return valid targets and raw predictions."""
        domain = self.loss.target
        y = rng.standard_t(3, n)
        if np.isfinite(domain.low) and np.isfinite(domain.high):
            y = rng.uniform(domain.low, domain.high, n)
        elif np.isfinite(domain.low):
            y = domain.low + np.exp(y)
        elif np.isfinite(domain.high):
            y = domain.high - np.exp(y)
        if np.isfinite(domain.low) and domain.includes_low:
            y[::4] = domain.low
        return y, 2.0 * rng.standard_normal(n)

    def edges(self):
        """Return targets and raw predictions at which a formula may meet 0/0; None where none are known."""
        domain, link = self.loss.target, self.loss.link
        targets = [y for y in (0.0, 1.0, -1.0, 2.5, domain.low, domain.high) if y in domain]
        raw = [0.0, 1.0, -1.0, *(float(link.link(link.predictions.keep(y))) for y in targets)]
        raw = [f for f in raw if f in self.loss.raw_range]
        y, f = np.meshgrid(targets, raw)
        return y.ravel(), f.ravel()

    def perfect(self, y):
        """Return the prediction of which the loss of y is least."""
        return self.loss.link.predictions.keep(y)

    def best_constant(self, y):
        """Return the declared functional of y, or None without a reference."""
        if self.loss.elicits not in ("mean", "median", "quantile", "expectile"):
            return None
        return functional(self.loss.elicits, y, None, self.loss.level)

    def other_constants(self, best):
        """Return valid predictions around the best one."""
        steps = np.array([-2.0, -0.5, -0.1, -0.01, 0.01, 0.1, 0.5, 2.0])
        if np.isfinite(self.loss.link.predictions.low):
            return best * np.exp(steps)
        return best + steps

    def beliefs(self, rng):
        """Return y, its true probabilities and others; None for what has no probabilities."""
        return None

    def renamings(self, rng, n):
        """Return pairs of equivalent (y, prediction, labels)."""
        return None

    def labels(self, y):
        """Return what a call needs to know of labels."""
        return None


class BinaryExamples(NumberExamples):
    """Two classes."""

    @property
    def _of_probability(self):
        return self.loss.link.predictions == UNIT

    def draw(self, rng, n):
        """Return labels, both there, and raw predictions."""
        y = rng.integers(0, 2, n)
        y[:2] = 0, 1
        return y, 2.0 * rng.standard_normal(n)

    def edges(self):
        """Return both labels beside raw predictions at kinks, and certain ones."""
        raw = [f for f in (0.0, 1.0, -1.0, 37.0, -37.0) if f in self.loss.raw_range]
        y, f = np.meshgrid([0, 1], raw)
        return y.ravel(), f.ravel()

    def perfect(self, y):
        """Return certainty, and no mistake."""
        return y.astype(np.float64) if self._of_probability else 1e3 * (2.0 * y - 1.0)

    def best_constant(self, y):
        """Return the share of the positive class, for probabilities."""
        return float(np.mean(y)) if self.loss.elicits == "mean" and self._of_probability else None

    def other_constants(self, best):
        """Return probabilities."""
        return np.linspace(0.01, 0.99, 25)

    def beliefs(self, rng):
        """Return both outcomes, their probabilities, and other probabilities."""
        truth = rng.uniform(0.02, 0.98)
        return (
            np.array([0, 1]),
            np.array([1 - truth, truth]),
            [np.array([1 - p, p]) for p in np.linspace(0.01, 0.99, 23) if abs(p - truth) > 1e-3],
        )

    def renamings(self, rng, n):
        """Return strings and other codes for 0 and 1, in either order unless one class counts more."""
        y, raw = self.draw(rng, n)
        prediction = self.loss.link.prediction(raw)
        plain = y, prediction, [0, 1]
        names = np.array(["no", "yes"])[y], prediction, ["no", "yes"]
        codes = np.array([7, -3])[y], prediction, [7, -3]
        turned = 1 - prediction if self._of_probability else -prediction
        pairs = [(plain, names), (plain, codes)]
        if self._of_probability and self.loss.symmetric:
            pairs.append((plain, (y, turned, [1, 0])))
        return pairs

    def labels(self, y):
        """Return both labels."""
        return [0, 1]


class ClassExamples(NumberExamples):
    """K classes."""

    n_classes = 3

    @property
    def _of_probability(self):
        return self.loss.link.predictions == UNIT

    def draw(self, rng, n):
        """Return labels, all there, and raw predictions."""
        y = rng.integers(0, self.n_classes, n)
        y[: self.n_classes] = np.arange(self.n_classes)
        return y, 2.0 * rng.standard_normal((n, self.n_classes))

    def edges(self):
        """Return labels beside raw predictions that are equal, and certain ones."""
        rows = np.concatenate([np.zeros((1, 3)), np.eye(3), 37.0 * np.eye(3), -37.0 * np.eye(3)])
        return np.repeat(np.arange(self.n_classes), len(rows)), np.tile(rows, (self.n_classes, 1))

    def perfect(self, y):
        """Return certainty, and no mistake."""
        return np.eye(self.n_classes)[y] * (1.0 if self._of_probability else 1e3)

    def best_constant(self, y):
        """Return the shares of the classes, for probabilities."""
        if self.loss.elicits != "mean" or not self._of_probability:
            return None
        return np.bincount(y, minlength=self.n_classes) / len(y)

    def other_constants(self, best):
        """Return distributions."""
        return np.random.default_rng(0).dirichlet(np.ones(self.n_classes), 50)

    def beliefs(self, rng):
        """Return all outcomes, their probabilities, and other probabilities."""
        truth = rng.dirichlet(np.full(self.n_classes, 2.0))
        near = 0.97 * truth + 0.03 * rng.dirichlet(np.ones(self.n_classes), 5)
        return np.arange(self.n_classes), truth, [*near, *rng.dirichlet(np.ones(self.n_classes), 20)]

    def renamings(self, rng, n):
        """Return strings and, unless some classes count more, permuted columns."""
        y, raw = self.draw(rng, n)
        prediction = self.loss.link.prediction(raw)
        order = np.array([2, 0, 1])
        names = np.array(["cat", "ant", "bee"])
        plain = y, prediction, [0, 1, 2]
        renamed = [(plain, (names[y], prediction, names.tolist()))]
        if self.loss.symmetric:
            renamed += [
                (plain, (y, prediction[:, order], order.tolist())),
                (plain, (names[y], prediction[:, order], names[order].tolist())),
            ]
        return renamed

    def labels(self, y):
        """Return all labels."""
        return list(range(self.n_classes))


class IndicatorExamples(NumberExamples):
    """K labels that may hold together."""

    def draw(self, rng, n):
        """Return an indicator matrix and raw predictions."""
        return rng.integers(0, 2, (n, 4)), 2.0 * rng.standard_normal((n, 4))

    def edges(self):
        """Return an indicator matrix beside raw predictions that are zero, at kinks, and certain."""
        rows = np.concatenate([np.zeros((1, 4)), np.ones((1, 4)), -np.ones((1, 4)), 37.0 * np.eye(4)])
        return np.tile([[0, 1, 0, 1]], (len(rows), 1)), rows

    def perfect(self, y):
        """Return certainty, and no mistake."""
        probability = self.loss.link.predictions == UNIT
        return y.astype(np.float64) if probability else 1e3 * (2.0 * y - 1.0)

    def best_constant(self, y):
        """Return the share of each label, for probabilities."""
        return y.mean(axis=0) if self.loss.elicits == "mean" else None

    def other_constants(self, best):
        """Return probabilities."""
        return np.random.default_rng(0).uniform(0.01, 0.99, (50, len(best)))

    def beliefs(self, rng):
        """Return the outcomes of independent labels."""
        k = 2
        y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        truth = rng.uniform(0.05, 0.95, k)
        return y, truth, list(rng.uniform(0.02, 0.98, (20, k)))


class VectorExamples(NumberExamples):
    """Vectors."""

    def draw(self, rng, n):
        """Return vectors and raw predictions."""
        return rng.standard_normal((n, 3)), 2.0 * rng.standard_normal((n, 3))

    def edges(self):
        """Return vectors that are equal, opposite, and zero."""
        rows = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, -2.0, 0.0], [1.0, 1.0, 1.0]])
        return np.repeat(rows, len(rows), axis=0), np.tile(rows, (len(rows), 1))

    def perfect(self, y):
        """Return y itself."""
        return y

    def best_constant(self, y):
        """Return nothing: no functional of vectors is known here."""
        return None


class MomentExamples(NumberExamples):
    """Numbers, with a mean and a variance predicted."""

    def draw(self, rng, n):
        """Return numbers and raw predictions, means and positive variances."""
        return rng.standard_normal(n), np.stack([rng.standard_normal(n), rng.uniform(0.5, 3.0, n)], axis=1)

    def edges(self):
        """Return means that are right, and zero."""
        return np.array([0.0, 1.0, 1.0]), np.array([[0.0, 1.0], [1.0, 0.01], [0.0, 100.0]])

    def best_constant(self, y):
        """Return mean and variance, where the loss elicits them."""
        return functional(self.loss.elicits, y) if self.loss.elicits == "mean and variance" else None

    def other_constants(self, best):
        """Return other means, and other variances."""
        steps = [-0.5, -0.1, -0.01, 0.01, 0.1, 0.5]
        return [best + [step, 0.0] for step in steps] + [best * [1.0, np.exp(step)] for step in steps]
