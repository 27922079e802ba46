"""Brings a trained model before the gate: its replay, its weights, and the lists that it would give now."""

from typing import TYPE_CHECKING

import numpy as np
import torch

from s02_train_neucf.gate.history import History
from s02_train_neucf.gate.list_diversity import spread_at
from s02_train_neucf.gate.rank_at import ModelThen
from s02_train_neucf.gate.replay_report import Replay
from s02_train_neucf.gate.verdict import Verdict, verdict
from s02_train_neucf.learning.fit import Fitted
from shared.neucf.model import NeuCF

if TYPE_CHECKING:
    from s02_train_neucf.report import EvaluationPlan


def judge(past: History, trial: "EvaluationPlan", fitted: Fitted, replay: Replay) -> Verdict:
    """What the gate says of the model that would go live, by the replay and by the lists that it would give now."""
    finite = weights_are_finite(fitted.model)
    if not finite:
        return verdict(replay, finite=False, spread=None)
    end = float(np.nextafter(past.by_time.at[-1], np.inf))  # all that happened is known
    spread = spread_at(past, trial.rules, ModelThen(fitted, past), replay.order, end)
    return verdict(replay, finite=True, spread=spread)


def weights_are_finite(model: NeuCF) -> bool:
    """Whether no weight is NaN or infinite."""
    return all(bool(torch.isfinite(each).all()) for each in model.state_dict().values())
