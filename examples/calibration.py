"""
Which losses give probabilities?
================================

Every loss here trains a linear model on the same data: 6366 women who answered a magazine about their
marriage, and whether they had an affair (Fair, 1978). Each model gives probabilities by its own link. Whom
can one believe?
"""

import matplotlib.pyplot as plt
from sklearn.model_selection import cross_val_predict
from statsmodels.datasets import fair

from sklearn_losses import (
    Brier,
    DecompositionDisplay,
    Exponential,
    Focal,
    LogLoss,
    ModifiedHuber,
    ReliabilityDisplay,
    SGDClassifier,
    compare,
)

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
# each model, taken apart: score = uncertainty − discrimination + miscalibration.

figure, axes = plt.subplots(1, 2, figsize=(12, 5.2), layout="constrained")
ReliabilityDisplay.from_predictions(y, predicted, loss="brier", band_level=None, ax=axes[0])
DecompositionDisplay.from_predictions(y, predicted, loss="brier", ax=axes[1])
axes[0].legend(frameon=False, fontsize=8, loc=(0.5, 0.16))

# %%
# All models tell the women apart about equally well: the blue bars are of a length. What differs is the
# hatched one. The focal loss is not proper: all that it says is drawn towards one half. The other four have, each
# by its own link, a best prediction that is the probability, and what they say is what is seen. Is what they lose to
# the log loss more than the luck of these women?

print(compare("brier", y, predicted, reference="log loss"))

plt.show()
