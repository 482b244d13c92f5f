"""Columns of data frames that are named after classes or outputs: they are found by their names.

Knows how labels are read; knows nothing of particular losses.
"""

from ._namespaces import as_numpy
from ._targets import distinct, has_fractions


def classes_by_name(prediction, y, labels):
    """Return a prediction with its columns in the order of the classes, and these, where columns are named after them.

    Parameters
    ----------
    prediction : array-like
        As it was passed. Data frames have names of columns.
    y : array
        The target, read.
    labels : sequence or None
        As they were passed. They are returned where columns have no names, or those of something else.
    """
    names = list(getattr(prediction, "columns", ()))
    if len(names) < 2 or names == list(range(len(names))) or y.ndim != 1 or has_fractions(y):
        return prediction, labels
    known = distinct(y).tolist() if labels is None else as_numpy(labels).tolist()
    if not set(known) & set(names):
        return prediction, labels
    if labels is None:
        names = sorted(names)
        return prediction[names], names
    if known != names:
        raise ValueError(
            f"labels={known} is another order than that of the columns of y_pred, {names}. Leave labels out: columns "
            f"that are named after classes are found by their names."
        )
    return prediction, labels


def columns_by_name(values, like):
    """Return the columns of a data frame in the order of another's, if both have the same names, else as they are."""
    if not (hasattr(values, "columns") and hasattr(like, "columns")):
        return values
    names = list(like.columns)
    return values[names] if names != list(values.columns) and set(names) == set(values.columns) else values
