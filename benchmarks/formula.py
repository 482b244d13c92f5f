"""What the formula engine costs: tracing and compiling a loss, and running its program.

Run: python benchmarks/formula.py
"""

import numpy as np
from timing import interleaved

from sklearn_losses.formula import VECTOR, compile_program, derivative, logsumexp, trace, variable


def huber(y, f, delta=1.345):
    r = np.abs(y - f)
    return np.where(r <= delta, 0.5 * r**2, delta * (r - 0.5 * delta))


def cross_entropy(y, f):
    return logsumexp(f) - np.sum(y * f, axis=-1)


def build(formula, rank=0, order=1):
    y, f = variable("y", rank), variable("f", rank)
    results = [trace(formula, y, f)]
    for _ in range(order):
        results.append(derivative(results[-1], f))
    return compile_program(results, y, f)


def main():
    building = interleaved(
        {
            "Huber: trace, compile": lambda: build(huber, order=0),
            "Huber: with its gradient": lambda: build(huber),
            "Huber: and its Hessian": lambda: build(huber, order=2),
            "cross-entropy: with its gradient": lambda: build(cross_entropy, VECTOR),
            "cross-entropy: and its Hessian": lambda: build(cross_entropy, VECTOR, order=2),
        },
        repetitions=300,
    )
    print("Building a program (the design asks for less than 1000 µs)")
    for name, seconds in building.items():
        print(f"  {name:<40} {1e6 * seconds:8.0f} µs")

    rng = np.random.default_rng(0)
    n = 1_000_000
    y, f, out = rng.normal(size=n), rng.normal(size=n), np.empty(n)
    value, both = build(huber, order=0), build(huber)
    running = interleaved(
        {
            "one read of y and f (np.subtract)": lambda: np.subtract(y, f, out=out),
            "Huber: weighted total": lambda: value.total(y, f),
            "Huber: value and gradient of each": lambda: both.arrays(y, f),
            "Huber in NumPy: mean": lambda: np.mean(huber(y, f)),
        },
        repetitions=9,
    )
    print(f"Running it over {n:,} samples")
    for name, seconds in running.items():
        print(f"  {name:<40} {1e9 * seconds / n:8.2f} ns a sample")


if __name__ == "__main__":
    main()
