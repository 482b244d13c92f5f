"""
Which losses give probabilities?
================================

Every loss here trains a linear model on the same data: 6366 women who answered a magazine about their
marriage, and whether they had an affair (Fair, 1978). Each model gives probabilities by its own link. Whom
can one believe?
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.model_selection import cross_val_predict
from statsmodels.datasets import fair

from sklearn_losses import Brier, Exponential, Focal, LogLoss, ModifiedHuber, SGDClassifier, decomposition
from sklearn_losses.displays import COLORS

data = fair.load_pandas().data
X, y = data.drop(columns="affairs").to_numpy(), (data["affairs"] > 0).astype(int).to_numpy()

LOSSES = {
    "log loss": LogLoss(),
    "Brier": Brier(),
    "exponential": Exponential(),
    "modified Huber": ModifiedHuber(),
    "focal, γ = 2": Focal(gamma=2.0),
}
predicted = {
    name: cross_val_predict(
        SGDClassifier(loss, learning_rate="auto", random_state=0), X, y, cv=5, method="predict_proba"
    )[:, 1]
    for name, loss in LOSSES.items()
}

# %%
# Left, reliability curves: isotonic regression of what happened on what was said. Right, the Brier score of
# each model, taken apart by :func:`~sklearn_losses.metrics.decomposition`: score = miscalibration −
# discrimination + uncertainty.

figure, axes = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
axes[0].axline((0, 0), slope=1, color="#999999", linewidth=1)
print(f"{'':16}{'Brier score':>12}{'miscalibration':>16}{'discrimination':>16}{'uncertainty':>13}")
for (name, p), color, style in zip(predicted.items(), COLORS, ["-", "--", "-.", ":", "-"], strict=False):
    order = np.argsort(p)
    curve = IsotonicRegression().fit_transform(p, y)
    axes[0].plot(p[order], curve[order], style, color=color, linewidth=2, label=name)
    parts = decomposition(Brier(), y, p)
    print(
        f"{name:16}{parts.score:12.4f}{parts.miscalibration:16.4f}{parts.discrimination:16.4f}"
        f"{parts.uncertainty:13.4f}"
    )
    axes[1].barh(name, parts.miscalibration, color="#D55E00", height=0.6)
    axes[1].barh(name, -parts.discrimination, color="#0072B2", height=0.6)
axes[0].set(xlabel="predicted probability", ylabel="observed share", title="Said, and seen")
axes[0].legend(frameon=False)
axes[1].axvline(0, color="black", linewidth=0.8)
axes[1].invert_yaxis()
axes[1].set(
    title="What the Brier score is made of", xlabel="− discrimination (blue)   + miscalibration (orange)"
)
for ax in axes:
    ax.spines[["top", "right"]].set_visible(False)

# %%
# All models tell the women apart about equally well: the blue bars are of a length. What differs is the
# orange. The focal loss is not proper: all that it says is drawn towards one half. The other four have, each
# by its own link, a best prediction that is the probability, and what they say is what is seen.

plt.show()
