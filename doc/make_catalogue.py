"""Writes ``catalogue.md``, the page of all losses, from their classes.

``python doc/make_catalogue.py`` writes it; a test keeps it in step with the classes.
"""

import inspect
from pathlib import Path

from sklearn_losses.losses import LOSSES
from sklearn_losses.losses import _binary as binary
from sklearn_losses.losses import _deviance as deviance
from sklearn_losses.losses import _multiclass as multiclass
from sklearn_losses.losses import _multioutput as multioutput
from sklearn_losses.losses import _regression as regression
from sklearn_losses.losses import _robust as robust

PAGE = Path(__file__).resolve().parent / "catalogue.md"

TOPICS = {
    "Numbers": regression,
    "Numbers, with outliers": robust,
    "Counts, amounts, distributions": deviance,
    "Two classes": binary,
    "Several classes": multiclass,
    "Several labels, vectors": multioutput,
}

HEAD = """# The catalogue

Every loss has a name, under which estimators know it; a functional metric in `sklearn_losses.metrics`; and a
scorer, `get_scorer("neg_…")`, whose default parameters are shown. The scorer asks the model for what the column
*takes* says. *Elicits* is the functional of the distribution of y that is its best prediction. This page is
written by `doc/make_catalogue.py` from the classes.
"""


def parameters(cls):
    """Return the parameters and their defaults as one string."""
    return ", ".join(f"{p.name}={p.default!r}" for p in inspect.signature(cls).parameters.values())


def summary(cls):
    """Return the first sentence of the docstring, which holds the formula, and what follows it."""
    text = inspect.getdoc(cls)
    head, _, rest = text.partition("\n\n")
    about = rest.partition("\n\n")[0]
    skip = about.startswith(("Parameters\n", "References\n", "See Also\n", "Examples\n"))
    unquoted = [" ".join(part.split()).replace("\\|", "|") for part in (head, "" if skip else about)]
    return unquoted[0], unquoted[1]


def page():
    """Return the page as text."""
    lines = [HEAD]
    for title, topic in TOPICS.items():
        lines += [f"\n## {title}\n"]
        for name in topic.__all__:
            cls = getattr(topic, name)
            loss = cls()
            first, about = summary(cls)
            lines += [f"\n### `{name}({parameters(cls)})`\n", f"{first} {about}".strip() + "\n"]
            lines += [
                "| name | metric, scorer | y | prediction | takes | elicits | convex |",
                "| --- | --- | --- | --- | --- | --- | --- |",
                "| "
                + " | ".join(
                    [
                        f"`{loss.alias}`",
                        f"`{cls.metric_name()}`, `neg_{cls.metric_name()}`",
                        f"{loss.target}",
                        f"{loss.link.name} link, {loss.link.predictions}",
                        f"`{loss.response_method}`",
                        str(loss.elicits or "—"),
                        {True: "yes", False: "no", None: "—"}[loss.convex],
                    ]
                )
                + " |",
            ]
    assert sum(len(topic.__all__) for topic in TOPICS.values()) == len(LOSSES)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
