"""LinearClassifier and LinearRegressor for collections of dask.

Knows which methods take collections; what is fitted and how is `_fit.py`'s, and for everything else the local
estimators', which these extend.
"""

from copy import copy

import numpy as np
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from .._chunks import Rows, is_chunked
from ..linear_model import LinearClassifier as LocalClassifier
from ..linear_model import LinearRegressor as LocalRegressor
from ..linear_model._base import gives_probabilities
from ..linear_model._linear_base import PenalisedModel
from . import _tasks as tasks
from ._fit import _columns_of, _dtype, pose


class ChunkedModel(PenalisedModel):
    """What both do with collections. Everything else goes to the local estimator, by `super()`."""

    def _pose(self, X, y, sample_weight, loss):
        if is_chunked(X, y, sample_weight):
            return pose(self, X, y, sample_weight, loss)
        return super()._pose(X, y, sample_weight, loss)

    def _lazily(self, method, X):
        """Give the lazy array of what a method gives."""
        check_is_fitted(self, "coef_")
        columns = _columns_of(X)
        validate_data(self, columns, reset=False, skip_check_array=True)
        row = np.zeros((1, self.n_features_in_), dtype=_dtype(X))
        if hasattr(columns, "columns"):
            row = type(columns)(row, columns=columns.columns)
        like = np.asarray(getattr(self, method)(row))
        model = copy(self)  # fitted again, this model still predicts what it would have predicted
        return Rows(X=X).map(tasks.predict, tasks.Prediction(model, method), label=method, like=like)

    def predict(self, X):
        """Predict as the local estimator; of a collection, a lazy dask array.

        Parameters
        ----------
        X : dask array or data frame, or what the local estimator takes
            The features.

        Returns
        -------
        dask array or ndarray
        """
        return self._lazily("predict", X) if is_chunked(X) else super().predict(X)


class LinearRegressor(ChunkedModel, LocalRegressor):
    """Linear regression for any smooth loss, on collections of dask: `sklearn_losses.LinearRegressor` in chunks.

    Parameters, attributes and objective are those of `sklearn_losses.LinearRegressor`, and so are the results,
    within what `tol` asks for. X, y and weights may be dask's arrays or data frames; what is in memory goes to the
    local estimator. Solvers read the data in passes: every chunk of rows becomes a few sums (of losses, slopes and,
    for 'newton', curvatures), where it is, and the small system is solved where `fit` was called.

    - `solver` is 'newton' (one pass an iteration; for up to some hundred columns), 'lbfgs', or 'auto'.
    - The loss has to be smooth: an error names losses that could be used. Penalties are those of the local pair.
    - Many small chunks are put together before they are read.
    - Data are not persisted: each pass computes the collections again, unless they were persisted.
    - The best constant of losses that elicit no mean, and facts that a loss does not declare, are found from a
      sample of y.

    Examples
    --------
    >>> import dask.array as da
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_losses.dask import LinearRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> X, y = da.from_array(X, chunks=(100, 10)), da.from_array(y, chunks=100)
    >>> model = LinearRegressor("huber", alpha=1e-3).fit(X, y)
    >>> model.predict(X)[:3].compute().shape
    (3,)
    """

    def score(self, X, y, sample_weight=None):
        """Coefficient of determination R² of `predict`; over several outputs the mean.

        Parameters
        ----------
        X : dask array or data frame, or what the local estimator takes
            The features.
        y : dask array or data frame, or array-like
            The target.
        sample_weight : dask array or series, or array-like, default=None
            The weights.

        Returns
        -------
        float
        """
        if not is_chunked(X, y, sample_weight):
            return super().score(X, y, sample_weight)
        rows = Rows(X=X, y=y, sample_weight=sample_weight)
        found = rows.reduce(tasks.residuals, tasks.Residuals.__add__, self, label="score")
        perfect = np.where(found.rest == 0.0, 1.0, 0.0)  # of a constant y, as r2_score has it
        whole = np.where(found.spread > 0.0, found.spread, 1.0)
        return float(np.mean(np.where(found.spread > 0.0, 1.0 - found.rest / whole, perfect)))


class LinearClassifier(ChunkedModel, LocalClassifier):
    """Linear classification for any smooth loss, on collections of dask: `sklearn_losses.LinearClassifier` in chunks.

    Parameters, attributes and objective are those of `sklearn_losses.LinearClassifier`, and so are the results,
    within what `tol` asks for. X, y and weights may be dask's arrays or data frames; what is in memory goes to the
    local estimator. Solvers read the data in passes: every chunk of rows becomes a few sums (of losses, slopes and,
    for 'newton', curvatures), where it is, and the small system is solved where `fit` was called. Classes that are
    trained one against the rest share their passes.

    - `solver` is 'newton' (one pass an iteration; for up to some hundred columns), 'lbfgs', or 'auto'.
    - The loss has to be smooth: an error names losses that could be used. Penalties are those of the local pair.
    - Many small chunks are put together before they are read.
    - Data are not persisted: each pass computes the collections again, unless they were persisted.
    - `classes_` are the labels of all chunks.

    Examples
    --------
    >>> import dask.array as da
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn_losses.dask import LinearClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> X, y = da.from_array(X, chunks=(100, 30)), da.from_array(y, chunks=100)
    >>> model = LinearClassifier(alpha=1e-3).fit(X, y)
    >>> model.solver_, model.score(X, y) > 0.95
    ('newton', True)
    """

    def decision_function(self, X):
        """Give raw predictions as the local estimator; of a collection, a lazy dask array.

        Parameters
        ----------
        X : dask array or data frame, or what the local estimator takes
            The features.

        Returns
        -------
        dask array or ndarray
        """
        return self._lazily("decision_function", X) if is_chunked(X) else super().decision_function(X)

    @available_if(gives_probabilities)
    def predict_proba(self, X):
        """Give probabilities as the local estimator; of a collection, a lazy dask array.

        Parameters
        ----------
        X : dask array or data frame, or what the local estimator takes
            The features.

        Returns
        -------
        dask array or ndarray
        """
        return self._lazily("predict_proba", X) if is_chunked(X) else super().predict_proba(X)

    @available_if(gives_probabilities)
    def predict_log_proba(self, X):
        """Give their logarithms; of a collection, a lazy dask array.

        Parameters
        ----------
        X : dask array or data frame, or what the local estimator takes
            The features.

        Returns
        -------
        dask array or ndarray
        """
        return self._lazily("predict_log_proba", X) if is_chunked(X) else super().predict_log_proba(X)

    def score(self, X, y, sample_weight=None):
        """Accuracy of `predict`; where y holds class probabilities, the mean probability of the predicted class.

        Parameters
        ----------
        X : dask array or data frame, or what the local estimator takes
            The features.
        y : dask array or data frame, or array-like
            The target.
        sample_weight : dask array or series, or array-like, default=None
            The weights.

        Returns
        -------
        float
        """
        if not is_chunked(X, y, sample_weight):
            return super().score(X, y, sample_weight)
        rows = Rows(X=X, y=y, sample_weight=sample_weight)
        right, whole = rows.reduce(tasks.accuracy, np.add, self, label="score")
        return float(right / whole)
