"""What the catalogue's pages say of a loss is what the code does."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from sklearn_losses.losses import LOSSES

DOC = Path(__file__).resolve().parent.parent / "doc"
FORMULAS = runpy.run_path(str(DOC / "formulas.py"))


def test_every_loss_has_a_formula():
    assert set(FORMULAS["FORMULAS"]) == set(LOSSES)


@pytest.mark.parametrize("alias", LOSSES)
def test_the_formula_that_is_shown_is_the_loss(alias):
    loss = LOSSES[alias]()
    y, raw = loss.examples.draw(np.random.default_rng(0), 200)
    if alias in ("poisson", "negative_binomial", "absolute_percentage_error"):
        y = np.abs(y) + 0.01  # 0 log 0 = 0, and no division by 0, are said in words
    prediction = loss.link.inverse(raw)
    shown = FORMULAS["compute"](alias, loss, y, prediction, raw)
    np.testing.assert_allclose(loss.pointwise(y, prediction), shown, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("alias", LOSSES)
def test_latex_is_whole(alias):
    text, meanings = FORMULAS["latex"](alias)
    assert text.count("{") == text.count("}")
    assert text.count(r"\left") == text.count(r"\right")
    assert all(isinstance(meaning, str) for meaning in meanings)


def test_every_loss_has_a_whole_page():
    make = runpy.run_path(str(DOC / "make_catalogue.py"))
    peers = make["peers"]()
    assert set(peers) >= set(LOSSES)
    assert peers["huber"]["optax"] == "`huber_loss(delta=δ)`, the same"
    for alias, cls in LOSSES.items():
        text = make["loss_page"](cls, peers[alias])
        assert text.startswith(f"(loss-{alias})=\n# {cls.__name__}\n\n$$ ")
        for part in (
            "## In other libraries",
            "## References",
            "## Example",
            "## The whole definition",
            f"{alias}.svg",
            ">>> ",
        ):
            assert part in text, (alias, part)
