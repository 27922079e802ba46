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

    def __init__(self, resources: FeedResources) -> None:
        self._snapshot, self._catalogue = resources.snapshot, resources.reader.catalogue
        self._share, self._length = resources.new_posts.new_post_share, resources.lists.list_length

    def make_ready(self, page: ChainPage, visibility: VisibilityFilter) -> None:
        """Move the next entries from the rest of a walk's list to what is ready; at least one, unless all are seen."""
        seen, before = page.seen(all_from=len(self._snapshot.shared())).post_numbers, page.own_length
        if before:
            seen = seen.union(codec.post_numbers_of(page.chain.frozen.entries))
        wanted = PAGES * page.request.limit + MARGIN
        likely = wanted + SEEN_ELSEWHERE + (0 if before else len(page.state.seen.post_numbers))
        if not visibility.hides_few or len(page.dropped) >= MANY:
            post_numbers, likely = codec.post_numbers_of(page.chain.rest), self._length
            if unseen := [*filterfalse(seen.__contains__, post_numbers)]:
                seen = seen.union(visibility.hidden_of(unseen))
        post_numbers, entries, rest = unseen_first(page.chain.rest, seen, at_most=wanted, look_at=likely)
        pool = self._snapshot.new_posts
        if pool is not None and page.chain.frozen.source is not Source.NEWEST:
            fresh = self._fresh(page, pool, seen, visibility)
            entries = with_new_posts(post_numbers, entries, pool, fresh, share=self._share, start=before)
        room = max(0, self._length - before)  # a list with new posts is no longer than one without
        entries = codec.part(entries, 0, room)
        page.make_ready(entries, codec.part(rest, 0, room - codec.length_of(entries)))

    def _fresh(self, page: ChainPage, pool: NewPostPool, seen: Set[int], visibility: VisibilityFilter) -> Iterator[int]:
        """Those of the pool's posts that may stand in this list, in the user's order."""
        viewer, order = page.state.viewer, chain.from_iterable(pool.in_order_of(page.request.user_id))
        if not visibility.hides_few:
            known = visibility.candidates_in(pool.indexed) - pool.indexed.authors(self._catalogue).unknown - seen
            yield from filter(known.__contains__, order) if known else ()
            return
        unseen = filterfalse(seen.__contains__, order)
        while post_numbers := list(islice(unseen, AT_ONCE)):
            posts = self._catalogue.get_all(post_numbers)
            if posts is not None and may_show_all(viewer, post_numbers=post_numbers, authors=map(_AUTHOR, posts)):
                yield from post_numbers
                continue
            for post in filter(None, map(self._catalogue.get, post_numbers)):
                if may_show(viewer, post_number=post.post_number, author=post.author):
                    yield post.post_number


def unseen_first(packed: bytes, seen: Set[int], *, at_most: int, look_at: int) -> tuple[list[int], bytes, bytes]:
    """The rows of the first entries that were not seen, the entries, and what follows them.

    Args:
        packed: the list's entries.
        seen: rows.
        at_most: so many are given, if there are.
        look_at: how many entries it is enough to look at, mostly; where it is not, all are looked at.
    """
    post_numbers = codec.post_numbers_of(codec.part(packed, 0, look_at))
    unseen = [*filterfalse(seen.__contains__, post_numbers)]
    if len(unseen) < at_most and look_at < (length := codec.length_of(packed)):
        return unseen_first(packed, seen, at_most=at_most, look_at=length)
    if not unseen:
        return [], b"", b""
    del unseen[at_most:]
    end = post_numbers.index(unseen[-1], at_most - 1) + 1 if len(unseen) == at_most else len(post_numbers)
    begin = end - len(unseen)
    if post_numbers[begin:end] == unseen:  # what was seen stands before them, as after a page or two it does
        entries = codec.part(packed, begin, end)
    else:
        entries = b"".join(compress(codec.split(codec.part(packed, 0, end)), map({*unseen}.__contains__, post_numbers)))
    return unseen, entries, codec.part(packed, end)
