"""Two worlds whose right answer is known: simulated people over real photos, and camps."""

from pathlib import Path

import numpy as np

from benchmarks.quality.photo_question import FEWEST_POSTS, WANTED_SHARE, Question, ask
from benchmarks.quality.photo_vectors import encode_folder
from benchmarks.recommendations.strangers import LIKES, World
from demo.simulator.appearance import appearance_of
from demo.simulator.folder import read_folder
from demo.simulator.simulate import WorldSettings, simulate_with
from shared.domain import KIND_CODES, InteractionKind
from shared.event_columns import Events
from shared.neucf.examples import SortedPosts
from shared.neucf.features import ContentVectors, PostFeatures

CAMPS, POSTS, COLD, PEOPLE, STRANGERS, THEIR_LIKES = 8, 60, 6, 40, 10, 12  # of each camp; likes of each person
STRAY = 0.1  # of a person's likes that are of any camp
WIDTH, NOISE = 96, 3.0  # of vectors: a cosine of two posts of a camp is about 0.1
DAY = 86_400.0


def photo_worlds(folder: Path, cache: Path, seed: int) -> tuple[Question, list[World]]:
    """The photos world, whole, and once for the posts that are newer than all likes and once for the others."""
    photos = read_folder(folder)
    world = simulate_with(photos, appearance_of, seed=seed, settings=WorldSettings())
    question, features = ask(world), encode_folder(photos, cache).of(world)
    likes, liked = world.events.of(InteractionKind.LIKE), []
    parts = {"all posts": question.cold | True, "new posts": question.cold, "known posts": ~question.cold}
    asked: dict[str, list[np.ndarray]] = {name: [] for name in parts}
    wanted: dict[str, list[np.ndarray]] = {name: [] for name in parts}
    for user in question.later.tolist():
        own = likes.post[likes.user == user]
        if len(own) < LIKES:
            continue
        liked.append(own[:LIKES].astype(np.int64))
        for name, part in parts.items():
            there = part & (world.author != user)
            there[own[:LIKES]] = False
            places = np.flatnonzero(there)
            assert len(places) >= FEWEST_POSTS
            felt = world.truth.affinity[user, places]
            asked[name].append(places)
            wanted[name].append(felt >= np.quantile(felt, 1 - WANTED_SHARE))
    return question, [
        World(
            name=f"photos, {name}", posts=question.posts, features=features, events=question.train, liked=liked,
            asked=asked[name], wanted=wanted[name],
        )
        for name in parts
    ]  # fmt: skip


def camp_world(seed: int) -> World:
    """People who like posts of their camp, mostly; some posts of each camp have no likes yet."""
    rng = np.random.default_rng(seed)
    n_posts, camp = CAMPS * POSTS, np.arange(CAMPS * POSTS) % CAMPS
    is_new = np.arange(n_posts) >= CAMPS * (POSTS - COLD)
    users, posts, liked, camps = [], [], [], []
    for person in range(CAMPS * (PEOPLE + STRANGERS)):
        own = person % CAMPS
        known = np.flatnonzero(~is_new & (camp == own))
        chosen = rng.choice(known, THEIR_LIKES, replace=False)
        stray = rng.random(THEIR_LIKES) < STRAY
        chosen[stray] = rng.choice(np.flatnonzero(~is_new), int(stray.sum()))
        if person < CAMPS * PEOPLE:
            users += [person] * THEIR_LIKES
            posts += chosen.tolist()
        else:
            liked.append(chosen[:LIKES].astype(np.int64))
            camps.append(own)
    at = np.sort(rng.uniform(0, 10 * DAY, len(users)))
    like = KIND_CODES[InteractionKind.LIKE]
    asked = [np.setdiff1d(np.arange(n_posts), own) for own in liked]
    return World(
        name="camps",
        posts=SortedPosts(
            id_hashes=np.arange(n_posts), author_id_hashes=np.arange(n_posts) + 10_000, created_at=np.zeros(n_posts)
        ),
        features=PostFeatures(image=_vectors(rng, camp), caption=_vectors(rng, camp)),
        events=Events(
            user_id_hashes=np.array(users), post_id_hashes=np.array(posts),
            kinds=np.full(len(users), like, np.int16), at=at[rng.permutation(len(at))],
        ),
        liked=liked,
        asked=asked,
        wanted=[camp[places] == own for places, own in zip(asked, camps, strict=True)],
    )  # fmt: skip


def _vectors(rng: np.random.Generator, camp: np.ndarray) -> ContentVectors:
    """Photos or captions of posts: those of a camp are near each other."""
    centers = rng.normal(size=(CAMPS, WIDTH))[camp]
    values = centers + NOISE * rng.normal(size=(len(camp), WIDTH))
    return ContentVectors(values.astype(np.float32), np.ones(len(camp), np.bool_))
