"""Writes the page of the reference, ``reference.rst``, from the public names of the package, when the site is built."""

from pathlib import Path

import sklearn_losses
from sklearn_losses import (
    boosting,
    dask,
    displays,
    formula,
    inference,
    linear_model,
    losses,
    metrics,
    testing,
)

DOC = Path(__file__).resolve().parent

BASES = [
    "RegressionLoss",
    "MarginLoss",
    "ProbabilityLoss",
    "MulticlassLoss",
    "MulticlassMarginLoss",
    "MultilabelLoss",
    "VectorLoss",
    "MomentsLoss",
]
EMBEDDINGS = ["center_loss", "cosine_embedding_loss", "island_loss", "triplet_loss"]


def groups():
    """Return title, module, names and template of each group; every public name is in one."""
    catalogue = sorted(cls.__name__ for cls in losses.LOSSES.values())
    tools = {"FunctionLoss", "FunctionMarginLoss", "get_loss"}
    scoring = {"Decomposition", "decomposition", "get_scorer", "get_scorer_names"}
    functions = set(metrics.__all__) - scoring - set(EMBEDDINGS)
    engine = [name for name in formula.__all__ if not name.isupper()]
    pictures = sorted(set(displays.__all__) - {"COLORS", "IntervalDisplay"})
    boosted = [name for name in boosting.__all__ if name.startswith("Boosted")]
    on_dask = [name for name in dask.__all__ if name.startswith("Linear")]
    tables = sorted(name for name in inference.__all__ if name[0].isupper())
    for_others = sorted(set(boosting.__all__) - set(boosted))
    package = "sklearn_losses"
    return [
        ("Losses", package, catalogue, "object"),
        ("What every loss can do", package, ["Loss", "Accumulator", "Likelihood"], "with_methods"),
        ("Bases of losses of your own", package, BASES, "object"),
        ("Losses by name, and functions as losses", package, sorted(tools), "object"),
        ("Estimators", package, sorted(linear_model.__all__), "with_methods"),
        ("Gradient boosting", f"{package}.boosting", boosted, "with_methods"),
        ("Gradient boosting without our estimators", f"{package}.boosting", for_others, "object"),
        ("Linear models on dask", f"{package}.dask", on_dask, "with_methods"),
        ("Other estimators on dask", f"{package}.dask", sorted(set(dask.__all__) - set(on_dask)), "object"),
        ("Pictures", package, pictures, "with_methods"),
        (
            "How sure: intervals and comparisons",
            package,
            ["score_interval", "compare", "compare_cv"],
            "object",
        ),
        ("Tables of intervals and comparisons", f"{package}.inference", tables, "with_methods"),
        ("What these tables draw", f"{package}.displays", ["IntervalDisplay"], "with_methods"),
        ("Proof", f"{package}.testing", sorted(testing.__all__), "object"),
        ("Scorers", package, ["LossScorer", "SkillScorer"], "object"),
        ("Scorers by name, decomposition", f"{package}.metrics", sorted(scoring), "object"),
        ("Losses as functions", f"{package}.metrics", sorted(functions), "object"),
        ("Metrics of embeddings", f"{package}.metrics", EMBEDDINGS, "object"),
        ("The formula engine", f"{package}.formula", engine, "object"),
        ("Links and domains", f"{package}.links", ["Interval", "Link"], "object"),
    ]


def page():
    """Return the page as text."""
    lines = ["Reference", "=========", "", "Every public name, by topic; each has its page.", ""]
    named = set()
    for title, module, names, template in groups():
        named |= set(names)
        lines += [title, "-" * len(title), "", f".. currentmodule:: {module}", "", ".. autosummary::"]
        lines += ["   :toctree: generated/", f"   :template: {template}.rst", ""]
        lines += [*(f"   {name}" for name in names), ""]
    missing = {name for name in sklearn_losses.__all__ if not name.isupper()} - named
    assert not missing, f"make_api.py names no group for {missing}"
    return "\n".join(lines)


def write_reference():
    """Write the page, if it changed."""
    path = DOC / "reference.rst"
    text = page()
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
