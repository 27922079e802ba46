"""One call from a folder of photos and a seed to a world of simulated people whose truth is known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from demo.simulator.appearance import appearance_of
from demo.simulator.folder import CaptionedPhoto, read_folder
from demo.simulator.truth import Floats, HiddenTastes, Int64s, TasteSettings, make_truth
from demo.simulator.visits import DAY, LAST_VISIT, SimulatedEvents, SimulatedWorld, VisitSettings, visit
from demo.simulator.words import topics_of

HOUR = 3600.0  # seconds
Looks = Callable[[Sequence[Path]], Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSettings:
    """How large and how long a world is. Of a folder with more photos, as many as fit are drawn."""

    users: int = 700
    newcomers: int = 5  # of the users, the last ones: they joined within the hour before the last visit and do nothing
    max_posts: int = 2000
    days: float = 28.0
    early_share: float = 0.6  # of the users: there before the first day; the others join as the days go by
    author_share: float = 0.4  # of the users post
    blocking_share: float = 0.03  # of the users block one other
    taste: TasteSettings = field(default_factory=TasteSettings)
    visits: VisitSettings = field(default_factory=VisitSettings)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhotoWorld:
    """Simulated people and what they did. Users and posts are numbers from 0; posts ascend by birth.

    Times are seconds since the start of the simulated days; `end` is the present.
    """

    seed: int
    end: float
    joined: Floats  # (n_users,) negative: before the start
    author: Int64s  # (n_posts,) user
    born: Floats  # (n_posts,)
    photo: Int64s  # (n_posts,) number of the photo in the folder
    shown: Int64s  # (n_posts,) number of the caption that is shown, among the photo's
    captions: tuple[str, ...]  # (n_posts,) as shown
    images: tuple[Path, ...]  # (n_posts,)
    events: SimulatedEvents
    blocks: Int64s  # (n_blocks, 2) who blocks, and who is blocked
    blocked_at: Floats  # (n_blocks,)
    truth: HiddenTastes

    def cold_posts(self, *, days: float) -> NDArray[np.bool_]:
        """The posts that arrived in the last days: whatever is trained on events before that knows none of them."""
        return self.born >= self.end - days * DAY


def simulate(folder: Path, *, seed: int, settings: WorldSettings | None = None) -> PhotoWorld:
    """The same folder, seed and settings give the same world.

    Raises:
        WorldMissing: the folder, captions.csv or a photo is missing or malformed.
    """
    return simulate_with(read_folder(folder), appearance_of, seed=seed, settings=settings or WorldSettings())


def simulate_with(
    photos: Sequence[CaptionedPhoto], appearance: Looks, *, seed: int, settings: WorldSettings
) -> PhotoWorld:
    """The same over photos that were read before; `appearance` gives a unit vector per file."""
    rng = np.random.default_rng(seed)
    photo = rng.permutation(len(photos))[: settings.max_posts]
    chosen = [photos[number] for number in photo.tolist()]
    shown = np.array([rng.integers(len(one.captions)) for one in chosen], dtype=np.int64)
    joined = _joined(settings, rng)
    born = np.sort(rng.random(len(chosen))) * settings.days * DAY * (1 - 1e-3)
    author = _authors(joined, born, settings, rng)
    untold = [_hidden_captions(one.captions, number) for one, number in zip(chosen, shown.tolist(), strict=True)]
    truth = make_truth(
        topics_of(untold),
        appearance([one.path for one in chosen]),
        author,
        n_users=settings.users,
        settings=settings.taste,
        rng=rng,
    )
    blocks = _blocks(settings, author, rng)
    visitors = joined[: settings.users - settings.newcomers]
    stock = SimulatedWorld(joined=visitors, author=author, born=born, hidden=_hidden(author, blocks, settings.users))
    events = visit(stock, truth, days=settings.days, settings=settings.visits, rng=rng)
    return PhotoWorld(
        seed=seed,
        end=settings.days * DAY,
        joined=joined,
        author=author,
        born=born,
        photo=photo,
        shown=shown,
        captions=tuple(one.captions[number] for one, number in zip(chosen, shown.tolist(), strict=True)),
        images=tuple(one.path for one in chosen),
        events=events,
        blocks=blocks,
        blocked_at=np.maximum(joined[blocks].max(axis=1) + 60.0, 0.0),
        truth=truth,
    )


def _hidden_captions(captions: tuple[str, ...], shown: int) -> str:
    """The captions that are not shown; of a photo with one caption there is only that."""
    return " ".join(captions[:shown] + captions[shown + 1 :]) or captions[shown]


def _joined(settings: WorldSettings, rng: np.random.Generator) -> Floats:
    """Some were there before, some join as the days go by, and the newcomers have just come."""
    end = settings.days * DAY
    joined = rng.uniform(0, 0.9 * end, settings.users)
    early = rng.random(settings.users) < settings.early_share
    early[0] = True  # somebody is there to post first
    joined[early] = -rng.uniform(HOUR, end, int(early.sum()))
    joined[settings.users - settings.newcomers :] = end - LAST_VISIT - np.arange(1, settings.newcomers + 1) * 600.0
    return joined


def _authors(joined: Floats, born: Floats, settings: WorldSettings, rng: np.random.Generator) -> Int64s:
    """Each post's author, one of those who were there an hour before; a few post much more than most."""
    posts_much = np.where(rng.random(len(joined)) < settings.author_share, rng.lognormal(0.0, 0.7, len(joined)), 0.0)
    posts_much[0] = max(posts_much[0], 1.0)
    there = joined[None, :] < born[:, None] - HOUR  # (n_posts, n_users)
    there[:, 0] = True
    reach = np.cumsum(there * posts_much, axis=1)
    drawn = rng.random(len(born)) * reach[:, -1]
    return np.asarray((reach <= drawn[:, None]).sum(axis=1), dtype=np.int64)


def _blocks(settings: WorldSettings, author: Int64s, rng: np.random.Generator) -> Int64s:
    """Some users block an author, each another's. -> (n_blocks, 2)"""
    n = round(settings.users * settings.blocking_share)
    pairs = np.column_stack([rng.permutation(settings.users - settings.newcomers)[:n], rng.choice(author, n)])
    apart: Int64s = pairs[pairs[:, 0] != pairs[:, 1]]
    return apart


def _hidden(author: Int64s, blocks: Int64s, n_users: int) -> NDArray[np.bool_]:
    """What nobody is shown: their own posts, and those of whom they block or are blocked by. -> (n_users, n_posts)"""
    apart = np.eye(n_users, dtype=np.bool_)
    apart[blocks[:, 0], blocks[:, 1]] = apart[blocks[:, 1], blocks[:, 0]] = True
    return apart[:, author]
