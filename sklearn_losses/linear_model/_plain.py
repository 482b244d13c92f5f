"""Batches that need no conversion, and seeds that need drawing once: what a call with a single row waits for.

Knows arrays; a batch that it does not know for sound goes to scikit-learn's checks, which say what is wrong.
"""

from functools import lru_cache
from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state

MANY = 1 << 20  # entries
LARGEST_SEED = np.iinfo(np.int32).max


def is_plain(X, y, n_features, dtype, *, finite):
    """Tell whether a batch is sound as it is: NumPy arrays of the right type, shape and order, y finite.

    X is looked through for what is not finite only if that is asked for: it takes as long as half a pass.
    """
    return (
        type(X) is np.ndarray
        and type(y) is np.ndarray
        and X.ndim == 2
        and y.ndim == 1
        and X.shape == (len(y), n_features)
        and len(y) > 0
        and X.dtype == dtype
        and X.flags.c_contiguous
        and X.flags.aligned
        and (y.dtype.kind in "biu" or (y.dtype == np.float64 and bool(np.isfinite(y.sum()))))
        and (not finite or _has_finite_sum(X))  # a sum that overflows only sends it to the slower checks
    )


def _has_finite_sum(X):
    """Tell whether all entries add up to a number; of many, the sums of columns take less time than X.sum()."""
    if X.size < MANY:
        return bool(np.isfinite(X.sum()))
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(np.ones(len(X), dtype=X.dtype) @ X).all())


def draw_seed(random_state, lows):
    """Draw a seed between each of `lows` and the largest."""
    random_state = check_random_state(random_state)
    return tuple(int(random_state.randint(low, LARGEST_SEED)) for low in lows)


_kept = lru_cache(maxsize=256)(draw_seed)


def drawn(random_state, lows):
    """Give what `draw_seed` gives; for an integer, which always gives the same, without drawing again."""
    return (_kept if isinstance(random_state, Integral) else draw_seed)(random_state, lows)
