"""Tables of estimates: as text, as HTML, as a data frame, as a picture.

Knows columns of names and numbers; nothing of losses.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np

WHOLE = ("n_samples", "fold")
PROBABILITIES = ("p_value", "p_adjusted")


class Table:
    """Rows of names and numbers.

    Parameters
    ----------
    columns : dict of str to sequence
        The columns, all of one length: names first, then numbers.
    note : str
        What the numbers are, printed below them.
    """

    def __init__(self, columns: Mapping[str, Any], note: str = ""):
        self.columns = {name: np.asarray(values) for name, values in columns.items()}
        self.note = note

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __getitem__(self, name: str) -> np.ndarray:
        """Return a column."""
        if name not in self.columns:
            raise KeyError(f"There is no column {name!r}; there are {', '.join(self.columns)}.")
        return self.columns[name]

    def to_pandas(self) -> Any:
        """Return the table as a data frame of pandas.

        Returns
        -------
        DataFrame
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError(
                "to_pandas needs pandas, which is not installed: pip install pandas."
            ) from error
        return pd.DataFrame(self.columns)

    def _texts(self) -> list[list[str]]:
        """Return the cells as text, row by row; rows that are alike have as many decimals."""
        kinds = self._alike()
        decimals = {kind: _decimals(self.columns, kinds == kind) for kind in set(kinds.tolist())}
        return [
            [_text(name, values[k], decimals[kinds[k].item()]) for name, values in self.columns.items()]
            for k in range(len(self))
        ]

    def _alike(self):
        """Return a label for each row; rows of one label are of one scale."""
        return self.columns.get("loss", np.zeros(len(self)))

    def _above(self) -> list[str]:
        """Return the lines above the table."""
        return []

    def __repr__(self) -> str:
        rows = [list(self.columns), *self._texts()]
        left = [values.dtype.kind not in "fiu" for values in self.columns.values()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(width) if to_left else cell.rjust(width)
                for cell, width, to_left in zip(row, widths, left, strict=True)
            ).rstrip()
            for row in rows
        ]
        return "\n".join([*self._above(), *lines, *([self.note] if self.note else [])])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self._texts()
        )
        words = "<br>".join(escape(line) for line in [*self._above(), *([self.note] if self.note else [])])
        caption = f"<caption style='caption-side: bottom'>{words}</caption>" if words else ""
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def columns_of(rows: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    """Return rows of the same keys as columns."""
    return {name: np.asarray([row[name] for row in rows]) for name in rows[0]}


def _decimals(columns, rows):
    """Return how many decimals show three digits of a typical standard error, or four of a typical number."""
    scales = []
    for name, factor in (("standard_error", 1.0), *((name, 0.1) for name in columns)):
        values = columns.get(name)
        if values is not None and values.dtype.kind == "f":
            scales = [value for value in factor * np.abs(values[rows]) if 0.0 < value < np.inf]
        if scales:
            return int(np.clip(2 - np.floor(np.log10(np.median(scales))), 0, 15))
    return 3


def _text(name, value, decimals):
    if isinstance(value, str | np.str_) or name in WHOLE or not isinstance(value, float | np.floating):
        return str(value)
    if name in PROBABILITIES:
        return f"{value:.1e}" if 0.0 < value < 1e-4 else f"{value:.4f}"
    return f"{value:.3f}" if name == "statistic" else f"{value + 0.0:.{decimals}f}"
