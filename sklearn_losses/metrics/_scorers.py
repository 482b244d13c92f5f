"""Scorers by name: ``get_scorer("neg_huber_loss")``.

Knows the catalogue; what a scorer does is in ``losses/_scorer.py``.
"""

from ..losses import LOSSES, LossScorer, SkillScorer

_SCORERS = {f"neg_{cls.metric_name()}": (LossScorer, cls) for cls in LOSSES.values()}
_SCORERS |= {f"d2_{alias}": (SkillScorer, cls) for alias, cls in LOSSES.items() if cls().complete}


def get_scorer_names():
    """Return the sorted names that `get_scorer` knows.

    Examples
    --------
    >>> from sklearn_losses.metrics import get_scorer_names
    >>> get_scorer_names()[:2]
    ['d2_absolute_error', 'd2_absolute_percentage_error']
    """
    return sorted(_SCORERS)


def get_scorer(scoring):
    """Return a scorer by name, with the loss's default parameters.

    Parameters
    ----------
    scoring : str or callable
        ``"neg_"`` and the name of a functional metric, or ``"d2_"`` and the name of a loss for its skill. A
        callable is returned as it is.

    Returns
    -------
    callable
        For ``scoring=`` of scikit-learn's tools. For other parameters: ``Huber(delta=2.0).scorer()``.

    Examples
    --------
    >>> from sklearn_losses.metrics import get_scorer
    >>> get_scorer("neg_huber_loss")
    LossScorer(loss=Huber())
    """
    if callable(scoring):
        return scoring
    if not isinstance(scoring, str) or scoring not in _SCORERS:
        raise ValueError(f"{scoring!r} is no scorer. Known names are {get_scorer_names()}.")
    scorer, loss = _SCORERS[scoring]
    return scorer(loss())
