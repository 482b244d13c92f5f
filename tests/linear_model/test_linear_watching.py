"""What people watch while LinearClassifier and LinearRegressor are fitted: callbacks, printed lines, curves."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning

from sklearn_losses.linear_model import LinearClassifier, LinearRegressor
from sklearn_losses.losses import Cauchy

new = pytest.mark.skipif(
    not hasattr(LinearRegressor, "set_callbacks"), reason="sklearn.callback came with scikit-learn 1.9"
)

X, labels = load_iris(return_X_y=True)
rng = np.random.default_rng(0)
amounts = np.column_stack([X[:, 3], X[:, 3] ** 2]) + 0.3 * rng.standard_normal((150, 2))
amount = amounts[:, 0]
MODELS = {
    "newton": (LinearClassifier(), labels > 0),
    "one against the rest": (LinearClassifier("hinge"), labels),
    "softmax": (LinearClassifier("cross_entropy"), labels),
    "dual": (LinearRegressor("absolute_error", solver="dual", random_state=0), amount),
    "not convex": (LinearRegressor(Cauchy(), random_state=0), amount),
    "columns": (LinearRegressor("huber"), amounts),
}
each = pytest.mark.parametrize("name", MODELS)
N_PARTS = {"one against the rest": 3, "columns": 2}


def objective_of(model, y):
    """Mean loss and penalty, as the class's documentation has it, the mean of outputs that are trained alone."""
    y = np.asarray(y)
    raw = X @ np.atleast_2d(model.coef_).T + model.intercept_
    squares = np.square(np.atleast_2d(model.coef_)).sum(axis=1)
    if model.loss == "cross_entropy":
        there = np.exp(raw - raw.max(axis=1, keepdims=True))
        there /= there.sum(axis=1, keepdims=True)
        return -np.log(there[np.arange(len(y)), y]).mean() + 0.5e-4 * squares.sum()
    if model.loss == "log_loss":
        losses = np.logaddexp(0, np.where(y, -1, 1)[:, None] * raw)
    elif model.loss == "hinge":
        losses = np.maximum(0, 1 - np.where(y[:, None] == np.arange(3), 1, -1) * raw)
    else:
        r = np.abs(y.reshape(len(y), -1) - raw)
        losses = {
            "absolute_error": r,
            "huber": np.where(r <= 1, 0.5 * r * r, r - 0.5),
        }.get(model.loss if isinstance(model.loss, str) else "", np.log1p(r * r) / 2)
    return (losses.mean(axis=0) + 0.5e-4 * squares).mean()


class Diary:
    """A user's callback: keeps what it is told, and ends a part after some iterations, or the fit after a part."""

    def __init__(self, iterations=10**9, parts=10**9):
        self.iterations, self.parts = iterations, parts
        self.calls, self.objectives, self.outputs = [], [], 0

    def setup(self, estimator, context):
        self.calls.append("setup")

    def teardown(self, estimator, context):
        self.calls.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
        fitted_estimator.predict(X)
        if context.task_name == "epoch":
            self.objectives.append((fitted_estimator.objective_, objective_of(fitted_estimator, y)))
            return context.task_id + 1 >= self.iterations
        self.calls.append(context.task_name)
        return context.task_name == "output" and self.calls.count("output") >= self.parts


@new
@each
def test_callbacks_see_every_iteration(name):
    model, y = MODELS[name]
    diary = Diary()
    watched = clone(model).set_callbacks(diary).fit(X, y)
    alone = clone(model).fit(X, y)
    np.testing.assert_array_equal(watched.coef_, alone.coef_)
    assert watched.n_iter_ == alone.n_iter_
    assert diary.calls == ["setup", *["output"] * N_PARTS.get(name, 0), "fit", "teardown"]
    assert len(diary.objectives) >= watched.n_iter_ - 1
    if name not in N_PARTS:  # of several, the models on the way are not of one kind
        told, true = np.array(diary.objectives).T
        np.testing.assert_allclose(told, true, rtol=1e-9)


@new
def test_an_output_ends_once_where_another_solver_goes_on(monkeypatch):
    """`auto` may take two solvers for an output; for callbacks that is one task."""
    from sklearn_losses.linear_model import _solving

    leave, left = _solving.leave, []

    def unsatisfied(problem, solution, others, **options):
        left.append(solution)
        first = len(left) % 2 == 1
        solution = leave(problem, solution, others, **options)
        solution.converged = solution.converged and not first
        return solution

    monkeypatch.setattr(_solving, "leave", unsatisfied)
    diary = Diary()
    LinearRegressor("huber").set_callbacks(diary).fit(X, np.column_stack([amount, -amount]))
    assert len(left) == 4
    assert diary.calls == ["setup", "output", "output", "fit", "teardown"]


@new
@each
def test_a_callback_ends_the_fit_without_a_warning(name):
    model, y = MODELS[name]
    watched = clone(model).set_callbacks(diary := Diary(iterations=2)).fit(X, y)
    assert watched.n_iter_ == len(watched.loss_curve_) == 2
    assert len(diary.objectives) == 2 * N_PARTS.get(name, 1)
    np.testing.assert_allclose(watched.objective_, objective_of(watched, y), rtol=1e-9)


@new
@pytest.mark.parametrize("name", N_PARTS)
def test_a_callback_ends_the_fit_after_the_first_part(name):
    model, y = MODELS[name]
    whole = clone(model).fit(X, y)
    watched = clone(model).set_callbacks(Diary(parts=1)).fit(X, y)
    np.testing.assert_array_equal(watched.coef_[0], whole.coef_[0])
    assert not watched.coef_[1:].any()
    np.testing.assert_allclose(watched.objective_, objective_of(watched, y), rtol=1e-9)


@new
def test_more_iterations_of_all_parts_than_of_each():
    """`max_iter` is a limit of each problem, not of all together."""
    model = LinearClassifier("hinge", solver="dual", max_iter=5, random_state=0).set_callbacks(
        diary := Diary()
    )
    with pytest.warns(ConvergenceWarning):
        model.fit(X, labels)
    assert len(diary.objectives) == 15


@new
@each
def test_callbacks_of_scikit_learn(name):
    pytest.importorskip("rich")
    from sklearn.callback import ProgressBar, ScoringMonitor

    model, y = MODELS[name]
    monitor = ScoringMonitor(scoring="accuracy" if isinstance(model, LinearClassifier) else "r2")
    watched = clone(model).set_callbacks(monitor, ProgressBar()).fit(X, y)
    rows = monitor.get_logs().data
    assert [row["task_name"] for row in rows].count("output") == N_PARTS.get(name, 0)
    of_fit = next(row for row in rows if row["task_name"] == "fit")
    (score,) = {"accuracy", "r2"} & of_fit.keys()
    assert of_fit[score] == pytest.approx(watched.score(X, y))


@new
@each
def test_an_interrupted_fit_is_torn_down_and_leaves_the_model(name):
    model, y = MODELS[name]
    model = clone(model).fit(X, y)
    before = {key: value for key, value in vars(model).items() if key.endswith("_")}
    diary = Diary()

    def press_ctrl_c(estimator, context):
        if context.task_name == "epoch":
            raise KeyboardInterrupt

    diary.on_fit_task_end = press_ctrl_c
    with pytest.raises(KeyboardInterrupt):
        model.set_callbacks(diary).fit(X, y)
    assert diary.calls == ["setup", "teardown"]
    assert {key: value for key, value in vars(model).items() if key.endswith("_")} == before
    assert all(getattr(model, key) is value for key, value in before.items())
    model.set_callbacks().fit(X, y)


@each
def test_curve(name):
    model, y = MODELS[name]
    model = clone(model).fit(X, y)
    assert len(model.loss_curve_) == model.n_iter_
    assert model.loss_curve_[-1] == pytest.approx(model.objective_)
    np.testing.assert_allclose(model.objective_, objective_of(model, y), rtol=1e-9)
    if name != "dual":  # which measures along the way
        assert np.all(np.diff(model.loss_curve_) <= 1e-12)
    else:
        assert np.argmax(model.loss_curve_) < 3
        assert model.loss_curve_[-1] <= 1.01 * min(model.loss_curve_)


@each
def test_a_line_an_iteration(name, capsys):
    model, y = MODELS[name]
    model = clone(model).set_params(verbose=1).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    prefixes = {
        "one against the rest": ["[0] ", "[1] ", "[2] "],
        "columns": ["[output 0] ", "[output 1] "],
    }.get(name, [""])
    counts = []
    for prefix in prefixes:
        own = [line for line in lines if line.startswith(prefix + "Iteration ")]
        assert [int(line.removeprefix(prefix).split()[1].rstrip(":")) for line in own] == [
            *range(1, len(own) + 1)
        ]
        counts.append(len(own))
    assert sum(counts) == len(lines)
    assert model.n_iter_ - 1 <= max(counts) <= model.n_iter_
    if len(prefixes) == 1 and max(counts) == model.n_iter_:
        last = float(lines[-1].split("objective ")[1].split(",")[0])
        assert last == pytest.approx(model.loss_curve_[-1], rel=1e-3)
