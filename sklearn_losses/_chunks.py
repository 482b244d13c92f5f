"""Collections of dask, read as chunks of rows: cut alike, summed over where they are, or mapped to new ones.

Knows arrays, frames and graphs of dask; knows nothing of losses or models. dask is imported when a collection comes,
and by then somebody has imported it. The work goes to whatever `dask` computes with: the cluster of the current
`distributed.Client`, or else its own threads.
"""

from dataclasses import dataclass
from functools import partial
from itertools import count
from math import isnan
from typing import Any
from uuid import uuid4

import numpy as np

FAN_IN = 8  # so many partial results are combined at a time
MANY_CHUNKS, FEW_ROWS = 32, 10_000  # more chunks than these with fewer rows than these are put together, ...
MOST_ROWS = 100_000  # ... to about so many rows


def is_chunked(*values):
    """Tell whether one of the values is a collection of dask."""
    return any(hasattr(type(value), "__dask_graph__") for value in values)


@dataclass
class _Part:
    """A collection, as keys of its chunks in a graph."""

    keys: list
    graph: Any
    """Holds the keys; None for what is in memory."""
    lengths: tuple | None
    """Rows of each chunk; None if unknown."""
    data: dict
    """Chunks of what is in memory, by key."""


class Rows:
    """Several collections that are about the same samples, cut into the same chunks of rows.

    The first collection of dask that knows the lengths of its chunks says where all are cut; where none does (frames
    do not), all must have as many chunks, and that these are of the same lengths is seen where they are computed.

    Parameters
    ----------
    together : bool, default=False
        Whether many small chunks may be put together, since every task takes a millisecond whatever it does.
    **collections : dask array or frame, array, or None
        By what errors call them. At least one is of dask. Arrays of two dimensions that are cut along columns
        are put together again.

    Raises
    ------
    ValueError
        If they cannot be cut alike.
    """

    def __init__(self, *, together=False, **collections):
        self.names = list(collections)
        present = {name: values for name, values in collections.items() if values is not None}
        chunked = {name: _whole_rows(name, values) for name, values in present.items() if is_chunked(values)}
        known = {
            name: lengths for name, values in chunked.items() if (lengths := _lengths(values)) is not None
        }
        self.leader = next(iter(known), next(iter(chunked)))
        self.lengths: Any = known.get(self.leader)
        if together and self.lengths is not None:
            self.lengths = _put_together(self.lengths)
        self.parts = {}
        for name, values in present.items():
            if name in chunked:
                self.parts[name] = self._aligned(name, chunked[name], known.get(name))
            else:
                self.parts[name] = self._cut(name, values)
        self.n_chunks = len(self.parts[self.leader].keys)
        for name, part in self.parts.items():
            if len(part.keys) != self.n_chunks:
                raise ValueError(
                    f"{name} has {len(part.keys)} chunks of rows and {self.leader} {self.n_chunks}, and it is "
                    f"unknown how long they are. Cut both alike, or make the lengths known with compute_chunk_sizes()."
                )

    def _aligned(self, name, values, lengths):
        if lengths is not None and lengths != self.lengths:
            if sum(lengths) != sum(self.lengths):
                raise ValueError(
                    f"Inputs must have the same number of samples: {self.leader} has {sum(self.lengths)}, {name} has "
                    f"{sum(lengths)}."
                )
            values = values.rechunk({0: self.lengths})
        delayed = np.ravel(values.to_delayed()).tolist()
        if not all(chunk.key in delayed[0].dask for chunk in delayed):
            # What is persisted is optimised away, and tasks of ours would not find it.
            delayed = np.ravel(values.to_delayed(optimize_graph=False)).tolist()
        return _Part([chunk.key for chunk in delayed], delayed[0], self.lengths if lengths else None, {})

    def _cut(self, name, values):
        """Cut what is in memory."""
        if self.lengths is None:
            raise ValueError(
                f"{name} is in memory, and {self.leader} has chunks of unknown lengths: call "
                f"{self.leader}.compute_chunk_sizes() (frames: to_dask_array(lengths=True)), or pass {name} in "
                f"chunks, too."
            )
        values = values if hasattr(values, "shape") else np.asarray(values)
        if values.shape[:1] != (sum(self.lengths),):
            raise ValueError(
                f"Inputs must have the same number of samples: {self.leader} has {sum(self.lengths)}, {name} has shape "
                f"{values.shape}."
            )
        ends = np.cumsum(self.lengths).tolist()
        get = values.iloc if hasattr(values, "iloc") else values
        label = f"{name}-{uuid4().hex}"
        data = {
            (label, i): get[end - n : end] for i, (end, n) in enumerate(zip(ends, self.lengths, strict=True))
        }
        return _Part(list(data), None, self.lengths, data)

    def _tasks(self, label, function, common, empty=None):
        """Give a graph that calls `function(common, *chunks)` on every chunk, and the keys of what that gives."""
        told = f"told-{label}"
        graph: dict[Any, Any] = {told: _Told(self.names, common, empty)}
        for part in self.parts.values():
            graph.update(part.data)
        keys = []
        for i in range(self.n_chunks):
            chunks = [self.parts[name].keys[i] if name in self.parts else None for name in self.names]
            keys.append((label, i))
            graph[label, i] = (_on_chunk, function, told, i, *chunks)
        return graph, keys

    def _graph(self, label, tasks):
        from dask.highlevelgraph import HighLevelGraph

        sources = [part.graph for part in self.parts.values() if part.graph is not None]
        return HighLevelGraph.from_collections(label, tasks, dependencies=sources)

    def reduce(self, function, combine, common, *, label):
        """Compute `function(common, *chunks)` for every chunk of rows that is not empty, and combine the results.

        Parameters
        ----------
        function : callable
            Of `common`, and a chunk of each collection in the order they were named, None where there is none. What
            it raises reaches the caller, with a note that tells the chunk.
        combine : callable
            Of two results.
        common : object
            What all calls are told. It travels once to each process.
        label : str
            What tasks are called in dask's dashboard.

        Returns
        -------
        object
            What `combine` gives in the end; None if all chunks are empty.
        """
        from dask.delayed import Delayed

        label = f"{label}-{uuid4().hex}"
        tasks, keys = self._tasks(label, function, common)
        joins = count()
        while len(keys) > 1:
            groups = [keys[i : i + FAN_IN] for i in range(0, len(keys), FAN_IN)]
            keys = [(f"join-{label}", next(joins)) for _ in groups]
            tasks.update({key: (_joined, combine, group) for key, group in zip(keys, groups, strict=True)})
        last = f"result-{label}"
        tasks[last] = keys[0]
        return Delayed(last, self._graph(label, tasks), layer=label).compute()

    def chain(self, function, state, common, *, label):
        """Compute `state = function(state, common, *chunks)` over the chunks, one after another; give the last.

        Parameters
        ----------
        function : callable
            Of the state so far, `common`, and the chunks. Chunks without rows are passed over.
        state : object
            The first state.
        common, label
            As `reduce` takes them.
        """
        from dask.delayed import Delayed

        label = f"{label}-{uuid4().hex}"
        tasks, keys = self._tasks(label, function, common)
        before = f"first-{label}"
        tasks[before] = state
        for key in keys:
            tasks[key] = (_next, before, *tasks[key][1:])
            before = key
        return Delayed(before, self._graph(label, tasks), layer=label).compute()

    def map(self, function, common, *, label, like):
        """Give the lazy array of what `function(common, *chunks)` gives for the chunks.

        Parameters
        ----------
        function, common, label
            As `reduce` takes them.
        like : ndarray
            Result of a single row: says type and number of columns.
        """
        import dask.array as da

        label = f"{label}-{uuid4().hex}"
        empty = like[:0]
        tasks, _ = self._tasks(label, function, common, empty)
        if like.ndim == 2:
            tasks = {key if key[0] != label else (*key, 0): task for key, task in tasks.items()}
        lengths = self.lengths or (float("nan"),) * self.n_chunks
        chunks = (tuple(lengths), *((n,) for n in like.shape[1:]))
        return da.Array(self._graph(label, tasks), label, chunks, meta=empty)


@dataclass
class _Told:
    """What every task is told. (No tuple: in those dask looks for keys.)"""

    names: list
    common: Any
    empty: np.ndarray | None
    """What a chunk without rows gives."""


def _on_chunk(function, told, position, *chunks):
    """Call the function on one chunk of each collection."""
    present = {name: chunk for name, chunk in zip(told.names, chunks, strict=True) if chunk is not None}
    lengths = {name: chunk.shape[0] for name, chunk in present.items()}
    try:
        if len(set(lengths.values())) > 1:
            found = ", ".join(f"{name} has {n}" for name, n in lengths.items())
            raise ValueError(f"Inputs must have the same number of samples in every chunk of rows: {found}.")
        return function(told.common, *chunks) if any(lengths.values()) else told.empty
    except Exception as error:
        error.add_note(f"This happened in chunk {position} of the rows, counted from 0.")
        raise


def _next(state, function, told, position, *chunks):
    """Call a function of the state so far on one chunk of each collection."""
    state_after = _on_chunk(partial(function, state), told, position, *chunks)
    return state if state_after is None else state_after


def _joined(combine, results):
    total = None
    for result in results:
        if result is not None:
            total = result if total is None else combine(total, result)
    return total


def _whole_rows(name, values):
    """Put the columns of an array together, and refuse what has no rows."""
    if not hasattr(values, "to_delayed") or not hasattr(values, "ndim"):
        raise TypeError(
            f"{name} is a {type(values).__name__} of dask; arrays, data frames and series are what can be used."
        )
    if values.ndim not in (1, 2):
        raise ValueError(f"{name} must have one or two dimensions, got {values.ndim}.")
    if values.ndim == 2 and getattr(values, "numblocks", (1, 1))[1] > 1:
        values = values.rechunk({1: -1})
    return values


def _put_together(lengths):
    """Return the lengths of fewer chunks, where there are many small ones; each as long as several neighbours."""
    if len(lengths) <= MANY_CHUNKS or sum(lengths) > FEW_ROWS * len(lengths):
        return lengths
    most = min(MOST_ROWS, -(-sum(lengths) // MANY_CHUNKS))
    longer = [0]
    for length in lengths:
        if longer[-1] and longer[-1] + length > most:
            longer.append(0)
        longer[-1] += length
    return tuple(longer)


def _lengths(values):
    """Give the rows of every chunk; None if unknown."""
    chunks = getattr(values, "chunks", None)
    if chunks is None or any(isnan(n) for n in chunks[0]):
        return None
    return tuple(int(n) for n in chunks[0])
