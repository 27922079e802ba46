"""Judges a trained model by the gate's checks, and the champion when no model takes its place."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from s02_train_neucf.gate.history import History
from s02_train_neucf.gate.list_diversity import list_diversity_at
from s02_train_neucf.gate.rank_at import ModelAtCut
from s02_train_neucf.gate.replay import replay_cut
from s02_train_neucf.gate.replay_report import Replay, replay_of
from s02_train_neucf.gate.verdict import GateCheck, Verdict, still_ahead, verdict
from s02_train_neucf.learning.champion import Champion
from s02_train_neucf.learning.fit import Fitted
from shared.errors import ArtefactError
from shared.logs import log_event, log_trouble
from shared.neucf.model import NeuCF
from shared.neucf.ranker_files import RankerState

if TYPE_CHECKING:
    from s02_train_neucf.report import EvaluationPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class ChampionVerdict:
    """Whether the champion is still ahead, on likes that came after its training."""

    version: int
    check: GateCheck

    @property
    def demoted(self) -> int | None:
        """The version, if it is to be demoted."""
        return None if self.check.passed else self.version

    def to_json(self) -> dict[str, Any]:
        """For the report of the run."""
        return {"model": self.version, "passed": self.check.passed, "found": self.check.sentence}


def judge(history: History, plan: "EvaluationPlan", fitted: Fitted, replay: Replay, state: RankerState) -> Verdict:
    """The verdict on the model that would go live; `state` is what its final ranker needs."""
    finite = weights_are_finite(fitted.model)
    if not finite:
        return verdict(replay, finite=False, diversity=None)
    end = float(np.nextafter(history.by_time.at[-1], np.inf))  # after the last event
    model = ModelAtCut(fitted.model, fitted.data.users, fitted.data.posts, history, state)
    diversity = list_diversity_at(history, plan.rules, model, replay.ranker, end)
    return verdict(replay, finite=True, diversity=diversity)


def judge_champion(
    history: History, plan: "EvaluationPlan", load: Callable[[], Champion | None], replay: Replay
) -> ChampionVerdict | None:
    """The champion's own replay over the judged cuts, under its own final ranker.

    None where it cannot be judged: there is no champion, its files are not whole or were made with other encoders, it
    has seen some of these likes in its training, or there are too few users. Then it goes on serving.
    """
    if replay.report is None:
        return None
    try:
        champion = load()
    except ArtefactError as error:
        log_trouble("train.champion_not_judged", reason=str(error))
        return None
    if champion is None or not _is_new_to(champion, replay):
        return None
    if not (champion.model.same_image and champion.model.same_caption):
        log_event("train.champion_not_judged", reason=f"{champion.model.name} was trained with other encoders")
        return None
    check = still_ahead(_champions_replay(history, plan, champion, replay))
    log_event("train.champion_judged", model=champion.version, passed=check.passed, found=check.sentence)
    return ChampionVerdict(version=champion.version, check=check)


def weights_are_finite(model: NeuCF) -> bool:
    """Whether no weight is NaN or infinite."""
    return all(bool(torch.isfinite(tensor).all()) for tensor in model.state_dict().values())


def _is_new_to(champion: Champion, replay: Replay) -> bool:
    """Whether the champion was trained before all likes that the replay asks for."""
    return champion.manifest.data_until.timestamp() < min(cut.cut.start for cut in replay.cuts)


def _champions_replay(history: History, plan: "EvaluationPlan", champion: Champion, replay: Replay) -> Replay:
    trained = champion.model
    model = ModelAtCut(trained.model.to(plan.device), trained.users, trained.posts, history, champion.ranker_state)
    rules = replace(plan.rules, rankers=(champion.manifest.final_ranker,))
    figures = [replay_cut(history, rules, judged.cut, model) for judged in replay.cuts]
    return replay_of(
        figures, rules.rankers, n_warm_up=0, n_posts=len(plan.data.posts.id_hashes), min_known=rules.min_known,
        generator=np.random.default_rng(plan.seed),
    )  # fmt: skip
