"""Kills jobs while they publish, and looks at the lists that are left."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared.content.encoders.registry import OFFLINE_ENGLISH
from shared.domain import Phase
from shared.ranked_lists import codec, keys
from shared.ranked_lists.publication import unpack_publication
from tests.flow.deployment import POSTS, Deployment

ROOT = Path(__file__).parents[2]
CROWD = tuple(f"reader{number:04}" for number in range(3_000))  # six batches of lists
LENGTH = 30
BEFORE = {Phase.HEURISTIC: "heuristic.rank", Phase.NEUCF: "score.load"}  # the line that comes before publishing
MODULES = {Phase.HEURISTIC: "s01_heuristic", Phase.NEUCF: "s02_recsys_neucf"}
KILLED = -signal.SIGKILL


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job whose passes are started, and killed, one by one: each in a process of its own, as cron starts it."""

    phase: Phase
    folder: Path
    environment: Mapping[str, str]

    def run(
        self, *, kill_after: float | None = None, is_writing: Callable[[], bool] | None = None
    ) -> tuple[int, float]:
        """One pass; returns how it ended, and the seconds from the beginning of publishing to the end.

        Args:
            kill_after: seconds of publishing after which it is killed; None: never.
            is_writing: whether Redis holds a new list yet; publishing begins with the first one. None: it begins with
                the log line before it.
        """
        command = [sys.executable, "-m", MODULES[self.phase], "--once"]
        with subprocess.Popen(
            command, cwd=self.folder, env=self.environment, text=True, stderr=subprocess.PIPE
        ) as process:
            assert process.stderr is not None
            lines = list(_to_mark(process.stderr, BEFORE[self.phase]))
            while is_writing is not None and process.poll() is None and not is_writing():
                time.sleep(0.001)
            begun = time.monotonic()
            assert BEFORE[self.phase] in lines[-1], "".join(lines)
            if kill_after is not None:
                time.sleep(kill_after)
                process.kill()  # nothing, if it was quicker
            process.communicate()
            return process.returncode, time.monotonic() - begun


def _to_mark(log: Iterable[str], mark: str) -> Iterator[str]:
    for line in log:
        yield line
        if mark in line:
            return


def job_of(phase: Phase, deployment: Deployment, folder: Path) -> Job:
    """The phase's job, with model files and photos below a folder."""
    environment = os.environ | {
        "WARMLINE_DATABASE_URL": deployment.database_url, "WARMLINE_REDIS_URL": deployment.redis_url,
        "WARMLINE_LIST_LENGTH": str(LENGTH), "WARMLINE_EVERYONE_LENGTH": "100", "WARMLINE_SEEN_LENGTH": "100",
        "WARMLINE_MODEL_DIR": str(folder), "WARMLINE_TEXT_ENCODER": OFFLINE_ENGLISH, "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    return Job(phase=phase, folder=folder, environment=environment)


def add_crowd(deployment: Deployment) -> None:
    """Many active users with three likes each, so that publishing takes a while."""
    now = datetime.now(UTC)
    deployment.sql("INSERT INTO warmline.users SELECT unnest(%s), %s", [(list(CROWD), now)])
    likes = [(user, POSTS[(place + 31 * step) % len(POSTS)]) for place, user in enumerate(CROWD) for step in range(3)]
    users, posts = (list(column) for column in zip(*likes, strict=True))
    deployment.sql(
        "INSERT INTO warmline.interactions (user_id, post_id, kind, created_at)"
        " SELECT user_id, post_id, 'like', %s FROM unnest(%s, %s) AS likes (user_id, post_id)",
        [(now - timedelta(days=2), users, posts)],
    )


def kill_publishing(phase: Phase, deployment: Deployment, folder: Path, *, moments: int, seed: int) -> int:
    """Kill a job at random moments of publishing; after each, every list is whole and old or new, never half.

    Every other kill counts from the first new list, the others from the log line before: loops are compiled in between.

    Returns:
        How many kills met a job that was still at work.
    """
    rng, killed = random.Random(seed), 0
    job = job_of(phase, deployment, folder)
    starts = (lambda: None, lambda: _writing(deployment, phase))
    seconds = []
    for start in starts:
        ended, took = job.run(is_writing=start())
        assert ended == 0
        seconds.append(took)
    newest = check_lists(deployment, phase, CROWD)
    assert len(newest) == 1
    for moment in range(moments):
        _join_now(deployment)
        kind = (moment + 1) % len(starts)
        ended, took = job.run(kill_after=rng.uniform(0, seconds[kind]), is_writing=starts[kind]())
        assert ended in (0, KILLED)
        killed += ended == KILLED
        seconds[kind] = min(seconds[kind], took) if ended == 0 else seconds[kind]  # quicker than was thought
        generations = check_lists(deployment, phase, CROWD)
        assert min(generations) >= max(newest)  # nothing older comes back
        newest = {min(generations)}
        deployment.sql("UPDATE warmline.runs SET lease_until = now() - interval '1 s' WHERE state = 'running'")
    _join_now(deployment)
    assert job.run()[0] == 0
    assert len(check_lists(deployment, phase, CROWD)) == 1
    return killed


def _join_now(deployment: Deployment) -> None:
    """The crowd is active again: a pass of the scorer makes lists of those alone who were so since the one before."""
    deployment.sql("UPDATE warmline.users SET created_at = now() WHERE id = ANY(%s)", [(list(CROWD),)])


def _writing(deployment: Deployment, phase: Phase) -> Callable[[], bool]:
    """Tells whether a list is no longer what it is now."""
    names = [keys.ranked_list(phase, user) for user in CROWD[:: len(CROWD) // 12]]

    def lists() -> object:
        with deployment.redis() as redis:
            return redis.mget(names)

    before = lists()
    return lambda: lists() != before


def check_lists(deployment: Deployment, phase: Phase, users: Sequence[str]) -> set[int]:
    """Every list is there, whole, and no older than the publication that Redis calls whole; returns the generations."""
    rows = set(deployment.rows().values())
    with deployment.redis() as redis:
        published = unpack_publication(redis.get(keys.published(phase)) or b"")
        values = redis.mget([keys.ranked_list(phase, user) for user in users])
    generations = set()
    for value in values:
        assert value is not None
        ranked = codec.decode(value)
        found = codec.post_numbers_of(ranked.entries)
        assert len(found) == len(set(found)) == LENGTH
        assert rows.issuperset(found)
        generations.add(ranked.generation)
    assert published.run <= min(generations)
    return generations
