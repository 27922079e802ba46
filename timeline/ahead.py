"""What lies ahead on a frozen list: made ready for a page or two, just before one needs it.

A list is frozen as the user had it. Most users look at a page or two of its ten, so what they have seen is left out,
and new posts are put into their slots, only as far as pages come near.
"""

from collections.abc import Callable

from shared.domain import Source
from shared.eligibility import may_show
from shared.ranked_lists import codec
from shared.ranked_lists.read import UserState
from timeline.parts import Parts
from timeline.reserved import with_new_posts
from timeline.walk import Walk

PAGES = 2  # that are made ready at once: of the second one, too, what follows it must be known
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
        entries, rows, rest = _unseen(walk.chain.rest, seen, at_most=PAGES * walk.request.limit + MARGIN)
        pool = self._snapshot.new_posts
        if pool is not None and walk.chain.frozen.source is not Source.NEWEST:
            entries = with_new_posts(
                entries, pool, user_id=walk.request.user_id, share=self._share, may_take=self._may_take(walk, seen),
                start=len(before), own=rows,
            )  # fmt: skip
        room = max(0, self._length - len(before))  # a list with new posts is no longer than one without
        entries = codec.part(entries, 0, room)
        walk.make_ready(entries, codec.part(rest, 0, room - codec.length_of(entries)))

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


def _unseen(entries: bytes, seen: set[int], *, at_most: int) -> tuple[bytes, list[int], bytes]:
    """The first entries that were not seen, their rows, and the entries after them."""
    places: list[int] = []
    rows: list[int] = []
    start, length = 0, codec.length_of(entries)
    while start < length and len(places) < at_most:
        some = codec.rows_of(codec.part(entries, start, start + at_most))
        places += [place for place, row in enumerate(some, start) if row not in seen]
        rows += [row for row in some if row not in seen]
        start += at_most
    places, rows = places[:at_most], rows[:at_most]
    return codec.pick(entries, places), rows, codec.part(entries, places[-1] + 1) if places else b""
