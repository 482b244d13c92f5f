"""From a graph to a program: a flat list of instructions over registers.

Knows graphs and opcodes; `_program.pyx` runs what is made here.
"""

import numpy as np

from ._graph import VECTOR, topological
from ._primitives import OPCODES
from ._program import Program


def compile_program(results, y, f):
    """Compile a graph.

    Parameters
    ----------
    results : sequence of Node
        What one run computes.
    y, f : Node
        The two inputs.

    Returns
    -------
    Program
    """
    nodes = topological(results)
    last_use = {}
    for position, node in enumerate(nodes):
        for argument in node.arguments:
            last_use[argument] = position
    for node in results:
        last_use[node] = len(nodes)

    registers: dict = {}  # node -> register
    ranks: list[int] = []
    free: dict[int, list[int]] = {rank: [] for rank in (0, 1)}
    code, constants, constant_registers = [], [], []

    def new_register(rank):
        ranks.append(rank)
        return len(ranks) - 1

    for node in (y, f):
        registers[node] = new_register(node.rank)
    picked = [a.value for node in nodes if node.is_("gather") for a in node.arguments[1:] if a.is_constant]
    widest = max((node.rank for node in nodes), default=0)
    for position, node in enumerate(nodes):
        if node.is_constant:
            registers[node] = new_register(widest)  # long enough to stand beside a vector
            constants.append(node.value)
            constant_registers.append(registers[node])
        elif node.primitive is not None:
            # A result never takes the place of its own argument: sweeps over distinct memory vectorise.
            target = free[node.rank].pop() if free[node.rank] else new_register(node.rank)
            registers[node] = target
            given = [registers[a] for a in node.arguments]
            width = VECTOR if any(a.rank == VECTOR for a in node.arguments) else node.rank
            code.append([OPCODES[node.primitive.name], width, target, *given, *[0] * (3 - len(given))])
            for argument in dict.fromkeys(node.arguments):  # in a fixed order, for equal programs
                if last_use[argument] == position and argument.primitive is not None:
                    free[argument.rank].append(registers[argument])
    used = [registers[node] if node in nodes else -1 for node in (y, f)]
    return Program(
        np.array(code, dtype=np.intc).reshape(len(code), 6),
        np.array(ranks, dtype=np.intc),
        np.array(used, dtype=np.intc),
        np.array([registers[node] for node in results], dtype=np.intc),
        np.array([node.rank for node in results], dtype=np.intc),
        np.array(constant_registers, dtype=np.intc),
        np.array(constants, dtype=np.float64),
        int(max(picked, default=0.0)) + 1,
    )
