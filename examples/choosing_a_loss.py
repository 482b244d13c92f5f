"""
Choosing a loss by cross-validation
===================================

A loss is a parameter like any other, so a grid search can choose it, and the parameters in it. But by which
score? Here is the whole table: each row a training loss, each column a score.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV, RepeatedKFold, cross_validate

from sklearn_losses import (
    AbsoluteError,
    Expectile,
    Huber,
    Pinball,
    SGDRegressor,
    SquaredError,
    SquaredLogError,
)

X, y = load_diabetes(return_X_y=True, scaled=False)
LOSSES = {
    "squared error": SquaredError(),
    "Huber, δ = 50": Huber(delta=50.0),
    "absolute error": AbsoluteError(),
    "squared log error": SquaredLogError(),
    "pinball, τ = 0.8": Pinball(quantile=0.8),
    "expectile, τ = 0.8": Expectile(expectile=0.8),
}
folds = RepeatedKFold(n_splits=5, n_repeats=4, random_state=0)
scorers = {name: loss.scorer() for name, loss in LOSSES.items()}
table = []
for loss in LOSSES.values():
    model = SGDRegressor(loss, learning_rate="auto", tol=1e-4, random_state=0)
    scores = cross_validate(model, X, y, scoring=scorers, cv=folds)
    table.append([-scores[f"test_{name}"].mean() for name in scorers])
table = np.array(table)
excess = table / table.min(axis=0) - 1

figure, ax = plt.subplots(figsize=(9, 5.4), layout="constrained")
image = ax.imshow(np.sqrt(excess), cmap="cividis_r", aspect="auto")
for i, row in enumerate(excess):
    for k, cell in enumerate(row):
        shade = "white" if np.sqrt(cell) > 0.5 * np.sqrt(excess).max() else "black"
        weight = "bold" if cell == 0 else "normal"
        ax.text(
            k, i, f"{cell:+.1%}" if cell else "best", ha="center", va="center", color=shade, fontweight=weight
        )
ax.set_xticks(range(len(LOSSES)), LOSSES, rotation=20, ha="right")
ax.set_yticks(range(len(LOSSES)), LOSSES)
ax.set(xlabel="scored by", ylabel="trained on", title="Diabetes: how much worse than the best of the column")

# %%
# Two blocks stand out. The first three losses ask for the middle of the distribution, and it hardly matters
# which of them trains if another one of them scores. The squared log error asks for something lower, and
# shows it. The last two ask for a value above most observations: models trained for the middle are poor at
# it, and the other way round. First decide what to ask for; the rest is detail.
#
# Once the score is fixed, the detail is a search:

search = GridSearchCV(
    SGDRegressor(Huber(), learning_rate="auto", random_state=0),
    [
        {"loss": [SquaredError(), AbsoluteError()]},
        {"loss": [Huber()], "loss__delta": [10.0, 30.0, 50.0, 100.0]},
    ],
    scoring=AbsoluteError().scorer(),
    cv=folds,
).fit(X, y)
results = zip(-search.cv_results_["mean_test_score"], search.cv_results_["params"], strict=True)
for score, parameters in results:
    chosen = {**parameters, "loss": type(parameters["loss"]).__name__}
    print(f"absolute error {score:6.2f}  {chosen}")
spread = search.cv_results_["std_test_score"].mean() / np.sqrt(folds.get_n_splits())
print(f"standard error of such a number, over the folds: about {spread:.2f}")

# %%
# The candidates differ by less than the folds do: on these data, any of them will do.

plt.show()
