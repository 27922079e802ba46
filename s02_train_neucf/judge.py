"""Judges a trained model by the gate's checks: its replay, its weights, and the lists that it would give now."""

from typing import TYPE_CHECKING

import numpy as np
import torch

from s02_train_neucf.gate.history import History
from s02_train_neucf.gate.list_diversity import list_diversity_at
from s02_train_neucf.gate.rank_at import ModelAtCut
from s02_train_neucf.gate.replay_report import Replay
from s02_train_neucf.gate.verdict import Verdict, verdict
from s02_train_neucf.learning.fit import Fitted
from shared.neucf.model import NeuCF

if TYPE_CHECKING:
    from s02_train_neucf.report import EvaluationPlan


def judge(history: History, plan: "EvaluationPlan", fitted: Fitted, replay: Replay) -> Verdict:
    """The verdict on the model that would go live."""
    finite = weights_are_finite(fitted.model)
    if not finite:
        return verdict(replay, finite=False, diversity=None)
    end = float(np.nextafter(history.by_time.at[-1], np.inf))  # after the last event
    diversity = list_diversity_at(history, plan.rules, ModelAtCut(fitted, history), replay.order, end)
    return verdict(replay, finite=True, diversity=diversity)


def weights_are_finite(model: NeuCF) -> bool:
    """Whether no weight is NaN or infinite."""
    return all(bool(torch.isfinite(tensor).all()) for tensor in model.state_dict().values())
