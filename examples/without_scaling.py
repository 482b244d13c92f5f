"""
Learning without scaling
========================

Stochastic gradient descent has one step length for all columns. If one column is a thousand times another,
every step is too long for the first or too short for the second. So guides say: scale first, then tune the
step. ``learning_rate="auto"`` does neither.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
import sklearn.linear_model
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from sklearn_losses import LogLoss, LossCurveDisplay, SGDClassifier
from sklearn_losses.displays import COLORS

X, y = load_breast_cancer(return_X_y=True)
deviations = X.std(axis=0)
print(f"the columns' standard deviations run from {deviations.min():.4f} to {deviations.max():.0f}")
PASSES, ALPHA = 30, 1e-4

# %%
# After each pass we ask for the objective: the mean log loss, and the penalty. scikit-learn's class runs on
# the raw columns with three step lengths, and on scaled ones.


def objective(model, X):
    return LogLoss()(y, model.predict_proba(X)[:, 1]) + 0.5 * ALPHA * np.sum(model.coef_**2)


def curve_of_sklearn(X, **parameters):
    model = sklearn.linear_model.SGDClassifier("log_loss", alpha=ALPHA, random_state=0, **parameters)
    values = []
    for _ in range(PASSES):
        model.partial_fit(X, y, classes=[0, 1])
        values.append(objective(model, X))
    return values


curves = {
    "scikit-learn, default": curve_of_sklearn(X),
    "scikit-learn, steps 1e-4": curve_of_sklearn(X, learning_rate="constant", eta0=1e-4),
    "scikit-learn, steps 1e-7": curve_of_sklearn(X, learning_rate="constant", eta0=1e-7),
    "scikit-learn, default, scaled": curve_of_sklearn(StandardScaler().fit_transform(X)),
}
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)  # it is to make all passes
    auto = SGDClassifier(
        "log_loss", alpha=ALPHA, learning_rate="auto", max_iter=PASSES, tol=0.0, random_state=0
    ).fit(X, y)

figure, ax = plt.subplots(figsize=(9, 5), layout="constrained")
for (name, values), color, style in zip(curves.items(), COLORS[1:], ["--", "-.", ":", "-"], strict=False):
    ax.plot(range(1, PASSES + 1), values, style, color=color, linewidth=2, label=name)
LossCurveDisplay.from_estimator(auto, name="auto, raw columns", ax=ax, color=COLORS[0], linewidth=3)
constant = LogLoss()(y, np.full(len(y), y.mean()))
ax.axhline(constant, color="#777777", linewidth=1)
ax.text(PASSES, constant * 1.08, "the best constant", ha="right", color="#555555")
ax.set(yscale="log", ylabel="objective", title="Breast cancer: the objective after each pass")

for name, values in {**curves, "auto, raw columns": auto.loss_curve_}.items():
    print(f"{name:30} after {len(values)} passes {values[-1]:7.3f}")

# %%
# On raw columns the default schedule is far worse than a constant, long steps jump about, short ones crawl.
# Scaling mends most of that, but the default's steps are too long for these data even then. "auto" looks at
# the columns once, works as if they were scaled, and takes the length of its first steps from the loss's
# curvature.

plt.show()
