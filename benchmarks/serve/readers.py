"""Readers who have seen, blocked or hidden much: what a first page costs them, beside one who has seen nothing."""

import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import psycopg2
import redis
from msgspec.structs import replace

from benchmarks.serve.asking import Pages
from benchmarks.serve.rounds import Measured
from benchmarks.serve.servers import API_KEY, Served
from benchmarks.turns import in_turn
from shared.domain import Phase, PhaseState, author_hash
from shared.eligibility import Viewer
from shared.preferences.rules import NO_RULES, ViewerRules
from shared.ranked_lists import codec, keys, records

ELSEWHERE = 1_500  # posts that a viewer record holds, and a seen record as well: `ListSettings.seen_length`
FRESH = "0 posts seen"
SEEN = ("200 posts seen, their whole list", "1,500 posts seen", "every post seen")
ONE_AUTHOR, THIRTY = "all authors blocked but one", "all posts hidden but 30"
ALL_OF_IT = "every post seen, 600 hidden, 60 authors blocked"
MUTED = "50 words and 50 tags muted, sensitive posts hidden"
KINDS = (FRESH, *SEEN, ONE_AUTHOR, THIRTY, ALL_OF_IT, MUTED)
# None stands in a caption, so that the page is as long as others; all are compared.
RULES = ViewerRules(
    tags=frozenset(f"no such tag {number}" for number in range(50)),
    words=tuple(f"no such word {number}" for number in range(50)),
    hides_sensitive=True,
)  # fmt: skip
Seen = tuple[Sequence[int], Sequence[int]]  # elsewhere (by events), and served here


@dataclass(slots=True, kw_only=True)
class Readers:
    """Users of one world, who are made to have seen this or that."""

    client: "redis.Redis"
    users: Sequence[str]
    authors: Mapping[int, str]  # of all posts, by row
    _lists: dict[str, list[int]] = field(default_factory=dict)  # a user → the rows of the list that is in force
    _viewers: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        phase = records.unpack_phase(self._value(keys.PHASE))
        for user in self.users:
            self._lists[user] = self._list_of(user, phase)
            self._viewers[user] = self._value(keys.viewer(user)) or b""

    def become(self, kind: str) -> None:
        """Have all of them seen and withheld as much as this kind has, and nothing else; drops their chains."""
        pipe = self.client.pipeline(transaction=False)
        for user in self.users:
            elsewhere, served = self._seen(user, kind)
            own = author_hash(user)
            version, viewer = _version(self._viewers[user]), records.unpack_viewer(self._viewers[user], own=own)
            viewer = replace(self._withholding(viewer, kind, own), seen_posts=elsewhere)
            pipe.set(keys.viewer(user), records.pack_viewer(viewer, version=version, own=own))
            pipe.set(keys.seen(user), records.pack_visits(0) + records.pack_post_numbers(served))
            for slot in range(keys.CHAIN_SLOTS):
                pipe.delete(keys.chain(user, slot), keys.tail(user, slot))
        pipe.execute()

    def _withholding(self, viewer: Viewer, kind: str, own: int) -> Viewer:
        rows, posts = sorted(self.authors), Counter(self.authors.values())
        authors = [author_hash(author) for author, _ in posts.most_common()]
        blocked = {ONE_AUTHOR: authors[1:], ALL_OF_IT: authors[::-1][:60]}.get(kind)
        hidden = {THIRTY: rows[30:], ALL_OF_IT: rows[::2][:600]}.get(kind)
        return replace(
            viewer,
            hidden_authors=viewer.hidden_authors if blocked is None else frozenset([own, *blocked]),
            hidden_posts=viewer.hidden_posts if hidden is None else frozenset(hidden),
            rules=RULES if kind == MUTED else NO_RULES,
        )

    def _seen(self, user: str, kind: str) -> Seen:
        own = self._lists[user]
        others = [row for row in self.authors if row not in set(own)]
        both, (whole_list, many, _) = [*others, *own], SEEN
        seen = {whole_list: own, many: both[-ELSEWHERE:], SEEN[-1]: both, ALL_OF_IT: both}.get(kind, [])
        return seen[:-ELSEWHERE], seen[-ELSEWHERE:]

    def _list_of(self, user: str, phase: PhaseState) -> list[int]:
        for each in (phase.phase_of(user), Phase.HEURISTIC):
            if value := self._value(keys.ranked_list(each, user)):
                return codec.post_numbers_of(codec.decode(value).entries)
        return []

    def _value(self, key: str) -> bytes | None:
        return cast(bytes | None, self.client.get(key))


def authors_of_posts(database_url: str) -> dict[int, str]:
    """The author of each post, by its row."""
    connection = psycopg2.connect(database_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT row, author_id FROM warmline.post_rows JOIN warmline.posts ON id = post_id ORDER BY row"
            )
            return dict(cursor.fetchall())
    finally:
        connection.close()


def measure(
    timeline: Served, readers: Readers, kinds: Sequence[str], *, rounds: int, requests: int, connections: int
) -> list[Measured]:
    """First pages of each kind of reader, by turns."""
    found = [Measured(system=kind) for kind in kinds]
    tokens: Mapping[str, str] = dict.fromkeys(readers.users, API_KEY)
    for _, measured in in_turn(found, rounds=rounds):
        readers.become(measured.system)
        pages = Pages(users=readers.users, tokens=tokens, left=requests)
        measured.ask(timeline, pages, connections=connections)
    return found


def cost(one: Measured, fresh: Measured) -> Iterator[float]:
    """What a page costs in parts of what a fresh reader's costs, one figure a round."""
    for mine, its in zip(one.full, fresh.full, strict=True):
        yield its.rate / mine.rate


def _version(viewer: bytes) -> int:
    (version,) = struct.unpack_from(">Q", viewer) if viewer else (0,)
    return int(version)
