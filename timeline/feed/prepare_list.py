"""Prepares the next posts of a frozen list, for a page or two, just before a page needs them.

A list is frozen as the user had it. Most users look at one or two of its ten pages. So seen posts are left out, and new
posts are put into their slots, only for the next pages.
"""

from collections.abc import Iterator, Set
from functools import partial
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

SEEN_ELSEWHERE = 16  # posts of the list that were seen elsewhere since it was made
WITHOUT_NEW_POSTS = frozenset((Source.NEWEST, Source.FOLLOWING, Source.LATEST))  # these have no reserved slots
BATCH = 6  # new posts that are looked up together: two pages take five
_AUTHOR = itemgetter(CatalogueEntry._fields.index("author"))  # a tuple is read quicker by number


class ListPreparer:
    """Prepares the next posts of chains."""

    def __init__(self, resources: FeedResources) -> None:
        self._snapshot, self._catalogue = resources.snapshot, resources.reader.catalogue
        self._facts = resources.post_facts
        self._share, self._length = resources.new_posts.new_post_share, resources.lists.list_length

    def prepare(self, page: ChainPage, visibility: VisibilityFilter) -> None:
        """Move the next entries of the list from its rest to its prepared part; at least one, unless all are seen."""
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
        if pool is not None and page.chain.frozen.source not in WITHOUT_NEW_POSTS and page.request.tag is None:
            fresh = self._new_posts(page, pool, seen, visibility)
            if rules := page.state.viewer.rules:
                fresh = filterfalse(partial(self._facts.hides, rules), fresh)
            entries = with_new_posts(post_numbers, entries, pool, fresh, share=self._share, start=before)
        room = max(0, self._length - before)  # a list with new posts is no longer than one without
        entries = codec.part(entries, 0, room)
        page.prepare(entries, codec.part(rest, 0, room - codec.length_of(entries)))

    def _new_posts(
        self, page: ChainPage, pool: NewPostPool, seen: Set[int], visibility: VisibilityFilter
    ) -> Iterator[int]:
        """The posts of the pool that may be put into this list, in the user's order."""
        viewer, order = page.state.viewer, chain.from_iterable(pool.in_order_of(page.request.user_id))
        if not visibility.hides_few:
            known = visibility.candidates_in(pool.indexed) - pool.indexed.authors(self._catalogue).unknown - seen
            yield from filter(known.__contains__, order) if known else ()
            return
        unseen = filterfalse(seen.__contains__, order)
        while post_numbers := list(islice(unseen, BATCH)):
            posts = self._catalogue.get_all(post_numbers)
            if posts is not None and may_show_all(viewer, post_numbers=post_numbers, authors=map(_AUTHOR, posts)):
                yield from post_numbers
                continue
            for post in filter(None, map(self._catalogue.get, post_numbers)):
                if may_show(viewer, post_number=post.post_number, author=post.author):
                    yield post.post_number


def unseen_first(packed: bytes, seen: Set[int], *, at_most: int, look_at: int) -> tuple[list[int], bytes, bytes]:
    """The first unseen posts: their numbers, their entries, and the entries that follow.

    Args:
        packed: the list's entries.
        seen: post numbers.
        at_most: how many posts.
        look_at: how many entries are examined first; all of them, if these hold too few unseen posts.
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
    if post_numbers[begin:end] == unseen:  # all seen posts come before them, as usual after a page or two
        entries = codec.part(packed, begin, end)
    else:
        entries = b"".join(compress(codec.split(codec.part(packed, 0, end)), map({*unseen}.__contains__, post_numbers)))
    return unseen, entries, codec.part(packed, end)
