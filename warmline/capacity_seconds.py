"""How long each job takes on a world of some size, part by part. Pure.

What a part grows with is read off the code, and how its terms compare was measured on worlds of several shapes
(`docs/performance.md`, “Capacity”). What a part costs here comes from the last runs, whose reports keep each part's
seconds; before a job ever ran, from the calibration alone. Bounds of the code are repeated here, for the command does
not import PyTorch; a test holds them to their origins.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from warmline.capacity_model import HEURISTIC, SCORE, TRAIN, Speeds, World

Parts = Mapping[str, float]  # seconds by part of a job
ENCODE = "encode"  # the part whose length says how much was new, and by which encoder

# All below are microseconds on the machine on which these speeds were found; elsewhere they are taken in proportion.
MEASURED_AT = Speeds(row=0.9e-6, list=13e-6, flop=9e-12)

SORTED_AT = 155_375  # events; one of n takes log n times as long, for they are sorted

# Scaled by the speed of rows out of PostgreSQL: the heuristic job …
LOAD_EVENT, LOAD_LIST, LOAD_POST = 1.12, 20.0, 10.8
RANK_EVENT, RANK_POST = 0.06, 1.3
PUBLISH_EVENT, PUBLISH_LIST, PUBLISH_POST = 0.15, 15.0, 4.6
# … and what the model's jobs read besides: likes, people, all posts with their vectors; posts that might be new.
HISTORY_EVENT, HISTORY_LIST, HISTORY_POST, LOOKED_AT_POST = 0.9, 9.0, 19.0, 36.0
WRITTEN_LIST = 12.0  # scaled by the speed of lists into Redis

# Scaled by the speed of products: encoders, the model and, mostly, the compiling of loops; then scoring.
START = 4.5e6
SCORED, SCORED_EVENT, SCORED_LIST, SCORED_POST, SCORED_PAIR = 30_000.0, 0.06, 30.0, 31.0, 0.023

# Bounds of s02_train_neucf.
STEPS_PER_EPOCH, BATCH_USERS, MAX_BATCH_USERS, MAX_STEPS, MAX_POSTS = 30, 32, 256, 2_000, 4_096
MAX_ASKED, CUTS = 2_000, 6  # people asked in one cut of the replay; cuts
MAX_PAIRS, MIN_SAMPLE, MAX_SAMPLE, MAX_DENSE_POSTS = 2**28, 1_000, 10_000, 10_000
RANKERS, DENSE_RANKERS = 8, 2  # in an exam; of which so many hold posts × posts
EXAMS = 2

# A training, scaled by the speed of products. A step: always; of a user with a post, a like, a post, a row of a table.
STEP, STEP_PAIR, STEP_LIKE, STEP_POST, STEP_ROW = 3_800.0, 0.0193, 1.15, 0.7, 0.5
STEP_SAMPLED_POST = 1.15  # more, where a step takes a sample of the posts
VALIDATED_USER, VALIDATED_PAIR = 5.0, 0.007
REPLAYED_USER, REPLAYED_EVENT, REPLAYED_PAIR = 30.0, 1.9, 0.107  # each time somebody is asked; of each event of theirs
REPLAYED_STEP_EVENT = 0.23  # at each step the heuristic is worked out anew, from what was known by then
EXAMINED_USER, EXAMINED_PAIR, EXAMINED_ROW = 400.0, 0.018, 50.0  # of each ranker; the last one of a table, of iALS
DENSE_POST_CUBED = 4.4e-5  # of EASE
REST, REST_EVENT, REST_POST, REST_USER = 0.85e6, 10.0, 550.0, 300.0  # sorting, components of content, saving

MICRO = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What a training worked on, and how long it learned: the latter depends on the data, not on the size."""

    users: int  # with a like
    posts: int
    likes: int
    events: int
    epochs: int  # of all its models together, the trial's too
    validations: int
    steps: int  # of the replay, over its cuts
    people: int  # asked in the replay, over its cuts
    asked: int  # the same, over its steps: how often somebody was asked
    examined: int  # people asked about all posts, over both exams

    def scaled(self, *, users: float, posts: float, interactions: float) -> "Night":
        """So many times as much of each; epochs stay what they were. People are asked up to a bound."""
        people = min(MAX_ASKED * CUTS, round(self.people * users)) if self.people else 0
        each = self.asked / self.people * interactions / users if self.people and users else 0.0  # how often
        return replace(
            self,
            users=round(self.users * users),
            posts=round(self.posts * posts),
            likes=round(self.likes * interactions),
            events=round(self.events * interactions),
            people=people,
            asked=round(people * each),
            examined=min(EXAMS * _most_examined(self.posts * posts), round(self.examined * users)),
        )


def unknown_night(world: World) -> Night:
    """Before any training: a rough guess at what one will be."""
    people = min(MAX_ASKED * CUTS, 3 * world.scored)
    return Night(
        users=world.scored, posts=world.posts, likes=world.interactions // 3, events=world.interactions,
        epochs=250, validations=30, steps=24 * CUTS, people=people, asked=3 * people,
        examined=EXAMS * min(world.scored, _most_examined(world.posts)),
    )  # fmt: skip


def estimated(world: World, night: Night, speeds: Speeds) -> dict[str, dict[str, float]]:
    """Seconds of each part of each job, by the calibration alone."""
    return {
        HEURISTIC: _heuristic(world, speeds),
        TRAIN: _training(night, speeds),
        SCORE: _scoring(world, speeds),
    }


def after_runs(there: Parts, runs: Sequence[tuple[Parts, Parts, float]]) -> dict[str, float]:
    """What the runs have shown to be twice what was estimated for them is twice what is estimated elsewhere.

    Args:
        there: estimated for some world.
        runs: of each, what its parts were estimated at, what they took, and what it took as a whole. A part that no
            run names is set right as the whole is; without any run all stays as it is.

    Returns:
        Seconds by part; of several runs the middle ratio counts.
    """
    if not runs:
        return dict(there)
    whole = median(seconds / sum(here.values()) for here, _, seconds in runs)
    by_part: dict[str, list[float]] = {}
    for here, took, _ in runs:
        for part, seconds in took.items():
            if here.get(part):
                by_part.setdefault(part, []).append(seconds / here[part])
    return {part: value * (median(by_part[part]) if part in by_part else whole) for part, value in there.items()}


def users_in_a_step(n_users: int) -> int:
    """As `s02_train_neucf.batches.users_in_a_step` has it."""
    return min(max(n_users // STEPS_PER_EPOCH, BATCH_USERS), MAX_BATCH_USERS)


def steps_of_an_epoch(n_users: int) -> int:
    """As `s02_train_neucf.batches.batches_of` has it."""
    once = math.ceil(n_users / users_in_a_step(n_users))
    return min(MAX_STEPS, once * math.ceil(STEPS_PER_EPOCH / once)) if once else 0


def posts_of_a_step(night: Night) -> float:
    """All, or an even sample and those of the step's likes, about."""
    if night.posts <= MAX_POSTS or not night.users:
        return night.posts
    likes = users_in_a_step(night.users) * night.likes / night.users
    liked = night.posts * (1 - math.exp(-likes / night.posts))
    return MAX_POSTS + liked * (1 - MAX_POSTS / night.posts)


def _most_examined(n_posts: float) -> int:
    return min(MAX_SAMPLE, max(MIN_SAMPLE, int(MAX_PAIRS // max(n_posts, 1))))


def _sorted(n_events: int) -> float:
    """As many events that need no sorting would take as long."""
    return n_events * math.log(n_events + 1) / math.log(SORTED_AT)


def _loading(world: World) -> float:
    return LOAD_EVENT * _sorted(world.events) + LOAD_LIST * world.lists + LOAD_POST * world.candidates


def _heuristic(world: World, speeds: Speeds) -> dict[str, float]:
    row, write, _ = _slowness(speeds)
    published = PUBLISH_EVENT * _sorted(world.events) + PUBLISH_LIST * world.lists + PUBLISH_POST * world.candidates
    return {
        "load": row * _loading(world),
        "rank": row * (RANK_EVENT * _sorted(world.events) + RANK_POST * world.candidates),
        "publish": row * published + write * WRITTEN_LIST * world.lists,
    }


def _scoring(world: World, speeds: Speeds) -> dict[str, float]:
    row, write, flop = _slowness(speeds)
    history = HISTORY_EVENT * world.interactions + HISTORY_LIST * world.lists + HISTORY_POST * world.posts
    each = SCORED_EVENT * world.events + SCORED_LIST * world.scored + SCORED_POST * world.candidates
    scored = SCORED + each + SCORED_PAIR * world.scored * world.candidates
    return {
        "start": flop * START,
        ENCODE: row * LOOKED_AT_POST * world.posts,
        "load": row * (_loading(world) + history),
        "publish": flop * scored + write * WRITTEN_LIST * world.scored,
    }


def _training(night: Night, speeds: Speeds) -> dict[str, float]:
    row, _, flop = _slowness(speeds)
    validated = night.validations * min(night.users, _most_examined(night.posts))
    rest = REST + REST_EVENT * night.events + REST_POST * night.posts + REST_USER * night.users
    return {
        "start": flop * START,
        ENCODE: row * LOOKED_AT_POST * night.posts,
        "load": row * (HISTORY_EVENT * night.events + HISTORY_POST * night.posts),
        "epochs": flop * night.epochs * _epoch(night),
        "validation": flop * validated * (VALIDATED_USER + VALIDATED_PAIR * night.posts),
        "replay": flop * _replay(night),
        "exams": flop * _exams(night),
        "rest": flop * rest,
    }


def _epoch(night: Night) -> float:
    """Microseconds."""
    users, posts = users_in_a_step(night.users), posts_of_a_step(night)
    likes, rows = users * night.likes / max(night.users, 1), night.users + night.posts
    each_post = STEP_POST + (STEP_SAMPLED_POST if night.posts > MAX_POSTS else 0.0)
    step = STEP + STEP_PAIR * users * posts + STEP_LIKE * likes + each_post * posts + STEP_ROW * rows
    return steps_of_an_epoch(night.users) * step


def _replay(night: Night) -> float:
    """Microseconds."""
    of_theirs = night.events / max(night.users, 1)
    each = REPLAYED_USER + REPLAYED_EVENT * of_theirs + REPLAYED_PAIR * night.posts
    return night.asked * each + night.steps * REPLAYED_STEP_EVENT * _sorted(night.events)


def _exams(night: Night) -> float:
    """Microseconds; where there are too many posts, the rankers that hold posts × posts are left out."""
    is_dense = night.posts <= MAX_DENSE_POSTS
    rankers = RANKERS if is_dense else RANKERS - DENSE_RANKERS
    made = EXAMINED_ROW * (night.users + night.posts) + (DENSE_POST_CUBED * night.posts**3 if is_dense else 0.0)
    return rankers * night.examined * (EXAMINED_USER + EXAMINED_PAIR * night.posts) + EXAMS * made


def _slowness(speeds: Speeds) -> tuple[float, float, float]:
    """Of rows, lists and products: seconds here in parts of a microsecond there."""
    return (
        MICRO * speeds.row / MEASURED_AT.row,
        MICRO * speeds.list / MEASURED_AT.list,
        MICRO * speeds.flop / MEASURED_AT.flop,
    )
