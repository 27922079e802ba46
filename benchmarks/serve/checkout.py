"""Another commit beside this one: its files in a folder of their own, and a world that its own code has made."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg2

from benchmarks.errors import BenchmarkRefused
from benchmarks.provenance import ROOT
from benchmarks.serve import servers
from benchmarks.serve.world import WorldSize

SEED = Path(__file__).with_name("seed.py")
SEED_SECONDS = 600
GIT_SECONDS = 60
# What was written, but not when: each world is as old as its own making.
_WORLD = """
SELECT md5(string_agg(id || author_id, ',' ORDER BY id)) FROM warmline.posts
UNION ALL SELECT md5(string_agg(user_id || post_id || kind, ',' ORDER BY user_id, post_id, kind))
    FROM warmline.interactions
UNION ALL SELECT md5(string_agg(user_id || blocked_user_id, ',' ORDER BY user_id, blocked_user_id))
    FROM warmline.blocks
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """The files of one commit."""

    name: str  # as the table has it
    root: Path


THIS = Checkout(name="this", root=ROOT)


@contextmanager
def checkout(revision: str, home: Path, *, repository: Path = ROOT) -> Iterator[Checkout]:
    """The files of a commit, without touching the repository.

    Raises:
        BenchmarkRefused: the repository has no such commit, or there is no git.
    """
    root = home / "against"
    try:
        commit = (
            _git(repository, "rev-parse", "--verify", "--quiet", "--short=12", f"{revision}^{{commit}}")
            .decode()
            .strip()
        )
        packed = _git(repository, "archive", "--format=tar", commit)
    except (OSError, subprocess.SubprocessError) as error:
        raise BenchmarkRefused(
            f"--against: got {revision}, expected a commit of the repository at {repository.name}; see `git log`"
        ) from error
    with tarfile.open(fileobj=io.BytesIO(packed)) as files:
        if hasattr(tarfile, "data_filter"):  # Python 3.11.3 and older have none; git packs no path that leads out
            files.extraction_filter = tarfile.data_filter
        files.extractall(root)  # noqa: S202 - its filter is set above
    try:
        yield Checkout(name=commit, root=root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def seed(of: Checkout, size: WorldSize, *, home: Path, database_url: str, redis_url: str) -> None:
    """Make a world by a commit's own code, since what it writes to Redis may be in a format of its own.

    Raises:
        BenchmarkRefused: it failed; its last line of errors is quoted.
    """
    given = servers.environment(home, port=1, database_url=database_url, redis_url=redis_url)
    _run(of, ["-m", "warmline", "migrate"], given)
    _run(of, ["-P", str(SEED), database_url, redis_url, json.dumps(asdict(size))], given)


def require_same_world(database_urls: Mapping[str, str]) -> None:
    """Hold the worlds against each other.

    Raises:
        BenchmarkRefused: one has other posts, events or blocks.
    """
    worlds = {name: _world(url) for name, url in database_urls.items()}
    if len(set(worlds.values())) > 1:
        raise BenchmarkRefused(
            f"--against: {' and '.join(worlds)} make other worlds of the same seed (benchmarks/serve/world.py);"
            " name a commit since that last changed"
        )


def _world(database_url: str) -> tuple[str, ...]:
    connection = psycopg2.connect(database_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(_WORLD)
            return tuple(digest for (digest,) in cursor.fetchall())
    finally:
        connection.close()


def _run(of: Checkout, arguments: list[str], given: Mapping[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, *arguments], env={**os.environ, **given, "PYTHONPATH": str(of.root)}, cwd=of.root,
        capture_output=True, text=True, timeout=SEED_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        said = (done.stderr.strip() or "nothing").splitlines()[-1]
        raise BenchmarkRefused(f"{of.name}: its world cannot be made: exit code {done.returncode}: {said}")


def _git(repository: Path, *arguments: str) -> bytes:
    git = shutil.which("git")
    if git is None:
        raise FileNotFoundError("git")
    return subprocess.run(
        [git, "-C", str(repository), *arguments], capture_output=True, timeout=GIT_SECONDS, check=True
    ).stdout
