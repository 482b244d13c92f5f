"""Functional metrics, made from the classes of the catalogue: signature, docstring and all.

Knows losses; knows nothing of estimators. ``huber_loss(y_true, y_pred, delta=1.0)`` is
``Huber(delta=1.0).as_metric(y_true, y_pred)``.
"""

import inspect
import re

import numpy as np

from ..losses import LOSSES
from ..losses._targets import refuse_estimator

_SHARED = {
    "y_true": """\
y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
    What was observed.""",
    "y_pred": """\
y_pred : array-like of shape (n_samples,) or (n_samples, n_outputs)
    What was predicted: what `{method}` returns.""",
    "sample_weight": """\
sample_weight : array-like of shape (n_samples,), default=None
    Weights; the metric is Σ w loss / Σ w.""",
    "multioutput": """\
multioutput : {'raw_values', 'uniform_average'} or array-like of shape (n_outputs,), \
default='uniform_average'
    Return one number an output, their mean, or their mean with these weights.""",
    "labels": """\
labels : sequence, default=None
    The classes, in the order of the columns of `y_pred`; [negative, positive] for two. By default the
    sorted labels that `y_true` holds; columns of a data frame are found by their names.""",
    "pos_label": """\
pos_label : label, default=None
    The positive class of two, if it is not the second one.""",
}


def _make(cls):
    """Return the functional metric of a class."""
    own = [p.replace(kind=p.KEYWORD_ONLY) for p in inspect.signature(cls).parameters.values()]
    _, y_true, y_pred, *shared = inspect.signature(cls.as_metric).parameters.values()
    signature = inspect.Signature([y_true, y_pred, *own, *shared])
    own_names = [p.name for p in own]

    def metric(*args, **kwargs):
        if args and not isinstance(args[0], np.ndarray):
            refuse_estimator(args[0], metric, f"sklearn_losses.{cls.__name__}().scorer()")
        try:
            arguments = signature.bind(*args, **kwargs).arguments
        except TypeError as error:
            raise TypeError(f"{metric.__name__}() {error}") from None
        loss = cls(**{name: arguments.pop(name) for name in own_names if name in arguments})
        return loss.as_metric(**arguments)

    metric.__name__ = metric.__qualname__ = cls.metric_name()
    metric.__module__ = "sklearn_losses.metrics"
    metric.__signature__ = signature  # type: ignore[attr-defined]
    metric.__doc__ = _docstring(cls, [p.name for p in shared])
    return metric


def _docstring(cls, shared):
    """Write the function's docstring from the sections of its class's."""
    summary, *rest = re.split(r"^(.+)\n-{3,}\n", inspect.getdoc(cls) or "", flags=re.MULTILINE)
    sections = {title: text.strip() for title, text in zip(rest[::2], rest[1::2], strict=True)}
    rows = [
        _SHARED["y_true"],
        _SHARED["y_pred"],
        sections.get("Parameters"),
        *(_SHARED[name] for name in shared),
    ]
    several = ", or ndarray of shape (n_outputs,)" if "multioutput" in shared else ""
    parts = {
        "Parameters": "\n".join(row for row in rows if row).replace("{method}", cls.response_method),
        "Returns": f"float{several}",
        "See Also": f"sklearn_losses.{cls.__name__} : The loss, which is a training objective, too.",
        "References": sections.get("References"),
    }
    return summary + "\n\n".join(
        f"{title}\n{'-' * len(title)}\n{text}" for title, text in parts.items() if text
    )


FUNCTIONS = {cls.metric_name(): _make(cls) for cls in LOSSES.values()}
"""Every functional metric, by name."""
