"""Every convex loss of the catalogue, with random parameters."""

from . import losses_of_classes as classes
from . import losses_of_numbers as numbers


def draw(rng, unit):
    """Draw a loss with parameters; `unit` is how far targets spread, which parameters in units of y go by.

    Returns
    -------
    dict of str to callable
        One for each convex loss of the catalogue; each call draws other parameters.
    """

    def size():
        return float(1.0 if rng.random() < 0.3 else unit * 10.0 ** rng.uniform(-2, 1.5))

    def share():
        return float(rng.choice([0.5, rng.uniform(0.02, 0.98)]))

    def width():
        return float(rng.choice([0.0, 0.1, size()]))

    return {
        "squared_error": numbers.squared_error,
        "squared_log_error": numbers.squared_log_error,
        "expectile": lambda: numbers.expectile(share()),
        "absolute_error": numbers.absolute_error,
        "absolute_percentage_error": numbers.absolute_percentage_error,
        "pinball": lambda: numbers.pinball(share()),
        "epsilon_insensitive": lambda: numbers.epsilon_insensitive(width()),
        "squared_epsilon_insensitive": lambda: numbers.squared_epsilon_insensitive(width()),
        "huber": lambda: numbers.huber(size()),
        "smooth_pinball": lambda: numbers.smooth_pinball(share(), size()),
        "pseudo_huber": lambda: numbers.pseudo_huber(size()),
        "log_cosh": numbers.log_cosh,
        "fair": lambda: numbers.fair(size()),
        "minkowski": lambda: numbers.minkowski(float(rng.choice([1.0, 1.2, 1.5, 2.0, 3.0]))),
        "poisson": numbers.poisson,
        "gamma": numbers.gamma,
        "tweedie": lambda: numbers.tweedie(float(rng.choice([1.0, rng.uniform(1.01, 1.99), 1.5, 2.0]))),
        "negative_binomial": lambda: numbers.negative_binomial(float(10.0 ** rng.uniform(-3, 1))),
        "log_loss": classes.log_loss,
        "exponential": classes.exponential,
        "hinge": classes.hinge,
        "perceptron": classes.perceptron,
        "squared_hinge": classes.squared_hinge,
        "modified_huber": classes.modified_huber,
        "cross_entropy": lambda: classes.cross_entropy(
            float(rng.choice([0.0, 0.0, rng.uniform(0.01, 0.3)])), str(rng.choice(["classes", "rows"]))
        ),
        "kl_divergence": classes.kl_divergence,
        "multilabel_log_loss": classes.multilabel_log_loss,
        "multilabel_hinge": classes.multilabel_hinge,
        "multiclass_hinge": classes.multiclass_hinge,
        "weston_watkins": classes.weston_watkins,
    }  # fmt: skip
