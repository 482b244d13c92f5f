"""The Python on the pages runs, in order, and prints what the page shows below it."""

import contextlib
import io
import re
import sys
import types
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "doc").glob("**/*.md"))]
PAGES = [path for path in PAGES if path.exists() and not {"_build", "gallery", "catalogue"} & set(path.parts)]
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```(?:text|pycon)?\n(.*?)^```\n)?", re.DOTALL | re.MULTILINE)
BLOCKS = {path: BLOCK.findall(path.read_text(encoding="utf-8")) for path in PAGES}
# The Chinese README has the code of the English one, see below.
WITH_PYTHON = [path for path in PAGES if BLOCKS[path] and path.name != "README.zh-CN.md"]


def run(code, namespace, name):
    """Return what the code prints, or what it raises, as a reader sees it."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(code, name, "exec"), namespace)
    except Exception as error:
        return printed.getvalue() + f"{type(error).__name__}: {error}"
    return printed.getvalue()


NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d*)?(?:e[+-]?\d+)?%?")


def last_digit(number):
    """Return what one in the last digit of a printed number is worth; 0 for whole numbers, which count things."""
    digits, _, power = number.rstrip("%").partition("e")
    _, point, decimals = digits.partition(".")
    if not point and not number.endswith("%"):
        return 0.0
    return 10.0 ** (int(power or 0) - len(decimals))


def shows(shown, printed):
    """Tell whether a page shows what its code printed: the same words, and numbers that round alike.

    On another processor the last bits of a result differ, and one that lies between two roundings goes to the other:
    the last digit that is shown may differ by one, of numbers with a point or a percent sign.
    """
    words = [" ".join(NUMBER.sub("#", text).split()) for text in (shown, printed)]
    numbers = [NUMBER.findall(text) for text in (shown, printed)]
    return words[0] == words[1] and all(
        a == b
        or (
            last_digit(a) == last_digit(b)
            and abs(float(a.rstrip("%")) - float(b.rstrip("%"))) < 1.5 * last_digit(a)
        )
        for a, b in zip(*numbers, strict=True)
    )


@pytest.mark.parametrize(
    ("shown", "printed", "expected"),
    [
        ("score 0.580288", "score  0.580289", True),
        ("score 0.580288", "score 0.580290", False),
        ("[2430. 2754.]", "[2431. 2754.]", True),
        ("[2430. 2754.]", "[2432. 2754.]", False),
        ("little for 48%", "little for 49%", True),
        ("23 passed", "24 passed", False),
        ("delta=50.0 costs -1.5", "delta=50.0 costs 1.5", False),
        ("1.0e-05", "1.1e-05", True),
        ("0.5", "0.50", False),
        ("3 of a", "3 of b", False),
        ("x1 5", "x2 5", False),
        ("[1 2]", "[1 2 3]", False),
    ],
)
def test_shown_numbers_may_differ_by_a_rounding(shown, printed, expected):
    assert shows(shown, printed) == expected


@pytest.mark.parametrize("path", WITH_PYTHON, ids=lambda path: path.name)
def test_the_code_of_a_page_prints_what_it_shows(path, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib").use("Agg")
    if path.name == "dask.md":
        pytest.importorskip("dask.array")
    if path.name == "intervals.md":
        pytest.importorskip("mapie.regression")
    monkeypatch.chdir(tmp_path)
    page = types.ModuleType("page")  # classes that a page defines can be pickled, as in a script
    monkeypatch.setitem(sys.modules, "page", page)
    monkeypatch.setattr(sys, "path", list(sys.path))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for code, shown in BLOCKS[path]:
            printed = run(code, vars(page), path.name)
            assert shows(shown, printed), f"{path.name}: this code\n{code}\nprints\n{printed}"


def test_the_readmes_show_lines_of_the_quickstart(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    script = (ROOT / "examples" / "quickstart.py").read_text(encoding="utf-8")
    printed = run(script, {"__name__": "__main__"}, "quickstart.py").splitlines()
    for readme in ("README.md", "README.zh-CN.md"):
        text = (ROOT / readme).read_text(encoding="utf-8")
        (part,) = re.findall(r"^```text\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
        lines = [line for line in part.splitlines() if line]
        assert len(lines) > 5
        for line in lines:
            assert any(shows(line, each) for each in printed), f"{readme} shows what is not printed: {line}"


def test_pages_have_code():
    assert {"README.md", "getting_started.md", "which_loss.md", "own_loss.md", "scoring.md"} <= {
        path.name for path in WITH_PYTHON
    }
    assert sum(bool(shown) for blocks in BLOCKS.values() for _, shown in blocks) > 20


def test_the_readmes_share_code_and_numbers():
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md")]
    fenced = [re.findall(r"^```\w*\n.*?^```", text, flags=re.DOTALL | re.MULTILINE) for text in texts]
    assert len(fenced[0]) >= 5
    assert fenced[0] == fenced[1]
    rows = [
        [re.findall(r"[\d.]*\d", line) for line in text.splitlines() if line.startswith("|")]
        for text in texts
    ]
    rows = [[row for row in numbers if len(row) > 1] for numbers in rows]
    assert len(rows[0]) >= 9
    assert rows[0] == rows[1]
    code = [set(re.findall(r"`[^`\n]+`", text)) for text in texts]
    assert code[0] == code[1]
    links = [set(re.findall(r"\]\(([^)]+)\)", text)) - {"README.md", "README.zh-CN.md"} for text in texts]
    assert links[0] == links[1]
    for link in links[0]:
        assert (ROOT / link).exists(), link
