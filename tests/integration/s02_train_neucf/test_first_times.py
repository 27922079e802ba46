"""A post viewed on day 3, and viewed and liked on day 20: what the replay and the splits know of it on each day."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from s02_train_neucf.data.load import TrainingData, load_training_data
from s02_train_neucf.evaluation.split import global_cut, per_user_cut
from s02_train_neucf.gate.eligibility_then import histories_at, withheld_at
from s02_train_neucf.gate.history import History
from shared.db.engine import Database
from shared.db.events import Event, store_events
from shared.db.id_hashes import load_id_hashes
from shared.domain import InteractionKind
from shared.neucf.examples import Examples
from shared.settings import HeuristicSettings, WindowSettings
from tests.integration.shared.db.test_takedowns import NO_ENCODERS
from tests.stores import execute
from tests.worlds import NOW

VIEW, LIKE = InteractionKind.VIEW, InteractionKind.LIKE
WINDOW = WindowSettings(candidate_days=60, min_candidates=1)
FORMULA = HeuristicSettings()
POSTS = ("p", "first", "next")  # all by Ben
Pairs = set[tuple[str, str]]


def day(number: float) -> datetime:
    return NOW - timedelta(days=30) + timedelta(days=number)


def seconds(number: float) -> float:
    return day(number).timestamp()


def acts(user: str, *done: tuple[str, InteractionKind, float]) -> list[Event]:
    return [Event(user_id=user, post_id=post, kind=kind, at=day(at)) for post, kind, at in done]


BEFORE = [*acts("ann", ("first", LIKE, 1), ("p", VIEW, 3), ("next", LIKE, 10)), *acts("eve", ("p", LIKE, 3))]
REPEATS = [*acts("ann", ("p", VIEW, 20), ("p", LIKE, 20)), *acts("eve", ("p", LIKE, 20))]


class Known:
    """What a training of now reads, by names."""

    def __init__(self, database: Database) -> None:
        with database.read() as snapshot:
            names = ("ann", "eve", *POSTS)
            self.hash_of = dict(zip(names, load_id_hashes(snapshot, names).tolist(), strict=True))
        self.name_of = {id_hash: name for name, id_hash in self.hash_of.items()}
        self.data: TrainingData = load_training_data(database, NO_ENCODERS, days=730, now=NOW)
        self.history = History.of(self.data)

    def pairs(self, examples: Examples) -> Pairs:
        names = (
            [self.name_of[key] for key in keys.tolist()] for keys in (examples.user_id_hashes, examples.post_id_hashes)
        )
        return set(zip(*names, strict=True))

    def popularity(self, at: float) -> dict[str, tuple[float, float]]:
        """Of each post the heuristic's term, and how many had liked it."""
        posts = self.data.posts.indices(np.array([self.hash_of[name] for name in POSTS]))
        terms = self.history.heuristic(seconds(at), posts, FORMULA).popularity.tolist()
        return dict(
            zip(POSTS, zip(terms, self.history.popularity(seconds(at), posts).tolist(), strict=True), strict=True)
        )

    def withheld_from_ann(self, at: float) -> set[str]:
        posts = self.history.candidates(seconds(at), WINDOW)
        histories = histories_at(self.history, seconds(at), np.array([self.hash_of["ann"]]))
        (mask,) = withheld_at(self.history, seconds(at), histories, posts)
        return {self.name_of[key] for key in self.data.posts.id_hashes[posts[mask]].tolist()}


@pytest.fixture
def world(database: Database) -> Database:
    """Until day 10."""
    execute(database, "INSERT INTO warmline.users SELECT unnest(ARRAY['ann', 'ben', 'eve']), :at", at=day(0))
    posts = "INSERT INTO warmline.posts (id, author_id, created_at) SELECT unnest(CAST(:posts AS text[])), 'ben', :at"
    execute(database, posts, posts=list(POSTS), at=day(0))
    store_events(database, BEFORE)
    return database


@pytest.fixture
def known(world: Database) -> Known:
    """Everything, as of now."""
    store_events(world, REPEATS)
    return Known(world)


@pytest.mark.parametrize("at", [3.5, 4, 10, 19.9])
def test_repeats_change_no_popularity_of_before(world: Database, at: float) -> None:
    before = Known(world).popularity(at)
    store_events(world, REPEATS)
    assert Known(world).popularity(at) == before
    assert before["p"][0] > 0


def test_from_a_repeat_on_an_event_counts_by_it_and_still_once(world: Database) -> None:
    """As the heuristic's job counted it."""
    without = Known(world).popularity(21)["p"]
    store_events(world, REPEATS)
    (term, likes) = Known(world).popularity(21)["p"]
    assert (term > without[0], likes, without[1]) == (True, 2, 1)  # Ann's like is new, Eve's is the one of day 3


@pytest.mark.parametrize(("at", "is_seen"), [(2.9, False), (3.1, True), (10, True), (19.9, True), (21, True)])
def test_what_was_seen_on_day_3_is_withheld_from_then_on(known: Known, at: float, is_seen: bool) -> None:
    assert ("p" in known.withheld_from_ann(at)) == is_seen


def test_no_split_asks_for_what_had_been_seen_before(known: Known) -> None:
    of_all = global_cut(known.data.events, known.data.posts, at=seconds(15))
    assert (known.pairs(of_all.train), known.pairs(of_all.test)) == (
        {("ann", "first"), ("ann", "next"), ("eve", "p")}, set()
    )  # fmt: skip
    by_user = per_user_cut(known.data.events, known.data.posts, share=0.3)
    assert known.pairs(by_user.test) == {("ann", "next")}


def test_the_replay_asks_for_a_pair_when_it_began(known: Known) -> None:
    def asked(start: float, end: float) -> Pairs:
        return known.pairs(known.history.likes_within(seconds(start), seconds(end)))

    assert (asked(2.5, 3.5), asked(19.5, 20.5)) == ({("ann", "p"), ("eve", "p")}, set())
