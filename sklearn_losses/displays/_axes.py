"""What displays share: colours, dashes, and axes of their own or those that they are given."""

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""The colours of lines, which people with any colour vision tell apart (Okabe and Ito)."""

STYLES = (
    "-",
    "--",
    "-.",
    ":",
    (0, (9, 2)),
    (0, (3, 1.5, 1, 1.5, 1, 1.5)),
    (0, (9, 2, 1, 2)),
    (0, (1, 3.5)),
)
"""One more than there are colours, so that 56 lines have a look of their own."""

BROKEN = (0, (4, 1.5))


def pyplot():
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            'Displays draw with matplotlib, which is not installed: pip install "sklearn-losses[plot]".'
        ) from error
    return plt


class Display:
    """What displays share: axes of their own, or the ones that they are given."""

    def _take_axes(self, ax):
        if ax is None:
            _, ax = pyplot().subplots(layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        return ax
