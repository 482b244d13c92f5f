"""What the design notes show is what the code does."""

import runpy
from pathlib import Path

DESIGN = Path(__file__).resolve().parent.parent / "doc" / "design"


def test_the_note_on_formulas_shows_the_steps_of_the_huber_loss(capsys):
    runpy.run_path(str(DESIGN / "huber_steps.py"), run_name="__main__")
    printed = capsys.readouterr().out
    note = (DESIGN / "formula.md").read_text(encoding="utf-8")
    steps = [step.split("\n", 1)[1] for step in printed.strip().split("\n\n")]
    assert len(steps) == 4
    for step in steps:
        assert f"```\n{step}\n```" in note


def test_the_catalogue_is_that_of_the_classes():
    make = runpy.run_path(str(DESIGN.parent / "make_catalogue.py"))
    assert make["PAGE"].read_text(encoding="utf-8") == make["page"]()
