"""Expression graphs: immutable, shared, simplified while they are built.

Knows the primitives; knows nothing of NumPy's protocols, of derivatives, or of how a graph is run. The
rules that simplify are in ``_simplify.py``.
"""

import itertools
import math
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from ._primitives import BY_NAME, ELEMENTWISE, EXPAND, MIX, Primitive

SCALAR, VECTOR = 0, 1  # ranks: one number a sample, or one for each of its K outputs

_INFIX = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**", "less": "<",
    "less_equal": "<=", "equal": "==", "not_equal": "!=", "logical_and": "&", "logical_or": "|",
}  # fmt: skip
_DEPTH = 5  # of what is shown of a graph
_REAL = (-math.inf, math.inf)


class Node:
    """One value of a graph: a constant, a variable, or a primitive applied to other nodes.

    Two nodes that compute the same thing are the same object, so that identity is equality, equal
    parts of a formula are computed once, and parts that nothing uses vanish by themselves.

    Attributes
    ----------
    primitive : Primitive or None
        What is applied; None for constants and variables.
    arguments : tuple of Node
    value : float or None
        Of a constant.
    name : str or None
        Of a variable.
    domain : tuple of float
        Where a variable is known to lie, whoever made it having checked that.
    range : Range or None
        Where its values can lie, as `range_of` found.
    rank : int
        ``SCALAR`` or ``VECTOR``. Beside a vector, constants may be scalars: they fit anywhere.
    boolean : bool
        Whether the value is true or false.
    serial : int
        Grows with every new node: an order, so that a + b and b + a are one node.
    """

    __slots__ = (
        "__weakref__", "arguments", "boolean", "domain", "name", "primitive", "range", "rank", "serial", "value",
    )  # fmt: skip
    primitive: Primitive | None
    arguments: tuple["Node", ...]
    value: float | None
    name: str | None
    domain: tuple[float, float]
    range: Any
    rank: int
    boolean: bool
    serial: int
    _all: WeakValueDictionary = WeakValueDictionary()
    _lock = Lock()  # two threads that look for one new node must not make two
    _serials = itertools.count()

    def __new__(
        cls, primitive=None, arguments=(), *, value=None, name=None, rank=SCALAR, boolean=False, domain=_REAL
    ):
        """Return the one node that is this; build it where it is new."""
        sign = value is not None and math.copysign(1.0, value)
        key = (primitive and primitive.name, arguments, value, sign, name, rank, domain)
        with cls._lock:
            node = cls._all.get(key)
            if node is None:
                node = super().__new__(cls)
                for attribute, content in (
                    ("primitive", primitive),
                    ("arguments", arguments),
                    ("value", value),
                    ("name", name),
                    ("domain", domain),
                    ("range", None),
                    ("rank", rank),
                    ("boolean", boolean),
                    ("serial", next(cls._serials)),
                ):
                    object.__setattr__(node, attribute, content)
                cls._all[key] = node
        return node

    def __setattr__(self, name, value):
        raise AttributeError("A node of a formula never changes.")

    @property
    def is_constant(self):
        """Whether this is a number."""
        return self.value is not None

    def is_(self, name):
        """Whether this is the primitive `name` applied to something."""
        return self.primitive is not None and self.primitive.name == name

    def __add__(self, other):
        return apply("add", self, other)

    def __radd__(self, other):
        return apply("add", other, self)

    def __sub__(self, other):
        return apply("subtract", self, other)

    def __rsub__(self, other):
        return apply("subtract", other, self)

    def __mul__(self, other):
        return apply("multiply", self, other)

    def __rmul__(self, other):
        return apply("multiply", other, self)

    def __truediv__(self, other):
        return apply("divide", self, other)

    def __rtruediv__(self, other):
        return apply("divide", other, self)

    def __neg__(self):
        return apply("negative", self)

    def __repr__(self):
        return _text(self, _DEPTH)


def _text(node, depth, operand=False):
    """Show a node as users write it, the innermost parts left out."""
    if node.is_constant:
        return f"{node.value:g}"
    if node.name is not None:
        return node.name
    if node.is_("expand"):
        return _text(node.arguments[0], depth, operand)
    if depth == 0:
        return "…"
    sign = _INFIX.get(node.primitive.name)
    parts = [_text(argument, depth - 1, operand=sign is not None) for argument in node.arguments]
    if sign is None:
        return f"{node.primitive.name}({', '.join(parts)})"
    text = f"{parts[0]} {sign} {parts[1]}"
    return f"({text})" if operand else text


class Operations:
    """Every primitive as a function of nodes and numbers: ``op.exp(node)``."""

    def __getattr__(self, name):
        if name not in BY_NAME:
            raise AttributeError(f"{name!r} is no primitive")

        def operation(*arguments):
            return apply(name, *arguments)

        setattr(self, name, operation)
        return operation


op = Operations()

_RULES: dict = {}  # name of a primitive -> its simplification


def rule(name):
    """Register a function of a primitive's arguments as its simplification."""

    def register(function):
        _RULES[name] = function
        return function

    return register


def constant(value, rank=SCALAR):
    """Return the node of a number."""
    value = float(value)
    if math.isnan(value):
        raise ValueError("A constant of the formula is NaN. Check the parameters that enter it.")
    return Node(value=value, rank=rank)


def variable(name, rank=SCALAR, domain=_REAL):
    """Return the node of an input: finite numbers that are known to lie from one end of `domain` to the other."""
    return Node(name=name, rank=rank, domain=domain)


def apply(name, *arguments):
    """Return the simplest node that computes the primitive `name` of the arguments (nodes or numbers)."""
    primitive = BY_NAME[name]
    arguments = tuple(a if isinstance(a, Node) else constant(a) for a in arguments)
    if primitive.kind == ELEMENTWISE:
        rank = max(a.rank for a in arguments)
        if all(a.is_constant for a in arguments):
            return constant(_fold(primitive, arguments), rank)
        arguments = tuple(_beside(a, rank) for a in arguments)
    else:
        rank = VECTOR if primitive.kind in (EXPAND, MIX) else SCALAR
    simplify = _RULES.get(name)
    simpler = simplify(*arguments) if simplify else None
    if simpler is None:
        return Node(primitive, arguments, rank=rank, boolean=primitive.boolean)
    return constant(simpler.value, rank) if simpler.is_constant else simpler


def _beside(argument, rank):
    """Bring an argument of an elementwise operation to the rank of the others."""
    if argument.is_constant:
        return constant(argument.value)
    return argument if argument.rank == rank else apply("expand", argument)


def _fold(primitive, arguments):
    number = np.bool_ if primitive.name.startswith("logical") else np.float64
    with np.errstate(all="ignore"):
        return primitive.array(np, *(number(a.value) for a in arguments))


def topological(results):
    """Return the nodes that `results` need, arguments before what uses them."""
    order: dict[Node, None] = {}
    stack = [(node, False) for node in reversed(results)]
    while stack:
        node, ready = stack.pop()
        if node in order:
            continue
        if ready:
            order[node] = None
        else:
            stack.append((node, True))
            stack.extend((argument, False) for argument in reversed(node.arguments))
    return list(order)


def substitute(result, old, new):
    """Return the graph of `result` with one node replaced by another."""
    replaced = {}
    for node in topological([result]):
        if node is old:
            replaced[node] = new
        elif node.primitive is None:
            replaced[node] = node
        else:
            replaced[node] = apply(node.primitive.name, *(replaced[a] for a in node.arguments))
    return replaced[result]
