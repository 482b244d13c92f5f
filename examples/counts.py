"""
Counting visits to the doctor
=============================

The RAND experiment of the 1970s gave families health insurance with different shares to pay, and counted how
often they saw a doctor. Counts are not negative, many are zero, and their spread grows with their mean: what
the Poisson deviance is made for.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import cross_val_predict
from statsmodels.datasets import randhie

from sklearn_losses import NegativeBinomial, Poisson, SGDRegressor, SquaredError
from sklearn_losses.displays import COLORS

data = randhie.load_pandas().data
X, y = data.drop(columns="mdvis").to_numpy(), data["mdvis"].to_numpy(dtype=float)
print(
    f"{len(y)} persons; mean {y.mean():.2f} visits, variance {y.var():.1f}; none at all: {np.mean(y == 0):.0%}"
)

# %%
# Three losses, one kind of model. The last two work on a logarithmic scale: what a feature does, it does by a
# factor, and predictions are positive.

LOSSES = {
    "squared error": SquaredError(),
    "Poisson": Poisson(),
    "negative binomial, θ = 1": NegativeBinomial(theta=1.0),
}
predicted = {
    name: cross_val_predict(SGDRegressor(loss, learning_rate="auto", random_state=0), X, y, cv=5)
    for name, loss in LOSSES.items()
}
for name, each in predicted.items():
    print(f"{name:25} smallest prediction {each.min():6.2f}; below zero: {np.sum(each <= 0)} persons")

# %%
# Do they predict the mean? Sort persons by the prediction, cut into ten groups, and compare the mean
# prediction with the mean count. And how are the errors spread? A loss assumes, by its shape, how the
# variance grows with the mean. Here is how it really grows.

figure, axes = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
axes[0].axline((2, 2), slope=1, color="#999999", linewidth=1)
for (name, each), color, marker in zip(predicted.items(), COLORS, "so^", strict=False):
    groups = np.array_split(np.argsort(each), 10)
    means = [(each[group].mean(), y[group].mean()) for group in groups]
    axes[0].plot(*zip(*means, strict=True), marker=marker, color=color, label=name)
axes[0].set(xlabel="predicted visits", ylabel="observed visits", title="Ten groups, by prediction")
axes[0].legend(frameon=False)

groups = np.array_split(np.argsort(predicted["Poisson"]), 20)
mean = np.array([y[group].mean() for group in groups])
axes[1].scatter(
    mean, [y[group].var() for group in groups], color="#333333", s=20, label="observed, twenty groups"
)
grid = np.linspace(mean.min(), mean.max(), 50)
axes[1].axhline(y.var(), color=COLORS[0], label="squared error: constant")
axes[1].plot(grid, grid, "--", color=COLORS[1], label="Poisson: the mean")
axes[1].plot(grid, grid + grid**2, "-.", color=COLORS[2], label="negative binomial: mean + mean²")
axes[1].set(xlabel="mean of a group", ylabel="variance of a group", title="How the spread grows")
axes[1].legend(frameon=False)
for ax in axes:
    ax.spines[["top", "right"]].set_visible(False)

# %%
# The spread grows far faster than the mean, which Poisson's loss assumes; the negative binomial's has the
# right shape, and a θ above 1 would fit it better. All three losses nevertheless ask for the mean, so none is
# wrong: the assumption only weighs the samples. Which one predicts best? The skill is 1 less the loss
# relative to the best constant's.

for name, loss in list(LOSSES.items())[1:]:
    skills = ", ".join(f"{n} {loss.d2(y, np.maximum(p, 1e-3)):.3f}" for n, p in predicted.items())
    print(f"D² by {name}: {skills}")

# %%
# The model that was trained by the Poisson deviance is best by either score, though by a hair. What the
# logarithmic scale gives for certain is predictions that are counts: none is below zero.

plt.show()
