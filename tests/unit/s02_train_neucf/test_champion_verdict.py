"""The champion is judged on likes that came after its training, and only on these."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import numpy as np
import pytest
import torch

from s02_train_neucf.evaluation.evaluate import compare
from s02_train_neucf.gate.cuts import N_CUTS, ReplayCut
from s02_train_neucf.gate.history import History
from s02_train_neucf.gate.rank_at import ReplayRules
from s02_train_neucf.gate.replay_report import NEUCF, Replay, ReplayedCut
from s02_train_neucf.judge import ChampionVerdict, judge_champion
from s02_train_neucf.learning.champion import Champion
from s02_train_neucf.learning.fit import Fitted, SearchResult, fit
from s02_train_neucf.report import EvaluationPlan
from shared.domain import InteractionKind
from shared.errors import ArtefactError
from shared.neucf.final_ranker import FinalRanker
from shared.neucf.manifest import Manifest
from shared.neucf.serving_order import ServingOrder
from shared.settings import HeuristicSettings, WindowSettings
from tests.neucf_worlds import QUICK, SMALL, Row, data_of, events_of, posts_of

BY_SCORE = FinalRanker()
HOUR, TRAINED_AT = 3600.0, 50 * 3600.0
CAMPS = {100: 0, 200: 50}  # first user → first post
USERS, KNOWN, LATER = 40, 6, 5  # of each camp: users; posts liked before the training; posts liked after it
RULES = ReplayRules(
    window=WindowSettings(candidate_days=30, min_candidates=1), formula=HeuristicSettings(), min_known=2,
    rankers=(FinalRanker(),),
)  # fmt: skip
HOT = range(90, 90 + N_CUTS)  # posts that nearly nobody liked before the training, and everybody after it
POSTS = posts_of([*range(12), *range(50, 62), *HOT])
CUTS = tuple(ReplayCut(start=(60 + index) * HOUR, end=(61 + index) * HOUR) for index in range(N_CUTS))


def liked_before() -> list[Row]:
    """Each user likes six of the twelve posts of their camp; three others like the hot ones."""
    of_camps = [
        (first_user + user, first_post + 2 * place + user % 2, InteractionKind.LIKE, 10 * HOUR + user + place)
        for first_user, first_post in CAMPS.items()
        for user in range(USERS)
        for place in range(KNOWN)
    ]
    return [*of_camps, *[(600 + user, post, InteractionKind.LIKE, 9 * HOUR) for user in range(3) for post in HOT]]


def liked_after(*, is_hot: bool) -> list[Row]:
    """Then each likes, one in each cut, the others of their camp; or, after a crowd did, the hot ones."""
    crowd = [(700 + user, post, InteractionKind.LIKE, 55 * HOUR) for user in range(30) for post in HOT]
    return [
        *crowd,
        *[
            (
                first_user + user,
                HOT[place] if is_hot else first_post + 2 * ((place + user) % KNOWN) + 1 - user % 2,
                InteractionKind.LIKE,
                (60.5 + place) * HOUR,
            )
            for first_user, first_post in CAMPS.items()
            for user in range(USERS)
            for place in range(LATER)
        ],
    ]


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    data = data_of(events_of(*liked_before()), POSTS)
    return fit(
        data.events, data.posts, data.features, SMALL, QUICK,
        seed=1, device=torch.device("cpu"), search_result=SearchResult(recipe=QUICK),
    )  # fmt: skip


def champion_of(
    fitted: Fitted, *, same_image: bool = True, data_until: float = TRAINED_AT, ranker: FinalRanker = BY_SCORE
) -> Champion:
    until = datetime.fromtimestamp(data_until, UTC)
    manifest = Manifest(
        config=fitted.model.config, image_encoder=None, caption_encoder=None, data_from=until, data_until=until,
        trained_at=until, seed=1, recipe={}, metrics={}, final_ranker=ranker,
    )  # fmt: skip
    model = replace(fitted.as_predecessor("model 7"), same_image=same_image)
    return Champion(version=7, model=model, manifest=manifest)


def judged(load: Callable[[], Champion | None], *, is_hot: bool = False, missing: str = "") -> ChampionVerdict | None:
    data = data_of(events_of(*liked_before(), *liked_after(is_hot=is_hot)), POSTS)
    plan = EvaluationPlan(data=data, config=SMALL, recipe=QUICK, rules=RULES, seed=1, device=torch.device("cpu"))
    figures = {NEUCF: {"ndcg@10": np.zeros(2)}}
    report = compare(figures, ours=NEUCF, protocol="", n_posts=1, generator=np.random.default_rng(0))
    cuts = tuple(ReplayedCut(cut=cut, n_steps=1, n_users=80, ranker=FinalRanker()) for cut in CUTS)
    replay = Replay(cuts=cuts, ranker=FinalRanker(), report=None if missing else report, missing=missing)
    return judge_champion(History.of(data), plan, load, replay)


def test_a_champion_that_still_knows_what_people_like_goes_on(fitted: Fitted) -> None:
    verdict = judged(lambda: champion_of(fitted))
    assert verdict is not None
    assert (verdict.check.passed, verdict.demoted) == (True, None)


def test_a_champion_that_knows_nothing_of_it_any_more_is_demoted(fitted: Fitted) -> None:
    verdict = judged(lambda: champion_of(fitted), is_hot=True)
    assert verdict is not None
    assert (verdict.check.passed, verdict.demoted) == (False, 7)
    assert "not ahead any more" in verdict.to_json()["found"]


def test_it_is_judged_in_the_order_in_which_it_is_served(fitted: Fitted) -> None:
    by_score, by_popularity = (
        judged(partial(champion_of, fitted, ranker=FinalRanker(serving_order=ServingOrder(popularity_weight=weight))))
        for weight in (0.0, 1000.0)
    )
    assert by_score is not None
    assert by_popularity is not None
    assert by_score.check.sentence != by_popularity.check.sentence


def test_likes_that_it_may_have_learned_from_say_nothing(fitted: Fitted) -> None:
    assert judged(lambda: champion_of(fitted, data_until=CUTS[0].start), is_hot=True) is None


def test_other_encoders_cannot_be_judged(fitted: Fitted) -> None:
    assert judged(lambda: champion_of(fitted, same_image=False), is_hot=True) is None


def test_too_few_users_judge_nobody(fitted: Fitted) -> None:
    assert judged(lambda: champion_of(fitted), is_hot=True, missing="3 users to ask") is None


def test_without_a_champion_or_its_files_nobody_is_judged(caplog: pytest.LogCaptureFixture) -> None:
    def damaged() -> Champion:
        raise ArtefactError("model 7: weights differ")

    assert judged(lambda: None) is None
    assert judged(damaged) is None
    assert "train.champion_not_judged" in caplog.text
    assert "weights differ" in caplog.text
