"""
Outliers, and losses that do not mind them
==========================================

A few wrong readings are enough to tilt a line that was fitted by the squared error. How much they tilt it is
decided by the *derivative* of the loss: it is the pull of one sample on the line. The squared error's grows
with the residual, Huber's stops growing at δ, Cauchy's falls again.
"""

import matplotlib.pyplot as plt
import numpy as np

from sklearn_losses import AbsoluteError, Cauchy, Huber, LossDisplay, SGDRegressor, SquaredError
from sklearn_losses.displays import COLORS

LOSSES = {
    "squared": SquaredError(),
    "absolute": AbsoluteError(),
    "Huber, δ = 2": Huber(delta=2.0),
    "Cauchy, c = 2": Cauchy(c=2.0),
}
STYLES = ["-", "--", "-.", ":"]
display = LossDisplay.from_loss(LOSSES, quantity="derivative", limits=(-8, 8))
display.ax_.set(ylim=(-4, 4), title="The pull of a sample, by its residual")

# %%
# A sensor, and two ways to fail
# ------------------------------
#
# A sensor reads twice the temperature plus 5, with a little noise. In the first experiment its reading hangs
# at a low value now and then, more often when it is hot. In the second a clock is wrong instead: a few
# readings are filed under a temperature that is far too high.

rng = np.random.default_rng(0)
temperature = rng.uniform(0, 30, 120)
reading = 5 + 2 * temperature + rng.normal(scale=2.0, size=120)
hangs = rng.random(120) < temperature / 150
hung = np.where(hangs, rng.uniform(0, 8, 120), reading)
misfiled = temperature.copy()
misfiled[:12] += 120


def fit_all(x, y):
    """Return a model for each loss, trained on data as they are."""
    return {
        name: SGDRegressor(loss, learning_rate="auto", tol=1e-6, random_state=0).fit(x[:, None], y)
        for name, loss in LOSSES.items()
    }


figure, axes = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained", sharey=True)
for ax, x, y, title in (
    (axes[0], temperature, hung, "Wrong readings: robust losses help"),
    (axes[1], misfiled, reading, "Wrong temperatures: convex losses do not"),
):
    ax.scatter(x, y, s=14, color="#777777")
    grid = np.array([0.0, x.max()])
    for (name, model), color, style in zip(fit_all(x, y).items(), COLORS, STYLES, strict=False):
        ax.plot(grid, model.predict(grid[:, None]), style, color=color, linewidth=2, label=name)
        print(f"{title.partition(':')[0]:18} {name:14} slope {model.coef_[0]:5.2f}  (true: 2)")
    ax.set(title=title, xlabel="temperature", ylim=(-5, 90))
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("reading")
axes[0].legend(frameon=False)

# %%
# On the left, the line of the squared error gives way to the readings that hang; the three others stay close
# to the truth. On the right the misfiled points lie far out in x, where they have a long lever: every line of
# a convex loss turns towards them. A loss sees residuals only, and the residual of a point that has pulled
# the line to itself is small. Cauchy's loss lets go of them, because its pull falls to nothing far away. That
# has a price: it is not convex, and a training that starts elsewhere may end with the wrong points. Against
# wrong x look at X, not at the loss.

# sphinx_gallery_thumbnail_number = 2
plt.show()
