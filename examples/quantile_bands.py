"""
Quantile bands: food and income
===============================

In 1857 Ernst Engel recorded what 235 Belgian households earned and what they spent on food. The richer a
household, the smaller the share that it eats. Regression by the mean tells that much. Quantiles tell more:
households of one income differ, and the richer they are the more they differ.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import cross_val_predict
from statsmodels.datasets import engel

from sklearn_losses import Pinball, SGDRegressor
from sklearn_losses.displays import COLORS

data = engel.load_pandas().data
X, y = data[["income"]].to_numpy(), data["foodexp"].to_numpy()

# %%
# The pinball loss charges τ for each franc that a prediction is too low, and 1 - τ for each that it is too
# high. Its best prediction is the τ-quantile: five values of τ give five lines. Income enters in francs, as
# it is.

LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95]


def model_of(level):
    return SGDRegressor(Pinball(quantile=level), learning_rate="auto", tol=1e-6, alpha=0.0, random_state=0)


models = {level: model_of(level).fit(X, y) for level in LEVELS}
grid = np.linspace(X.min(), 3000, 50)[:, None]
lines = {level: model.predict(grid) for level, model in models.items()}

figure, ax = plt.subplots(figsize=(9, 5), layout="constrained")
ax.fill_between(
    grid[:, 0], lines[0.05], lines[0.95], color=COLORS[4], alpha=0.25, linewidth=0, label="5 % to 95 %"
)
ax.fill_between(
    grid[:, 0], lines[0.25], lines[0.75], color=COLORS[0], alpha=0.3, linewidth=0, label="25 % to 75 %"
)
ax.plot(grid[:, 0], lines[0.5], color=COLORS[0], linewidth=2, label="median")
ax.scatter(X, y, s=12, color="#333333", linewidth=0)
ax.set(xlim=(300, 3000), ylim=(0, 2200), xlabel="income", ylabel="spent on food")
ax.set_title("Food expenditure fans out with income")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, loc="upper left")

# %%
# Are the quantiles what they claim to be? Of households that a model did not see, a share of τ should lie
# below it.

for level in LEVELS:
    below = np.mean(y <= cross_val_predict(model_of(level), X, y, cv=10))
    slope = models[level].coef_[0]
    print(f"τ = {level:4.2f}: {below:4.0%} lie below; of a franc more, {slope:.2f} goes into food")

# %%
# The slopes differ: at the upper quantile a further franc brings twice as much food as at the lower one. A
# band around the mean, of one width for all, would be too wide for the poor and too narrow for the rich.

plt.show()
