"""
Cosine distance as an objective
===============================

Can a picture's upper half tell what its lower half is about? The lower halves of handwritten digits are
embedded in eight numbers by a truncated SVD; a linear model predicts the embedding from the upper half.
Embeddings are compared by their direction alone: `SGDRegressor(loss="cosine_distance")` trains for just that. It
comes closer in direction than least squares, which also has lengths to fit; which embedding lies nearest hardly
changes.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.sparse.linalg import svds
from sklearn.datasets import load_digits
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split

from sklearn_losses import CosineDistance, SGDRegressor

X, digit = load_digits(return_X_y=True)
upper, lower = X[:, :32], X[:, 32:] - X[:, 32:].mean(axis=0)
embedding = lower @ svds(lower, k=8, random_state=0)[2].T
embedding *= 1.0 + 4.0 * (np.arange(len(X)) % 3 == 0)[:, None]  # lengths that mean nothing
split = train_test_split(upper, embedding, digit, test_size=0.4, stratify=digit, random_state=0)
X_train, X_test, E_train, E_test, _, digit_test = split

models = {
    "least squares (Ridge)": Ridge(alpha=1.0),
    "SGDRegressor, squared error": SGDRegressor(learning_rate="auto", random_state=0),
    "SGDRegressor, cosine distance": SGDRegressor(
        "cosine_distance", alpha=1e-6, learning_rate="auto", random_state=0
    ),
}
fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
print("trained with                     cosine distance   nearest embedding is of the same digit")
for name, model in models.items():
    predicted = model.fit(X_train, E_train).predict(X_test)
    unit = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in (predicted, E_test)]
    nearest = digit_test[(unit[0] @ unit[1].T).argmax(axis=1)]
    print(f"{name:31}  {CosineDistance()(E_test, predicted):15.3f}   {np.mean(nearest == digit_test):>8.1%}")
    distance = CosineDistance().pointwise(E_test, predicted)
    ax.hist(distance, bins=40, histtype="step", linewidth=2, label=f"{name}, mean {distance.mean():.3f}")
ax.set(
    title="Distance of the predicted embeddings from the true ones",
    xlabel="cosine distance",
    ylabel="test images",
)
ax.legend()
plt.show()
