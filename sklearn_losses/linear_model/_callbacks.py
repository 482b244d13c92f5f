"""scikit-learn's callbacks (`sklearn.callback`, from 1.9 on) around the passes of a fit.

Knows the callback protocol; knows no descents. With an older scikit-learn there are none, and nothing
happens.
"""

from copy import copy
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
    n_parts : int
        How many problems are solved one after another. Where there are several, the passes of each are the
        subtasks of a task of its own.
    """

    def __init__(self, estimator, max_iter, data, n_parts=1):
        self.estimator = estimator
        self.data = data
        self.max_iter, self.n_parts = max_iter, n_parts
        self.context = None
        if self.has_callbacks:
            self.context = estimator._init_callback_context(
                max_subtasks=max_iter if n_parts == 1 else n_parts
            )
            self.context.call_on_fit_task_begin(estimator=estimator, **data)

    def part(self):
        """Begin the next problem; give the `Watch` of its passes."""
        if not self.has_callbacks or self.n_parts == 1:
            return self
        part = copy(self)
        context: Any = self.context
        part.context = context.subcontext(task_name="output", max_subtasks=self.max_iter)
        part.context.call_on_fit_task_begin(estimator=self.estimator, **self.data)
        return part

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
        """Tell that the fit, or a part of it, is over; tell whether a callback wants to end what it is a part of.

        Parameters
        ----------
        attributes : dict
            The fitted attributes.
        """
        return self.context is not None and self.context.call_on_fit_task_end(
            estimator=self.estimator, reconstruction_attributes=lambda: attributes, **self.data
        )
