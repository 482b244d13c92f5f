"""`partial_fit` over the chunks of a collection, one after another.

Knows estimators with `partial_fit`, and chunks of rows.
"""

from copy import deepcopy

from sklearn.base import is_classifier

from .._chunks import Rows
from ..losses._chunked import labels_of


def partial_fit(estimator, X, y, sample_weight=None, **keywords):
    """Train an estimator on one chunk of rows after another, where the chunks are.

    The model travels from chunk to chunk, and the data stay where they are: as many tasks in a row as there are
    chunks. It is what `dask_ml.wrappers.Incremental` does, for any estimator that has `partial_fit`.

    Parameters
    ----------
    estimator : estimator with `partial_fit`
        Such as `sklearn_losses.SGDClassifier` with ``learning_rate="auto"``. It is changed, once all chunks are seen.
    X : dask array or data frame
        The features.
    y : dask array, data frame or series
        The target.
    sample_weight : dask array or series, default=None
        The weights.
    **keywords
        Handed to `partial_fit`. A classifier needs ``classes`` the first time; labels are looked for in y if there
        are none.

    Returns
    -------
    estimator
        The one that was handed in.

    Examples
    --------
    >>> import dask.array as da
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn_losses import SGDClassifier
    >>> from sklearn_losses.dask import partial_fit
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> X, y = da.from_array(X, chunks=(100, 30)), da.from_array(y, chunks=100)
    >>> model = SGDClassifier("log_loss", learning_rate="auto", random_state=0)
    >>> partial_fit(model, X, y).score(X.compute(), y.compute()) > 0.9
    True
    """
    if is_classifier(estimator) and "classes" not in keywords and not hasattr(estimator, "classes_"):
        keywords["classes"] = labels_of(y)
    rows = Rows(X=X, y=y, sample_weight=sample_weight)
    trained = rows.chain(_trained, deepcopy(estimator), keywords, label="partial-fit")
    vars(estimator).update(vars(trained))
    return estimator


def _trained(model, keywords, X, y, sample_weight):
    """Give the model after a chunk, leaving the one before as it was: the task may be run twice."""
    model = deepcopy(model)
    weights = {} if sample_weight is None else {"sample_weight": sample_weight}
    return model.partial_fit(X, y, **weights, **keywords)
