"""How coefficients come and go as the penalty falls, and which penalty predicts best.

Run it with matplotlib installed (``pip install "sklearn-losses[plot]"``); it prints two tables and saves
regularization_path.png in the current folder.
"""

from time import perf_counter

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV

from sklearn_losses import AbsoluteError, LinearRegressor

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
X = (X - X.mean()) / X.std()  # so that the penalty means the same for every column
loss = AbsoluteError()
alphas = np.geomspace(1.0, 1e-3, 60)


def path(warm_start):
    """Fit along the grid; return coefficients and the seconds it took."""
    model = LinearRegressor(loss=loss, penalty="l1", warm_start=warm_start)
    begun = perf_counter()
    coefficients = [model.set_params(alpha=alpha).fit(X, y).coef_.copy() for alpha in alphas]
    return np.array(coefficients), perf_counter() - begun


_, cold_seconds = path(warm_start=False)
coefficients, warm_seconds = path(warm_start=True)
print("1. A path of L1-penalised median regressions on diabetes")
print(
    f"   {len(alphas)} penalties from {alphas[0]:g} to {alphas[-1]:g}: {warm_seconds:.2f} s with warm_start, ",
    end="",
)
print(f"{cold_seconds:.2f} s without")
for k in (0, 15, 30, 45, 59):
    there = [name for name, value in zip(X.columns, coefficients[k], strict=True) if value != 0.0]
    print(f"   alpha {alphas[k]:7.4f}: {len(there):2d} columns  {' '.join(there)}")

print("2. Which penalty predicts best? A grid search, scored by the loss that is trained")
search = GridSearchCV(
    LinearRegressor(loss=loss, penalty="l1"), {"alpha": alphas[::4]}, scoring=loss.scorer(), cv=5
).fit(X, y)
kept = np.count_nonzero(search.best_estimator_.coef_)
print(
    f"   alpha {search.best_params_['alpha']:.4f}: mean absolute error {-search.best_score_:.2f}, {kept} columns"
)

try:
    import matplotlib.pyplot as plt
except ImportError:
    raise SystemExit("Install matplotlib for the picture.") from None

figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
for name, values in zip(X.columns, coefficients.T, strict=True):
    (line,) = axes.plot(alphas, values, linewidth=1.5)
    axes.annotate(
        name, (alphas[-1], values[-1]), xytext=(5, 0), textcoords="offset points",
        color=line.get_color(), va="center", fontsize=9,
    )  # fmt: skip
axes.axvline(search.best_params_["alpha"], color="0.5", linestyle="--", linewidth=1)
axes.annotate(
    "best by\ncross-validation", (search.best_params_["alpha"], axes.get_ylim()[1]), xytext=(5, -5),
    textcoords="offset points", va="top", color="0.4", fontsize=9,
)  # fmt: skip
axes.set(
    xscale="log", xlabel="alpha", ylabel="coefficient", title="Median regression on diabetes, L1 penalty"
)
axes.invert_xaxis()
axes.axhline(0.0, color="0.8", linewidth=0.8, zorder=0)
figure.savefig("regularization_path.png", dpi=150)
print("Saved regularization_path.png")
