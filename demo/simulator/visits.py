"""Simulates visits: a feed shows posts, people view some of them, and like a few of these. Pure."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from demo.simulator.truth import Floats, HiddenTastes, Int64s
from shared.domain import KIND_CODES, InteractionKind

DAY = 86_400.0  # seconds, like all times here, since the start of the simulated days
LAST_VISIT = 900.0  # before the end, so that all that is done in a visit lies before it


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitSettings:
    """How people visit, and the feed that they see: a plain mix without a recommender."""

    visits_each: float = 9.0  # mean number over the whole time; a few people come much more often than most
    feed_length: int = 25  # posts on offer per visit
    newest_share: float = 0.4  # of the feed
    popular_share: float = 0.35  # of the feed; the rest is drawn at random
    heat_half_life_days: float = 2.0  # of a like, in what counts as popular
    looked_on: float = 0.92  # chance to look at a position, over that of the position before it
    comment_share: float = 0.15  # of likes
    save_share: float = 0.06  # of likes
    hide_share: float = 0.01  # of views without a like, of posts that are not to one's taste


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedEvents:
    """Events by time; the position (from 0) is that of the post in its feed."""

    user: Int64s  # (n_events,)
    post: Int64s  # (n_events,)
    kind: NDArray[np.int16]  # (n_events,) codes of shared.domain.KIND_CODES
    at: Floats  # (n_events,) seconds since the start
    position: Int64s  # (n_events,)

    def where(self, kept: NDArray[np.bool_]) -> Self:
        """The events that a mask keeps."""
        return type(self)(
            user=self.user[kept],
            post=self.post[kept],
            kind=self.kind[kept],
            at=self.at[kept],
            position=self.position[kept],
        )

    def of(self, kind: InteractionKind) -> Self:
        """The events of one kind."""
        return self.where(self.kind == KIND_CODES[kind])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedWorld:
    """Users and posts, and since when they exist."""

    joined: Floats  # (n_visitors,) seconds since the start; negative: before it; users after these never visit
    author: Int64s  # (n_posts,)
    born: Floats  # (n_posts,)
    hidden: NDArray[np.bool_]  # (n_users, n_posts) never shown: own posts, and those of the blocked and the blocking


def visit(
    stock: SimulatedWorld, truth: HiddenTastes, *, days: float, settings: VisitSettings, rng: np.random.Generator
) -> SimulatedEvents:
    """Simulate all visits, from when each user joined until shortly before the end."""
    unseen = ~stock.hidden
    heat = np.zeros(len(stock.born))  # likes, decayed
    before = 0.0
    events: list[SimulatedEvents] = []
    for user, start in _visits(stock.joined, days, settings, rng):
        heat *= 0.5 ** ((start - before) / (settings.heat_half_life_days * DAY))
        before = start
        available = np.flatnonzero(unseen[user] & (stock.born < start))
        if len(available) == 0:
            continue
        feed = _feed(available, stock.born, heat, settings, rng)
        done = _look(user, start, feed, truth, settings, rng)
        seen = done.of(InteractionKind.VIEW).post
        unseen[user, seen] = False
        heat[done.of(InteractionKind.LIKE).post] += 1.0
        events.append(done)
    return _by_time(events)


def _visits(joined: Floats, days: float, settings: VisitSettings, rng: np.random.Generator) -> list[tuple[int, float]]:
    """User and time of every visit, by time."""
    end = days * DAY - LAST_VISIT
    begin = np.clip(joined + 60.0, 0.0, end)
    keenness = rng.lognormal(-0.5 * 0.8**2, 0.8, len(joined))  # mean 1
    n = rng.poisson(settings.visits_each * keenness * (end - begin) / end)
    user = np.repeat(np.arange(len(joined)), n)
    at = begin[user] + rng.random(len(user)) * (end - begin[user])
    order = np.argsort(at, kind="stable")
    return list(zip(user[order].tolist(), at[order].tolist(), strict=True))


def _feed(available: Int64s, born: Floats, heat: Floats, settings: VisitSettings, rng: np.random.Generator) -> Int64s:
    """Posts by position: each is drawn from the newest, the most popular or all posts."""
    orders = (
        available[np.argsort(-born[available], kind="stable")],
        available[np.argsort(-heat[available], kind="stable")],
        rng.permutation(available),
    )
    shares = (settings.newest_share, settings.popular_share, 1 - settings.newest_share - settings.popular_share)
    length = min(settings.feed_length, len(available))
    source = rng.choice(len(orders), size=length, p=shares)
    feed = np.empty(length, dtype=np.int64)
    for number, order in enumerate(orders):
        places = np.flatnonzero(source == number)
        feed[places] = order[: len(places)]
    _, first = np.unique(feed, return_index=True)
    return feed[np.sort(first)]  # a post from two sources keeps its first position


def _look(
    user: int, start: float, feed: Int64s, truth: HiddenTastes, settings: VisitSettings, rng: np.random.Generator
) -> SimulatedEvents:
    """One visit: which positions are viewed, and the events that follow."""
    position = np.flatnonzero(rng.random(len(feed)) < settings.looked_on ** np.arange(len(feed)))
    post = feed[position]
    n = len(post)
    viewed_at = start + np.cumsum(rng.uniform(2.0, 12.0, n))
    liked = rng.random(n) < truth.like_chance(user, post, rng)
    liked_at = viewed_at + rng.uniform(1.0, 20.0, n)
    after = liked_at + rng.uniform(5.0, 90.0, n)
    happens = {
        InteractionKind.VIEW: (np.ones(n, dtype=np.bool_), viewed_at),
        InteractionKind.LIKE: (liked, liked_at),
        InteractionKind.COMMENT: (liked & (rng.random(n) < settings.comment_share), after),
        InteractionKind.SAVE: (liked & (rng.random(n) < settings.save_share), after + 1.0),
        InteractionKind.HIDE: (
            ~liked & (truth.affinity[user, post] < 0) & (rng.random(n) < settings.hide_share),
            liked_at,
        ),
    }
    which = np.concatenate([np.flatnonzero(mask) for mask, _ in happens.values()])
    kinds = np.concatenate([np.full(int(mask.sum()), KIND_CODES[kind]) for kind, (mask, _) in happens.items()])
    return SimulatedEvents(
        user=np.full(len(which), user),
        post=post[which],
        kind=kinds.astype(np.int16),
        at=np.concatenate([at[mask] for mask, at in happens.values()]),
        position=position[which],
    )


def _by_time(parts: list[SimulatedEvents]) -> SimulatedEvents:
    if not parts:
        nothing = np.zeros(0, dtype=np.int64)
        return SimulatedEvents(
            user=nothing, post=nothing, kind=nothing.astype(np.int16), at=np.zeros(0), position=nothing
        )
    at = np.concatenate([part.at for part in parts])
    order = np.argsort(at, kind="stable")
    return SimulatedEvents(
        user=np.concatenate([part.user for part in parts])[order],
        post=np.concatenate([part.post for part in parts])[order],
        kind=np.concatenate([part.kind for part in parts])[order],
        at=at[order],
        position=np.concatenate([part.position for part in parts])[order],
    )
