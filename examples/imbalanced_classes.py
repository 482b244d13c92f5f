"""
A rare class: weights, focal loss, and what they do to probabilities
====================================================================

One transaction in forty is fraud. Two remedies are common: to weigh the rare class up, and the focal loss,
which lets easy samples fade. Do they find more fraud? And can one still believe the probabilities?
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import average_precision_score, precision_recall_curve
from sklearn.model_selection import train_test_split

from sklearn_losses import Focal, LogLoss, SGDClassifier, decomposition
from sklearn_losses.displays import COLORS

X, y = make_classification(
    n_samples=20_000,
    n_features=12,
    n_informative=6,
    n_clusters_per_class=1,
    weights=[0.98],
    class_sep=0.8,
    flip_y=0.01,
    random_state=3,
)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
print(f"{y_train.mean():.1%} of the training samples are fraud")

common = {"learning_rate": "auto", "random_state": 0, "tol": 1e-5}
models = {
    "log loss": SGDClassifier(LogLoss(), **common),
    "weighted log loss": SGDClassifier(LogLoss(), class_weight="balanced", **common),
    "focal, γ = 2": SGDClassifier(Focal(gamma=2.0), **common),
    "focal, recalibrated": CalibratedClassifierCV(
        SGDClassifier(Focal(gamma=2.0), **common), method="sigmoid"
    ),
}
probability = {
    name: model.fit(X_train, y_train).predict_proba(X_test)[:, 1] for name, model in models.items()
}

# %%
# Left: precision against recall, which depends on the *order* of the predictions only. Right: of transactions
# that are said to be fraud with some probability, how many are? On the diagonal, just as many.

STYLES = ["-", "--", "-.", ":"]
figure, axes = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
axes[1].axline((0, 0), slope=1, color="#999999", linewidth=1)
for (name, p), color, style in zip(probability.items(), COLORS, STYLES, strict=False):
    precision, recall, _ = precision_recall_curve(y_test, p)
    axes[0].plot(recall, precision, style, color=color, linewidth=2, label=name)
    said = np.sort(p)
    seen = IsotonicRegression().fit(p, y_test).predict(said)
    axes[1].plot(said, seen, style, color=color, linewidth=2, label=name)
axes[0].set(xlabel="recall", ylabel="precision", title="Finding fraud: hardly a difference")
axes[1].set(xlabel="predicted probability", ylabel="observed share", title="Probabilities: a large one")
axes[0].legend(frameon=False, loc="lower left")
for ax in axes:
    ax.spines[["top", "right"]].set_visible(False)

# %%
# The same in numbers: the log loss, split into what is wrong with the probabilities (miscalibration) and how
# well they tell samples apart (discrimination).

print(f"{'':22}average precision   log loss   miscalibration   discrimination")
for name, p in probability.items():
    parts = decomposition(LogLoss(), y_test, p)
    print(
        f"{name:22}{average_precision_score(y_test, p):17.3f}{parts.score:11.4f}{parts.miscalibration:17.4f}"
        f"{parts.discrimination:17.4f}"
    )

# %%
# For a linear model the remedies change the order of samples little. What they change is the scale: weights
# make the model believe in a world with as much fraud as honesty, and the focal loss makes it timid. If you
# need a decision at another threshold, move the threshold; if you need probabilities, train with a proper
# loss, or recalibrate.

plt.show()
