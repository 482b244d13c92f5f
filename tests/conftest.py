"""What all tests share: the installed package is tested, and tests say which versions they need."""

import importlib.metadata
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from fit_trials import first_seed

ROOT = Path(__file__).resolve().parent.parent
# `python -m pytest` puts the checkout first on the path, where the sources are not compiled.
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT]

# Tests about the behaviour of newer versions than the oldest that are supported, by file or name.
NEEDS = {
    ("scikit-learn", (1, 9)): [
        "test_sgd_parity.py",  # the peer: its stopping rule and passive-aggressive rates are those of 1.9
        "test_sgd_drop_in.py",
        "test_pages.py",  # the pages show what the newest versions print
        "test_sklearn_own_tests.py",
        "test_labels_of_all_kinds",  # older scores do not move y beside the prediction
        "test_polars",  # 1.7 reads frames of today's polars through a protocol that these have dropped
        "test_frames_of_numbers[polars]",
        "test_set_output_in_front[polars]",
    ],
    ("scikit-learn", (1, 8)): [
        "test_searches_fitted_with_weights_score_with_them",  # 1.7 scores without them
        "test_logistic_regression_cv",
        "test_l1_log_loss_of_sparse_rows",  # LogisticRegression(l1_ratio=1) without penalty=
        "test_in_plain_make_scorer",  # 1.7 cannot print a scorer of a partial
    ],
    ("scipy", (1, 17)): [
        "test_dispatched",  # the extra [array-api] asks for it
        "test_errors_say_what_came_and_what_to_write[18]",  # its logsumexp fails in another way
    ],
    ("numpy", (2, 1)): ["test_operators_and_methods_give_what_numpy_gives"],  # np.clip(min=…, max=…)
}


def version(package):
    """Return major and minor version as numbers."""
    return tuple(int(part) for part in importlib.metadata.version(package).split(".")[:2])


def without_address(name):
    """Return a test's name without the addresses of functions, which differ from process to process."""
    return re.sub(r"\s?at\s?0x[0-9a-f]+", "", name) if isinstance(name, str) else name


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc):
    """Give tests the same names in every process, as runs in several need them (pytest-xdist)."""
    for marker in metafunc.definition.iter_markers("parametrize"):
        ids = marker.kwargs.get("ids")
        if callable(ids):
            marker.kwargs["ids"] = lambda value, ids=ids: without_address(ids(value))
        elif ids is not None:
            marker.kwargs["ids"] = [without_address(name) for name in ids]


def pytest_report_header():
    """Say which random fits will be tried, so that they can be tried again."""
    return f"random fits: RANDOM_FITS={first_seed()}"


def pytest_collection_modifyitems(items):
    """Skip tests whose versions are not there."""
    for (package, oldest), names in NEEDS.items():
        if version(package) >= oldest:
            continue
        reason = f"needs {package} {'.'.join(map(str, oldest))}"
        for item in items:
            if {item.path.name, item.name, getattr(item, "originalname", item.name)} & set(names):
                item.add_marker(pytest.mark.skip(reason=reason))


STATES: dict[int, dict] = {}  # of a module's generators when its first test began


@pytest.fixture(autouse=True)
def same_numbers_in_any_order(request):
    """Set a module's generators back: what a test draws depends on no test before it, nor on the process it runs in."""
    for value in vars(request.module).values():
        if isinstance(value, np.random.Generator):
            value.bit_generator.state = STATES.setdefault(id(value), value.bit_generator.state)


@pytest.fixture
def assert_same_sums():
    """Assert that sums of the same terms agree, whatever the order that a processor's BLAS adds them in.

    ``size`` is the sum of the absolute terms, as an array or a number: rounding is on its scale, not on that of a
    sum near zero. n terms may part by 2 n units of rounding; BLAS adds in lanes and blocks, which takes far fewer.
    """

    def check(found, expected, size, ulps=16):
        found, expected = np.asarray(found), np.asarray(expected)
        assert found.shape == expected.shape
        excess = np.abs(found - expected) / (np.finfo(expected.dtype).eps * np.asarray(size))
        worst = np.max(excess, initial=0.0)
        assert worst <= ulps, f"{worst:.3g} units of rounding of the size, at {np.argmax(excess)}"

    return check


@pytest.fixture(autouse=True)
def _no_figure_stays_open():
    """Matplotlib warns of more than twenty."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")
