"""Writes the catalogue from the classes: ``catalogue.md``, the page of all losses, and a page for each.

``python doc/make_catalogue.py`` writes the first, which is kept; a test holds it against the classes. The pages of
single losses, with their pictures, are written when the site is built. Names in other libraries are read from the
table in ``user_guide/conventions.md``, where they stand once.
"""

import inspect
import re
import sys
from pathlib import Path

from sklearn_losses.losses import LOSSES
from sklearn_losses.losses import _binary as binary
from sklearn_losses.losses import _deviance as deviance
from sklearn_losses.losses import _multiclass as multiclass
from sklearn_losses.losses import _multioutput as multioutput
from sklearn_losses.losses import _regression as regression
from sklearn_losses.losses import _robust as robust

DOC = Path(__file__).resolve().parent
sys.path.insert(0, str(DOC))
from formulas import latex  # noqa: E402

PAGE = DOC / "catalogue.md"
CONVENTIONS = DOC / "user_guide" / "conventions.md"

TOPICS = {
    "Numbers": regression,
    "Numbers, with outliers": robust,
    "Counts, amounts, distributions": deviance,
    "Two classes": binary,
    "Several classes": multiclass,
    "Several labels, vectors": multioutput,
}

HEAD = """# The catalogue

Under its *name* estimators know a loss, with these default parameters. Its functional metric in
`sklearn_losses.metrics` has the same name, with `_loss` appended unless it says what it is (`squared_error`,
`kl_divergence`); its scorer is `get_scorer("neg_…")` with that name. The scorer *asks* the model for what the column
says. *Elicits* is the functional of the distribution of y that is its best prediction; a dash, where it has none of
these names. On the documentation's site every loss has a page, with its formula, picture and code, and what other
libraries call it. This page is written by `doc/make_catalogue.py` from the classes.
"""

TOCTREE = """
```{toctree}
:hidden:
:glob:

catalogue/*
```
"""


def parameters(cls):
    """Return the parameters and their defaults as one string."""
    return ", ".join(f"{p.name}={p.default!r}" for p in inspect.signature(cls).parameters.values())


def sections(cls):
    """Return the parts of a docstring by title; what comes first is the ``Summary``."""
    head, *rest = re.split(r"^(.+)\n-{3,}\n", inspect.getdoc(cls), flags=re.MULTILINE)
    return {"Summary": head.strip()} | {t: x.strip() for t, x in zip(rest[::2], rest[1::2], strict=True)}


def plain(text):
    """Return a paragraph of a docstring as one line of Markdown."""
    return " ".join(text.split()).replace("\\|", "|")


def facts(loss):
    """Return what is declared of a loss, in words."""
    cls = type(loss)
    return {
        "name": f"`{loss.alias}`",
        "metric": f"`{cls.metric_name()}`",
        "scorer": f"`neg_{cls.metric_name()}`",
        "y": f"{loss.target}",
        "prediction": f"{loss.link.name} link, {loss.link.predictions}",
        "asks": f"`{loss.response_method}`",
        "elicits": loss.elicits or "—",
        "convex": {True: "yes", False: "no", None: "—"}[loss.convex],
    }


def page():
    """Return the page of all losses as text."""
    lines = [HEAD]
    for title, topic in TOPICS.items():
        lines += [f"\n## {title}\n"]
        lines += ["| loss | name, parameters | what it costs | y | asks | elicits | convex |"]
        lines += ["| --- | --- | --- | --- | --- | --- | --- |"]
        for name in topic.__all__:
            cls = getattr(topic, name)
            row = facts(cls())
            cells = [
                f"[`{name}`](#loss-{cls.alias})",
                f"`{cls.alias}` {parameters(cls)}".strip(),
                plain(sections(cls)["Summary"].split("\n\n")[0]).replace("|", "\\|"),
                row["y"].replace(" ", "\N{NO-BREAK SPACE}"),
                *(row[title] for title in ("asks", "elicits", "convex")),
            ]
            lines += ["| " + " | ".join(cells) + " |"]
    assert sum(len(topic.__all__) for topic in TOPICS.values()) == len(LOSSES)
    return "\n".join(lines) + "\n" + TOCTREE


# ---- a page for each loss ------------------------------------------------------------------------


def peers():
    """Return what other libraries call each loss: a dict of dicts."""
    text = CONVENTIONS.read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip(" |").split(" | ")] for line in text.splitlines() if "|" in line
    ]
    start = rows.index(["loss", "scikit-learn", "PyTorch", "Keras", "optax"])
    libraries = rows[start][1:]
    return {
        row[0].strip("`"): {name: said for name, said in zip(libraries, row[1:], strict=True) if said != "–"}
        for row in rows[start + 2 :]
        if len(row) == 5
    }


def picture(loss, path):
    """Save the picture of a loss, and return what it shows in words."""
    import matplotlib.pyplot as plt

    from sklearn_losses import LossDisplay

    with plt.rc_context({"svg.hashsalt": loss.alias, "svg.fonttype": "path", "font.size": 11}):
        figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
        display = LossDisplay.from_loss(loss, ax=axes[0], quantity="value")
        display.plot(ax=axes[1], quantity="derivative")
        for ax in axes:
            ax.get_legend().remove()
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)
    kinks = [f"{x:g}" for x in display.kinks[0][0]]
    jumps = (
        f" The derivative jumps at {' and '.join(kinks)}; the dot is what is taken there." if kinks else ""
    )
    return f"Two curves against the {display.axis}: the loss on the left, its derivative on the right.{jumps}"


def loss_page(cls, called):
    """Return the page of one loss as text; `called` says what other libraries call it."""
    loss, name = cls(), cls.__name__
    parts = sections(cls)
    first, *others = parts["Summary"].split("\n\n")
    formula, meanings = latex(loss.alias)
    where = " and ".join(meanings)
    row = facts(loss)
    row["metric"] = f"{{py:func}}`sklearn_losses.metrics.{cls.metric_name()}`"
    row["skill"] = f"`{name}.d2`, scorer `d2_{loss.alias}`" if loss.complete else ""
    row["proper"] = {True: "strictly", False: "no", None: ""}[loss.strictly_proper]
    row["trained on"] = "half of it, as in scikit-learn" if loss.training_scale == 0.5 else ""
    lines = [
        f"(loss-{loss.alias})=",
        f"# {name}\n",
        rf"$$ \ell = {formula} $$" + "\n",
        f"where {where}.\n" if where else "",
        f"{plain(first)}\n",
        *(plain(text) + "\n" for text in others),
        f"```{{image}} {loss.alias}.svg\n:alt: {{alt}}\n:width: 100%\n```\n",
        "| | |\n| --- | --- |",
        f"| class | {{py:class}}`sklearn_losses.{name}` |",
        *(f"| {title} | {said} |" for title, said in row.items() if said),
        "\n## In other libraries\n",
    ]
    if called:
        lines += ["| library | name, and whether it is the same |", "| --- | --- |"]
        lines += [f"| {library} | {said} |" for library, said in called.items()]
        lines += ["\n[All conventions](../user_guide/conventions.md)\n"]
    else:
        lines += ["scikit-learn, PyTorch, Keras and optax have no such loss.\n"]
    for title in ("Parameters", "References"):
        if title in parts:
            text = (
                re.sub(r"^\.\. \[\d+\] ", "", parts[title], flags=re.MULTILINE)
                if title == "References"
                else parts[title]
            )
            lines += [f"## {title}\n", "```{eval-rst}", text, "```\n"]
    lines += ["## Example\n", f"```pycon\n{parts['Examples']}\n```\n"]
    code = inspect.cleandoc("\n" + inspect.getsource(cls.formula))
    lines += [
        "## The whole definition\n",
        "What else it can do follows from this.\n",
        f"```python\n{code}\n```",
    ]
    return "\n".join(lines) + "\n"


def write_loss_pages(folder):
    """Write the page and the picture of every loss."""
    folder.mkdir(exist_ok=True)
    names = peers()
    for alias, cls in LOSSES.items():
        alt = picture(cls(), folder / f"{alias}.svg")
        text = loss_page(cls, names[alias]).replace("{alt}", alt)
        path = folder / f"{alias}.md"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
