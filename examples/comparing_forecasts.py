"""
Which forecast of sunspots is better?
=====================================

How many sunspots will there be in three years? Four forecasts for the years from 1860 to 2008: the number of
this year, that of eleven years before the year in question (the length of a cycle), the mean so far, and a
linear model of the last twelve years that is fitted again each year. Is the best of them better than luck
explains, and for whom?
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from statsmodels.datasets import sunspots

from sklearn_losses import LinearRegressor, MurphyDisplay, compare, score_interval

AHEAD, PAST = 3, 12
data = sunspots.load_pandas().data
years, spots = data["YEAR"].to_numpy().astype(int), data["SUNACTIVITY"].to_numpy()
X = np.lib.stride_tricks.sliding_window_view(spots, PAST)[:-AHEAD]  # the last of a row is "this year"
y, year = spots[PAST - 1 + AHEAD :], years[PAST - 1 + AHEAD :]


def linear_model(k):
    """Fit what was known in the year of the forecast, and forecast."""
    known = slice(0, k - AHEAD + 1)
    model = make_pipeline(StandardScaler(), LinearRegressor("huber", alpha=1e-2))
    return model.fit(X[known], y[known]).predict(X[k : k + 1])[0]


asked = np.flatnonzero(year >= 1860)
forecasts = {
    "linear model": np.array([linear_model(k) for k in asked]),
    "a cycle ago": X[asked, PAST - 1 + AHEAD - 11],
    "as this year": X[asked, -1],
    "mean so far": np.array([spots[: k + PAST].mean() for k in asked]),
}

# %%
# Forecasts three years ahead make the same mistake for up to three years: the series has two lags. The test is that of
# Diebold and Mariano.

print(score_interval("absolute_error", y[asked], forecasts, lags=AHEAD - 1))
print(compare("absolute_error", y[asked], forecasts, reference="linear model", lags=AHEAD - 1))

# %%
# The linear model beats this year's number and the mean so far by more than luck explains, also after Holm's correction
# for three tests. Whether it beats the number of a cycle ago, 149 years do not tell. That is said of the absolute
# error; would another loss tell? Left, the Murphy diagram of the mean: the two curves cross, so that it depends on the
# loss which of them is better. Right, the others less the linear model, with intervals at each threshold (which take
# the years for independent): for whoever asks whether there will be more than 30 spots, or more than 130, the linear
# model is a little better; at 85 it is the cycle.

figure, axes = plt.subplots(1, 2, figsize=(12, 4.6), layout="constrained")
display = MurphyDisplay.from_predictions(y[asked], forecasts, loss="squared_error", ax=axes[0])
display.plot_difference(axes[1])
plt.show()
