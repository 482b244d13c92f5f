"""A network of PyTorch, trained and scored with one loss of the catalogue.

Under scikit-learn's array API dispatch a loss takes tensors and gives tensors, and autograd flows through it. Here
a small network learns the 0.9 quantile of the progression of diabetes, and its scorer is the loss that trained it.

    pip install torch "sklearn-losses[array-api]" && python examples/torch_network.py
"""

import os

os.environ["SCIPY_ARRAY_API"] = "1"  # scikit-learn wants it set before SciPy is imported

import numpy as np
import torch
from sklearn import config_context
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from sklearn_losses import SmoothPinball


def train(X, y, loss, epochs=400):
    """Return a network of one hidden layer that minimises the mean loss."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(X.shape[1], 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
    with torch.no_grad():
        network[-1].bias.fill_(loss.constant_minimizer(y.numpy()))  # from the best constant
        network[-1].weight.zero_()
    optimiser = torch.optim.Adam(network.parameters(), lr=0.02, weight_decay=1e-3)
    with config_context(array_api_dispatch=True):
        for _ in range(epochs):
            optimiser.zero_grad()
            loss.pointwise(y, network(X)[:, 0]).mean().backward()
            optimiser.step()
    return network


def main():
    """Train for three quantiles and print what they cost, beside the best constants."""
    X, y = load_diabetes(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X, y, random_state=0)
    scaler = StandardScaler().fit(X)
    X, X_test = (torch.tensor(scaler.transform(part), dtype=torch.float32) for part in (X, X_test))
    scale = y.std()  # the network works in units of the target's spread
    y, y_test = (torch.tensor(part / scale, dtype=torch.float32) for part in (y, y_test))
    print(f"{'quantile':>8s}{'network':>10s}{'constant':>10s}{'below (train)':>15s}{'below (test)':>14s}")
    for quantile in (0.1, 0.5, 0.9):
        loss = SmoothPinball(quantile=quantile, delta=0.05)
        network = train(X, y, loss, epochs=100)
        with torch.no_grad():
            fitted, prediction = network(X)[:, 0], network(X_test)[:, 0]
        constant = np.full(len(y_test), loss.constant_minimizer(y.numpy()))
        print(
            f"{quantile:8.1f}{scale * loss(y_test.numpy(), prediction.numpy()):10.2f}"
            f"{scale * loss(y_test.numpy(), constant):10.2f}"
            f"{np.mean((y <= fitted).numpy()):15.0%}{np.mean((y_test <= prediction).numpy()):14.0%}"
        )


if __name__ == "__main__":
    main()
