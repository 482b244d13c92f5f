"""What comes in: arrays of targets, predictions and weights, checked and encoded, or refused by name.

Knows the conventions of scikit-learn for labels; knows nothing of particular losses. Arrays of other libraries are
read where they are, by the same rules; what is wrong with one is looked for, and told, on the host.
Ordinary float arrays pass with a glance at type and shape: that they are finite and in their domain is
seen while the loss is computed, and what is wrong is looked for only then.
"""

import reprlib

import numpy as np
import scipy.sparse as sp
from sklearn.utils import check_array

from .._sparse import check_sparse
from ..links import REAL, Interval
from ._namespaces import (
    as_floats,
    as_numpy,
    epsilon_of,
    is_floating,
    moved,
    other_namespace,
    space_of,
    survey,
)

_NUMBERS = "fiub"  # floats, integers and booleans
MODERATE = 1e-290
"""Sums of weights and of weighted losses that are smaller, or larger than its inverse, may have lost digits."""
FROM_SINGLE = 1e-6
"""How far probabilities may be off, at least: those computed in float32 often arrive as float64."""

# ---- numbers -------------------------------------------------------------------------------------


def as_numbers(values, name):
    """Return a numeric array of one or two dimensions, (n, 1) as (n,).

    Parameters
    ----------
    values : array-like of shape (n,) or (n, K)
        What came in.
    name : str
        Of the parameter, for errors.
    """
    if not (type(values) is np.ndarray and holds_numbers(values) and values.dtype.itemsize <= 8):
        values = _convert(values, name)
    if values.ndim not in (1, 2):
        raise ValueError(
            f"{name} must have shape (n_samples,) or (n_samples, n_outputs), got {tuple(values.shape)}."
        )
    if 0 in values.shape:
        raise ValueError(f"{name} is empty, of shape {tuple(values.shape)}: at least one sample is needed.")
    return values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values


def as_rows(values, name, meaning):
    """Return a float array of shape (n, K).

    Parameters
    ----------
    values : array-like or sparse matrix of shape (n, K)
        What came in.
    name : str
        Of the parameter, for errors.
    meaning : str
        What a row holds, for errors.
    """
    values = dense(values, name)
    if np.ndim(values) != 2:
        raise ValueError(
            f"{name} must hold a row for each sample, shape (n_samples, n_outputs): {meaning}. "
            f"Got shape {np.shape(values)}."
        )
    rows = as_numbers(values, name)
    rows = rows[:, None] if rows.ndim == 1 else rows
    return as_floats(rows)


def dense(values, name):
    """Return rows of a sparse matrix as an array, and all else as it is."""
    if not hasattr(values, "toarray"):
        return values
    check_sparse(values, name)
    return values.toarray()


def _convert(values, name):
    """Turn lists, data frames, nullable and object arrays into numbers; arrays of other libraries stay there."""
    xp = other_namespace(values)
    if xp is not None:
        if not xp.isdtype(values.dtype, ("bool", "integral", "real floating")):
            raise ValueError(f"{name} must hold real numbers, got {reprlib.repr(values)}.")
        return values
    if np.ma.is_masked(values):
        raise ValueError(f"{name} has masked values. Drop these samples, or give them a weight of zero.")
    try:
        converted = check_array(
            np.asarray(values) if np.isscalar(values) else values,
            ensure_2d=False,
            allow_nd=True,
            dtype="numeric",
            ensure_min_samples=0,
            ensure_min_features=0,
            ensure_all_finite=False,
            input_name=name,
        )
    except (TypeError, ValueError) as error:
        if sp.issparse(values):
            raise
        raise ValueError(f"{name} must hold real numbers, got {reprlib.repr(values)}.") from error
    if not holds_numbers(converted):
        raise ValueError(f"{name} must hold real numbers, got {reprlib.repr(values)}.")
    return converted


def holds_numbers(values):
    """Tell whether an array holds numbers (and not, say, strings)."""
    return getattr(values.dtype, "kind", "f") in _NUMBERS  # dtypes of other libraries are all of numbers


def refuse_estimator(first, metric, scorer=None):
    """Raise if a metric is called as scorers are, with an estimator in the place of y_true.

    Parameters
    ----------
    first : object
        The first argument.
    metric : callable
        What was called: a loss, or a function.
    scorer : str or None
        What to pass instead, as it is written; None: ``metric.scorer()``.
    """
    if callable(getattr(first, "fit", None)):
        raise TypeError(
            f"{metric.__name__} is a metric, called with y_true and y_pred, and this is a call with an estimator, "
            f"{type(first).__name__}. Where a scorer is wanted, as in scoring=, pass "
            f"{scorer or f'{metric!r}.scorer()'}."
        )


def check_same_length(**arrays):
    """Raise unless all arrays have one length."""
    if len({array.shape[0] for array in arrays.values()}) > 1:
        found = ", ".join(f"{name} has {array.shape[0]}" for name, array in arrays.items())
        raise ValueError(f"Inputs must have the same number of samples: {found}.")


def as_weights(sample_weight, n_samples):
    """Return the weights as an array of shape (n_samples,), or None."""
    if sample_weight is None:
        return None
    if np.ndim(sample_weight) == 0:
        sample_weight = np.full(n_samples, sample_weight)
    weights = as_numbers(sample_weight, "sample_weight")
    if tuple(weights.shape) != (n_samples,):
        raise ValueError(
            f"sample_weight must hold one number for each of the {n_samples} samples, got shape "
            f"{tuple(weights.shape)}."
        )
    return weights


def checked_weights(sample_weight, n_samples):
    """Return the weights, known to be finite and to sum to more than zero, or None."""
    weights = as_weights(sample_weight, n_samples)
    if weights is not None:
        check_range(weights, survey(weights), REAL, "sample_weight")
        total = moderate(weights).sum()
        if not total > 0.0:
            raise ValueError(f"The sample weights sum to {total:g}; their sum must be positive.")
    return weights


def moderate(weights):
    """Return weights of ordinary size with the same ratios: the sum of those near the limits of floats is none."""
    if weights is None:
        return None
    weights = weights.astype(np.float64, copy=False)
    largest = np.abs(weights).max()
    return weights if MODERATE < largest < 1.0 / MODERATE / len(weights) else _relative(weights)


def moderate_sums(sums, weights, least=MODERATE):
    """Return sums of weights and of weighted losses, of weights that are first divided where these may be wrong.

    Parameters
    ----------
    sums : callable
        Takes weights; returns pairs of Σ w ℓ and Σ w.
    weights : array of shape (n,) or None
        Only their ratios matter.
    least : float
        Sums that are smaller, or larger than its inverse, may have lost digits.
    """
    pairs = sums(weights)
    if weights is None or all(
        least < abs(weight) < 1.0 / least and (total == 0.0 or least < abs(total) < 1.0 / least)
        for total, weight in pairs
    ):
        return pairs
    return sums(_relative(weights))


def _relative(weights):
    """Return weights, divided by the largest."""
    weights = weights.astype(np.float64, copy=False) if type(weights) is np.ndarray else as_floats(weights)
    lowest, highest, _ = survey(weights)
    return weights / (max(-lowest, highest) or 1.0)


def check_range(values, found, allowed: Interval, name, advice=""):
    """Raise a ValueError that names the offending value, if there is one.

    Parameters
    ----------
    values : ndarray
        Looked at only to find what is wrong.
    found : (float, float, bool)
        The lowest and the highest value, and whether there is a NaN, as programs report them.
    allowed : Interval
        Where the values may lie.
    name : str
        Of the parameter.
    advice : str
        What to do about it.
    """
    lowest, highest, has_nan = found
    if not has_nan and lowest in allowed and highest in allowed:
        return
    values = as_numpy(values)
    if has_nan or not np.all(np.isfinite(values)):
        place = np.argwhere(~np.isfinite(values))[0]
        what = "NaN" if np.isnan(values[tuple(place)]) else "infinity"
        raise ValueError(f"{name} contains {what} at {_at(place)}; all values must be finite numbers.")
    value = lowest if lowest not in allowed else highest
    place = np.argwhere(values == value)[0]
    raise ValueError(
        f"{name} contains {values[tuple(place)]} at {_at(place)}, but this loss needs values in {allowed}."
        f"{' ' + advice if advice else ''}"
    )


def _at(place):
    return f"position {int(place[0]) if len(place) == 1 else tuple(map(int, place))}"


def check_sums(worst, rows, name):
    """Raise unless rows of probabilities sum to one, to half the digits of their dtype.

    Parameters
    ----------
    worst : float
        The largest distance of a sum from one.
    rows : array of shape (n, K)
        Looked at only to find what is wrong.
    name : str
        Of the parameter.
    """
    if worst <= max(np.sqrt(epsilon_of(rows)), FROM_SINGLE):
        return
    rows = as_numpy(rows)
    check_range(rows, survey(rows), REAL, name)
    totals = rows.sum(axis=1, dtype=np.float64)
    i = int(np.argmax(np.abs(totals - 1.0)))
    raise ValueError(
        f"Row {i} of {name} sums to {totals[i]:.9g}: the probabilities of a sample's classes must sum to 1. "
        f"Divide each row by its sum, or pass what predict_proba returns."
    )


def furthest_sum(rows):
    """Return by how much the sum of a row is off from one, at most."""
    xp = space_of(rows)
    return survey(xp.abs(xp.sum(as_floats(rows), axis=1) - 1.0))[1]


# ---- classes -------------------------------------------------------------------------------------


def as_classes(values, name="y_true"):
    """Return the target of a classification: numbers of shape (n,) or (n, K), or labels of shape (n,)."""
    if not (type(values) is np.ndarray and holds_numbers(values)):
        if other_namespace(values) is not None:
            return as_numbers(values, name)
        if np.ma.is_masked(values):
            raise ValueError(f"{name} has masked values. Drop these samples, or give them a weight of zero.")
        values = np.asarray(values)
        if values.dtype == object:  # numbers in an object array are numbers
            inner = np.asarray(values.tolist())
            values = inner if holds_numbers(inner) and inner.shape == values.shape else values
    if holds_numbers(values):
        return as_numbers(values, name)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise ValueError(f"{name} must hold one label for each sample, got shape {tuple(values.shape)}.")
    if values.size == 0:
        raise ValueError(f"{name} is empty: at least one sample is needed.")
    return values


def has_fractions(y):
    """Tell whether an array holds numbers that are not whole (as neither NaN nor infinity is)."""
    if not is_floating(y):
        return False
    xp = space_of(y)
    return bool(xp.any((y != xp.floor(y)) | xp.isinf(y)))


def distinct(y, name="y_true", advice="Name them with labels= if these really are labels."):
    """Return the sorted labels that `y` holds.

    Raises
    ------
    ValueError
        If these are no labels: several types, or numbers with a fraction.
    """
    if y.ndim != 1:
        raise ValueError(f"{name} must hold one label for each sample, got shape {tuple(y.shape)}.")
    if has_fractions(y):
        check_range(y, survey(y), REAL, name)
        y = as_numpy(y)
        place = int(np.argmax(y != np.floor(y)))
        raise ValueError(
            f"{name} contains {y[place]:.6g} at position {place}, which is no label: these are strings, "
            f"booleans or whole numbers. {advice}"
        )
    xp = space_of(y)
    if xp is not np:
        return np.sort(as_numpy(xp.unique_values(y)))
    if y.dtype.kind in "iu" and y.min() >= 0 and y.max() < max(1000, len(y)):  # counting beats sorting
        return np.flatnonzero(np.bincount(y)).astype(y.dtype)
    try:
        return np.unique(y)
    except TypeError:
        types = sorted({type(label).__name__ for label in y.tolist()})
        raise ValueError(f"{name} mixes labels of several types: {', '.join(types)}.") from None


def check_columns(labels, n_outputs):
    """Raise unless there are as many labels in y as columns in a prediction."""
    if len(labels) != n_outputs:
        raise ValueError(
            f"y_true holds {len(labels)} label{'s' * (len(labels) > 1)} and the prediction has {n_outputs} columns, so "
            f"it is unknown which class each column is. Pass labels=, in the order of the columns."
        )


def encode(y, labels):
    """Return the position of every sample's label in `labels`.

    Raises
    ------
    ValueError
        If a label is not among `labels`, or stands there twice.
    """
    if y.ndim != 1:
        raise ValueError(f"y_true must hold one label for each sample, got shape {tuple(y.shape)}.")
    labels = as_numpy(labels)
    if labels.ndim != 1 or len(set(labels.tolist())) != len(labels):
        raise ValueError(f"labels must be a list of distinct labels, got {labels.tolist()}.")
    if space_of(y) is not np:
        codes = _encode_elsewhere(y, labels)
        return encode(as_numpy(y), labels) if codes is None else codes  # which says what is wrong
    whole = y.dtype.kind in "iu" and labels.dtype.kind in "iu"
    if whole and np.array_equal(labels, np.arange(len(labels))) and y.min() >= 0 and y.max() < len(labels):
        return y  # these are the positions
    try:
        order = np.argsort(labels)
        place = np.searchsorted(labels[order], y)
    except TypeError:
        raise ValueError(
            f"y_true holds labels such as {y.tolist()[0]!r}, of another type than labels={labels.tolist()}."
        ) from None
    codes = order[np.minimum(place, len(labels) - 1)]
    wrong = labels[codes] != y
    if np.any(wrong):
        raise ValueError(
            f"y_true contains the label {y[[np.argmax(wrong)]].tolist()[0]!r}, which is not among "
            f"labels={labels.tolist()}."
        )
    return codes


def _encode_elsewhere(y, labels):
    """Return what `encode` does where y is; None if a label is not among the known ones."""
    xp = space_of(y)
    if not holds_numbers(labels):
        return None
    if not is_floating(y):
        y = xp.astype(y, xp.int64)
    order = np.argsort(labels)
    known = moved(labels[order], y)
    if not np.array_equal(as_numpy(known), labels[order]):  # one that no number of this dtype equals
        return None
    place = xp.clip(xp.searchsorted(known, y), max=len(labels) - 1)
    if not bool(xp.all(xp.take(known, place) == y)):
        return None
    return xp.take(xp.asarray(order, device=y.device), place)


def two_labels(y, labels, pos_label, *, one_column=False):
    """Return [negative, positive], in the order of the columns of a prediction, and which is positive.

    Without `labels`, they are {0, 1} or {-1, 1} where y holds no others, and otherwise the two that it
    holds, in sorted order. The second one is positive, unless `pos_label` names the first. Where y holds only
    `pos_label`, nobody knows the other; where the prediction has one column, nobody needs to, and [positive] is
    returned.
    """
    if labels is None:
        labels = distinct(y)
        for usual in ([0, 1], [-1, 1]):
            if holds_numbers(labels) and set(labels.tolist()) <= set(usual):
                labels = np.array(usual)
        if len(labels) == 1 and pos_label is not None and pos_label not in labels.tolist():
            labels = np.sort(np.array([labels[0], pos_label]))
        if one_column and len(labels) == 1 and pos_label is not None:
            return labels, 0
        if len(labels) != 2:
            shown = ", ".join(map(repr, labels[:5].tolist())) + (", …" if len(labels) > 5 else "")
            raise ValueError(
                f"y_true holds only the label {shown}. Name both classes: labels=[negative, positive]."
                if len(labels) == 1
                else f"y_true holds {len(labels)} labels ({shown}), but this loss is for two classes. To "
                f"score one class against the rest, pass y_true == label."
            )
    names = as_numpy(labels).tolist()
    if not isinstance(names, list) or len(names) != 2:
        raise ValueError(f"labels must name two classes, [negative, positive], got {names}.")
    if pos_label is None:
        return labels, 1
    if pos_label not in names:
        raise ValueError(f"pos_label={pos_label!r} is not among the labels {names}.")
    return labels, names.index(pos_label)
