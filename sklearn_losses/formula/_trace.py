"""Tracing: a formula is called once with symbols that record what NumPy does to them.

Knows how NumPy hands its calls to symbols, and what to say where a symbol cannot do what an array can; knows
nothing of derivatives, arrays or losses.
"""

import inspect
import numbers

import numpy as np

from ._graph import SCALAR, VECTOR, Node, constant, op
from ._vocabulary import (
    FORMULA_OF,
    PRIMITIVE_OF,
    REDUCTION_OF,
    FormulaError,
    elementwise,
    is_truth,
    reduction,
    unknown,
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


def _apply(name, *arguments):
    return Symbol(elementwise(name, *map(_node, arguments)))


def _reduction(name):
    # `keepdims` may be anything: one number a sample meets K outputs without it.
    return lambda a, axis=None, keepdims=False: Symbol(reduction(name, _node(a), axis))


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
        return _reduction("logsumexp")(f, axis)
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
        return _reduction("softmax")(f, axis)
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
        return _reduction("linalg.norm")(x, axis)
    if ord == 1:
        return _reduction("sum")(abs(x), axis)
    if ord == np.inf:
        return _reduction("max")(abs(x), axis)
    raise unknown(f"numpy.linalg.norm with ord={ord!r}")


def _where(condition, a, b):
    return Symbol(op.where(_node(condition), _node(a), _node(b)))


def _select(condlist, choicelist, default=0):
    if len(condlist) != len(choicelist):
        raise FormulaError(
            f"np.select in a formula came with {len(condlist)} conditions and {len(choicelist)} choices; "
            f"give as many of one as of the other."
        )
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        default = _where(condition, choice, default)
    return default


def _full_like(a, fill_value, dtype=None):
    return Symbol(_node(fill_value))


_ARRAY_FUNCTIONS = {
    np.where: _where,
    np.select: _select,
    np.zeros_like: lambda a, dtype=None: _full_like(a, 0.0),
    np.ones_like: lambda a, dtype=None: _full_like(a, 1.0),
    np.full_like: _full_like,
    np.clip: _clip,
    np.sum: _reduction("sum"),
    np.mean: _reduction("mean"),
    np.max: _reduction("max"),
    np.amax: _reduction("max"),
    np.min: _reduction("min"),
    np.amin: _reduction("min"),
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
        reduced = REDUCTION_OF.get(name) if method == "reduce" else None
        if reduced is None and method != "__call__":
            raise unknown(f"{name}.{method}")
        axis = kwargs.pop("axis", 0) if reduced else None
        if kwargs.keys() - ({"keepdims"} if reduced else set()):
            raise FormulaError(f"{name} in a formula takes no {', '.join(kwargs)}=; pass the values alone.")
        return _reduction(reduced)(*inputs, axis=axis) if reduced else _apply(name, *inputs)

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        """PyTorch's functions come here."""
        raise _of_another_library("torch", function.__name__)

    def __jax_array__(self):
        """JAX's functions ask for this."""
        raise _of_another_library("jax.numpy", "")

    def __array_namespace__(self, api_version=None):
        """SciPy's special functions come here, if they are not ufuncs."""
        return _NAMESPACE

    def __array_function__(self, function, types, args, kwargs):
        """NumPy's other functions come here."""
        if function not in _ARRAY_FUNCTIONS:
            raise unknown(f"{getattr(function, '__module__', 'numpy')}.{function.__name__}")
        try:
            return _ARRAY_FUNCTIONS[function](*args, **kwargs)
        except FormulaError:
            raise
        except TypeError as error:
            reason = str(error).partition("() ")[2] or str(error)
            raise FormulaError(f"np.{function.__name__} in a formula {reason}.") from None

    sum, mean, max, min = (_reduction(name) for name in ("sum", "mean", "max", "min"))

    def clip(self, min=None, max=None):
        """Limit to an interval."""
        return _clip(self, min, max)

    def astype(self, dtype, copy=True):
        """Turn what is true or false into 1 and 0; numbers stay, since all of a formula is computed in float64."""
        if np.dtype(dtype).kind != "f" and not is_truth(self._node):
            raise FormulaError(
                f"A formula cannot turn {self!r} into {np.dtype(dtype)}: that would round it. Write np.sign, "
                f"np.where or a comparison."
            )
        return self

    def __setitem__(self, index, value):
        raise FormulaError(
            f"A formula cannot assign to a part of {self!r}: it is written for one sample. In place of "
            f"r[r > 0] = a write r = np.where(r > 0, a, r)."
        )

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
            f"Something tried to turn {self!r} into an array while a formula is traced; np.asarray, a list of "
            f"symbols as in np.max([a, b]), scipy.special.logsumexp and scipy.special.softmax do. Use NumPy's "
            f"functions of the values themselves, as np.maximum(a, b), and logsumexp and softmax of "
            f"sklearn_losses.formula."
        )

    def __iter__(self):
        raise FormulaError("A symbol cannot be iterated over: a formula is written for all outputs at once.")

    def __repr__(self):
        return repr(self._node)


def _of_another_library(library, name):
    """Return the error of a function that records nothing, with NumPy's in its place."""
    known = name in PRIMITIVE_OF or name in FORMULA_OF
    came = f"{library}: {library}.{name}" if name else library
    instead = f"Write np.{name}" if known and hasattr(np, name) else "Write NumPy's or SciPy's function"
    return FormulaError(
        f"A formula is written with functions of NumPy and SciPy, and not of {came}. "
        f"{instead}; the loss then takes arrays of other libraries, too."
    )


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


def _check_arguments(formula, count):
    """Raise unless a formula can be called with so many values."""
    try:
        signature = inspect.signature(formula)
    except (TypeError, ValueError):  # of a function that does not say
        return
    try:
        signature.bind(*range(count))
    except TypeError:
        taken = "y and f, the observation and the raw prediction" if count == 2 else f"{count} values"
        raise FormulaError(
            f"A formula takes {taken}, but this one is formula{signature}. Parameters of the loss are attributes, "
            f"set in __init__; weights of samples go to sample_weight wherever the loss is used."
        ) from None


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
        try:
            result = formula(*(Symbol(node) for node in inputs))
        except TypeError:
            _check_arguments(formula, len(inputs))
            raise
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
