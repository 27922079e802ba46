"""The product's words: phases, sources, kinds, reasons, posts. Frozen, no I/O."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from shared.text.printable import has_control_characters

MAX_ID_LENGTH = 128  # characters; the contract of the four relations
ID_RULE = f"1 to {MAX_ID_LENGTH} characters, none a control character, no white space at either end"
# Character classes, written as Python, PostgreSQL and ECMAScript alike read them. White space is what Unicode calls
# separators; the rest of it are control characters.
CONTROL_CHARACTERS = r"\x00-\x1f\x7f-\x9f"
WHITE_SPACE = r" \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
# What no id holds; half surrogates are among it. Not `isprintable`: that refuses joined emoji, Persian joiners, and
# characters newer than Python's tables.
NOT_IN_IDS = rf"[{CONTROL_CHARACTERS}\ud800-\udfff]|\A[{WHITE_SPACE}]|[{WHITE_SPACE}]\Z"
_NOT_IN_IDS = re.compile(NOT_IN_IDS)
MAX_PHOTOS = 10  # of one post; each is read and encoded
PHOTO_RULE = "an http(s) URL, or a path below the media root, without control characters"
# A path's first segment with a colon is written ./a:b (RFC 3986, 4.2): without that it is a scheme.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_HTTP = re.compile("https?://", re.IGNORECASE)
CLOCK_TOLERANCE = timedelta(minutes=5)  # how far ahead of ours a team's clock may be (promise 11)


class Phase(StrEnum):
    """Which ranker's lists are served."""

    HEURISTIC = "heuristic"
    NEUCF = "neucf"

    __hash__ = str.__hash__  # the enum's own is written in Python, and every page needs some


class Source(StrEnum):
    """Where a page came from, in the order in which the timeline falls back."""

    NEUCF = "neucf"
    HEURISTIC = "heuristic"
    EVERYONE = "everyone"
    SNAPSHOT = "snapshot"
    NEWEST = "newest"
    FOLLOWING = "following"  # these three: pages that were asked for by their mode
    LATEST = "latest"
    EXPLORE = "explore"

    __hash__ = str.__hash__


class Mode(StrEnum):
    """Which posts a chain is made of; the user chooses it."""

    FOR_YOU = "for_you"
    FOLLOWING = "following"
    LATEST = "latest"
    EXPLORE = "explore"

    __hash__ = str.__hash__


# Sources travel as small numbers in lists and feed ids; the order is part of the format and only grows at its end.
SOURCES_BY_CODE = (
    Source.HEURISTIC, Source.NEUCF, Source.EVERYONE, Source.SNAPSHOT, Source.NEWEST,
    Source.FOLLOWING, Source.LATEST, Source.EXPLORE,
)  # fmt: skip
# Modes travel as small numbers in cursors; the order only grows at its end.
MODES_BY_CODE = (Mode.FOR_YOU, Mode.FOLLOWING, Mode.LATEST, Mode.EXPLORE)

# The job that publishes the lists of each phase. Its name is also that of its fences.
JOB_OF_PHASE = {Phase.HEURISTIC: "heuristic", Phase.NEUCF: "score"}


class RecommendBy(StrEnum):
    """What recommendations for liked posts are made by."""

    CONTENT = "content"  # photo and caption
    TOGETHER = "together"  # what those who liked these posts liked as well
    NEUCF = "neucf"  # the champion, for somebody who joined after its training
    HYBRID = "hybrid"  # all of these, by reciprocal ranks

    __hash__ = str.__hash__


# They travel as small numbers in answers; the order is part of the format and only grows at its end.
RECOMMENDED_BY_CODE = tuple(RecommendBy)


class InteractionKind(StrEnum):
    """What a user did with a post."""

    VIEW = "view"
    LIKE = "like"
    COMMENT = "comment"
    SAVE = "save"
    SHARE = "share"
    HIDE = "hide"

    __hash__ = str.__hash__


POSITIVE_KINDS = frozenset({InteractionKind.LIKE, InteractionKind.COMMENT, InteractionKind.SAVE, InteractionKind.SHARE})

# Kinds travel as small numbers in bulk loads; the order is part of the format and only grows at its end.
KIND_CODES = {kind: code for code, kind in enumerate(InteractionKind)}


class Reason(IntEnum):
    """Why a post stands in a list. The number is the code in a ranked list (4 bits); it never changes its meaning."""

    POPULAR = 0
    RECENT = 1
    NEW = 2
    FOR_YOU = 3
    SIMILAR_PHOTO = 4
    SIMILAR_CAPTION = 5
    YOU_ASKED = 6
    FOLLOWING = 7
    LIKED_TOGETHER = 8

    @property
    def code(self) -> str:
        """The word that the API gives."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseState:
    """The phase in force. `version` grows with each change; of two copies the one with the higher version counts."""

    version: int
    phase: Phase
    rollout_percent: float
    salt: str

    def phase_of(self, user_id: str) -> Phase:
        """The phase that this user is in: monotone in the percentage, so that raising it takes nobody out."""
        if self.phase is Phase.HEURISTIC or self.rollout_percent <= 0:
            return Phase.HEURISTIC
        if self.rollout_percent >= 100 or rollout_bucket(self.salt, user_id) < self.rollout_percent * 100:
            return self.phase
        return Phase.HEURISTIC


INITIAL_PHASE = PhaseState(version=0, phase=Phase.HEURISTIC, rollout_percent=100.0, salt="")


ROLLOUT_BUCKETS = 10_000  # a hundred of them are one per cent


def rollout_bucket(salt: str, user_id: str) -> int:
    """A fixed number in 0…9,999 for a user: SHA-256(salt‖id) mod 10,000."""
    return int.from_bytes(hashlib.sha256((salt + user_id).encode()).digest(), "big") % ROLLOUT_BUCKETS


ERASED_FOR = timedelta(days=30)  # that a user was erased is known by hash: as long as seen posts are kept by default
MAX_ERASED = 100_000  # users erased within that time; the oldest are forgotten first


def hash_of_user(user_id: str) -> str:
    """The hash by which an erased user is remembered for a while; a script in Redis can compute it too."""
    return hashlib.sha1(user_id.encode(), usedforsecurity=False).hexdigest()


def author_hash(author_id: str) -> int:
    """A 64-bit name for an author, so that blocks and catalogue entries stay small.

    Two of a million authors share a hash with a probability of about 3 in 10⁸; then at worst one post is
    withheld from one user.
    """
    return int.from_bytes(hashlib.blake2b(author_id.encode(), digest_size=8).digest(), "little")


class AuthorHashes(dict[str, int]):
    """`author_hash` of each author, worked out once: for a run that asks for the same ones again and again."""

    def __missing__(self, author_id: str) -> int:
        known = self[author_id] = author_hash(author_id)
        return known


def age_hours(created_at: datetime, now: datetime) -> float:
    """Hours since `created_at`; a time ahead of `now` counts as now (promise 11)."""
    return max(0.0, (now - created_at).total_seconds() / 3600.0)


def is_photo_reference(text: str) -> bool:
    """Whether a post's `image_url` can name a photo: no other scheme than http(s) is ever read."""
    return not has_control_characters(text) and (not _SCHEME.match(text) or bool(_HTTP.match(text)))


def is_usable_id(text: str) -> bool:
    """Whether a string may be a user's, post's or event's id (`ID_RULE`), just as it came: nobody trims it."""
    if not 0 < len(text) <= MAX_ID_LENGTH:
        return False
    if text.isascii():  # nearly all are: a tenth of the pattern's time
        return text.isprintable() and text[0] != " " and text[-1] != " "
    return _NOT_IN_IDS.search(text) is None
