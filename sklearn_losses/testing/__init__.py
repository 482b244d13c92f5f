"""`check_loss`: for losses what scikit-learn's `check_estimator` is for estimators.

Knows losses by their public methods, and asks each for valid random data. A loss that passes is a sound
metric, scorer and objective. The checks themselves are in ``_checks_of_formulas.py`` and
``_checks_of_objects.py``.
"""

import re
import traceback
import warnings
from collections.abc import Callable
from typing import Any
from unittest import SkipTest

from sklearn.exceptions import SkipTestWarning

from ..losses import Loss, get_loss
from . import _checks_of_formulas, _checks_of_objects  # noqa: F401  fill the table
from ._tools import CHECKS

__all__ = ["check_loss", "loss_checks", "parametrize_with_loss_checks"]


def loss_checks() -> dict[str, Callable[[Loss], None]]:
    """Return every check by name; a check takes a loss and raises if something is wrong.

    Examples
    --------
    >>> from sklearn_losses.testing import loss_checks
    >>> "check_gradient" in loss_checks()
    True
    """
    return dict(CHECKS)


def check_loss(
    loss,
    *,
    expected_failed_checks: dict[str, str] | None = None,
    on_skip: str | None = "warn",
    on_fail: str | None = "raise",
    callback: Callable[..., None] | None = None,
) -> list[dict[str, Any]]:
    """Check that a loss is sound.

    Parameters
    ----------
    loss : Loss, str or callable
        A loss, its name, or a function ``(y, f)``, which is checked as a loss of numbers.
    expected_failed_checks : dict of str to str, default=None
        Names of checks that are known to fail, with the reason.
    on_skip : {'warn', None}, default='warn'
        What to do when a check does not apply.
    on_fail : {'raise', 'warn', None}, default='raise'
        What to do when a check fails that is not expected to.
    callback : callable, default=None
        Called after each check with the items of its report as keyword arguments.

    Returns
    -------
    list of dict
        For each check: ``loss``, ``check_name``, ``exception`` (or None), ``status`` ("passed", "failed",
        "xfail" or "skipped"), ``expected_to_fail`` and ``expected_to_fail_reason``; as
        :func:`sklearn.utils.estimator_checks.check_estimator` reports.

    Raises
    ------
    AssertionError
        With ``on_fail="raise"``, what the first failed check raised; it says what is wrong with the loss.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_losses import Huber, RegressionLoss
    >>> from sklearn_losses.testing import check_loss
    >>> reports = check_loss(Huber(delta=2.0), on_skip=None)
    >>> {report["status"] for report in reports} <= {"passed", "skipped"}
    True
    >>> class Wrong(RegressionLoss):
    ...     convex = True
    ...     def formula(self, y, f):
    ...         return np.sqrt(np.abs(y - f))
    >>> check_loss(Wrong(), on_skip=None)
    Traceback (most recent call last):
        ...
    AssertionError: Wrong() is declared convex, but ...
    """
    loss = get_loss(loss)
    expected = expected_failed_checks or {}
    unknown = set(expected) - set(CHECKS)
    if unknown:
        raise ValueError(f"expected_failed_checks names {sorted(unknown)}; the checks are {sorted(CHECKS)}.")
    reports = []
    for name, check in CHECKS.items():
        report = {
            "loss": loss,
            "check_name": name,
            "exception": None,
            "status": "passed",
            "expected_to_fail": name in expected,
            "expected_to_fail_reason": expected.get(name),
        }
        try:
            check(loss)
        except SkipTest as reason:
            report |= {"status": "skipped", "exception": reason}
            if on_skip == "warn":
                warnings.warn(f"{name} does not apply to {loss!r}: {reason}", SkipTestWarning, stacklevel=2)
        except Exception as exception:
            report |= {"status": "xfail" if name in expected else "failed", "exception": exception}
            if name not in expected and on_fail == "raise":
                raise
            if name not in expected and on_fail == "warn":
                message = "".join(traceback.format_exception_only(exception)).strip()
                warnings.warn(f"{name} failed for {loss!r}: {message}", UserWarning, stacklevel=2)
        reports.append(report)
        if callback is not None:
            callback(**report)
    return reports


def parametrize_with_loss_checks(losses, *, expected_failed_checks=None):
    """Return a pytest decorator that runs a test for every loss and check.

    Parameters
    ----------
    losses : list of Loss, str or callable
        What to check; as `check_loss` takes it.
    expected_failed_checks : callable, default=None
        Given a loss, returns the dict of names and reasons that `check_loss` takes; these are marked xfail.

    Returns
    -------
    pytest.mark.parametrize

    Examples
    --------
    >>> from sklearn_losses import Huber, Pinball
    >>> from sklearn_losses.testing import parametrize_with_loss_checks
    >>> @parametrize_with_loss_checks([Huber(), Pinball(quantile=0.9)])
    ... def test_my_losses(loss, check):
    ...     check(loss)
    """
    import pytest

    cases = []
    for loss in map(get_loss, losses):
        expected = expected_failed_checks(loss) if expected_failed_checks is not None else {}
        # without the address of a function: pytest-xdist wants the same names in every process
        named = re.sub(r"\n| at 0x[0-9a-f]+", "", repr(loss))
        for name, check in CHECKS.items():
            marks = [pytest.mark.xfail(reason=expected[name])] if name in expected else []
            cases.append(pytest.param(loss, check, id=f"{named}-{name}", marks=marks))
    return pytest.mark.parametrize(("loss", "check"), cases)
