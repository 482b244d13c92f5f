"""
Soft labels of noisy annotators
===============================

Five annotators label handwritten digits, and each is wrong now and then. What they say is a distribution
over the ten digits. `SGDClassifier(loss="cross_entropy")` trains on such distributions as they are; the
alternative is to take a vote and to train on the winner. Where annotators are rarely wrong, the vote is the truth.
Where they often are, it throws away how sure they were, and the distribution gives the more accurate model. What
that model predicts is what annotators would say, doubts included: the last column compares it with them.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sklearn_losses import KLDivergence, SGDClassifier
from sklearn_losses.displays import COLORS

rng = np.random.default_rng(0)
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)


def annotate(y, n_annotators, mistaken):
    """Give the share of annotators that chose each digit; `mistaken` is how often each is wrong."""
    said = np.tile(y, (n_annotators, 1))
    wrong = rng.random(said.shape) < mistaken
    said[wrong] = rng.integers(0, 10, wrong.sum())
    return np.stack([(said == digit).mean(axis=0) for digit in range(10)], axis=1)


RATES = (0.2, 0.35, 0.5, 0.6, 0.7)
WAYS = ("the vote", "the vote, weighted", "the distribution")
accuracy = {name: [] for name in WAYS}
divergence = {name: [] for name in WAYS}
print("annotators wrong   trained on              accuracy   KL divergence of annotators from it")
for mistaken in RATES:
    shares, shares_test = annotate(y_train, 5, mistaken), annotate(y_test, 50, mistaken)
    votes, confidence = shares.argmax(axis=1), shares.max(axis=1)
    for name, target, weight in zip(WAYS, (votes, votes, shares), (None, confidence, None), strict=True):
        model = SGDClassifier("cross_entropy", alpha=1e-3, learning_rate="auto", random_state=0)
        model.fit(X_train, target, sample_weight=weight)
        accuracy[name].append(model.score(X_test, y_test))
        divergence[name].append(KLDivergence()(shares_test, model.predict_proba(X_test)))
        print(f"{mistaken:>16.0%}   {name:22}   {accuracy[name][-1]:8.3f}   {divergence[name][-1]:8.3f}")

figure, axes = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
for name, color, style in zip(WAYS, COLORS, ("o--", "s-.", "^-"), strict=False):
    axes[0].plot(RATES, accuracy[name], style, color=color, linewidth=2, label=name)
    axes[1].plot(RATES, divergence[name], style, color=color, linewidth=2, label=name)
axes[0].set(xlabel="how often an annotator is wrong", ylabel="accuracy", title="Which digit it is")
axes[1].set(
    xlabel="how often an annotator is wrong", ylabel="KL divergence", title="What annotators would say of it"
)
axes[0].legend(frameon=False, title="trained on")
for ax in axes:
    ax.spines[["top", "right"]].set_visible(False)
plt.show()
