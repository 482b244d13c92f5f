"""One loss, three uses: score models with it, tune it, train with it. On real data, in ten seconds.

Run it with ``python examples/quickstart.py``. With matplotlib installed it also saves a picture,
``quickstart.png``, in the current folder.
"""

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_losses import (
    AbsoluteError,
    CrossEntropy,
    Hinge,
    Huber,
    LogLoss,
    RegressionLoss,
    SGDClassifier,
    SGDRegressor,
    SquaredError,
)


class AsymmetricHuber(RegressionLoss):
    """Huber loss that charges under-prediction `ratio` times as much."""

    def __init__(self, delta=1.0, ratio=3.0):
        self.delta = delta
        self.ratio = ratio

    def formula(self, y, f):  # the whole definition
        r = np.abs(y - f)
        huber = np.where(r <= self.delta, 0.5 * r**2, self.delta * (r - 0.5 * self.delta))
        return np.where(y > f, self.ratio, 1.0) * huber


def scaled(model):
    return make_pipeline(StandardScaler(), model)


def compare(title, models, losses, X, y):
    """Print the cross-validated loss of every model: a row a model, a column a loss."""
    print(f"\n{title}")
    print(f"{'':28}" + "".join(f"{name:>18}" for name in losses))
    for name, model in models.items():
        scorers = {column: loss.scorer() for column, loss in losses.items()}
        scores = cross_validate(model, X, y, scoring=scorers, cv=5)
        row = "".join(f"{-scores[f'test_{column}'].mean():18.3f}" for column in losses)
        print(f"{name:28}{row}")


def score():
    X, y = load_diabetes(return_X_y=True)
    compare(
        "1. Diabetes: disease progression, scored by three losses (less is better)",
        {
            "mean of the training set": DummyRegressor(),
            "Ridge": scaled(Ridge()),
            "RandomForestRegressor": RandomForestRegressor(n_estimators=50, random_state=0),
            "SGDRegressor, Huber-trained": scaled(SGDRegressor(Huber(delta=50.0), random_state=0)),
        },
        {"squared error": SquaredError(), "absolute error": AbsoluteError(), "Huber(50)": Huber(delta=50.0)},
        X,
        y,
    )
    X, y = load_breast_cancer(return_X_y=True)
    compare(
        "2. Breast cancer: malignant or benign, probabilities and margins",
        {
            "LogisticRegression": scaled(LogisticRegression()),
            "SGDClassifier, log loss": scaled(SGDClassifier("log_loss", alpha=1e-2, random_state=0)),
        },
        {"log loss": LogLoss(), "hinge": Hinge()},
        X,
        y,
    )
    X, y = load_digits(return_X_y=True)
    compare(
        "3. Digits: ten classes",
        {
            "class frequencies": DummyClassifier(),
            "RandomForestClassifier": RandomForestClassifier(n_estimators=50, random_state=0),
            "SGDClassifier, log loss": scaled(SGDClassifier("log_loss", alpha=1e-2, random_state=0)),
        },
        {"cross-entropy": CrossEntropy()},
        X,
        y,
    )


def tune():
    X, y = load_diabetes(return_X_y=True)
    search = GridSearchCV(
        scaled(SGDRegressor(loss=Huber(), random_state=0)),
        {"sgdregressor__loss__delta": [5.0, 20.0, 50.0, 100.0, 200.0]},
        scoring=AbsoluteError().scorer(),
    ).fit(X, y)
    print("\n4. Diabetes: which delta of the Huber loss trains the model with the least absolute error?")
    for delta, loss in zip(
        search.cv_results_["param_sgdregressor__loss__delta"],
        -search.cv_results_["mean_test_score"],
        strict=True,
    ):
        chosen = "  <- chosen" if delta == search.best_params_["sgdregressor__loss__delta"] else ""
        print(f"   delta = {delta:5.0f}   absolute error {loss:6.2f}{chosen}")


def train():
    X, y = load_diabetes(return_X_y=True)
    cost = AsymmetricHuber(delta=50.0, ratio=4.0)
    predictions = {
        name: cross_val_predict(scaled(SGDRegressor(loss=loss, random_state=0)), X, y, cv=5)
        for name, loss in {"squared error": "squared_error", "AsymmetricHuber": cost}.items()
    }
    print("\n5. Diabetes: under-prediction costs four times as much. A loss written in this script:")
    print(f"   {cost}")
    for name, predicted in predictions.items():
        under = np.mean(predicted < y)
        print(
            f"   trained with {name:16} costs {cost(y, predicted):7.1f}; predicts too little for {under:4.0%}"
        )
    return y, predictions


def picture(y, predictions, path="quickstart.png"):
    try:
        import matplotlib
    except ImportError:
        print('\nNo picture: matplotlib is missing (pip install "sklearn-losses[plot]").')
        return
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
    r = np.linspace(-4, 4, 801)
    shown = {
        "½ squared error": 0.5 * SquaredError().pointwise(np.zeros_like(r), r),
        "absolute error": AbsoluteError().pointwise(np.zeros_like(r), r),
        "Huber(delta=1)": Huber().pointwise(np.zeros_like(r), r),
        "AsymmetricHuber(ratio=3)": AsymmetricHuber().pointwise(np.zeros_like(r), r),
    }
    styles = [("#0072B2", "--"), ("#56B4E9", ":"), ("#009E73", "-"), ("#D55E00", "-")]
    for (name, values), (color, line) in zip(shown.items(), styles, strict=True):
        left.plot(r, values, line, color=color, label=name, linewidth=2)
    left.set(xlabel="prediction − observation", ylabel="loss", ylim=(0, 8), title="What a mistake costs")
    left.legend(frameon=False, loc="upper center")
    for (name, predicted), color, marker in zip(
        predictions.items(), ("#0072B2", "#D55E00"), ("o", "^"), strict=True
    ):
        right.scatter(
            y, predicted, s=12, color=color, alpha=0.55, marker=marker, label=f"trained with {name}"
        )
    right.axline((150, 150), slope=1, color="#555555", linewidth=1)
    right.set(
        xlabel="observed progression",
        ylabel="predicted (cross-validated)",
        title="Diabetes: what it does to the model",
    )
    right.legend(frameon=False, loc="upper left")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)
    print(f"\nPicture saved: {path}")


if __name__ == "__main__":
    score()
    tune()
    picture(*train())
