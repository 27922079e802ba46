"""What lies ahead on a frozen list: made ready for a page or two, just before one needs it.

A list is frozen as the user had it. Most users look at a page or two of its ten, so what they have seen is left out,
and new posts are put into their slots, only as far as pages come near.
"""

from collections.abc import Callable
from itertools import compress
from operator import not_

from shared.domain import Source
from shared.eligibility import may_show
from shared.ranked_lists import codec
from shared.ranked_lists.read import UserState
from timeline.parts import Parts
from timeline.reserved import put_new_posts
from timeline.walk import Walk

PAGES = 2  # that are made ready at once: of the second one, too, what follows it must be known
LEAST_STRIDE = 16  # posts that are looked at together
MARGIN = 8  # posts beyond them, for those that spacing puts off


class Ahead:
    """Makes the next posts of chains ready."""

    def __init__(self, parts: Parts) -> None:
        self._snapshot, self._catalogue = parts.snapshot, parts.reader.catalogue
        self._share, self._length = parts.new_posts.new_post_share, parts.lists.list_length

    def make_ready(self, walk: Walk) -> None:
        """Move the next entries from the rest of a walk's list to what is ready; at least one, unless all are seen."""
        seen, before = known_rows(walk.state), codec.rows_of(walk.chain.frozen.entries)
        seen.update(before)
        rows, entries, rest = unseen_first(walk.chain.rest, seen, at_least=PAGES * walk.request.limit + MARGIN)
        pool = self._snapshot.new_posts
        if pool is not None and walk.chain.frozen.source is not Source.NEWEST:
            put_new_posts(
                rows, entries, pool, user_id=walk.request.user_id, share=self._share,
                may_take=self._may_take(walk, seen), start=len(before),
            )  # fmt: skip
        room = max(0, self._length - len(before))  # a list with new posts is no longer than one without
        rest = codec.part(rest, 0, max(0, room - len(entries)))
        walk.make_ready(b"".join(entries[:room]), rest)

    def _may_take(self, walk: Walk, seen: set[int]) -> Callable[[int], bool]:
        known, viewer = self._catalogue.get, walk.state.viewer

        def may_take(row: int) -> bool:
            if row in seen:
                return False
            post = known(row)
            return post is not None and may_show(viewer, row=row, author=post.author)

        return may_take


def known_rows(state: UserState) -> set[int]:
    """The posts that a user has seen, here or elsewhere."""
    return {*state.viewer.seen_posts, *state.seen.rows}


def unseen_first(packed: bytes, seen: set[int], *, at_least: int) -> tuple[list[int], list[bytes], bytes]:
    """The first entries that were not seen, with their rows: so many and a few, if there are; and what follows."""
    rows: list[int] = []
    entries: list[bytes] = []
    start, length = 0, codec.length_of(packed)
    while start < length and len(rows) < at_least:
        end = start + max(LEAST_STRIDE, at_least - len(rows))
        part = codec.part(packed, start, end)
        here, start = codec.rows_of(part), end
        unseen = list(map(not_, map(seen.__contains__, here)))
        rows += compress(here, unseen)
        entries += compress(codec.split(part), unseen)
    return rows, entries, codec.part(packed, start)
