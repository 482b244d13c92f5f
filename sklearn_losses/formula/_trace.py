"""Tracing: a formula is called once with symbols that record what NumPy does to them.

Knows which NumPy and SciPy functions are primitives, or short formulas of primitives, and what to say
to those who write something else; knows nothing of derivatives, arrays or losses.
"""

import numbers
from collections.abc import Callable

import numpy as np

from ._graph import SCALAR, VECTOR, Node, apply, constant, op
from ._primitives import ELEMENTWISE, PRIMITIVES

_PRIMITIVE_OF = {name: p.name for p in PRIMITIVES if p.kind == ELEMENTWISE for name in p.numpy}
# NumPy and SciPy functions that are short formulas of primitives.
_FORMULA_OF: dict[str, Callable[..., Node]] = {
    "greater": lambda a, b: op.less(b, a),
    "greater_equal": lambda a, b: op.less_equal(b, a),
    "logical_xor": lambda a, b: op.not_equal(op.logical_not(a), op.logical_not(b)),
    "bitwise_xor": lambda a, b: op.not_equal(a, b),
    "positive": lambda a: a,
    "reciprocal": lambda a: 1.0 / a,
    "fmax": lambda a, b: op.maximum(a, b),  # a NaN stays one, here
    "fmin": lambda a, b: op.minimum(a, b),
    "exp2": lambda a: op.power(2.0, a),
    "log2": lambda a: op.log(a) / np.log(2.0),
    "log10": lambda a: op.log(a) / np.log(10.0),
    "heaviside": lambda a, b: op.where(op.equal(a, 0.0), b, 0.5 * (1.0 + op.sign(a))),
    "log_expit": lambda a: -op.softplus(-a),
    "xlog1py": lambda a, b: op.where(op.equal(a, 0.0), 0.0, a * op.log1p(b)),
    "entr": lambda a: -op.xlogy(a, a),
    "rel_entr": lambda a, b: op.xlogy(a, a) - op.xlogy(a, b),
    "kl_div": lambda a, b: op.xlogy(a, a) - op.xlogy(a, b) - a + b,
    "huber": lambda delta, r: op.where(
        op.less_equal(op.abs(r), delta), 0.5 * op.square(r), delta * (op.abs(r) - 0.5 * delta)
    ),
    "pseudo_huber": lambda delta, r: op.square(r) / (1.0 + op.sqrt(1.0 + op.square(r / delta))),
    "cbrt": lambda a: op.sign(a) * op.power(op.abs(a), 1.0 / 3.0),
}
_ON_TRUTH = {"bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_invert", "invert"}
_REDUCTION_OF = {"add": "sum", "maximum": "max", "logaddexp": "logsumexp"}


class FormulaError(TypeError):
    """A formula does something that cannot be traced; the message says what to write instead."""


def _known():
    names = {*_PRIMITIVE_OF, *_FORMULA_OF, "where", "clip", "sum", "mean", "max", "min", "linalg.norm"}
    return ", ".join(sorted(name for name in names if not name.startswith(("bitwise_", "true_"))))


def _unknown(name):
    return FormulaError(
        f"A formula cannot use {name}: it is not among the operations that can be differentiated and "
        f"compiled. Known are the operators + - * / ** abs < <= > >= == != & | ^ ~, "
        f"logsumexp and softmax of sklearn_losses.formula, and, of NumPy and scipy.special: {_known()}."
    )


def _node(value):
    """Return the node of what came into a formula: a symbol or a number."""
    if isinstance(value, Symbol):
        return value._node
    if isinstance(value, numbers.Real | np.bool_) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return constant(value)
    if isinstance(value, np.ndarray | list | tuple):
        raise FormulaError(
            f"An array of shape {np.shape(value)} came into a formula. A formula is written for one sample "
            f"and may contain numbers only: parameters of the loss, y and f. Weights of samples go to "
            f"sample_weight."
        )
    raise FormulaError(f"{value!r}, of type {type(value).__name__}, came into a formula instead of a number.")


def _is_truth(node):
    return (
        node.boolean
        or node.value in (0.0, 1.0)
        or (node.is_("where") and all(map(_is_truth, node.arguments[1:])))
    )


def _apply(name, *arguments):
    arguments = tuple(_node(a) for a in arguments)
    if name in _ON_TRUTH and not all(map(_is_truth, arguments)):
        raise FormulaError(
            f"& | ^ ~ join what is true or false, but came to {', '.join(map(repr, arguments))}. Put "
            f"comparisons into parentheses: (y > 0) & (f < 1)."
        )
    if name in _PRIMITIVE_OF:
        return Symbol(apply(_PRIMITIVE_OF[name], *arguments))
    if name in _FORMULA_OF:
        return Symbol(_FORMULA_OF[name](*arguments))
    raise _unknown(name)


def _reduction(name, of_node):
    """Return a function that reduces the outputs of a sample to one number, given what does so to a node.

    `keepdims` may be anything: one number a sample meets K outputs without it.
    """

    def reduce(a, axis=None, keepdims=False):
        node = _node(a)
        if node.rank == SCALAR:
            raise FormulaError(
                f"{name} of {node!r}, which is one number a sample. A formula is written for one sample: "
                f"only values with several outputs can be reduced; the mean over samples follows by itself."
            )
        if axis not in (-1, (-1,)):
            raise FormulaError(
                f"{name} of {node!r} over axis={axis!r}: a formula is written for one sample, and the only "
                f"axis that it can reduce is that of the outputs. Write axis=-1."
            )
        return Symbol(of_node(node))

    return reduce


_REDUCTIONS = {
    name: _reduction(name, of_node)
    for name, of_node in {
        "sum": op.sum,
        "mean": lambda v: op.sum(v) / op.count(),
        "max": op.max,
        "min": lambda v: -op.max(-v),
        "logsumexp": op.logsumexp,
        "softmax": op.softmax,
        "linalg.norm": lambda v: _norm_of(op.sum(op.square(v))),
    }.items()
}


def _norm_of(square):
    """Take the root of a sum of squares; at zero its derivative is zero, as that of abs is."""
    return op.where(op.equal(square, 0.0), 0.0, op.sqrt(square))


def logsumexp(f, axis=-1, keepdims=False):
    """Return log Σ exp f over the outputs, for use in formulas (SciPy's own cannot be traced).

    Parameters
    ----------
    f : symbol or array of shape (..., K)
        The raw predictions of each output.
    axis : int, default=-1
        That of the outputs. In formulas it must be the last one.
    keepdims : bool, default=False
        Whether an array keeps the axis. In formulas it makes no difference.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_losses.formula import logsumexp
    >>> float(logsumexp(np.log([1.0, 2.0, 3.0])).round(6))
    1.791759
    """
    if isinstance(f, Symbol):
        return _REDUCTIONS["logsumexp"](f, axis)
    return np.logaddexp.reduce(f, axis=axis, keepdims=keepdims)


def softmax(f, axis=-1):
    """Return exp f / Σ exp f over the outputs, for use in formulas (SciPy's own cannot be traced).

    Parameters
    ----------
    f : symbol or array of shape (..., K)
        The raw predictions of each output.
    axis : int, default=-1
        That of the outputs. In formulas it must be the last one.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_losses.formula import softmax
    >>> softmax(np.log([1.0, 1.0, 2.0])).round(6)
    array([0.25, 0.25, 0.5 ])
    """
    if isinstance(f, Symbol):
        return _REDUCTIONS["softmax"](f, axis)
    from scipy.special import softmax as of_arrays

    return of_arrays(f, axis=axis)


def _clip(a, a_min=None, a_max=None, *, min=None, max=None):
    low = a_min if a_min is not None else min
    high = a_max if a_max is not None else max
    if low is not None:
        a = _apply("maximum", a, low)
    return a if high is None else _apply("minimum", a, high)


def _norm(x, ord=None, axis=None, keepdims=False):
    if ord in (None, 2):
        return _REDUCTIONS["linalg.norm"](x, axis)
    if ord == 1:
        return _REDUCTIONS["sum"](abs(x), axis)
    if ord == np.inf:
        return _REDUCTIONS["max"](abs(x), axis)
    raise _unknown(f"numpy.linalg.norm with ord={ord!r}")


def _where(condition, a, b):
    return Symbol(op.where(_node(condition), _node(a), _node(b)))


_ARRAY_FUNCTIONS = {
    np.where: _where,
    np.clip: _clip,
    np.sum: _REDUCTIONS["sum"],
    np.mean: _REDUCTIONS["mean"],
    np.max: _REDUCTIONS["max"],
    np.amax: _REDUCTIONS["max"],
    np.min: _REDUCTIONS["min"],
    np.amin: _REDUCTIONS["min"],
    np.linalg.norm: _norm,
}


class _Special:
    """SciPy's special functions of symbols, by name."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *inputs: _apply(name, *inputs)


class _Namespace:
    """The array namespace of symbols.

    Where the environment sets SCIPY_ARRAY_API=1, SciPy's special functions are no ufuncs: they look for
    their twins in the `special` extension of their arguments' namespace.
    """

    __name__ = "sklearn_losses.formula"
    special = _Special()


_NAMESPACE = _Namespace()


class Symbol:
    """What `y` and `f` are while a formula is traced: an array-like that records operations."""

    __slots__ = ("_node",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, node):
        self._node = node

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        """NumPy's and SciPy's ufuncs come here."""
        name = ufunc.__name__
        reduction = _REDUCTION_OF.get(name) if method == "reduce" else None
        if reduction is None and method != "__call__":
            raise _unknown(f"{name}.{method}")
        axis = kwargs.pop("axis", 0) if reduction else None
        if kwargs.keys() - ({"keepdims"} if reduction else set()):
            raise FormulaError(f"{name} in a formula takes no {', '.join(kwargs)}=; pass the values alone.")
        return _REDUCTIONS[reduction](*inputs, axis=axis) if reduction else _apply(name, *inputs)

    def __array_namespace__(self, api_version=None):
        """SciPy's special functions come here, if they are not ufuncs."""
        return _NAMESPACE

    def __array_function__(self, function, types, args, kwargs):
        """NumPy's other functions come here."""
        if function not in _ARRAY_FUNCTIONS:
            raise _unknown(f"{getattr(function, '__module__', 'numpy')}.{function.__name__}")
        try:
            return _ARRAY_FUNCTIONS[function](*args, **kwargs)
        except FormulaError:
            raise
        except TypeError as error:
            reason = str(error).partition("() ")[2] or str(error)
            raise FormulaError(f"np.{function.__name__} in a formula {reason}.") from None

    sum, mean, max, min = (_REDUCTIONS[name] for name in ("sum", "mean", "max", "min"))

    def clip(self, min=None, max=None):
        """Limit to an interval."""
        return _clip(self, min, max)

    def __getitem__(self, index):
        if isinstance(index, tuple) and len(index) == 2 and index[0] is Ellipsis:
            k = index[1]
            if isinstance(k, numbers.Integral) and int(k) >= 0 and self._node.rank == VECTOR:
                return Symbol(op.gather(self._node, float(k)))
        raise FormulaError(
            f"A formula cannot index {self!r} with [{_index(index)}]. f[..., k], k = 0, 1, …, picks one "
            f"output of a loss that has several; nothing else can be indexed."
        )

    def _no_shape(self):
        raise FormulaError(
            "The shape is not known while a formula is traced. For a mean over the outputs write "
            "np.mean(f, axis=-1); in place of scipy.special.logsumexp, which asks for it, logsumexp of "
            "sklearn_losses.formula."
        )

    shape = ndim = size = T = dtype = property(_no_shape)
    __len__ = _no_shape

    def __bool__(self):
        raise FormulaError(
            f"Whether {self!r} is true is not known while a formula is traced, so `if`, `and`, `or`, `not`, "
            f"min(), max() and a < f < b cannot depend on it. Use np.where(condition, a, b), np.minimum, "
            f"np.maximum, and (a < f) & (f < b), | or ~."
        )

    def __float__(self, *_):
        raise FormulaError(
            f"{self!r} is a symbol, not a number, while a formula is traced: functions of the math module, "
            f"float(), int() and round() cannot take it. Use NumPy's functions (np.exp, np.log, …)."
        )

    __int__ = __index__ = __complex__ = __round__ = __float__

    def __array__(self, dtype=None, copy=None):
        raise FormulaError(
            f"Something tried to turn {self!r} into an array while a formula is traced; np.asarray, "
            f"scipy.special.logsumexp and scipy.special.softmax do. Use NumPy's functions directly, and "
            f"logsumexp and softmax of sklearn_losses.formula."
        )

    def __iter__(self):
        raise FormulaError("A symbol cannot be iterated over: a formula is written for all outputs at once.")

    def __repr__(self):
        return repr(self._node)


def _index(index):
    """Show an index as it is written."""
    if isinstance(index, tuple):
        return ", ".join(map(_index, index))
    if isinstance(index, slice):
        return ":".join("" if part is None else repr(part) for part in (index.start, index.stop))
    return "..." if index is Ellipsis else repr(index)


def _operator(name):
    def forward(self, other):
        return _apply(name, self, other)

    def backward(self, other):
        return _apply(name, other, self)

    return forward, backward


for _method, _name in {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "pow": "power",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
    "floordiv": "floor_divide",  # from here on: operators that are refused by the name of their function
    "mod": "remainder",
    "matmul": "matmul",
    "lshift": "left_shift",
    "rshift": "right_shift",
}.items():
    _forward, _backward = _operator(_name)
    setattr(Symbol, f"__{_method}__", _forward)
    setattr(Symbol, f"__r{_method}__", _backward)
for _method, _name in {
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
    "eq": "equal",
    "ne": "not_equal",
}.items():
    setattr(Symbol, f"__{_method}__", _operator(_name)[0])
for _method, _name in {
    "neg": "negative",
    "pos": "positive",
    "abs": "abs",
    "invert": "bitwise_invert",
}.items():
    setattr(Symbol, f"__{_method}__", lambda self, name=_name: _apply(name, self))


def trace(formula, *inputs, rank=SCALAR):
    """Return the graph of ``formula(*inputs)``.

    Parameters
    ----------
    formula : callable
        Written in NumPy.
    *inputs : Node
        What it is called with.
    rank : int, default=SCALAR
        The rank that the result must have.

    Returns
    -------
    Node

    Raises
    ------
    FormulaError
        If the formula cannot be traced, with what to write instead.
    """
    with np.errstate(all="ignore"):
        result = formula(*(Symbol(node) for node in inputs))
    if not isinstance(result, Symbol):
        raise FormulaError(
            f"The formula returned {result!r}, of type {type(result).__name__}. It must return an expression "
            f"of y and f (is there a `return`?)."
        )
    node: Node = result._node
    if node.rank > rank:
        raise FormulaError(
            f"The formula returned one value for each output, {node!r}, where one number a sample is "
            f"needed. Sum or average over the outputs: np.sum(…, axis=-1) or np.mean(…, axis=-1)."
        )
    return node
