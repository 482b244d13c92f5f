"""The package as it is installed: compiled, documented by examples that run, complete."""

import doctest
import importlib
import pkgutil

import pytest

import sklearn_losses

MODULES = [
    "sklearn_losses",
    *(
        module.name
        for module in pkgutil.walk_packages(sklearn_losses.__path__, "sklearn_losses.")
        if not module.name.endswith("_write_opcodes")
    ),
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_give_what_they_show(name):
    if name.startswith("sklearn_losses.dask"):
        pytest.importorskip("dask.array")
    results = doctest.testmod(
        importlib.import_module(name), optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    )
    assert results.failed == 0


def test_some_docstrings_have_examples():
    finder = doctest.DocTestFinder()
    examples = sum(
        len(test.examples) for name in MODULES for test in finder.find(importlib.import_module(name))
    )
    assert examples > 40


@pytest.mark.parametrize("name", sklearn_losses.__all__)
def test_every_public_name_is_documented(name):
    assert (getattr(sklearn_losses, name).__doc__ or "").strip()


def test_the_compiled_program_is_what_is_tested():
    from sklearn_losses.formula import _program

    assert _program.__file__.endswith((".so", ".pyd"))
