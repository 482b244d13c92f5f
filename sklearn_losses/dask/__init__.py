"""Linear models on dask's arrays and frames: fitted, and predicting, where the data are.

Needs the extra: ``pip install "sklearn-losses[dask]"``. Importing this does not import dask, so that a fitted model
can be loaded, and predicts NumPy's arrays, where there is none. Metrics and scorers take dask's arrays as they
are, without anything from here.
"""

from ._estimators import LinearClassifier, LinearRegressor
from ._incremental import partial_fit

__all__ = ["LinearClassifier", "LinearRegressor", "partial_fit"]
