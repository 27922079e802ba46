"""All values in Redis that belong to one user, decoded; for an export of the user's data.

Authors who are withheld from a user are left out: as hashes they say nothing, and half of them are blocks by others.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import redis

from shared.domain import Phase, author_hash
from shared.eligibility import Viewer
from shared.ranked_lists import codec, keys, records
from shared.ranked_lists.clients import connect, redis_errors
from shared.ranked_lists.codec import RankedList, UnreadableList
from shared.ranked_lists.ownership import refuse_foreign
from shared.ranked_lists.records import NONCE_BYTES, Chain, SeenRecord, Tail
from shared.ranked_lists.suggestions import SuggestedAuthors, unpack_name, unpack_suggestions


@dataclass(frozen=True, slots=True, kw_only=True)
class UserValues:
    """What Redis holds about one user; what is not there, or unreadable, is left out or empty."""

    lists: dict[Phase, RankedList]
    chains: list[tuple[Chain, Tail | None]]
    viewer: Viewer
    seen: SeenRecord
    suggested: SuggestedAuthors | None
    names: Mapping[int, str]  # author hash -> id, of suggested authors
    asked_at: datetime | None  # when they lately requested a page without having a list

    @property
    def post_numbers(self) -> set[int]:
        """The numbers of all posts that any of it names."""
        packed = [ranked.entries for ranked in self.lists.values()]
        for chain, tail in self.chains:
            packed += [chain.frozen.entries, chain.rest, *((tail.entries, tail.rest) if tail else ())]
        listed = {number for entries in packed for number in codec.post_numbers_of(entries)}
        return listed | {*self.viewer.hidden_posts, *self.viewer.seen_posts, *self.seen.post_numbers}

    @property
    def is_empty(self) -> bool:
        """Whether Redis holds nothing about the user."""
        has_lists = self.lists or self.chains or self.asked_at or self.seen.visits or self.suggested
        return not (has_lists or self.seen.post_numbers or self.viewer.hidden_posts or self.viewer.seen_posts)


def read_user_values(url: str, user_id: str, *, installation: str, timeout: timedelta) -> UserValues:
    """Read a user's values, all strings in one command.

    Raises:
        StoreUnavailable: Redis does not answer in time.
        ForeignInstallation: it belongs to another installation, where the same id may be another person.
    """
    names = [
        *[keys.ranked_list(phase, user_id) for phase in Phase], keys.viewer(user_id), keys.seen(user_id),
        keys.suggested(user_id),
    ]  # fmt: skip
    with redis_errors(url), connect(url, timeout=timeout) as client:
        refuse_foreign(client, url, installation)
        values = cast(list[bytes | None], client.mget([*names, *keys.chains_of(user_id)]))
        asked = cast(float | None, client.zscore(keys.ASKED, user_id))
        suggested = _suggested(values[len(names) - 1])
        named = _names(client, suggested)
    lists, (viewer, seen, _), slots = values[: len(Phase)], values[len(Phase) : len(names)], values[len(names) :]
    chains, tails = slots[: len(slots) // 2], slots[len(slots) // 2 :]
    return UserValues(
        lists={phase: ranked for phase, value in zip(Phase, lists, strict=True) if (ranked := _list(value))},
        chains=[(chain, _tail(tail)) for value, tail in zip(chains, tails, strict=True) if (chain := _chain(value))],
        viewer=_viewer(viewer, user_id),
        seen=records.unpack_seen(seen),
        suggested=suggested,
        names=named,
        asked_at=None if asked is None else datetime.fromtimestamp(asked, UTC),
    )


def _list(value: bytes | None) -> RankedList | None:
    try:
        return codec.decode(value) if value else None
    except UnreadableList:
        return None


def _suggested(value: bytes | None) -> SuggestedAuthors | None:
    try:
        return unpack_suggestions(value) if value else None
    except UnreadableList:
        return None


def _names(client: redis.Redis, suggested: SuggestedAuthors | None) -> dict[int, str]:
    authors = [each.author for each in suggested.authors] if suggested else []
    pipe = client.pipeline(transaction=False)
    for author in authors:
        pipe.hget(keys.author_names(author), str(author))
    names = {}
    for author, value in zip(authors, pipe.execute(raise_on_error=False), strict=True):
        with suppress(UnreadableList, UnicodeDecodeError):
            names.update({author: unpack_name(value).author_id} if isinstance(value, bytes) else {})
    return names


def _chain(value: bytes | None) -> Chain | None:
    try:
        return records.unpack_chain(value, nonce=value[:NONCE_BYTES]) if value else None
    except UnreadableList:
        return None


def _tail(value: bytes | None) -> Tail | None:
    """A tail, of whichever chain: without knowing its nonce, the length shows which of the two forms it has."""
    if not value:
        return None
    nonce = value[:NONCE_BYTES]
    plain = records.unpack_tail(value, nonce=nonce)
    return plain or records.unpack_tail(value, nonce=records.mark_of_tail(nonce))


def _viewer(value: bytes | None, user_id: str) -> Viewer:
    try:
        return records.unpack_viewer(value, own=author_hash(user_id))
    except UnreadableList:
        return Viewer()
