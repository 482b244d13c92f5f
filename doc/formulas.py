"""The formulas of the catalogue as readers know them: one text each, printed as LaTeX, and computed.

The code of a loss is written for precision; what stands here is the textbook's form. `latex` sets it for the pages;
`compute` evaluates it, and a test holds it against the code, so that no page shows a formula that is not true.
"""

import ast

import numpy as np

FORMULAS = {
    "squared_error": "r**2",
    "absolute_error": "abs(r)",
    "pinball": "where(r >= 0, tau*r, (tau - 1)*r)",
    "smooth_pinball": "1/delta * where(r >= 0, tau, 1 - tau)"
    " * where(abs(r) <= delta, 1/2*r**2, delta*(abs(r) - 1/2*delta))",
    "expectile": "where(r >= 0, tau*r**2, (1 - tau)*r**2)",
    "epsilon_insensitive": "max(0, abs(r) - epsilon)",
    "squared_epsilon_insensitive": "max(0, abs(r) - epsilon)**2",
    "minkowski": "abs(r)**q",
    "squared_log_error": "(log(1 + y) - log(1 + yhat))**2",
    "absolute_percentage_error": "abs(r)/abs(y)",
    "huber": "where(abs(r) <= delta, 1/2*r**2, delta*(abs(r) - 1/2*delta))",
    "pseudo_huber": "delta**2 * (sqrt(1 + (r/delta)**2) - 1)",
    "log_cosh": "log(cosh(r))",
    "fair": "c*abs(r) - c**2 * log(1 + abs(r)/c)",
    "cauchy": "1/2*c**2 * log(1 + (r/c)**2)",
    "poisson": "2*(y*log(y/mu) - y + mu)",
    "gamma": "2*(y/mu - log(y/mu) - 1)",
    "tweedie": "2*(y**(2 - p)/((1 - p)*(2 - p)) - y*mu**(1 - p)/(1 - p) + mu**(2 - p)/(2 - p))",
    "negative_binomial": "2*(y*log(y/mu) - (y + 1/theta)*log((1 + theta*y)/(1 + theta*mu)))",
    "gaussian_nll": "1/2*(log(2*pi*sigma2) + (y - mu)**2/sigma2)",
    "log_loss": "-y*log(p) - (1 - y)*log(1 - p)",
    "hinge": "max(0, 1 - z)",
    "squared_hinge": "max(0, 1 - z)**2",
    "perceptron": "max(0, -z)",
    "modified_huber": "where(z >= -1, max(0, 1 - z)**2, -4*z)",
    "exponential": "exp(-z)",
    "focal": "-(1 - p_t)**gamma * log(p_t)",
    "brier": "(y - p)**2",
    "cross_entropy": "-sum(y_k*log(p_k))",
    "kl_divergence": "sum(y_k*log(y_k/p_k))",
    "multiclass_brier": "sum((y_k - p_k)**2)",
    "multiclass_hinge": "largest(f_k + 1 - y_k) - f_y",
    "weston_watkins": "sum((1 - y_k)*max(0, 1 - f_y + f_k))",
    "multilabel_log_loss": "-(1/K) * sum(y_k*log(p_k) + (1 - y_k)*log(1 - p_k))",
    "multilabel_hinge": "1/K * sum(max(0, 1 - (2*y_k - 1)*f_k))",
    "cosine_distance": "1 - sum(y_k*f_k)/(norm(y_k)*norm(f_k))",
}
"""By alias. With the convention 0 log 0 = 0."""

MEANINGS = {
    "r": r"$r = y - \hat y$",
    "yhat": r"$\hat y$ is the prediction",
    "mu": r"$\mu$ is the predicted mean",
    "sigma2": r"$\sigma^2$ is the predicted variance",
    "z": r"$z = y f$ with $y \in \{-1, +1\}$",
    "p": "$p$ is the predicted probability of the positive class",
    "p_t": "$p_t$ is the predicted probability of the class that was observed",
    "p_k": "$p_k$ is the predicted probability of class $k$",
    "f_k": "$f_k$ is the raw prediction of class $k$",
    "f_y": "$f_y$ that of the true class",
}
"""What the letters stand for, in Markdown."""

SYMBOLS = {
    "yhat": r"\hat y",
    "sigma2": r"\sigma^2",
    **{name: rf"\{name}" for name in ("tau", "delta", "epsilon", "mu", "theta", "gamma", "pi")},
}
PARAMETERS = {"quantile": "tau", "expectile": "tau", "power": "p"}
"""Parameters whose letter is not their name."""


# ---- as LaTeX ------------------------------------------------------------------------------------

_COMPARISONS = {ast.LtE: r"\le", ast.GtE: r"\ge"}
_SUM, _PRODUCT, _POWER, _ATOM = range(4)


def latex(alias):
    """Return the formula of a loss as LaTeX, and what its letters mean."""
    tree = ast.parse(FORMULAS[alias], mode="eval").body
    letters = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    letters -= {"p"} if alias == "tweedie" else set()  # there it is a parameter
    return _set(tree)[0], [text for name, text in MEANINGS.items() if name in letters]


def _set(node):
    """Return LaTeX and how tightly it binds."""
    if isinstance(node, ast.Constant):
        return str(node.value), _ATOM
    if isinstance(node, ast.Name):
        return SYMBOLS.get(node.id, node.id), _ATOM
    if isinstance(node, ast.UnaryOp):
        return "-" + _within(node.operand, _PRODUCT), _PRODUCT
    if isinstance(node, ast.Compare):
        sign = _COMPARISONS[type(node.ops[0])]
        return f"{_set(node.left)[0]} {sign} {_set(node.comparators[0])[0]}", _SUM
    if isinstance(node, ast.Call):
        return _set_call(node.func.id, node.args)
    return _set_operation(node.op, node.left, node.right)


def _set_operation(operation, left, right):
    if isinstance(operation, ast.Add):
        return f"{_within(left, _SUM)} + {_within(right, _SUM)}", _SUM
    if isinstance(operation, ast.Sub):
        return f"{_within(left, _SUM)} - {_within(right, _PRODUCT)}", _SUM
    if isinstance(operation, ast.Mult):
        return rf"{_within(left, _PRODUCT)}\,{_within(right, _PRODUCT)}", _PRODUCT
    if isinstance(operation, ast.Div):
        small = isinstance(left, ast.Constant) and isinstance(right, ast.Constant)
        return rf"\{'t' * small}frac{{{_set(left)[0]}}}{{{_set(right)[0]}}}", _POWER
    return f"{_within(left, _ATOM)}^{{{_set(right)[0]}}}", _POWER  # ast.Pow


def _within(node, binding):
    text, own = _set(node)
    return text if own >= binding else rf"\left({text}\right)"


def _set_call(name, arguments):
    inner = ", ".join(_set(argument)[0] for argument in arguments)
    if name == "where":
        condition, a, b = (_set(argument)[0] for argument in arguments)
        return rf"\begin{{cases}} {a} & {condition} \\ {b} & \text{{otherwise}} \end{{cases}}", _PRODUCT
    if name == "abs":
        return rf"\left|{inner}\right|", _ATOM
    if name == "norm":
        return rf"\lVert {inner[0]} \rVert", _ATOM
    if name == "sqrt":
        return rf"\sqrt{{{inner}}}", _POWER
    if name == "exp":
        return f"e^{{{inner}}}", _POWER
    if name == "sum":
        return rf"\sum_k {_within(arguments[0], _PRODUCT)}", _PRODUCT
    if name == "largest":
        return rf"\max_k \left({inner}\right)", _PRODUCT
    if name in ("log", "cosh") and isinstance(arguments[0], ast.Name | ast.Call):
        return rf"\{name} {inner}", _PRODUCT
    return rf"\{name}\left({inner}\right)", _ATOM


# ---- as numbers ----------------------------------------------------------------------------------


def compute(alias, loss, y, prediction, raw):
    """Evaluate the formula of a loss on data; `raw` is the raw prediction."""
    names = {"pi": np.pi, "y": y, "z": (2.0 * y - 1.0) * raw if raw.ndim == 1 else None}
    names |= {PARAMETERS.get(name, name): value for name, value in loss.get_params().items()}
    if raw.ndim == 1:
        names |= {"yhat": prediction, "mu": prediction, "r": y - prediction}
        if loss.response_method == "predict_proba":
            names |= {"p": prediction, "p_t": np.where(y == 1, prediction, 1.0 - prediction)}
    elif "sigma2" in FORMULAS[alias]:
        names |= {"mu": prediction[:, 0], "sigma2": prediction[:, 1]}
    else:
        rows = np.eye(raw.shape[1])[y] if y.ndim == 1 else y
        names |= {"y_k": rows, "p_k": prediction, "f_k": raw, "K": raw.shape[1]}
        names["f_y"] = np.sum(rows * raw, axis=-1, keepdims=True)
    functions = {
        "abs": np.abs,
        "cosh": np.cosh,
        "exp": np.exp,
        "largest": lambda x: np.max(x, axis=-1, keepdims=True),
        "log": np.log,
        "max": np.maximum,
        "norm": lambda x: np.linalg.norm(x, axis=-1, keepdims=True),
        "sqrt": np.sqrt,
        "sum": lambda x: np.nansum(x, axis=-1, keepdims=True),  # 0 log 0 = 0
        "where": np.where,
    }
    with np.errstate(all="ignore"):
        result = eval(FORMULAS[alias], functions | names)
    return np.reshape(result, len(y))
