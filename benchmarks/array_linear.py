"""Logistic regression on a PyTorch device: a pass over the data against the device's memory, and whole fits.

python benchmarks/array_linear.py [rows] [columns] [device]

The device is the first CUDA one, if there is one, and else the processor. X is float32; by default it has 10,000,000 x
100 entries on a GPU and 200,000 x 100 on a processor. "Read" is the time of summing X, which tells what the memory
gives; a pass of L-BFGS has to read X twice (for the raw predictions, and for the gradient). Beside it: the same
estimator on NumPy's arrays, and scikit-learn's LogisticRegression on both, in one process: medians of seven for passes,
the second of two for fits. "Excess" is the objective beyond the least that any contender found, relative to what that
gains over the best constant. On a processor that others use, too, OMP_NUM_THREADS=1 gives steadier numbers.
"""

import os
import sys
import warnings

os.environ["SCIPY_ARRAY_API"] = (
    "1"  # scikit-learn dispatches only where this was set before SciPy was imported
)

import numpy as np
import sklearn
import torch
from scipy.special import entr
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from timing import interleaved

from sklearn_losses import LinearClassifier
from sklearn_losses.linear_model import _linear_arrays, _linear_base

ALPHA = 1e-4
REPETITIONS = 7


def drawn(rows, columns, device):
    torch.manual_seed(0)
    X = torch.randn((rows, columns), dtype=torch.float32, device=device)
    X *= torch.logspace(-1, 1, columns, device=device)  # raw columns, of different scales
    z = X @ (torch.randn(columns, device=device) / torch.logspace(-1, 1, columns, device=device))
    noise = torch.randn(rows, device=device)
    return X, (z * (3.0 / columns**0.5) + noise > 0.5).to(torch.int32)


def problem_of(X, y):
    """Give the problem that a fit hands to its solver."""
    module, name = (
        (_linear_base, "LinearProblem") if isinstance(X, np.ndarray) else (_linear_arrays, "ArrayProblem")
    )
    original, kept = getattr(module, name), []

    def record(*arguments):
        kept.append(original(*arguments))
        return kept[-1]

    setattr(module, name, record)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            LinearClassifier(alpha=ALPHA, solver="lbfgs", max_iter=1).fit(X, y)
    finally:
        setattr(module, name, original)
    return kept[0]


def finished(work, device):
    """Give work that waits for the device."""

    def run():
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()

    return run


def objective(model, X, y):
    """Mean log loss and penalty, in float64 on the host, by blocks."""
    coef = np.asarray(torch.as_tensor(model.coef_).cpu(), dtype=np.float64).ravel()
    intercept = float(model.intercept_[0])
    total = 0.0
    for start in range(0, len(X), 100_000):
        f = X[start : start + 100_000].astype(np.float64) @ coef + intercept
        total += np.logaddexp(0.0, np.where(y[start : start + 100_000] == 1, -f, f)).sum()
    return total / len(X) + 0.5 * ALPHA * coef @ coef


def passes(X, y, X_host, y_host, device):
    """Print the seconds of passes."""
    coef = np.zeros(X.shape[1])
    there, here = problem_of(X, y), problem_of(X_host, y_host)
    assert there.columns is not None
    assert here.columns is not None
    seconds = interleaved(
        {
            "read (sum of X)": finished(lambda: float(X.sum()), device),
            "L-BFGS pass": finished(lambda: there.slopes(coef, 0.0), device),
            "Newton pass": finished(lambda: there.bends(coef, 0.0), device),
            "read, NumPy": lambda: float(X_host.sum()),
            "L-BFGS pass, NumPy": lambda: here.slopes(coef, 0.0),
            "Newton pass, NumPy": lambda: here.bends(coef, 0.0),
        },
        REPETITIONS,
    )
    bytes_of_X = 4 * X.shape[0] * X.shape[1]
    for name, time in seconds.items():
        read = seconds["read, NumPy" if "NumPy" in name else "read (sum of X)"]
        print(
            f"{name:22s} {1e3 * time:10.2f} ms  {time / read:7.1f} reads  X at {bytes_of_X / time / 1e9:7.1f} GB/s"
        )


def fits(X, y, X_host, y_host, device):
    """Print the seconds of whole fits, and what they reached."""
    C = 1.0 / (ALPHA * X.shape[0])
    data = {"PyTorch": (X, y), "NumPy": (X_host, y_host)}
    models = {
        "ours, auto": LinearClassifier(alpha=ALPHA),
        "ours, lbfgs": LinearClassifier(alpha=ALPHA, solver="lbfgs"),
        "scikit-learn, lbfgs": LogisticRegression(C=C, max_iter=1000),
    }
    fitted = {}

    def fit(model, library):
        def run():
            fitted[model, library] = sklearn.clone(models[model]).fit(*data[library])

        return finished(run, device)

    contenders = {(model, library): fit(model, library) for model in models for library in data}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        seconds = interleaved(contenders, 1)
    reached = {key: objective(model, X_host, y_host) for key, model in fitted.items()}
    share = float(y_host.mean())
    null, least = float(entr(share) + entr(1.0 - share)), min(reached.values())
    for key, time in seconds.items():
        steps = int(np.max(np.asarray(fitted[key].n_iter_)))
        excess = (reached[key] - least) / (null - least)
        print(f"{key[0]:20s} {key[1]:8s} {time:9.3f} s  {steps:4d} iterations  excess {excess:8.1e}")


def main():
    arguments = sys.argv[1:]
    cuda = torch.cuda.is_available()
    device = torch.device(arguments[2] if len(arguments) > 2 else "cuda" if cuda else "cpu")
    rows = int(arguments[0]) if arguments else 10_000_000 if device.type == "cuda" else 200_000
    columns = int(arguments[1]) if len(arguments) > 1 else 100
    where = (
        torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    )
    print(f"{rows:,} x {columns} float32, PyTorch {torch.__version__} on {device.type} ({where})")
    X, y = drawn(rows, columns, device)
    X_host, y_host = X.cpu().numpy(), y.cpu().numpy()
    with sklearn.config_context(array_api_dispatch=True):
        passes(X, y, X_host, y_host, device)
        fits(X, y, X_host, y_host, device)


if __name__ == "__main__":
    main()
