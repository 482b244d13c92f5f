"""Losses as functions and as named scorers, after the conventions of `sklearn.metrics`.

All of them are derived from the classes of the catalogue: see ``_functions.py`` and ``_scorers.py``.
"""

from typing import TYPE_CHECKING

from ._decomposition import Decomposition, decomposition
from ._embedding import center_loss, cosine_embedding_loss, island_loss, triplet_loss
from ._functions import FUNCTIONS as _FUNCTIONS
from ._scorers import get_scorer, get_scorer_names

globals().update(_FUNCTIONS)

__all__ = [
    *sorted(_FUNCTIONS),
    "Decomposition",
    "center_loss",
    "cosine_embedding_loss",
    "decomposition",
    "get_scorer",
    "get_scorer_names",
    "island_loss",
    "triplet_loss",
]

if TYPE_CHECKING:  # type checkers do not see what stands in _FUNCTIONS
    from collections.abc import Callable
    from typing import Any

    def __getattr__(name: str) -> Callable[..., Any]: ...


def __dir__():
    return __all__
