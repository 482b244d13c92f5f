"""Write ``references.json``: losses and their derivatives in high precision.

Written with mpmath from the mathematics of each loss alone: one function a loss, of y and the raw prediction
f, which is differentiated numerically, with steps of 1e-700. Nothing of the package is imported. Run this
file to write the numbers anew::

    python tests/references/generate.py               # all of them, some minutes
    python tests/references/generate.py huber cauchy  # these alone

A row of the file holds parameters and points. ``prediction`` is on the scale that users see (clipped, where
it is a probability, to [eps, 1 - eps]), ``raw_prediction`` on that of the formula.
"""

import itertools
import json
import random
import sys
from pathlib import Path

from mpmath import cosh, diff, exp, log, log1p, mp, mpf, pi, sqrt

FAR = 700  # digits while differentiating: residuals of 1e-300 are far away from a kink then
BETWEEN = 250  # for K outputs, whose logits differ by at most 300
EPS = mpf(2) ** -52


# ---- the losses: one number -------------------------------------------------------------------


def squared_error(y, f):
    return (y - f) ** 2


def absolute_error(y, f):
    return abs(y - f)


def huber(y, f, delta=1.0):
    r = abs(y - f)
    return r**2 / 2 if r <= delta else mpf(delta) * (r - mpf(delta) / 2)


def pseudo_huber(y, f, delta=1.0):
    return mpf(delta) ** 2 * (sqrt(1 + ((y - f) / mpf(delta)) ** 2) - 1)


def log_cosh(y, f):
    return log(cosh(y - f))


def fair(y, f, c=1.0):
    r, c = abs(y - f), mpf(c)
    return c * r - c**2 * log(1 + r / c)


def cauchy(y, f, c=1.0):
    return mpf(c) ** 2 / 2 * log(1 + ((y - f) / mpf(c)) ** 2)


def pinball(y, f, quantile=0.5):
    return max(quantile * (y - f), (mpf(quantile) - 1) * (y - f))


def smooth_pinball(y, f, quantile=0.5, delta=1.0):
    return (mpf(quantile) if y > f else 1 - mpf(quantile)) * huber(y, f, delta) / mpf(delta)


def expectile(y, f, expectile=0.5):
    return abs(mpf(expectile) - (1 if y < f else 0)) * (y - f) ** 2


def epsilon_insensitive(y, f, epsilon=0.1):
    return max(mpf(0), abs(y - f) - mpf(epsilon))


def squared_epsilon_insensitive(y, f, epsilon=0.1):
    return epsilon_insensitive(y, f, epsilon) ** 2


def minkowski(y, f, q=1.5):
    return abs(y - f) ** mpf(q)


def squared_log_error(y, f):
    return (log(1 + y) - f) ** 2


def absolute_percentage_error(y, f):
    return abs(y - f) / max(abs(y), EPS)


# ---- deviances, f = log μ ---------------------------------------------------------------------


def xlogx(y):
    return y * log(y) if y else mpf(0)


def poisson(y, f):
    return 2 * (xlogx(y) - y * f - y + exp(f))


def gamma(y, f):
    return 2 * (y / exp(f) - log(y / exp(f)) - 1)


def tweedie(y, f, power=1.5):
    if power == 1:
        return poisson(y, f)
    if power == 2:
        return gamma(y, f)
    p = mpf(power)
    at_best = y ** (2 - p) / ((1 - p) * (2 - p)) if y else 0
    return 2 * (at_best - y * exp((1 - p) * f) / (1 - p) + exp((2 - p) * f) / (2 - p))


def negative_binomial(y, f, theta=1.0):
    theta, mu = mpf(theta), exp(f)
    return 2 * (xlogx(y) - y * f - (y + 1 / theta) * log((1 + theta * y) / (1 + theta * mu)))


def gaussian_nll(y, f):
    mean, variance = f
    return (log(2 * pi * variance) + (y - mean) ** 2 / variance) / 2


# ---- two classes: y in {-1, +1} or in [0, 1] --------------------------------------------------


def log_loss(y, f):
    return y * log(1 + exp(-f)) + (1 - y) * log(1 + exp(f))


def hinge(y, f):
    return max(mpf(0), 1 - y * f)


def squared_hinge(y, f):
    return hinge(y, f) ** 2


def perceptron(y, f):
    return max(mpf(0), -y * f)


def modified_huber(y, f):
    return hinge(y, f) ** 2 if y * f >= -1 else -4 * y * f


def exponential(y, f):
    return exp(-y * f)


def focal(y, f, gamma=2.0, alpha=None):
    one, other = (1, 1) if alpha is None else (mpf(alpha), 1 - mpf(alpha))
    p, q = 1 / (1 + exp(-f)), 1 / (1 + exp(f))
    return -y * one * q ** mpf(gamma) * log(p) - (1 - y) * other * p ** mpf(gamma) * log(q)


def brier(y, f, scale_by_half="auto"):
    return (1 if scale_by_half else 2) * (y - 1 / (1 + exp(-f))) ** 2


# ---- K outputs: y a list, or the number of a class --------------------------------------------


def one_hot(y, f):
    return y if isinstance(y, list) else [mpf(k == y) for k in range(len(f))]


def log_softmax(f):
    total = log(sum(map(exp, f)))
    return [x - total for x in f]


def cross_entropy(y, f, label_smoothing=0.0):
    smoothing, K = mpf(label_smoothing), len(f)
    y = [(1 - smoothing) * x + smoothing / K for x in one_hot(y, f)]
    return -sum(a * b for a, b in zip(y, log_softmax(f), strict=True))


def kl_divergence(y, f):
    y = one_hot(y, f)
    return sum(xlogx(a) - a * b for a, b in zip(y, log_softmax(f), strict=True))


def multiclass_brier(y, f, scale_by_half=False):
    gaps = [(a - exp(b)) ** 2 for a, b in zip(one_hot(y, f), log_softmax(f), strict=True)]
    return sum(gaps) / (2 if scale_by_half else 1)


def multiclass_hinge(y, f):
    return max(x + (k != y) for k, x in enumerate(f)) - f[y]


def weston_watkins(y, f):
    return sum(max(mpf(0), 1 - f[y] + x) for k, x in enumerate(f) if k != y)


def multilabel_log_loss(y, f):
    return sum(map(log_loss, y, f)) / len(f)


def multilabel_hinge(y, f):
    return sum(hinge(2 * a - 1, b) for a, b in zip(y, f, strict=True)) / len(f)


def cosine_distance(y, f):
    lengths = sqrt(sum(a * a for a in y)) * sqrt(sum(b * b for b in f))
    return 1 - sum(a * b for a, b in zip(y, f, strict=True)) / lengths if lengths else mpf(1)


# ---- from what users see to f -----------------------------------------------------------------


def clipped(p):
    return min(max(p, EPS), 1 - EPS)


def logit(p):
    return log(clipped(p) / (1 - clipped(p)))


LINKS = {
    "identity": lambda f: f,
    "log": log,
    "log1p": log1p,
    "logit": logit,
    "logits": lambda f: [logit(p) for p in f],
    "softmax": lambda f: [log(clipped(p)) for p in f],
}


# ---- points -----------------------------------------------------------------------------------

RESIDUALS = [1e-300, 1e-9, 1e-3, 0.0095, 0.0105, 0.3, 0.999, 1.001, 2.5, 37.0, 800.0, 1e6]
NUMBERS = [(0.0, s * r) for r in RESIDUALS for s in (1, -1)] + [(3.75, -1.5), (-2.2, 7.9), (1e6, 1e6 + 0.25)]
LOG_NUMBERS = [(y, f) for y in (-0.75, 0.0, 1e-9, 3.7, 1e6) for f in (-0.9, -1e-9, 0.4, 2.5, 1e8)]
LOG1P_RAW = [(y, f) for y in (-0.75, 0.0, 1e-9, 3.7, 1e6) for f in (-30.0, -1e-9, 0.4, 2.5, 18.0)]
COUNTS = [0.0, 1e-9, 0.02, 1.0, 3.7, 250.0, 1e6]
MEANS = list(itertools.product(COUNTS, [1e-300, 1e-9, 0.3, 2.0, 41.0, 1e8]))
LOG_MEANS = list(itertools.product(COUNTS, [-800.0, -40.0, -3.0, -1e-9, 0.4, 5.0, 40.0, 300.0, 800.0]))
NOT_ZERO = slice(6, None), slice(9, None)
RAW = [s * f for f in (1e-300, 1e-9, 0.3, 0.97, 1.03, 2.5, 17.0, 40.0, 300.0, 800.0) for s in (1, -1)]
MARGINS = [(y, f) for y in (-1.0, 1.0) for f in RAW]
SOFT = [(y, f) for y in (0.0, 1.0, 0.3) for f in RAW]
PROBABILITIES = [
    (y, p)
    for y in (0.0, 1.0, 0.3)
    for p in (0.0, 1e-300, 1e-10, 0.02, 0.25, 0.5, 0.7, 0.97, 1 - 2.0**-20, 1.0)
]


def rows(K, scales, seed, kind):
    """Return pairs of a target and K raw predictions."""
    draw = random.Random(seed)
    result = []
    for scale in scales:
        for _ in range(3):
            f = [float(f"{scale * draw.gauss(0, 1):.4g}") for _ in range(K)]
            shares = [draw.randrange(8) for _ in range(K - 1)]
            distribution = [share / (8 * K) for share in shares]
            y = {
                "label": draw.randrange(K),
                "distribution": [*distribution, 1 - sum(distribution)],
                "indicators": [float(draw.randrange(2)) for _ in range(K)],
                "vector": [round(draw.gauss(0, 1), 4) for _ in range(K)],
            }[kind]
            result.append((y, f))
    return result


def shares(K, seed, kind):
    """Return pairs of a target and K probabilities, which sum to one exactly."""
    draw = random.Random(seed)
    result = rows(K, [1.0] * 2, seed, kind)
    for i, (y, _) in enumerate(result):
        p = [draw.randrange(1, 2**20) / (K * 2.0**20) for _ in range(K - 1)]
        result[i] = y, [*p, 1 - sum(p)]
    return [*result, (result[0][0], [1.0] + [0.0] * (K - 1)), (result[1][0], [0.0] * (K - 1) + [1.0])]


SCALES = (1e-3, 1.0, 4.0, 60.0)
CLASSES = [rows(K, SCALES, K, "label") for K in (2, 3, 10)]
DISTRIBUTIONS = [rows(K, SCALES, K + 20, "distribution") for K in (2, 3, 10)]
INDICATORS = [rows(K, (1e-9, 1.0, 30.0, 400.0), K + 40, "indicators") for K in (2, 3, 10)]
VECTORS = [rows(K, (1e-9, 1.0, 1e6), K + 60, "vector") for K in (2, 3, 10)]
VECTORS.append([([3.0, 4.0], [4.0, -3.0]), ([3.0, 4.0], [-6.0, -8.0]), ([1.0, 2.0], [1.0, 2.001])])
CLASS_SHARES = [shares(K, K, kind) for K in (2, 3, 10) for kind in ("label", "distribution")]
INDICATOR_SHARES = [
    [(y, [draw.choice([0.0, 1e-10, 0.2, 0.5, 0.9, 1.0]) for _ in y]) for y, _ in points]
    for draw, points in zip(map(random.Random, (1, 2, 3)), INDICATORS, strict=True)
]
MOMENTS = [[(y, [m, v]) for y in (0.0, 1.5, -1e6) for m in (0.0, 1.25, 800.0) for v in (1e-9, 0.1, 2.0, 1e6)]]

REAL = "identity", [NUMBERS], [NUMBERS]
DEVIANCE = "log", [MEANS], [LOG_MEANS]
MARGIN = "identity", [MARGINS], [MARGINS]
PROBABILITY = "logit", [PROBABILITIES], [SOFT]
SOFTMAX = "softmax", CLASS_SHARES, CLASSES + DISTRIBUTIONS
VECTOR = "identity", VECTORS, VECTORS

# The loss, its parameters, and its link and points.
REFERENCES = [
    (squared_error, [{}], REAL),
    (absolute_error, [{}], REAL),
    (huber, [{}, {"delta": 0.01}, {"delta": 50.0}], REAL),
    (pseudo_huber, [{}, {"delta": 0.01}, {"delta": 50.0}], REAL),
    (log_cosh, [{}], REAL),
    (fair, [{}, {"c": 0.01}, {"c": 50.0}], REAL),
    (cauchy, [{}, {"c": 0.01}, {"c": 50.0}], REAL),
    (pinball, [{}, {"quantile": 0.9}, {"quantile": 0.0625}], REAL),
    (smooth_pinball, [{}, {"quantile": 0.9, "delta": 0.1}], REAL),
    (expectile, [{}, {"expectile": 0.9}], REAL),
    (epsilon_insensitive, [{}, {"epsilon": 0.0}, {"epsilon": 2.0}], REAL),
    (squared_epsilon_insensitive, [{}, {"epsilon": 0.0}, {"epsilon": 2.0}], REAL),
    (minkowski, [{}, {"q": 1.0}, {"q": 1.1}, {"q": 2.0}, {"q": 3.0}, {"q": 4.5}], REAL),
    (squared_log_error, [{}], ("log1p", [LOG_NUMBERS], [LOG1P_RAW])),
    (absolute_percentage_error, [{}], REAL),
    (poisson, [{}], DEVIANCE),
    (gamma, [{}], ("log", [MEANS[NOT_ZERO[0]]], [LOG_MEANS[NOT_ZERO[1]]])),
    (tweedie, [{}, {"power": 1.1}, {"power": 1.9}, {"power": 1.0 + 1e-9}, {"power": 2.0 - 1e-9}], DEVIANCE),
    (negative_binomial, [{}, {"theta": 1e-10}, {"theta": 0.05}, {"theta": 100.0}], DEVIANCE),
    (gaussian_nll, [{}], ("identity", MOMENTS, MOMENTS)),
    (log_loss, [{}], PROBABILITY),
    (hinge, [{}], MARGIN),
    (squared_hinge, [{}], MARGIN),
    (perceptron, [{}], MARGIN),
    (modified_huber, [{}], MARGIN),
    (exponential, [{}], MARGIN),
    (focal, [{}, {"gamma": 0.5}, {"gamma": 0.0}, {"gamma": 5.0, "alpha": 0.25}], PROBABILITY),
    (brier, [{}, {"scale_by_half": False}], PROBABILITY),
    (cross_entropy, [{}, {"label_smoothing": 0.1}], SOFTMAX),
    (kl_divergence, [{}], SOFTMAX),
    (multiclass_brier, [{}, {"scale_by_half": True}], SOFTMAX),
    (multiclass_hinge, [{}], ("identity", CLASSES, CLASSES)),
    (weston_watkins, [{}], ("identity", CLASSES, CLASSES)),
    (multilabel_log_loss, [{}], ("logits", INDICATOR_SHARES, INDICATORS)),
    (multilabel_hinge, [{}], ("identity", INDICATORS, INDICATORS)),
    (cosine_distance, [{}], VECTOR),
]


# ---- computing them ---------------------------------------------------------------------------


def exact(x):
    """Return a number or a list as mpmath's numbers; the number of a class stays."""
    return [mpf(v) for v in x] if isinstance(x, list) else x if isinstance(x, int) else mpf(x)


def derivatives(loss, y, f, parameters):
    """Return gradient and Hessian diagonal."""
    if not isinstance(f, list):
        return [diff(lambda x: loss(y, x, **parameters), f, n) for n in (1, 2)]

    def along(k):
        return lambda x: loss(y, [*f[:k], x, *f[k + 1 :]], **parameters)

    return [[diff(along(k), f[k], n) for k in range(len(f))] for n in (1, 2)]


def rounded(x):
    return [rounded(v) for v in x] if isinstance(x, list) else float(x)


def references(loss, parameters, link, seen, raw):
    """Yield the rows of one loss with one set of parameters."""
    for points in seen:
        y, predictions = map(list, zip(*points, strict=True))
        # Probabilities within 1e-300 of 0 leave nothing of 1 - p in fewer digits.
        with mp.workdps(BETWEEN if link == "softmax" else FAR):
            value = [loss(exact(a), LINKS[link](exact(b)), **parameters) for a, b in points]
        yield {"parameters": parameters, "y": y, "prediction": predictions, "value": rounded(value)}
    for points in raw:
        y, predictions = map(list, zip(*points, strict=True))
        with mp.workdps(BETWEEN if link == "softmax" else FAR):
            value = [loss(exact(a), exact(b), **parameters) for a, b in points]
            both = [derivatives(loss, exact(a), exact(b), parameters) for a, b in points]
        gradient, hessian = zip(*both, strict=True)
        yield {
            "parameters": parameters,
            "y": y,
            "raw_prediction": predictions,
            "value": rounded(value),
            "gradient": rounded(list(gradient)),
            "hessian": rounded(list(hessian)),
        }


def main(names):
    """Write the file beside this one, a line a row; keep what it holds of losses that are not named."""
    path = Path(__file__).with_name("references.json")
    kept = json.loads(path.read_text()) if names else {}
    lines = []
    for loss, sets, data in REFERENCES:
        name = loss.__name__
        found = kept.get(name)
        if found is None or name in names:
            found = [row for parameters in sets for row in references(loss, parameters, *data)]
            print(f"{name}: {len(found)} rows")
        lines.append(f"{json.dumps(name)}: [\n" + ",\n".join(map(json.dumps, found)) + "\n]")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
