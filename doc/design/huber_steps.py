"""Prints what the note ``formula.md`` shows: how the Huber loss becomes a program."""

from sklearn_losses import Huber
from sklearn_losses.formula import PRIMITIVES, compile_program, derivative, trace, variable


def listing(program, inputs=("y", "f")):
    """Return the program as text, one instruction a line."""
    code, _, _, results, _, constant_registers, constants, _ = program.key
    names = dict(enumerate(inputs))
    names |= {r: f"{c:g}" for r, c in zip(constant_registers.tolist(), constants.tolist(), strict=True)}
    lines = []
    for opcode, _, target, *arguments in code.tolist():
        primitive = PRIMITIVES[opcode]
        given = ", ".join(names.get(a, f"r{a}") for a in arguments[: primitive.arity])
        lines.append(f"r{target:<2} <- {primitive.name}({given})")
    lines.append("results: " + ", ".join(names.get(r, f"r{r}") for r in results.tolist()))
    return "\n".join(lines)


def main():
    y, f = variable("y"), variable("f")
    loss = Huber(delta=2.0)
    value = trace(loss.formula, y, f)
    slope = derivative(value, f)
    curvature = derivative(slope, f)
    for title, text in (
        ("value", value),
        ("gradient", slope),
        ("Hessian", curvature),
        ("program", listing(compile_program([value, slope], y, f))),
    ):
        print(f"{title}:\n{text}\n")


if __name__ == "__main__":
    main()
