"""Random fits of every convex loss: near an optimum found elsewhere, and true in what they report.

Each day brings other problems; the header of pytest's report says which. `RANDOM_FITS=20261128000 pytest ...` tries
those of a day again, `python benchmarks/random_fits.py --seed N` one of them, and without `--seed` thousands.
"""

import warnings
from collections import Counter
from itertools import count, islice

import numpy as np
import pytest
from numpy.testing import assert_allclose

pytest.importorskip("clarabel")

from fit_trials import first_seed, trial
from fit_trials.catalogue import draw
from fit_trials.objective import objectives
from fit_trials.optimum import Oracle
from fit_trials.problems import problem as problem_of
from sklearn.exceptions import ConvergenceWarning

from sklearn_losses import LinearClassifier, LinearRegressor
from sklearn_losses.losses import LOSSES

FITS, CHUNKS, NAMED = 300, 6, 60
FEW = 5  # of all fits: some coupled losses with kinks still end a little above what they report
LARGE = 20_000  # entries; larger problems are left to the script


def small(start):
    """Give seeds of problems that are small, from a seed on."""
    return (seed for seed in count(start) if np.prod(problem_of(seed).X.shape) <= LARGE)


def said(verdicts, kinds):
    """List what is wrong, one fit a line, with the command that repeats it."""
    bad = [verdict for verdict in verdicts if set(kinds) & set(verdict.wrong)]
    return [f"python benchmarks/random_fits.py {verdict}" for verdict in bad]


def test_auto():
    """Hardly a fit says what is untrue; a few warnings may be needless, where gaps are overestimated."""
    seeds = [
        seed for chunk in range(CHUNKS) for seed in islice(small(first_seed() + 1000 * chunk), FITS // CHUNKS)
    ]
    verdicts = [verdict for seed in seeds for verdict in trial.trial(seed)]
    wrong = said(verdicts, set(trial.KINDS) - {"needless", "silent", "gap", "bound", "slow"})
    assert not wrong, "\n".join(["", *wrong])
    for kinds in (["silent", "gap", "bound", "slow"], ["needless"]):
        wrong = said(verdicts, kinds)
        assert len(wrong) <= FEW, "\n".join(["", *wrong])


def test_solvers_by_name():
    """What was asked for by name may be the wrong tool and warn; a few in all say something that is untrue."""
    seeds = list(islice(small(first_seed() + 500_000), NAMED))
    verdicts = [verdict for seed in seeds for verdict in trial.trial(seed, ("named",))]
    wrong = said(verdicts, set(trial.KINDS) - {"needless", "silent", "gap", "bound", "slow"})
    assert not wrong, "\n".join(["", *wrong])
    wrong = said(verdicts, ["silent", "gap", "bound"])
    assert len(wrong) <= 3 * FEW, "\n".join(["", *wrong])


# ---- The judge is right ------------------------------------------------------------------------------------


def test_every_convex_loss_is_drawn():
    losses = set(draw(np.random.default_rng(0), 1.0))
    assert losses == {name for name, loss in LOSSES.items() if loss().convex}


@pytest.mark.parametrize("name", draw(np.random.default_rng(0), 1.0))
def test_formulas_and_optimum(name):
    """Values, slopes and curvatures belong together and to the loss of that name; F* lies between its bounds."""
    rng = np.random.default_rng(1)
    of_this_loss = (p for p in map(problem_of, count()) if p.formula.name == name and 4 < min(p.X.shape) < 40)
    part, oracle = next(
        (part, oracle)
        for part in (objectives(problem)[0] for problem in of_this_loss)
        if part.attained
        and ((oracle := Oracle(part)).null - oracle.best.value > 1e-2 * oracle.null or name == "perceptron")
    )
    formula = part.formula
    f = rng.standard_normal((len(part.X), part.K))
    if not formula.coupled and formula.target != "sign":
        centre = part.y if formula.target.startswith("number") else np.log1p(np.maximum(part.y, 0.0))
        f = centre[:, None] + f * max(np.std(centre), 0.1)
    loss = LOSSES[name](**formula.parameters)
    y = 1.0 * (part.y > 0) if formula.target == "sign" else part.y
    gradient = loss.training_scale * loss.gradient(y, part.shaped(f)).reshape(f.shape)
    step = 1e-6 * np.maximum(np.abs(f).max(), 1e-3)
    value = formula.value(part.y, part.shaped(f))
    off = 1e-9 * (np.abs(value).max() + 1e-300) / step
    for k in range(part.K):
        aside = step * (np.arange(part.K) == k)
        above, below = (part.shaped(f + sign * aside) for sign in (1, -1))
        slope = (formula.value(part.y, above) - formula.value(part.y, below)) / (2 * step)
        assert_allclose(slope, gradient[:, k], rtol=1e-5, atol=off)
        if formula.slope is not None:
            slope = formula.slope(part.y, part.shaped(f)).reshape(f.shape)
            assert_allclose(slope, gradient, rtol=1e-9, atol=1e-12 * np.abs(slope).max())
            difference = formula.slope(part.y, above) - formula.slope(part.y, below)
            bend = formula.bend(part.y, part.shaped(f))
            bend = bend[:, :, k] if formula.coupled else bend
            assert np.median(np.abs(difference / (2 * step) - bend)) <= 1e-5 * np.abs(bend).max()
    assert abs(oracle.best.value - oracle.lower) <= 1e-5 * (oracle.null - oracle.best.value) + 1e-12


def spoilt(kind, spoil, **settings):
    """Give an estimator whose `fit` is followed by something that makes it wrong."""

    class Spoilt(kind):
        def fit(self, X, y, sample_weight=None):
            self.set_params(**settings)
            super().fit(X, y, sample_weight)
            return spoil(self)

    return Spoilt


def swallowing(kind):
    """Give an estimator that ends early, says that its gap is zero, and swallows its warnings."""

    class Swallowing(kind):
        def fit(self, X, y, sample_weight=None):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.set_params(max_iter=1, solver="lbfgs")
                super().fit(X, y, sample_weight)
            self.optimality_gap_ = 0.0
            return self

    return Swallowing


def longer(model):
    model.coef_ = 1.01 * model.coef_
    return model


def lost(model):
    model.coef_ = np.full_like(model.coef_, np.nan)
    return model


def flattered(model):
    model.objective_ *= 0.99
    return model


def anxious(model):
    warnings.warn("Not sure.", ConvergenceWarning, stacklevel=2)
    return model


def noisy(model):
    np.float64(1.0) / np.float64(0.0)
    return model


def broken(model):
    raise IndexError("out of reach")


def endless(model):
    while True:
        sum(range(1000))


FAULTS = {
    "silent": lambda kind: spoilt(kind, longer, tol=1e-6),
    "gap": swallowing,
    "objective": lambda kind: spoilt(kind, flattered),
    "not finite": lambda kind: spoilt(kind, lost),
    "needless": lambda kind: spoilt(kind, anxious),
    "warning": lambda kind: spoilt(kind, noisy),
    "exception": lambda kind: spoilt(kind, broken),
    "slow": lambda kind: spoilt(kind, endless),
}


@pytest.fixture(scope="module")
def honest():
    """Seeds of problems with whose fits nothing is wrong."""
    seeds = (s for s in count() if min(problem_of(s).X.shape) > 4 and np.prod(problem_of(s).X.shape) < 2000)
    return list(islice((seed for seed in seeds if not trial.trial(seed)[0].wrong), 8))


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_counted(fault, honest, monkeypatch):
    """Estimators that are wrong on purpose are caught where honest ones are not."""
    monkeypatch.setattr(trial, "SECONDS", 0.2 if fault == "slow" else 20.0)
    estimators = tuple(FAULTS[fault](kind) for kind in (LinearClassifier, LinearRegressor))
    seeds = honest[:2] if fault == "slow" else honest
    counts = Counter(kind for seed in seeds for kind in trial.trial(seed, estimators=estimators)[0].wrong)
    assert counts[fault] >= len(seeds) / 2, counts
