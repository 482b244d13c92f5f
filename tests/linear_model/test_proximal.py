"""The scalar problem of proximal methods, against its definition: SciPy minimises it, a grid gives conjugates."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn_losses.linear_model.solvers._proximal import proximal_slopes

from sklearn_losses.formula import SCALAR, compile_program, derivative, trace, variable
from sklearn_losses.losses import LOSSES, get_loss

CONVEX = [name for name, cls in LOSSES.items() if cls.convex and not cls.couples_outputs]


def program_of(formula):
    y, f = variable("y", SCALAR), variable("f", SCALAR)
    value = trace(formula, y, f)
    slope = derivative(value, f)
    return compile_program([value, slope, derivative(slope, f)], y, f)


def solve_one(program, y, p, a, q):
    """Give (z, a', conjugate) of one scalar problem."""
    results = proximal_slopes(program, *(np.array([v], dtype=float) for v in (y, p, a, q)))
    return tuple(float(result[0]) for result in results)


def values_at(program, y, z):
    z = np.atleast_1d(np.asarray(z, dtype=float))
    with np.errstate(over="ignore"):
        return program.arrays(np.full(len(z), float(y)), z)[0][0]


def settle(program, y, u, q):
    """Repeat the step as passes over one sample do, from the dual 0: p moves by what the dual changes."""
    p, a, conjugate = u, 0.0, 0.0
    for _ in range(100):
        _, slope, conjugate = solve_one(program, y, p, a, q)
        p, a = p - q * (slope - a), slope
    return p, a, conjugate


def check(program, y, u, q):
    z, slope, conjugate = settle(program, y, u, q)

    def proximal(z):
        return values_at(program, y, z)[0] + (z - u) ** 2 / (2 * q)

    found = minimize_scalar(proximal, bounds=(z - 1.0, z + 1.0), method="bounded", options={"xatol": 1e-12})
    assert proximal(z) <= found.fun + 1e-9 * (1 + abs(found.fun))
    grid = z + np.linspace(-5, 5, 2001)
    below = np.nanmax(slope * grid - values_at(program, y, grid))
    assert conjugate == pytest.approx(slope * z - values_at(program, y, z)[0], rel=1e-6, abs=1e-8)
    assert conjugate >= below - 1e-8 * (1 + abs(below))


@pytest.mark.parametrize("name", CONVEX)
@pytest.mark.parametrize("q", [1e-3, 1.0, 1e3])
def test_every_convex_loss(name, q):
    loss = get_loss(name, for_classifier=LOSSES[name].response_method != "predict")
    rng = np.random.default_rng(0)
    targets = loss.binary_values if loss.response_method != "predict" else loss.examples.draw(rng, 4)[0]
    for y in targets:
        for u in (-3.0, -0.3, 0.4, 2.5):
            check(loss.training_curvature_program(), y, u, q)


JUMPS = {
    "three kinks": lambda y, f: np.abs(f) + np.abs(f - 1) + 2 * np.abs(f + 0.5),
    "kink between curves": lambda y, f: np.where(f > 0, 3 * f**2 + f, np.exp(-f) - 1),
    "steep": lambda y, f: np.exp(5 * f) - y * f,
    "kink of a curve": lambda y, f: np.maximum(f**2, np.abs(f)),
}


@pytest.mark.parametrize("name", JUMPS)
@pytest.mark.parametrize("q", [1e-2, 1.0, 1e2])
def test_losses_of_users(name, q):
    program = program_of(JUMPS[name])
    for u in np.linspace(-4, 4, 9):
        check(program, 2.0, u, q)


def test_never_unbounded():
    """Where exp overflows at p, and where the first step would overflow."""
    program = program_of(lambda y, f: np.exp(f) - y * f)
    for y, p, q in [
        (3.0, 800.0, 1.0),
        (3.0, -50.0, 1e6),
        (1e8, 0.0, 1e3),
        (0.0, 1e4, 1e-6),
        (5.0, 5.0, 1e300),
    ]:
        z, slope, _ = solve_one(program, y, p, 0.0, q)
        assert np.isfinite([z, slope]).all()
        # The answer lies between: q (a' - a) and p - z agree to a twentieth.
        assert q * slope == pytest.approx(p - z, rel=0.06)


def test_nothing_moves_at_the_solution():
    """A dual that is a slope at p stays, at kinks too; q = 0 gives the slope at p."""
    hinge = get_loss("hinge", for_classifier=True).training_curvature_program()
    assert solve_one(hinge, 1.0, 0.25, -1.0, 2.0)[:2] == (0.25, -1.0)
    assert solve_one(hinge, 1.0, 1.0, -0.4, 2.0)[:2] == (1.0, -0.4)
    assert solve_one(hinge, 1.0, 0.5, 0.0, 0.0)[:2] == (0.5, -1.0)


def test_a_slope_on_the_wrong_side_of_a_kink_moves():
    """The margin is just met, the dual still at its bound: small moves of z are no reason to stay."""
    hinge = get_loss("hinge", for_classifier=True).training_curvature_program()
    z, slope, conjugate = solve_one(hinge, 1.0, 1.04, -1.0, 0.95)
    assert (z, slope) == pytest.approx((1.0, -1.0 + 0.04 / 0.95))
    assert conjugate == pytest.approx(slope)
