"""
Several labels at once
======================

Each document has any number of topics. `SGDClassifier(loss="multilabel_log_loss")` learns all of them in one pass over
the rows, and returns an indicator matrix and one probability a label, as scikit-learn's multilabel classifiers do.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_multilabel_classification
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, label_ranking_average_precision_score
from sklearn.model_selection import train_test_split
from sklearn.multiclass import OneVsRestClassifier

from sklearn_losses import MultilabelLogLoss, SGDClassifier

warnings.simplefilter("ignore", UndefinedMetricWarning)
X, Y = make_multilabel_classification(
    n_samples=3000, n_features=200, n_classes=12, n_labels=3, sparse=True, random_state=0
)
X_train, X_test, Y_train, Y_test = train_test_split(X.tocsr(), Y, random_state=0)

models = {
    "OneVsRest, LogisticRegression": OneVsRestClassifier(LogisticRegression(max_iter=1000)),
    "SGDClassifier, multilabel log loss": SGDClassifier(
        "multilabel_log_loss", alpha=1e-5, learning_rate="auto", random_state=0
    ),
    "SGDClassifier, multilabel hinge": SGDClassifier(
        "multilabel_hinge", alpha=1e-5, learning_rate="auto", random_state=0
    ),
}
fig, ax = plt.subplots(figsize=(9, 3.6), layout="constrained")
print("                                     log loss   F1 (micro)   ranking precision")
for place, (name, model) in zip((-0.27, 0.0, 0.27), models.items(), strict=True):
    model.fit(X_train, Y_train)
    score = "       -"
    ranked = model.decision_function(X_test)
    if hasattr(model, "predict_proba"):
        score = f"{MultilabelLogLoss()(Y_test, model.predict_proba(X_test)):8.3f}"
    print(
        f"{name:36} {score}   {f1_score(Y_test, model.predict(X_test), average='micro'):10.3f}   "
        f"{label_ranking_average_precision_score(Y_test, ranked):8.3f}"
    )
    of_label = f1_score(Y_test, model.predict(X_test), average=None)
    ax.bar(np.arange(Y.shape[1]) + place, of_label, width=0.27, label=name)
ax.set(
    title="How well each label is found",
    xlabel="label",
    ylabel="F1 on test documents",
    xticks=range(Y.shape[1]),
    ylim=(0, 1),
)
ax.legend(loc="lower center", ncols=3, fontsize="small", bbox_to_anchor=(0.5, -0.42), frameon=False)
plt.show()
