"""The catalogue of losses. Each is a class of a few lines; what it can do follows from its formula."""

from ._accumulator import Accumulator
from ._base import Loss
from ._binary import *  # noqa: F403
from ._deviance import *  # noqa: F403
from ._kinds import MarginLoss, MulticlassLoss, ProbabilityLoss, RegressionLoss
from ._kinds_several import MomentsLoss, MulticlassMarginLoss, MultilabelLoss, VectorLoss
from ._likelihoods import Likelihood
from ._multiclass import *  # noqa: F403
from ._multioutput import *  # noqa: F403
from ._names import LOSSES, FunctionLoss, FunctionMarginLoss, get_loss
from ._names import TOPICS as _TOPICS
from ._regression import *  # noqa: F403
from ._robust import *  # noqa: F403
from ._scorer import LossScorer, SkillScorer

__all__ = [
    "LOSSES",
    "Accumulator",
    "FunctionLoss",
    "FunctionMarginLoss",
    "Likelihood",
    "Loss",
    "LossScorer",
    "MarginLoss",
    "MomentsLoss",
    "MulticlassLoss",
    "MulticlassMarginLoss",
    "MultilabelLoss",
    "ProbabilityLoss",
    "RegressionLoss",
    "SkillScorer",
    "VectorLoss",
    "get_loss",
]
for _topic in _TOPICS:
    __all__ += _topic.__all__
