"""Solvers of linear models: they know programs and arrays, nothing of losses as classes or of estimators."""
