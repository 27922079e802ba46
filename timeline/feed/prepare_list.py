"""What lies ahead on a frozen list: made ready for a page or two, just before one needs it.

A list is frozen as the user had it. Most users look at a page or two of its ten, so what they have seen is left out,
and new posts are put into their slots, only as far as pages come near.
"""

from collections.abc import Iterator, Set
from itertools import chain, compress, filterfalse, islice
from operator import itemgetter

from shared.domain import Source
from shared.eligibility import may_show, may_show_all
from shared.ranked_lists import codec
from shared.ranked_lists.records import CatalogueEntry
from timeline.feed.chain_page import MARGIN, PAGES, ChainPage
from timeline.feed.new_post_slots import with_new_posts
from timeline.stores.new_post_pool import NewPostPool
from timeline.stores.resources import FeedResources
from timeline.stores.segments import MANY, VisibilityFilter

SEEN_ELSEWHERE = 16  # posts seen elsewhere that the list may hold; those seen before it was made are in it no more
AT_ONCE = 6  # new posts that are looked up together: two pages take five
_AUTHOR = itemgetter(CatalogueEntry._fields.index("author"))  # a tuple is read quicker by number


class ListPreparer:
    """Makes the next posts of chains ready."""

    def __init__(self, parts: FeedResources) -> None:
        self._snapshot, self._catalogue = parts.snapshot, parts.reader.catalogue
        self._share, self._length = parts.new_posts.new_post_share, parts.lists.list_length

    def make_ready(self, walk: ChainPage, permitted: VisibilityFilter) -> None:
        """Move the next entries from the rest of a walk's list to what is ready; at least one, unless all are seen."""
        seen, before = walk.seen(all_from=len(self._snapshot.shared())).rows, walk.own_length
        if before:
            seen = seen.union(codec.rows_of(walk.chain.frozen.entries))
        wanted = PAGES * walk.request.limit + MARGIN
        likely = wanted + SEEN_ELSEWHERE + (0 if before else len(walk.state.seen.rows))
        if not permitted.has_few or len(walk.dropped) >= MANY:
            rows, likely = codec.rows_of(walk.chain.rest), self._length
            if unseen := [*filterfalse(seen.__contains__, rows)]:
                seen = seen.union(permitted.withheld(unseen))
        rows, entries, rest = unseen_first(walk.chain.rest, seen, at_most=wanted, look_at=likely)
        pool = self._snapshot.new_posts
        if pool is not None and walk.chain.frozen.source is not Source.NEWEST:
            fresh = self._fresh(walk, pool, seen, permitted)
            entries = with_new_posts(rows, entries, pool, fresh, share=self._share, start=before)
        room = max(0, self._length - before)  # a list with new posts is no longer than one without
        entries = codec.part(entries, 0, room)
        walk.make_ready(entries, codec.part(rest, 0, room - codec.length_of(entries)))

    def _fresh(self, walk: ChainPage, pool: NewPostPool, seen: Set[int], permitted: VisibilityFilter) -> Iterator[int]:
        """Those of the pool's posts that may stand in this list, in the user's order."""
        viewer, order = walk.state.viewer, chain.from_iterable(pool.in_order_of(walk.request.user_id))
        if not permitted.has_few:
            known = permitted.of_segment(pool.segment) - pool.segment.authors(self._catalogue).unknown - seen
            yield from filter(known.__contains__, order) if known else ()
            return
        unseen = filterfalse(seen.__contains__, order)
        while rows := list(islice(unseen, AT_ONCE)):
            posts = self._catalogue.all_of(rows)
            if posts is not None and may_show_all(viewer, rows=rows, authors=map(_AUTHOR, posts)):
                yield from rows
                continue
            for post in filter(None, map(self._catalogue.get, rows)):
                if may_show(viewer, row=post.row, author=post.author):
                    yield post.row


def unseen_first(packed: bytes, seen: Set[int], *, at_most: int, look_at: int) -> tuple[list[int], bytes, bytes]:
    """The rows of the first entries that were not seen, the entries, and what follows them.

    Args:
        packed: the list's entries.
        seen: rows.
        at_most: so many are given, if there are.
        look_at: how many entries it is enough to look at, mostly; where it is not, all are looked at.
    """
    rows = codec.rows_of(codec.part(packed, 0, look_at))
    unseen = [*filterfalse(seen.__contains__, rows)]
    if len(unseen) < at_most and look_at < (length := codec.length_of(packed)):
        return unseen_first(packed, seen, at_most=at_most, look_at=length)
    if not unseen:
        return [], b"", b""
    del unseen[at_most:]
    end = rows.index(unseen[-1], at_most - 1) + 1 if len(unseen) == at_most else len(rows)
    begin = end - len(unseen)
    if rows[begin:end] == unseen:  # what was seen stands before them, as after a page or two it does
        entries = codec.part(packed, begin, end)
    else:
        entries = b"".join(compress(codec.split(codec.part(packed, 0, end)), map({*unseen}.__contains__, rows)))
    return unseen, entries, codec.part(packed, end)
