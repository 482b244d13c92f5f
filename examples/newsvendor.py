"""
The newsvendor: a cost of one's own
===================================

A bakery bakes in the morning what it hopes to sell. A loaf too little costs its margin, 3 euros; a loaf too
much costs its flour, 1 euro; and what is left beyond 30 loaves must be taken away, which costs another euro a
loaf. This loss is in no list. Written down, it is a metric, a scorer and a training objective.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import KFold, cross_val_predict

from sklearn_losses import LossDisplay, Pinball, RegressionLoss, SGDRegressor, SquaredError
from sklearn_losses.displays import COLORS


class BakingCost(RegressionLoss):
    """What a wrong number of loaves costs, in euros."""

    convex = True

    def __init__(self, margin=3.0, flour=1.0, disposal=1.0, room=30.0):
        self.margin = margin
        self.flour = flour
        self.disposal = disposal
        self.room = room

    def formula(self, y, f):
        left_over = f - y
        removed = np.maximum(left_over - self.room, 0)
        return (
            np.where(left_over < 0, -self.margin * left_over, self.flour * left_over)
            + self.disposal * removed
        )


cost = BakingCost()
display = LossDisplay.from_loss(cost, limits=(-60, 60), quantity="value")
display.ax_.set(xlabel="loaves baked − loaves wanted", ylabel="euros", title="What a day costs")

# %%
# Two years of demand, made up: it depends on the weekday and on the weather, and it varies the more the more
# is sold.

rng = np.random.default_rng(1)
days = 730
weekday = np.arange(days) % 7
sunshine = rng.uniform(0, 12, days)
expected = 80 + 60 * (weekday >= 5) + 4 * sunshine
demand = rng.gamma(shape=25, scale=expected / 25)
X = np.column_stack([weekday[:, None] == np.arange(7), sunshine])

# %%
# The bakery tries three ways to decide, each with a linear model on past days: bake the expected demand; bake
# the quantile of the newsvendor's rule, margin / (margin + flour) = 0.75, which knows nothing of the
# disposal; or train on the cost itself.

ways = {
    "squared error": SquaredError(),
    "pinball, τ = 0.75": Pinball(quantile=0.75),
    "the cost itself": cost,
}
baked = {
    name: cross_val_predict(
        SGDRegressor(loss, learning_rate="auto", tol=1e-5, alpha=1e-6, random_state=0),
        X,
        demand,
        cv=KFold(10),
    )
    for name, loss in ways.items()
}
costs = {name: cost.pointwise(demand, loaves) for name, loaves in baked.items()}
for name, each in costs.items():
    short = np.mean(baked[name] < demand)
    print(f"{name:18} {each.mean():6.2f} euros a day; sold out on {short:.0%} of days")

figure, axes = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained", width_ratios=[2, 1])
for (name, loaves), color, marker in zip(baked.items(), COLORS, "o^s", strict=False):
    axes[0].scatter(expected, loaves - expected, s=9, color=color, marker=marker, alpha=0.6, label=name)
axes[0].axhline(0, color="#555555", linewidth=1)
axes[0].set(xlabel="expected demand", ylabel="loaves baked beyond it", title="What each way bakes")
axes[0].legend(frameon=False)
bars = axes[1].barh(list(costs), [each.mean() for each in costs.values()], color=COLORS[:3])
axes[1].bar_label(bars, fmt="%.1f", padding=-32, color="white")
axes[1].invert_yaxis()
axes[1].set(xlabel="euros a day", title="What it costs")
for ax in axes:
    ax.spines[["top", "right"]].set_visible(False)

# %%
# Baking the expected demand sells out nearly every other day, which is too often. The quantile bakes more,
# the more so the larger and the more uncertain the demand is, and saves three euros a day. The cost itself
# saves one more: on large days it holds back, because there leftovers would exceed the room.

# sphinx_gallery_thumbnail_number = 2
plt.show()
