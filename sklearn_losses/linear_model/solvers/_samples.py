"""Samples of the rows, each several times as large as the one before: where minima are cheap to come near.

Knows problems.
"""

import numpy as np

from ._design import SMALL

FIRST = 10  # rows for each column
GROWTH = 4
LARGEST = 4 * SMALL  # entries
STAGE_STEPS = 20  # the most that are made on one sample


def growing_samples(problem, width, accuracy):
    """Yield the rows of each sample, in order, of a problem whose solution has `width` numbers.

    They are drawn with a seed of their own; a sample without any weight is left out. The minimum of m rows lies about
    width / m above that of all, relative to what is gained: the last sample is the first with a quotient of `accuracy`.
    """
    n, m = len(problem.y), FIRST * width
    order = np.random.default_rng(0).permutation(n)
    while m * GROWTH <= n and m * width <= LARGEST:
        chosen = np.sort(order[:m])
        if problem.weight[chosen].any():
            yield chosen
            if width <= accuracy * m:
                return
        m *= GROWTH
