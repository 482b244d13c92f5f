"""Evaluation of graphs on whole arrays, in any namespace of the array API standard.

Knows graphs and the array column of the table. NumPy arrays usually take the compiled program
instead; this is the way of every other array library, and the independent twin that tests compare with.
"""

from typing import Any

import numpy as np

from ._graph import VECTOR, topological
from ._primitives import COUNT, EXPAND, MIX, REDUCE

_TAKES_TRUTH = {"logical_and", "logical_or", "logical_not"}


def evaluate(results, inputs, xp):
    """Compute the results of a graph.

    Parameters
    ----------
    results : sequence of Node
        What to compute.
    inputs : dict of str to array
        One array for each variable, all of one floating dtype: shape (n,) for one number a sample,
        (n, K) for K outputs.
    xp : namespace
        The array API namespace of the inputs.

    Returns
    -------
    list of array
        Of shape (n,) or (n, K).
    """
    arrays: dict = {}
    some = next(iter(inputs.values()))
    vector: Any = next((array for array in inputs.values() if array.ndim == 2), None)  # tells K

    def number(node):
        """Give an array that is no boolean, since the standard does not compute with these."""
        return xp.astype(arrays[node], some.dtype) if node.boolean else arrays[node]

    def truth(node):
        return arrays[node] if node.boolean else arrays[node] != 0.0

    def compute(node):
        if node.is_constant:
            return xp.asarray(node.value, dtype=some.dtype, device=getattr(some, "device", None))
        if node.primitive is None:
            return inputs[node.name]
        if node.is_("where"):
            condition, a, b = node.arguments
            return node.primitive.array(xp, truth(condition), number(a), number(b))
        given = [(truth if node.primitive.name in _TAKES_TRUTH else number)(a) for a in node.arguments]
        if node.primitive.kind in (EXPAND, COUNT):
            given.append(vector)
        elif node.primitive.kind in (REDUCE, MIX) and node.arguments[0].is_constant:
            given[0] = xp.broadcast_to(given[0], vector.shape)
        return node.primitive.array(xp, *given)

    with np.errstate(all="ignore"):  # branches not taken may divide by zero
        for node in topological(results):
            arrays[node] = compute(node)
    shapes = {rank: vector.shape if rank == VECTOR else some.shape[:1] for rank in {n.rank for n in results}}
    return [xp.broadcast_to(number(node), shapes[node.rank]) for node in results]
