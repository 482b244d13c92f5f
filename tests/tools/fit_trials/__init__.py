"""Random problems, an oracle for each, and what is wrong with a fit: shared by tests and benchmarks.

`losses_of_*.py` have the losses a second time, `problems.py` draws problems from integers, `objective.py` evaluates F,
`optimum.py` finds its minimum, and `trial.py` fits and judges. `python benchmarks/random_fits.py` runs thousands.
"""

import os
from datetime import UTC, datetime


def first_seed():
    """Return the first seed of the tests: another one each day, unless the variable RANDOM_FITS holds one."""
    return int(os.environ.get("RANDOM_FITS") or datetime.now(UTC).strftime("%Y%m%d000"))
