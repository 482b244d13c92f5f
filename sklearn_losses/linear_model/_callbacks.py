"""scikit-learn's callbacks (`sklearn.callback`, from 1.9 on) around the passes of a fit.

Knows the callback protocol; knows no descents. With an older scikit-learn there are none, and nothing
happens.
"""

from typing import Any

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn < 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in for scikit-learn's mixin, which this version does not have."""

    def with_callbacks(method):
        """Return the method as it is."""
        return method


class Watch:
    """Tells callbacks of the passes of one fit.

    Parameters
    ----------
    estimator : CallbackSupportMixin
    max_iter : int
    data : dict
        ``X``, ``y`` and ``metadata`` of the fit, as callbacks get them.
    """

    def __init__(self, estimator, max_iter, data):
        self.estimator = estimator
        self.data = data
        self.context = None
        if hasattr(estimator, "_init_callback_context"):
            self.context = estimator._init_callback_context(max_subtasks=max_iter)
            self.context.call_on_fit_task_begin(estimator=estimator, **data)

    @property
    def has_callbacks(self):
        """Whether anybody is told."""
        return bool(getattr(self.estimator, "_skl_callbacks", ()))

    def around(self, advance, attributes):
        """Run one pass; tell whether a callback wants the fit to end.

        Parameters
        ----------
        advance : callable
            Runs the pass, without arguments.
        attributes : callable without arguments
            Gives the fitted attributes as if the fit ended now.
        """
        context: Any = self.context
        context = context.subcontext(task_name="epoch")
        context.call_on_fit_task_begin(estimator=self.estimator, **self.data)
        advance()
        return context.call_on_fit_task_end(
            estimator=self.estimator, reconstruction_attributes=attributes, **self.data
        )

    def end(self, attributes):
        """Tell that the fit is over."""
        if self.context is not None:
            self.context.call_on_fit_task_end(
                estimator=self.estimator, reconstruction_attributes=lambda: attributes, **self.data
            )
