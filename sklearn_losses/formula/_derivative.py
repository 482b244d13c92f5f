"""Derivatives of graphs, which are graphs again.

Knows the structure of graphs and the rules of the table; knows nothing of arrays or programs.

Tangents are carried forward, from the variable to the result. Two things follow from that direction.
The tangent of ``where(c, a, b)`` is ``where(c, a', b')``: it selects *after* the branches' own
derivatives are formed, so an infinite slope in the branch not taken never becomes 0 · inf = NaN. And
the Jacobian of K outputs keeps a form that is small whatever K is,

    J = diag(d) + Σ_m a_m h_mᵀ          for K outputs,
    g = Σ_m c_m h_m                     for one number (its gradient),

since outputs only meet in reductions, each of which adds one direction h. So one pass gives the
gradient of a formula, and a second one, over the gradient, its Hessian's diagonal d + Σ_m a_m h_m.
"""

from ._graph import VECTOR, Operations, constant, topological
from ._primitives import REDUCE
from ._ranges import range_of

ZERO, ONE = constant(0.0), constant(1.0)


class _Slopes(Operations):
    """The primitives, and the chain rule's products where one factor is zero and the other infinite.

    Two things may make a factor infinite. One is that floats end: exp(r²/2) is infinite from |r| = 38 on. Where
    the other factor is zero then, being too small for a float, so is the product. The other is a pole, such as that
    of 1/√x at 0: there nothing is known, but for an inner slope of exactly zero, since √a has no other slope at
    a = 0 than that of a valley's floor. Elsewhere this is plain multiplication, which is simplified further.
    """

    def times(self, u, p):
        """Return the slope u of an argument times the partial derivative p by it."""
        slope, partial = range_of(u), range_of(p)
        if (slope.may_overflow and 0.0 in partial) or (
            slope.total and partial.has_pole and not u.is_constant
        ):
            return self.product(u, p)
        return u * p

    def over(self, u, d):
        """Return the slope u of an argument divided by d."""
        if range_of(u).may_overflow and range_of(d).grows:
            return self.product(u, 1.0 / d)
        return u / d


op = _Slopes()


def _is_zero(node):
    return node.value == 0.0


class _Tangent:
    """How a node changes with the variable: `direct` is d, `along` maps each h to its a or c."""

    def __init__(self, direct=ZERO, along=None):
        self.direct = direct
        self.along = {h: factor for h, factor in (along or {}).items() if not _is_zero(factor)}

    def __bool__(self):
        return not _is_zero(self.direct) or bool(self.along)

    def map(self, change):
        """Apply a linear map, given by what it does to one factor."""
        return _Tangent(change(self.direct), {h: change(a) for h, a in self.along.items()})

    def __add__(self, other):
        along = dict(self.along)
        for h, factor in other.along.items():  # the same direction may come from both
            along[h] = along.get(h, ZERO) + factor
        return _Tangent(self.direct + other.direct, along)


def _direction(h, factor):
    """Return the tangent along one direction: none if that is zero."""
    return _Tangent() if _is_zero(h) else _Tangent(along={_as_vector(h): factor})


def _partial(node, position, u):
    """Return `u` times the partial derivative of the node by one of its arguments."""
    if _is_zero(u) or node.primitive.derivative is None:
        return ZERO
    return node.primitive.derivative(op, u, node, *node.arguments)[position] or ZERO


def _through(node, tangents):
    """Return the tangent of a node from those of its arguments."""
    if node.is_("where"):
        condition, a, b = node.arguments
        ta, tb = tangents[a], tangents[b]
        return _Tangent(
            op.where(condition, ta.direct, tb.direct),
            {
                h: op.where(condition, ta.along.get(h, ZERO), tb.along.get(h, ZERO))
                for h in {**ta.along, **tb.along}
            },
        )
    if node.is_("expand"):
        return tangents[node.arguments[0]].map(op.expand)
    if node.is_("softmax"):
        return _through_softmax(node, tangents[node.arguments[0]])
    total = _Tangent()
    for position, argument in enumerate(node.arguments):
        tangent = tangents[argument]
        if not tangent:
            continue
        change = tangent.map(lambda u, position=position: _partial(node, position, u))
        if node.primitive.kind == REDUCE:
            along = {h: op.sum(_as_vector(a)) for h, a in change.along.items()}
            change = _Tangent(along=along) + _direction(change.direct, ONE)
        total = total + change
    return total


def _through_softmax(p, tangent):
    """The Jacobian of softmax is diag(p) - p pᵀ."""
    weighted = tangent.map(lambda u: op.times(_as_vector(u), p))
    along = {h: a - op.times(op.sum(a), p) for h, a in weighted.along.items()}
    return _Tangent(weighted.direct, along) + _direction(weighted.direct, -p)


def _as_vector(node):
    return node if node.rank == VECTOR else op.expand(node)


def _tangent(result, variable):
    nodes = topological([result])
    moving = {variable}
    tangents = {variable: _Tangent(ONE)}
    for node in nodes:
        if node is variable:
            continue
        if moving.isdisjoint(node.arguments):
            tangents[node] = _Tangent()
        else:
            moving.add(node)
            tangents[node] = _through(node, tangents)
    return tangents.get(result, _Tangent())


def derivative(result, variable):
    """Return the graph of the derivative of `result` by `variable`; it has the variable's rank.

    For K outputs and a result that is one number a sample, entry k is the derivative by output k: the
    gradient. For a result of K outputs, entry k is the derivative of *its* output k by output k: the
    diagonal of the Jacobian, so that the derivative of a gradient is the diagonal of the Hessian.
    """
    tangent = _tangent(result, variable)
    total = tangent.direct
    for h, factor in tangent.along.items():
        total = total + op.times(h, factor)
    return _as_vector(total) if variable.rank == VECTOR else total
